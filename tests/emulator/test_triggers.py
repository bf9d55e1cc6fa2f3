"""Triggers through the SDK of FC."""

import json
from typing import Any

import pytest
from alibabacloud_tea_openapi.exceptions import ClientException

from tests.emulator.clients import Functions, code

HTTP = {"authType": "anonymous", "methods": ["GET", "POST"]}


@pytest.fixture
def function(functions: Functions) -> Functions:
    functions.create_active()
    return functions


def create(functions: Functions, name: str = "web", **changes: Any) -> dict[str, Any]:
    body = {"triggerName": name, "triggerType": "http", "triggerConfig": json.dumps(HTTP), **changes}
    return dict(functions("CreateTrigger", "fn", body=body))


def update(functions: Functions, name: str = "web", **changes: Any) -> dict[str, Any]:
    return dict(functions("UpdateTrigger", "fn", name, body=changes))


def test_an_http_trigger_has_the_addresses_of_its_function_and_qualifier(function: Functions) -> None:
    trigger = create(function, qualifier="LATEST", description="the shop")
    assert (trigger["triggerName"], trigger["triggerType"], trigger["qualifier"]) == ("web", "http", "LATEST")
    assert json.loads(trigger["triggerConfig"]) == HTTP
    assert trigger["targetArn"] == "acs:fc:cn-hangzhou:1234567890123456:functions/fn"
    assert trigger["triggerId"]
    assert trigger["createdTime"] == trigger["lastModifiedTime"]
    addresses = trigger["httpTrigger"]
    host = addresses["urlInternet"].removeprefix("https://").removesuffix(".cn-hangzhou.fcapp.run")
    assert addresses["urlIntranet"] == f"https://{host}.cn-hangzhou-vpc.fcapp.run"
    assert host.startswith("fn-")
    assert function("GetTrigger", "fn", "web") == trigger
    function("DeleteTrigger", "fn", "web")
    assert create(function, "other")["httpTrigger"] == addresses
    function.cloud.publish_version("fn")
    assert create(function, "first", qualifier="1")["httpTrigger"] != addresses


def test_other_triggers_have_no_address(function: Functions) -> None:
    trigger = create(function, triggerType="timer", triggerConfig='{"cronExpression": "@every 5m", "enable": true}')
    assert "httpTrigger" not in trigger
    assert create(function, "table", triggerType="tablestore", triggerConfig="")["triggerConfig"] == ""


def test_a_trigger_is_updated(function: Functions) -> None:
    before = create(function, description="kept", invocationRole="acs:ram::1:role/a")
    function.cloud.advance(1)
    after = update(function, triggerConfig='{"methods": ["GET"]}')
    assert {key for key in after if after[key] != before[key]} == {"triggerConfig", "lastModifiedTime"}
    assert function("GetTrigger", "fn", "web") == after
    function.cloud.publish_version("fn")
    last = update(function, qualifier="1", description="")
    assert (last["qualifier"], last["description"]) == ("1", "")
    assert last["httpTrigger"] != before["httpTrigger"]
    with pytest.raises(ClientException, match="version '7'"):
        update(function, triggerConfig="{}", qualifier="7")
    assert function("GetTrigger", "fn", "web") == last


def test_triggers_are_listed_in_pages(function: Functions) -> None:
    for name in ("web-b", "web-a", "web-c", "other"):
        create(function, name)
    first = function("ListTriggers", "fn", prefix="web", limit=2)
    last = function("ListTriggers", "fn", prefix="web", limit=2, next_token=first["nextToken"])
    assert [one["triggerName"] for one in first["triggers"] + last["triggers"]] == ["web-a", "web-b", "web-c"]
    assert "nextToken" not in last


INVALID: list[tuple[dict[str, Any], str]] = [
    ({"triggerName": ""}, "triggerName"),
    ({"triggerName": "1st"}, "triggerName '1st'"),
    ({"triggerName": "a" * 129}, "triggerName"),
    ({"triggerType": "mail"}, "triggerType 'mail'"),
    ({"triggerConfig": "{"}, "triggerConfig"),
    ({"triggerConfig": "[]"}, "triggerConfig"),
    ({"triggerConfig": ""}, "triggerConfig"),
]


def test_invalid_triggers(function: Functions) -> None:
    for changes, fact in INVALID:
        with pytest.raises(ClientException, match=fact) as failed:
            create(function, **changes)
        assert (failed.value.status_code, failed.value.code) == (400, "InvalidArgument")
    assert function("ListTriggers", "fn")["triggers"] == []


def test_what_does_not_exist_and_what_already_exists(function: Functions) -> None:
    missing = (404, "TriggerNotFound")
    assert code(function, "GetTrigger", "fn", "web") == missing
    assert code(function, "DeleteTrigger", "fn", "web") == missing
    assert code(update, function, triggerConfig="{}") == missing
    assert code(function, "GetTrigger", "other", "web") == (404, "FunctionNotFound")
    create(function)
    assert code(create, function) == (409, "TriggerAlreadyExists")
    assert code(create, function, "prod", qualifier="prod") == (404, "AliasNotFound")
    assert code(function, "DeleteFunction", "fn") == (409, "FunctionNotEmpty")
    function("DeleteTrigger", "fn", "web")
    function("DeleteFunction", "fn")
    assert function.cloud.functions() == []
