"""fcpin pipeline validate: every documented limit of a pipeline, before anything runs."""

from argparse import ArgumentParser, Namespace
from collections import Counter
from pathlib import Path
from typing import Final

from fcpin.cli.command import Streams
from fcpin.cli.pipelines.source import add_source, one_source, pipelines_of, read_document, told
from fcpin.errors import one_line

DESCRIPTION: Final = (
    "Every finding on a line with its place. Exit status: 0 everything can be run, 2 something is wrong."
)
WRONG: Final = 2


def run(given: Namespace, streams: Streams) -> int:
    """0 when everything can be run, 2 when not. Raises InvalidInput, StackError."""
    stack = one_source(given)
    if stack is not None:
        from fcpin.pipeline.configured import KEY
        from fcpin.pipeline.spec import examined as judged
        from fcpin.pipeline.spec import is_local

        pipelines = pipelines_of(stack, given.name)
        for name, spec in pipelines.items():
            for warning in () if is_local(spec) else judged(spec, f"{KEY}.{name}").warnings:
                streams.stdout.write(f"{one_line(f'warning: {warning}')}\n")
        streams.stdout.write(f"{KEY}: valid: {one_line(', '.join(pipelines))}\n")
        return 0
    return max(_examined(file, streams) for file in given.file)


def _examined(file: Path, streams: Streams) -> int:
    from fcpin.pipeline.validate import examine

    document = read_document(file)
    examined = examine(document.tree)
    streams.stdout.writelines(f"{line}\n" for line in told(document, examined))
    counts = Counter(each.severity for each in examined.findings)
    errors = counts["error"] + len(document.slips)
    told_of = [_counted(errors, "error"), _counted(counts["warning"], "warning")]
    streams.stdout.write(f"{file}: {', '.join(filter(None, told_of)) or 'valid'}\n")
    return WRONG if errors else 0


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}" if number else ""


def add_options(parser: ArgumentParser) -> None:
    """Of `fcpin pipeline validate`."""
    add_source(parser, files="*")
