"""A preview as a pull request shows it."""

import json
from typing import Any

import pytest

from fcpin.image import PIN_TYPE
from tests.support.command import fcpin

PINNED = f"urn:pulumi:dev::shop::{PIN_TYPE}"
OLD = {"tag": "main-11", "digest": f"sha256:{'a' * 64}", "image": "r.example.com/shop/app:main-11"}
MOVED = {**OLD, "digest": f"sha256:{'b' * 64}"}
NEW = {"tag": "main-12", "digest": f"sha256:{'b' * 64}", "image": "r.example.com/shop/app:main-12"}


def step(op: str, old: dict[str, Any] | None, new: dict[str, Any] | None, urn: str = f"{PINNED}::checkout") -> Any:
    named = {"function_name": "checkout-dev"}
    states = {"oldState": old, "newState": new}
    return {
        "op": op,
        "urn": urn,
        **{key: {"inputs": {**named, **inputs}} for key, inputs in states.items() if inputs is not None},
    }


def changes(*steps: Any, diagnostics: list[dict[str, str]] | None = None) -> tuple[int, str]:
    preview = json.dumps({"steps": steps, "diagnostics": diagnostics or []})
    answer = fcpin("changes", stdin=preview)
    return answer.code, answer.out


OLD_PIN, NEW_PIN = "`main-11@aaaaaaaaaaaa`", "`main-12@bbbbbbbbbbbb`"
CPU = {"config": {"cpu": 1}}
ROWS: list[tuple[str, Any, str]] = [
    ("a newer tag", step("update", OLD, NEW), f"| update | `checkout-dev` | {OLD_PIN} | {NEW_PIN} |  |"),
    ("a moved tag", step("update", OLD, MOVED), f"| update | `checkout-dev` | {OLD_PIN} | `main-11@bbbbbbbbbbbb` |  |"),
    (
        "settings",
        step("update", OLD, {**OLD, **CPU}),
        f"| update | `checkout-dev` |  | {OLD_PIN}, unchanged | `config` |",
    ),
    ("a new function", step("create", None, NEW), f"| create | `checkout-dev` |  | {NEW_PIN} |  |"),
    ("a deleted function", step("delete", OLD, None), f"| delete | `checkout-dev` | {OLD_PIN} |  |  |"),
    ("a pin that is not known yet", step("create", None, {}), "| create | `checkout-dev` |  |  |  |"),
]


@pytest.mark.parametrize(("taken", "row"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_every_change_is_a_row(taken: Any, row: str) -> None:
    status, markdown = changes(taken)
    assert status == 0
    assert row in markdown.splitlines()


def test_rows_that_do_not_fit_120_columns_become_a_list() -> None:
    tags = [f"release-{number * 40}" for number in "12"]
    old, new = ({"tag": tag, "digest": f"sha256:{tag[-1] * 64}", "image": f"r.example.com/app:{tag}"} for tag in tags)
    markdown = changes(
        step("update", old, {**new, "config": {"cpu": 1}}), step("delete", old, None), step("update", OLD, OLD)
    )[1]
    assert markdown.splitlines()[1:] == [
        "",
        "- update `checkout-dev`, also `config`",
        f"  `{tags[0]}@111111111111` =>",
        f"  `{tags[1]}@222222222222`",
        "- delete `checkout-dev`",
        f"  `{tags[0]}@111111111111`",
        "- update `checkout-dev`",
        "  `main-11@aaaaaaaaaaaa`, unchanged",
    ]


def test_messages_fit_120_columns_with_short_digests() -> None:
    text = {"severity": "warning", "message": f"checkout: {'deployed was ' * 10}app:main@sha256:{'c' * 64}\nnext"}
    lines = changes(step("same", OLD, OLD), diagnostics=[text])[1].splitlines()
    assert all(len(line) <= 120 for line in lines)
    assert f"app:main@sha256:{'c' * 12}" in " ".join(lines).split()
    assert "  next" in lines


STACK = step("same", {}, {}, "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev")
SAME = step("same", OLD, OLD)
ROLE = {"op": "create", "urn": "urn:pulumi:dev::shop::alicloud:ram/role:Role::fc", "newState": {"inputs": {}}}
NESTED = step("update", OLD, NEW, f"urn:pulumi:dev::shop::shop:Web${PIN_TYPE}::web")
TEXTS: list[tuple[str, list[Any], str]] = [
    ("counts", [step("update", OLD, NEW), step("create", None, NEW), step("update", OLD, NEW)], "### `dev`: 1 to create, 2 to update\n"),
    ("no changes", [SAME], "### `dev`: no changes, 1 function as pinned\n"),
    ("what the Pulumi CLI does not list", [STACK], "### `dev`: no changes\n"),
    ("what it lists twice after a refresh", [STACK, step("refresh", OLD, OLD), SAME], "### `dev`: no changes, 1 function as pinned\n"),
    ("a function inside a component", [NESTED], "`checkout-dev`"),
    ("another resource", [SAME, ROLE], "### `dev`: no changes of pinned functions, 1 function as pinned\n"),
    ("the other resources", [SAME, ROLE], "Other resources: 1 to create."),
]  # fmt: skip


@pytest.mark.parametrize(("steps", "text"), [row[1:] for row in TEXTS], ids=[row[0] for row in TEXTS])
def test_steps_are_counted(steps: list[Any], text: str) -> None:
    code, markdown = changes(*steps)
    assert code == 0
    assert text in markdown


def test_warnings_stand_below_once() -> None:
    text = {"severity": "warning", "message": "warning: checkout: held at main-11 ``` <b>"}
    markdown = changes(step("same", OLD, OLD), diagnostics=[text, text])[1]
    assert markdown.count("warning: checkout: held at main-11 ''' <b>") == 1


def test_a_failed_preview_fails() -> None:
    status, markdown = changes(diagnostics=[{"severity": "error", "message": "error: no tag qualifies"}])
    assert status == 1
    assert "### the preview failed" in markdown
    assert "error: no tag qualifies" in markdown


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"steps": [1]}', '{"steps": 3}', "Previewing update (dev)"])
def test_anything_else_is_refused(text: str) -> None:
    answer = fcpin("changes", stdin=text)
    assert answer.code == 2
    assert "pulumi preview --json" in answer.err
