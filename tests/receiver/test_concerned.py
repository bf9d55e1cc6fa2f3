"""Which pins a push concerns."""

import pytest

from fcpin.policy.tag_names import pin_tag
from fcpin.receiver.concerned import Watches, concerned_pins, is_place_of
from fcpin.receiver.push import Place, Push
from fcpin.stack.stack import StackPin
from tests.receiver.pins import ENTERPRISE, MAIN, PERSONAL, A, B, pin

VPC = "demo-registry-vpc.cn-hangzhou.cr.aliyuncs.com"
NEW = "crpi-0a1b2c.cn-hangzhou.personal.cr.aliyuncs.com"
OTHER = "registry.example.com"
HERE = Place("shop/app", region="cn-hangzhou")

PLACES = [
    # label, place, host of the repository, whether it may be the one
    ("the same host", Place("shop/app", OTHER), OTHER, True),
    ("another host", Place("shop/app", "r.example.org"), OTHER, False),
    ("a port is part of a host", Place("shop/app", f"{OTHER}:5000"), OTHER, False),
    ("another path", Place("shop/apps", OTHER), OTHER, False),
    ("the same registry from inside", Place("shop/app", VPC), ENTERPRISE, True),
    ("nothing but a path", Place("shop/app"), OTHER, True),
    ("Personal, by its region", HERE, PERSONAL, True),
    ("Personal from inside", HERE, "registry-vpc.cn-hangzhou.aliyuncs.com", True),
    ("Personal of the international site", HERE, "registry-intl.cn-hangzhou.aliyuncs.com", True),
    ("the same from inside", HERE, "registry-intl-vpc.cn-hangzhou.aliyuncs.com", True),
    ("the same of another region", HERE, "registry-intl-vpc.cn-beijing.aliyuncs.com", False),
    ("the same by its public host", Place("shop/app", "registry-intl.cn-hangzhou.aliyuncs.com"), "registry-intl-vpc.cn-hangzhou.aliyuncs.com", True),
    ("Personal on its newer host", HERE, NEW, True),
    ("Personal of another region", HERE, "registry.cn-beijing.aliyuncs.com", False),
    ("no registry of ACR", HERE, OTHER, False),
    ("an imitation of a host of ACR", HERE, "registry.cn-hangzhou.aliyuncs.com.example.com", False),
    ("Enterprise, by its name", Place("shop/app", region="cn-hangzhou", instance="demo"), ENTERPRISE, True),
    ("Enterprise, by an id that is known", Place("shop/app", instance="cri-1"), VPC, True),
    ("another id that is known", Place("shop/app", instance="cri-2"), ENTERPRISE, False),
    ("an id that nobody knows may be any", Place("shop/app", instance="cri-3"), ENTERPRISE, True),
    ("Personal is no instance", Place("shop/app", instance="cri-1"), PERSONAL, False),
    ("the name of another instance", Place("shop/app", instance="other"), ENTERPRISE, False),
]  # fmt: skip


@pytest.mark.parametrize(("place", "host", "expected"), [pytest.param(*row[1:], id=row[0]) for row in PLACES])
def test_a_place_may_be_that_of_a_repository(place: Place, host: str, expected: bool) -> None:
    repository = pin(repository=f"{host}/shop/app").repository
    assert is_place_of(place, repository, {"cri-1": "demo", "cri-2": "other"}) is expected


OWN, OTHERS = pin_tag(A), pin_tag(B)
PROTECTED = pin(policy=MAIN | {"protect": "pin_tag"}, runs=OWN)
PUSHES = [
    # label, pin, tag, digest, whether it is concerned
    ("a relative", pin(), "main-12", B, True),
    ("no relative", pin(), "dev-12", B, False),
    ("the deployed tag", pin(), "main-11", B, True),
    ("the deployed tag, and nobody says what it is now", pin(), "main-11", None, True),
    ("the deployed tag may have come back from where it was moved to", pin(), "main-11", A, True),
    ("a digest by itself", pin(), None, B, True),
    ("a digest by itself, while suspended", pin(policy=MAIN | {"suspend": True}), None, B, False),
    ("the policy is a secret", pin(policy=None), "dev-12", B, True),
    ("the policy of an older version", pin(policy={"policy": {"oldest": {}}}), "dev-12", B, True),
    ("nothing is known to be deployed", pin(tag=""), "main-12", B, True),
    ("the family's tag of a protected pin", PROTECTED, "main-11", B, True),
    ("its own tag, as fcpin pushes it", PROTECTED, OWN, A, False),
    ("its own tag, which somebody moved", PROTECTED, OWN, B, True),
    ("its own tag, and nobody says what it is now", PROTECTED, OWN, None, True),
    ("its own tag, while suspended", pin(policy=MAIN | {"suspend": True}, runs=OWN), OWN, B, False),
    ("the pin tag of another pin", PROTECTED, OTHERS, B, False),
]  # fmt: skip


@pytest.mark.parametrize(("one", "tag", "digest", "expected"), [pytest.param(*row[1:], id=row[0]) for row in PUSHES])
def test_a_push_concerns_a_pin(one: StackPin, tag: str | None, digest: None, expected: bool) -> None:
    push = Push("acr", "1", HERE, tag, digest)
    assert concerned_pins([push], [one]) == (("checkout",) if expected else ())


def test_stacks_are_told_once_and_in_order() -> None:
    pins = {"prod": [pin("a"), pin("b")], "dev": [pin()], "none": [], "elsewhere": [pin(repository=f"{OTHER}/a/b")]}
    push = Push("acr", "1", HERE, "main-12")
    assert Watches.of(pins).stacks(push) == ("dev", "prod")
    assert Watches.of({}).stacks(push) == ()


def test_a_stack_that_nobody_could_read_is_always_concerned() -> None:
    watches = Watches.of({"dev": None, "prod": [pin()]})
    assert watches.stacks(Push("acr", "1", HERE, "dev-1")) == ("dev",)
    assert watches.has(Place("any/thing"))
    assert not Watches.of({"prod": [pin()]}).has(Place("any/thing"))


def test_some_pushes_concern_some_pins() -> None:
    pushes = [Push("acr", "1", HERE, "main-12"), Push("acr", "2", HERE, "v1.2.3")]
    versions = pin("versions", policy={"policy": {"semver": {"range": "1.x"}}})
    assert concerned_pins(pushes, [pin("last"), versions, pin("dev", tag="dev-1", policy={"policy": {"family": {}}})]) == ("last", "versions")  # fmt: skip
