"""`fcpin select` and `fcpin explain`: tags in, a selection out, and one line for each problem."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import fcpin

FAMILY = '{"family": {"name": "main"}}'
NEWEST = '{"newest": {}}'


def test_a_tag_is_chosen_and_every_other_one_has_a_reason() -> None:
    answer = fcpin("select", "--policy", FAMILY, stdin="main\nmain-2\nmain-33\ndev-1\n")
    assert answer.code == 0
    assert answer.err == ""
    assert list(answer.json) == ["tag", "digest", "reason", "rejected"]
    assert (answer.json["tag"], answer.json["digest"]) == ("main-33", None)
    assert [sorted(item) for item in answer.json["rejected"]] == [["reason", "tag"]] * 3
    assert {item["tag"] for item in answer.json["rejected"]} == {"main", "main-2", "dev-1"}


SEMVER = '{"semver": {"range": "1.x"}}'
HELD = '{"family": {"name": "main"}, "hold": {"tag": "main-2", "until": "2026-12-01T00:00:00+08:00", "reason": "slow"}}'
AGED = '{"newest": {}, "min_age": "2h"}'
PUSHED = '{"tag": "a", "pushed": "2026-01-01T08:00:00Z"}\n{"tag": "b", "pushed": "2026-01-01T09:00:00Z"}'
SELECTIONS = [
    # label, policy, options, standard input, exit status, tag, what `explain` shows
    ("no tag qualifies", FAMILY, [], "dev-1\n", 3, None, "no tag: "),
    ("nothing on standard input", FAMILY, [], "", 3, None, "no tag: "),
    ("the current tag rather than an older one", FAMILY, ["--current", "main-40"], "main-33\n", 0, "main-40", "kept: main-40"),
    ("the current tag outside of the policy", SEMVER, ["--current", "2.0.0"], "1.0.0\n2.0.0\n", 0, "2.0.0", "2.0.0  kept"),
    ("a warning", '{"digest": {"tag": "main"}}', [], "main\n", 0, "main", "warning: "),
    ("a warning without a tag", '{"digest": {"tag": "main"}}', [], "dev\n", 3, None, "warning: "),
    ("a hold before its end", HELD, ["--now", "2026-11-30T15:59:59Z"], "main-2\nmain-3\n", 0, "main-2", "held at main-2 until 2026-11-30T16:00:00Z: slow"),
    ("a hold at its end", HELD, ["--now", "2026-11-30T16:00:00Z"], "main-2\nmain-3\n", 0, "main-3", "warning: "),
    ("a hold that is over now", HELD.replace("2026", "2020"), [], "main-2\nmain-3\n", 0, "main-3", "warning: "),
    ("a tag that is too young", AGED, ["--now", "2026-01-01T10:59:59Z"], PUSHED, 0, "a", "matures at 2026-01-01T11:00:00Z"),
    ("a tag that is old enough", AGED, ["--now", "2026-01-01T11:00:00Z"], PUSHED, 0, "b", "newest of 2"),
    ("a bypassed age", AGED, ["--now", "2026-01-01T10:00:00Z", "--min-age-bypass"], PUSHED, 0, "b", "min_age 2h bypassed"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("policy", "options", "stdin", "code", "tag", "shown"), [pytest.param(*row[1:], id=row[0]) for row in SELECTIONS]
)
def test_select_and_explain_agree(
    policy: str, options: list[str], stdin: str, code: int, tag: str | None, shown: str
) -> None:
    selected, explained = (
        fcpin(command, "--policy", policy, *options, stdin=stdin) for command in ("select", "explain")
    )
    assert (selected.code, explained.code) == (code, code)
    assert (selected.json["tag"], selected.json["digest"]) == (tag, None)
    assert selected.json.get("keep", False) is ("kept" in shown)
    assert bool(selected.json.get("warnings")) is ("warning: " in explained.out)
    assert shown in explained.out


INPUTS = [
    # label, standard input
    ("JSON objects, one a line", '{"tag": "a", "pushed": "2026-01-02T00:00:00Z"}\n{"tag": "b", "pushed": "2026-01-01T00:00:00Z"}'),
    ("a JSON array", '\n[{"tag": "a", "pushed": "2026-01-02T00:00:00Z"}, {"tag": "b", "pushed": "2026-01-01T00:00:00Z"}, "c"]'),
    ("milliseconds, as ACR gives them", '{"tag": "a", "pushed": "1767312000000"}\n{"tag": "b", "pushed": 1767225600000}'),
    ("another time zone", '{"tag": "a", "pushed": "2026-01-01T23:00:00+08:00"}\n{"tag": "b", "pushed": "2026-01-01T14:59:59.5Z"}'),
    ("Windows lines and a byte order mark", '\ufeff{"tag": "a", "pushed": 2}\r\n\r\n{"tag": "b", "pushed": 1}\r\n'),
    ("a tag that is being deleted", '{"tag": "a", "pushed": 1}\n{"tag": "b", "pushed": 2, "status": "DELETING"}'),
    ("keys of a registry's own", '{"tag": "a", "pushed": 1, "size": 7, "created": null, "status": null}\nb'),
]  # fmt: skip


@pytest.mark.parametrize("stdin", [pytest.param(row[1], id=row[0]) for row in INPUTS])
def test_inputs(stdin: str) -> None:
    answer = fcpin("select", "--policy", NEWEST, stdin=stdin)
    assert answer.err == ""
    assert answer.json["tag"] == "a"


def test_a_digest_with_or_without_its_algorithm() -> None:
    digest = "9c" * 32
    lines = f'{{"tag": "main-1", "digest": "{digest}"}}\n{{"tag": "main-2", "digest": "sha256:{digest}"}}'
    assert fcpin("select", "--policy", FAMILY, stdin=lines).json["digest"] == f"sha256:{digest}"


WRONG = [
    # label, argv, standard input, facts of each line on standard error
    ("no UTF-8", ["--policy", NEWEST], b"main\xff", [["standard input", "UTF-8", "byte 4"]]),
    ("broken JSON", ["--policy", NEWEST], 'a\n{"tag": ', [["line 2", "not valid JSON", "column"]]),
    ("broken array", ["--policy", NEWEST], '["a"', [["standard input", "not valid JSON"]]),
    ("no end of brackets", ["--policy", NEWEST], "[" * 100_000, [["standard input", "nested more than 100 levels deep"]]),
    ("each wrong line by itself", ["--policy", NEWEST], '{"tag": 1}\nok\n{"status": "x"}', [["line 1", "tag", "1"], ["line 3", "tag"]]),
    ("an item that is no tag", ["--policy", NEWEST], '["a", 7]', [["item 1", "7"]]),
    ("a time without a zone", ["--policy", NEWEST], '{"tag": "a", "pushed": "2026-01-01T00:00:00"}', [["line 1", "pushed", "time zone"]]),
    ("a time beyond all calendars", ["--policy", NEWEST], '{"tag": "a", "pushed": 99999999999999999999}', [["line 1", "pushed"]]),
    ("true for a time", ["--policy", NEWEST], '{"tag": "a", "pushed": true}', [["line 1", "pushed", "True"]]),
    ("a digest too short", ["--policy", NEWEST], '{"tag": "a", "digest": "sha256:12"}', [["line 1", "digest", "64"]]),
    ("a status that is a number", ["--policy", NEWEST], '{"tag": "a", "status": 12}', [["line 1", "status"]]),
    ("a policy that is no JSON", ["--policy", "{newest}"], "", [["--policy", "not valid JSON", "column 2"]]),
    ("a policy in a file that is not there", ["--policy", "@/no/such.json"], "", [["--policy", "/no/such.json", "No such file"]]),
    ("every mistake of a policy", ["--policy", '{"newest": {"by": 1}, "protect": {}}'], "", [["newest.by"], ["protect", "pin_tag"]]),
    ("a current image instead of a tag", ["--policy", NEWEST, "--current", "a/b:c"], "", [["--current", "'a/b:c'", "tag"]]),
    ("a word for the time", ["--policy", NEWEST, "--now", "noon"], "", [["--now", "'noon'", "2026-12-01T00:00:00Z"]]),
    ("a hold at a tag that is not there", ["--policy", '{"newest": {}, "hold": {"tag": "a", "until": "9999-01-01T00:00:00Z"}}'], "b", [["hold.tag", "a is not among"]]),
]  # fmt: skip


@pytest.mark.parametrize(("argv", "stdin", "lines"), [pytest.param(*row[1:], id=row[0]) for row in WRONG])
def test_wrong_input_is_one_line_a_problem(argv: list[str], stdin: str | bytes, lines: list[list[str]]) -> None:
    for command in ("select", "explain"):
        answer = fcpin(command, *argv, stdin=stdin)
        assert (answer.code, answer.out) == (2, "")
        written = answer.err.splitlines()
        assert len(written) == len(lines)
        for line, facts in zip(written, lines, strict=True):
            assert line.startswith(f"fcpin {command}: ")
            for fact in facts:
                assert fact in line


def test_a_thousand_wrong_lines_do_not_flood_the_terminal() -> None:
    answer = fcpin("select", "--policy", NEWEST, stdin='{"tag": 1}\n' * 1000)
    assert answer.code == 2
    assert len(answer.err.splitlines()) == 21
    assert "980 more" in answer.err


def test_a_policy_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "policy.json"
    file.write_text(FAMILY)
    assert fcpin("select", "--policy", f"@{file}", stdin="main-2\n").json["tag"] == "main-2"
    file.write_bytes(b"\xff")
    assert "UTF-8" in fcpin("select", "--policy", f"@{file}").err


def test_explain_gives_every_tag_a_verdict_and_counts_the_reasons() -> None:
    lines = '{"tag": "main-1", "pushed": "2026-01-01T00:00:00Z"}\n{"tag": "main-2", "pushed": "2026-01-02T00:00:00Z"}\ndev-1\ndev-2'
    answer = fcpin("explain", "--policy", FAMILY, stdin=lines)
    assert answer.code == 0
    rows = [line.split() for line in answer.out.splitlines()]
    assert rows[0] == ["TAG", "VERDICT", "PUSHED", "WHY"]
    assert [(row[0], row[1]) for row in rows[1:5]] == [
        ("main-2", "chosen"),
        ("dev-1", "rejected"),
        ("dev-2", "rejected"),
        ("main-1", "rejected"),
    ]
    assert "2026-01-02" in answer.out
    assert any(row[:5] == ["2", "is", "not", "of", "the"] for row in rows)
    assert rows[-1][:2] == ["chosen:", "main-2,"]


AGED_TAGS = "".join(f'{{"tag": "main-{hour}", "pushed": "2026-01-01T{hour:02}:00:00Z"}}\n' for hour in range(12))
AGED_FAMILY = ["--policy", '{"family": {"name": "main"}, "min_age": "2h"}', "--now", "2026-01-01T11:30:00Z"]


def test_explain_shows_what_comes_next_if_only_time_passes_and_its_json_has_all_of_it() -> None:
    lines = fcpin("explain", *AGED_FAMILY, "--current", "main-8", stdin=AGED_TAGS).out.splitlines()
    (chosen,) = (line for line in lines if line.startswith("chosen: "))
    assert chosen.startswith("chosen: main-8 => main-9, newest of 10 of 12 tags")
    assert [line for line in lines if line.startswith("next: ")] == [
        "next: main-10 at 2026-01-01T12:00:00Z, when min_age 2h has passed",
        "next: main-11 at 2026-01-01T13:00:00Z, when min_age 2h has passed",
    ]
    found = fcpin("explain", "--json", *AGED_FAMILY, "--current", "main-8", stdin=AGED_TAGS).json
    assert (found["tag"], found["current"], found["tags"][0]["pushed"]) == (
        "main-9",
        "main-8",
        "2026-01-01T09:00:00+00:00",
    )
    assert [step["tag"] for step in found["next"]] == ["main-10", "main-11"]
    assert (sum(found["counts"].values()), len(found["tags"])) == (11, 12)
    assert [row["tag"] for row in found["tags"] if row["verdict"] == "chosen"] == ["main-9"]


@pytest.mark.parametrize("limit", [0, 1, 3])
def test_explain_shows_at_most_as_many_verdicts_as_the_limit(limit: int) -> None:
    for form in ([], ["--json"]):
        out = fcpin("explain", *form, "--limit", str(limit), *AGED_FAMILY, stdin=AGED_TAGS).out
        assert len(re.findall(r"(?:chosen|rejected)(?:  |\",)", out)) == limit
        assert "newest of 10 of 12" in out
    assert f"{12 - limit} more" in fcpin("explain", "--limit", str(limit), *AGED_FAMILY, stdin=AGED_TAGS).out


def test_no_tag_can_steer_the_terminal() -> None:
    answer = fcpin("explain", "--policy", NEWEST, stdin=r'{"tag": "\u001b[2J"}')
    assert "\x1b" not in answer.out
    assert r"\x1b[2J" in answer.out


@pytest.mark.parametrize("command", [["select"], ["explain"], ["explain", "--json"]], ids=" ".join)
def test_a_tag_of_a_megabyte_is_shortened(command: list[str]) -> None:
    answer = fcpin(*command, "--policy", NEWEST, stdin="a" * 1_000_000)
    assert answer.code == 3
    assert len(answer.out) < 1000
    assert "1000000 characters" in answer.out


def test_options_of_a_registry_need_a_repository() -> None:
    answer = fcpin("explain", "--policy", NEWEST, "--plain-http")
    assert answer.code == 2
    assert "--plain-http: needs --repository" in answer.err


def test_a_terminal_without_the_letters_gets_their_codes() -> None:
    command = [sys.executable, "-m", "fcpin", "explain", "--policy", NEWEST]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        command, input='{"tag": "\u00fc"}', env=environment, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (3, "")
    assert r"\xfc" in done.stdout


def test_a_reader_that_leaves_early_is_no_error() -> None:
    tags = "".join(f"main-{number}\n" for number in range(20_000))
    command = [sys.executable, "-m", "fcpin", "explain", "--policy", FAMILY]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdin.write(tags.encode())
        process.stdin.close()
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 141
