"""A selection as the commands print it: JSON, and an exit status."""

import json
import sys
from collections.abc import Mapping
from typing import Final

from fcpin.policy import Selection

NO_TAG: Final = 3


def status(selection: Selection) -> int:
    """The exit status: 0 for a tag that was chosen or is kept."""
    return 0 if selection.chosen is not None or selection.keep else NO_TAG


def pin(selection: Selection, current: str | None) -> Mapping[str, str | None]:
    """Tag and digest; the digest of a pin that is kept is not known here."""
    if selection.chosen is not None:
        return {"tag": selection.chosen.tag, "digest": selection.chosen.digest}
    return {"tag": current if selection.keep else None, "digest": None}


def summary(pin: Mapping[str, str | None], selection: Selection) -> dict[str, object]:
    """Everything but the tags that were not chosen."""
    fields: dict[str, object] = {**pin, "reason": selection.reason}
    if selection.keep:
        fields["keep"] = True
    if selection.warnings:
        fields["warnings"] = list(selection.warnings)
    return fields


def write_selection(pin: Mapping[str, str | None], selection: Selection) -> None:
    """One object. Each rejected tag is on a line of its own, so that people can read and search it."""
    head = "".join(f'  "{key}": {json.dumps(value)},\n' for key, value in summary(pin, selection).items())
    rejected = ",\n".join(f"    {json.dumps(rejection._asdict())}" for rejection in selection.rejected)
    if rejected:
        rejected = f"\n{rejected}\n  "
    sys.stdout.write(f'{{\n{head}  "rejected": [{rejected}]\n}}\n')
