"""Function Compute over HTTP: ROA style, `/2023-03-30/…`, JSON both ways."""

import json
from collections.abc import Iterator
from typing import Any

from fcpin.emulator.fc import errors
from fcpin.emulator.fc.instances import FunctionInstances
from fcpin.emulator.fc.model import FunctionRecord, Json
from fcpin.emulator.fc.rules import cut, is_fc2_name, limit_of
from fcpin.emulator.fc.service import FunctionCompute, arn, name_of
from fcpin.emulator.fc.triggers import Triggers
from fcpin.emulator.fc.versions import Versions
from fcpin.emulator.signatures import SignatureVerifier
from fcpin.emulator.state import EmulatorClock, Ids
from fcpin.emulator.wire import ApiError, Route, RoutingTable, WireRequest, WireResponse, json_object

PREFIX = "/2023-03-30"
_PAGE = ("limit", "nextToken")
RESOLVING = frozenset({"CreateFunction", "UpdateFunction", "InvokeFunction"})
"""Actions that query a registry, which may be another process."""


class FcRoutes:
    """Answers the calls of API version 2023-03-30."""

    def __init__(
        self,
        service: FunctionCompute,
        versions: Versions,
        triggers: Triggers,
        instances: FunctionInstances,
        verifier: SignatureVerifier,
        clock: EmulatorClock,
        ids: Ids,
    ) -> None:
        self._service = service
        self._versions = versions
        self._instances = instances
        self._verifier = verifier
        self._clock = clock
        self._ids = ids
        record = service.record
        function = "/functions/{name}"
        version, alias, trigger = (
            f"{function}/versions/{{it}}",
            f"{function}/aliases/{{it}}",
            f"{function}/triggers/{{it}}",
        )
        self.table = RoutingTable(
            PREFIX,
            (
                Route("POST", "/functions", "CreateFunction", lambda call: service.create(_body(call))),
                Route("GET", "/functions", "ListFunctions", self._list),
                Route("GET", function, "GetFunction", lambda call, name: service.get(name, call.param("qualifier"))),
                Route("PUT", function, "UpdateFunction", lambda call, name: service.update(name, _body(call))),
                Route("DELETE", function, "DeleteFunction", lambda _, name: service.delete(name)),
                Route("POST", f"{function}/invocations", "InvokeFunction", self._invoke),
                Route("GET", f"{function}/instances", "ListInstances", self._list_instances),
                Route("POST", f"{function}/versions", "PublishFunctionVersion", self._publish),
                Route(
                    "GET",
                    f"{function}/versions",
                    "ListFunctionVersions",
                    lambda call, name: versions.list_versions(record(name), *_params(call, "direction", *_PAGE)),
                ),
                Route(
                    "DELETE",
                    version,
                    "DeleteFunctionVersion",
                    lambda _, name, it: versions.delete_version(record(name), it),
                ),
                Route(
                    "POST",
                    f"{function}/aliases",
                    "CreateAlias",
                    lambda call, name: versions.create_alias(record(name), _body(call)),
                ),
                Route(
                    "GET",
                    f"{function}/aliases",
                    "ListAliases",
                    lambda call, name: versions.list_aliases(record(name), *_params(call, "prefix", *_PAGE)),
                ),
                Route("GET", alias, "GetAlias", lambda _, name, it: versions.get_alias(record(name), it)),
                Route(
                    "PUT",
                    alias,
                    "UpdateAlias",
                    lambda call, name, it: versions.update_alias(record(name), it, _body(call)),
                ),
                Route("DELETE", alias, "DeleteAlias", lambda _, name, it: versions.delete_alias(record(name), it)),
                Route(
                    "POST",
                    f"{function}/triggers",
                    "CreateTrigger",
                    lambda call, name: triggers.create(record(name), _body(call)),
                ),
                Route(
                    "GET",
                    f"{function}/triggers",
                    "ListTriggers",
                    lambda call, name: triggers.list(record(name), *_params(call, "prefix", *_PAGE)),
                ),
                Route("GET", trigger, "GetTrigger", lambda _, name, it: triggers.get(record(name), it)),
                Route(
                    "PUT",
                    trigger,
                    "UpdateTrigger",
                    lambda call, name, it: triggers.update(record(name), it, _body(call)),
                ),
                Route("DELETE", trigger, "DeleteTrigger", lambda _, name, it: triggers.delete(record(name), it)),
                Route("POST", "/tags-v2", "TagResources", self._tag),
                Route("GET", "/tags-v2", "ListTagResources", self._list_tags),
                Route("DELETE", "/tags-v2", "UntagResources", self._untag),
            ),
        )

    def action(self, request: WireRequest) -> tuple[str, str]:
        """The action by which the call is recorded, and the function."""
        route, parts = self.table.find(request)
        if route is None:
            return request.header("x-acs-action") or f"{request.method} {request.path}", ""
        if route.action == "CreateFunction":
            return route.action, str(_body(request).get("functionName", ""))
        return route.action, parts.get("name", "")

    def answer(self, request: WireRequest) -> WireResponse:
        """Raises FcError."""
        self._verifier.admit(request, errors.rejected)
        route, parts = self.table.find(request)
        if route is None:
            raise errors.path_not_supported(request.method, request.path)
        answer = route.handler(request, **parts)
        headers = {"x-fc-request-id": self._request_id()}
        if answer is None:
            return WireResponse(204, headers=headers)
        if isinstance(answer, WireResponse):
            return WireResponse(answer.status, answer.body, {**headers, **answer.headers})
        return WireResponse.of_json(answer, headers=headers)

    def failed(self, error: ApiError) -> WireResponse:
        return errors.response(error, self._request_id())

    def _request_id(self) -> str:
        return self._ids.fc_request(self._clock.machine_now())

    # functions

    def _list(self, request: WireRequest) -> Json:
        wanted = {tag["Key"]: tag.get("Value", "") for tag in _json_list(request, "tags")}
        prefix, runtime, description = (request.param(key) for key in ("prefix", "runtime", "description"))
        generation = request.param("fcVersion")
        if generation not in ("", "v2", "v3"):
            raise errors.invalid(f"fcVersion {generation!r} is invalid: v2 or v3")
        found = {
            record.name: record
            for record in self._service.records(prefix or request.param("functionName"))
            if runtime in ("", record.wanted.settings["runtime"])
            and description in record.wanted.settings["description"]
            and generation in ("", "v2" if is_fc2_name(record.name) else "v3")
            and wanted.items() <= record.tags.items()
        }
        page, next_token = cut(list(found), limit_of(request.param("limit")), request.param("nextToken"))
        return {"functions": [self._service.listed(found[name]) for name in page]} | next_token

    # calls

    def _invoke(self, request: WireRequest, name: str) -> WireResponse:
        result = self._instances.invoke(self._service.record(name), request.param("qualifier"))
        if result.code:
            raise errors.FcError(result.status, result.code, result.message)
        if request.header("x-fc-invocation-type").lower() == "async":
            return WireResponse(202)
        return WireResponse.of_json({"functionName": name, "digest": result.digest})

    def _list_instances(self, request: WireRequest, name: str) -> Json:  # noqa: ARG002 - the route's part
        running = self._instances.running(self._service.record(name))
        return {
            "instances": [
                {
                    "instanceId": one.id,
                    "versionId": one.version_id,
                    "status": "Running",
                    "createdTimeMs": int(one.started * 1000),
                }
                for one in running
            ],
            "requestId": self._request_id(),
        }

    def _publish(self, request: WireRequest, name: str) -> Json:
        description = str(_body(request).get("description") or "") if request.body else ""
        return self._versions.publish(self._service.record(name), description)

    # tags of resources

    def _tag(self, request: WireRequest) -> Json:
        body = _body(request)
        records = [self._tagged(one) for one in body.get("ResourceId") or []]
        for record in records:
            record.tags |= {tag["Key"]: tag.get("Value", "") for tag in body.get("Tag") or []}
        return {"RequestId": self._request_id()}

    def _untag(self, request: WireRequest) -> Json:
        everything = request.param("All").lower() == "true"
        keys = _json_list(request, "TagKey")
        for one in _json_list(request, "ResourceId"):
            record = self._tagged(one)
            record.tags = {key: value for key, value in record.tags.items() if not everything and key not in keys}
        return {"RequestId": self._request_id()}

    def _list_tags(self, request: WireRequest) -> Json:
        wanted = _json_list(request, "ResourceId") or [arn(record.name) for record in self._service.records()]
        filters = {tag["Key"]: tag.get("Value") for tag in _json_list(request, "Tag")}
        tags = [
            {"ResourceId": one, "ResourceType": "function", "TagKey": key, "TagValue": value}
            for one in wanted
            for key, value in self._tagged(one).tags.items()
            if not filters or (key in filters and filters[key] in (None, "", value))
        ]
        return {"TagResources": tags, "RequestId": self._request_id()}

    def _tagged(self, resource: Any) -> FunctionRecord:
        return self._service.record(name_of(resource) or str(resource))


def _params(request: WireRequest, *names: str) -> Iterator[str]:
    return (request.param(name) for name in names)


def _body(request: WireRequest) -> Json:
    value = json_object(request)
    if value is None:
        raise errors.invalid("the body is not a JSON object")
    return value


def _json_list(request: WireRequest, name: str) -> list[Any]:
    """A query parameter that is a JSON array. Raises InvalidArgument."""
    text = request.param(name)
    try:
        value = json.loads(text) if text else []
    except ValueError:
        value = None
    if not isinstance(value, list):
        raise errors.invalid(f"{name} {text!r} is not a JSON array")
    return value
