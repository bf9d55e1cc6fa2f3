"""`fcpin impact`."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import click

from fcpin.cli.endpoints import refuse_with_stack, settings_from
from fcpin.cli.options import StackOptions, fc_endpoint_option, json_option, stack_options
from fcpin.cli.output import Row, write_json, write_lines, write_rows
from fcpin.clock import SystemClock
from fcpin.errors import InvalidInput, Problem, RegistryError
from fcpin.image import Image, brief, short

if TYPE_CHECKING:
    from fcpin.settings import Settings
    from fcpin.stack.impact import Affected, Impact

IN_USE: Final = 10
_IMMUTABILITY: Final = {
    None: "the registry of {} does not report whether its tags can be moved",
    True: "{}: TagImmutability is on: a tag can be deleted, but not moved",
    False: "{}: TagImmutability is off: this tag can be moved, and a moved tag causes the outage",
}
_HEAD: Final[Row] = ("REGION", "FUNCTION", "VERSION", "ALIASES", "RUNS", "WHY")


@click.command()
@click.argument("image", metavar="REPO:TAG")
@stack_options()
@click.option(
    "--region",
    "regions",
    metavar="REGION",
    multiple=True,
    help="Search this region; repeatable (default: the stack's regions).",
)
@click.option("--endpoint", metavar="URL", help="Without a stack: send requests to this registry instead of the host.")
@click.option("--cr-endpoint", metavar="URL", help="Without a stack: use this endpoint of the API of ACR.")
@fc_endpoint_option
@json_option
def command(
    image: str,
    stack: StackOptions,
    regions: Sequence[str],
    endpoint: str | None,
    cr_endpoint: str | None,
    fc_endpoint: str | None,
    as_json: bool,
) -> int:
    """Report which functions, versions and aliases run an image, before its tag is moved or deleted.

    REPO:TAG is host/namespace/name:tag, or …@sha256:… for an image. Looks at every function and published version of
    the regions, whatever deployed it. Exit status: 0 no function runs the image, 10 a function runs it or may run it,
    1 unknown.
    """
    from fcpin.clients import function_clients, registries_of
    from fcpin.stack.impact import Target, impact

    target = _image(image)
    if stack.stack or (os.environ.get("PULUMI_STACK") and not regions):
        refuse_with_stack(endpoint=endpoint, cr_endpoint=cr_endpoint, fc_endpoint=fc_endpoint)
        settings, regions = _of_stack(stack, regions)
    else:
        registry = {target.repository.host: {"endpoint": endpoint}} if endpoint else {}
        settings = settings_from(regions[0] if regions else "", fc_endpoint, cr_endpoint, registry)
        regions = regions or [settings.region]
        if not settings.region:
            raise InvalidInput(Problem("--region", "is required, or --stack"))
    repository = registries_of(settings, SystemClock()).open(target.repository)
    found = impact(Target.find(repository, target), map(function_clients(settings), regions))
    immutable = None
    with suppress(RegistryError):  # the result is complete; this is a note
        immutable = repository.is_immutable()
    if as_json:
        write_json(_json(found, regions, immutable))
    else:
        _write(found, regions, immutable)
    return IN_USE if found.affected or found.uncertain else 0


def _image(text: str) -> Image:
    image = Image.parse(text)
    if image.tag is None and image.digest is None:
        raise InvalidInput(Problem("", f"{text!r} has neither a tag nor a digest; add :TAG or @DIGEST"))
    return image


def _of_stack(options: StackOptions, regions: Sequence[str]) -> "tuple[Settings, Sequence[str]]":
    stack = options.read()
    own = (stack.settings.region, *(pin.region for pin in stack.pins))
    return stack.settings, regions or list(dict.fromkeys(filter(None, own)))


def _write(found: "Impact", regions: Sequence[str], immutable: bool | None) -> None:
    if found.affected:
        rows = [_row(one) for one in found.affected]
        head = _HEAD
        if len(regions) == 1:
            head, rows = head[1:], [row[1:] for row in rows]
        write_rows(head, rows)
        sys.stdout.write("\n")
    write_lines(_conclusion(found, regions, immutable))


def _row(one: "Affected") -> Row:
    from fcpin.stack.impact import LATEST

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
    from fcpin.stack.impact import LATEST

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
