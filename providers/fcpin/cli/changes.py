"""`fcpin changes`: what a preview would change, as Markdown for a pull request, in lines of 120 columns."""

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import click

from fcpin.errors import InvalidInput, Problem
from fcpin.image import PIN_TYPE, brief
from fcpin.json_reader import read_json
from fcpin.layout import WIDTH, fold, width_of

FAILED: Final = 1
_PIN: Final = ("tag", "digest", "image")
_SHOWN: Final = ("create", "update", "replace", "delete")


@dataclass(frozen=True, slots=True)
class FunctionChange:
    """What would happen to one function."""

    op: str
    function: str
    before: str
    """`tag@digest` of the pin, shortened; empty where there is none."""
    after: str
    also: Sequence[str]
    """The other inputs that would change."""

    @classmethod
    def of(cls, step: Mapping[str, Any]) -> Self:
        """From a step of `preview --json`."""
        old, new = _inputs(step, "oldState"), _inputs(step, "newState")
        also = sorted(key for key in old.keys() | new.keys() if key not in _PIN and old.get(key) != new.get(key))
        function = str((new or old).get("function_name") or step["urn"].rpartition("::")[2])
        return cls(step["op"], function, _pin(old), _pin(new), also if old and new else ())


def _inputs(step: Mapping[str, Any], state: str) -> Mapping[str, Any]:
    inputs = _mapping(_mapping(step, state), "inputs")
    return {key: value for key, value in inputs.items() if key != "__provider"}


def _mapping(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The mapping under *key*; an empty one for null. Raises InvalidInput for anything else."""
    found = value.get(key) or {}
    if not isinstance(found, Mapping):
        raise _not_a_preview()
    return found


def _not_a_preview() -> InvalidInput:
    return InvalidInput(Problem("standard input", "is not the output of `pulumi preview --json`"))


def _pin(inputs: Mapping[str, Any]) -> str:
    tag = inputs.get("tag")
    return brief(str(tag), str(inputs.get("digest") or "")) if tag else ""


@click.command()
def command() -> int:
    """Print what a preview would change: old => new tag and digest of every function, as Markdown.

    Reads the output of `pulumi preview --json` on standard input. Exit status: 0, or 1 when the preview failed.
    """
    preview = read_preview(sys.stdin.buffer.read())
    sys.stdout.writelines(f"{line}\n" for line in markdown(preview))
    return FAILED if _messages(preview, "error") else 0


def read_preview(data: bytes) -> Mapping[str, Any]:
    try:
        preview = read_json(data)
        is_one = isinstance(preview, dict) and all(map(_is_step, preview["steps"]))
    except (ValueError, KeyError, TypeError):
        is_one = False
    if not is_one or not all(isinstance(one, dict) for one in _list(preview, "diagnostics")):
        raise _not_a_preview()
    return dict(preview)


def _is_step(step: object) -> bool:
    return isinstance(step, dict) and isinstance(step.get("op"), str) and isinstance(step.get("urn", ""), str)


def _list(value: Mapping[str, Any], key: str) -> Sequence[Any]:
    found = value.get(key) or []
    return found if isinstance(found, list) else [found]


def markdown(preview: Mapping[str, Any]) -> Iterator[str]:
    steps: Sequence[Mapping[str, Any]] = preview["steps"]
    pins = [step for step in steps if str(step.get("urn", "")).split("::")[-2:-1] and _type(step) == PIN_TYPE]
    changes = [FunctionChange.of(step) for step in pins if step["op"] in _SHOWN]
    errors = _messages(preview, "error")
    others = Counter(step["op"] for step in steps if step not in pins and step["op"] in _SHOWN)
    if errors:
        title = "the preview failed"
    else:
        title = _counts(changes) or _nothing(len({step["urn"] for step in pins}), alone=not others)
    yield f"### {_stack_of(steps)}{title}"
    if changes:
        yield from ("", *_listed(changes))
    if others:
        yield from ("", f"Other resources: {', '.join(f'{count} to {op}' for op, count in others.items())}.")
    for severity, messages in (("error", errors), ("warning", _messages(preview, "warning"))):
        if messages:
            lines = (line for message in messages for line in fold(f"{severity}: {message}", rest="  "))
            yield from ("", "```text", *lines, "```")


def _listed(changes: Sequence[FunctionChange]) -> Sequence[str]:
    """A table, where its rows fit; else a list, with old and new pin on lines of their own."""
    rows = [_cells(change) for change in changes]
    table = [f"| {' | '.join(row)} |" for row in rows]
    if all(width_of(line) <= WIDTH for line in table):
        return ["| | function | from | to | also |", "|---|---|---|---|---|", *table]
    return [line for row in rows for line in _item(*row)]


def _cells(change: FunctionChange) -> Sequence[str]:
    before, after = (f"`{pin}`" if pin else "" for pin in (change.before, change.after))
    if change.op in ("update", "replace") and before == after:
        before, after = "", f"{after}, unchanged"
    return change.op, f"`{change.function}`", before, after, ", ".join(f"`{key}`" for key in change.also)


def _item(op: str, function: str, before: str, after: str, also: str) -> Iterator[str]:
    yield from fold(f"{op} {function}" + (f", also {also}" if also else ""), first="- ", rest="  ")
    if before:
        yield f"  {before} =>" if after else f"  {before}"
    if after:
        yield f"  {after}"


def _stack_of(steps: Sequence[Mapping[str, Any]]) -> str:
    stack = next((str(step["urn"]).split("::")[0].rpartition(":")[2] for step in steps if "urn" in step), "")
    return f"`{stack}`: " if stack else ""


def _counts(changes: Sequence[FunctionChange]) -> str:
    counts = Counter(change.op for change in changes)
    return ", ".join(f"{counts[op]} to {op}" for op in _SHOWN if counts[op])


def _nothing(pins: int, *, alone: bool) -> str:
    """The Pulumi CLI names what stays the same only after `--show-sames` or a refresh."""
    known = f", {pins} function{'' if pins == 1 else 's'} as pinned" if pins else ""
    return f"{'no changes' if alone else 'no changes of pinned functions'}{known}"


def _type(step: Mapping[str, Any]) -> str:
    return str(step["urn"]).split("::")[-2].rpartition("$")[2]


def _messages(preview: Mapping[str, Any], severity: str) -> Sequence[str]:
    """The engine's messages, each once; a fence inside one cannot end ours."""
    entries = (entry for entry in preview.get("diagnostics") or () if entry.get("severity") == severity)
    texts = (str(entry.get("message", "")).strip().removeprefix(f"{severity}: ") for entry in entries)
    return tuple(dict.fromkeys(text.replace("```", "'''") for text in texts))
