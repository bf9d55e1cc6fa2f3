"""Which images the functions of a region run: each function as it was deployed last, and every published version.

An alias only ever names versions, so what an alias may run is among them.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import Final

from fcpin.errors import FunctionNotFound
from fcpin.fc.client import FunctionClient
from fcpin.fc.model import Function
from fcpin.fc.readiness import is_settled
from fcpin.fc.runtime_config import RUNTIME

_AT_ONCE: Final = 8


@dataclass(frozen=True, slots=True)
class Use:
    """One function or version that runs an image."""

    name: str
    version: str
    """Id of a published version; empty for the function itself."""
    function: Function
    """What FC says of it; `image` and `digest` are what it runs."""

    @property
    def is_certain(self) -> bool:
        """Whether it runs what it names: a function whose update failed, or is under way, serves another image."""
        return bool(self.version) or is_settled(self.function)

    def __str__(self) -> str:
        return f"{self.name}@{self.version}" if self.version else self.name


def uses(client: FunctionClient) -> list[Use]:
    """Every image in use in the client's region and account; functions that run none are left out.

    One request for 100 functions, one for the versions of each, one a version; eight at once. Raises FunctionError
    rather than leave one out; what is deleted meanwhile is no longer in use.
    """
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="fcpin-uses") as pool:
        found = chain.from_iterable(pool.map(lambda function: list(_of(client, function)), client.list()))
        return [use for use in found if use.function.image]


def _of(client: FunctionClient, listed: Function) -> Iterator[Use]:
    name = listed.name
    with suppress(FunctionNotFound):
        # Whether a listing tells the image in full is not documented.
        in_full = listed.resolved_image_uri or listed.runtime != RUNTIME
        yield Use(name, "", listed if in_full else client.get(name))
        for version in client.versions(name):
            with suppress(FunctionNotFound):
                yield Use(name, version, client.get(name, version))
