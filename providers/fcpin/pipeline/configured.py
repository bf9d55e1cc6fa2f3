"""The pipelines that a stack's configuration names: `fcpin:pipelines`."""

from collections.abc import Mapping
from typing import Any, Final

from fcpin.errors import InvalidSettings, Problem
from fcpin.json_reader import read_json
from fcpin.pipeline.spec import problems

KEY: Final = "fcpin:pipelines"


def pipelines_in(config: Mapping[str, str]) -> Mapping[str, Mapping[str, Any]]:
    """By name, as they are written; *config* is as the engine tells it, objects as JSON text.

    Raises InvalidSettings when they are no pipelines by name; what is in one, `require_all` judges.
    """
    try:
        found = read_json(config.get(KEY, "{}"))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise InvalidSettings(Problem(KEY, "expected one entry a pipeline, by name"))
    return found


def require_all(pipelines: Mapping[str, object], commit: str | None = None) -> None:
    """Raises InvalidSettings with everything that is wrong with any of them."""
    if wrong := [each for name, spec in pipelines.items() for each in problems(f"{KEY}.{name}", spec, commit=commit)]:
        raise InvalidSettings(*dict.fromkeys(wrong))
