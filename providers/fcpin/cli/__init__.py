"""The command `fcpin`: the table of its commands, and its entry point."""

import io
import sys
from collections.abc import Mapping, Sequence
from typing import Final

import click

from fcpin import __version__
from fcpin.cli.group import LazyGroup, Listed, exit_at_once, run

__all__ = ["SECTIONS", "command", "main"]

SECTIONS: Final[Mapping[str, Mapping[str, Listed]]] = {
    "Use": {
        "init": Listed(
            "fcpin.cli.init", "Start a Pulumi project: its program, a stack's file with its schema, requirements.txt"
        ),
        "select": Listed("fcpin.cli.select", "Choose from tags on standard input; prints JSON"),
        "explain": Listed("fcpin.cli.explain", "A verdict for every tag, what the next deployment would be, and why"),
        "resolve": Listed("fcpin.cli.resolve", "Choose from the tags of a repository; prints JSON with the image"),
        "tags": Listed(
            "fcpin.cli.tags", "List the tags of a repository as JSON lines, for select, explain and test-policy"
        ),
        "test-policy": Listed("fcpin.cli.test_policy", "Run the test cases of a policy, and report those that fail"),
        "schema": Listed("fcpin.cli.schema", "Print a JSON schema, for completion in an editor"),
        "import": Listed("fcpin.cli.import_", "Adopt functions that exist: entries for a stack's file"),
        "s-import": Listed("fcpin.cli.serverless_devs_import", "Adopt the functions of a Serverless Devs file"),
        "pipeline": Listed(
            "fcpin.cli.pipeline", "Check, render and run image-build pipelines of Serverless Devs or buildah"
        ),
    },
    "Operate": {
        "changes": Listed(
            "fcpin.cli.changes", "What a preview would change, as Markdown; reads `pulumi preview --json`"
        ),
        "drift": Listed("fcpin.cli.drift", "What happened to the functions of a stack since they were deployed"),
        "impact": Listed("fcpin.cli.impact", "Which functions, versions and aliases run an image"),
        "rollback": Listed("fcpin.cli.rollback", "Hold a function at its previous image, in the stack's file"),
        "prune": Listed("fcpin.cli.prune", "Remove pin tags (protect: pin_tag) that no function runs"),
        "doctor": Listed(
            "fcpin.cli.doctor", "Check credentials, endpoints, clock and rights: what is wrong, what to do"
        ),
        "receiver": Listed(
            "fcpin.receiver.__main__", "Deploy what registries report as pushed (docs/receiver.md)", "receiver"
        ),
    },
    "Develop": {
        "engine": Listed("fcpin.engine.__main__", "Deploy stacks without the Pulumi CLI (docs/engine.md)"),
        "emulator": Listed(
            "fcpin.emulator.command_line",
            "Serve Function Compute, ACR and a registry on this machine (docs/emulator.md)",
            "emulator",
        ),
        "probe": Listed("fcpin.cli.probe", "Settle open questions about the cloud by experiment, in your account"),
    },
}
"""Every command, in the order of the help. A command that is not here does not exist."""

_OWN_SIGNALS: Final = ("engine", "emulator", "receiver")

command: Final = LazyGroup(
    name="fcpin",
    sections=SECTIONS,
    help="Keep functions on the newest image of a tag family, as the PinnedFunction resource does.",
    epilog="""\b
Examples:
  printf 'main-2\\nmain-11\\n' | fcpin select --policy '{"family": {"name": "main"}}'
  fcpin explain --repository registry.cn-hangzhou.aliyuncs.com/shop/app --policy @policy.json --current main-2
  fcpin drift --stack prod

\b
Exit status, where the help of a command does not name others:
  0 done, 1 a service failed, 2 wrong input, 3 no tag qualifies (select, explain, resolve), 130 interrupted""",
    params=[
        click.Option(
            ["--version"],
            is_flag=True,
            expose_value=False,
            is_eager=True,
            help="Show the version and exit.",
            callback=lambda context, _, wanted: _version(context) if wanted else None,
        )
    ],
)


def _version(context: click.Context) -> None:
    click.echo(f"fcpin {__version__}")
    context.exit()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    Without *arguments* this process is the command: an interrupt ends it at once, with one line, except for programs,
    which have their own signals.
    """
    if arguments is not None:
        return run(command, arguments)
    words = sys.argv[1:]
    if not words or words[0] not in _OWN_SIGNALS:
        exit_at_once()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a tag with a letter that the terminal lacks is no error
    return run(command, words, is_process=True)
