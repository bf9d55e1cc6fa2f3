"""Pages of Function Compute: `limit` and an opaque `nextToken`."""

import base64
import binascii
from collections.abc import Sequence

from fcpin.emulator.fc import errors

_DEFAULT, _LARGEST = 20, 100


def limit_of(text: str) -> int:
    """Raises InvalidArgument unless *text* is empty or a number from 1 to 100."""
    if not text:
        return _DEFAULT
    if not text.isdecimal() or not 1 <= int(text) <= _LARGEST:
        raise errors.invalid(f"limit {text} is invalid: from 1 to {_LARGEST}")
    return int(text)


def cut(names: Sequence[str], limit: int, token: str) -> tuple[Sequence[str], dict[str, str]]:
    """A page of *names*, and what the answer says about the next one: nothing when there is none.

    The token is the last name of the page before: a page never repeats what an earlier one had.
    """
    start = 0
    if token:
        try:
            last = base64.urlsafe_b64decode(token.encode()).decode()
            start = names.index(last) + 1
        except (binascii.Error, UnicodeDecodeError, ValueError):
            raise errors.invalid(f"nextToken {token} is invalid") from None
    page = names[start : start + limit]
    more = start + limit < len(names)
    return page, {"nextToken": base64.urlsafe_b64encode(page[-1].encode()).decode()} if more else {}
