"""Which functions of a region can be adopted, and their entries."""

from collections.abc import Iterator
from typing import Any

import pytest

from fcpin.errors import FunctionNotFound
from fcpin.fc.model import Function
from fcpin.pinned_function.plan import OWNER_TAG
from fcpin.serverless_devs.adoption import Adoptable, LeftOut, functions_of_region, new_entries

REPOSITORY = "registry-vpc.cn-hangzhou.aliyuncs.com/shop/app"
DIGEST = f"sha256:{'ab' * 32}"


class Account:
    """Functions as FC returns them: in full by name, and in a listing without what `lists_without` names."""

    def __init__(self) -> None:
        self._functions: dict[str, dict[str, Any]] = {}
        self._listed: dict[str, dict[str, Any]] = {}

    def has(self, name: str, image: str = f"{REPOSITORY}:main-12", **wire: Any) -> None:
        container = {"image": image, "resolvedImageUri": f"{REPOSITORY}@{DIGEST}"}
        status = {"state": "Active", "lastUpdateStatus": "Successful"}
        wire = {"runtime": "custom-container", "customContainerConfig": container, **status, **wire}
        self._functions[name] = self._listed[name] = {"functionName": name, **wire}

    def lists_without(self, name: str, *keys: str) -> None:
        self._listed[name] = {key: value for key, value in self._listed[name].items() if key not in keys}

    def loses(self, name: str) -> None:
        """It is deleted after it was listed."""
        del self._functions[name]

    def list(self, prefix: str = "") -> Iterator[Function]:
        yield from (Function.from_wire(wire) for name, wire in self._listed.items() if name.startswith(prefix))

    def get(self, name: str) -> Function:
        if name not in self._functions:
            raise FunctionNotFound(name)
        return Function.from_wire(self._functions[name])


def found(account: Account, *registries: str, region: str = "", pinned: str = "") -> list[Adoptable | LeftOut]:
    return functions_of_region(account, "", region, lambda name: "is pinned" if name == pinned else "", registries)


ADOPTABLE = [
    (REPOSITORY, "main-12", ()),
    ("registry-intl-vpc.ap-southeast-1.aliyuncs.com/shop/app", "1.0.0", ()),
    ("registry.example.com/shop/app", "1.4.2", ("registry.example.com",)),  # which the stack knows
]


@pytest.mark.parametrize(("repository", "tag", "registries"), ADOPTABLE)
def test_a_function_with_an_image_of_acr_or_of_a_registry_that_the_stack_knows(
    repository: str, tag: str, registries: tuple[str, ...]
) -> None:
    account = Account()
    account.has("checkout", f"{repository}:{tag}")
    (only,) = found(account, *registries)
    assert isinstance(only, Adoptable)
    assert (str(only.repository), only.origin) == (repository, f"runs {tag}@{DIGEST[7:19]}")


LEFT_OUT: list[tuple[str, dict[str, Any], str]] = [
    ("another runtime", {"runtime": "python3.10", "customContainerConfig": None}, "has the runtime python3.10"),
    ("a micro-sandbox", {"runtime": "micro-sandbox"}, "is a micro-sandbox that runs"),
    ("no image", {"image": ""}, "has no image"),
    ("an invalid image", {"image": "UPPER/case"}, "has an image that is not valid"),
    ("another registry", {"image": "quay.io/shop/app:1.4.2"}, "of a registry that is not ACR"),
    ("a digest", {"image": f"{REPOSITORY}@{DIGEST}"}, "by digest"),
    ("a pin tag", {"image": f"{REPOSITORY}:fcpin-0123456789ab"}, "a pin tag of fcpin"),
    ("a function of another stack", {"tags": [{"Key": OWNER_TAG, "Value": "o/shop/prod::x"}]}, "created by o/shop/prod::x"),
]  # fmt: skip


@pytest.mark.parametrize(("wire", "why"), [row[1:] for row in LEFT_OUT], ids=[row[0] for row in LEFT_OUT])
def test_what_cannot_be_adopted_is_left_out_with_the_reason(wire: dict[str, Any], why: str) -> None:
    account = Account()
    account.has("odd", **wire)
    (only,) = found(account)
    assert isinstance(only, LeftOut)
    assert only.name == "odd"
    assert why in only.reason


def test_what_is_pinned_already_is_left_out() -> None:
    account = Account()
    account.has("checkout")
    assert found(account, pinned="checkout") == [LeftOut("checkout", "is pinned")]


@pytest.mark.parametrize("missing", ["customContainerConfig", "lastUpdateStatus"])
def test_what_a_listing_leaves_out_is_read_from_the_function(missing: str) -> None:
    account = Account()
    account.has("checkout", lastUpdateStatus="Failed")
    account.has("gone")
    for name in ("checkout", "gone"):
        account.lists_without(name, missing)
    account.loses("gone")
    (only,) = found(account)
    assert isinstance(only, Adoptable)
    assert (only.name, only.origin.rpartition(" ")[2]) == ("checkout", "Failed")


def test_a_function_of_fc_2_is_left_out_without_being_read() -> None:
    account = Account()
    account.has("shop$checkout")
    account.lists_without("shop$checkout", "lastUpdateStatus")
    account.loses("shop$checkout")
    (only,) = found(account)
    assert isinstance(only, LeftOut)
    assert "FC 2.0" in only.reason


def test_an_image_without_a_tag_is_latest() -> None:
    account = Account()
    account.has("checkout", REPOSITORY)
    (only,) = found(account)
    assert isinstance(only, Adoptable)
    assert only.guess.spec == {"policy": {"digest": {"tag": "latest"}}}


def entry_of(region: str = "", *taken: str, **wire: Any) -> Any:
    account = Account()
    account.has("checkout", **wire)
    (only,) = new_entries([each for each in found(account, region=region) if isinstance(each, Adoptable)], taken)
    return only


def test_an_entry_has_the_guess_and_what_it_is_made_from() -> None:
    entry = entry_of()
    assert entry.name == "checkout"
    assert entry.values == {
        "function_name": "checkout",
        "repository": REPOSITORY,
        "policy": {"family": {"name": "main"}},
        "filter_tags": {"pattern": "^main-[0-9]{1,6}$"},
    }
    runs, follows = entry.comment
    assert runs == "runs main-12@abababababab"
    assert follows.startswith("follows main-<number>, no other tag: the one pushed last")


def test_an_entry_has_another_region_a_free_name_and_what_to_know_of_its_image() -> None:
    entry = entry_of("cn-shanghai", "checkout", "checkout-2", lastUpdateStatus="Failed", image=f"{REPOSITORY}:latest")
    assert (entry.name, entry.values["region"]) == ("checkout-3", "cn-shanghai")
    runs, moves = entry.comment
    assert runs.endswith("; its state is Active, its last update Failed")
    assert "outage" in moves
