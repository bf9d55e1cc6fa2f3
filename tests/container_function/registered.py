"""What a program registers, seen through Pulumi's own mocks."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks, set_mocks, test
from pulumi.runtime.proto import resource_pb2

IMAGE = "shop-registry-vpc.cn-hangzhou.cr.aliyuncs.com/shop/app:release-1"
ARN = "acs:fc:cn-hangzhou:1234567890123456:functions/app"


@dataclass(frozen=True)
class Registered:
    """One resource as it is registered with the engine."""

    type: str
    name: str
    inputs: Mapping[str, Any]
    request: Any
    """The engine's RegisterResourceRequest."""

    @property
    def ignores(self) -> list[str]:
        return list(self.request.ignoreChanges)

    @property
    def provider(self) -> str:
        """The explicit provider's name; empty for the default one."""
        return str(self.request.provider).rpartition("::")[0].rpartition("::")[2]

    @property
    def after(self) -> set[str]:
        """Types and names of what it depends on."""
        return {short(urn) for urn in self.request.dependencies}


@contextmanager
def own_loop() -> Iterator[None]:
    """An event loop for this thread, closed at the end."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        yield
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def short(urn: str) -> str:
    """Type and name in a URN, without the types of its parents: `V3Function app`."""
    *_, types, name = urn.split("::")
    return f"{types.rpartition('$')[2].rpartition(':')[2].rpartition('/')[2]} {name}"


class Cloud(Mocks):
    """Answers every registration as a provider would that makes the thing, or in a preview is going to."""

    def __init__(self, *, preview: bool) -> None:
        self._preview = preview

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        computed: dict[str, dict[str, Any]] = {
            "InitialImage": {"image": IMAGE},
            "PinnedFunction": {
                "image": IMAGE.replace("release-1", "release-2"),
                "tag": "release-2",
                "digest": "sha256:2",
                "resolved_image_uri": "uri",
                "function_arn": ARN,
            },
            "Role": {"arn": "acs:ram::1234567890123456:role/made"},
            "V3Trigger": {"httpTrigger": {"urlInternet": "https://app.example.com"}}
            if args.inputs.get("triggerType") == "http"
            else {},
        }
        id_ = "" if self._preview else f"{args.name}-id"
        return id_, {**args.inputs, **computed.get(args.typ.rpartition(":")[2], {})}

    def call(self, args: MockCallArgs) -> Any:
        raise AssertionError(f"asks a provider for {args.token}")


class Ledger(MockMonitor):
    """Keeps what is registered, in order."""

    def __init__(self, *, preview: bool) -> None:
        super().__init__(Cloud(preview=preview))
        self.requests: list[Any] = []
        self.outputs: dict[str, Any] = {}

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the protocol's
        self.requests.append(request)
        with own_loop():  # the mocks make one for this thread, and never close it
            return super().RegisterResource(request)  # type: ignore[no-untyped-call]

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - the protocol's
        self.outputs[short(request.urn)] = pulumi.runtime.rpc.deserialize_properties(request.outputs)
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class Program:
    """A program that has run."""

    resources: Mapping[str, Registered]
    """By type and name: `V3Function app`."""
    outputs: Mapping[str, Mapping[str, Any]]
    """Of components."""

    def __getitem__(self, name: str) -> Registered:
        return self.resources[name]

    def of_type(self, type: str) -> list[Registered]:  # noqa: A002 - Pulumi's word
        return [each for key, each in self.resources.items() if key.startswith(f"{type} ")]


def run(program: Callable[[], object], *, preview: bool = False) -> Program:
    """Run *program* to its end. Raises what it raises."""
    ledger = Ledger(preview=preview)

    def whole() -> None:
        with own_loop():
            set_mocks(ledger.mocks, project="shop", stack="dev", preview=preview, monitor=ledger)
            test(program)()  # type: ignore[no-untyped-call]

    # Pulumi keeps its stack in the context and its loop in the thread, and would take them for the next program's.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(Context().run, whole).result()
    found = [_registered(request) for request in ledger.requests if request.type != "pulumi:pulumi:Stack"]
    return Program({short(f"::{each.type}::{each.name}"): each for each in found}, ledger.outputs)


def _registered(request: resource_pb2.RegisterResourceRequest) -> Registered:
    inputs = pulumi.runtime.rpc.deserialize_properties(request.object, keep_unknowns=True)
    return Registered(request.type, request.name, inputs, request)
