"""Which pins an event concerns."""

from collections.abc import Mapping, Sequence

import pytest

from fcpin.errors import StackError
from fcpin.image import pin_tag
from fcpin.receiver.pin_index import PinIndex, is_match
from fcpin.receiver.push_event import PushEvent, RepositoryHint
from fcpin.stack.stack import StackPin
from tests.receiver.pins import ENTERPRISE, MAIN, PERSONAL, A, B, pin

VPC = "demo-registry-vpc.cn-hangzhou.cr.aliyuncs.com"
NEW = "crpi-0a1b2c.cn-hangzhou.personal.cr.aliyuncs.com"
OTHER = "registry.example.com"
HERE = RepositoryHint("shop/app", region="cn-hangzhou")

HINTS = [
    # label, hint, host of the repository, whether it may be the one
    ("the same host", RepositoryHint("shop/app", OTHER), OTHER, True),
    ("another host", RepositoryHint("shop/app", "r.example.org"), OTHER, False),
    ("a port is part of a host", RepositoryHint("shop/app", f"{OTHER}:5000"), OTHER, False),
    ("another path", RepositoryHint("shop/apps", OTHER), OTHER, False),
    ("the same registry from inside", RepositoryHint("shop/app", VPC), ENTERPRISE, True),
    ("nothing but a path", RepositoryHint("shop/app"), OTHER, True),
    ("Personal, by its region", HERE, PERSONAL, True),
    ("Personal from inside", HERE, "registry-vpc.cn-hangzhou.aliyuncs.com", True),
    ("Personal of the international site", HERE, "registry-intl.cn-hangzhou.aliyuncs.com", True),
    ("the same from inside", HERE, "registry-intl-vpc.cn-hangzhou.aliyuncs.com", True),
    ("the same of another region", HERE, "registry-intl-vpc.cn-beijing.aliyuncs.com", False),
    ("the same by its public host", RepositoryHint("shop/app", "registry-intl.cn-hangzhou.aliyuncs.com"), "registry-intl-vpc.cn-hangzhou.aliyuncs.com", True),
    ("Personal on its newer host", HERE, NEW, True),
    ("Personal of another region", HERE, "registry.cn-beijing.aliyuncs.com", False),
    ("no registry of ACR", HERE, OTHER, False),
    ("an imitation of a host of ACR", HERE, "registry.cn-hangzhou.aliyuncs.com.example.com", False),
    ("Enterprise, by its name", RepositoryHint("shop/app", region="cn-hangzhou", instance="demo"), ENTERPRISE, True),
    ("Enterprise, by a configured id", RepositoryHint("shop/app", instance="cri-1"), VPC, True),
    ("another configured id", RepositoryHint("shop/app", instance="cri-2"), ENTERPRISE, False),
    ("an id without a configured name may be any", RepositoryHint("shop/app", instance="cri-3"), ENTERPRISE, True),
    ("Personal is no instance", RepositoryHint("shop/app", instance="cri-1"), PERSONAL, False),
    ("the name of another instance", RepositoryHint("shop/app", instance="other"), ENTERPRISE, False),
]  # fmt: skip


@pytest.mark.parametrize(("hint", "host", "expected"), [pytest.param(*row[1:], id=row[0]) for row in HINTS])
def test_a_hint_may_be_of_a_repository(hint: RepositoryHint, host: str, expected: bool) -> None:
    repository = pin(repository=f"{host}/shop/app").repository
    assert is_match(hint, repository, {"cri-1": "demo", "cri-2": "other"}) is expected


OWN, OTHERS = pin_tag(A), pin_tag(B)
PROTECTED = pin(policy=MAIN | {"protect": "pin_tag"}, runs=OWN)
EVENTS = [
    # label, pin, tag, digest, whether it is concerned
    ("a candidate", pin(), "main-12", B, True),
    ("no candidate", pin(), "dev-12", B, False),
    ("the deployed tag", pin(), "main-11", B, True),
    ("the deployed tag without a digest", pin(), "main-11", None, True),
    ("the deployed tag, back from where it was moved to", pin(), "main-11", A, True),
    ("a digest by itself", pin(), None, B, True),
    ("a digest by itself, while suspended", pin(policy=MAIN | {"suspend": True}), None, B, False),
    ("the policy is a secret", pin(policy=None), "dev-12", B, True),
    ("the policy of an older version", pin(policy={"policy": {"oldest": {}}}), "dev-12", B, True),
    ("no tag is known to be deployed", pin(tag=""), "main-12", B, True),
    ("the family's tag of a protected pin", PROTECTED, "main-11", B, True),
    ("its pin tag, as fcpin pushes it", PROTECTED, OWN, A, False),
    ("its pin tag, moved", PROTECTED, OWN, B, True),
    ("its pin tag without a digest", PROTECTED, OWN, None, True),
    ("its pin tag, while suspended", pin(policy=MAIN | {"suspend": True}, runs=OWN), OWN, B, False),
    ("the pin tag of another pin", PROTECTED, OTHERS, B, False),
]  # fmt: skip


def index_of(pins: Mapping[str, Sequence[StackPin] | None]) -> PinIndex:
    """None for a stack that cannot be read."""

    def read(stack: str) -> Sequence[StackPin]:
        found = pins[stack]
        if found is None:
            raise StackError(f"{stack} cannot be read")
        return found

    index = PinIndex(list(pins), read, {})
    index.read_all()
    return index


@pytest.mark.parametrize(("one", "tag", "digest", "expected"), [pytest.param(*row[1:], id=row[0]) for row in EVENTS])
def test_an_event_concerns_a_pin(one: StackPin, tag: str | None, digest: None, expected: bool) -> None:
    event = PushEvent("acr", "1", HERE, tag, digest)
    assert index_of({"dev": [one]}).stacks(event) == (("dev",) if expected else ())


def test_stacks_are_named_once_and_in_order() -> None:
    pins = {"prod": [pin("a"), pin("b")], "dev": [pin()], "none": [], "elsewhere": [pin(repository=f"{OTHER}/a/b")]}
    event = PushEvent("acr", "1", HERE, "main-12")
    assert index_of(pins).stacks(event) == ("dev", "prod")
    assert index_of({}).stacks(event) == ()


def test_a_stack_that_could_not_be_read_is_always_concerned() -> None:
    index = index_of({"dev": None, "prod": [pin()]})
    assert index.stacks(PushEvent("acr", "1", HERE, "dev-1")) == ("dev",)
    assert index.has(RepositoryHint("any/thing"))
    assert not index_of({"prod": [pin()]}).has(RepositoryHint("any/thing"))
    assert "no stack has been read" in index_of({"dev": None}).unready()
    assert index.unready() == ""


def test_a_stack_that_cannot_be_read_any_more_keeps_its_pins() -> None:
    pins: dict[str, Sequence[StackPin] | None] = {"dev": [pin()]}
    index = index_of(pins)
    pins["dev"] = None
    index.read_all()
    assert index.stacks(PushEvent("acr", "1", HERE, "main-12")) == ("dev",)
    assert index.stacks(PushEvent("acr", "1", HERE, "dev-1")) == ()


def test_a_policy_is_parsed_once_until_it_changes() -> None:
    index = index_of({"dev": [pin(), pin("web")]})
    before = index.pins("dev")
    assert before
    after = index.learn("dev", [pin(tag="main-12"), pin("web", policy={"policy": {"semver": {"range": "1.x"}}})])
    assert after[0].policy is before[0].policy
    assert after[1].policy is not before[1].policy
