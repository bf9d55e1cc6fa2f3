"""The kinds of steps, and how each is called and counted."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.changes import Change
from engine.state import ResourceState


class Op(enum.Enum):
    """The CLI's own names: they go into the history and into --json."""

    SAME = "same"
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    DELETE_REPLACED = "delete-replaced"
    REFRESH = "refresh"


@dataclass(frozen=True)
class Words:
    """How a step is shown."""

    sign: str
    plan: str
    doing: str
    done: str


WORDS = {
    Op.SAME: Words("  ", "", "", ""),
    Op.CREATE: Words("+ ", "create", "creating", "created"),
    Op.UPDATE: Words("~ ", "update", "updating", "updated"),
    Op.REPLACE: Words("+-", "replace", "replacing", "replaced"),
    Op.DELETE: Words("- ", "delete", "deleting", "deleted"),
    Op.DELETE_REPLACED: Words("--", "delete original", "deleting original", "deleted original"),
    Op.REFRESH: Words("~ ", "refresh", "refreshing", "refreshed"),
}
COUNTED = (Op.CREATE, Op.UPDATE, Op.REPLACE, Op.DELETE)


@dataclass(frozen=True)
class Step:
    """Something that is to be done with one resource."""

    op: Op
    urn: str
    type: str
    old: ResourceState | None = None
    new: ResourceState | None = None
    changes: Sequence[Change] = field(default_factory=list)
