"""What a preview says of the pins: which go from one image to another. `preview --json` is the same of both engines."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from fcpin.errors import InvalidImage
from fcpin.image import Digest, parse_digest
from fcpin.receiver.converge.base import Change
from fcpin.receiver.errors import ConvergenceFailed

_OPS: Final = frozenset({"create", "update", "replace", "create-replacement"})


def changes_in(document: str, urns: Collection[str]) -> Sequence[Change]:
    """Those of the resources *urns* whose tag or digest changes. Raises ConvergenceFailed for what is no preview."""
    try:
        steps = [step for step in json.loads(document)["steps"] if step["urn"] in urns and step["op"] in _OPS]
        found = {step["urn"]: _change(step) for step in steps}
    except (ValueError, KeyError, TypeError) as error:
        raise ConvergenceFailed(f"what the engine answered is no preview ({type(error).__name__})") from None
    return [change for change in found.values() if change is not None]


def _change(step: Mapping[str, Any]) -> Change | None:
    """None where the image stays, and only settings change."""
    old, new = ((step.get(state) or {}).get("inputs") or {} for state in ("oldState", "newState"))
    before, after = (str(inputs.get("tag") or "") for inputs in (old, new))
    to_digest = _digest(new.get("digest"))
    if to_digest is None:
        raise KeyError("digest")
    if (before, _digest(old.get("digest"))) == (after, to_digest):
        return None
    return Change(step["urn"].rpartition("::")[2], before, _digest(old.get("digest")), after, to_digest)


def _digest(value: object) -> Digest | None:
    """None where there is none: before the first deployment, and after a refresh that found none."""
    try:
        return parse_digest(str(value))
    except InvalidImage:
        return None
