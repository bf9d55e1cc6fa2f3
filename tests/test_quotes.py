"""Messages that the documentation quotes are messages of the product."""

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parent.parent
PAGES: Final = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_BLOCK: Final = re.compile(r"^ *```.*?^ *```", re.DOTALL | re.MULTILINE)
_QUOTE: Final = re.compile(r"`([^`\n]*…[^`\n]*)`|\"([^\"\n]*…[^\"\n]*)\"")
_PLAIN: Final = re.compile(r"[A-Za-z]{2,}[,;:.]?")
"""A word that a message has itself. Anything else in a quote may be a value."""
VALUE: Final = "\0"
"""Stands for what a message fills in."""
_FEWEST: Final = 3
"""Plain words of a quote; what has fewer is a name, a URL or a command."""


def messages() -> Iterator[str]:
    """Every text of the product, with VALUE for each value that it is formatted with."""
    for file in (ROOT / "providers" / "fcpin").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.JoinedStr):
                yield "".join(one.value if isinstance(one, ast.Constant) else VALUE for one in node.values)  # type: ignore[misc]
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield re.sub(r"\{[^{}]*\}", VALUE, node.value)


MESSAGES: Final = [text.replace("`", "").split() for text in set(messages()) if " " in text]
FOREIGN: Final = ("PullImageFailed … ", "fcpin ", "Redirected: ")
"""How quotes begin that are no messages of the product: those of Function Compute, commands, names of errors."""


def quotes(page: Path) -> list[str]:
    found = [code or quoted for code, quoted in _QUOTE.findall(_BLOCK.sub("", page.read_text()))]
    found = [quote for quote in found if not quote.lstrip("… ").startswith(FOREIGN)]
    return [quote for quote in found if sum(bool(_PLAIN.fullmatch(word)) for word in quote.split()) >= _FEWEST]


def begins(message: Sequence[str], quote: Sequence[str]) -> bool:
    """Whether *message* begins with the words of *quote*. A value is any number of words that are not plain."""
    if not quote:
        return True
    if not message:
        return False
    if VALUE not in message[0]:
        return _bare(message[0]) == _bare(quote[0]) and begins(message[1:], quote[1:])
    form = re.compile(".*".join(re.escape(part) for part in _bare(message[0]).split(VALUE)))
    for count in range(1, len(quote) + 1):
        if _PLAIN.fullmatch(quote[count - 1]):
            return False
        if form.fullmatch(_bare(" ".join(quote[:count]))) and begins(message[1:], quote[count:]):
            return True
    return False


def is_message(quote: str) -> bool:
    """Whether each part of *quote* between `…` is in a message: a long message is made of several."""
    parts = [[word for word in part.split() if _bare(word)] for part in quote.split("…")]
    return all(any(begins(text[start:], part) for text in MESSAGES for start in range(len(text))) for part in parts)


def _bare(word: str) -> str:
    return word.strip(";,:.")


@pytest.mark.parametrize(
    ("page", "quote"),
    [pytest.param(page, quote, id=f"{page.stem}-{quote[:40]}") for page in PAGES for quote in quotes(page)],
)
def test_a_quoted_message_is_one_of_the_product(page: Path, quote: str) -> None:
    assert is_message(quote), f"{page.relative_to(ROOT)} quotes {quote!r}, which no file of the product has"
