"""Which policy follows the tags that `s.yaml` deploys.

1. `${env(GIT_COMMIT)}`, `release-${env(GIT_COMMIT)}-debug`: what `fcpin import` guesses for a tag with a commit there.
   The pipelines of Serverless Devs tag with seven digits of it.
2. Another variable: what it is set to, or its default, as `fcpin import` guesses.
3. No variable: the same.
"""

import re
from collections.abc import Mapping
from typing import Final

from fcpin.serverless_devs.references import Environment, with_values

_NAMES_COMMIT: Final = re.compile(r"(?:^|_)(?:COMMIT|SHA|REVISION)", re.IGNORECASE)
_COMMIT: Final = re.compile(r"[0-9a-f]{7,64}")
_DIGITS: Final = {"GIT_COMMIT": 7, "CI_COMMIT_SHORT_SHA": 8}
_WHOLE, _SHORT = 40, 7


def deployed(tag: str, environment: Mapping[str, str]) -> str:
    """Return a tag as it would be deployed for *tag* as it is written. Raises Unresolved."""

    def value(variable: Environment) -> str | None:
        found = environment.get(variable.name)
        if not _NAMES_COMMIT.search(variable.name) or (found and _COMMIT.fullmatch(found)):
            return found
        short = _SHORT if "SHORT" in variable.name.upper() else _WHOLE
        return "c" * _DIGITS.get(variable.name, short)

    return with_values(tag, value)
