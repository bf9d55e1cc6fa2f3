"""A document is read with its lines, and written with everything that was in it."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from fcpin.errors import InvalidInput
from fcpin.pipelines.document import DocumentFile
from tests.pipelines.documents import EXAMPLES, example, mended, text_of


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_round_trip_keeps_the_values(name: str) -> None:
    document = example(name)
    text = document.text()
    assert YAML(typ="safe").load(text) == document.tree
    assert DocumentFile.parse(text, Path("again")).text() == text


def test_a_round_trip_keeps_comments_order_quotes_and_unknown_fields() -> None:
    text = (
        'kind: Pipeline # why\nname: "a"\nzebra: {stripes: [1, 2]}\nspec:\n  # the tasks\n  templateSpec:\n'
        "    tasks:\n      - name: 'b' # the build\n        newField: 12e4\n"
    )
    assert DocumentFile.parse(text, Path("p.yaml")).text() == text


def test_a_tab_before_a_comment_is_reported_with_its_line_and_the_rest_is_read() -> None:
    document = example("commit-and-deploy")
    assert [str(each) for each in document.syntax_problems] == [
        "commit-and-deploy.yaml:27: begins with a tab; YAML allows spaces only: replace it"
    ]
    assert len(document.tree["spec"]["templateSpec"]["tasks"]) == 2
    assert not DocumentFile.parse(mended(), Path("mended")).syntax_problems


@pytest.mark.parametrize(
    ("what", "text", "place", "reason"),
    [
        ("a tab before a key", "a:\n\tb: 1\n", "p.yaml:2", "begins with a tab"),
        ("a bracket that stays open", "a:\n  - [b\n", "p.yaml:3:1", "is not valid YAML"),
        ("a second document", "a: 1\n---\nb: 1\n", "p.yaml:2:1", "put each into a file of its own"),
        ("nesting without end", "[" * 500, "p.yaml:1:101", "nested more than 100 levels deep"),
        ("a key that is there twice", "a: 1\na: 2\n", "p.yaml:2:1", "the key 'a' occurs twice"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
def test_invalid_yaml_is_reported_with_its_line(what: str, text: str, place: str, reason: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        DocumentFile.parse(text, Path("p.yaml"))
    (problem,) = caught.value.problems
    assert problem.path == place
    assert reason in problem.reason


def test_a_tab_inside_a_text_is_valid() -> None:
    assert DocumentFile.parse("a: |\n  b\n  \tc\n", Path("p.yaml")).syntax_problems == ()


def test_a_place_is_the_nearest_line() -> None:
    document = example("default-environment")
    line = text_of("default-environment").splitlines().index("            build:") + 1
    assert document.file.place("spec.templateSpec.tasks[0].context.data.build.instanceID") == (
        f"default-environment.yaml:{line}"
    )
