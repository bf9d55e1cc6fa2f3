"""Read JSON that a user or another program wrote: bounded in depth, and with values that can be written out again."""

import json
import re
from typing import Any, Final, NoReturn

DEEPEST: Final = 100
"""Arrays and objects inside one another."""
_DIGITS: Final = 300
"""Of a whole number; a double has at most 309."""
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")


class InvalidJson(ValueError):
    """A text that is not JSON, or that exceeds a limit. `str()` is one line without the text."""


def read_json(data: str | bytes) -> Any:
    """The value of *data*, which is UTF-8 where it is bytes. Raises InvalidJson.

    NaN, infinities, unpaired surrogates and more than 100 levels are refused.
    """
    try:
        text = data if isinstance(data, str) else data.decode("utf-8-sig")
        value = json.loads(text, parse_constant=_no_constant, parse_float=_float, parse_int=_int)
        if _SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode()
    except InvalidJson:
        raise
    except json.JSONDecodeError as error:
        raise InvalidJson(f"is not valid JSON: {error.msg} (line {error.lineno}, column {error.colno})") from None
    except UnicodeDecodeError as error:
        raise InvalidJson(f"is not UTF-8 text (byte {error.start})") from None
    except UnicodeEncodeError:
        raise InvalidJson("is not valid JSON: it contains an unpaired surrogate") from None
    except RecursionError:
        raise _too_deep() from None
    _require_depth(value)
    return value


def _require_depth(value: Any) -> None:
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(DEEPEST):
        if not level:
            return
        level = [
            item
            for one in level
            for item in (one.values() if isinstance(one, dict) else one)
            if isinstance(item, dict | list)
        ]
    if level:
        raise _too_deep()


def _too_deep() -> InvalidJson:
    return InvalidJson(f"is nested more than {DEEPEST} levels deep")


def _no_constant(name: str) -> NoReturn:
    raise InvalidJson(f"is not valid JSON: {name} is not a number")


def _float(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise InvalidJson("is not usable JSON: a number is too large")
    return number


def _int(text: str) -> int:
    if len(text) > _DIGITS:
        raise InvalidJson("is not usable JSON: a number is too large")
    return int(text)
