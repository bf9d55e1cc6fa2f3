"""fcpin init: a Pulumi project of one's own, whose program pins every function of its stack's file."""

import os
import re
import shlex
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from fcpin.cli.command import Command, Streams
from fcpin.cli.output import write_lines
from fcpin.cli.renaming import renamed
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


def run(given: Namespace, streams: Streams) -> int:
    """0. Raises InvalidInput, InvalidSettings; then no file was written."""
    folder: Path = given.cwd
    files = _files(given)
    _refuse_existing(folder, files)
    _write(folder, files)
    write_lines(streams.stdout, [f"created {', '.join(files)}", *_next(given)])
    return 0


def _files(given: Namespace) -> dict[str, str]:
    """The text of each file by its name. Raises InvalidInput."""
    import json

    from fcpin import __version__
    from fcpin.schema import stack_schema
    from fcpin.stack.yaml_edit import scalar

    name = _project_name(given)
    if not _STACK_NAME.fullmatch(given.stack):
        raise InvalidInput(Problem("--stack", f"expected letters, digits, '_', '-' and '.', got {given.stack!r}"))
    region, repository = _where(given)
    stack = _STACK.format(
        region=region,
        repository=repository,
        function=scalar(given.function),
        endpoints=_ENDPOINTS if given.emulator else "",
        config=_OWNED if given.emulator else _ADOPTED,
    )
    extras = ",".join(extra for extra in ("emulator", "receiver") if getattr(given, extra))
    files = {
        "Pulumi.yaml": _PROJECT.format(name=scalar(name)) + (_BACKEND if given.emulator else ""),
        "__main__.py": PROGRAM,
        f"Pulumi.{given.stack}.yaml": stack,
        "stack.schema.json": f"{json.dumps(stack_schema(), indent=2)}\n",
        "requirements.txt": f"fcpin{f'[{extras}]' if extras else ''}=={__version__}\n",
    }
    return files | ({"receiver.yaml": _RECEIVER.format(stack=scalar(given.stack))} if given.receiver else {})


def _project_name(given: Namespace) -> str:
    """`--name`, else the folder's name with '-' for what a project's name cannot have. Raises InvalidInput."""
    name: str | None = given.name
    if name is None:
        return re.sub(r"[^A-Za-z0-9_.-]+", "-", given.cwd.resolve().name).strip("-")[:100] or "functions"
    if not _PROJECT_NAME.fullmatch(name):
        raise InvalidInput(Problem("--name", f"expected at most 100 letters, digits, '_', '-' and '.', got {name!r}"))
    return name


def _where(given: Namespace) -> tuple[str, str]:
    """Region and repository, checked with the rest of the entry as a preview checks it. Raises InvalidInput."""
    from fcpin.cli.where import parse_repository, refuse
    from fcpin.image import acr_host
    from fcpin.pinned_function.inputs import PinArgs

    if given.emulator:
        refuse(
            given, ("region", "repository"), "cannot be combined with --emulator, which has its own; drop one of both"
        )
    acr = acr_host(parse_repository(given.repository).host) if given.repository else None
    region = given.region or (acr.region if acr else _REGION)
    host = _EMULATOR_HOST if given.emulator else f"registry.{region}.aliyuncs.com"
    repository = given.repository or f"{host}/shop/{_FUNCTION}"
    entry = {"function_name": given.function, "repository": repository, "policy": {"family": {"name": "main"}}}
    with renamed(_NAMES):
        PinArgs.read(entry, region)
    return region, repository


def _refuse_existing(folder: Path, files: Mapping[str, str]) -> None:
    """Raises InvalidInput, with every file that exists in one line."""
    if not folder.is_dir():
        raise InvalidInput(Problem("--cwd", f"{folder} is not a folder; create it first"))
    names = ("Pulumi.yml", *files)
    if existing := [name for name in names if os.path.lexists(folder / name)]:
        reason = "exists already, and no file was written; choose an empty folder with --cwd"
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


def _next(given: Namespace) -> Iterator[str]:
    commands: Sequence[str]
    if given.emulator:
        commands = (
            "export PULUMI_CONFIG_PASSPHRASE=local",
            "fcpin emulator --port 9900    # in another terminal",
            f"fcpin emulator verb push repository=shop/{_FUNCTION} tag=main-1 content=one",
            f"fcpin engine up --stack {given.stack} --yes",
        )
    else:
        commands = (
            f"edit Pulumi.{given.stack}.yaml: the function, its repository and its policy",
            "pulumi install    # .venv, with requirements.txt",
            f"pulumi stack init {given.stack}",
            f"pulumi preview --stack {given.stack}    # without the Pulumi CLI: fcpin engine preview",
        )
    yield "next:"
    if given.cwd != Path():
        yield f"  cd {shlex.quote(str(given.cwd))}"
    yield from (f"  {command}" for command in commands)


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--name", metavar="NAME", help="name of the project (default: the folder's)")
    parser.add_argument("--stack", "-s", metavar="NAME", default="dev", help="name of the stack (default %(default)s)")
    parser.add_argument(
        "--function", metavar="NAME", default=_FUNCTION, help="name of the first function (default %(default)s)"
    )
    parser.add_argument("--repository", metavar="REF", help="repository of its images: host/namespace/name")
    parser.add_argument("--region", metavar="REGION", help=f"its region (default: the repository's, or {_REGION})")
    parser.add_argument(
        "--emulator",
        action="store_true",
        help="a stack that runs against `fcpin emulator`, with its state in the folder",
    )
    parser.add_argument("--receiver", action="store_true", help="also a receiver.yaml for `fcpin receiver`")
    parser.add_argument(
        "--cwd", "-C", type=Path, default=Path(), metavar="DIRECTORY", help="the folder to write into (default: here)"
    )


INIT: Final = Command(
    "init",
    "start a Pulumi project: its program, a stack's file with its schema, requirements.txt",
    "Writes Pulumi.yaml, __main__.py, Pulumi.<stack>.yaml, stack.schema.json and requirements.txt, and prints what to "
    "do next. A file that exists is never overwritten: then nothing is written. Nothing is deployed.",
    _add_options,
    run,
)
