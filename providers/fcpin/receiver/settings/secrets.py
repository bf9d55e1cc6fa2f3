"""Secrets by reference: `env:NAME` or `file:PATH`. The configuration names their sources and never holds them."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from fcpin.models import from_text

INSTANCE: Final = "cri-[a-z0-9]+"
"""Id of an ACR Enterprise instance."""
_MIN_LENGTH: Final = 16
_MAX_FILE: Final = 64 * 1024
_IN_URL: Final = re.compile(r"[A-Za-z0-9._~-]+")
_REDIS_SCHEMES: Final = ("redis://", "rediss://", "unix://")


@dataclass(frozen=True, slots=True)
class Secret:
    """Only compared or sent, never printed."""

    source: str
    """`env:NAME` or `file:PATH`."""
    value: str = field(repr=False)


def secrets_of(value: object) -> Iterator[Secret]:
    """Yield every secret inside *value*, which is a model or part of one."""
    match value:
        case Secret():
            yield value
        case Mapping():
            for one in value.values():
                yield from secrets_of(one)
        case list() | tuple():
            for one in value:
                yield from secrets_of(one)
        case Struct():
            for name in value.__struct_fields__:
                yield from secrets_of(getattr(value, name))


@dataclass(frozen=True, slots=True)
class SecretSources:
    """Where the secrets of a file come from while it is read."""

    environment: Mapping[str, str] = field(repr=False)
    folder: Path
    """Relative paths are relative to it: the folder of the configuration file."""

    def read(self, source: str) -> str:
        """Raises ValueError, whose message does not hold the secret."""
        kind, _, name = source.partition(":")
        if kind == "env" and name:
            if name in self.environment:
                return self.environment[name]
            raise ValueError(f"{source} is not set")
        if kind == "file" and name:
            try:
                with (self.folder / name).open("rb") as file:
                    return file.read(_MAX_FILE).decode().strip()
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", None) or "it is not text"
                raise ValueError(f"{source} cannot be read: {reason}") from None
        raise ValueError("expected env:NAME or file:PATH; a secret must not stand in this file")


_sources: ContextVar[SecretSources] = ContextVar("secret sources")


@contextmanager
def reading_secrets(sources: SecretSources) -> Iterator[None]:
    """Secrets that are read inside the block come from *sources*."""
    token = _sources.set(sources)
    try:
        yield
    finally:
        _sources.reset(token)


def _secret_type(check: Callable[[str], str]) -> Any:
    """Return a type for models. *check* returns what is wrong with a value, without the value; empty if nothing is."""

    def parse(source: str) -> Secret:
        value = _sources.get().read(source)
        if problem := check(value) if value else "is empty":
            raise ValueError(f"{source} {problem}")
        return Secret(source, value)

    return Annotated[from_text(Secret, parse, pattern="^(env|file):."), Meta(extra={"secret": True})]


def _check_length(value: str) -> str:
    """For secrets that could be guessed."""
    if len(value) >= _MIN_LENGTH:
        return ""
    return f"is shorter than {_MIN_LENGTH} characters and could be guessed; create one with `openssl rand -hex 32`"


def _check_sender(value: str) -> str:
    if problem := _check_length(value):
        return problem
    if not _IN_URL.fullmatch(value):
        return "must have letters, digits, '.', '_', '~' and '-' only, because it stands in a URL"
    if re.fullmatch(INSTANCE, value):
        return "looks like the id of an instance (cri-…), which stands at the same place of the URL"
    return ""


def _check_redis(value: str) -> str:
    return "" if value.startswith(_REDIS_SCHEMES) else f"is not a URL with {', '.join(_REDIS_SCHEMES)}"


def _check_apprise(value: str) -> str:
    try:
        scheme = urlsplit(value).scheme
    except ValueError:
        scheme = ""
    return "" if scheme else "is not a URL of apprise, such as dingtalk://… or json://…"


if TYPE_CHECKING:
    Token: TypeAlias = Secret
    SenderSecret: TypeAlias = Secret
    RedisUrl: TypeAlias = Secret
    AppriseUrl: TypeAlias = Secret
else:
    Token = _secret_type(_check_length)
    SenderSecret = _secret_type(_check_sender)
    RedisUrl = _secret_type(_check_redis)
    AppriseUrl = _secret_type(_check_apprise)
