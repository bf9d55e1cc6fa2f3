"""What is shown besides lines: the JSON digest, and the terminal with its question."""

import io
import json
import sys

import pytest

from fcpin.engine.display import Display, Op, Step
from fcpin.engine.state import ResourceState
from fcpin.engine.values import compare
from tests.engine.engine_harness import EngineHarness
from tests.support.terminal import Terminal


def test_the_digest_of_a_failure_has_its_diagnostics(engine: EngineHarness) -> None:
    engine.program('Item("a", bad={"policy.range": "is no range", "": "no tag qualifies"})\nItem("b")')
    result = engine.run("preview", "--json")
    assert result.code == 1
    digest = json.loads(result.out)
    found = [one for one in digest["diagnostics"] if one["urn"].endswith("::a")]
    assert {one["severity"] for one in found} == {"error"}
    messages = "\n".join(one["message"] for one in found)
    for fact in ("resource 'a': property policy.range", "has a problem: is no range", "no tag qualifies"):
        assert fact in messages
    assert "create" in [step["op"] for step in digest["steps"] if step["urn"].endswith("::b")], "a preview goes on"


@pytest.mark.parametrize(("answer", "code", "created"), [("yes", 0, ["a"]), ("no", 8, [])])
def test_on_a_terminal_up_asks_after_its_preview(
    engine: EngineHarness, answer: str, code: int, created: list[str]
) -> None:
    engine.program('Item("a")')
    command = [sys.executable, "-m", "fcpin.engine", "up", "--stack", "dev"]
    with Terminal(command, engine.project, {**engine.environment, "TERM": "xterm-256color"}) as terminal:
        terminal.wait_for("(yes/no)")
        terminal.type(f"{answer}\n")
        ended, text = terminal.end(), terminal.screen
    assert ended == code, text
    assert "Perform this update? (yes/no)" in text
    assert " +  pulumi-python:dynamic/journal:Item a create" in text
    assert list(engine.cloud()) == created


HOST = "shop-production-registry-vpc.cn-hangzhou.cr.aliyuncs.com"
URN = "urn:pulumi:production::shop::fcpin:index:ContainerFunction$pulumi-python:dynamic/fcpin:PinnedFunction::checkout-api"


def inputs(number: int) -> dict[str, str]:
    """Of a function whose tags are families with a commit each."""
    tag, digest = f"release-{str(number) * 40}", f"sha256:{str(number) * 64}"
    return {"tag": tag, "digest": digest, "image": f"{HOST}/backend/checkout-service:{tag}"}


def update() -> Step:
    old, new = (
        ResourceState(urn=URN, type=URN.split("::")[2], custom=True, inputs=inputs(number)) for number in (1, 2)
    )
    return Step(Op.UPDATE, new, old, compare(old.inputs, new.inputs))


def shown(*, details: bool = False) -> list[str]:
    """A preview of one update with every kind of line."""
    out = io.StringIO()
    display = Display(preview=True, details=details, out=out)
    display.log("warning", f"{HOST}: {'the tag moves, and each push of it is an outage; ' * 4}", URN)
    display.done(update())
    images = [{"checkout": f"{one['image']}@{one['digest']}"} for one in map(inputs, (1, 2))]
    display.summary({"images": images[0]}, {"images": images[1], "all": {"a": images, "b": images}})
    return out.getvalue().splitlines()


@pytest.mark.parametrize("details", [False, True])
def test_every_line_fits_120_columns(details: bool) -> None:
    lines = shown(details=details)
    assert [line for line in lines if len(line) > 120] == []
    assert len(lines) > 20


def test_people_see_twelve_digits_and_whole_tags() -> None:
    lines = [line.strip() for line in shown()]
    assert f'~ digest: "sha256:{"1" * 12}" => "sha256:{"2" * 12}"' in lines
    assert f'~ tag: "release-{"1" * 40}" => "release-{"2" * 40}"' in lines
    assert f'~ image: "{HOST}/backend/checkout-service:' in lines
    assert f'=> "{HOST}/backend/checkout-service:' in lines
    assert f'release-{"2" * 40}@sha256:{"2" * 12}"' in lines


def test_programs_see_everything_whole() -> None:
    display = Display(preview=True, out=io.StringIO())
    display.log("warning", f"{HOST}: deployed was {inputs(1)['digest']}", URN)
    display.done(update())
    document = display.digest()
    assert document["steps"][0]["newState"]["inputs"] == inputs(2)
    assert document["diagnostics"][0]["message"] == f"{HOST}: deployed was {inputs(1)['digest']}"
