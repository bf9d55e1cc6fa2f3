"""Who runs which tag of a repository."""

from dataclasses import replace

import pytest

from fcpin.fc.model import Function
from fcpin.fc.uses import RegionUses, Uncertainty, Use
from fcpin.image import Repository, TagRecord, parse_digest
from fcpin.stack.prune import Usage, UsageUnknown, require_functions

PUBLIC = "registry.cn-hangzhou.aliyuncs.com/shop/app"
VPC = "registry-vpc.cn-hangzhou.aliyuncs.com/shop/app"
REPOSITORY = Repository.parse(PUBLIC)
A, B = parse_digest("a" * 64), parse_digest("b" * 64)
PIN = TagRecord(f"fcpin-{'a' * 12}", A)


def use(image: str, digest: str = B, *, version: str = "", resolved: str = "") -> Use:
    resolved = resolved or f"{image.partition(':')[0]}@{digest}"
    container = {"image": image, "resolvedImageUri": resolved}
    wire = {"functionName": "checkout", "customContainerConfig": container}
    return Use("cn-hangzhou", "checkout", version, Function.from_wire(wire))


USES: list[tuple[str, list[Use], str | None]] = [
    ("no function", [], None),
    ("a function that names it", [use(f"{PUBLIC}:{PIN.tag}")], "checkout"),
    ("a version that names it", [use(f"{PUBLIC}:{PIN.tag}", version="3")], "checkout@3"),
    ("a function that names it by the VPC host", [use(f"{VPC}:{PIN.tag}")], "checkout"),
    ("a function that runs its digest by another tag", [use(f"{PUBLIC}:main-1", A)], "checkout"),
    ("not one that runs another digest by another tag", [use(f"{PUBLIC}:main-2", B)], None),
    ("not one of another repository", [use("ghcr.io/shop/app:main-1", A)], None),
    ("one whose reference is not valid, but whose digest is known", [use("App", resolved=f"{PUBLIC}@{A}")], "checkout"),
    ("not one whose reference is not valid, of another repository", [use("App", resolved=f"ghcr.io/a/b@{A}")], None),
]


@pytest.mark.parametrize(("uses", "user"), [row[1:] for row in USES], ids=[row[0] for row in USES])
def test_a_pin_tag_is_used_by(uses: list[Use], user: str | None) -> None:
    assert Usage.of(REPOSITORY, uses).of_tag(PIN) == user


OTHER = "ghcr.io/shop/app:main-2"
DOUBT = Uncertainty("its last update failed", "update it again or delete it")


@pytest.mark.parametrize("image", [f"{PUBLIC}:main-2", OTHER, "app"])
def test_while_a_function_may_run_another_image_than_it_names_nothing_is_called_unused(image: str) -> None:
    with pytest.raises(UsageUnknown) as unknown:
        Usage.of(REPOSITORY, [use(f"{PUBLIC}:main-1"), replace(use(image), uncertainty=DOUBT)])
    assert "\n" not in str(unknown.value)
    for fact in ("function checkout in cn-hangzhou", DOUBT.reason, DOUBT.remedy):
        assert fact in str(unknown.value)


@pytest.mark.parametrize("image", ["app", "::::", " "])
def test_an_image_that_cannot_be_read_may_be_any(image: str) -> None:
    with pytest.raises(UsageUnknown, match="not a valid image reference; nothing was removed; deploy another image or"):
        Usage.of(REPOSITORY, [use(image)])


def sandbox(image: str) -> Use:
    wire = {"functionName": "agent", "lastUpdateStatus": "Successful", "microSandboxConfig": {"image": image}}
    return Use("cn-hangzhou", "agent", "", Function.from_wire(wire))


def test_a_micro_sandbox_uses_the_pin_tag_that_it_names() -> None:
    assert Usage.of(REPOSITORY, [sandbox(f"{PUBLIC}:{PIN.tag}")]).of_tag(PIN) == "agent"
    assert Usage.of(REPOSITORY, [sandbox(f"{PUBLIC}:fcpin-{'b' * 12}")]).of_tag(PIN) is None
    assert Usage.of(REPOSITORY, [sandbox(f"{PUBLIC}@{A}")]).of_tag(PIN) == "agent"
    assert Usage.of(REPOSITORY, [sandbox(OTHER)]).of_tag(PIN) is None


@pytest.mark.parametrize("image", [f"{PUBLIC}:main-1", VPC])
def test_by_another_tag_its_digest_is_not_known(image: str) -> None:
    with pytest.raises(UsageUnknown, match=r"agent.*no digest.*deploy it by a pin tag or delete it"):
        Usage.of(REPOSITORY, [sandbox(image)])


def test_an_empty_listing_is_no_proof() -> None:
    with pytest.raises(UsageUnknown, match="cn-hangzhou: no function at all is listed"):
        require_functions(RegionUses("cn-hangzhou", 0, []))
    require_functions(RegionUses("cn-hangzhou", 1, []))
