"""The few calls of Function Compute 3.0 that fcpin needs, through the untouched SDK.

The SDK's models drop every field that they do not know, and what was read is sent back here.
So the SDK signs, sends and maps errors, but the JSON goes through as it is.
Every method raises FunctionError and nothing else; temporary ones only after having insisted.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Final, Literal
from urllib.parse import quote

from fcpin.errors import (
    FunctionConflict,
    FunctionDenied,
    FunctionError,
    FunctionExists,
    FunctionNotFound,
    FunctionRejected,
    FunctionUnavailable,
)
from fcpin.fc.model import Alias, Function, Wire
from fcpin.openapi import Account, CloudError, Retry, counted, retrying, sdk_config, send

_VERSION: Final = "2023-03-30"
_PAGE: Final = 100
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
    """Functions of one region and account. Thread-safe; the SDK is imported at the first call."""

    def __init__(
        self, region: str, *, endpoint: str = "", credentials: Account | None = None, retry: Retry | None = None
    ) -> None:
        self.region = region
        self.endpoint = endpoint or default_endpoint(region)
        self._credentials = credentials
        self._retry = retry or Retry()

    def get(self, name: str, qualifier: str = "") -> Function:
        """The function, or what it was when the version *qualifier* was published; an alias stands for its version.

        Raises FunctionNotFound when FC says that there is no such function, version or alias.
        """
        query = {"qualifier": qualifier} if qualifier else None
        return Function.from_wire(self._call("GetFunction", "GET", f"functions/{_quote(name)}", name, query=query))

    def create(self, name: str, body: Wire) -> Function:
        """CreateFunction. Raises FunctionExists."""
        return Function.from_wire(
            self._call("CreateFunction", "POST", "functions", name, body={**body, "functionName": name})
        )

    def update(self, name: str, body: Wire) -> Function:
        """UpdateFunction: keys of *body* are replaced, all others stay."""
        return Function.from_wire(self._call("UpdateFunction", "PUT", f"functions/{_quote(name)}", name, body=body))

    def delete(self, name: str) -> None:
        """DeleteFunction. A function that is gone already is deleted."""
        try:
            self._call("DeleteFunction", "DELETE", f"functions/{_quote(name)}", name, answer="none")
        except FunctionNotFound:
            return

    def list(self, prefix: str = "") -> Iterator[Function]:
        """Every function whose name begins with *prefix*, page by page."""
        query = {"prefix": prefix} if prefix else {}
        yield from map(Function.from_wire, self._pages("ListFunctions", "functions", prefix or "*", query))

    def versions(self, name: str) -> Iterator[str]:
        """The ids of the function's published versions, page by page; `get` tells what each runs."""
        for wire in self._pages("ListFunctionVersions", f"functions/{_quote(name)}/versions", name):
            yield str(wire.get("versionId") or "")

    def aliases(self, name: str) -> Iterator[Alias]:
        """The function's aliases, page by page."""
        yield from map(Alias.from_wire, self._pages("ListAliases", f"functions/{_quote(name)}/aliases", name))

    def _pages(self, action: str, path: str, name: str, query: Mapping[str, str] | None = None) -> Iterator[Wire]:
        """The objects of a listing, whose last part of *path* is their name on the wire."""
        asked = {"limit": str(_PAGE), **(query or {})}
        while True:
            page = self._call(action, "GET", path, name, query=asked)
            yield from page.get(path.rpartition("/")[2]) or ()
            if not page.get("nextToken"):
                return
            asked = {**asked, "nextToken": page["nextToken"]}

    def _call(self, action: str, method: str, path: str, name: str, **rest: Any) -> Wire:
        return retrying(lambda: self._once(action, method, path, name, **rest), self._retry)

    def _once(
        self,
        action: str,
        method: str,
        path: str,
        name: str,
        *,
        body: Wire | None = None,
        query: dict[str, str] | None = None,
        answer: Literal["json", "none"] = "json",
    ) -> Wire:
        try:
            with counted("fc", action):
                reply = send(
                    self._sdk, action, _VERSION, method, f"/{_VERSION}/{path}", query=query, body=body, answer=answer
                )
        except CloudError as error:
            raise self._translated(error, action, name) from None
        wire: Wire = reply.get("body") or {}
        return wire

    @cached_property
    def _sdk(self) -> Any:
        from alibabacloud_fc20230330.client import Client

        return Client(sdk_config(self.endpoint, self.region, self._credentials))

    def _translated(self, error: CloudError, action: str, name: str) -> FunctionError:
        where = f"function {name} in {self.region}: {action}"
        if error.code in _BY_CODE:
            return _BY_CODE[error.code](f"{where}: {error}")
        if error.is_denied:
            return FunctionDenied(f"{where}: {error}")
        if error.is_temporary:
            unavailable = FunctionUnavailable(f"{where}: {error} (endpoint {self.endpoint})")
            unavailable.retry_after = error.retry_after
            return unavailable
        return FunctionRejected(f"{where}: {error}")


def _quote(name: str) -> str:
    return quote(name, safe="")
