"""The host names of ACR: which are known, their parts, and the other hosts of the same registry."""

import pytest

from fcpin.acr_hosts import ACR_FORMS, acr_host, documented_acr_host

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


@pytest.mark.parametrize(("host", "parts"), HOSTS, ids=[row[0] for row in HOSTS])
def test_reads_every_form_of_an_acr_host(host: str, parts: tuple[str, ...]) -> None:
    acr = acr_host(host)
    assert acr is not None
    assert (acr.edition, acr.region, acr.network, acr.instance_name) == parts


@pytest.mark.parametrize("host", ["r.example.com", "evilregistry.cn-hangzhou.aliyuncs.com", "registry.cn-hangzhou.aliyuncs.com.evil.com", "registry-intl-evil.cn-hangzhou.aliyuncs.com", "xregistry-intl.cn-hangzhou.aliyuncs.com", "registry-intl.cn-hangzhou.aliyuncs.com\n"])  # fmt: skip
def test_takes_no_other_host_for_acr(host: str) -> None:
    assert acr_host(host) is None


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


def test_every_form_of_host_and_each_of_its_networks_is_a_case_above() -> None:
    cases = {
        (form, acr.network)
        for host, _ in HOSTS
        for form in ACR_FORMS
        if form.fullmatch(host) and (acr := acr_host(host))
    }
    assert len(cases) == sum(len(form.networks) for form in ACR_FORMS)
