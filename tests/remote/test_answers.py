"""A response that is not the operation's is an error, and is never read as "does not exist"."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from fcpin.errors import FcpinError, FunctionNotFound, FunctionProtocolError, FunctionUnavailable
from fcpin.fc.client import FunctionClient
from tests.registry.scripted import Reply, Request, ScriptedServer
from tests.remote.calls import CALLS, CLIENTS, FUNCTION, KEY, At, Call, as_json, functions
from tests.support.clock import ManualClock

EACH_CALL = pytest.mark.parametrize("call", CALLS, ids=[call.name for call in CALLS])
EACH_CLIENT = pytest.mark.parametrize("call", CLIENTS, ids=[call.name for call in CLIENTS])
SECRETS = (KEY.access_key_secret, KEY.security_token, "hunter2")
LINE = 900
"""Characters: the names, the address, and 200 characters of the response."""


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


def error_of(call: Call, server: ScriptedServer, reply: Reply) -> FcpinError:
    """The error of the call, which is one line of bounded length without a secret."""
    call.serve(server, lambda _: reply)
    with pytest.raises(FcpinError) as raised:
        call.make(At(server.url))
    assert isinstance(raised.value, call.tree.any)
    assert not isinstance(raised.value, call.tree.missing)
    line = str(raised.value)
    assert line.isprintable()
    assert len(line) < LINE
    assert not [secret for secret in SECRETS if secret in line]
    return raised.value


@EACH_CALL
def test_each_call_accepts_its_valid_response(call: Call, server: ScriptedServer) -> None:
    call.serve(server, lambda _: as_json(call.good))
    call.make(At(server.url))
    assert call.action in server.seen("x-acs-action")


OTHER_SHAPES: list[tuple[str, Any]] = [
    ("an empty object", {}),
    ("null", None),
    ("a list", [1, {}]),
    ("a string", "hunter2"),
    ("a number", 17),
    ("true", True),
    ("an object of another kind", {"password": "hunter2", "items": []}),
    ("the object in another object", {"data": FUNCTION, "function": FUNCTION}),
    ("a failure with HTTP 200", {"IsSuccess": False, "Code": "hunter", "Message": "no\nno" * 500}),
    ("a failure without a code", {"IsSuccess": False}),
    ("an error with HTTP 200", {"Code": "InternalError", "Message": "x"}),
    ("null in every field", dict.fromkeys(("functionName", "functions", "versions", "aliases", "Images", "data"))),
]


@EACH_CALL
@pytest.mark.parametrize("body", [row[1] for row in OTHER_SHAPES], ids=[row[0] for row in OTHER_SHAPES])
def test_json_of_another_shape_is_an_error(call: Call, body: Any, server: ScriptedServer) -> None:
    if call.may_be_empty and isinstance(body, dict) and not body.keys() & {"IsSuccess", "Code"}:
        pytest.skip("an object without an error is a success of this call")
    error = error_of(call, server, as_json(body))
    assert not error.temporary
    if not (isinstance(body, dict) and "IsSuccess" in body):
        assert type(error) is call.tree.malformed
        assert "expected" in str(error)


def cut(call: Call) -> bytes:
    return (json.dumps(call.good) if not call.may_be_empty else '{"requestId": "1"}').encode()[:-2]


def twice(call: Call) -> bytes:
    return json.dumps(call.good).encode() * 2


NOT_JSON: list[tuple[str, Any]] = [
    ("HTML", b"<html><body>hunter2 logged in</body></html>"),
    ("JSON that is cut off", cut),
    ("nothing", b""),
    ("blanks", b" \n"),
    ("not UTF-8", b'{"functionName": "\xff\xfe"}'),
    ("NaN", b'{"functionName": NaN}'),
    ("nested without end", b"[" * 100_000),
    ("two documents", twice),
    ("a number of 10,000 digits", b'{"functionName": ' + b"9" * 10_000 + b"}"),
]


@EACH_CLIENT
@pytest.mark.parametrize("body", [row[1] for row in NOT_JSON], ids=[row[0] for row in NOT_JSON])
def test_what_is_not_json_is_retried_and_then_an_error(call: Call, body: Any, server: ScriptedServer) -> None:
    content = body(call) if callable(body) else body
    if call.may_be_empty and not content:
        pytest.skip("an empty response is a success of this call")
    error = error_of(call, server, Reply(200, content, {"Content-Type": "text/html\x0b; hunter2"}))
    assert type(error) is call.tree.unavailable
    assert "expected JSON, got" in str(error)
    assert server.seen("x-acs-action")[-2:] == [call.action] * 2


PAGES: list[tuple[int, str]] = [(401, "denied"), (403, "denied"), (502, "unavailable"), (404, ""), (409, ""), (400, "")]


@EACH_CLIENT
@pytest.mark.parametrize(("status", "kind"), PAGES, ids=[str(row[0]) for row in PAGES])
def test_the_page_of_a_proxy_never_means_that_something_does_not_exist(
    call: Call, status: int, kind: str, server: ScriptedServer
) -> None:
    error = error_of(call, server, Reply(status, b"<html>hunter2\n" * 1000, {"Content-Type": "text/html"}))
    assert not kind or type(error) is getattr(call.tree, kind)
    assert f"Http{status}" in str(error)


@EACH_CLIENT
def test_an_error_is_quoted_in_one_line_without_the_signed_text(call: Call, server: ScriptedServer) -> None:
    signed = f"server string is:\nx-acs-security-token:{KEY.security_token}\n{'x' * 5000}"
    body = {"Code": "SignatureDoesNotMatch", "Message": signed, "RequestId": "r" * 5000}
    error = error_of(call, server, Reply(403, json.dumps(body).encode()))
    assert "SignatureDoesNotMatch" in str(error)
    assert "[secret]" in str(error)


@EACH_CLIENT
@pytest.mark.parametrize("code", ["Throttling.User", ""])
def test_throttling_is_retried(call: Call, code: str, server: ScriptedServer) -> None:
    replies = iter([Reply(429, json.dumps({"Code": code} if code else {}).encode(), {"Retry-After": "1000"})])
    call.serve(server, lambda _: next(replies, None) or as_json(call.good))
    call.make(At(server.url))
    assert [action for action in server.seen("x-acs-action") if action == call.action] == [call.action] * 2


# Fields of a function

WRONG_TYPES: list[Any] = [7, [], True, {"a": 1}, "text", [1], [None], [["x"]]]
FIELDS: dict[str, type] = {
    "functionName": str,
    "functionArn": str,
    "functionId": str,
    "runtime": str,
    "state": str,
    "stateReason": str,
    "stateReasonCode": str,
    "lastUpdateStatus": str,
    "lastModifiedTime": str,
    "customContainerConfig": dict,
    "tags": list,
    "cpu": int,
    "memorySize": int,
    "environmentVariables": dict,
    "customDNS": dict,
    "vpcConfig": dict,
    "logConfig": dict,
    "nasConfig": dict,
    "internetAccess": bool,
    "instanceLifecycleConfig": dict,
}
CONTAINER: dict[str, type] = {
    "image": str,
    "resolvedImageUri": str,
    "port": int,
    "command": list,
    "entrypoint": list,
    "healthCheckConfig": dict,
    "registryConfig": dict,
    "accelerationInfo": dict,
}


def with_field(name: str, value: Any) -> dict[str, Any]:
    if name in CONTAINER:
        return {**FUNCTION, "customContainerConfig": {**FUNCTION["customContainerConfig"], name: value}}
    return {**FUNCTION, name: value}


def wrong_fields() -> Iterator[tuple[str, Any]]:
    for name, kind in (FIELDS | CONTAINER).items():
        for value in WRONG_TYPES:
            is_mixed = isinstance(value, list) and value and kind is list
            if type(value) is not kind or is_mixed:
                yield name, value


@pytest.mark.parametrize(("name", "value"), list(wrong_fields()))
def test_a_field_of_another_type_is_an_error(name: str, value: Any, server: ScriptedServer) -> None:
    server.otherwise(lambda _: as_json(with_field(name, value)))
    with pytest.raises(FunctionProtocolError, match=r"expected .*got"):
        functions(At(server.url)).get("checkout")


MISSING: list[tuple[str, Any]] = [
    ("its name", {key: value for key, value in FUNCTION.items() if key != "functionName"}),
    ("its runtime", {"functionName": "checkout"}),
    ("its container", {"functionName": "checkout", "runtime": "custom-container"}),
    ("its image", {**FUNCTION, "customContainerConfig": {}}),
    ("an image that is not empty", {**FUNCTION, "customContainerConfig": {"image": ""}}),
    ("a container that is not null", {**FUNCTION, "customContainerConfig": None}),
    ("a key of a tag", {**FUNCTION, "tags": [{"Value": "x"}]}),
    ("a lock that is an object", {**FUNCTION, "lockInfo": "ops"}),
    ("a list of locked resources", {**FUNCTION, "lockInfo": {"lockedResources": 5}}),
    ("strings in the locked resources", {**FUNCTION, "lockInfo": {"lockedResources": [["function"]]}}),
    ("a restriction that is an object", {**FUNCTION, "invocationRestriction": ["disable"]}),
    ("a string in the environment", {**FUNCTION, "environmentVariables": {"A": 1}}),
]


@pytest.mark.parametrize("body", [row[1] for row in MISSING], ids=[row[0] for row in MISSING])
def test_a_function_without(body: Any, server: ScriptedServer) -> None:
    server.otherwise(lambda _: as_json(body))
    for call in ("get", "create", "update"):
        arguments: tuple[Any, ...] = ("checkout",) if call == "get" else ("checkout", {})
        with pytest.raises(FunctionProtocolError, match="checkout"):
            getattr(functions(At(server.url)), call)(*arguments)


@pytest.mark.parametrize("call", ["get", "create", "update"])
def test_another_function_than_the_requested_one_is_an_error(call: str, server: ScriptedServer) -> None:
    server.otherwise(lambda _: as_json({**FUNCTION, "functionName": "orders"}))
    arguments: tuple[Any, ...] = ("checkout",) if call == "get" else ("checkout", {})
    with pytest.raises(FunctionProtocolError, match="expected function checkout, got function 'orders'"):
        getattr(functions(At(server.url)), call)(*arguments)


def test_a_reason_is_quoted_to_500_characters(server: ScriptedServer) -> None:
    long = "x" * 10_000
    lock, restriction = {"lockedBy": long}, {"disable": True, "reason": long}
    server.otherwise(
        lambda _: as_json(
            {**FUNCTION, "state": "Failed", "stateReason": long, "lockInfo": lock, "invocationRestriction": restriction}
        )
    )
    function = functions(At(server.url)).get("checkout")
    assert [len(function.reason), len(function.lock.by if function.lock else ""), len(function.disabled)] == [500] * 3


def test_fields_that_fc_leaves_out_may_be_absent(server: ScriptedServer) -> None:
    """A pending function has no lastUpdateStatus; an empty field may be absent, null or an empty string."""
    bodies = iter([FUNCTION, {**FUNCTION, "lastUpdateStatus": None, "tags": None, "state": "Pending", "layers": None}])
    server.otherwise(lambda _: as_json(next(bodies)))
    for _ in range(2):
        assert functions(At(server.url)).get("checkout").last_update_status == ""


def test_a_function_of_another_runtime_needs_no_container(server: ScriptedServer) -> None:
    server.otherwise(lambda _: as_json({"functionName": "checkout", "runtime": "python3.12"}))
    assert functions(At(server.url)).get("checkout").image == ""


@pytest.mark.parametrize("code", ["FunctionNotFound", "VersionNotFound", "AliasNotFound"])
def test_only_the_code_of_fc_means_that_something_does_not_exist(code: str, server: ScriptedServer) -> None:
    server.otherwise(lambda _: Reply(404, json.dumps({"Code": code, "Message": "none"}).encode()))
    with pytest.raises(FunctionNotFound):
        functions(At(server.url)).get("checkout")


def test_the_code_of_a_missing_function_needs_status_404(server: ScriptedServer) -> None:
    server.otherwise(lambda _: Reply(500, json.dumps({"Code": "FunctionNotFound", "Message": "none"}).encode()))
    with pytest.raises(FunctionUnavailable):
        functions(At(server.url)).get("checkout")


def test_a_deletion_succeeds_if_the_response_is_empty_or_the_function_does_not_exist(server: ScriptedServer) -> None:
    gone = Reply(404, json.dumps({"Code": "FunctionNotFound"}).encode())
    for reply in (Reply(204), Reply(200, b"{}"), gone):
        server.otherwise(lambda _, reply=reply: reply)  # type: ignore[misc]
        functions(At(server.url)).delete("checkout")
    server.otherwise(lambda _: Reply(200, b"<html></html>"))
    with pytest.raises(FunctionUnavailable):
        functions(At(server.url)).delete("checkout")


ITEMS: list[tuple[str, str, Any]] = [
    ("a function that is null", "ListFunctions", {"functions": [None]}),
    ("a function without a name", "ListFunctions", {"functions": [{"runtime": "custom-container"}]}),
    ("a function whose image is a list", "ListFunctions", {"functions": [with_field("image", [])]}),
    ("functions that are an object", "ListFunctions", {"functions": {"checkout": FUNCTION}}),
    ("a token that is a number", "ListFunctions", {"functions": [], "nextToken": 7}),
    ("a version that is a number", "ListFunctionVersions", {"versions": [{"versionId": 1}]}),
    ("a version without an id", "ListFunctionVersions", {"versions": [{}]}),
    ("an alias without a version", "ListAliases", {"aliases": [{"aliasName": "prod"}]}),
    (
        "a weight that is a text",
        "ListAliases",
        _weights := {"aliases": [{"aliasName": "a", "versionId": "1", "additionalVersionWeight": {"2": "0.1"}}]},
    ),
    ("a weight above one", "ListAliases", json.loads(json.dumps(_weights).replace('"0.1"', "1.1"))),
    ("weights that are a list", "ListAliases", json.loads(json.dumps(_weights).replace('{"2": "0.1"}', "[1]"))),
    ("a task without a name", "ListTasks", [{}]),
    ("an invocation that is a number", "ListTasks", [{"name": "t", "status": {"invocations": [7]}}]),
    ("an output that is an object", "ListTasks", [{"name": "t", "status": {"invocations": [{"output": {}}]}}]),
    ("labels that are a list", "ListPipelines", [{"name": "p-1", "labels": ["a"]}]),
    ("a phase that is a number", "GetPipeline", {"name": "p-1", "status": {"phase": 7}}),
    ("another pipeline", "GetPipeline", {"name": "p-2"}),
    ("a time that is an object", "GetRepoTag", {"IsSuccess": True, "Tag": "v1", "Digest": "a" * 64, "ImageUpdate": {}}),
    ("a digest that is a number", "GetRepoTag", {"IsSuccess": True, "Tag": "v1", "Digest": 7}),
    ("immutability that is a text", "GetRepository", {"IsSuccess": True, "RepoId": "x", "TagImmutability": "false"}),
    ("a login of numbers", "GetAuthorizationToken", {"IsSuccess": True, "TempUsername": 1, "AuthorizationToken": 2}),
    (
        "a page size that is negative",
        "ListRepoTag",
        {"IsSuccess": True, "TotalCount": "1", "PageSize": -1, "Images": []},
    ),
    ("tags of ACR Personal that are texts", "GetRepoTags", {"data": {"total": 1, "pageSize": 100, "tags": ["v1"]}}),
    ("a page size that is a list", "GetRepoTags", {"data": {"total": 0, "pageSize": [1], "tags": []}}),
]


@pytest.mark.parametrize(("action", "body"), [row[1:] for row in ITEMS], ids=[row[0] for row in ITEMS])
def test_an_answer_with(action: str, body: Any, server: ScriptedServer) -> None:
    call = next(call for call in CALLS if call.action == action)
    assert type(error_of(call, server, as_json(body))) is call.tree.malformed


# Listings

LISTINGS = [call for call in CALLS if call.action in {"ListFunctions", "ListFunctionVersions", "ListAliases"}]


@pytest.mark.parametrize("call", LISTINGS, ids=[call.name for call in LISTINGS])
@pytest.mark.parametrize("tokens", [["a"], ["a", "b"], ["a", "a"]], ids=lambda tokens: "-".join(tokens))
def test_a_repeated_token_ends_the_listing_with_an_error(call: Call, tokens: list[str], server: ScriptedServer) -> None:
    def page(request: Request) -> Reply:
        return as_json({**call.good, "nextToken": tokens[len(server.requests) % len(tokens)]})

    call.serve(server, page)
    with pytest.raises(FunctionProtocolError, match="expected the listing to end, got a nextToken for the second time"):
        call.make(At(server.url))
    assert len(server.requests) <= 3


def test_a_listing_that_does_not_end_is_an_error(server: ScriptedServer) -> None:
    server.otherwise(lambda _: as_json({"functions": [], "nextToken": str(len(server.requests))}))
    with pytest.raises(FunctionProtocolError, match="got more than 1,000 pages"):
        list(functions(At(server.url)).list())


def test_a_listing_that_takes_too_long_is_an_error(server: ScriptedServer) -> None:
    clock = ManualClock()

    def page(_: Request) -> Reply:
        clock.advance(59)
        return as_json({"functions": [], "nextToken": str(len(server.requests))})

    server.otherwise(page)
    with pytest.raises(FunctionUnavailable, match="ListFunctions: the listing was not complete after 300 s"):
        list(FunctionClient("cn-hangzhou", endpoint=server.url, credentials=KEY, clock=clock).list())
    assert len(server.requests) == 6


def test_the_time_between_two_pages_does_not_count(server: ScriptedServer) -> None:
    clock, tokens = ManualClock(), iter(["a", "b", ""])
    server.otherwise(lambda _: as_json({"functions": [FUNCTION], "nextToken": next(tokens)}))
    for _ in FunctionClient("cn-hangzhou", endpoint=server.url, credentials=KEY, clock=clock).list():
        clock.advance(1_000)
    assert len(server.requests) == 3


def test_an_empty_region_has_no_functions(server: ScriptedServer) -> None:
    server.otherwise(lambda _: as_json({"functions": []}))
    assert list(functions(At(server.url)).list()) == []
