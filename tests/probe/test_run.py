"""A run that fails or is interrupted: what was created is removed, and what is left is named."""

from collections.abc import Callable
from datetime import datetime

import pytest

from fcpin.emulator import Emulator
from fcpin.errors import RegistryDenied
from fcpin.http.errors import CloudError
from fcpin.image import Repository
from fcpin.probe.lab import check_repository
from tests.probe.harness import NAME, OTHER_TAG, PATH, ProbeHarness, harness, tags, today
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


@pytest.mark.parametrize("sleeps", [1, 9])
def test_an_interrupted_run_removes_what_it_created(sleeps: int) -> None:
    with harness(InterruptingClock(today().now(), sleeps)) as found:
        with pytest.raises(KeyboardInterrupt):
            found.run()
        assert found.cloud.functions() == []
        assert tags(found.cloud) == [OTHER_TAG]
        assert found.lines[-1] == "everything that was created is removed"


def test_what_cannot_be_removed_is_named() -> None:
    with harness() as found:
        found.cloud.fail_next("DeleteFunction", status=409, code="FunctionNotEmpty", times=50)
        found.cloud.fail_next("DELETE manifest", status=405, code="UNSUPPORTED", times=50)
        found.run()
        left = [line for line in found.lines if line.startswith("left behind: ")]
        assert f"left behind: function {NAME}" in left
        assert any(f"manifest {found.lab.repository.repository}@sha256:" in line for line in left)
        assert not any("left behind: tag" in line for line in left), "ACR has another way to remove those"
        assert tags(found.cloud) == [OTHER_TAG]
        assert any("not removed" in line and "FunctionNotEmpty" in line for line in found.lines)


def test_a_second_interruption_names_what_is_left() -> None:
    with harness(InterruptingClock(today().now(), 1)) as found:
        found.cloud.fail_next("DeleteFunction", status=409, code="ConcurrentUpdateError", times=50)
        with pytest.raises(KeyboardInterrupt):
            found.run()
        left = [line for line in found.lines if line.startswith("left behind: ")]
        assert left[0] == f"left behind: function {NAME}"
        assert len([line for line in left if ": tag " in line]) == len(tags(found.cloud)) - 1


def refuse_updates(cloud: Emulator) -> None:
    cloud.fail_next("UpdateFunction", status=403, code="AccessDenied", times=100)


def refuse_creation(cloud: Emulator) -> None:
    cloud.fail_next("CreateFunction", status=400, code="QuotaExceeded", times=100)


def refuse_calls(cloud: Emulator) -> None:
    cloud.fail_next("InvokeFunction", status=403, code="AccessDenied", times=100)


def respond_418(cloud: Emulator) -> None:
    cloud.fail_next("GetRepoTag", status=418, code="IM_A_TEAPOT", times=1)


FAILURES: list[tuple[str, Callable[[Emulator], None], str, str]] = [
    ("updates are not allowed", refuse_updates, "same_image_update", "AccessDenied"),
    ("no function can be created", refuse_creation, "update_merge", "QuotaExceeded"),
    ("later experiments have no function", refuse_creation, "digest_input", "could not be created"),
    ("calls are not allowed", refuse_calls, "mark_failed", "AccessDenied"),
    ("an unexpected status", respond_418, "acr_not_exist", "HTTP 418"),
]


@pytest.mark.parametrize(("label", "order", "name", "fact"), FAILURES, ids=[row[0] for row in FAILURES])
def test_a_failure_leaves_its_question_open_and_no_other(
    label: str, order: Callable[[Emulator], None], name: str, fact: str
) -> None:
    with harness() as found:
        order(found.cloud)
        found.run()
        assert fact in found.unknown[name]
        assert found.facts["acr_tag_not_exist_code"] in {"TAG_NOT_EXIST", "IM_A_TEAPOT"}
        assert found.cloud.functions() == []


def test_a_denial_settles_no_question() -> None:
    with harness() as found:
        refuse_updates(found.cloud)
        found.run()
        for name in ("digest_input", "resolved_digest", "same_image_update", "update_merge"):
            assert name not in found.facts


def test_a_wrong_login_creates_nothing() -> None:
    clock = today()
    with Emulator(clock=clock).serve() as cloud:
        found = ProbeHarness.of(cloud, clock, username="unknown", password="wrong")
        with pytest.raises(RegistryDenied):
            found.run()
        assert cloud.functions() == []


def test_wrong_credentials_are_reported_before_anything_is_created() -> None:
    with harness() as found:
        found.cloud.set_key_active(False)
        with pytest.raises(CloudError, match="Inactive"):
            check_repository(found.lab)
        assert tags(found.cloud) == [OTHER_TAG]


def test_another_registry_settles_all_but_what_only_acr_can() -> None:
    """A real docker-registry, which the functions pull from too."""
    clock = today()
    with (
        docker_registry() as registry,
        Emulator(clock=clock, registries={registry.host: registry.url}).serve() as cloud,
    ):
        found = ProbeHarness.of(cloud, clock, f"{registry.host}/{PATH}", endpoint=registry.url).run()
        assert set(found.unknown) == {"acr_not_exist", "acr_tag_not_exist_code", "acr_personal"}
        assert found.facts["mark_failed"] is True
        assert found.lines[-1] == "everything that was created is removed"
        assert found.lab.repository.repository == Repository(registry.host, PATH)
