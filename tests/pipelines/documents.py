"""Pipelines to test with: the examples of Alibaba Cloud's documentation, and a whole one to be spoilt."""

from pathlib import Path
from typing import Any, Final

import yaml

from fcpin.pipelines.document import DocumentFile

DATA: Final = Path(__file__).parent / "data"
EXAMPLES: Final = ("default-environment", "nas-cache", "warm-then-build", "enterprise", "commit-and-deploy")


def text_of(example: str) -> str:
    """As it stands in the documentation."""
    return (DATA / f"{example}.yaml").read_text()


def example(name: str) -> DocumentFile:
    """Read as a file is."""
    return DocumentFile.parse(text_of(name), Path(f"{name}.yaml"))


def mended() -> str:
    """The fifth example without its two slips."""
    return text_of("commit-and-deploy").replace("\t", "  ").replace("name: build-push", "name: build-image")


def changed(name: str, changes: dict[str, Any]) -> Any:
    """The tree of an example, with a value set at each path; None takes one away."""
    tree = yaml.safe_load(text_of(name))
    for path, value in changes.items():
        *way, last = (int(part) if part.isdecimal() else part for part in path.split("."))
        holder = tree
        for part in way:
            holder = holder[part]
        if value is None:
            del holder[last]
        else:
            holder[last] = value
    return tree
