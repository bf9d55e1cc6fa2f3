"""What a pipeline is called: names are unique in an account, so commit and time are in them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from fcpin.pipeline.spec import document, image_of
from fcpin.pipeline.variables import MILLISECONDS, SHORT, SHORT_COMMIT

TEMPLATE: Final = f"p-<% .{SHORT_COMMIT} %>-<% .{MILLISECONDS} %>"
"""As documentation advises, for whoever fills it in."""


def unique_name(commit: str, now: datetime) -> str:
    """`p-83f96b6-1795348800000`."""
    return f"p-{commit[:SHORT]}-{int(now.timestamp() * 1000)}"


def as_template(spec: Mapping[str, Any]) -> dict[str, Any]:
    """*spec* as a document for every commit. Raises InvalidInput when its image names more of one than seven digits."""
    digits = "0" * SHORT
    return document(spec, name=TEMPLATE, image=image_of(spec, digits).replace(digits, f"<% .{SHORT_COMMIT} %>"))


def at_commit(spec: Mapping[str, Any], commit: str, now: datetime) -> dict[str, Any]:
    """*spec* as a document for one run. Raises InvalidInput."""
    return document(spec, name=unique_name(commit, now), image=image_of(spec, commit), commit=commit)
