"""Records of the Enterprise Edition that its registry does not have, and the parameters of its calls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from fcpin.acr_hosts import ENTERPRISE_FORM
from fcpin.emulator.acr import errors


@dataclass
class Instance:
    """An Enterprise instance. The first one of the account holds the repositories, any other is empty."""

    id: str
    name: str
    region: str
    created_ms: int
    specification: str = "Enterprise_Advanced"
    status: str = "RUNNING"

    def host(self, network: str = "") -> str:
        """The registry's host name; *network* is `-vpc` for the one inside a VPC."""
        return ENTERPRISE_FORM.host(self.region, network, self.name)


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page:
    """A page by its number, from 1."""

    number: int
    size: int

    def cut(self, items: Sequence[T]) -> Sequence[T]:
        return items[(self.number - 1) * self.size : self.number * self.size]


@dataclass(frozen=True, slots=True)
class Run:
    """A page by where the one before it ended."""

    start: int
    size: int

    @property
    def end(self) -> int:
        return self.start + self.size

    @property
    def next_token(self) -> str:
        return f"next-{self.end}"

    def cut(self, items: Sequence[T]) -> Sequence[T]:
        return items[self.start : self.end]


class Params:
    """Named texts, read as what they should be. Raises AcrError or GatewayError naming the parameter."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def get(self, name: str) -> str:
        return self._values.get(name, "")

    def required(self, name: str) -> str:
        value = self.get(name)
        if not value:
            raise errors.missing(name)
        return value

    def flag(self, name: str, default: bool) -> bool:
        text = self.get(name)
        if text.lower() not in ("", "true", "false"):
            raise errors.invalid(name, text)
        return text.lower() == "true" if text else default

    def one_of(self, name: str, values: Sequence[str], default: str) -> str:
        text = self.get(name) or default
        if text not in values:
            raise errors.invalid(name, text)
        return text

    def number(self, name: str, default: int) -> int:
        text = self.get(name)
        if not text:
            return default
        if not text.isdecimal():
            raise errors.invalid(name, text)
        return int(text)

    def page(self, default: int, largest: int) -> Page:
        number, size = self.number("PageNo", 1), self.number("PageSize", default)
        if number < 1:
            raise errors.invalid("PageNo", str(number))
        if not 1 <= size <= largest:
            raise errors.invalid("PageSize", str(size))
        return Page(number, size)

    def run(self, default: int, largest: int) -> Run:
        size, token = self.number("MaxResults", default), self.get("NextToken")
        start = token.removeprefix("next-") if token else "0"
        if not start.isdecimal():
            raise errors.invalid("NextToken", token)
        if not 1 <= size <= largest:
            raise errors.invalid("MaxResults", str(size))
        return Run(int(start), size)
