"""What Serverless Devs makes of files is what is read of them, and no reference costs more than a moment."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from time import process_time
from typing import Any

import pytest
import yaml

from fcpin.serverless_devs.document import SourceFile, SYaml
from fcpin.serverless_devs.references import Unresolved, with_environment

CASES = json.loads((Path(__file__).parent / "data" / "answers.json").read_text())
"""Files, and what @serverless-devs/parse-spec 0.0.29 made of them: `new ParseSpec("s.yaml").start()`."""
PATHS = {
    "component": ["component"],
    "functionName": ["props", "functionName"],
    "region": ["props", "region"],
    "runtime": ["props", "runtime"],
    "image": ["props", "customContainerConfig", "image"],
}


def read_in(files: Mapping[str, str], folder: PurePosixPath) -> Callable[[str], str]:
    return lambda name: files[str(folder / name)]


def document_of(files: Mapping[str, str]) -> SYaml:
    main = yaml.safe_load(files["s.yaml"])
    found = [SourceFile(main, read_in(files, PurePosixPath()))]
    if "extend" in main:
        base = PurePosixPath(main["extend"])
        found.insert(0, SourceFile(yaml.safe_load(files[str(base)]), read_in(files, base.parent)))
    return SYaml(found)


@pytest.mark.parametrize("case", CASES, ids=[case["label"] for case in CASES])
def test_files_are_read_as_serverless_devs_reads_them(case: Any) -> None:
    document = document_of(case["files"])
    for name, expected in case["answers"].items():
        found = {key: document.get(name, *path) for key, path in PATHS.items()}
        filled = {key: text and with_environment(text, case["environment"]) for key, text in found.items()}
        assert filled == expected, name
    assert set(document.resources) == set(case["answers"])


def one(vars_: Any, **props: Any) -> SYaml:
    content = {"edition": "3.0.0", "vars": vars_, "resources": {"a": {"component": "fc3", "props": props}}}
    return SYaml([SourceFile(content, str)])


DOUBLING = {f"v{number}": f"${{vars.v{number + 1}}}${{vars.v{number + 1}}}" for number in range(60)}
CHAIN = {f"v{number}": f"${{vars.v{number + 1}}}" for number in range(500)}
COSTLY = [
    ("a text that doubles and doubles", one({**DOUBLING, "v60": "x"}, x="${vars.v0}")),
    ("one of nothing", one({**DOUBLING, "v60": ""}, x="${vars.v0}")),
    ("one long enough", one({**{key: DOUBLING[key] for key in list(DOUBLING)[40:]}, "v60": "x"}, x="${vars.v40}")),
    ("a long chain", one({**CHAIN, "v500": "x"}, x="${vars.v0}")),
    ("a circle", one({"a": "${vars.b}", "b": "${vars.c}", "c": "${vars.a}"}, x="${vars.a}")),
    ("a circle inside of a text", one({"a": "-${vars.b}", "b": "-${vars.a}"}, x="${vars.a}")),
    ("a circle of mappings", one({"a": {"b": "${vars.a}"}}, x="${vars.a.b.b.b.b}")),
    ("calls inside of calls", one({}, x=f"${{{'json(' * 1000}'1'{')' * 1000}}}")),
    ("JSON that is nested deep", one({"a": "[" * 100_000}, x="${json(vars.a)}")),
]


@pytest.mark.parametrize("document", [row[1] for row in COSTLY], ids=[row[0] for row in COSTLY])
def test_references_that_lead_nowhere_end_in_one_line_and_soon(document: SYaml) -> None:
    started = process_time()
    with pytest.raises(Unresolved) as caught:
        document.get("a", "props", "x")
    assert process_time() - started < 1
    assert len(str(caught.value)) < 300
    assert "\n" not in str(caught.value)
