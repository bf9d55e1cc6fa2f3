"""The few calls of Function Compute 3.0 that fcpin needs.

The JSON goes through unchanged, because what was read is sent back: the SDK's models drop fields that they do not know.
Every response must be one of the operation that was called, about the function that was requested.
Every method raises FunctionError and nothing else; temporary ones only after retrying.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from typing import Any, Final, TypeVar
from urllib.parse import quote

from fcpin.clock import Clock, SystemClock
from fcpin.errors import (
    FunctionConflict,
    FunctionDenied,
    FunctionError,
    FunctionExists,
    FunctionNotFound,
    FunctionProtocolError,
    FunctionRejected,
    FunctionUnavailable,
    InvalidSettings,
    WrongShape,
)
from fcpin.fc.model import Alias, Function, Wire, listed, no_result, version_id
from fcpin.http.credentials import Account
from fcpin.http.errors import CloudError
from fcpin.http.limits import Limits
from fcpin.http.openapi import OpenApi
from fcpin.http.retries import API_RETRY, Repeat, Retry, repeating

T = TypeVar("T")

_VERSION: Final = "2023-03-30"
_PAGE: Final = 100
_MAX_PAGES: Final = 1_000
MAX_SECONDS: Final = 300.0
"""Of all requests of one listing together."""
_NOT_FOUND: Final = 404
_FINANCE_ZONES: Final = frozenset({"me-central-1", "cn-shanghai-finance-1", "cn-heyuan-acdr-1", "cn-hangzhou-finance"})
_BY_CODE: Final[dict[str, type[FunctionError]]] = {
    "ConcurrentUpdateError": FunctionConflict,
    "FunctionAlreadyExists": FunctionExists,
    "FunctionNotFound": FunctionNotFound,
    "VersionNotFound": FunctionNotFound,
    "AliasNotFound": FunctionNotFound,
}


def default_endpoint(region: str) -> str:
    """FC's public endpoint of *region*. The SDK's own map has a tab in one name, and no network but the public one."""
    return f"{region}.fc.aliyuncs.com" if region in _FINANCE_ZONES else f"fcv3.{region}.aliyuncs.com"


class FunctionClient:
    """Functions of one region and account. Thread-safe; the SDK is imported at the first call.

    Every listing raises FunctionProtocolError when its pages repeat or do not end, and FunctionUnavailable when they
    take too long: never a part of it.
    """

    def __init__(
        self,
        region: str,
        *,
        endpoint: str = "",
        credentials: Account | None = None,
        retry: Retry = API_RETRY,
        limits: Limits | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.region = region
        self.endpoint = endpoint or default_endpoint(region)
        self._credentials = credentials
        self._retry = retry
        self._limits = limits
        self._clock = clock or SystemClock()

    def get(self, name: str, qualifier: str = "") -> Function:
        """The function, or what it was when the version *qualifier* was published; an alias stands for its version.

        Raises FunctionNotFound when there is no such function, version or alias.
        """
        query = {"qualifier": qualifier} if qualifier else None
        return self._function("GetFunction", "GET", name, query=query)

    def create(self, name: str, body: Wire) -> Function:
        """CreateFunction. Raises FunctionExists."""
        return self._function("CreateFunction", "POST", name, path="functions", body={**body, "functionName": name})

    def update(self, name: str, body: Wire) -> Function:
        """UpdateFunction: keys of *body* are replaced, all others stay."""
        return self._function("UpdateFunction", "PUT", name, body=body)

    def delete(self, name: str) -> None:
        """DeleteFunction. A function that does not exist counts as deleted.

        A response that is not a success raises FunctionError. Whether the function is gone, `get` shows.
        """
        try:
            self._call("DeleteFunction", "DELETE", _path(name), name, no_result, may_be_empty=True)
        except FunctionNotFound:
            return

    def list(self, prefix: str = "") -> Iterator[Function]:
        """Every function whose name begins with *prefix*, page by page."""
        query = {"prefix": prefix} if prefix else {}
        yield from self._pages("ListFunctions", "functions", prefix or "*", Function.listed, query)

    def versions(self, name: str) -> Iterator[str]:
        """The ids of the function's published versions, page by page; `get` returns what each runs."""
        yield from self._pages("ListFunctionVersions", f"{_path(name)}/versions", name, version_id)

    def aliases(self, name: str) -> Iterator[Alias]:
        """The function's aliases, page by page."""
        yield from self._pages("ListAliases", f"{_path(name)}/aliases", name, Alias.from_wire)

    def _function(
        self,
        action: str,
        method: str,
        name: str,
        *,
        path: str = "",
        body: Wire | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Function:
        read = partial(Function.answered, name=name)
        return self._call(action, method, path or _path(name), name, read, body=body, query=query)

    def _pages(
        self, action: str, path: str, name: str, read: Callable[[object], T], query: Mapping[str, str] | None = None
    ) -> Iterator[T]:
        """Every object of a listing, whose last part of *path* is their name on the wire."""
        what = path.rpartition("/")[2]

        def page(wire: object) -> tuple[Sequence[T], str]:
            objects, token = listed(wire, what)
            return [read(one) for one in objects], token

        sent = {"limit": str(_PAGE), **(query or {})}
        tokens, took = set[str](), 0.0
        while True:
            began = self._clock.monotonic()
            found, token = self._call(action, "GET", path, name, page, query=sent)
            took += self._clock.monotonic() - began  # without what the caller does between two pages
            yield from found
            if not token:
                return
            if token in tokens or len(tokens) == _MAX_PAGES:
                got = "a nextToken for the second time" if token in tokens else f"more than {_MAX_PAGES:,} pages"
                raise FunctionProtocolError(f"{self._where(action, name)}: expected the listing to end, got {got}")
            if took > MAX_SECONDS:
                raise FunctionUnavailable(
                    f"{self._where(action, name)}: the listing was not complete after {MAX_SECONDS:.0f} s "
                    f"(endpoint {self.endpoint}); run again later"
                )
            tokens.add(token)
            sent = {**sent, "nextToken": token}

    def _call(
        self,
        action: str,
        method: str,
        path: str,
        name: str,
        read: Callable[[Any], T],
        *,
        body: Wire | None = None,
        query: Mapping[str, str] | None = None,
        may_be_empty: bool = False,
    ) -> T:
        """Call the operation and *read* its response. Raises FunctionError."""

        def attempt() -> T:
            try:
                return self._api.call(
                    "fc",
                    action,
                    method,
                    f"/{_VERSION}/{path}",
                    read,
                    query=query,
                    body=body,
                    may_be_empty=may_be_empty,
                )
            except CloudError as error:
                raise self._translated(error, action, name) from None
            except WrongShape as error:
                raise FunctionProtocolError(
                    f"{self._where(action, name)}: {error} (endpoint {self.endpoint})"
                ) from None

        return self._repeat(attempt)

    @cached_property
    def _repeat(self) -> Repeat:
        return repeating(self._retry)

    @cached_property
    def _api(self) -> OpenApi:
        try:
            return OpenApi(self.endpoint, _VERSION, self._credentials, limits=self._limits)
        except InvalidSettings as error:
            raise FunctionRejected(f"endpoint {self.endpoint}: {error}") from None

    def _where(self, action: str, name: str) -> str:
        return f"function {name} in {self.region}: {action}"

    def _translated(self, error: CloudError, action: str, name: str) -> FunctionError:
        where = self._where(action, name)
        if error.is_malformed:
            return FunctionProtocolError(f"{where}: {error} (endpoint {self.endpoint})")
        if error.code in _BY_CODE and (error.status == _NOT_FOUND) is (_BY_CODE[error.code] is FunctionNotFound):
            return _BY_CODE[error.code](f"{where}: {error}")
        if error.is_denied:
            return FunctionDenied(f"{where}: {error}")
        if error.is_temporary:
            unavailable = FunctionUnavailable(f"{where}: {error} (endpoint {self.endpoint})")
            unavailable.retry_after = error.retry_after
            return unavailable
        return FunctionRejected(f"{where}: {error}")


def _path(name: str) -> str:
    return f"functions/{quote(name, safe='')}"
