"""The emulator in another process: the same verbs over HTTP.

cloud = RemoteEmulator("http://127.0.0.1:9900")
cloud.push("shop/app", "release-1")
"""

import http.client
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from fcpin.emulator.account import ACCESS_KEY, REGISTRY_LOGIN
from fcpin.emulator.calls import Call, Calls, Kind
from fcpin.emulator.fc.instances import InvokeResult
from fcpin.emulator.fc.model import Json
from fcpin.emulator.wire import EmulatorError

_TIMEOUT = 30.0


class RemoteEmulator:
    """The methods of emulator.verbs.Verbs, where they are explained. Raises EmulatorError."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname or not parts.port:
            raise EmulatorError(f"url {url!r}: expected one such as http://127.0.0.1:9900")
        self.url = url.rstrip("/")
        self.address = parts.netloc
        self.access_key_id, self.access_key_secret = ACCESS_KEY.id, ACCESS_KEY.secret
        self.username, self.password = REGISTRY_LOGIN

    def call(self, verb: str, /, **arguments: Any) -> Any:
        """Carry out any verb. Raises EmulatorError, also when no emulator answers."""
        connection = http.client.HTTPConnection(self.address, timeout=_TIMEOUT)
        try:
            headers = {"content-type": "application/json"}
            connection.request("POST", f"/_emulator/{verb}", json.dumps(arguments), headers)
            response = connection.getresponse()
            answer = json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise EmulatorError(
                f"{self.url}: no emulator answers there ({error}); start one: fcpin emulator"
            ) from error
        finally:
            connection.close()
        if response.status != http.client.OK:
            raise EmulatorError(str(answer["error"]))
        return answer["result"]

    @property
    def calls(self) -> Calls:
        """A copy of the record as it is now; `clear` it with clear_calls."""
        calls = Calls()
        for call in self.call("calls"):
            calls.add(Call(call["action"], call["target"], datetime.fromisoformat(call["time"])))
        return calls

    def clear_calls(self) -> None:
        self.call("clear_calls")

    @property
    def token_certificate(self) -> str:
        return str(self.call("about")["token_certificate"])

    @property
    def instance_id(self) -> str:
        return str(self.call("about")["instance_id"])

    @property
    def enterprise_host(self) -> str:
        return str(self.call("about")["enterprise_host"])

    def push(
        self,
        repository: str,
        tag: str,
        *,
        content: str = "",
        platforms: Sequence[str] = ("linux/amd64",),
        index: bool = False,
        created: str | None = None,
        layer_size: int | None = None,
    ) -> str:
        return str(
            self.call(
                "push",
                repository=repository,
                tag=tag,
                content=content,
                platforms=list(platforms),
                index=index,
                created=created,
                layer_size=layer_size,
            )
        )

    def retag(self, repository: str, tag: str, *, to: str) -> str:
        return str(self.call("retag", repository=repository, tag=tag, to=to))

    def tags(self, repository: str) -> dict[str, str]:
        tags: dict[str, str] = self.call("tags", repository=repository)
        return tags

    def delete_tag(self, repository: str, tag: str) -> None:
        self.call("delete_tag", repository=repository, tag=tag)

    def delete_manifest(self, repository: str, reference: str) -> None:
        self.call("delete_manifest", repository=repository, reference=reference)

    def set_tag_status(self, repository: str, tag: str, status: str) -> None:
        self.call("set_tag_status", repository=repository, tag=tag, status=status)

    def set_repository_type(self, repository: str, type: Literal["PUBLIC", "PRIVATE"]) -> None:  # noqa: A002 - ACR's word
        self.call("set_repository_type", repository=repository, type=type)

    def set_tag_immutability(self, repository: str, immutable: bool = True) -> None:
        self.call("set_tag_immutability", repository=repository, immutable=immutable)

    def create_instance(self, name: str) -> str:
        return str(self.call("create_instance", name=name))

    def set_instance_specification(self, specification: str) -> None:
        self.call("set_instance_specification", specification=specification)

    def add_registry(self, host: str, url: str) -> None:
        self.call("add_registry", host=host, url=url)

    def fail_next(
        self,
        action: str,
        *,
        status: int = 503,
        code: str = "ServiceUnavailable",
        message: str = "The request has failed due to a temporary failure of the server.",
        times: int = 1,
        retry_after_ms: int | None = None,
        kind: Kind = "error",
        seconds: float = 0.0,
    ) -> None:
        self.call(
            "fail_next",
            action=action,
            status=status,
            code=code,
            message=message,
            times=times,
            retry_after_ms=retry_after_ms,
            kind=kind,
            seconds=seconds,
        )

    def fail_update(
        self, function: str, *, reason_code: str = "ImageOptimizingFailed", reason: str = "failed to prepare the image"
    ) -> None:
        self.call("fail_update", function=function, reason_code=reason_code, reason=reason)

    def after_next(self, action: str, verb: str, arguments: Json) -> None:
        self.call("after_next", action=action, verb=verb, arguments=arguments)

    def clear_faults(self) -> None:
        self.call("clear_faults")

    def fail_build(
        self,
        *,
        code: str = "BuildFailed",
        message: str = "the build ended with exit code 1",
        log: str = 'ERROR: process "/bin/sh -c make" did not complete successfully: exit code: 1',
    ) -> None:
        self.call("fail_build", code=code, message=message, log=log)

    def hang_build(self) -> None:
        self.call("hang_build")

    def lose_vpc(self) -> None:
        self.call("lose_vpc")

    def push_other_digest(self) -> None:
        self.call("push_other_digest")

    def stick_conversion(self) -> None:
        self.call("stick_conversion")

    def fail_conversion(self, *, message: str = "the image cannot be accelerated") -> None:
        self.call("fail_conversion", message=message)

    def advance(self, seconds: float) -> None:
        self.call("advance", seconds=seconds)

    def skew(self, seconds: float) -> None:
        self.call("skew", seconds=seconds)

    def set_key_active(self, active: bool) -> None:
        self.call("set_key_active", active=active)

    def assume_role(self, seconds: float = 3600.0) -> dict[str, str]:
        credentials: dict[str, str] = self.call("assume_role", seconds=seconds)
        return credentials

    def invoke(self, function: str, *, cold: bool = False, qualifier: str = "") -> InvokeResult:
        return InvokeResult(**self.call("invoke", function=function, cold=cold, qualifier=qualifier))

    def create_function(self, function: str, settings: Json) -> None:
        self.call("create_function", function=function, settings=settings)

    def set_image(self, function: str, image: str) -> None:
        self.call("set_image", function=function, image=image)

    def configure(self, function: str, settings: Json) -> None:
        self.call("configure", function=function, settings=settings)

    def deactivate(self, function: str) -> None:
        self.call("deactivate", function=function)

    def lock(self, function: str, by: str = "", resources: Sequence[str] = ("function",)) -> None:
        self.call("lock", function=function, by=by, resources=list(resources))

    def restrict(self, function: str, reason: str = "") -> None:
        self.call("restrict", function=function, reason=reason)

    def publish_version(self, function: str) -> str:
        return str(self.call("publish_version", function=function))

    def create_alias(self, function: str, alias: str, version: str, weights: dict[str, float] | None = None) -> None:
        self.call("create_alias", function=function, alias=alias, version=version, weights=weights)

    def function(self, name: str) -> Json:
        function: Json = self.call("function", name=name)
        return function

    def functions(self) -> list[Json]:
        functions: list[Json] = self.call("functions")
        return functions

    def pipelines(self) -> list[Json]:
        pipelines: list[Json] = self.call("pipelines")
        return pipelines
