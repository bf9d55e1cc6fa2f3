"""The images that the functions of a region run: each function as it was deployed last, and every published version.

An alias only names versions, so the images behind an alias are among them.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import Final, Protocol

from fcpin.errors import FunctionDenied, FunctionError, FunctionNotFound, FunctionRejected
from fcpin.fc.client import FunctionClient
from fcpin.fc.model import Function

_AT_ONCE: Final = 8
_REFUSALS: Final = (FunctionNotFound, FunctionRejected, FunctionDenied)


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """Why a function may run another image than it names, of any repository."""

    reason: str
    remedy: str
    """What ends it, as an imperative."""


@dataclass(frozen=True, slots=True)
class Use:
    """A function or a published version that may run an image."""

    region: str
    name: str
    version: str
    """Id of a published version; empty for the function itself."""
    function: Function
    """As Function Compute describes it."""
    uncertainty: Uncertainty | None = None
    """None where it runs the image that it names."""

    def __str__(self) -> str:
        return f"{self.name}@{self.version}" if self.version else self.name


@dataclass(frozen=True, slots=True)
class RegionUses:
    """The images in use in one region."""

    region: str
    listed: int
    """How many functions the listing has, of any runtime."""
    uses: Sequence[Use]


class Reader(Protocol):
    """The part of FunctionClient that `in_full` needs."""

    def get(self, name: str) -> Function: ...


def in_full(client: Reader, listed: Function) -> Function:
    """The function with its image and status, which ListFunctions may leave out.

    One request where *listed* may run an image and lacks one of the two. Raises FunctionNotFound if it was deleted
    after it was listed, FunctionError. What is left out:
    https://www.alibabacloud.com/help/en/functioncompute/fc/developer-reference/api-fc-2023-03-30-listfunctions
    """
    is_full = listed.resolved_image_uri and listed.last_update_status
    return listed if is_full or not listed.may_run_image else client.get(listed.name)


def uses(client: FunctionClient) -> RegionUses:
    """Every image in use in the client's region and account; functions of other runtimes are left out.

    One request for 100 functions, two for each (GetFunction, ListFunctionVersions), one for each version; eight at
    once. A function that is deleted meanwhile is left out. Raises FunctionError for any other failure; a function of FC
    2.0 that cannot be read is uncertain instead.
    """
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="fcpin-uses") as pool:
        found = list(pool.map(lambda listed: _of(client, listed), client.list()))
    return RegionUses(
        client.region, len(found), [use for use in chain(*found) if use.function.image or use.uncertainty]
    )


def _of(client: FunctionClient, listed: Function) -> list[Use]:
    region, name, of_fc2 = client.region, listed.name, listed.is_fc2
    if of_fc2 and not listed.may_run_image:
        return []
    found: list[Use] = []
    try:
        function = in_full(client, listed)
        found.append(Use(region, name, "", function, _without_image(function) or _unsettled(function)))
        for version in client.versions(name):
            with suppress(*(() if of_fc2 else (FunctionNotFound,))):
                published = client.get(name, version)
                found.append(Use(region, name, version, published, _without_image(published)))
    except _REFUSALS as error:
        if of_fc2:
            return [_unread(region, found[0].function if found else listed, error)]
        if not isinstance(error, FunctionNotFound):
            raise
    return found


def _unread(region: str, function: Function, error: FunctionError) -> Use:
    reason = f"it is a function of FC 2.0 that could not be read ({error})"
    return Use(region, function.name, "", function, Uncertainty(reason, "migrate it to FC 3.0 or delete it"))


def _without_image(function: Function) -> Uncertainty | None:
    if function.image or not function.may_run_image:
        return None
    return Uncertainty("Function Compute returns no image for it", "deploy it again or delete it")


def _unsettled(function: Function) -> Uncertainty | None:
    """A failed or unfinished update serves the image before it."""
    if not function.may_run_image:
        return None
    match function.last_update_status:
        case "Successful":
            return None
        case "InProgress":
            return Uncertainty("its last update is in progress", "wait until it has ended")
        case "Failed":
            return Uncertainty("its last update failed", "update it again or delete it")
        case "":
            return Uncertainty(
                "Function Compute returns no lastUpdateStatus for it", "wait until it is Active, or delete it"
            )
        case other:
            return Uncertainty(f"its last update is {other}", "update it again or delete it")
