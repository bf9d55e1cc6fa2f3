"""Problems by the names that the user of a command knows."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from fcpin.errors import InvalidInput, Problem


@contextmanager
def renamed(names: Mapping[str, str]) -> Iterator[None]:
    """A problem whose path begins with a key of *names* is told under that name, the first that fits; others stay."""
    try:
        yield
    except InvalidInput as error:
        raise InvalidInput(
            *(Problem(_name(names, problem.path), problem.reason) for problem in error.problems)
        ) from None


def _name(names: Mapping[str, str], path: str) -> str:
    return next((name for start, name in names.items() if path.startswith(start)), path)
