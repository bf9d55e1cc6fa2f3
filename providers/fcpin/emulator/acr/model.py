"""Instances, errors and parameters of the Enterprise Edition.

Errors have two shapes: a business error with `IsSuccess: false`, and an error of the API gateway.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from fcpin.acr_hosts import ENTERPRISE_FORM
from fcpin.emulator.signature_schemes import SignatureProblem, SignatureRejected
from fcpin.emulator.wire import ApiError, WireResponse


@dataclass
class AcrInstance:
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


class AcrError(ApiError):
    """A business error, with HTTP 200 or 404 by the knob acr_not_exist."""


class GatewayError(ApiError):
    """An error of the API gateway."""


_SIGNATURE_PROBLEMS: dict[SignatureProblem, tuple[int, str]] = {
    SignatureProblem.MISSING: (400, "MissingAuthorization"),
    SignatureProblem.INCOMPLETE: (400, "IncompleteSignature"),
    SignatureProblem.UNKNOWN_KEY: (404, "InvalidAccessKeyId.NotFound"),
    SignatureProblem.INACTIVE_KEY: (403, "InvalidAccessKeyId.Inactive"),
    SignatureProblem.TOKEN_MISSING: (400, "MissingSecurityToken"),
    SignatureProblem.TOKEN_MISMATCH: (400, "InvalidSecurityToken.MismatchWithAccessKey"),
    SignatureProblem.TOKEN_EXPIRED: (400, "InvalidSecurityToken.Expired"),
    SignatureProblem.EXPIRED: (400, "InvalidTimeStamp.Expired"),
    SignatureProblem.NONCE_USED: (400, "SignatureNonceUsed"),
    SignatureProblem.BODY: (400, "SignatureDoesNotMatch"),
    SignatureProblem.MISMATCH: (400, "SignatureDoesNotMatch"),
}


def rejected(error: SignatureRejected) -> GatewayError:
    status, code = _SIGNATURE_PROBLEMS[error.problem]
    return GatewayError(status, code, f"Specified signature is rejected: {error}")


def not_exist(what: str, name: str) -> AcrError:
    """*what*: INSTANCE, REPO, NAMESPACE."""
    return AcrError(404, f"{what}_NOT_EXIST", f"{what.lower()} does not exist: {name}")


def already_exists(what: str, name: str) -> AcrError:
    """*what*: REPO, NAMESPACE. The codes are not documented: they are the emulator's own."""
    return AcrError(409, f"{what}_ALREADY_EXIST", f"{what.lower()} already exists: {name}")


def invalid(name: str, value: str) -> AcrError:
    return AcrError(400, "PARAMETER_ERROR", f"parameter {name} is {value!r}")


def missing(name: str) -> GatewayError:
    return GatewayError(400, f"Missing{name}", f"{name} is mandatory for this action.")


def response(error: ApiError, request_id: str, *, status: int | None = None) -> WireResponse:
    """*status* overrides the error's own; with 200 the shape is the one of a business error."""
    status = error.status if status is None else status
    if status == 200:
        body = {"Code": error.code, "IsSuccess": False, "RequestId": request_id}
    else:
        body = {"RequestId": request_id, "HostId": "cr.aliyuncs.com", "Code": error.code, "Message": error.message}
    return WireResponse.of_json(body, status, error.headers)


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class NumberedPage:
    """A page by number, from 1."""

    number: int
    size: int

    def cut(self, items: Sequence[T]) -> Sequence[T]:
        return items[(self.number - 1) * self.size : self.number * self.size]


@dataclass(frozen=True, slots=True)
class TokenPage:
    """A page that starts where the previous one ended."""

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
    """Parameters of a call, read by type. Raises AcrError or GatewayError with the parameter's name."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def get(self, name: str) -> str:
        return self._values.get(name, "")

    def required(self, name: str) -> str:
        value = self.get(name)
        if not value:
            raise missing(name)
        return value

    def flag(self, name: str, default: bool) -> bool:
        text = self.get(name)
        if text.lower() not in ("", "true", "false"):
            raise invalid(name, text)
        return text.lower() == "true" if text else default

    def one_of(self, name: str, values: Sequence[str], default: str) -> str:
        text = self.get(name) or default
        if text not in values:
            raise invalid(name, text)
        return text

    def number(self, name: str, default: int) -> int:
        text = self.get(name)
        if not text:
            return default
        if not text.isdecimal():
            raise invalid(name, text)
        return int(text)

    def page(self, default: int, largest: int) -> NumberedPage:
        number, size = self.number("PageNo", 1), self.number("PageSize", default)
        if number < 1:
            raise invalid("PageNo", str(number))
        if not 1 <= size <= largest:
            raise invalid("PageSize", str(size))
        return NumberedPage(number, size)

    def run(self, default: int, largest: int) -> TokenPage:
        size, token = self.number("MaxResults", default), self.get("NextToken")
        start = token.removeprefix("next-") if token else "0"
        if not start.isdecimal():
            raise invalid("NextToken", token)
        if not 1 <= size <= largest:
            raise invalid("MaxResults", str(size))
        return TokenPage(int(start), size)
