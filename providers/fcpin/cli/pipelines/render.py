"""fcpin pipeline render: the document that would be submitted, of a file or of a stack's configuration."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from fcpin.cli.command import Streams
from fcpin.cli.pipelines.source import (
    add_source,
    add_values,
    one_source,
    pipelines_of,
    read_document,
    require_runnable,
    told,
)
from fcpin.clock import SystemClock
from fcpin.errors import InvalidInput, Problem

if TYPE_CHECKING:
    from fcpin.pipelines.document import Document
    from fcpin.stack import Stack

DESCRIPTION: Final = (
    "Variables get their values; comments, order and unknown fields stay. Of a stack without "
    "--commit: a document for every commit, as the application centre fills it in."
)


def run(given: Namespace, streams: Streams) -> int:
    """0. Raises InvalidInput, StackError."""
    stack = one_source(given)
    if stack is not None:
        streams.stdout.write("---\n".join(_of_stack(given, stack)))
        return 0
    _, document = filled(given, streams)
    streams.stdout.write(document.text())
    return 0


def filled(given: Namespace, streams: Streams) -> "tuple[Document, Document]":
    """The document of the file as it is, valid, and with its variables filled in; its warnings are told.

    Raises InvalidInput.
    """
    from dataclasses import replace

    from fcpin.pipelines.checks import check
    from fcpin.pipelines.variables import commit_problem, rendered, values

    document = read_document(given.file)
    checked = check(document.tree)
    require_runnable(document, checked)
    if given.commit is not None and (wrong := commit_problem("--commit", given.commit)):
        raise InvalidInput(wrong)
    streams.stderr.writelines(f"{line}\n" for line in told(document, checked))
    given_values = values(given.commit or "", SystemClock().now(), app_name=given.app_name, env_name=given.env_name)
    return document, replace(document, tree=rendered(document.tree, given_values))


def _of_stack(given: Namespace, stack: "Stack") -> Iterator[str]:
    from fcpin.pipelines.document import Document
    from fcpin.pipelines.spec import KEY, document_at, document_template, is_local

    for name, spec in pipelines_of(stack, given.name, given.commit).items():
        if is_local(spec):
            reason = (
                "is built on this machine by buildah; there is no document of it, only of Serverless Devs' pipelines"
            )
            raise InvalidInput(Problem(f"{KEY}.{name}.builder", reason))
        now = SystemClock().now()
        tree = document_at(spec, given.commit, now) if given.commit else document_template(spec)
        yield f"# {KEY}.{name}\n{Document(name, tree, {}).text()}"


def add_options(parser: ArgumentParser) -> None:
    """Of `fcpin pipeline render`."""
    add_source(parser)
    add_values(parser)
