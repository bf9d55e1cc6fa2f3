"""`fcpin init`: a whole project or none, whose stack's file is valid."""

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator

from fcpin import __version__
from fcpin.emulator import Emulator
from fcpin.pinned_function.inputs import PinArgs
from fcpin.schema import stack_schema
from tests.support.command import Answer, fcpin

ROOT = Path(__file__).parents[2]
FILES = {"Pulumi.yaml", "__main__.py", "Pulumi.dev.yaml", "stack.schema.json", "requirements.txt"}


def init(folder: Path, *options: str) -> Answer:
    return fcpin("init", "--cwd", str(folder), *options)


def read(folder: Path, stack: str = "dev") -> dict[str, object]:
    document = yaml.safe_load((folder / f"Pulumi.{stack}.yaml").read_text())
    Draft7Validator(stack_schema()).validate(document)
    config: dict[str, object] = document["config"]
    return config


def test_the_project_is_complete(tmp_path: Path) -> None:
    answer = init(tmp_path)
    assert (answer.code, answer.err) == (0, "")
    assert {file.name for file in tmp_path.iterdir()} == FILES
    assert (tmp_path / "__main__.py").read_text() == (ROOT / "__main__.py").read_text()
    assert (tmp_path / "stack.schema.json").read_text() == (ROOT / "docs/schemas/stack.schema.json").read_text()
    assert (tmp_path / "Pulumi.dev.yaml").read_text().startswith("# yaml-language-server: $schema=stack.schema.json\n")
    assert (tmp_path / "requirements.txt").read_text() == f"fcpin=={__version__}\n"
    config = read(tmp_path)
    assert config["alicloud:region"] == "cn-hangzhou"
    assert f"  cd {tmp_path}\n" in answer.out
    assert "  pulumi preview --stack dev " in answer.out


BEIJING = "registry.cn-beijing.aliyuncs.com/shop/checkout"
SHANGHAI, EXAMPLE = "a-registry.cn-shanghai.cr.aliyuncs.com/b/c", "registry.example.com/b/c"
OPTIONS = [
    # options, name of the project, region, function, repository
    ([], "my-shop", "cn-hangzhou", "checkout", "registry.cn-hangzhou.aliyuncs.com/shop/checkout"),
    (["--region", "cn-beijing", "--name", "123"], "123", "cn-beijing", "checkout", BEIJING),
    (["--repository", SHANGHAI, "--function", "null"], "my-shop", "cn-shanghai", "null", SHANGHAI),
    (["--repository", EXAMPLE, "--region", "cn-shenzhen"], "my-shop", "cn-shenzhen", "checkout", EXAMPLE),
]


@pytest.mark.parametrize(("options", "name", "region", "function", "repository"), OPTIONS)
def test_options(tmp_path: Path, options: list[str], name: str, region: str, function: str, repository: str) -> None:
    folder = tmp_path / "my shop!"
    folder.mkdir()
    assert init(folder, "--stack", "prod", "--receiver", *options).code == 0
    config = read(folder, "prod")
    assert yaml.safe_load((folder / "Pulumi.yaml").read_text())["name"] == name
    assert list(yaml.safe_load((folder / "receiver.yaml").read_text())["stacks"]) == ["prod"]
    assert (folder / "requirements.txt").read_text() == f"fcpin[receiver]=={__version__}\n"
    assert config["alicloud:region"] == region
    functions = config["fcpin:functions"]
    assert isinstance(functions, dict)
    ((entry, values),) = functions.items()
    assert (entry, values["repository"]) == (function, repository)
    PinArgs.read({"function_name": entry, **values}, region)


def test_the_emulator_is_as_it_serves(tmp_path: Path, cloud: Emulator) -> None:
    assert init(tmp_path, "--emulator").code == 0
    config = read(tmp_path)
    assert config["alicloud:accessKey"] == cloud.access_key_id
    assert config["alicloud:secretKey"] == cloud.access_key_secret
    assert list(config["fcpin:registries"]) == [cloud.enterprise_host]  # type: ignore[call-overload]


@pytest.mark.parametrize("name", sorted(FILES | {"Pulumi.yml"}))
def test_a_file_that_exists_stays_and_none_is_written(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    answer = init(tmp_path)
    assert answer.code == 2
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [(name, "mine")]
    assert answer.err.startswith(f"fcpin init: {tmp_path / name}: exists already")
    assert answer.err.count("\n") == 1


def test_a_dangling_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").symlink_to(tmp_path / "elsewhere")
    assert init(tmp_path).code == 2
    assert [file.name for file in tmp_path.iterdir()] == ["requirements.txt"]


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file may be larger than 8 KiB, in this process. The schema is, and other files are written before it."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.usefixtures("small_files")
def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    answer = init(tmp_path)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.endswith("cannot be written: File too large\n")
    assert answer.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "where"),
    [
        (["--region", "mars"], "--region"),
        (["--repository", "shop/app"], "--repository"),
        (["--repository", "registry.cn-hangzhou.aliyuncs.com/shop/app:main-1"], "--repository"),
        (["--function", "1st function"], "--function"),
        (["--name", "a/b"], "--name"),
        (["--name", ""], "--name"),
        (["--stack", "../dev"], "--stack"),
        (["--emulator", "--region", "cn-beijing"], "--region"),
        (["--emulator", "--repository", "registry.example.com/a/b"], "--repository"),
    ],
)
def test_a_wrong_option_writes_nothing(tmp_path: Path, options: list[str], where: str) -> None:
    answer = init(tmp_path, *options)
    assert answer.code == 2
    assert list(tmp_path.iterdir()) == []
    assert answer.err.startswith(f"fcpin init: {where}: ")


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    answer = init(tmp_path / "shop")
    assert answer.code == 2
    assert "is not a folder; create it first" in answer.err
