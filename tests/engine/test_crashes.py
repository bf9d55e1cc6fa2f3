"""Nothing is lost, wherever the engine is killed: every moment of a run, in memory and with real processes."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from fcpin.engine.state import ResourceState
from tests.engine.deployment_harness import Crash, DeploymentHarness, Fuse, item


@dataclass(frozen=True)
class Wanted:
    """One item of a random program: what it needs are items before it."""

    version: int
    renewed: bool
    needs: frozenset[int]


def goals(program: Sequence[Wanted | None]) -> list[ResourceState]:
    made: dict[int, ResourceState] = {}
    for index, wanted in enumerate(program):
        if wanted is not None:
            needed = [made[need] for need in sorted(wanted.needs) if need in made]
            made[index] = item(
                f"n{index}",
                *needed,
                key=f"n{index}{'-renewed' if wanted.renewed else ''}",
                inputs={"v": wanted.version},
            )
    return list(made.values())


@st.composite
def programs(draw: st.DrawFn) -> list[Wanted | None]:
    size = 5
    return [
        draw(
            st.none()
            | st.builds(
                Wanted,
                version=st.integers(1, 2),
                renewed=st.booleans(),
                needs=st.frozensets(st.integers(0, max(index - 1, 0)), max_size=2),
            )
        )
        for index in range(size)
    ]


def desired(program: Sequence[Wanted | None]) -> set[str]:
    return {str(goal.inputs["key"]) for goal in goals(program)}


@settings(max_examples=150, deadline=None)
@given(before=programs(), after=programs(), moment=st.integers(0, 60))
def test_a_run_that_is_cut_off_at_any_moment_loses_nothing_and_the_next_one_finishes_it(
    before: list[Wanted | None], after: list[Wanted | None], moment: int
) -> None:
    harness = DeploymentHarness()
    harness.up(*goals(before))
    assert set(harness.cloud.items) == desired(before)
    harness.cloud.fuse = Fuse(moment)
    with contextlib.suppress(Crash):
        harness.up(*goals(after))
    harness.cloud.fuse = Fuse()

    known = {str(state.inputs["key"]) for state in harness.states().values()}
    pending = {str(operation.state.inputs["key"]) for operation in harness.saved.operations}
    assert set(harness.cloud.items) <= known | pending

    run = harness.up(*goals(after))
    assert run.display.errors == 0
    assert set(harness.cloud.items) == desired(after)
    assert {state.inputs["key"] for state in harness.states().values()} == desired(after)
    assert harness.saved.operations == []


@settings(max_examples=50, deadline=None)
@given(program=programs(), moment=st.integers(0, 30))
def test_a_destroy_that_is_cut_off_can_be_finished(program: list[Wanted | None], moment: int) -> None:
    harness = DeploymentHarness()
    harness.up(*goals(program))
    harness.cloud.fuse = Fuse(moment)
    try:
        harness.destroy()
    except Crash:
        harness.cloud.fuse = Fuse()
        harness.destroy()
    assert harness.cloud.items == {}
    assert list(harness.saved.resources) == []
