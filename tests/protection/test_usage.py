"""Who runs which tag of a repository."""

import pytest

from fcpin.fc.model import Function
from fcpin.fc.uses import Use
from fcpin.image import Repository, TagRecord, parse_digest
from fcpin.protection.usage import Usage, UsageUnknown

PUBLIC = "registry.cn-hangzhou.aliyuncs.com/shop/app"
VPC = "registry-vpc.cn-hangzhou.aliyuncs.com/shop/app"
REPOSITORY = Repository.parse(PUBLIC)
A, B = parse_digest("a" * 64), parse_digest("b" * 64)
PIN = TagRecord(f"fcpin-{'a' * 12}", A)


def use(image: str, digest: str = B, *, version: str = "", status: str = "Successful") -> Use:
    resolved = f"{image.partition(':')[0]}@{digest}"
    container = {"image": image, "resolvedImageUri": resolved}
    wire = {"functionName": "checkout", "lastUpdateStatus": status, "customContainerConfig": container}
    return Use("checkout", version, Function.from_wire(wire))


USES: list[tuple[str, list[Use], str | None]] = [
    ("nobody", [], None),
    ("a function that names it", [use(f"{PUBLIC}:{PIN.tag}")], "checkout"),
    ("a version that names it", [use(f"{PUBLIC}:{PIN.tag}", version="3")], "checkout@3"),
    ("a function that names it by the VPC host", [use(f"{VPC}:{PIN.tag}")], "checkout"),
    ("a function that runs its digest by another tag", [use(f"{PUBLIC}:main-1", A)], "checkout"),
    ("not one that runs another digest by another tag", [use(f"{PUBLIC}:main-2", B)], None),
    ("not one of another repository", [use("ghcr.io/shop/app:main-1", A)], None),
    ("not one whose image nobody can read", [use("app")], None),
]


@pytest.mark.parametrize(("uses", "user"), [row[1:] for row in USES], ids=[row[0] for row in USES])
def test_a_pin_tag_is_used_by(uses: list[Use], user: str | None) -> None:
    assert Usage.of(REPOSITORY, uses).of_tag(PIN) == user


@pytest.mark.parametrize("status", ["Failed", "InProgress"])
def test_where_it_is_not_known_what_a_function_serves_nothing_is_called_unused(status: str) -> None:
    with pytest.raises(UsageUnknown, match=f"checkout.*{status}"):
        Usage.of(REPOSITORY, [use(f"{PUBLIC}:main-2", status=status)])
    Usage.of(REPOSITORY, [use("ghcr.io/shop/app:main-2", status=status)])  # no matter here
