"""`python -m demo.build`: from a commit to a function that runs the image built of it; `make demo-build` calls it."""

import shutil
import sys
from collections.abc import Mapping
from typing import Any, Final

from demo.code import CONTAINERFILE, Code
from demo.narrator import Engine, Narrator, expect, perform
from demo.registry import PERSONAL, Registries, registries
from demo.stack import ROOT, Stack

FOLDER: Final = ROOT / ".demo-build"
PROGRAM: Final = ROOT / "demo" / "build_program.py"
_PATH: Final = "shop/checkout"
_RUNNER: Final[dict[str, Any]] = {
    "region_id": "cn-hangzhou",
    "vpc_config": {"vpc_id": "vpc-1", "v_switch_ids": ["vsw-1"], "security_group_id": "sg-1"},
    "log_config": {"project": "demo-project", "logstore": "demo-logstore"},
}


def play(narrator: Narrator, engine: Engine) -> None:
    """Raises DemoFailed at the first unexpected result."""
    code = Code(FOLDER / "code")
    with registries(FOLDER, narrator) as places:
        stack = Stack(FOLDER, engine, narrator, places)
        stack.prepare({}, PROGRAM)
        narrator.write(PROGRAM.read_text())
        acts(narrator, places, stack, code)


def acts(narrator: Narrator, places: Registries, stack: Stack, code: Code) -> None:
    narrator.act("a Containerfile is committed, and the stack's file has a pipeline that builds it")
    first = change(narrator, code, "Begin", {"Containerfile": CONTAINERFILE, "app": "checkout one\n"})
    stack.set("fcpin:pipelines", {"app": locally(narrator)})

    narrator.act("the preview has the tag; the digest, and so the function's pin, exist after the build only")
    shown = at(first, stack, "preview", "--diff")
    expect("the tag in the preview", first[:7] in shown)
    expect("no image yet", pushed(places, first) == "")

    narrator.act("up builds the commit, pushes it, and the function runs exactly that")
    at(first, stack, "up", "--yes")
    expect("checkout on what was built", places.running_digest("checkout") == pushed(places, first) != "")

    narrator.act("the same commit again: the image is there, nothing is built, nothing is deployed")
    at(first, stack, "up", "--yes", "--expect-no-changes")

    narrator.act("a commit whose build fails: the function keeps what it runs")
    before = places.running_digest("checkout")
    broken = change(narrator, code, "Break it", {"Containerfile": CONTAINERFILE.replace("app /app", "missing /app")})
    at(broken, stack, "up", "--yes", "--skip-preview", code=1)
    expect("checkout as before", places.running_digest("checkout") == before)

    narrator.act("the next commit mends it: old => new")
    second = change(narrator, code, "Mend it", {"Containerfile": CONTAINERFILE, "app": "checkout two\n"})
    at(second, stack, "up", "--yes")
    expect("checkout on the new image", places.running_digest("checkout") == pushed(places, second) != before)

    narrator.act("the same by a pipeline of Serverless Devs, into ACR Enterprise, accelerated for faster starts")
    cloud = places.cloud
    image = f"{cloud.enterprise_host}/{_PATH}:{{commit}}_accelerated"
    stack.set("fcpin:pipelines", {"app": {"image": image, "instance_id": cloud.instance_id, "runner": _RUNNER}})
    at(second, stack, "up", "--yes")
    built = cloud.tags(_PATH).get(f"{second[:7]}_accelerated")
    expect("checkout on the accelerated image", places.running_digest("checkout") == built)
    phases = [pipeline["status"]["phase"] for pipeline in cloud.pipelines()]
    narrator.write(f"pipelines of Serverless Devs: {', '.join(phases)}")
    expect("one pipeline, that has succeeded", phases == ["Success"])


def change(narrator: Narrator, code: Code, message: str, files: Mapping[str, str]) -> str:
    """Commit *files* and return the commit."""
    for name, text in files.items():
        narrator.write(f"{code.folder.name}/{name}:\n")
        narrator.write_file(text)
    commit = code.commit(files, message)
    narrator.write(f"commit {commit}: {message}")
    return commit


def locally(narrator: Narrator) -> dict[str, Any]:
    """A pipeline for this machine: buildah where it is installed, else the emulator as Serverless Devs."""
    image = {"image": f"{PERSONAL}/{_PATH}:{{commit}}"}
    if shutil.which("buildah"):
        return {**image, "builder": "buildah", "source": "code"}
    narrator.write("(buildah is not installed: the emulator builds as Serverless Devs)")
    return image


def at(commit: str, stack: Stack, command: str, *flags: str, code: int = 0) -> str:
    """Run the stack at *commit*."""
    stack.narrator.environment["GIT_COMMIT"] = commit
    stack.narrator.write(f"$ export GIT_COMMIT={commit}")
    return stack.run(command, *flags, code=code)


def pushed(places: Registries, commit: str) -> str:
    """The digest of the image of *commit*; empty if there is none."""
    return places.digest(PERSONAL, _PATH, commit[:7])


if __name__ == "__main__":
    sys.exit(perform(__doc__, FOLDER, play, needed=("git",)))
