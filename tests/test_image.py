"""Image references: what is valid, the messages for what is not, which repositories are one."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fcpin.errors import InvalidImage
from fcpin.image import Digest, Image, Manifest, Repository, brief, is_tag, listed_tag, parse_digest

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
