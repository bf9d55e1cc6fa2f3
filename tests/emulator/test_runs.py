"""Pipelines of any form come to an end, and to the right one."""

from datetime import UTC, datetime
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fcpin.emulator import Emulator
from tests.support.clock import ManualClock

IMAGE = "registry.cn-hangzhou.aliyuncs.com/shop/app:"
HOSTS = {"passes": IMAGE, "fails": "docker.io/shop/app:"}


@st.composite
def tasks(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Each after some of those before it, on or off, bound to pass or to fail."""
    count = draw(st.integers(1, 6))
    made = []
    for number in range(count):
        after = draw(st.sets(st.integers(0, number - 1))) if number else set[int]()
        image = HOSTS[draw(st.sampled_from(sorted(HOSTS)))] + str(number)
        data = {"enable": draw(st.booleans()), "build": {"image": image}}
        made.append(
            {
                "name": f"t{number}",
                "taskTemplate": "build-image-task",
                "context": {"data": data},
                "runAfters": [{"name": f"t{one}"} for one in after],
            }
        )
    return draw(st.permutations(made))


@settings(max_examples=60, deadline=None)
@given(tasks())
def test_a_task_runs_when_all_before_it_passed_and_the_pipeline_passes_when_none_failed(
    steps: list[dict[str, Any]],
) -> None:
    cloud = Emulator(clock=ManualClock(datetime(2026, 11, 22, tzinfo=UTC)), random=Random(1))
    service = cloud._account.pipelines
    service.create_pipeline({"name": "p", "spec": {"templateSpec": {"tasks": steps}}})
    service.start_pipeline("p")
    cloud.advance(3600)
    phases = {step["name"]: service.get_task(f"p-{step['name']}")["status"]["phase"] for step in steps}
    by_name = {step["name"]: step for step in steps}
    passed: dict[str, bool] = {}
    for name in sorted(by_name):  # a task only ever runs after those of a smaller number
        data = by_name[name]["context"]["data"]
        ready = all(passed[one["name"]] for one in by_name[name]["runAfters"])
        fails = ready and data["enable"] and data["build"]["image"].startswith(HOSTS["fails"])
        passed[name] = not fails and (ready or not data["enable"])
        assert phases[name] == ("Failed" if fails else "Success" if ready and data["enable"] else "Skipped")
    assert service.get_pipeline("p")["status"]["phase"] == ("Failed" if "Failed" in phases.values() else "Success")
