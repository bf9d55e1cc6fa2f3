"""fcpin s-import: what Serverless Devs deploys gets an entry; the rules are in tests/serverless_devs."""

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
