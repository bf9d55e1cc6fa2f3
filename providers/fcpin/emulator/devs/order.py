"""What the tasks of a pipeline wait for, and what becomes of the whole: decided from their phases alone."""

from collections.abc import Iterator, Sequence

from fcpin.emulator.devs.model import ExecError, TaskRecord
from fcpin.emulator.devs.phases import FINISHED, PASSED, Phase


def movable(tasks: Sequence[TaskRecord]) -> Iterator[tuple[TaskRecord, Phase]]:
    """Pending tasks that need not wait, with the phase that they go to: running or skipped."""
    by_step = {task.step: task for task in tasks}
    for task in tasks:
        if task.phase != Phase.PENDING:
            continue
        before = [by_step.get(step) for step in task.run_afters]
        if not task.enabled or any(_is_lost(one) for one in before):
            yield task, Phase.SKIPPED
        elif all(one is not None and one.phase in PASSED for one in before):
            yield task, Phase.RUNNING


def outcome(tasks: Sequence[TaskRecord]) -> tuple[Phase, ExecError] | None:
    """How the pipeline ended, or None while a task has not."""
    if any(task.phase not in FINISHED for task in tasks):
        return None
    failed = next((task for task in tasks if task.phase not in PASSED), None)
    if failed is None:
        return Phase.SUCCESS, ExecError()
    title = f"task {failed.step} {failed.phase}"
    return Phase(failed.phase), ExecError(failed.error.code, failed.error.message, title)


def _is_lost(task: TaskRecord | None) -> bool:
    """Whether what waits for *task* waits in vain: it failed, or was itself skipped for a failure."""
    if task is None:
        return False
    return task.phase in (Phase.FAILED, Phase.CANCELED) or (task.phase == Phase.SKIPPED and task.enabled)
