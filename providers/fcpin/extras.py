"""Parts of fcpin that need more packages than the rest: their extras, and what of them is missing."""

import re
from importlib import metadata
from typing import Final

from fcpin.errors import InvalidInput, Problem

_REQUIREMENT: Final = re.compile(r"(?P<name>[\w.-]+).*;.*\bextra\s*==\s*[\"'](?P<extra>[\w-]+)[\"']")


class ExtraMissing(InvalidInput):
    """Packages of an extra are not installed."""


def require(extra: str) -> None:
    """Raises ExtraMissing, with the command that installs it, unless every package of *extra* is installed."""
    missing = [name for name in packages_of(extra) if not _is_installed(name)]
    if missing:
        raise ExtraMissing(Problem(", ".join(missing), f"not installed; run: pip install 'fcpin[{extra}]'"))


def packages_of(extra: str) -> list[str]:
    """The packages that *extra* adds, from the metadata of the installed distribution."""
    found = map(_REQUIREMENT.match, metadata.requires("fcpin") or ())
    return [match["name"] for match in found if match and match["extra"] == extra]


def _is_installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True
