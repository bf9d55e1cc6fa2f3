"""Models: what is accepted, the message for every problem, the schema and the table that come from the class."""

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeAlias

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from msgspec import Meta

from fcpin.errors import InvalidInput, InvalidPolicy, InvalidSettings, Problem
from fcpin.image import Repository
from fcpin.models import (
    Model,
    PlainText,
    SecretText,
    Text,
    about,
    from_text,
    json_schema,
    options_table,
    read,
    read_or_note,
    text_form,
)


def parse_duration(text: str) -> timedelta:
    if not text.endswith("s"):
        raise ValueError(f"must be a duration such as 90s, got {text!r}")
    return timedelta(seconds=float(text[:-1]))


if TYPE_CHECKING:
    Duration: TypeAlias = timedelta
    RepositoryName: TypeAlias = Repository
else:
    Duration = from_text(timedelta, parse_duration, pattern="s$")
    RepositoryName = from_text(Repository, Repository.parse)


class Mode(StrEnum):
    DEPLOY = "deploy"
    APPROVE = "approve"


Region = Annotated[str, Meta(pattern="^[a-z]+-[a-z]+$"), text_form("a region such as cn-hangzhou")]


class Login(Model):
    schema_rules: ClassVar = {"dependencies": {"password": ["user"]}}
    user: Annotated[Text | None, about("Who logs in.")] = None
    password: Annotated[SecretText | None, about("Set it with --secret.")] = None

    def __post_init__(self) -> None:
        if self.password and not self.user:
            raise InvalidInput(Problem("user", "is required: password is given"))


class Window(Model):
    start: Annotated[Text, about("When it begins.")] = msgspec.field(name="from")
    days: tuple[Text, ...] = ()

    def __post_init__(self) -> None:
        if self.start == "never":
            raise ValueError("is never open")


class Entry(Model):
    repository: Annotated[RepositoryName, about("What is [deployed](registries.md).", example="r.example.com/shop/app")]
    region: Annotated[Region | None, about("Where it runs.", default="`alicloud:region`")] = None
    mode: Annotated[Mode, about("How it is deployed.", variable="FCPIN_MODE")] = Mode.DEPLOY
    rule: Literal["strict", "seed"] = "strict"
    memory: Annotated[int, Meta(ge=128, le=32768, multiple_of=64)] = 512
    deadline: Annotated[float, Meta(gt=0, le=86400)] = 600.0
    adopt: bool = False
    wait: Duration | None = None
    login: Annotated[Login | None, about("A login.")] = None
    windows: tuple[Window, ...] = ()
    days: Text | Annotated[tuple[Text, ...], Meta(min_length=1)] | None = None
    variables: dict[str, PlainText] = msgspec.field(default_factory=dict)
    names: dict[Annotated[str, Meta(pattern="^[a-z]+$")], Text] = msgspec.field(default_factory=dict)


REPOSITORY = {"repository": "r.example.com/shop/app"}
PATH = "fcpin:functions.api"

PROBLEMS: list[tuple[Any, str]] = [
    ([], "fcpin:functions.api: expected a mapping, got a list"),
    ({}, ".repository: is required, such as r.example.com/shop/app"),
    ({"repository": None}, ".repository: is required, such as r.example.com/shop/app"),
    ({"repository": 7}, ".repository: expected text such as r.example.com/shop/app, got 7"),
    ({"repository": " "}, ".repository: must not be empty; remove it or fill it in"),
    (REPOSITORY | {"repositry": "a"}, ".repositry: unknown key; did you mean repository?"),
    (REPOSITORY | {"a.b": 1}, '["a.b"]: unknown key; known: repository, region, mode'),
    (REPOSITORY | {"\ud800": 1}, r".\ud800: unknown key; known: repository, region, mode"),
    (REPOSITORY | {"region": "mars"}, ".region: expected a region such as cn-hangzhou, got 'mars'"),
    (REPOSITORY | {"region": True}, ".region: expected text, got True; put it in quotes: 'true'"),
    (REPOSITORY | {"mode": "wait"}, ".mode: must be deploy or approve, got 'wait'"),
    (REPOSITORY | {"rule": 1}, ".rule: must be seed or strict, got 1"),
    (REPOSITORY | {"memory": 100}, ".memory: must be a whole number from 128 to 32768, got 100"),
    (REPOSITORY | {"memory": 129}, ".memory: must be a multiple of 64, got 129"),
    (REPOSITORY | {"memory": 128.5}, ".memory: expected a whole number, got 128.5"),
    (REPOSITORY | {"memory": "128"}, ".memory: expected a whole number, got '128'"),
    (REPOSITORY | {"deadline": 0}, ".deadline: must be a number of more than 0 and at most 86400, got 0"),
    (REPOSITORY | {"deadline": float("nan")}, ".deadline: must be a number of more than 0 and at most 86400, got nan"),
    (REPOSITORY | {"deadline": True}, ".deadline: expected a number, got True"),
    (REPOSITORY | {"adopt": "true"}, ".adopt: expected true or false, got 'true'"),
    (REPOSITORY | {"wait": "1h"}, ".wait: must be a duration such as 90s, got '1h'"),
    (REPOSITORY | {"login": {"password": "x"}}, ".login.user: is required: password is given"),
    (REPOSITORY | {"login": {"password": 12345}}, ".login.password: expected text, got a number; put it in quotes"),
    (REPOSITORY | {"windows": {}}, ".windows: expected a list of a mapping, got a mapping"),
    (REPOSITORY | {"windows": [{"from": "never"}]}, ".windows[0]: is never open"),
    (REPOSITORY | {"windows": [{"from": "9"}, {}]}, ".windows[1].from: is required"),
    (REPOSITORY | {"days": [1]}, ".days[0]: expected text, got 1; put it in quotes: '1'"),
    (REPOSITORY | {"days": []}, ".days: must have at least 1 items, got 0"),
    (REPOSITORY | {"days": 1}, ".days: expected text or a list of text, got 1"),
    (REPOSITORY | {"variables": {"A": None}}, ".variables.A: expected text, got None"),
    (REPOSITORY | {"names": {"B": "x"}}, ".names.B: expected text that matches ^[a-z]+$, got 'B'"),
]


@pytest.mark.parametrize(("value", "message"), PROBLEMS, ids=[row[1] for row in PROBLEMS])
def test_a_problem_names_place_expectation_and_remedy(value: Any, message: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        read(Entry, value, PATH)
    expected = message if message.startswith(PATH) else PATH + message
    assert str(caught.value).startswith(expected)
    assert len(caught.value.problems) == 1
    assert "12345" not in str(caught.value)


def test_every_problem_is_reported_and_of_the_type_that_the_caller_wants() -> None:
    value = {
        "region": 5,
        "wait": "x",
        "login": {"password": "p"},
        "windows": [{"from": ""}, {"from": "never", "until": 1}],
        "colour": 1,
    }
    with pytest.raises(InvalidPolicy) as caught:
        read(Entry, value, error=InvalidPolicy)
    assert [problem.path for problem in caught.value.problems] == [
        "colour",
        "repository",
        "region",
        "wait",
        "login.user",
        "windows[0].from",
        "windows[1].until",
    ]


def test_null_is_a_missing_key_and_a_whole_number_may_be_a_float() -> None:
    found = read(Entry, REPOSITORY | {"mode": None, "memory": 1024.0, "adopt": None, "days": ["mon"], "wait": "90s"})
    assert found == Entry(
        repository=Repository.parse(REPOSITORY["repository"]), memory=1024, days=("mon",), wait=timedelta(seconds=90)
    )
    assert type(found.memory) is int


def test_a_collection_of_models_is_read_with_its_names_in_the_paths() -> None:
    with pytest.raises(InvalidSettings, match=r'^functions\["a\.b"\]\.repository: is required'):
        read(dict[str, Entry], {"a.b": {}}, "functions")


VALUES = st.sampled_from(
    [
        None,
        True,
        0,
        128,
        512.0,
        700.5,
        "",
        "x",
        "deploy",
        "90s",
        [],
        ["x", 1],
        [{"from": "x"}],
        [{"from": None}],
        {},
        {"user": "ci"},
        {"A": "x"},
        {"a": "x"},
        {"password": "p"},
    ]
)
ENTRIES = st.fixed_dictionaries(
    {"repository": st.sampled_from(["r.example.com/shop/app", "", None])},
    optional={name: VALUES for name in Entry.__struct_fields__ if name != "repository"},
)


def strict(value: Any) -> Entry | None:
    def parsed(kind: Any, text: Any) -> Any:
        return kind.parse(text) if isinstance(text, str) else text

    try:
        return msgspec.convert(value, Entry, dec_hook=parsed)
    except (msgspec.ValidationError, InvalidInput):
        return None


@given(ENTRIES)
def test_all_that_msgspec_accepts_is_accepted_and_the_rest_is_a_problem_or_null_or_a_whole_float(value: Any) -> None:
    expected = strict(value)
    problems: list[Problem] = []
    found = read_or_note(Entry, value, "", problems)
    if problems:
        assert found is None
        assert expected is None
        return
    assert expected in (None, found)
    assert expected == found or any(item is None or isinstance(item, float | dict | list) for item in value.values())


def test_the_schema_completes_every_key_and_marks_what_is_refused() -> None:
    schema = json_schema(Entry, "An entry")
    Draft7Validator.check_schema(schema)
    assert schema["required"] == ["repository"]
    assert schema["properties"]["repository"] == {"type": "string", "description": "What is deployed."}
    assert schema["properties"]["mode"] == {
        "description": "How it is deployed.", "enum": ["approve", "deploy"], "default": "deploy",
    }  # fmt: skip
    assert schema["properties"]["login"]["dependencies"] == {"password": ["user"]}
    assert schema["properties"]["login"]["description"] == "A login."
    valid = Draft7Validator(schema).is_valid
    assert valid(REPOSITORY | {"login": {"user": "ci", "password": {"secure": "AAAB"}}, "memory": 128})
    assert not valid(REPOSITORY | {"login": {"user": {"secure": "AAAB"}}})
    assert not valid(REPOSITORY | {"region": None})
    assert not valid(REPOSITORY | {"colour": 1})


def test_the_table_of_the_docs_has_a_row_for_every_key() -> None:
    assert (
        options_table(Window)
        == "| key | value | default | meaning |\n|---|---|---|---|\n| `from` | text | required | When it begins. |\n| `days` | list of text |  |  |\n"
    )
    rows = options_table(Entry).splitlines()
    assert rows[2] == "| `repository` | text | required |  | What is [deployed](registries.md). |"
    assert rows[3] == "| `region` | text | `alicloud:region` |  | Where it runs. |"
    assert rows[4] == "| `mode` | `deploy`, `approve` | `deploy` | `FCPIN_MODE` | How it is deployed. |"
    assert rows[6] == "| `memory` | whole number, 128 to 32768, in steps of 64 | `512` |  |  |"
