"""A selection as the commands give it: JSON for machines, an exit status for both."""

import json
from collections.abc import Mapping
from typing import Final, TextIO

from fcpin.policy import Selection

CHOSEN: Final = 0
NO_TAG: Final = 3


def status(selection: Selection) -> int:
    """The exit status: 0 for a tag that was chosen or is kept."""
    return CHOSEN if selection.chosen is not None or selection.keep else NO_TAG


def pin(selection: Selection, current: str | None) -> Mapping[str, str | None]:
    """Tag and digest; of a pin that is kept only the tag is known here."""
    if selection.chosen is not None:
        return {"tag": selection.chosen.tag, "digest": selection.chosen.digest}
    return {"tag": current if selection.keep else None, "digest": None}


def fields(selection: Selection, current: str | None) -> dict[str, object]:
    """The answer without the tags that were not chosen."""
    return _fields(pin(selection, current), selection)


def write_json(stdout: TextIO, pin: Mapping[str, str | None], selection: Selection) -> None:
    """One object. A rejected tag takes a line, so that the answer can be read and searched."""
    head = "".join(f'  "{key}": {json.dumps(value)},\n' for key, value in _fields(pin, selection).items())
    rejected = ",\n".join(f"    {json.dumps(rejection._asdict())}" for rejection in selection.rejected)
    if rejected:
        rejected = f"\n{rejected}\n  "
    stdout.write(f'{{\n{head}  "rejected": [{rejected}]\n}}\n')


def _fields(pin: Mapping[str, str | None], selection: Selection) -> dict[str, object]:
    fields: dict[str, object] = {**pin, "reason": selection.reason}
    if selection.keep:
        fields["keep"] = True
    if selection.warnings:
        fields["warnings"] = list(selection.warnings)
    return fields
