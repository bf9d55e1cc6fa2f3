"""Function Compute over HTTP: ROA style, `/2023-03-30/…`, JSON both ways."""

import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from fcpin.emulator.clock import EmulatorClock
from fcpin.emulator.fc import errors
from fcpin.emulator.fc.instances import Instances
from fcpin.emulator.fc.model import FunctionRecord, Json
from fcpin.emulator.fc.rules import cut, is_fc2_name, limit_of
from fcpin.emulator.fc.service import FunctionCompute, arn, name_of
from fcpin.emulator.fc.triggers import Triggers
from fcpin.emulator.fc.versions import Versions
from fcpin.emulator.signatures import Verifier
from fcpin.emulator.state import Ids
from fcpin.emulator.wire import ApiError, WireRequest, WireResponse

PREFIX = "/2023-03-30"
RESOLVING = frozenset({"CreateFunction", "UpdateFunction", "InvokeFunction"})
"""Actions that ask a registry, which may be another process."""

Handler = Callable[..., Json | WireResponse | None]


class Route(NamedTuple):
    method: str
    path: re.Pattern[str]
    action: str
    handler: Handler


class FcRoutes:
    """Answers the calls of API version 2023-03-30."""

    def __init__(
        self,
        service: FunctionCompute,
        versions: Versions,
        triggers: Triggers,
        instances: Instances,
        verifier: Verifier,
        clock: EmulatorClock,
        ids: Ids,
    ) -> None:
        self._service = service
        self._versions = versions
        self._triggers = triggers
        self._instances = instances
        self._verifier = verifier
        self._clock = clock
        self._ids = ids
        function = "/functions/{name}"
        table: tuple[tuple[str, str, str, Handler], ...] = (
            ("POST", "/functions", "CreateFunction", self._create),
            ("GET", "/functions", "ListFunctions", self._list),
            ("GET", function, "GetFunction", self._get),
            ("PUT", function, "UpdateFunction", self._update),
            ("DELETE", function, "DeleteFunction", self._delete),
            ("POST", f"{function}/invocations", "InvokeFunction", self._invoke),
            ("GET", f"{function}/instances", "ListInstances", self._list_instances),
            ("POST", f"{function}/versions", "PublishFunctionVersion", self._publish),
            ("GET", f"{function}/versions", "ListFunctionVersions", self._list_versions),
            ("DELETE", f"{function}/versions/{{version}}", "DeleteFunctionVersion", self._delete_version),
            ("POST", f"{function}/aliases", "CreateAlias", self._create_alias),
            ("GET", f"{function}/aliases", "ListAliases", self._list_aliases),
            ("GET", f"{function}/aliases/{{alias}}", "GetAlias", self._get_alias),
            ("PUT", f"{function}/aliases/{{alias}}", "UpdateAlias", self._update_alias),
            ("DELETE", f"{function}/aliases/{{alias}}", "DeleteAlias", self._delete_alias),
            ("POST", f"{function}/triggers", "CreateTrigger", self._create_trigger),
            ("GET", f"{function}/triggers", "ListTriggers", self._list_triggers),
            ("GET", f"{function}/triggers/{{trigger}}", "GetTrigger", self._get_trigger),
            ("PUT", f"{function}/triggers/{{trigger}}", "UpdateTrigger", self._update_trigger),
            ("DELETE", f"{function}/triggers/{{trigger}}", "DeleteTrigger", self._delete_trigger),
            ("POST", "/tags-v2", "TagResources", self._tag),
            ("GET", "/tags-v2", "ListTagResources", self._list_tags),
            ("DELETE", "/tags-v2", "UntagResources", self._untag),
        )
        self._routes = [Route(method, _pattern(path), action, handler) for method, path, action, handler in table]

    def action(self, request: WireRequest) -> tuple[str, str]:
        """What the call is recorded as, and the function it is about."""
        route, parts = self._route(request)
        if route is None:
            return request.header("x-acs-action") or f"{request.method} {request.path}", ""
        if route.action == "CreateFunction":
            return route.action, str(_body(request).get("functionName", ""))
        return route.action, parts.get("name", "")

    def answer(self, request: WireRequest) -> WireResponse:
        """Raises FcError."""
        self._verifier.admit(request, errors.refused)
        route, parts = self._route(request)
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

    def _route(self, request: WireRequest) -> tuple[Route | None, dict[str, str]]:
        for route in self._routes:
            if route.method == request.method and (match := route.path.fullmatch(request.path)):
                return route, match.groupdict()
        return None, {}

    # functions

    def _create(self, request: WireRequest) -> Json:
        return self._service.create(_body(request))

    def _get(self, request: WireRequest, name: str) -> Json:
        return self._service.get(name, request.param("qualifier"))

    def _update(self, request: WireRequest, name: str) -> Json:
        return self._service.update(name, _body(request))

    def _delete(self, request: WireRequest, name: str) -> None:  # noqa: ARG002 - a handler's signature
        self._service.delete(name)

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

    def _list_instances(self, request: WireRequest, name: str) -> Json:  # noqa: ARG002 - a handler's signature
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

    # versions and aliases

    def _record(self, name: str) -> FunctionRecord:
        return self._service.record(name)

    def _publish(self, request: WireRequest, name: str) -> Json:
        description = str(_body(request).get("description") or "") if request.body else ""
        return self._versions.publish(self._record(name), description)

    def _list_versions(self, request: WireRequest, name: str) -> Json:
        direction, limit, token = (request.param(key) for key in ("direction", "limit", "nextToken"))
        return self._versions.list_versions(self._record(name), direction, limit, token)

    def _delete_version(self, request: WireRequest, name: str, version: str) -> None:  # noqa: ARG002 - a handler's signature
        self._versions.delete_version(self._record(name), version)

    def _create_alias(self, request: WireRequest, name: str) -> Json:
        return self._versions.create_alias(self._record(name), _body(request))

    def _get_alias(self, request: WireRequest, name: str, alias: str) -> Json:  # noqa: ARG002 - a handler's signature
        return self._versions.get_alias(self._record(name), alias)

    def _update_alias(self, request: WireRequest, name: str, alias: str) -> Json:
        return self._versions.update_alias(self._record(name), alias, _body(request))

    def _list_aliases(self, request: WireRequest, name: str) -> Json:
        prefix, limit, token = (request.param(key) for key in ("prefix", "limit", "nextToken"))
        return self._versions.list_aliases(self._record(name), prefix, limit, token)

    def _delete_alias(self, request: WireRequest, name: str, alias: str) -> None:  # noqa: ARG002 - a handler's signature
        self._versions.delete_alias(self._record(name), alias)

    # triggers

    def _create_trigger(self, request: WireRequest, name: str) -> Json:
        return self._triggers.create(self._record(name), _body(request))

    def _list_triggers(self, request: WireRequest, name: str) -> Json:
        prefix, limit, token = (request.param(key) for key in ("prefix", "limit", "nextToken"))
        return self._triggers.list(self._record(name), prefix, limit, token)

    def _get_trigger(self, request: WireRequest, name: str, trigger: str) -> Json:  # noqa: ARG002 - a handler's signature
        return self._triggers.get(self._record(name), trigger)

    def _update_trigger(self, request: WireRequest, name: str, trigger: str) -> Json:
        return self._triggers.update(self._record(name), trigger, _body(request))

    def _delete_trigger(self, request: WireRequest, name: str, trigger: str) -> None:  # noqa: ARG002 - a handler's signature
        self._triggers.delete(self._record(name), trigger)

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
        return self._record(name_of(resource) or str(resource))


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(PREFIX + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))


def _body(request: WireRequest) -> Json:
    try:
        value = json.loads(request.body)
    except ValueError:
        raise errors.invalid("the body is no JSON") from None
    if not isinstance(value, dict):
        raise errors.invalid("the body is no JSON object")
    return value


def _json_list(request: WireRequest, name: str) -> list[Any]:
    """A query parameter that is a JSON array. Raises InvalidArgument."""
    text = request.param(name)
    try:
        value = json.loads(text) if text else []
    except ValueError:
        value = None
    if not isinstance(value, list):
        raise errors.invalid(f"{name} {text!r} is no JSON array")
    return value
