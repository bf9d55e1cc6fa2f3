"""A receiver of the stack `local` as a process, and the notifications that docker-registry sends it."""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import urllib3
import yaml

from demo.narrator import DemoFailed
from demo.registry import PERSONAL, free_port

_PATIENCE: Final = 30.0


@dataclass(frozen=True)
class Receiver:
    """The address of a receiver, and the secrets of its sender and its page; known before the process starts."""

    port: int = field(default_factory=free_port)
    hook_secret: str = field(default_factory=lambda: secrets.token_hex(32), repr=False)
    page_token: str = field(default_factory=lambda: secrets.token_hex(32), repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def notifications(self) -> Mapping[str, Any]:
        """A part of docker-registry's configuration. Functions and pushes use different hosts for the registry."""
        endpoint = {
            "name": "fcpin",
            "url": f"{self.url}/hooks/registry?registry={PERSONAL}",
            "headers": {"Authorization": [f"Bearer {self.hook_secret}"]},
            "timeout": "2s",
            "threshold": 5,
            "backoff": "1s",
        }
        return {"endpoints": [endpoint]}

    def configuration(self, stacks: Sequence[str] = ("local",), **more: Any) -> Mapping[str, Any]:
        """The content of `receiver.yaml`."""
        return {
            "stacks": dict.fromkeys(stacks),
            "senders": {
                "registry": {"kind": "distribution", "secrets": ["env:REGISTRY_SECRET"]},
                "ci": {"kind": "generic", "secrets": ["env:REGISTRY_SECRET"]},
            },
            "page": {"token": "env:PAGE_TOKEN"},
            **more,
        }

    @contextmanager
    def serve(self, folder: Path, environment: Mapping[str, str], **more: Any) -> Iterator[None]:
        """`fcpin receiver` in *folder*, until the block ends. Its log is `receiver.log`. Raises DemoFailed."""
        file = folder / "receiver.yaml"
        file.write_text(yaml.safe_dump(dict(self.configuration(**more)), sort_keys=False))
        given = {**os.environ, **environment, "REGISTRY_SECRET": self.hook_secret, "PAGE_TOKEN": self.page_token}
        command = [sys.executable, "-m", "fcpin.receiver", "--config", file.name, "--port", str(self.port)]
        with (folder / "receiver.log").open("w") as log:
            process = subprocess.Popen(command, cwd=folder, env=given, stdout=log, stderr=subprocess.STDOUT)
            try:
                self._wait_until_ready(process, folder)
                yield
            finally:
                process.terminate()
                process.wait()

    def metrics(self) -> Mapping[str, float]:
        """`/metrics`: values by name and labels, such as `fcpin_receiver_jobs{stack="local",state="running"}`."""
        text = urllib3.request("GET", f"{self.url}/metrics", retries=False).data.decode()
        lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
        return {name: float(value) for name, _, value in lines}

    def is_idle(self) -> bool:
        """Whether no job waits or runs."""
        return not any(value for name, value in self.metrics().items() if name.startswith("fcpin_receiver_jobs{"))

    def _wait_until_ready(self, process: "subprocess.Popen[bytes]", folder: Path) -> None:
        end = time.monotonic() + _PATIENCE
        while process.poll() is None and time.monotonic() < end:
            try:
                if urllib3.request("GET", f"{self.url}/readyz", retries=False).status == 200:
                    return
            except urllib3.exceptions.HTTPError:
                pass
            time.sleep(0.02)
        raise DemoFailed(f"the receiver is not ready; its log:\n{(folder / 'receiver.log').read_text()}")
