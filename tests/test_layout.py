"""Lines for people: shortened digests, and no line wider than the limit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from fcpin.layout import fold, shorten

DIGEST = f"sha256:{'0123456789abcdef' * 4}"
IMAGE = f"registry-vpc.cn-hangzhou.aliyuncs.com/shop/checkout:release-{'a7' * 20}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (DIGEST, "sha256:0123456789ab"),
        (f"r.example.com/app:v1@{DIGEST}", "r.example.com/app:v1@sha256:0123456789ab"),
        (f'{{"a": "{DIGEST}", "b": "{DIGEST}"}}', '{"a": "sha256:0123456789ab", "b": "sha256:0123456789ab"}'),
        (f"{DIGEST}0", f"{DIGEST}0"),
        ("sha256:0123456789ab", "sha256:0123456789ab"),
        (DIGEST.removeprefix("sha256:"), DIGEST.removeprefix("sha256:")),
    ],
)
def test_digests_have_twelve_digits(text: str, shown: str) -> None:
    assert shorten(text) == shown


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("fits", 20, ["- fits"]),
        ("it breaks at the last space that fits", 24, ["- it breaks at the last", "  space that fits"]),
        ("    raise Error(of a traceback)", 22, ["-     raise Error(of a", "  traceback)"]),
        (f"{IMAGE}@{DIGEST[:19]}", 120, [f"- {IMAGE}", f"  @{DIGEST[:19]}"]),
        (f"{IMAGE}@{DIGEST[:19]}", 100, [f"- {IMAGE.partition(':')[0]}:", f"  release-{'a7' * 20}@{DIGEST[:19]}"]),
        ("x" * 50, 30, ["- " + "x" * 28, "  " + "x" * 22]),
        ("回滚" * 10, 30, ["- " + "回滚" * 7, "  " + "回滚" * 3]),
        ("", 20, ["-"]),
    ],
)
def test_long_lines_are_broken_where_a_reader_expects_it(text: str, width: int, lines: list[str]) -> None:
    assert fold(text, width, "- ", "  ") == lines


@given(st.text(st.sampled_from("ab回 /:@,"), max_size=200), st.integers(24, 130))
def test_nothing_is_lost_and_nothing_is_too_wide(text: str, width: int) -> None:
    lines = fold(text, width, "* ", "   ")
    assert all(cell_len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "*" + "".join(text.split())
