"""`python -m demo.build`: from a commit to a function that runs the image built of it; `make demo-build` calls it."""

import shutil
import sys
from collections.abc import Mapping
from typing import Any, Final

from demo.code import CONTAINERFILE, Code
from demo.narrator import Narrator, expect
from demo.registry import PERSONAL, Registries, registries
from demo.stack import ROOT, Engine, Stack
from demo.stage import perform
from demo.story import runs

FOLDER: Final = ROOT / ".demo-build"
PROGRAM: Final = ROOT / "demo" / "build_program.py"
_PATH: Final = "shop/checkout"
_RUNNER: Final[dict[str, Any]] = {
    "region_id": "cn-hangzhou",
    "vpc_config": {"vpc_id": "vpc-1", "v_switch_ids": ["vsw-1"], "security_group_id": "sg-1"},
    "log_config": {"project": "demo-project", "logstore": "demo-logstore"},
}


def play(narrator: Narrator, engine: Engine) -> None:
    """Raises DemoFailed at the first thing that is not as told."""
    code = Code(FOLDER / "code")
    with registries(FOLDER, narrator) as places:
        stack = Stack(FOLDER, engine, narrator, places)
        stack.prepare({}, PROGRAM)
        narrator.say(PROGRAM.read_text())
        tell(narrator, places, stack, code)


def tell(narrator: Narrator, places: Registries, stack: Stack, code: Code) -> None:
    narrator.act("somebody commits a Containerfile, and the stack says what is built of it")
    first = change(narrator, code, "Begin", {"Containerfile": CONTAINERFILE, "app": "checkout one\n"})
    stack.set("fcpin:pipelines", {"app": locally(narrator)})

    narrator.act("the preview knows the tag; its digest, and so the function's pin, only the build can tell")
    shown = at(first, stack, "preview", "--diff")
    expect("the tag in the preview", first[:7] in shown)
    expect("no image yet", pushed(places, first) == "")

    narrator.act("up builds the commit, pushes it, and the function runs exactly that")
    at(first, stack, "up", "--yes")
    expect("checkout on what was built", runs(places, "checkout") == pushed(places, first) != "")

    narrator.act("the same commit again: the image is there, nothing is built, nothing is deployed")
    at(first, stack, "up", "--yes", "--expect-no-changes")

    narrator.act("a commit whose build fails: the function keeps what it runs")
    before = runs(places, "checkout")
    broken = change(narrator, code, "Break it", {"Containerfile": CONTAINERFILE.replace("app /app", "missing /app")})
    at(broken, stack, "up", "--yes", "--skip-preview", code=1)
    expect("checkout as before", runs(places, "checkout") == before)

    narrator.act("the next commit mends it: old => new")
    second = change(narrator, code, "Mend it", {"Containerfile": CONTAINERFILE, "app": "checkout two\n"})
    at(second, stack, "up", "--yes")
    expect("checkout on the new image", runs(places, "checkout") == pushed(places, second) != before)

    narrator.act("the same by a pipeline of Serverless Devs, into ACR Enterprise, accelerated for faster starts")
    cloud = places.cloud
    image = f"{cloud.enterprise_host}/{_PATH}:{{commit}}_accelerated"
    stack.set("fcpin:pipelines", {"app": {"image": image, "instance_id": cloud.instance_id, "runner": _RUNNER}})
    at(second, stack, "up", "--yes")
    built = cloud.tags(_PATH).get(f"{second[:7]}_accelerated")
    expect("checkout on the accelerated image", runs(places, "checkout") == built)
    phases = [pipeline["status"]["phase"] for pipeline in cloud.pipelines()]
    narrator.say(f"pipelines of Serverless Devs: {', '.join(phases)}")
    expect("one pipeline, that has succeeded", phases == ["Success"])


def change(narrator: Narrator, code: Code, message: str, files: Mapping[str, str]) -> str:
    """Somebody commits *files*; gives the commit."""
    for name, text in files.items():
        narrator.say(f"{code.folder.name}/{name}:\n")
        narrator.show(text)
    commit = code.commit(files, message)
    narrator.say(f"commit {commit}: {message}")
    return commit


def locally(narrator: Narrator) -> dict[str, Any]:
    """The pipeline for who has none: buildah, else what the emulator does as Serverless Devs."""
    image = {"image": f"{PERSONAL}/{_PATH}:{{commit}}"}
    if shutil.which("buildah"):
        return {**image, "builder": "buildah", "source": "code"}
    narrator.say("(no buildah here: the emulator builds as Serverless Devs does)")
    return image


def at(commit: str, stack: Stack, command: str, *flags: str, code: int = 0) -> str:
    """Run the stack at *commit*."""
    stack.narrator.environment["GIT_COMMIT"] = commit
    stack.narrator.say(f"$ export GIT_COMMIT={commit}")
    return stack.run(command, *flags, code=code)


def pushed(places: Registries, commit: str) -> str:
    """The digest of what was built of *commit*; empty while nothing was."""
    return places.digest(PERSONAL, _PATH, commit[:7])


if __name__ == "__main__":
    sys.exit(perform(__doc__, FOLDER, play, needed=("git",)))
