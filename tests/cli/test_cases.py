"""`fcpin test-policy`: users' own cases, what failed and why, and one line with its place for everything wrong."""

from pathlib import Path

import pytest

from tests.support.command import Answer, fcpin
from tests.support.examples import Example, examples

DOCS = Path(__file__).parent.parent.parent / "docs"
PAGE = DOCS / "testing-policies.md"
FAMILY = "policy: {family: {name: main}}\n"


def try_cases(folder: Path, text: str | bytes) -> Answer:
    """The answer for a file of that text."""
    file = folder / "cases.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return fcpin("test-policy", str(file))


EXPECTED = [
    # label, case, what it got in the end: nothing where it passes
    ("the tag that is chosen", "tags: [main-1, main-2], expect: {tag: main-2}", ""),
    ("another tag", "tags: [main-1, main-2], expect: {tag: main-1}", "expected main-1, got main-2: newest of 2"),
    ("a tag where none qualifies", "tags: [dev-1], expect: {tag: dev-1}", "expected dev-1, got no tag: the only tag does not"),
    ("no tag", "tags: [dev-1], expect: {none: true}", ""),
    ("no tag where one is chosen", "tags: [main-1], expect: {none: true}", "expected no tag, got main-1"),
    ("a pin that is kept", "tags: [main-1], current: main-2, expect: {keep: true}", ""),
    ("a pin that is kept where a tag is chosen", "tags: [main-3], current: main-2, expect: {keep: true}", "expected the current tag kept, got main-3"),
    ("a problem", "policy: {newest: {}, hold: {tag: x, until: 2027-01-01T00:00:00Z}}, now: 2026-01-01T00:00:00Z, tags: [a], expect: {problem: hold.tag}", ""),
    ("a problem where a tag is chosen", "tags: [main-1], expect: {problem: hold.tag}", "expected a problem at hold.tag, got main-1"),
    ("a tag where there is a problem", "policy: {family: {}}, tags: [main-1], expect: {tag: main-1}", "expected main-1, got a problem at policy.family.name: policy.family.name: is required"),
    ("tags that are rejected", "tags: [main-1, main-2, dev-1], expect: {tag: main-2, rejected: [main-1, dev-1]}", ""),
    ("the chosen tag among the rejected ones", "tags: [main-1], expect: {tag: main-1, rejected: [main-1]}", "expected main-1 to be rejected, got it chosen"),
    ("a rejected tag that is not there", "tags: [main-1], expect: {tag: main-1, rejected: [main-9]}", "expected main-9 to be rejected, got no such tag"),
    ("a time of its own", "policy: {newest: {}, min_age: 1h}, now: 2026-01-01T01:00:00Z, tags: [{tag: a, pushed: 2026-01-01T00:00:00Z}], expect: {tag: a}", ""),
    ("an age that is bypassed", "policy: {newest: {}, min_age: 2h}, now: 2026-01-01T01:00:00Z, min_age_bypass: true, tags: [{tag: a, pushed: 2026-01-01T00:00:00Z}], expect: {tag: a}", ""),
]  # fmt: skip


@pytest.mark.parametrize(("case", "failure"), [pytest.param(*row[1:], id=row[0]) for row in EXPECTED])
def test_a_case_passes_or_shows_what_it_got(case: str, failure: str, tmp_path: Path) -> None:
    answer = try_cases(tmp_path, f"{FAMILY}cases:\n- {{name: one, {case}}}\n")
    assert answer.code == (1 if failure else 0)
    assert answer.err == ""
    first, *rest = answer.out.splitlines()
    assert first == ("FAIL  one" if failure else "ok    one")
    assert rest[-1] == ("1 of 1 case failed" if failure else "1 case passed")
    assert f"{tmp_path}/cases.yaml:3: {failure}" in answer.out or not failure


def test_a_failure_shows_the_tags_that_it_is_about(tmp_path: Path) -> None:
    text = "tags: [main-1, main-2, main-3, dev-1, dev-2]\ncases:\n- {name: one, expect: {tag: main-1, rejected: [dev-2]}}\n"
    rows = [
        line.split()[:2] for line in try_cases(tmp_path, FAMILY + text).out.splitlines() if line.startswith(" " * 6)
    ]
    assert rows[1:] == [["TAG", "VERDICT"], ["main-3", "chosen"], ["dev-2", "rejected"], ["main-1", "rejected"]]


def test_the_policy_of_a_stack_is_the_one_that_is_tested(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.prod.yaml").write_text(
        "config:\n  fcpin:functions:\n    checkout: {repository: r.example.com/a, policy: {semver: {range: 1.x}}, config: {cpu: 1}}\n"
    )
    text = "stack: Pulumi.prod.yaml\nfunction: {}\ncases:\n- {{name: one, tags: ['1.0.0', '2.0.0'], expect: {{tag: 1.0.0}}}}\n"
    assert try_cases(tmp_path, text.format("checkout")).code == 0
    answer = try_cases(tmp_path, text.format("orders"))
    assert answer.code == 2
    assert "cases.yaml:2: function: 'orders' is not in fcpin:functions of Pulumi.prod.yaml" in answer.err


ONE = "cases: [{name: one, tags: [main-1], expect: {tag: main-1}}]\n"
WRONG = [
    # label, text, facts of each line on standard error
    ("no YAML", "cases: [", [[":2:1: ", "not valid YAML"]]),
    ("no UTF-8", b"policy:\n\xff", [[":2:1: ", "UTF-8"]]),
    ("nothing", "", [[":1: ", "expected a mapping"]]),
    ("no cases", FAMILY + "cases: []", [[":2: cases: ", "at least one case"]]),
    ("a misspelt key of a case", f"{FAMILY}cases:\n- name: one\n  tags: [main-1]\n  expct: {{}}\n  expect: {{none: true}}", [[":5: cases[0].expct: ", "did you mean expect"]]),
    ("two things expected", f"{FAMILY}cases:\n- {{name: a, tags: [main-1], expect: {{keep: true, none: true}}}}", [["keep and none"]]),
    ("a problem in each case and one of the file", f"{FAMILY}x: 1\ncases:\n- {{name: a, tags: [b], y: 1, expect: {{}}}}\n- {{}}", [[":2: x: "], [":4: cases[0].y: "], [":4: cases[0].expect: "], [":5: cases[1].name: "], [":5: cases[1].expect: "]]),
    ("no policy", ONE, [[":1: policy: ", "none of them"]]),
    ("two policies", f"{FAMILY}stack: x\n{ONE}", [[":1: policy: ", "policy and stack"]]),
    ("a stack that is not there", f"stack: no.yaml\nfunction: a\n{ONE}", [[":1: stack: ", "no.yaml", "No such file"]]),
    ("every problem of a policy once", "policy: {newest: {by: x}, on_empty: y}\ncases:\n- &a {name: a, tags: [b], expect: {none: true}}\n- *a\n", [[":1: policy.newest.by: "], [":1: policy.on_empty: "]]),
    ("no tags", f"{FAMILY}cases: [{{name: a, expect: {{none: true}}}}]", [["tags: ", "none of them"]]),
    ("tags that are none", f"{FAMILY}cases:\n- name: a\n  tags:\n  - main-1\n  - 1.0\n  - {{tag: x, pushed: noon}}\n  expect: {{none: true}}", [[":6: cases[0].tags[1]: ", "in quotes", "1.0"], [":7: cases[0].tags[2]: pushed: ", "noon"]]),
    ("a listing that is not there", f"{FAMILY}tags_file: no.jsonl\n{ONE.replace(' tags: [main-1],', '')}", [[":2: tags_file: ", "no.jsonl", "No such file"]]),
    ("an image for a tag", f"{FAMILY}current: a/b:c\n{ONE}", [[":2: current: ", "'a/b:c'"]]),
    ("a time of no zone", f"{FAMILY}now: 2026-01-01T00:00:00\n{ONE}", [[":2: now: ", "time zone"]]),
    ("no time for a policy that goes by it", f"policy: {{newest: {{}}, min_age: 1h}}\n{ONE}", [[":2: cases[0].now: ", "required"]]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "lines"), [pytest.param(*row[1:], id=row[0]) for row in WRONG])
def test_a_file_that_is_wrong_is_one_line_a_problem(text: str | bytes, lines: list[list[str]], tmp_path: Path) -> None:
    answer = try_cases(tmp_path, text)
    assert (answer.code, answer.out) == (2, "")
    written = answer.err.splitlines()
    assert len(written) == len(lines)
    for line, facts in zip(written, lines, strict=True):
        assert line.startswith(f"fcpin test-policy: {tmp_path}/cases.yaml")
        for fact in facts:
            assert fact in line


def test_several_files_are_one_run_and_one_that_is_missing_is_named(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(f"{FAMILY}cases: [{{name: {name}, tags: [main-1], expect: {{tag: main-1}}}}]\n")
    answer = fcpin("test-policy", str(tmp_path / "a"), str(tmp_path / "b"))
    assert answer.out == "ok    a\nok    b\n2 cases passed\n"
    answer = fcpin("test-policy", str(tmp_path / "a"), "/no/such.yaml")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err == "fcpin test-policy: /no/such.yaml: cannot be read: No such file or directory\n"


def test_a_listing_is_refused_with_its_own_line(tmp_path: Path) -> None:
    (tmp_path / "tags").write_bytes(b'main-1\n{"tag": 1}\n')
    answer = try_cases(tmp_path, f"{FAMILY}tags_file: tags\ncases: [{{name: a, expect: {{none: true}}}}]\n")
    assert "cases.yaml:2: tags_file: tags: line 2: tag: must be text" in answer.err


def test_no_name_and_no_tag_can_steer_the_terminal(tmp_path: Path) -> None:
    text = (
        FAMILY + 'cases: [{name: "\\e[2J", tags: ["\\e[3J", main-1], expect: {tag: "\\e[3J", rejected: ["\\e[3J"]}}]\n'
    )
    answer = try_cases(tmp_path, text)
    assert answer.code == 1
    assert "\x1b" not in answer.out
    assert r"\x1b[2J" in answer.out


@pytest.mark.parametrize("example", list(examples(PAGE)), ids=str)
def test_the_page_shows_what_is_answered(example: Example) -> None:
    assert example.run(DOCS / "policies") == example.output


def test_the_page_shows_the_file_that_is_run() -> None:
    assert f"```yaml\n{(DOCS / 'policies' / 'cases.yaml').read_text()}```" in PAGE.read_text()


def test_a_function_of_a_file_of_functions_is_tried_too(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (tmp_path / "functions").mkdir()
    (tmp_path / "functions" / "a.yaml").write_text("checkout: {repository: r/a/b, policy: {family: {name: main}}}\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {'fcpin:functionFiles': ['functions/*.yaml']}\n")
    answer = try_cases(tmp_path, f"stack: Pulumi.dev.yaml\nfunction: checkout\n{ONE}")
    assert (answer.code, answer.err) == (0, "")
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {'fcpin:functionFiles': ['x/*.yaml']}\n")
    answer = try_cases(tmp_path, f"stack: Pulumi.dev.yaml\nfunction: checkout\n{ONE}")
    assert answer.code == 2
    assert ":1: stack: fcpin:functionFiles: 'x/*.yaml' matches no file" in answer.err
