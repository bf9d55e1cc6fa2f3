"""`fcpin drift`."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from fcpin.cli.options import StackOptions, json_option, stack_options
from fcpin.cli.output import Row, write_json, write_lines, write_rows
from fcpin.clock import SystemClock
from fcpin.errors import StackError
from fcpin.image import Image, Repository, brief

if TYPE_CHECKING:
    from fcpin.stack.drift_scan import Finding

UNKNOWN: Final = 30
_HEAD: Final[Row] = ("FUNCTION", "PINNED", "LIVE", "DRIFT", "WHY")
_STYLES: Final = {0: "", 10: "yellow", 20: "bold red", UNKNOWN: "magenta"}


@click.command()
@stack_options()
@json_option
def command(stack: StackOptions, as_json: bool) -> int:
    """Compare what each function runs with its pin, its registry and its policy.

    Exit status, the worst of all functions: 0 as deployed, 10 the next `up` or some time corrects it, 20 broken or
    about to break, 30 unknown.
    """
    from fcpin.clients import function_clients, registries_of
    from fcpin.stack.drift_scan import DriftScan

    clock = SystemClock()
    try:
        deployed = stack.read()
    except StackError as error:
        sys.stderr.write(f"fcpin drift: {error}\n")
        return UNKNOWN
    registries = registries_of(deployed.settings, clock)
    scan = DriftScan(
        function_clients(deployed.settings), registries, clock.now(), min_age_bypass=deployed.settings.min_age_bypass
    )
    findings = scan.of(deployed.pins)
    notes = [_mutable(repository) for repository in scan.mutable(deployed.pins)]
    worst = max((finding.drift.kind.exit_code for finding in findings), default=0)
    if as_json:
        functions = list(map(_json, findings))
        write_json({"stack": deployed.name, "exit_code": worst, "functions": functions, "notes": notes})
    elif findings:
        _write(findings, notes)
    else:
        sys.stdout.write(f"the stack {deployed.name} has no pinned functions\n")
    return worst


def _write(findings: Sequence["Finding"], notes: Sequence[str]) -> None:
    rows = [_row(finding) for finding in findings]
    write_rows(_HEAD, rows, [_STYLES[finding.drift.kind.exit_code] for finding in findings])
    details = [f"{finding.pin.name}: {finding.drift.detail}" for finding in findings if finding.drift.detail]
    if lines := [*details, *(f"note: {note}" for note in notes)]:
        write_lines(("", *lines))


def _row(finding: "Finding") -> Row:
    pin = finding.pin
    name = pin.name if pin.name == pin.function_name else f"{pin.name} ({pin.function_name})"
    why = finding.drift.sentence
    if finding.exposed_seconds is not None:
        why += f", for {_duration(finding.exposed_seconds)}"
    return (
        name,
        _brief(pin.deployed),
        _brief(_live(finding)),
        finding.drift.kind,
        "; ".join(filter(None, (why, finding.note))),
    )


def _live(finding: "Finding") -> Image | None:
    from fcpin.drift import live_image

    return live_image(finding.function) if finding.function else None


def _brief(image: Image | None) -> str:
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
