"""fcpin drift: how the functions of a stack differ from what was deployed, and from what would be."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from fcpin.cli.columns import Row, write_rows
from fcpin.cli.command import Command, Streams
from fcpin.cli.output import write_json, write_lines
from fcpin.cli.stacks import add_stack, read_stack
from fcpin.clock import SystemClock
from fcpin.errors import StackError
from fcpin.image import Image, Repository, brief

if TYPE_CHECKING:
    from fcpin.stack.survey import Finding

CANNOT_TELL: Final = 30
_HEAD: Final[Row] = ("FUNCTION", "PINNED", "LIVE", "DRIFT", "WHY")
_STYLES: Final = {0: "", 10: "yellow", 20: "bold red", CANNOT_TELL: "magenta"}


def run(given: Namespace, streams: Streams) -> int:
    """The exit code of the worst kind of drift. Raises InvalidInput."""
    from fcpin.clients import function_clients, registries_of
    from fcpin.stack.survey import Survey

    clock = SystemClock()
    try:
        stack = read_stack(given)
    except StackError as error:
        print(f"fcpin drift: {error}", file=streams.stderr)
        return CANNOT_TELL
    registries = registries_of(stack.settings, clock)
    survey = Survey(
        function_clients(stack.settings), registries, clock.now(), min_age_bypass=stack.settings.min_age_bypass
    )
    findings = survey.of(stack.pins)
    notes = [_mutable(repository) for repository in survey.mutable(stack.pins)]
    worst = max((finding.drift.kind.exit_code for finding in findings), default=0)
    if given.json:
        answer = {"stack": stack.name, "exit_code": worst, "functions": list(map(_json, findings)), "notes": notes}
        write_json(streams.stdout, answer)
    else:
        _write(streams, findings, notes, stack.name)
    return worst


def _write(streams: Streams, findings: Sequence["Finding"], notes: Sequence[str], stack: str) -> None:
    if not findings:
        streams.stdout.write(f"the stack {stack} has no pinned functions\n")
        return
    rows = [_row(finding) for finding in findings]
    write_rows(streams.stdout, _HEAD, rows, [_STYLES[finding.drift.kind.exit_code] for finding in findings])
    details = [line for finding in findings for line in _details(finding)]
    if lines := [*details, *(f"note: {note}" for note in notes)]:
        write_lines(streams.stdout, ("", *lines))


def _row(finding: "Finding") -> Row:
    pin = finding.pin
    name = pin.name if pin.name == pin.function_name else f"{pin.name} ({pin.function_name})"
    why = finding.drift.sentence
    if finding.exposed_seconds is not None:
        why += f", for {_duration(finding.exposed_seconds)} by now"
    return (
        name,
        _image(pin.deployed),
        _image(_live(finding)),
        finding.drift.kind,
        "; ".join(filter(None, (why, finding.note))),
    )


def _details(finding: "Finding") -> Iterator[str]:
    if finding.drift.detail:
        yield f"{finding.pin.name}: {finding.drift.detail}"


def _live(finding: "Finding") -> Image | None:
    from fcpin.drift.registered import live_image

    return live_image(finding.function) if finding.function else None


def _image(image: Image | None) -> str:
    return brief(image.tag, image.digest) if image else "-"


def _duration(seconds: float) -> str:
    minutes, left = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [f"{count}{unit}" for count, unit in ((days, "d"), (hours, "h"), (minutes, "m"), (left, "s")) if count]
    return "".join(parts[:2]) or "0s"


def _mutable(repository: Repository) -> str:
    return f"{repository}: TagImmutability is off, so every tag can be moved, and a moved tag is an outage"


def _json(finding: "Finding") -> dict[str, Any]:
    pin, function = finding.pin, finding.function
    return {
        "name": pin.name,
        "function_name": pin.function_name,
        "region": pin.region,
        "pinned": str(pin.deployed) if pin.deployed else None,
        "live": str(_live(finding) or "") or None,
        "state": function.state if function else None,
        "last_update_status": function.last_update_status if function else None,
        "drift": finding.drift.kind,
        "exit_code": finding.drift.kind.exit_code,
        "why": finding.drift.sentence,
        "detail": finding.drift.detail,
        "exposed_seconds": finding.exposed_seconds,
        "note": finding.note,
    }


def _add_options(parser: ArgumentParser) -> None:
    add_stack(parser)
    parser.add_argument("--json", action="store_true", help="print it as JSON")


DRIFT: Final = Command(
    "drift",
    "what happened to the functions of a stack since they were deployed",
    "Compares what each function runs with what the stack deployed, with its registry, and with what its policy "
    "would deploy now. Exit status: 0 as deployed, 10 an up or some time sets it right, 20 broken or about to break, "
    "30 cannot tell; the worst of all functions.",
    _add_options,
    run,
)
