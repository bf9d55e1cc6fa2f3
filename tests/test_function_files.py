"""Functions in files of their own: found, checked together, and each name once."""

import json
from pathlib import Path

import pytest

from fcpin.errors import InvalidSettings
from fcpin.function_files import FUNCTIONS, all_functions, function_files, with_files

ENTRY = "repository: r.example.com/shop/app\n  policy: {family: {name: main}}\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (tmp_path / "functions" / "more").mkdir(parents=True)
    (tmp_path / "functions" / "a.yaml").write_text(f"one:\n  {ENTRY}")
    (tmp_path / "functions" / "b.yaml").write_text("# none yet\n")
    (tmp_path / "functions" / "more" / "c.yaml").write_text(f"two:\n  {ENTRY}three:\n  {ENTRY}")
    return tmp_path


def test_the_files_of_all_patterns_are_read_once_in_order(project: Path) -> None:
    files = function_files('["functions/more/*.yaml", "functions/**/*.yaml"]', project / "functions")
    assert [file.name for file in files] == ["functions/a.yaml", "functions/b.yaml", "functions/more/c.yaml"]
    assert list(all_functions('{"zero": {}}', files)) == ["zero", "one", "two", "three"]
    assert all_functions(None, files)["two"]["policy"] == {"family": {"name": "main"}}
    assert function_files(None, project) == ()


def test_every_reader_of_the_configuration_sees_them_as_if_they_were_in_it(project: Path) -> None:
    values = {FUNCTIONS: '{"zero": {}}', "fcpin:functionFiles": '["functions/a.yaml"]', "fcpin:region": "cn-beijing"}
    get = with_files(values.get, project)
    assert list(json.loads(get(FUNCTIONS))) == ["zero", "one"]
    assert get("fcpin:region") == "cn-beijing"
    plain = {FUNCTIONS: "{}"}
    assert with_files(plain.get, Path("/nowhere"))(FUNCTIONS) == "{}"


WRONG_PATTERNS = [
    ("text", '"functions/*.yaml"', "expected a list of files, such as [functions/*.yaml]"),
    ("numbers", "[1]", "expected a list of files"),
    ("no JSON", "[", "text that is not valid JSON"),
    ("an empty one", '[""]', "expected a list of files"),
    ("an absolute one", '["/etc/*.yaml"]', "[0]: expected a path inside the project"),
    ("one above the project", '["functions/a.yaml", "../x.yaml"]', "[1]: expected a path inside the project"),
    ("NUL", '["a\\u0000b"]', "expected a path inside the project"),
    ("one that matches nothing", '["function/*.yaml"]', "'function/*.yaml' matches no file"),
    ("stars that are none", '["a**b/c.yaml"]', "is not a valid pattern"),
]


@pytest.mark.parametrize(("value", "fact"), [pytest.param(*row[1:], id=row[0]) for row in WRONG_PATTERNS])
def test_a_pattern_that_cannot_be_used_is_one_line(project: Path, value: str, fact: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        function_files(value, project)
    assert str(caught.value).startswith("fcpin:functionFiles")
    assert fact in str(caught.value)


WRONG_FILES = [
    ("no YAML", "one: [", "functions/b.yaml:2:1: is not valid YAML"),
    ("a list", "- one", "functions/b.yaml:1: expected one entry per function"),
    ("an entry that is text", "\none: x", "functions/b.yaml:2: one: expected repository, policy"),
    ("a name that another file has", f"two:\n  {ENTRY}one:\n  {ENTRY}", "functions/b.yaml:4: one is in functions/a.yaml:1 as well"),
    ("a secret", "one2:\n  config: {environment: {A: {secure: v1:x}}}", "functions/b.yaml:1: one2: secrets are only decrypted in fcpin:f"),
    ("a bomb", "a: &a [*a]", "functions/b.yaml:1:8: the alias"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line"), [pytest.param(*row[1:], id=row[0]) for row in WRONG_FILES])
def test_a_file_that_cannot_be_used_is_one_line_with_its_place(project: Path, text: str, line: str) -> None:
    (project / "functions" / "b.yaml").write_text(text)
    with pytest.raises(InvalidSettings) as caught:
        function_files(["functions/*.yaml"], project)
    assert str(caught.value).startswith(line)
    assert "\n" not in str(caught.value)


def test_a_name_that_the_stack_has_too_is_refused_with_both_places(project: Path) -> None:
    files = function_files(["functions/*.yaml"], project)
    with pytest.raises(InvalidSettings, match=r"^functions/a.yaml:1: one is in fcpin:functions of the stack as well"):
        all_functions({"one": {}}, files)


def test_all_problems_of_several_files_are_reported_at_once(project: Path) -> None:
    for name in ("a", "b"):
        (project / "functions" / f"{name}.yaml").write_text("x: 1")
    with pytest.raises(InvalidSettings) as caught:
        function_files(["functions/*.yaml"], project)
    assert [problem.path for problem in caught.value.problems] == ["functions/a.yaml:1", "functions/b.yaml:1"]


def test_without_a_project_there_is_nothing_to_be_relative_to(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match=r"there is no Pulumi.yaml"):
        function_files(["*.yaml"], tmp_path)


def test_an_entry_whose_name_has_dots_has_its_line(project: Path) -> None:
    (project / "functions" / "a.yaml").write_text(f"one:\n  {ENTRY}shop.v2:\n  {ENTRY}")
    (file,) = function_files('["functions/a.yaml"]', project)
    assert file.lines == {"one": 1, "shop.v2": 4}
