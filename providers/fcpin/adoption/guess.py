"""Guess a policy from the one tag that a function runs.

A guess keeps the tag that runs among the candidates, and says when the tag is one that moves.

1. `release-83f96b6`, `main-12`: the family that is named before the last dash. A commit has 7 to 64 hexadecimal digits.
2. `release-20261122-83f96b6`: the one pushed last of that form, for the date changes too.
3. `1.4.2`, `v1.4.2`: the same major version. Before 1.0 the same minor one, because there each may break.
4. `1.5.0-rc.1`: the same, pre-releases included. `1.4.2-alpine`: the versions with the same ending.
5. `1.5`: the same with fewer numbers. `128`: the greatest number. `83f96b6`: the commit that was pushed last.
6. Anything else, `latest` say, is taken for a tag that moves.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fcpin.policy.accelerated import original
from fcpin.policy.filters import SUFFIX
from fcpin.policy.version import parse_version

_COMMIT: Final = r"[0-9a-f]{7,64}"
_UNIQUE: Final = re.compile(rf"[0-9]+|{_COMMIT}")
_VERSION: Final = re.compile(r"(?P<v>v?)(?P<major>0|[1-9][0-9]*)\.(?P<minor>0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)")
_SHORT_VERSION: Final = re.compile(r"v?(?P<major>[0-9]+)\.[0-9]+")
_PRE_RELEASE: Final = re.compile(
    r"-(?:[0-9]|(?:alpha|beta|rc|pre|preview|dev|snapshot|canary|next|m)(?![A-Z])).*", re.IGNORECASE
)
_VARIANT: Final = re.compile(r"-[A-Za-z].*")


@dataclass(frozen=True, slots=True)
class Guess:
    """A policy dictionary, and what its reader should know."""

    spec: Mapping[str, Any]
    note: str = ""
    """Why it should be changed; empty when it need not."""


def guess(tag: str) -> Guess:
    """What *tag* looks as if it were chosen by."""
    plain = original(tag)
    found = _version(plain) or _family(plain) or _alone(plain) or _moving(plain)
    if tag.endswith(SUFFIX):
        return Guess({**found.spec, "accelerated": "prefer"}, found.note)
    return found


def _version(tag: str) -> Guess | None:
    if short := _SHORT_VERSION.fullmatch(tag):
        return Guess({"policy": {"semver": {"range": f"{int(short['major'])}.x", "strict": False}}})
    if (match := _VERSION.match(tag)) is None:
        return None
    ending = tag[match.end() :]
    line = f"{match['major']}.x" if match["major"] != "0" else f"0.{match['minor']}.x"
    if not ending:
        return Guess({"policy": {"semver": {"range": line}}})
    if _PRE_RELEASE.fullmatch(ending) and parse_version(tag):
        return Guess({"policy": {"semver": {"range": _with_pre_releases(match["major"], match["minor"])}}})
    if _VARIANT.fullmatch(ending):
        filter_tags = {"pattern": f"^(?P<version>.*){_literal(ending)}$", "extract": "$version"}
        return Guess({"policy": {"semver": {"range": line}}, "filter_tags": filter_tags})
    return None


def _with_pre_releases(major: str, minor: str) -> str:
    above = f"{int(major) + 1}.0.0" if major != "0" else f"0.{int(minor) + 1}.0"
    return f">={major}.{minor}.0-0, <{above}-0"


def _family(tag: str) -> Guess | None:
    name, dash, suffix = tag.rpartition("-")
    if not dash or not name or name.endswith("-") or not _UNIQUE.fullmatch(suffix):
        return None
    *words, last = name.split("-")
    if words and _UNIQUE.fullmatch(last):
        pattern = "-".join([*map(_literal, words), _form(last), _form(suffix)])
        return Guess({"policy": {"newest": {"by": "pushed"}}, "filter_tags": {"pattern": f"^{pattern}$"}})
    return Guess({"policy": {"family": {"name": name}}})


def _literal(text: str) -> str:
    """A pattern for *text*, a part of a tag: of its characters only the dot means anything."""
    return text.replace(".", r"\.")


def _form(part: str) -> str:
    """What other tags have where this one has *part*."""
    return "[0-9]+" if part.isdecimal() else _COMMIT


def _alone(tag: str) -> Guess | None:
    if tag.isdecimal():
        return Guess({"policy": {"numerical": {"order": "asc"}}})
    if re.fullmatch(_COMMIT, tag):
        return Guess({"policy": {"newest": {"by": "pushed"}}, "filter_tags": {"pattern": f"^{_COMMIT}$"}})
    return None


def _moving(tag: str) -> Guess:
    return Guess(
        {"policy": {"digest": {"tag": tag}}},
        f"{tag} looks like a tag that moves, and each push of it is an outage until the next up: "
        "push a tag a build, and follow its family",
    )
