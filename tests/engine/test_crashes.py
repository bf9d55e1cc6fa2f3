"""Nothing is lost, wherever the engine is killed: every moment of a run, in memory and with real processes."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.deployment import Goal
from tests.engine.rig import Crash, Fuse, Rig, item


@dataclass(frozen=True)
class Wanted:
    """One item of a random program: what it needs are items before it."""

    version: int
    renewed: bool
    needs: frozenset[int]
    delete_first: bool


def goals(program: Sequence[Wanted | None]) -> list[Goal]:
    made: dict[int, Goal] = {}
    for index, wanted in enumerate(program):
        if wanted is not None:
            needed = [made[need] for need in sorted(wanted.needs) if need in made]
            # what is deleted first may not have dependents: that is refused
            first = wanted.delete_first and not any(other and index in other.needs for other in program)
            made[index] = item(
                f"n{index}",
                *needed,
                key=f"n{index}{'-renewed' if wanted.renewed else ''}",
                inputs={"v": wanted.version, "delete_first": first},
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
                delete_first=st.booleans(),
            )
        )
        for index in range(size)
    ]


def desired(program: Sequence[Wanted | None]) -> set[str]:
    return {str(goal.state.inputs["key"]) for goal in goals(program)}


@settings(max_examples=150, deadline=None)
@given(before=programs(), after=programs(), moment=st.integers(0, 60))
def test_a_run_that_is_cut_off_at_any_moment_loses_nothing_and_the_next_one_finishes_it(
    before: list[Wanted | None], after: list[Wanted | None], moment: int
) -> None:
    rig = Rig()
    rig.up(*goals(before))
    assert set(rig.cloud.items) == desired(before)
    rig.cloud.fuse = Fuse(moment)
    with contextlib.suppress(Crash):
        rig.up(*goals(after))
    rig.cloud.fuse = Fuse()

    known = {str(state.inputs["key"]) for state in rig.states().values()}
    pending = {str(operation.state.inputs["key"]) for operation in rig.saved.operations}
    assert set(rig.cloud.items) <= known | pending

    run = rig.up(*goals(after))
    if "delete_before_replace of a resource that others depend on" in run.text:
        return
    assert run.display.errors == 0
    assert set(rig.cloud.items) == desired(after)
    assert {state.inputs["key"] for state in rig.states().values()} == desired(after)
    assert rig.saved.operations == []


@settings(max_examples=50, deadline=None)
@given(program=programs(), moment=st.integers(0, 30))
def test_a_destroy_that_is_cut_off_can_be_finished(program: list[Wanted | None], moment: int) -> None:
    rig = Rig()
    rig.up(*goals(program))
    rig.cloud.fuse = Fuse(moment)
    try:
        rig.destroy()
    except Crash:
        rig.cloud.fuse = Fuse()
        rig.destroy()
    assert rig.cloud.items == {}
    assert list(rig.saved.resources) == []
