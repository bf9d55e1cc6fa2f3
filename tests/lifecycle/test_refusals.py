"""Bad input and bad luck: one clear line each, and nothing changed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from fcpin.emulator import Knobs
from tests.lifecycle.shop import FUNCTION, Shop

BAD_INPUT: list[tuple[str, dict[str, Any], tuple[str, ...]]] = [
    ("an unknown policy", {"policy": {"semvr": {"range": "1.x"}}}, ("policy.semvr", "semver")),
    ("an unknown key", {"polcy": {}}, ("polcy", "did you mean policy")),
    ("a bad regular expression", {"filter_tags": {"pattern": "("}}, ("filter_tags.pattern",)),
    ("a bad range", {"policy": {"semver": {"range": "one.two"}}}, ("policy.semver.range",)),
    ("no policy", {"policy": None}, ("policy",)),
    ("no tag qualifies", {"policy": {"family": {"name": "release"}}}, ("is not of the family release",)),
    ("a setting out of its limits", {"config": {"cpu": 99}}, ("config.cpu", "0.05 to 16")),
]


@pytest.mark.parametrize(("change", "says"), [row[1:] for row in BAD_INPUT], ids=[row[0] for row in BAD_INPUT])
def test_bad_input_is_refused_in_the_preview_with_its_property_path(
    shop: Shop, change: dict[str, Any], says: tuple[str, ...]
) -> None:
    shop.push("main-1")
    shop.configure({FUNCTION: shop.entry(**change)})
    done = shop.stack.preview()
    assert done.code == 1
    assert not done.has_traceback, done
    for fact in says:
        assert fact in done.output
    assert shop.cloud.functions() == []


@pytest.mark.parametrize(
    ("functions", "says"),
    [
        (None, "is not set"),
        ([], "got a list"),
        ({"checkout": None}, "checkout: expected repository, policy"),
        ({"checkout": {}}, "repository"),
    ],
    ids=["no functions", "a list of functions", "an empty entry", "an entry without anything"],
)
def test_configuration_of_another_shape(shop: Shop, functions: Any, says: str) -> None:
    shop.stack.configure(functions)
    done = shop.stack.preview()
    assert done.code == 1
    assert says in done.output
    assert not done.has_traceback, done


def test_a_misspelt_key_of_the_stack(shop: Shop) -> None:
    shop.stack.configure({FUNCTION: shop.entry()}, endpoint={})
    done = shop.stack.preview()
    assert done.code == 1
    assert "fcpin:endpoint" in done.output
    assert "did you mean fcpin:endpoints" in done.output


def test_two_entries_for_one_function(shop: Shop) -> None:
    shop.push("main-1")
    shop.configure({"first": shop.entry(function_name="app"), "second": shop.entry(function_name="app")})
    done = shop.stack.preview()
    assert done.code == 1
    assert "already; remove one of both" in done.output  # whichever was checked first


def test_all_problems_of_one_pin_come_at_once(shop: Shop) -> None:
    shop.push("main-1")
    shop.configure({FUNCTION: shop.entry(polcy={}, deadline=-1, config={"cpu": 99})})
    output = shop.stack.preview().output
    assert all(path in output for path in ("polcy", "deadline", "config.cpu"))


def test_a_repository_that_does_not_exist(shop: Shop) -> None:
    done = shop.stack.preview()
    assert done.code == 1
    assert "shop/app" in done.output
    assert not done.has_traceback, done


def test_an_image_that_cannot_run_on_fc(shop: Shop) -> None:
    shop.push("main-1", platforms=["linux/arm64"])
    done = shop.stack.preview()
    assert done.code == 1
    assert "linux/amd64" in done.output
    assert "linux/arm64" in done.output


def test_wrong_credentials(shop: Shop) -> None:
    shop.push("main-1")
    shop.stack.environment["ALIBABA_CLOUD_ACCESS_KEY_SECRET"] = "not-the-secret"
    done = shop.stack.preview()
    assert done.code == 1
    assert "Signature" in done.output
    assert "not-the-secret" not in done.output


def test_no_credentials(shop: Shop) -> None:
    shop.push("main-1")
    del shop.stack.environment["ALIBABA_CLOUD_ACCESS_KEY_ID"]
    done = shop.stack.preview()
    assert done.code == 1
    assert "ALIBABA_CLOUD_ACCESS_KEY_ID" in done.output


def test_nobody_at_the_endpoint(shop: Shop) -> None:
    shop.configure(endpoints={"fc": "http://127.0.0.1:9", "cr": "http://127.0.0.1:9"})
    done = shop.stack.preview()
    assert done.code == 1
    assert "127.0.0.1:9" in done.output
    assert not done.has_traceback, done


@dataclass(frozen=True)
class Mishap:
    """Something that goes wrong in the middle of an update."""

    label: str
    happen: Callable[[Shop, str], Any]
    says: tuple[str, ...]


MISHAPS = [
    Mishap(
        "FC fails the update",
        lambda shop, _: shop.cloud.fail_update(FUNCTION, reason_code="PullImageFailed", reason="no space left"),
        ("PullImageFailed", "no space left", "old image keeps serving"),
    ),
    Mishap(
        "FC refuses the request",
        lambda shop, _: shop.cloud.fail_next("UpdateFunction", status=400, code="InvalidArgument", message="bad image"),
        ("InvalidArgument", "bad image"),
    ),
    Mishap(
        "the digest is gone when it is to be deployed",
        lambda shop, new: shop.cloud.after_next(
            "GET blob", "delete_manifest", {"repository": "shop/app", "reference": new}
        ),
        ("main-2", "gone since it was resolved"),
    ),
]


@pytest.mark.parametrize("mishap", MISHAPS, ids=[mishap.label for mishap in MISHAPS])
def test_a_failed_update_says_why_and_the_next_run_shows_it_again(shop: Shop, mishap: Mishap) -> None:
    old = shop.push("main-1")
    shop.up()
    new = shop.push("main-2")
    mishap.happen(shop, new)
    done = shop.stack.up()
    assert done.code == 1, done
    assert all(fact in done.output for fact in mishap.says), done
    assert not done.has_traceback, done
    assert shop.stack.resources()[0]["outputs"]["digest"] == old


def test_a_failed_update_is_repaired_by_the_next_up(shop: Shop) -> None:
    shop.push("main-1")
    shop.up()
    new = shop.push("main-2")
    shop.cloud.fail_update(FUNCTION)
    assert shop.stack.up().code == 1
    shop.up()
    assert shop.deployed() == f"main-2@{new}"


def test_a_failed_creation_is_repaired_by_the_next_up(shop: Shop) -> None:
    new = shop.push("main-1")
    shop.cloud.fail_update(FUNCTION)
    done = shop.stack.up()
    assert done.code == 1
    assert "cannot be invoked" in done.output
    assert f"{FUNCTION} exists now, although it failed" in done.output
    assert "error: fcpin: function" in done.output
    shop.up()
    assert shop.deployed() == f"main-1@{new}"


@pytest.mark.parametrize("knobs", [Knobs(update_seconds=3600)], ids=["an update takes an hour"])
def test_a_deadline_that_passes_says_what_fc_was_doing(shop: Shop) -> None:
    shop.push("main-1")
    shop.up()
    shop.push("main-2")
    shop.configure({FUNCTION: shop.entry(deadline=0.3)})
    done = shop.stack.up()
    assert done.code == 1
    assert "deadline" in done.output
    assert "InProgress" in done.output


def test_throttling_is_waited_out(shop: Shop) -> None:
    shop.push("main-1")
    shop.up()
    new = shop.push("main-2")
    shop.cloud.fail_next("UpdateFunction", status=429, code="Throttling.User", times=2)
    shop.cloud.fail_next("ListRepoTag", status=503, code="ServiceUnavailable")
    shop.up()
    assert shop.deployed() == f"main-2@{new}"
