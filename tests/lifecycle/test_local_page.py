"""docs/local.md: its commands, one after the other, in a copy of the program."""

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_the_page_can_be_typed(tmp_path: Path) -> None:
    port = str(free_port())
    for name in ("__main__.py", "Pulumi.yaml", "stacks"):
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, tmp_path / name)
    stack = tmp_path / "stacks" / "Pulumi.local.yaml"
    stack.write_text(stack.read_text().replace(":9900", f":{port}"))
    (tmp_path / ".venv").symlink_to(Path(sys.prefix))
    script = "\n".join(_BLOCK.findall((ROOT / "docs" / "local.md").read_text()))
    script = script.replace("--port 9900", f"--port {port}").replace(
        "emulator verb", f"emulator verb --url http://127.0.0.1:{port}"
    )
    done = subprocess.run(
        ["bash", "-e"],
        input=script,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "+ 3 created" in done.stdout
    assert '"release-83f96b6" => "release-9c1d2e3"' in done.stdout
    assert "- 3 deleted" in done.stdout
