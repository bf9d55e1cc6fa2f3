"""Checks of credentials, of addresses and clocks, and of the rights on functions."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

from fcpin.clock import Clock
from fcpin.doctor.result import CheckResult, not_tried, note, ok, problem
from fcpin.doctor.targets import FunctionTarget
from fcpin.errors import FunctionDenied, FunctionError, FunctionNotFound, RegistryError
from fcpin.fc.client import FunctionClient
from fcpin.http.credentials import Account, CredentialIdentity, Credentials, Profile
from fcpin.http.errors import CloudError
from fcpin.http.exchange import Response
from fcpin.http.limits import MIB
from fcpin.http.openapi import identify
from fcpin.http.retries import Retry
from fcpin.registry.session import Transport

ONCE: Final = Retry(attempts=1, seconds=30.0, first_wait=0.0, longest_wait=0.0)
_REFUSED_BEYOND: Final = 15 * 60
"""Seconds: the APIs refuse a signature whose date is further off."""
_NOTED_BEYOND: Final = 60
_CLOCK: Final = "clock"
_REMEDY: Final = "check the name, the network and the proxy variables; a VPC address needs its VPC"


_SOURCES: Final[Mapping[str, str]] = {
    "env": "ALIBABA_CLOUD_ACCESS_KEY_ID of the environment",
    "oidc_role_arn": "the OIDC token of ALIBABA_CLOUD_OIDC_TOKEN_FILE",
    "cli_profile": "the Alibaba Cloud CLI's ~/.aliyun/config.json",
    "profile": "~/.alibabacloud/credentials.ini",
    "ecs_ram_role": "the RAM role of this ECS instance",
    "credential_uri": "ALIBABA_CLOUD_CREDENTIALS_URI",
}
"""The links of alibabacloud-credentials' default chain, in their order."""
_SHOWN: Final = 4


def credentials(account: Account | None, key_source: str) -> Iterator[CheckResult]:
    """The identity of *account*; *key_source*: where an explicit access key comes from."""
    name = f"credentials of profile {account.name}" if isinstance(account, Profile) else "credentials"
    try:
        identity = identify(account)
    except CloudError as error:
        remedy = "set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or any other source of the chain"
        if isinstance(account, Profile):
            remedy = f"repair the profile with `aliyun configure --profile {account.name}`"
        yield problem(name, error.message, remedy)
        return
    source = key_source if isinstance(account, Credentials) else _source(identity)
    temporary = ", temporary" if identity.is_temporary else ""
    yield ok(name, f"from {source}: access key {_abbreviated(identity.access_key_id)}{temporary}")


def _source(identity: CredentialIdentity) -> str:
    links = identity.source.split("/")
    return next((_SOURCES[link] for link in links if link in _SOURCES), identity.source)


def _abbreviated(key_id: str) -> str:
    return key_id if len(key_id) <= 2 * _SHOWN else f"{key_id[:_SHOWN]}…{key_id[-_SHOWN:]}"


def endpoint(name: str, url: str, clock: Clock, *, has_clock: bool = False) -> Iterator[CheckResult]:
    """Whether *url* answers: any response counts, because the request is not signed. *has_clock*: compare clocks."""
    started = clock.monotonic()
    try:
        answer = Transport(retry=ONCE, clock=clock).send("GET", url, headers={}, limit=MIB)
    except RegistryError as error:
        yield problem(name, str(error), _REMEDY)
        if has_clock:
            yield not_tried(_CLOCK, "no endpoint returned the time")
        return
    seconds = clock.monotonic() - started
    yield ok(name, f"{url} answers in {seconds * 1000:.0f} ms")
    if has_clock:
        yield _skew(answer, clock)


def _skew(answer: Response, clock: Clock) -> CheckResult:
    try:
        theirs = parsedate_to_datetime(answer.headers.get("Date", ""))
    except ValueError:
        return not_tried(_CLOCK, f"{answer.url} returned no time")
    off = (clock.now() - theirs.replace(tzinfo=theirs.tzinfo or UTC)).total_seconds()
    ahead = f"this machine is {abs(off):.0f} s {'ahead' if off > 0 else 'behind'}"
    if abs(off) > _REFUSED_BEYOND:
        return problem(
            _CLOCK, f"{ahead}; beyond 15 minutes every signature is refused", "set the clock, or let NTP do so"
        )
    if abs(off) > _NOTED_BEYOND:
        return note(_CLOCK, f"{ahead}; beyond 15 minutes every signature is refused", "set the clock, or let NTP do so")
    return ok(_CLOCK, "agrees with the cloud's")


def get_function(client: FunctionClient, target: FunctionTarget, where: str) -> Iterator[CheckResult]:
    """Whether the function can be read. *where*: region and account, unless they are the stack's."""
    name = f"fc:GetFunction {target.function_name}{where}"
    try:
        function = client.get(target.function_name)
    except FunctionNotFound as error:
        if target.is_owned:
            yield note(name, f"is not in {target.region} yet", "the next up creates it")
        else:
            yield problem(name, str(error), "correct function_name and region, or create the function first")
    except FunctionDenied as error:
        yield problem(name, str(error), f"check the credentials, and allow fc:GetFunction on {_resource(target)}")
    except FunctionError as error:
        yield problem(name, str(error), "see the endpoint and the clock above")
    else:
        state = function.state or "no state"
        yield ok(name, f"{state}, last update {function.last_update_status or 'unknown'}")


def list_functions(client: FunctionClient, *, is_only_check: bool) -> Iterator[CheckResult]:
    """Request one page. No deployment needs it; *is_only_check*: no other check uses the key."""
    name = f"fc:ListFunctions in {client.region}"
    try:
        next(iter(client.list()), None)
    except FunctionDenied as error:
        if is_only_check:
            yield problem(name, str(error), "check the credentials, and allow fc:ListFunctions on functions/*")
        else:
            yield note(name, str(error), "no preview and no up needs it, but fcpin import, impact, probe and prune do")
    except FunctionError as error:
        yield problem(name, str(error), "see the endpoint and the clock above")
    else:
        yield ok(name, "allowed")


def changes(functions: Sequence[FunctionTarget]) -> Iterator[CheckResult]:
    """Rights that only a change would show."""
    if functions:
        yield not_tried("fc:UpdateFunction", "it would change a function; up needs it on every pinned function")
    if any(target.is_owned for target in functions):
        yield not_tried(
            "fc:CreateFunction, fc:DeleteFunction",
            "they would change functions; up needs them for owned functions",
        )
    if any(target.has_role for target in functions):
        yield not_tried("ram:PassRole", "it is not an API call; up needs it for functions with a role")


def _resource(target: FunctionTarget) -> str:
    return f"acs:fc:{target.region}:*:functions/{target.function_name}"
