"""Valid samples, changed: as values, as text, and as bytes. Hypothesis shrinks a failure."""

import json
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

ODD_TEXTS = (
    "", " ", "\n", "\0", "\x1c", "\x85", "\u2028", "\ud800", "\ufeff", "ä", "🐳", "a" * 5_000, "../../etc/passwd", "$(id)", "%00",
    "{{7*7}}", "-", "--", "null", "true", "0x1F", "0755", "1e400", ".nan", "2026-02-30", "2026-01-01T00:00:00Z", "sha256:", "[", "{",
    "**", "(?P<a", "(a+)+$", "x{1000}{1000}", "${", "$x", "${env(A)}", "${vars.a.b}", "{commit}", ">=1.0 <", "1.x || ", "99999999d",
)  # fmt: skip
"""Strings that parsers misread."""
ODD_NUMBERS = (0, -1, 1, 2**31, 2**53 + 1, 2**63, 2**64, -(2**63) - 1, 10**40, 0.1, -0.0, 1e308)
ODD_SNIPPETS = (
    b"\0", b"\xff", b"\xef\xbb\xbf", b"\r\n", b"\t", b"&a [*a]", b"*a", b"<<: *a", b"!!python/object:os.system x", b"!x ", b"? ", b": ",
    b"- ", b"---\n", b"...\n", b"%YAML 9.9\n", b"|\n", b">-\n", b"'", b'"', b"#", b"[" * 300, b"{a: " * 300, b"0x" + b"f" * 300,
    b"9" * 5_000, b"NaN", b"Infinity", b"1e999", b'"\\ud800"', b"\\u0000", b"\\x00", b"2026-99-99", b"a: 1\na: 2\n", b",", b"}", b"]",
)  # fmt: skip
"""Difficult input of YAML and JSON readers."""

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(ODD_TEXTS),
    st.sampled_from(ODD_NUMBERS),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def spoilt(draw: st.DrawFn, samples: Sequence[Any]) -> Any:
    """One of *samples*, which are JSON values, with one to three parts replaced, removed, doubled or renamed."""
    value = draw(st.sampled_from(samples))
    for _ in range(draw(st.integers(1, 3))):
        value = _spoil(draw, value)
    return value


def _spoil(draw: st.DrawFn, value: Any) -> Any:
    if isinstance(value, dict) and value and draw(st.integers(0, 5)):
        key = draw(st.sampled_from(sorted(value)))
        what = draw(st.integers(0, 9))
        if what == 0:
            return {one: item for one, item in value.items() if one != key}
        if what == 1:
            return {**value, draw(st.text(max_size=8) | st.sampled_from(ODD_TEXTS)): draw(VALUES)}
        return {**value, key: _spoil(draw, value[key])}
    if isinstance(value, list) and value and draw(st.integers(0, 5)):
        index = draw(st.integers(0, len(value) - 1))
        if draw(st.integers(0, 4)) == 0:
            return [*value, value[index]]
        return [*value[:index], _spoil(draw, value[index]), *value[index + 1 :]]
    if isinstance(value, str) and draw(st.booleans()):
        position = draw(st.integers(0, len(value)))
        return value[:position] + draw(st.sampled_from(ODD_TEXTS)) + value[position + draw(st.integers(0, 3)) :]
    return draw(VALUES)


@st.composite
def spoilt_bytes(draw: st.DrawFn, samples: Sequence[bytes]) -> bytes:
    """One of *samples* with pieces cut out, doubled, moved, and odd snippets put in."""
    data = draw(st.sampled_from(samples))
    for _ in range(draw(st.integers(1, 4))):
        begin = draw(st.integers(0, len(data)))
        end = min(len(data), begin + draw(st.integers(0, 40)))
        snippet = draw(
            st.sampled_from(ODD_SNIPPETS) | st.binary(max_size=12) | st.just(data[begin:end] * 2) | st.just(b"")
        )
        data = data[:begin] + snippet + data[end:]
    return data[: draw(st.integers(0, len(data)))] if draw(st.integers(0, 9)) == 0 else data


def as_bytes(value: Any) -> bytes:
    """*value* as JSON, which is YAML too; with unpaired surrogates and NaN."""
    return json.dumps(value, ensure_ascii=False).encode(errors="surrogatepass")


def documents(samples: Sequence[bytes], values: Sequence[Any]) -> st.SearchStrategy[bytes]:
    """Files: *samples* spoilt as bytes, *values* spoilt as values, and sometimes random bytes."""
    return st.one_of(spoilt_bytes(samples), spoilt(values).map(as_bytes), st.binary(max_size=60))
