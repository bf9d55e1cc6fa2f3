"""Which policy follows the tags that `s.yaml` deploys.

1. `${env(GIT_COMMIT)}`: commits of seven digits, the one pushed last. So do the pipelines of Serverless Devs tag.
2. `release-${env(GIT_COMMIT)}`: the family `release`. `v2-${env(GIT_COMMIT)}-debug`: commits between those words.
3. Another variable: what it is set to, or its default, as `fcpin import` guesses.
4. No variable: the same.
"""

import re
from collections.abc import Mapping
from typing import Final

from fcpin.adoption.guess import Guess, guess
from fcpin.serverless_devs.values import split, with_environment

COMMIT: Final = "[0-9a-f]{7}"
_NAMES_COMMIT: Final = re.compile(r"(?:^|_)(?:COMMIT|SHA|REVISION)", re.IGNORECASE)
_FAMILY: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*-")


def followed(tag: str, environment: Mapping[str, str]) -> Guess:
    """The policy for a tag as it is written. Raises Unresolved where no value tells what the tag looks like."""
    words, variables = split(tag)
    if len(variables) == 1 and _NAMES_COMMIT.search(variables[0].name):
        return _commits(words[0], words[1])
    return guess(with_environment(tag, environment))


def _commits(before: str, after: str) -> Guess:
    if not after and _FAMILY.fullmatch(before):
        return Guess({"policy": {"family": {"name": before.removesuffix("-")}}})
    pattern = f"^{re.escape(before)}{COMMIT}{re.escape(after)}$"
    return Guess({"policy": {"newest": {"by": "pushed"}}, "filter_tags": {"pattern": pattern}})
