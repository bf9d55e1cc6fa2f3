"""The actions of `fcpin pipeline`."""

from argparse import ArgumentParser
from typing import Final

from fcpin.cli.command import Command
from fcpin.cli.pipelines import render, run, validate

_ACTIONS: Final = {
    "validate": (validate, "check documents, or a stack's pipelines, against every documented limit"),
    "render": (render, "print the document that would be submitted, of a file or of a stack's pipelines"),
    "run": (run, "run a pipeline to its end, and print the images that it has pushed"),
}


def _add_options(parser: ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, (action, about) in _ACTIONS.items():
        options = actions.add_parser(name, help=about, description=action.DESCRIPTION)
        action.add_options(options)
        options.set_defaults(act=action.run)


PIPELINE: Final = Command(
    "pipeline",
    "check, render and run image-build pipelines of Serverless Devs",
    "Image-build pipelines: YAML documents as Serverless Devs takes them, or fcpin:pipelines of a stack.",
    _add_options,
    lambda given, streams: int(given.act(given, streams)),
)
