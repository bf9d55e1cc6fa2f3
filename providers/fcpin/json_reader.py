"""Read JSON of users and services: bounded in depth, with values that can be written again, and by type."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NoReturn, Self

from fcpin.errors import WrongShape

Wire = Mapping[str, Any]
"""A JSON object as it was received."""

DEEPEST: Final = 100
"""Arrays and objects inside one another."""
_DIGITS: Final = 300
"""Of a whole number; a double has at most 309."""
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")


class InvalidJson(ValueError):
    """A text that is not JSON, or that exceeds a limit. `str()` is one line without the text."""


def read_json(data: str | bytes, *, surrogates: bool = False) -> Any:
    """The value of *data*, which is UTF-8 where it is bytes. Raises InvalidJson.

    NaN, infinities and more than 100 levels are refused; unpaired surrogates too, unless *surrogates*.
    """
    try:
        text = data if isinstance(data, str) else data.decode("utf-8-sig")
        value = _DECODER.decode(text)
        if not surrogates and _SURROGATE.search(text):
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


_DECODER: Final = json.JSONDecoder(parse_constant=_no_constant, parse_float=_float, parse_int=_int)


def kind(value: object) -> str:
    """The JSON type of *value* in words, and nothing of its content, which may be secret."""
    if isinstance(value, bool):
        return "a boolean"
    names = {dict: "an object", list: "a list", str: "a string", int: "a number", float: "a number"}
    return names.get(type(value), "null")


class JsonFields:
    """The fields of one JSON object, which is *what* ("a function"), by type.

    What is absent or null is empty, unless it is required. Every method raises WrongShape.
    """

    def __init__(self, value: object, what: str) -> None:
        if not isinstance(value, dict):
            raise WrongShape(f"expected {what}, got {kind(value)}")
        self.wire: Wire = value
        self._what = what

    def text(self, key: str, *, required: bool = False) -> str:
        value = self._value(key, str, required=required)
        return "" if value is None else str(value)

    def text_or_number(self, key: str) -> str | int | None:
        value = self.wire.get(key)
        if value is not None and type(value) not in (str, int):
            raise WrongShape(f"expected {self._what}, got {self._found(key)}")
        return value

    def flag(self, key: str) -> bool | None:
        value = self._value(key, bool)
        return None if value is None else bool(value)

    def object(self, key: str) -> Self:
        """The fields of the object *key*; of an empty one when it is absent or null."""
        return type(self)(self._value(key, dict) or {}, f"{self._what} with an object in {key}")

    def texts(self, key: str) -> Mapping[str, str]:
        """An object of texts."""
        found = self.object(key)
        return {name: found.text(name) for name in found.wire}

    def objects(self, key: str, what: str, *, required: bool = True) -> Sequence["JsonFields"]:
        """A list of objects, each of which is *what*."""
        return [JsonFields(one, what) for one in self._value(key, list, required=required) or ()]

    def list_of_texts(self, key: str) -> Sequence[str]:
        found = self._value(key, list) or []
        for one in found:
            if not isinstance(one, str):
                raise WrongShape(f"expected {self._what} with texts in {key}, got {kind(one)} among them")
        return [str(one) for one in found]

    def _value(self, key: str, wanted: type, *, required: bool = False) -> Any:
        value = self.wire.get(key)
        if (value is None or value == "") and required:
            raise WrongShape(f"expected {self._what}, got {self._found(key)}")
        if value is not None and not isinstance(value, wanted):
            raise WrongShape(f"expected {self._what}, got {self._found(key)}")
        return value

    def _found(self, key: str) -> str:
        value = self.wire.get(key)
        if key not in self.wire:
            return f"an object without {key}"
        return f"an object with an empty {key}" if value == "" else f"an object whose {key} is {kind(value)}"
