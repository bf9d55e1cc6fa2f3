"""The probe finds the position of every knob of the emulator, one at a time and all together."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

import pytest

from fcpin.emulator import Emulator, Knobs
from fcpin.emulator.knobs import read_facts
from fcpin.probe.experiments import EXPERIMENTS, pipelines
from fcpin.probe.facts import document
from fcpin.probe.findings import Fact, Finding, Unknown
from fcpin.probe.meanings import MEANINGS
from tests.probe.laboratory import PATH, REGION, Laboratory, probe, today

NAMES: Final = [field.name for field in fields(Knobs)]
NUMBERS: Final[Mapping[str, Sequence[Any]]] = {
    "create_seconds": (0.2, 5.0),
    "update_seconds": (0.2, 3.0),
    "acr_tag_not_exist_code": ("TAG_NOT_EXIST", "IMAGE_NOT_EXIST"),
    "build_seconds": (0.2, 60.0),
    "oci_page_size": (100, 3),
    "oci_token_seconds": (300, 60),
}
DURATIONS: Final = ("create_seconds", "update_seconds")
LONGEST_PAUSE: Final = 2.0
"""Between two polls, in seconds."""
IN_THE_REPOSITORY: Final = 8
ROUNDS: Final = 3


def positions(name: str) -> Sequence[Any]:
    kind = get_type_hints(Knobs)[name]
    if get_origin(kind) is Literal:
        return get_args(kind)
    return (True, False) if kind is bool else NUMBERS[name]


def turned(round_: int) -> Knobs:
    """Every knob at its position of that number; those that have fewer begin anew."""
    return Knobs(**{name: positions(name)[round_ % len(positions(name))] for name in NAMES})


@cache
def probed(round_: int) -> Laboratory:
    return probe(turned(round_))


POSITIONS: Final = [(name, number) for name in NAMES for number in range(len(positions(name)))]


@pytest.mark.parametrize(
    ("name", "number"), POSITIONS, ids=[f"{name} at {positions(name)[number]}" for name, number in POSITIONS]
)
def test_every_position_is_found(name: str, number: int) -> None:
    check(name, probed(number), turned(number))


@pytest.mark.parametrize("seed", range(4))
def test_any_combination_is_found(seed: int) -> None:
    chance = Random(seed)
    knobs = Knobs(**{name: chance.choice(positions(name)) for name in NAMES})
    found = probe(knobs)
    for name in NAMES:
        check(name, found, knobs)


def check(name: str, found: Laboratory, knobs: Knobs) -> None:
    expected = getattr(knobs, name)
    if not can_be_told(name, knobs):
        assert found.unknown[name]
    elif name in DURATIONS:
        assert expected <= found.facts[name] <= expected + LONGEST_PAUSE
    else:
        assert found.facts[name] == expected, found.unknown.get(name)


def can_be_told(name: str, knobs: Knobs) -> bool:
    match name:
        case "acr_personal":
            return False
        case _ if name in pipelines.NAMES:
            return False
        case "nested_merge":
            return knobs.update_merge == "merge"
        case "oci_page_size":
            return knobs.oci_page_size < IN_THE_REPOSITORY
        case _:
            return True


@pytest.mark.parametrize("position", get_args(get_type_hints(Knobs)["acr_personal"]))
@pytest.mark.parametrize("host", ["registry.cn-hangzhou.aliyuncs.com", "crpi-1.cn-hangzhou.personal.cr.aliyuncs.com"])
def test_a_repository_of_acr_personal_tells_of_its_api(host: str, position: Any) -> None:
    found = probe(Knobs(acr_personal=position), f"{host}/{PATH}")
    assert found.facts["acr_personal"] == position
    assert {"digest_prefix", "masked_login_input"} <= set(found.unknown)
    assert found.facts["same_image_update"] == "re-resolve"


def test_nothing_is_left_and_nobody_elses_is_touched() -> None:
    for round_ in range(ROUNDS):
        found = probed(round_)
        assert found.told[-1] == "everything that was made is removed again"
        assert found.cloud.functions() == []
        repository = found.cloud._account.store.repository(PATH)
        assert list(repository.tags) == ["somebody-elses"]
        assert list(repository.manifests) == [repository.tags["somebody-elses"].digest]


def test_every_fact_is_one_line_that_says_what_it_means() -> None:
    told = [line for line in probed(0).told if line.startswith("same_image_update")]
    assert len(told) == 1
    for fact in ("re-resolve", "moved the tag", "an update with the same image heals a moved tag"):
        assert fact in told[0]


def test_the_questions_are_the_knobs() -> None:
    asked = [name for experiment in EXPERIMENTS for name in experiment.names]
    assert sorted(asked) == sorted(MEANINGS) == sorted(NAMES)
    for name, meanings in MEANINGS.items():
        assert isinstance(meanings, str) or set(meanings) == set(positions(name)), name


def test_an_emulator_obeys_what_was_found(tmp_path: Path) -> None:
    """Probed again, it answers the same."""
    found = probed(1)
    findings: list[Finding] = [Fact(name, value, "", "") for name, value in found.facts.items()]
    findings += [Unknown(name, why) for name, why in found.unknown.items()]
    file = tmp_path / "facts.json"
    file.write_text(document(findings, REGION, today().now()))
    knobs = read_facts(file)
    told = {name: getattr(knobs, name) for name in found.facts}
    assert told == found.facts
    assert knobs == replace(Knobs(), **found.facts)
    with Emulator(facts=file).serve() as cloud:
        assert cloud._account.knobs == knobs
    assert json.loads(file.read_text())["unknown"] == found.unknown


def test_an_update_that_is_done_at_once_tells_nothing_of_two_at_a_time() -> None:
    assert "finished" in probe(Knobs(update_seconds=0)).unknown["concurrent_update"]


def test_no_password_is_told() -> None:
    for round_ in range(ROUNDS):
        found = probed(round_)
        logins = found.cloud._account.state.registry_logins
        assert logins
        assert not any(password in line for password in logins for line in found.told)
