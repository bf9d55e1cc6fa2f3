"""Tables of cases: each row is a label and the arguments of the test."""

from collections.abc import Iterable, Sequence
from typing import Any

import pytest


def table(names: str, rows: Iterable[Sequence[Any]]) -> pytest.MarkDecorator:
    """*names* of the arguments, separated by spaces."""
    return pytest.mark.parametrize(names.split(), [pytest.param(*row[1:], id=row[0]) for row in rows])
