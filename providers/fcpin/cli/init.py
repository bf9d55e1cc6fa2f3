"""`fcpin init`: a Pulumi project whose program pins every function of its stack's file."""

import os
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import click

from fcpin.cli.endpoints import parse_repository, refuse, renamed
from fcpin.cli.output import write_lines
from fcpin.errors import InvalidInput, InvalidSettings, Problem

_PROJECT_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_STACK_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_FUNCTION: Final = "checkout"
_REGION: Final = "cn-hangzhou"
_EMULATOR: Final = "http://127.0.0.1:9900"
_EMULATOR_HOST: Final = f"demo-registry.{_REGION}.cr.aliyuncs.com"
_NAMES: Final[Mapping[str, str]] = {
    "function_name": "--function",
    "repository": "--repository",
    "region": "--region",
    "fcpin:region": "--region",
}

PROGRAM: Final = '''\
"""Pin every function of the stack's configuration to its tag family."""

import pulumi

from fcpin.pinned_function import PinnedFunction, configured_functions

pins = {name: PinnedFunction.from_config(name, entry) for name, entry in configured_functions().items()}

pulumi.export("images", {name: pin.release for name, pin in pins.items()})
'''
_PROJECT: Final = """\
name: {name}
description: Function Compute functions pinned to a family of image tags
runtime:
  name: python
  options:
    virtualenv: .venv
"""
_BACKEND: Final = """\
# The state is a file below this folder. Remove this key for another backend, such as Pulumi Cloud.
backend:
  url: file://.
"""
_STACK: Final = """\
# yaml-language-server: $schema=stack.schema.json
# One entry per function: the newest tag `main-<something>` of its repository is deployed.
config:
  alicloud:region: {region}
{endpoints}  fcpin:functions:
    {function}:
      repository: {repository}
      policy:
        family:
          name: main
{config}"""
_ENDPOINTS: Final = f"""\
  # The emulator, and the access key that it accepts. Remove these keys for the real cloud.
  alicloud:accessKey: emulator
  alicloud:secretKey: emulator-secret
  fcpin:endpoints:
    fc: {_EMULATOR}
    cr: {_EMULATOR}
  fcpin:registries:
    {_EMULATOR_HOST}:
      endpoint: {_EMULATOR}
"""
_OWNED: Final = """\
      # With a `config` the function is created and deleted here.
      config: {cpu: 0.5, memory_size: 512, disk_size: 512, port: 9000}
"""
_ADOPTED: Final = """\
      # The function must exist: only its image is managed. With a `config` it is created and deleted here:
      # config: {cpu: 0.5, memory_size: 512, disk_size: 512, port: 9000}
"""
_RECEIVER: Final = """\
# A file for the schema in an editor: fcpin receiver schema > receiver.schema.json
stacks:
  {stack}:
senders:
  # A script that posts what it pushed, signed with the secret in this environment variable.
  build:
    kind: generic
    secrets: [env:FCPIN_BUILD_SECRET]
"""


class Project(NamedTuple):
    """The options of `fcpin init`."""

    name: str | None
    stack: str
    function: str
    repository: str | None
    region: str | None
    emulator: bool
    receiver: bool
    cwd: Path


@click.command()
@click.option("--name", metavar="NAME", help="Name of the project (default: the folder's).")
@click.option("--stack", "-s", metavar="NAME", default="dev", help="Name of the stack (default: dev).")
@click.option(
    "--function", metavar="NAME", default=_FUNCTION, help=f"Name of the first function (default: {_FUNCTION})."
)
@click.option("--repository", metavar="REF", help="Repository of its images: host/namespace/name.")
@click.option("--region", metavar="REGION", help=f"Its region (default: the repository's, or {_REGION}).")
@click.option("--emulator", is_flag=True, help="A stack for `fcpin emulator`, with its state in the folder.")
@click.option("--receiver", is_flag=True, help="Also write a receiver.yaml for `fcpin receiver`.")
@click.option(
    "--cwd",
    "-C",
    metavar="DIRECTORY",
    type=click.Path(path_type=Path),
    default=Path(),
    help="The folder to write into (default: here).",
)
def command(**options: Any) -> None:
    """Start a Pulumi project.

    Writes Pulumi.yaml, __main__.py, Pulumi.<stack>.yaml, stack.schema.json and requirements.txt, and prints the next
    steps. A file that exists is never overwritten: then nothing is written. Nothing is deployed.
    """
    project = Project(**options)
    files = _files(project)
    _refuse_existing(project.cwd, files)
    _write(project.cwd, files)
    write_lines([f"created {', '.join(files)}", *_next(project)])


def _files(project: Project) -> dict[str, str]:
    """The text of each file by its name. Raises InvalidInput."""
    import json

    from fcpin import __version__
    from fcpin.schema import stack_schema
    from fcpin.stack.yaml_edit import scalar

    name = _project_name(project)
    if not _STACK_NAME.fullmatch(project.stack):
        raise InvalidInput(Problem("--stack", f"expected letters, digits, '_', '-' and '.', got {project.stack!r}"))
    region, repository = _where(project)
    stack = _STACK.format(
        region=region,
        repository=repository,
        function=scalar(project.function),
        endpoints=_ENDPOINTS if project.emulator else "",
        config=_OWNED if project.emulator else _ADOPTED,
    )
    extras = ",".join(extra for extra in ("emulator", "receiver") if getattr(project, extra))
    files = {
        "Pulumi.yaml": _PROJECT.format(name=scalar(name)) + (_BACKEND if project.emulator else ""),
        "__main__.py": PROGRAM,
        f"Pulumi.{project.stack}.yaml": stack,
        "stack.schema.json": f"{json.dumps(stack_schema(), indent=2)}\n",
        "requirements.txt": f"fcpin{f'[{extras}]' if extras else ''}=={__version__}\n",
    }
    return files | ({"receiver.yaml": _RECEIVER.format(stack=scalar(project.stack))} if project.receiver else {})


def _project_name(project: Project) -> str:
    """`--name`, else the folder's name with '-' for what a project's name cannot have. Raises InvalidInput."""
    name: str | None = project.name
    if name is None:
        return re.sub(r"[^A-Za-z0-9_.-]+", "-", project.cwd.resolve().name).strip("-")[:100] or "functions"
    if not _PROJECT_NAME.fullmatch(name):
        raise InvalidInput(Problem("--name", f"expected at most 100 letters, digits, '_', '-' and '.', got {name!r}"))
    return name


def _where(project: Project) -> tuple[str, str]:
    """Region and repository, checked with the rest of the entry as a preview checks it. Raises InvalidInput."""
    from fcpin.acr_hosts import acr_host
    from fcpin.pinned_function.inputs import PinArgs

    if project.emulator:
        fixed = {"region": project.region, "repository": project.repository}
        refuse(fixed, "cannot be combined with --emulator, which has its own; remove one of the two options")
    acr = acr_host(parse_repository(project.repository).host) if project.repository else None
    region = project.region or (acr.region if acr else _REGION)
    host = _EMULATOR_HOST if project.emulator else f"registry.{region}.aliyuncs.com"
    repository = project.repository or f"{host}/shop/{_FUNCTION}"
    entry = {"function_name": project.function, "repository": repository, "policy": {"family": {"name": "main"}}}
    with renamed(_NAMES):
        PinArgs.read(entry, region)
    return region, repository


def _refuse_existing(folder: Path, files: Mapping[str, str]) -> None:
    """Raises InvalidInput, with every file that exists in one line."""
    if not folder.is_dir():
        raise InvalidInput(Problem("--cwd", f"{folder} is not a folder; create it first"))
    names = ("Pulumi.yml", *files)
    if existing := [name for name in names if os.path.lexists(folder / name)]:
        reason = "already exists; no file was written; choose an empty folder with --cwd"
        raise InvalidInput(Problem(", ".join(str(folder / name) for name in existing), reason))


def _write(folder: Path, files: Mapping[str, str]) -> None:
    """All of them or none; a file that appeared in the meantime stays as it is. Raises InvalidSettings."""
    written: list[Path] = []
    try:
        for name, text in files.items():
            with (folder / name).open("x", encoding="utf-8", newline="") as opened:
                written.append(folder / name)
                opened.write(text)
    except BaseException as error:
        for file in written:
            file.unlink(missing_ok=True)
        if isinstance(error, OSError):
            path = error.filename or folder
            raise InvalidSettings(Problem(str(path), f"cannot be written: {error.strerror}")) from None
        raise


def _next(project: Project) -> Iterator[str]:
    commands: Sequence[str]
    if project.emulator:
        commands = (
            "export PULUMI_CONFIG_PASSPHRASE=local",
            "fcpin emulator --port 9900    # in another terminal",
            f"fcpin emulator verb push repository=shop/{_FUNCTION} tag=main-1 content=one",
            f"fcpin engine up --stack {project.stack} --yes",
        )
    else:
        commands = (
            f"edit Pulumi.{project.stack}.yaml: the function, its repository and its policy",
            "pulumi install    # .venv, with requirements.txt",
            f"pulumi stack init {project.stack}",
            f"pulumi preview --stack {project.stack}    # without the Pulumi CLI: fcpin engine preview",
        )
    yield "next:"
    if project.cwd != Path():
        yield f"  cd {shlex.quote(str(project.cwd))}"
    yield from (f"  {command}" for command in commands)
