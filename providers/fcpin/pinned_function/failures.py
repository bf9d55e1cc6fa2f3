"""What the engine prints of a failure: one line at the resource, `fcpin: where, what, what to do`."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Concatenate, Final, ParamSpec, TypeVar

from fcpin import call_statistics
from fcpin.errors import FcpinError, InvalidInput, InvalidSettings, Problem

Self = TypeVar("Self")
Answer = TypeVar("Answer")
Arguments = ParamSpec("Arguments")

DEBUG: Final = "FCPIN_DEBUG"
"""Set to 1, failures come as they were raised, with their traceback."""


class Told(Exception):
    """A failure in the user's words."""


# Pulumi's plugin prints what `traceback` makes of an exception: the name of its class and its text.
Told.__module__, Told.__qualname__ = "builtins", "fcpin"


def one_line_each() -> None:
    """The plugin appends the traceback to every failure; from now on there is none in this process."""
    if os.environ.get(DEBUG) != "1":
        sys.tracebacklimit = 0


def told(verb: Callable[Concatenate[Self, Arguments], Answer]) -> Callable[Concatenate[Self, Arguments], Answer]:
    """A provider's verb whose failures are for the user. What nobody expected says where to find out more."""

    @wraps(verb)
    def wrapper(self: Self, /, *arguments: Arguments.args, **named: Arguments.kwargs) -> Answer:
        try:
            return verb(self, *arguments, **named)
        except Exception as error:
            if os.environ.get(DEBUG) == "1":
                raise
            if isinstance(error, FcpinError):
                raise Told(str(error)) from None
            what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            raise Told(f"unexpected {what}; please report it, with what {DEBUG}=1 prints") from None
        finally:
            call_statistics.write()

    return wrapper


@contextmanager
def problems_at(path: str) -> Iterator[None]:
    """Every expected failure is a problem with the property at *path*, unless it names its own."""
    try:
        yield
    except InvalidInput:
        raise
    except FcpinError as error:
        raise InvalidSettings(Problem(path, str(error))) from error
