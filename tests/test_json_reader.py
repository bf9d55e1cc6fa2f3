"""JSON of users and programs: bounded, and without values that cannot be written again."""

import json
import time

import pytest

from fcpin.json_reader import DEEPEST, InvalidJson, read_json

REFUSED = [
    ("nothing", "", "Expecting value (line 1, column 1)"),
    ("brackets", "[" * 100_000, "levels deep"),
    ("brackets that close", "[" * (DEEPEST + 1) + "]" * (DEEPEST + 1), "levels deep"),
    ("objects", '{"a":' * 500 + "1" + "}" * 500, "levels deep"),
    ("not a number", '{"a": NaN}', "NaN is not a number"),
    ("infinity", "[-Infinity]", "-Infinity is not a number"),
    ("a number too large", "[1e999]", "too large"),
    ("a number too large by digits and exponent", f"[1{'0' * 250}e99]", "too large"),
    ("digits without end", "9" * 100_000, "too large"),
    ("half a character", '["\\ud800"]', "unpaired surrogate"),
    ("half a character as key", '{"\\udc00x": 1}', "unpaired surrogate"),
    ("half a character, unescaped", '["\ud800"]', "unpaired surrogate"),
    ("a control character", '["a\nb"]', "Invalid control character"),
    ("no UTF-8", b'["\xff"]', "is not UTF-8 text (byte 2)"),
    ("two values", "{} {}", "Extra data"),
]


@pytest.mark.parametrize(("data", "fact"), [pytest.param(*row[1:], id=row[0]) for row in REFUSED])
def test_what_is_refused_is_one_line_and_takes_no_time(data: str | bytes, fact: str) -> None:
    begun = time.process_time()
    with pytest.raises(InvalidJson) as caught:
        read_json(data)
    assert time.process_time() - begun < 1
    assert fact in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "data",
    ["[1.5, -3, true, null]", '"\\ud83d\\ude00"', b'\xef\xbb\xbf{"\xc3\xa4": {}}', "[" * DEEPEST + "]" * DEEPEST],
)
def test_the_rest_is_read_as_json_is(data: str | bytes) -> None:
    assert read_json(data) == json.loads(data if isinstance(data, str) else data.decode("utf-8-sig"))
