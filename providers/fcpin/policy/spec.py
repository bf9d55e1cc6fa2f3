"""Read a policy as the user wrote it: in stack configuration, as a Pulumi input or after `--policy`."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Final, Protocol

from fcpin.policy.family import Family
from fcpin.policy.fields import Fields, shown
from fcpin.policy.follow import Follow
from fcpin.policy.orders import Alphabetical, ByPushTime, DigestOf, Newest, Numerical, Order, Semver

LIMIT: Final = 100
MOST: Final = 10_000


class OrderReader(Protocol):
    """What is registered under an order's name."""

    @property
    def options(self) -> Collection[str]: ...

    def read(self, fields: Fields) -> Order: ...


ORDERS: Mapping[str, OrderReader] = {
    "family": Family,
    "semver": Semver,
    "numerical": Numerical,
    "alphabetical": Alphabetical,
    "newest": Newest,
    "digest": DigestOf,
    "follow": Follow,
}
"""Where an order is registered."""

KEYS: Sequence[str] = (
    "policy",
    "filter_tags",
    "allow_tags",
    "ignore_tags",
    "allow_downgrade",
    "on_empty",
    "platform",
    "min_age",
    "accelerated",
    "accelerated_wait",
    "hold",
    "suspend",
    "protect",
    "discovery_limit",
)
"""Everything that may stand beside the order."""

DEFAULT_PLATFORM: Final = "linux/amd64"
"""Function Compute runs nothing else."""

_PLATFORM = re.compile(r"[a-z0-9]+/[a-z0-9_]+(?:/[a-z0-9.]+)?")


def refuse_unknown(fields: Fields) -> None:
    """Note every key that is no key of a policy."""
    fields.only((*KEYS, *ORDERS))


def read_order(fields: Fields) -> Order:
    """The one order, written under `policy` or, in the short form, beside the filters.

    What it answers for a problem, which is noted in *fields*, is any order.
    """
    nested = Fields.of(fields.values.get("policy"), fields.at("policy"), fields.problems)
    nested.only(tuple(ORDERS))
    named = [name for name in ORDERS if name in nested.values]
    # an input of Pulumi that is None arrives as null: beside an order it is none
    named = [name for name in named if nested.values[name] is not None] or named
    written = [(fields, name) for name in ORDERS if name in fields.values] + [(nested, name) for name in named]
    is_empty = nested.readable and not nested.values and (not written or fields.values.get("policy") is not None)
    if is_empty:  # otherwise what stands there is the problem
        fields.wrong("policy", f"needs an order: one of {', '.join(ORDERS)}")
    if is_empty or not written:
        return ByPushTime()
    if len(written) > 1:
        names = " and ".join(where.at(name) for where, name in written)
        fields.wrong("policy", f"has {len(written)} orders, {names}; keep one")
        return ByPushTime()
    where, name = written[0]
    body = Fields.of(where.values[name], where.at(name), fields.problems)
    body.only(ORDERS[name].options)
    return ORDERS[name].read(body)


def read_platform(fields: Fields) -> str:
    """Operating system and architecture; problems are noted in *fields*."""
    platform = fields.text("platform", DEFAULT_PLATFORM) or ""
    if not _PLATFORM.fullmatch(platform):
        fields.wrong("platform", f"must be such as linux/amd64, got {shown(platform)}")
    return platform


def read_limit(fields: Fields) -> int:
    """Read `discovery_limit`; a problem is noted in *fields*. Pulumi hands every number over as a float."""
    value = fields.values.get("discovery_limit")
    if value is None:
        return LIMIT
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value <= MOST or value % 1:
        fields.wrong("discovery_limit", f"must be a whole number from 1 to {MOST}, got {shown(value)}")
        return LIMIT
    return int(value)
