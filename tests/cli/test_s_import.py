"""fcpin s-import: what Serverless Devs deploys gets an entry, and everything else is named."""

from pathlib import Path

import pytest
import yaml

from fcpin.pinned_function.inputs import PinArgs
from tests.pipelines.documents import DATA
from tests.support.command import run
from tests.support.deployed_stack import REGION, DeployedStack

S_YAML = """
edition: 3.0.0
name: shop
vars:
  image: registry-vpc.cn-hangzhou.aliyuncs.com/shop/app
resources:
  till:
    component: fc3
    props:
      region: cn-hangzhou
      functionName: checkout
      runtime: custom-container
      customContainerConfig:
        image: ${vars.image}:${env(GIT_COMMIT)}
  photos:
    component: oss
    props: {bucket: photos}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "s.yaml"
    file.write_text(S_YAML)
    return file


def test_without_a_stack_a_whole_file_is_printed() -> None:
    answer = run(["s-import", str(DATA / "s.yaml")])
    assert (answer.code, answer.err) == (0, "")
    (entry,) = yaml.safe_load(answer.out)["config"]["fcpin:functions"].values()
    assert (entry["function_name"], entry["filter_tags"]) == ("demo", {"pattern": "^[0-9a-f]{7}$"})
    PinArgs.read(entry, REGION)


def test_a_stack_gets_the_entries_and_nothing_else(stack: DeployedStack, file: Path) -> None:
    before = stack.write_project()
    answer = stack.fcpin("s-import", str(file))
    assert answer.code == 0, answer
    assert "left out: photos is deployed by the component oss" in answer.out
    assert "next: pulumi preview --stack test" in answer.out
    after = stack.file.read_text()
    assert after.startswith(before.split("fcpin:functions")[0])
    entries = yaml.safe_load(after)["config"]["fcpin:functions"]
    assert entries["checkout"]["repository"] == "registry-vpc.cn-hangzhou.aliyuncs.com/shop/app"
    assert "region" not in entries["checkout"]


def test_a_function_that_is_there_already_stays_as_it_is(stack: DeployedStack, file: Path) -> None:
    stack.functions["checkout"] = {"repository": stack.repository, "policy": {"family": {"name": "main"}}}
    stack.configure()
    before = stack.write_project()
    answer = stack.fcpin("s-import", str(file))
    assert (answer.code, stack.file.read_text()) == (0, before)
    assert "left out: till is there already, as checkout" in answer.out
    assert f"no functions to import from {file}" in answer.out


def test_a_file_of_another_edition_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text("name: shop\nedition: 1.0.0\nservices: {}\n")
    answer = run(["s-import", str(file)])
    assert (answer.code, answer.out) == (2, "")
    assert f"{file}:2: edition: expected 3.0.0, got 1.0.0" in answer.err


BASE = """
edition: 3.0.0
name: shop
vars:
  region: cn-hangzhou
template:
  global:
    region: ${vars.region}
    runtime: custom-container
    vpcConfig: auto
resources:
  till:
    component: fc3@0.1.4
    extend:
      name: global
      ignore: [vpcConfig]
    props:
      functionName: checkout-${this.props.region}
      customContainerConfig:
        image: registry-vpc.cn-hangzhou.aliyuncs.com/shop/app:${file('tag.txt')}
"""


def imported(file: Path) -> dict[str, dict[str, object]]:
    answer = run(["s-import", str(file)])
    assert (answer.code, answer.err) == (0, "")
    entries: dict[str, dict[str, object]] = yaml.safe_load(answer.out)["config"]["fcpin:functions"]
    for entry in entries.values():
        PinArgs.read(entry, REGION)
    return entries


def test_a_file_that_extends_another_is_merged_with_it(tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "base.yaml").write_text(BASE)
    (tmp_path / "conf" / "tag.txt").write_text("4.5.5-ls239\n")
    file = tmp_path / "s.pre.yaml"
    file.write_text(
        "extend: conf/base.yaml\nvars: {region: cn-shanghai}\nresources: {till: {props: {region: cn-beijing}}}"
    )
    (entry,) = imported(file).values()
    assert (entry["function_name"], entry["region"]) == ("checkout-cn-shanghai", "cn-beijing")
    assert entry["policy"] == {"semver": {"range": ">=4.0.0-0, <5.0.0-0"}}


EXTENDS = [
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
    for name, content in {**files, "s.yaml": text}.items():
        (tmp_path / name).write_text(content)
    answer = run(["s-import", str(tmp_path / "s.yaml")])
    assert (answer.code, answer.out) == (2, "")
    assert problem.format(folder=tmp_path) in answer.err
    assert answer.err.count("\n") == 1


UNREADABLE = [
    ("outside of the folder", "../secret.txt", "is outside of the folder of s.yaml"),
    ("an absolute path", "/etc/hostname", "is outside of the folder of s.yaml"),
    ("a folder", "sub", "no such file"),
    ("too large", "large.txt", "it is larger than 65536 bytes"),
    ("not text", "bytes.bin", "which cannot be read"),
    ("not a path", "\0", "which cannot be read"),
]


@pytest.mark.parametrize(("name", "problem"), [row[1:] for row in UNREADABLE], ids=[row[0] for row in UNREADABLE])
def test_a_function_with_a_file_that_cannot_be_read_is_left_out(name: str, problem: str, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    (folder / "sub").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("1.4.2")
    (folder / "large.txt").write_text("x" * 70_000)
    (folder / "bytes.bin").write_bytes(b"\xff\xfe")
    value = {"component": "fc3", "props": {"functionName": "${file('" + name + "')}"}}
    (folder / "s.yaml").write_text(yaml.safe_dump({"edition": "3.0.0", "resources": {"till": value}}))
    answer = run(["s-import", str(folder / "s.yaml")])
    assert (answer.code, answer.out) == (0, "")
    (left_out, _) = answer.err.splitlines()
    assert left_out.startswith("left out: till refers to ${file(")
    assert problem in left_out
