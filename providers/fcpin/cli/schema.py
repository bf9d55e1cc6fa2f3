"""fcpin schema: JSON schemas for editors."""

import json
from argparse import ArgumentParser, Namespace
from typing import Final

from fcpin.cli.command import Command, Streams


def run(given: Namespace, streams: Streams) -> int:
    """The exit status."""
    from fcpin.schema import functions_schema, policy_schema, stack_schema

    schema = {"stack": stack_schema, "functions": functions_schema, "policy": policy_schema}[given.of]()
    streams.stdout.write(f"{json.dumps(schema, indent=2)}\n")
    return 0


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "of",
        nargs="?",
        choices=("stack", "functions", "policy"),
        default="stack",
        help="of a stack's file (default), of a file of fcpin:functionFiles, or of --policy",
    )


SCHEMA: Final = Command(
    "schema",
    "print a JSON schema, for completion in an editor",
    "Of stacks/Pulumi.<stack>.yaml, of a file of functions, or of the policy dictionary alone. JSON Schema, draft 7, "
    "as YAML editors read it.",
    _add_options,
    run,
)
