"""A stack that was deployed once: a stand-in for the Pulumi CLI prints its configuration and its state.

These two texts are all that commands read from an engine. Everything else is real.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from fcpin.emulator import Emulator
from fcpin.fc.client import FunctionClient
from fcpin.http.credentials import Credentials
from fcpin.http.retries import Retry
from fcpin.image import PIN_TYPE
from tests.support.command import Answer, run

PATH = "shop/app"
REGION = "cn-hangzhou"
FAMILY = {"policy": {"family": {"name": "main"}}}
_ONCE = Retry(attempts=1, seconds=5, first_wait=0, longest_wait=0)
_SCRIPT = """#!/bin/sh
[ "$1" = version ] && echo v3.246.0 && exit
case "$*" in
  *" --stack {1}"*) ;;
  *) echo "error: no stack named '$(echo "$*" | sed 's/.*--stack //')' found" >&2; exit 6 ;;
esac
case "$*" in *export*) cat "{0}/state.json" ;; *) cat "{0}/config.json" ;; esac
"""


@dataclass
class DeployedStack:
    """The stack *name* in *folder*. The test puts *folder* on PATH."""

    folder: Path
    cloud: Emulator
    name: str = "test"
    functions: dict[str, dict[str, Any]] = field(default_factory=dict)
    """`fcpin:functions`."""
    resources: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        file = self.folder / "pulumi"
        file.write_text(_SCRIPT.format(self.folder, self.name))
        file.chmod(0o755)
        self.configure()

    @property
    def repository(self) -> str:
        return f"{self.cloud.enterprise_host}/{PATH}"

    @property
    def client(self) -> FunctionClient:
        key = Credentials(self.cloud.access_key_id, self.cloud.access_key_secret)
        return FunctionClient(REGION, endpoint=self.cloud.url, credentials=key, retry=_ONCE)

    def push(self, tag: str, content: str = "") -> str:
        """Equal content has an equal digest, today and tomorrow."""
        return self.cloud.push(PATH, tag, content=content or tag, created="2026-11-01T00:00:00Z")

    def image(self, tag: str) -> str:
        return f"{self.repository}:{tag}"

    def create(self, name: str, tag: str) -> None:
        """A function that another tool created."""
        container = {"image": self.image(tag)}
        body = {"runtime": "custom-container", "handler": "index.handler", "customContainerConfig": container}
        self.client.create(name, body)
        self.cloud.advance(60)

    def deploy(self, name: str, tag: str, *, before: str = "", **spec: Any) -> None:
        """A function that the stack has deployed at *tag*; *before*: the previous image."""
        spec = spec or dict(FAMILY)
        self.create(name, tag)
        digest = self.cloud.function(name)["customContainerConfig"]["resolvedImageUri"].partition("@")[2]
        pin = {"tag": tag, "digest": digest, "image": self.image(tag), "deployed_image": f"{self.image(tag)}@{digest}"}
        outputs = {"function_name": name, "region": REGION, "repository": self.repository, **spec, **pin}
        urn = f"urn:pulumi:test::shop::{PIN_TYPE}::{name}"
        self.resources.append({"urn": urn, "type": PIN_TYPE, "outputs": {**outputs, "previous_image": before}})
        self.functions[name] = {"repository": self.repository, **spec}
        self.configure()

    def configure(self, **settings: Any) -> None:
        """Write what the stand-in prints; *settings* are more `fcpin:` keys."""
        values: dict[str, Any] = {
            "alicloud:region": REGION,
            "alicloud:accessKey": self.cloud.access_key_id,
            "alicloud:secretKey": self.cloud.access_key_secret,
            "fcpin:endpoints": {"fc": self.cloud.url, "cr": self.cloud.url},
            "fcpin:registries": {self.cloud.enterprise_host: {"endpoint": self.cloud.url}},
            "fcpin:functions": self.functions,
            **{f"fcpin:{key}": value for key, value in settings.items()},
        }
        config = {key: {"value": _text(value), "secret": False} for key, value in values.items()}
        (self.folder / "config.json").write_text(json.dumps(config))
        state = {"version": 3, "deployment": {"resources": self.resources}}
        (self.folder / "state.json").write_text(json.dumps(state))

    @property
    def file(self) -> Path:
        """Pulumi.<name>.yaml."""
        return self.folder / "stacks" / f"Pulumi.{self.name}.yaml"

    def write_project(self) -> str:
        """Write Pulumi.yaml and the stack's file, as a person would; gives the text of the latter."""
        (self.folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\nstackConfigDir: stacks\n")
        self.file.parent.mkdir(exist_ok=True)
        text = yaml.safe_dump({"config": {"alicloud:region": REGION, "fcpin:functions": self.functions}})
        self.file.write_text(f"# The stack {self.name}.\n{text}")
        return self.file.read_text()

    def reload(self) -> None:
        """Configure the functions that the stack's file has now."""
        if self.file.exists():
            self.functions = yaml.safe_load(self.file.read_text())["config"]["fcpin:functions"]
            self.configure()

    def fcpin(self, command: str, *arguments: str, stack: str = "") -> Answer:
        """Run `fcpin` about a stack, by default this one."""
        where = ["--stack", stack or self.name, "--engine", "pulumi", "--cwd", str(self.folder)]
        return run([command, *arguments, *where])

    def path(self, environment: Mapping[str, str] = os.environ) -> str:
        """PATH with the stand-in on it."""
        return f"{self.folder}{os.pathsep}{environment['PATH']}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
