"""A run that does not go as planned: what was made is removed, and what is left is named."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest

from fcpin.emulator import Emulator, Knobs
from fcpin.errors import RegistryDenied
from fcpin.http.errors import CloudError
from fcpin.image import Repository
from fcpin.probe.experiments import pipelines
from fcpin.probe.setup import check
from tests.probe.laboratory import NAME, ONCE, PATH, Laboratory, plan_for, today
from tests.support.clock import ManualClock
from tests.support.docker_registry import docker_registry


class InterruptingClock(ManualClock):
    """Ctrl-C during the sleep of that number, and during every later one."""

    def __init__(self, start: datetime, sleeps: int) -> None:
        super().__init__(start)
        self._left = sleeps

    def sleep(self, seconds: float) -> None:
        self._left -= 1
        if self._left <= 0:
            raise KeyboardInterrupt
        super().sleep(seconds)


@contextmanager
def laboratory(clock: ManualClock | None = None, knobs: Knobs | None = None) -> Iterator[Laboratory]:
    clock = clock or today()
    with Emulator(knobs=knobs, clock=clock).serve() as cloud:
        cloud.push(PATH, "somebody-elses")
        yield Laboratory(cloud, plan_for(cloud).lab(NAME, clock, ONCE))


def tags(cloud: Emulator) -> list[str]:
    return list(cloud._account.store.repository(PATH).tags)


@pytest.mark.parametrize("sleeps", [1, 7, 20])
def test_an_interrupted_run_removes_what_it_made(sleeps: int) -> None:
    with laboratory(InterruptingClock(today().now(), sleeps)) as found:
        with pytest.raises(KeyboardInterrupt):
            found.run()
        assert found.cloud.functions() == []
        assert tags(found.cloud) == ["somebody-elses"]
        assert found.told[-1] == "everything that was made is removed again"


def test_what_cannot_be_removed_is_named() -> None:
    with laboratory() as found:
        found.cloud.fail_next("DeleteFunction", status=409, code="FunctionNotEmpty", times=50)
        found.cloud.fail_next("DELETE manifest", status=405, code="UNSUPPORTED", times=50)
        found.run()
        left = [line for line in found.told if line.startswith("left behind: ")]
        assert f"left behind: function {NAME}" in left
        assert any(f"manifest {found.lab.repository.repository}@sha256:" in line for line in left)
        assert not any("left behind: tag" in line for line in left), "ACR has another way to remove those"
        assert tags(found.cloud) == ["somebody-elses"]
        assert any("not removed" in line and "FunctionNotEmpty" in line for line in found.told)


def test_a_second_interruption_names_what_is_left() -> None:
    with laboratory(InterruptingClock(today().now(), 1)) as found:
        found.cloud.fail_next("DeleteFunction", status=409, code="ConcurrentUpdateError", times=50)
        with pytest.raises(KeyboardInterrupt):
            found.run()
        left = [line for line in found.told if line.startswith("left behind: ")]
        assert left[0] == f"left behind: function {NAME}"
        assert len([line for line in left if ": tag " in line]) == len(tags(found.cloud)) - 1


def refuse_updates(cloud: Emulator) -> None:
    cloud.fail_next("UpdateFunction", status=403, code="AccessDenied", times=100)


def refuse_creation(cloud: Emulator) -> None:
    cloud.fail_next("CreateFunction", status=400, code="QuotaExceeded", times=100)


def refuse_calls(cloud: Emulator) -> None:
    cloud.fail_next("InvokeFunction", status=403, code="AccessDenied", times=100)


def break_listing(cloud: Emulator) -> None:
    cloud.fail_next("GET tags/list", kind="html-502", times=100)


def answer_strangely(cloud: Emulator) -> None:
    cloud.fail_next("GetRepoTag", status=418, code="IM_A_TEAPOT", times=1)


FAILURES: list[tuple[str, Callable[[Emulator], None], str, str]] = [
    ("updates are not allowed", refuse_updates, "same_image_update", "AccessDenied"),
    ("no function can be made", refuse_creation, "create_seconds", "QuotaExceeded"),
    ("what hangs on a function says so", refuse_creation, "digest_input", "no function"),
    ("calls are not allowed", refuse_calls, "mark_failed", "AccessDenied"),
    ("an answer that nobody expects", answer_strangely, "acr_not_exist", "HTTP 418"),
    ("the registry fails", break_listing, "oci_sorted", "502"),
]


@pytest.mark.parametrize(("label", "order", "name", "fact"), FAILURES, ids=[row[0] for row in FAILURES])
def test_a_failure_leaves_its_question_open_and_no_other(
    label: str, order: Callable[[Emulator], None], name: str, fact: str
) -> None:
    with laboratory() as found:
        order(found.cloud)
        found.run()
        assert fact in found.unknown[name]
        assert found.facts["acr_instance_filter"] == "exact"
        assert found.cloud.functions() == []


def test_a_denial_is_never_taken_for_an_answer() -> None:
    with laboratory() as found:
        refuse_updates(found.cloud)
        found.run()
        for name in ("digest_input", "resolved_digest", "missing_image", "same_image_update", "masked_login_input"):
            assert name not in found.facts


def test_a_wrong_login_makes_nothing() -> None:
    clock = today()
    with Emulator(clock=clock).serve() as cloud:
        plan = plan_for(cloud, username="nobody", password="wrong")
        found = Laboratory(cloud, plan.lab(NAME, clock, ONCE))
        with pytest.raises(RegistryDenied):
            found.run()
        assert cloud.functions() == []


def test_wrong_credentials_are_said_before_anything_is_made() -> None:
    with laboratory() as found:
        found.cloud.set_key_active(False)
        with pytest.raises(CloudError, match="Inactive"):
            check(found.lab)
        assert tags(found.cloud) == ["somebody-elses"]


def test_another_registry_settles_all_but_what_only_acr_can() -> None:
    """A real docker-registry, which the functions pull from too."""
    clock = today()
    with (
        docker_registry() as registry,
        Emulator(clock=clock, registries={registry.host: registry.url}).serve() as cloud,
    ):
        plan = plan_for(cloud, f"{registry.host}/{PATH}", endpoint=registry.url)
        found = Laboratory(cloud, plan.lab(NAME, clock, ONCE))
        found.run()
        of_acr = {"digest_prefix", "acr_tag_order", "acr_next_token", "acr_not_exist", "acr_tag_not_exist_code"}
        of_acr |= {"acr_instance_filter", "acr_personal", "masked_login_input"}
        assert set(found.unknown) == {
            *of_acr,
            *pipelines.NAMES,
            "oci_page_size",
            "oci_token_seconds",
        }
        assert found.facts["mark_failed"] is True
        assert found.told[-1] == "everything that was made is removed again"
        assert found.lab.repository.repository == Repository(registry.host, PATH)
