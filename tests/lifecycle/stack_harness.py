"""A stack of one function with one repository in ACR Enterprise, run by an engine against an emulator."""

from dataclasses import dataclass
from typing import Any, Self

from fcpin.emulator import Emulator
from fcpin.fc.client import FunctionClient
from fcpin.http.credentials import Credentials
from tests.support.stack import Run, Stack

PATH = "shop/app"
FUNCTION = "checkout"
CONFIG = {"cpu": 0.5, "memory_size": 512, "disk_size": 512, "timeout": 30, "port": 9000}


@dataclass
class StackHarness:
    """A stack and its cloud, with the verbs of the cases."""

    stack: Stack
    cloud: Emulator

    @classmethod
    def open(cls, stack: Stack, cloud: Emulator) -> Self:
        stack.environment |= {
            "ALIBABA_CLOUD_ACCESS_KEY_ID": cloud.access_key_id,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": cloud.access_key_secret,
        }
        harness = cls(stack, cloud)
        harness.configure()
        stack.begin()
        return harness

    @property
    def repository(self) -> str:
        return f"{self.cloud.enterprise_host}/{PATH}"

    def entry(self, **changes: Any) -> dict[str, Any]:
        """The stack's entry of an owned function; a value of None removes a key."""
        entry = {
            "function_name": FUNCTION,
            "repository": self.repository,
            "policy": {"family": {"name": "main"}},
            "config": CONFIG,
            **changes,
        }
        return {key: value for key, value in entry.items() if value is not None}

    def configure(self, functions: dict[str, dict[str, Any]] | None = None, **settings: Any) -> None:
        """Write the stack's configuration; by default one owned function."""
        defaults: dict[str, Any] = {
            "endpoints": {"fc": self.cloud.url, "cr": self.cloud.url},
            "registries": {self.cloud.enterprise_host: {"endpoint": self.cloud.url}},
        }
        self.stack.configure({FUNCTION: self.entry()} if functions is None else functions, **{**defaults, **settings})

    def push(self, tag: str, content: str | None = None, **rest: Any) -> str:
        return self.cloud.push(PATH, tag, content=content or tag, **rest)

    def deployed(self, function: str = FUNCTION) -> str:
        """Tag and digest that the function runs: `main-1@sha256:…`."""
        container = self.cloud.function(function)["customContainerConfig"]
        tag = container["image"].rpartition(":")[2]
        digest = container["resolvedImageUri"].partition("@")[2]
        return f"{tag}@{digest}"

    def create_by_hand(self, tag: str, function: str = FUNCTION, **settings: Any) -> None:
        """Create the function as another tool does."""
        self.client().create(
            function,
            {
                "runtime": "custom-container",
                "handler": "index.handler",
                "customContainerConfig": {"image": f"{self.repository}:{tag}", "port": 8080},
                **settings,
            },
        )
        self.cloud.advance(60)

    def client(self) -> FunctionClient:
        """Function Compute, as any other tool sees it."""
        credentials = Credentials(self.cloud.access_key_id, self.cloud.access_key_secret)
        return FunctionClient("cn-hangzhou", endpoint=self.cloud.url, credentials=credentials)

    def up(self, *flags: str) -> Run:
        """An `up` that must succeed. Without a preview of its own, which starts program and plugin once more."""
        done = self.stack.up("--skip-preview", *flags)
        assert done.code == 0, done
        return done

    def preview(self, *flags: str) -> Run:
        """A `preview` that must succeed."""
        done = self.stack.preview(*flags)
        assert done.code == 0, done
        return done
