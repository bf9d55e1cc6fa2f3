"""The probe finds the position of the emulator's knob for each of its questions."""

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Final, get_args, get_origin, get_type_hints

import pytest

from fcpin.emulator import Emulator, Knobs
from fcpin.emulator.knobs import read_facts
from fcpin.probe.experiments import EXPERIMENTS
from fcpin.probe.questions import QUESTIONS, Fact, Finding, Unknown
from fcpin.probe.run import facts_document
from tests.probe.harness import OTHER_TAG, PATH, REGION, ProbeHarness, probe, today

PAGE: Final = Path(__file__).parent.parent.parent / "docs" / "probe.md"
ROUNDS: Final = 3


def positions(name: str) -> Sequence[Any]:
    kind = get_type_hints(Knobs)[name]
    if kind is str:
        return ("TAG_NOT_EXIST", "IMAGE_NOT_EXIST")
    return get_args(kind) if get_origin(kind) is not None else (True, False)


def knobs_of(number: int) -> Knobs:
    """Every knob at its position of that number, modulo the number of its positions."""
    return Knobs(**{name: positions(name)[number % len(positions(name))] for name in QUESTIONS})


@cache
def probed(number: int) -> ProbeHarness:
    return probe(knobs_of(number))


def check(found: ProbeHarness, knobs: Knobs) -> None:
    unknown = {"acr_personal"} | ({"nested_merge"} if knobs.update_merge == "replace" else set())
    assert found.facts == {name: getattr(knobs, name) for name in QUESTIONS if name not in unknown}, found.unknown
    assert set(found.unknown) == unknown


@pytest.mark.parametrize("number", range(ROUNDS))
def test_every_position_is_found(number: int) -> None:
    check(probed(number), knobs_of(number))


@pytest.mark.parametrize("seed", range(2))
def test_any_combination_is_found(seed: int) -> None:
    chance = Random(seed)
    knobs = Knobs(**{name: chance.choice(positions(name)) for name in QUESTIONS})
    check(probe(knobs), knobs)


@pytest.mark.parametrize(
    ("position", "host"),
    [
        ("repository", "registry.cn-hangzhou.aliyuncs.com"),
        ("unknown", "crpi-1.cn-hangzhou.personal.cr.aliyuncs.com"),
        ("namesake", "crpi-1.cn-hangzhou.personal.cr.aliyuncs.com"),
    ],
)
def test_a_repository_of_acr_personal_shows_its_api(host: str, position: Any) -> None:
    clock = today()
    with Emulator(knobs=Knobs(acr_personal=position), clock=clock).serve() as cloud:
        cloud.push(PATH, OTHER_TAG)
        login = {"username": cloud.username, "password": cloud.password}
        found = ProbeHarness.of(cloud, clock, f"{host}/{PATH}", **login).run()
    assert found.facts["acr_personal"] == position
    assert {"acr_not_exist", "acr_tag_not_exist_code"} == set(found.unknown)
    assert found.facts["same_image_update"] == "re-resolve"


def test_nothing_is_left_and_nothing_else_is_touched() -> None:
    found = probed(0)
    assert found.lines[-1] == "everything that was created is removed"
    assert found.cloud.functions() == []
    repository = found.cloud._account.store.repository(PATH)
    assert list(repository.tags) == [OTHER_TAG]
    assert list(repository.manifests) == [repository.tags[OTHER_TAG].digest]


def test_every_fact_is_one_line_with_its_meaning() -> None:
    (line,) = [line for line in probed(0).lines if line.startswith("same_image_update")]
    for fact in ("re-resolve", "moved the tag", "an update with the same image heals a moved tag"):
        assert fact in line


def test_every_question_has_an_experiment_meanings_and_a_row_in_the_docs() -> None:
    assert sorted(name for experiment in EXPERIMENTS for name in experiment.names) == sorted(QUESTIONS)
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    for name, question in QUESTIONS.items():
        assert not question.meanings or set(question.meanings) == set(positions(name))
        (row,) = [row for row in rows if row.startswith(f"| `{name}` |")]
        assert row.endswith(f" | {question.depends} |")


def test_an_emulator_takes_the_positions_that_were_found(tmp_path: Path) -> None:
    found = probed(1)
    findings: list[Finding] = [Fact(name, value, "", "") for name, value in found.facts.items()]
    findings += [Unknown(name, reason) for name, reason in found.unknown.items()]
    file = tmp_path / "facts.json"
    file.write_text(facts_document(findings, REGION, today().now()))
    assert read_facts(file) == replace(Knobs(), **found.facts)
    with Emulator(facts=file).serve() as cloud:
        assert cloud._account.knobs == read_facts(file)
    assert json.loads(file.read_text())["unknown"] == found.unknown


def test_no_password_is_reported() -> None:
    found = probed(0)
    passwords = found.cloud._account.state.registry_logins
    assert passwords
    assert not any(password in line for password in passwords for line in found.lines)
