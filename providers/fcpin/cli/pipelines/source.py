"""Where a pipeline comes from: a file, or the configuration of a stack."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fcpin.cli.output import printable
from fcpin.cli.stacks import add_stack, read_stack
from fcpin.errors import InvalidInput, Problem, unknown_key

if TYPE_CHECKING:
    from fcpin.pipeline.document import Document
    from fcpin.pipeline.validate import Examined
    from fcpin.stack import Stack


def add_source(parser: ArgumentParser, *, files: str | int = "?") -> None:
    """A file, or a stack and the name of one of its pipelines."""
    parser.add_argument("file", nargs=files, type=Path, metavar="FILE", help="a pipeline document (YAML)")
    add_stack(parser, "a stack: its fcpin:pipelines, its credentials and endpoints")
    parser.add_argument("--name", metavar="NAME", help="one of the stack's pipelines (default: all, or the only one)")


def add_values(parser: ArgumentParser) -> None:
    """What the variables of a document stand for."""
    parser.add_argument("--commit", metavar="COMMIT", help="for {commit} and <%% .git.shortCommitId %%>")
    parser.add_argument("--app-name", default="", metavar="NAME", help="for <%% .appName %%>")
    parser.add_argument("--env-name", default="", metavar="NAME", help="for <%% .envName %%>")


def read_document(file: Path) -> "Document":
    """Raises InvalidInput."""
    from fcpin.pipeline.document import Document

    try:
        return Document.parse(file.read_text(encoding="utf-8-sig"), str(file))
    except OSError as error:
        raise InvalidInput(Problem(str(file), f"cannot be read: {error.strerror}")) from None
    except UnicodeDecodeError:
        raise InvalidInput(Problem(str(file), "is not UTF-8 text")) from None


def told(document: "Document", examined: "Examined") -> Iterator[str]:
    """Every finding as compilers tell theirs: `pipeline.yaml:27: error: …`."""
    for slip in document.slips:
        yield printable(f"{slip.path}: error: {slip.reason}")
    for each in examined.findings:
        what = f"{each.path}: {each.reason}" if each.path else each.reason
        yield printable(f"{document.place(each.path)}: {each.severity}: {what}")


def require_runnable(document: "Document", examined: "Examined") -> None:
    """Raises InvalidInput with everything that is wrong, and where."""
    problems = [*document.slips]
    for each in examined.problems:
        what = f"{each.path}: {each.reason}" if each.path else each.reason
        problems.append(Problem(document.place(each.path), what))
    if problems:
        raise InvalidInput(*problems)


def pipelines_of(stack: "Stack", name: str | None, commit: str | None = None) -> Mapping[str, Mapping[str, Any]]:
    """The pipelines of *stack*, or the one called *name*, valid. Raises InvalidInput."""
    from fcpin.pipeline.configured import KEY, pipelines_in, require_all

    pipelines = pipelines_in(stack.config)
    if not pipelines:
        raise InvalidInput(Problem(KEY, "is not set; name the pipelines there, as docs/pipelines.md shows"))
    if name is not None and name not in pipelines:
        raise InvalidInput(Problem("--name", f"{name}: {unknown_key(name, pipelines)}".replace("key", "pipeline")))
    chosen = pipelines if name is None else {name: pipelines[name]}
    require_all(chosen, commit)
    return chosen


def one_source(given: Namespace) -> "Stack | None":
    """The stack where one is given instead of a file. Raises InvalidInput unless it is one of both."""
    if given.file and given.name:
        raise InvalidInput(Problem("--name", "is for a stack's pipelines; drop it, or FILE"))
    if not given.file and not given.stack:
        raise InvalidInput(Problem("FILE", "is required, or --stack and what fcpin:pipelines says there"))
    return None if given.file else read_stack(given)
