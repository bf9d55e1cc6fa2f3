"""Read a policy as the user wrote it: in stack configuration, as a Pulumi input or after `--policy`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fcpin.errors import InvalidPolicy, Problem
from fcpin.policy.accelerated import Acceleration
from fcpin.policy.alphabetical import Alphabetical
from fcpin.policy.digest import DigestOf
from fcpin.policy.family import Family
from fcpin.policy.fields import Fields, shown
from fcpin.policy.filters import Filters
from fcpin.policy.hold import Hold
from fcpin.policy.min_age import MinAge
from fcpin.policy.newest import Newest
from fcpin.policy.numerical import Numerical
from fcpin.policy.order import Order, OrderReader
from fcpin.policy.semver import Semver

ORDERS: Mapping[str, OrderReader] = {
    "family": Family,
    "semver": Semver,
    "numerical": Numerical,
    "alphabetical": Alphabetical,
    "newest": Newest,
    "digest": DigestOf,
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
)
"""Everything that may stand beside the order."""

LATER: Sequence[str] = ("protect",)
"""Announced, and refused by name until they are there."""

_PLATFORM = re.compile(r"[a-z0-9]+/[a-z0-9_]+(?:/[a-z0-9.]+)?")


@dataclass(frozen=True)
class Settings:
    """A policy that was read and is valid."""

    order: Order
    filters: Filters
    allow_downgrade: bool
    on_empty: str
    platform: str
    min_age: MinAge | None
    acceleration: Acceleration
    hold: Hold | None
    suspend: bool


def read(spec: object) -> Settings:
    """Raises InvalidPolicy with everything that is wrong."""
    problems: list[Problem] = []
    fields = Fields.of(spec, "", problems)
    if not fields.readable:
        raise InvalidPolicy(*problems)
    _refuse_unknown(fields)
    order = _order(fields)
    filters = Filters.read(fields)
    allow_downgrade = fields.flag("allow_downgrade", default=False)
    on_empty = fields.choice("on_empty", ("fail", "keep"))
    platform = _platform(fields)
    min_age = MinAge.read(fields)
    acceleration = Acceleration.read(fields)
    hold = Hold.read(fields)
    suspend = fields.flag("suspend", default=False)
    if problems or order is None:
        raise InvalidPolicy(*problems)
    return Settings(order, filters, allow_downgrade, on_empty, platform, min_age, acceleration, hold, suspend)


def _refuse_unknown(fields: Fields) -> None:
    for key in LATER:
        if key in fields.values:
            fields.wrong(key, "is not supported yet; remove it")
    fields.only((*KEYS, *ORDERS), tolerated=LATER)


def _order(fields: Fields) -> Order | None:
    """The one order, written under `policy` or, in the short form, beside the filters."""
    nested = Fields.of(fields.values.get("policy"), fields.at("policy"), fields.problems)
    nested.only(tuple(ORDERS))
    written = [(where, name) for where in (fields, nested) for name in ORDERS if name in where.values]
    if len(written) > 1:  # an input that Pulumi was given as None arrives as null
        written = [(where, name) for where, name in written if where.values[name] is not None]
    if not written:
        if nested.readable and not nested.values:  # otherwise what stands there is the problem
            fields.wrong("policy", f"needs an order: one of {', '.join(ORDERS)}")
        return None
    if len(written) > 1:
        names = " and ".join(where.at(name) for where, name in written)
        fields.wrong("policy", f"has {len(written)} orders, {names}; keep one")
        return None
    where, name = written[0]
    body = Fields.of(where.values[name], where.at(name), fields.problems)
    body.only(ORDERS[name].options)
    return ORDERS[name].read(body)


def _platform(fields: Fields) -> str:
    platform = fields.text("platform", "linux/amd64") or ""
    if not _PLATFORM.fullmatch(platform):
        fields.wrong("platform", f"must be such as linux/amd64, got {shown(platform)}")
    return platform
