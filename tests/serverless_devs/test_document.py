"""What Serverless Devs makes of files is what is read of them, and no reference costs more than a moment."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from time import process_time
from typing import Any

import pytest
import yaml

from fcpin.errors import InvalidInput
from fcpin.serverless_devs.document import SourceFile, SYaml
from fcpin.serverless_devs.references import Unresolved, with_environment
from fcpin.yaml_reader import YamlFile

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


BASE = """
edition: 3.0.0
vars:
  region: cn-hangzhou
template:
  global: {region: "${vars.region}", runtime: custom-container, vpcConfig: auto}
resources:
  till:
    component: fc3@0.1.4
    extend: {name: global, ignore: [vpcConfig]}
    props:
      functionName: checkout-${this.props.region}
      customContainerConfig: {image: "registry-vpc.cn-hangzhou.aliyuncs.com/shop/app:${file('tag.txt')}"}
"""


def document_at(folder: Path, files: Mapping[str, str | bytes]) -> SYaml:
    """That of s.yaml among *files*."""
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return SYaml.read(YamlFile.read(folder / "s.yaml"))


def test_a_file_that_extends_another_is_merged_with_it_and_reads_files_of_its_folder(tmp_path: Path) -> None:
    mine = "extend: conf/base.yaml\nvars: {region: cn-shanghai}\nresources: {till: {props: {region: cn-beijing}}}"
    files = {"s.yaml": mine, "conf/base.yaml": BASE, "conf/tag.txt": "4.5.5-ls239\n"}
    document = document_at(tmp_path, files)
    assert document.get("till", "props", "functionName") == "checkout-cn-shanghai"
    assert document.get("till", "props", "region") == "cn-beijing"
    image = document.get("till", "props", "customContainerConfig", "image")
    assert image == "registry-vpc.cn-hangzhou.aliyuncs.com/shop/app:4.5.5-ls239"


EXTENDS: list[tuple[str, str, dict[str, str], str]] = [
    # label, s.yaml, other files, a part of the problem
    ("a file that is not there", "extend: base.yml", {}, "s.yaml:1: extend: {folder}/base.yml cannot be read: No such file"),
    ("itself", "extend: s.yaml", {}, "s.yaml:1: extend: {folder}/s.yaml extends a file itself"),
    ("a chain", "extend: a.yaml", {"a.yaml": "extend: b.yaml", "b.yaml": BASE}, "{folder}/a.yaml extends a file itself"),
    ("a list", "name: x\nextend: [a.yaml]", {}, "s.yaml:2: extend: expected the path of a .yaml or .yml file"),
    ("another kind of file", "extend: base.json", {"base.json": "{}"}, "expected the path of a .yaml or .yml file"),
    ("no mapping", "extend: base.yaml", {"base.yaml": "- a"}, "{folder}/base.yaml is not an s.yaml"),
    ("no YAML", "extend: base.yaml", {"base.yaml": "a: ["}, "s.yaml:1: extend: {folder}/base.yaml:"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "files", "problem"), [row[1:] for row in EXTENDS], ids=[row[0] for row in EXTENDS])
def test_what_cannot_be_extended_is_refused_by_its_name(
    text: str, files: dict[str, str], problem: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput) as refused:
        document_at(tmp_path, {**files, "s.yaml": text})
    assert len(refused.value.problems) == 1
    assert problem.format(folder=tmp_path) in str(refused.value)


UNREADABLE = [
    ("outside of the folder", "../secret.txt", "is outside of the folder of s.yaml"),
    ("an absolute path", "/etc/hostname", "is outside of the folder of s.yaml"),
    ("a folder", "sub", "no such file"),
    ("too large", "large.txt", "it is larger than 65536 bytes"),
    ("not text", "bytes.bin", "which cannot be read"),
    ("not a path", "\0", "which cannot be read"),
]


@pytest.mark.parametrize(("name", "problem"), [row[1:] for row in UNREADABLE], ids=[row[0] for row in UNREADABLE])
def test_a_file_that_cannot_be_read_is_named(name: str, problem: str, tmp_path: Path) -> None:
    value = {"component": "fc3", "props": {"functionName": "${file('" + name + "')}"}}
    text = yaml.safe_dump({"edition": "3.0.0", "resources": {"till": value}})
    files: dict[str, str | bytes] = {"s.yaml": text, "sub/x": "", "large.txt": "x" * 70_000, "bytes.bin": b"\xff\xfe"}
    (tmp_path / "secret.txt").write_text("1.4.2")
    (tmp_path / "project").mkdir()
    document = document_at(tmp_path / "project", files)
    with pytest.raises(Unresolved) as caught:
        document.get("till", "props", "functionName")
    assert problem in str(caught.value)
