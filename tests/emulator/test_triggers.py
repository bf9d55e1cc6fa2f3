"""Triggers through the SDK of FC."""

import json
from typing import Any

import pytest
from alibabacloud_fc20230330 import models
from alibabacloud_tea_openapi.exceptions import ClientException

from fcpin.emulator import Emulator
from tests.emulator.clients import Functions

HTTP = {"authType": "anonymous", "methods": ["GET", "POST"]}


@pytest.fixture
def function(functions: Functions) -> Functions:
    functions.create_active()
    return functions


def create(functions: Functions, name: str = "web", **changes: Any) -> dict[str, Any]:
    body = {"triggerName": name, "triggerType": "http", "triggerConfig": json.dumps(HTTP), **changes}
    request = models.CreateTriggerRequest(body=models.CreateTriggerInput().from_map(body))
    return dict(functions.sdk.create_trigger("fn", request).body.to_map())


def get(functions: Functions, name: str = "web") -> dict[str, Any]:
    return dict(functions.sdk.get_trigger("fn", name).body.to_map())


def test_an_http_trigger_has_addresses(function: Functions) -> None:
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
    assert get(function) == trigger


def test_the_address_is_the_functions_own(function: Functions) -> None:
    """Made again the trigger is at the same place; another version has another one."""
    first = create(function)["httpTrigger"]
    function.sdk.delete_trigger("fn", "web")
    assert create(function, "other")["httpTrigger"] == first
    function.cloud.publish_version("fn")
    assert create(function, "first", qualifier="1")["httpTrigger"] != first


def test_another_trigger_has_no_address(function: Functions) -> None:
    trigger = create(function, triggerType="timer", triggerConfig='{"cronExpression": "@every 5m", "enable": true}')
    assert "httpTrigger" not in trigger
    assert create(function, "table", triggerType="tablestore", triggerConfig="")["triggerConfig"] == ""


def test_a_trigger_is_updated(function: Functions) -> None:
    before = create(function, description="kept", invocationRole="acs:ram::1:role/a")
    function.cloud.advance(1)
    request = models.UpdateTriggerInput(trigger_config='{"methods": ["GET"]}')
    after = function.sdk.update_trigger("fn", "web", models.UpdateTriggerRequest(body=request)).body.to_map()
    changed = {key for key in after if after[key] != before[key]}
    assert changed == {"triggerConfig", "lastModifiedTime"}
    assert get(function) == after
    function.cloud.publish_version("fn")
    request = models.UpdateTriggerInput(qualifier="1", description="")
    after = function.sdk.update_trigger("fn", "web", models.UpdateTriggerRequest(body=request)).body.to_map()
    assert (after["qualifier"], after["description"]) == ("1", "")
    assert after["httpTrigger"] != before["httpTrigger"]


def test_triggers_are_listed_page_after_page(function: Functions) -> None:
    for name in ("b", "a", "c", "other"):
        create(function, f"web-{name}" if name != "other" else name)
    names, token = [], None
    for _ in range(2):
        request = models.ListTriggersRequest(prefix="web", limit=2, next_token=token)
        page = function.sdk.list_triggers("fn", request).body
        names += [trigger.trigger_name for trigger in page.triggers]
        token = page.next_token
    assert (names, token) == (["web-a", "web-b", "web-c"], None)


INVALID: list[tuple[str, dict[str, Any], str]] = [
    ("no name", {"triggerName": ""}, "triggerName"),
    ("a name that begins with a digit", {"triggerName": "1st"}, "triggerName '1st'"),
    ("a name of 129 letters", {"triggerName": "a" * 129}, "triggerName"),
    ("an unknown type", {"triggerType": "mail"}, "triggerType 'mail'"),
    ("a configuration that is no JSON", {"triggerConfig": "{"}, "triggerConfig"),
    ("a configuration that is no object", {"triggerConfig": "[]"}, "triggerConfig"),
    ("no configuration", {"triggerConfig": ""}, "triggerConfig"),
]


@pytest.mark.parametrize(("label", "changes", "fact"), INVALID, ids=[row[0] for row in INVALID])
def test_what_is_refused_at_creation(function: Functions, label: str, changes: dict[str, Any], fact: str) -> None:
    with pytest.raises(ClientException, match=fact) as refused:
        create(function, **changes)
    assert (refused.value.status_code, refused.value.code) == (400, "InvalidArgument")
    assert function.sdk.list_triggers("fn", models.ListTriggersRequest()).body.triggers == []


def test_a_refused_update_changes_nothing(function: Functions) -> None:
    before = create(function)
    request = models.UpdateTriggerInput(trigger_config="{}", qualifier="7")
    with pytest.raises(ClientException, match="version '7'"):
        function.sdk.update_trigger("fn", "web", models.UpdateTriggerRequest(body=request))
    assert get(function) == before


def code(call: Any, *arguments: Any) -> tuple[int, str]:
    with pytest.raises(ClientException) as refused:
        call(*arguments)
    return refused.value.status_code, refused.value.code


def test_what_does_not_exist_and_what_does(function: Functions) -> None:
    sdk = function.sdk
    assert code(sdk.get_trigger, "fn", "web") == (404, "TriggerNotFound")
    assert code(sdk.delete_trigger, "fn", "web") == (404, "TriggerNotFound")
    update = models.UpdateTriggerRequest(body=models.UpdateTriggerInput(trigger_config="{}"))
    assert code(sdk.update_trigger, "fn", "web", update) == (404, "TriggerNotFound")
    assert code(sdk.get_trigger, "other", "web") == (404, "FunctionNotFound")
    create(function)
    assert code(create, function) == (409, "TriggerAlreadyExists")
    with pytest.raises(ClientException, match="alias 'prod'"):
        create(function, "prod", qualifier="prod")


def test_a_function_with_triggers_is_not_deleted(cloud: Emulator, function: Functions) -> None:
    create(function)
    with pytest.raises(ClientException, match="function 'fn' has active triggers") as refused:
        function.sdk.delete_function("fn")
    assert (refused.value.status_code, refused.value.code) == (409, "FunctionNotEmpty")
    assert function.sdk.delete_trigger("fn", "web").status_code == 204
    assert function.sdk.delete_function("fn").status_code == 204
    assert cloud.calls.count("DeleteTrigger") == 1
