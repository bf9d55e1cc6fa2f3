"""fcpin impact: which functions, versions and aliases run an image, before somebody moves or deletes its tag."""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from fcpin.cli.columns import Row, write_rows
from fcpin.cli.command import Command, Streams
from fcpin.cli.output import write_json, write_lines
from fcpin.cli.stacks import add_stack, read_stack
from fcpin.cli.where import refuse_addresses, settings_from
from fcpin.clock import SystemClock
from fcpin.errors import InvalidInput, Problem, RegistryError
from fcpin.image import Image, brief, short

if TYPE_CHECKING:
    from fcpin.impact import Affected, Impact
    from fcpin.settings import Settings

IN_USE: Final = 10
_IMMUTABILITY: Final = {
    None: "the registry of {} does not tell whether its tags can be moved",
    True: "{}: TagImmutability is on: a tag can be deleted, but not moved",
    False: "{}: TagImmutability is off: this tag can be moved, and that is the precondition of the outage",
}
_HEAD: Final[Row] = ("REGION", "FUNCTION", "VERSION", "ALIASES", "RUNS", "WHY")


def run(given: Namespace, streams: Streams) -> int:
    """0 when nobody runs it, 10 when somebody does or may.

    Raises InvalidInput, StackError, RegistryError, FunctionError.
    """
    from fcpin.clients import function_clients, registries_of
    from fcpin.impact import Target, impact

    image = _image(given.image)
    settings, regions = _where(given, image)
    repository = registries_of(settings, SystemClock()).open(image.repository)
    client_for = function_clients(settings)
    found = impact(Target.find(repository, image), map(client_for, regions))
    immutable = None
    with suppress(RegistryError):  # what is asked for is known, and this is a note
        immutable = repository.is_immutable()
    if given.json:
        write_json(streams.stdout, _json(found, regions, immutable))
    else:
        _write(streams, found, regions, immutable)
    return IN_USE if found.affected or found.uncertain else 0


def _image(text: str) -> Image:
    image = Image.parse(text)
    if image.tag is None and image.digest is None:
        raise InvalidInput(Problem("", f"{text!r} names no image; add :TAG or @DIGEST"))
    return image


def _where(given: Namespace, image: Image) -> "tuple[Settings, Sequence[str]]":
    """As whom and where to ask, and in which regions: from the stack, else from options and the environment."""
    if given.stack or (os.environ.get("PULUMI_STACK") and not given.region):
        refuse_addresses(given)
        stack = read_stack(given)
        regions = (stack.settings.region, *(pin.region for pin in stack.pins))
        return stack.settings, given.region or list(dict.fromkeys(filter(None, regions)))
    registry = {image.repository.host: {"endpoint": given.endpoint}} if given.endpoint else {}
    settings = settings_from(given, (given.region or [""])[0], registry)
    if not settings.region:
        raise InvalidInput(Problem("--region", "is required, or --stack"))
    return settings, given.region or [settings.region]


def _write(streams: Streams, found: "Impact", regions: Sequence[str], immutable: bool | None) -> None:
    if found.affected:
        rows = [_row(one) for one in found.affected]
        head = _HEAD
        if len(regions) == 1:
            head, rows = head[1:], [row[1:] for row in rows]
        write_rows(streams.stdout, head, rows, [""] * len(rows))
        streams.stdout.write("\n")
    write_lines(streams.stdout, _conclusion(found, regions, immutable))


def _row(one: "Affected") -> Row:
    from fcpin.impact import LATEST

    function = one.use.function
    aliases = ", ".join(name if share == 1 else f"{name} {share:.0%}" for name, share in one.aliases.items())
    runs = brief(function.tag, function.digest)
    return one.use.region, one.use.name, one.use.version or LATEST, aliases or "-", runs, one.why


def _conclusion(found: "Impact", regions: Sequence[str], immutable: bool | None) -> Iterator[str]:
    target, count = found.target, len(found.affected)
    now = "" if target.image.digest else f" ({short(target.digest)})" if target.digest else ", which does not exist"
    depend = f"{count} depends" if count == 1 else f"{count or 'none'} depend"
    yield f"of {found.examined} functions and versions in {', '.join(regions)}, {depend} on {target.image}{now}"
    for one in found.uncertain:
        yield f"note: {one.use} may run it too: {one.why}"
    yield f"note: {_IMMUTABILITY[immutable].format(target.image.repository)}"


def _json(found: "Impact", regions: Sequence[str], immutable: bool | None) -> dict[str, Any]:
    from fcpin.impact import LATEST

    return {
        "image": str(found.target.image),
        "digest": found.target.digest,
        "regions": list(regions),
        "examined": found.examined,
        "tag_immutability": immutable,
        "affected": [
            {
                "region": one.use.region,
                "function_name": one.use.name,
                "version": one.use.version or LATEST,
                "aliases": one.aliases,
                "image": one.use.function.image,
                "digest": one.use.function.digest,
                "effect": one.effect,
                "why": one.why,
            }
            for one in found.affected
        ],
        "uncertain": [str(one.use) for one in found.uncertain],
    }


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument("image", metavar="REPO:TAG", help="host/namespace/name:tag, or …@sha256:… for an image")
    add_stack(parser)
    parser.add_argument(
        "--region", action="append", metavar="REGION", help="look here; repeatable (default: the stack's regions)"
    )
    parser.add_argument("--endpoint", metavar="URL", help="without a stack: ask this registry instead of the host")
    parser.add_argument("--cr-endpoint", metavar="URL", help="without a stack: this endpoint of the API of ACR")
    parser.add_argument("--fc-endpoint", metavar="URL", help="without a stack: this endpoint of Function Compute")
    parser.add_argument("--json", action="store_true", help="print it as JSON")


IMPACT: Final = Command(
    "impact",
    "which functions, versions and aliases run an image",
    "Looks at every function and published version of the regions, whoever deployed it. "
    "Exit status: 0 nobody runs the image, 10 somebody does or may, 1 it cannot be told.",
    _add_options,
    run,
)
