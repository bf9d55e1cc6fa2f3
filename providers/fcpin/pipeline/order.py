"""The order of tasks: whom each waits for, and that all of them get their turn."""

from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from fcpin.errors import unknown_key
from fcpin.pipeline.finding import Finding, error, warning
from fcpin.pipeline.model import Task


def judge(tasks: Sequence[Task]) -> Iterator[Finding]:
    """Names that are there twice, tasks that do not exist, circles, and tasks that wait for one that is off."""
    by_name: dict[str, Task] = {}
    for task in tasks:
        if task.name in by_name:
            yield error(f"{task.path}.name", f"{task.name} is the name of two tasks; rename one")
        elif task.name:
            by_name[task.name] = task
    for task in tasks:
        yield from _waits(task, by_name)
    yield from _circle(by_name)


def _waits(task: Task, by_name: Mapping[str, Task]) -> Iterator[Finding]:
    others = [name for name in by_name if name != task.name]
    for after in task.run_afters:
        if not after.name:
            continue
        if after.name == task.name:
            yield error(after.path, f"{task.name} waits for itself")
        elif after.name not in by_name:
            yield error(after.path, f"no task is called {after.name}; {_instead(after.name, others)}")
        elif task.enable and not by_name[after.name].enable:
            yield warning(after.path, f"{after.name} is off, so {task.name} waits for nothing")


def _instead(name: str, others: Sequence[str]) -> str:
    if len(others) == 1:
        return f"write {others[0]}"
    return unknown_key(name, others).partition("; ")[2] if others else "write []"


def _circle(by_name: Mapping[str, Task]) -> Iterator[Finding]:
    graph = {
        name: {after.name for after in task.run_afters if after.name in by_name and after.name != name}
        for name, task in by_name.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as circle:
        names = list(reversed(circle.args[1]))
        yield error(f"{by_name[names[0]].path}.runAfters", f"the tasks wait for one another: {' -> '.join(names)}")
