"""Image references: what is valid, the messages for what is not, which repositories are one."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fcpin.errors import InvalidImage
from fcpin.image import (
    ACR_FORMS,
    Digest,
    Image,
    Manifest,
    Repository,
    acr_host,
    brief,
    documented_acr_host,
    is_tag,
    listed_tag,
    parse_digest,
)

HEX = "9c0b86128618c0e7d0b82f4bb3c05d9e725545ea54703e6331bb99879982d734"

IMAGES = [
    ("a tag", "registry.cn-hangzhou.aliyuncs.com/shop/app:main-1", ("registry.cn-hangzhou.aliyuncs.com", "shop/app", "main-1", None)),
    ("no tag", "registry.cn-hangzhou.aliyuncs.com/shop/app", ("registry.cn-hangzhou.aliyuncs.com", "shop/app", None, None)),
    ("a port in the host and no tag", "127.0.0.1:5000/shop/app", ("127.0.0.1:5000", "shop/app", None, None)),
    ("a port in the host and a tag", "localhost:5000/app:1", ("localhost:5000", "app", "1", None)),
    ("a digest", f"r.example.com/a/b@sha256:{HEX}", ("r.example.com", "a/b", None, f"sha256:{HEX}")),
    ("a tag and a digest", f"r.example.com/a/b:t@sha256:{HEX}", ("r.example.com", "a/b", "t", f"sha256:{HEX}")),
    ("a deep path", "r.example.com/a/b/c-d__e.f:t", ("r.example.com", "a/b/c-d__e.f", "t", None)),
]  # fmt: skip

BROKEN = [
    ("no host", "shop/app:1", "host"),
    ("no path", "app", "host"),
    ("upper case in the path", "r.example.com/Shop/app:1", "lowercase"),
    ("an empty tag", "r.example.com/shop/app:", "tag"),
    ("a tag that begins with a dash", "r.example.com/shop/app:-x", "tag"),
    ("a short digest", "r.example.com/shop/app@sha256:abc", "digest"),
    ("white space", "r.example.com/shop/ app", "path"),
    ("nothing", "", "host"),
    ("a megabyte", "r.example.com/a:" + "x" * 1_000_000, "characters"),
]

HOSTS = [
    ("registry.cn-shenzhen.aliyuncs.com", ("personal", "cn-shenzhen", "public", "")),
    ("registry-vpc.cn-shenzhen.aliyuncs.com", ("personal", "cn-shenzhen", "vpc", "")),
    ("registry-internal.ap-southeast-1.aliyuncs.com", ("personal", "ap-southeast-1", "internal", "")),
    ("registry-intl.ap-southeast-1.aliyuncs.com", ("personal", "ap-southeast-1", "public", "")),
    ("registry-intl-vpc.us-west-1.aliyuncs.com", ("personal", "us-west-1", "vpc", "")),
    ("registry-intl-internal.ap-southeast-2.aliyuncs.com", ("personal", "ap-southeast-2", "internal", "")),
    ("crpi-x1y2z3.cn-hangzhou.personal.cr.aliyuncs.com", ("personal", "cn-hangzhou", "public", "crpi-x1y2z3")),
    ("crpi-x1y2z3-vpc.cn-hangzhou.personal.cr.aliyuncs.com", ("personal", "cn-hangzhou", "vpc", "crpi-x1y2z3")),
    ("demo-registry.cn-hangzhou.cr.aliyuncs.com", ("enterprise", "cn-hangzhou", "public", "demo")),
    ("my-registry-registry-vpc.cn-hangzhou.cr.aliyuncs.com", ("enterprise", "cn-hangzhou", "vpc", "my-registry")),
]


@pytest.mark.parametrize(("text", "parts"), [row[1:] for row in IMAGES], ids=[row[0] for row in IMAGES])
def test_reads_a_reference_and_prints_it_as_it_was(text: str, parts: tuple[str, ...]) -> None:
    image = Image.parse(text)
    assert (image.repository.host, image.repository.path, image.tag, image.digest) == parts
    assert str(image) == text


@pytest.mark.parametrize(("text", "fact"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_names_the_part_that_is_wrong(text: str, fact: str) -> None:
    with pytest.raises(InvalidImage, match=fact) as raised:
        Image.parse(text)
    assert len(str(raised.value)) < 400
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(("host", "parts"), HOSTS, ids=[row[0] for row in HOSTS])
def test_reads_every_form_of_an_acr_host(host: str, parts: tuple[str, ...]) -> None:
    acr = acr_host(host)
    assert acr is not None
    assert (acr.edition, acr.region, acr.network, acr.instance_name) == parts


@pytest.mark.parametrize("host", ["r.example.com", "evilregistry.cn-hangzhou.aliyuncs.com", "registry.cn-hangzhou.aliyuncs.com.evil.com", "registry-intl-evil.cn-hangzhou.aliyuncs.com", "xregistry-intl.cn-hangzhou.aliyuncs.com", "registry-intl.cn-hangzhou.aliyuncs.com\n"])  # fmt: skip
def test_takes_no_other_host_for_acr(host: str) -> None:
    assert acr_host(host) is None


def test_one_repository_under_three_hosts_is_the_same() -> None:
    public, vpc, internal = (
        Repository.parse(f"registry{network}.cn-hangzhou.aliyuncs.com/shop/app")
        for network in ("", "-vpc", "-internal")
    )
    assert public.is_same(vpc)
    assert vpc.is_same(internal)
    assert not public.is_same(Repository.parse("registry.cn-beijing.aliyuncs.com/shop/app"))
    assert not public.is_same(Repository.parse("registry.cn-hangzhou.aliyuncs.com/shop/other"))


@pytest.mark.parametrize("form", ["registry-intl", "registry-intl-vpc", "registry-intl-internal", "registry-vpc"])
def test_both_sites_name_one_repository_of_a_region(form: str) -> None:
    other = Repository.parse(f"{form}.ap-southeast-1.aliyuncs.com/shop/app")
    assert other.is_same(Repository.parse("registry-intl.ap-southeast-1.aliyuncs.com/shop/app"))
    assert other.is_same(Repository.parse("registry.ap-southeast-1.aliyuncs.com/shop/app"))
    assert not other.is_same(Repository.parse("registry-intl.ap-southeast-2.aliyuncs.com/shop/app"))


def test_a_host_knows_every_host_of_its_registry() -> None:
    acr = acr_host("registry-intl-vpc.ap-southeast-1.aliyuncs.com")
    assert acr is not None
    assert acr.public_host == "registry-intl.ap-southeast-1.aliyuncs.com"
    assert acr.hosts == tuple(
        f"registry-intl{network}.ap-southeast-1.aliyuncs.com" for network in ("", "-vpc", "-internal")
    )


@pytest.mark.parametrize(
    ("host", "public"),
    [
        ("demo-registry-vpc.cn-hangzhou.aliyuncs.com", "demo-registry.cn-hangzhou.cr.aliyuncs.com"),
        ("demo-registry.cn-hangzhou.cr.aliyuncs.com", "demo-registry.cn-hangzhou.cr.aliyuncs.com"),
        ("registry-intl-vpc.cn-hongkong.aliyuncs.com", "registry-intl.cn-hongkong.aliyuncs.com"),
        ("crpi-abc.cn-hangzhou.personal.aliyuncs.com", None),
        ("r.example.com", None),
    ],
)
def test_documents_leave_out_a_part_of_enterprise_hosts_only(host: str, public: str | None) -> None:
    acr = documented_acr_host(host)
    assert (acr and acr.public_host) == public


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        ("main-1", "main-1"),
        ("-ot-beta", "-ot-beta"),
        ("a\nb\x1b[31m", "a\\nb\\x1b[31m"),
        ("\ud800", "\\ud800"),
        ("é", "é"),
    ],
)
def test_the_name_of_a_listed_tag_is_one_line(text: str, listed: str) -> None:
    assert listed_tag(text) == listed


@pytest.mark.parametrize(
    ("text", "remove"), [("r.example.com/a:1", ":1"), (f"r.example.com/a@sha256:{HEX}", "@sha256")]
)
def test_a_repository_has_no_tag_and_no_digest(text: str, remove: str) -> None:
    with pytest.raises(InvalidImage, match=f"remove '{remove}"):
        Repository.parse(text)


@pytest.mark.parametrize("text", [HEX, f"sha256:{HEX}", f"sha256:{HEX.upper()}"])
def test_a_digest_is_the_same_with_and_without_its_prefix(text: str) -> None:
    assert parse_digest(text) == f"sha256:{HEX}"


@given(st.text(max_size=200))
def test_any_text_is_an_image_or_an_invalid_image(text: str) -> None:
    with contextlib.suppress(InvalidImage):
        assert str(Image.parse(text)) == text or "@" in text


@pytest.mark.parametrize(
    ("text", "answer"), [("a" * 128, True), ("a" * 129, False), ("_x", True), (".x", False), ("é", False)]
)
def test_knows_what_may_be_a_tag(text: str, answer: bool) -> None:
    assert is_tag(text) is answer


def test_an_index_runs_by_its_child_and_a_plain_image_by_itself() -> None:
    index, child = Digest(f"sha256:{'a' * 64}"), Digest(f"sha256:{'b' * 64}")
    assert Manifest(index, {"linux/amd64": child}).digest_for("linux/amd64") == child
    assert Manifest(index, {"linux/arm64": child}).digest_for("linux/amd64") is None
    assert Manifest(child, platform="linux/amd64").digest_for("linux/amd64") == child
    assert Manifest(child, platform="linux/arm64").digest_for("linux/amd64") is None


BRIEFS = [
    ("both", ("main-12", f"sha256:{HEX}"), f"main-12@{HEX[:12]}"),
    ("a digest without its prefix", ("main-12", HEX), f"main-12@{HEX[:12]}"),
    ("no digest", ("main-12", None), "main-12"),
    ("no tag", (None, f"sha256:{HEX}"), HEX[:12]),
    ("neither", ("", ""), ""),
]


@pytest.mark.parametrize(("known", "text"), [row[1:] for row in BRIEFS], ids=[row[0] for row in BRIEFS])
def test_a_line_of_a_table_names_an_image_by_what_is_known(known: tuple[str | None, str | None], text: str) -> None:
    assert brief(*known) == text


def test_every_form_of_host_and_each_of_its_networks_is_a_case_above() -> None:
    cases = {
        (form, acr.network)
        for host, _ in HOSTS
        for form in ACR_FORMS
        if form.fullmatch(host) and (acr := acr_host(host))
    }
    assert len(cases) == sum(len(form.networks) for form in ACR_FORMS)
