"""A policy as a value: which tag of a repository to deploy. `select.py` has the rules by which it decides."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal, TypeAlias, get_args

from msgspec import NODEFAULT, UNSET, Meta, UnsetType

from fcpin.errors import InvalidInput, InvalidPolicy, Problem, shown
from fcpin.image import TagRecord
from fcpin.models import Model, Schema, about, from_text, json_schema, read
from fcpin.policy.family import Family
from fcpin.policy.filters import FilterTags
from fcpin.policy.follow import Follow
from fcpin.policy.gates import Acceleration, Gate, MinAge, Mode
from fcpin.policy.hold import Hold
from fcpin.policy.orders import Alphabetical, DigestOf, Newest, Numerical, Order, Semver
from fcpin.policy.patterns import PatternText
from fcpin.policy.selection import Selection
from fcpin.policy.times import DurationText

DEFAULT_PLATFORM: Final = "linux/amd64"
"""Function Compute runs nothing else."""
_PLATFORM: Final = r"^[a-z0-9]+/[a-z0-9_]+(/[a-z0-9.]+)?$"


def _parse_platform(text: str) -> str:
    if re.fullmatch(_PLATFORM[:-1], text) is None:
        raise ValueError(f"must be such as linux/amd64, got {shown(text)}")
    return text


if TYPE_CHECKING:
    Platform: TypeAlias = str
else:
    Platform = from_text(str, _parse_platform, pattern=_PLATFORM)


class Orders(Model):
    """Exactly one order. Others may be null, as an input of Pulumi that is None arrives."""

    family: Annotated[
        Family | UnsetType | None,
        about("The relatives <name>-<suffix>: the one pushed last, else the one with the greatest number."),
    ] = UNSET
    semver: Annotated[Semver | UnsetType | None, about("The greatest semantic version in a range.")] = UNSET
    numerical: Annotated[Numerical | UnsetType | None, about("The greatest number.")] = UNSET
    alphabetical: Annotated[Alphabetical | UnsetType | None, about("The last of the alphabet.")] = UNSET
    newest: Annotated[Newest | UnsetType | None, about("The last one.")] = UNSET
    digest: Annotated[
        DigestOf | UnsetType | None,
        about("Whatever one moving tag points at; each push is an outage until the next update."),
    ] = UNSET
    follow: Annotated[Follow | UnsetType | None, about("What another stack runs.")] = UNSET

    def __post_init__(self) -> None:
        names = self._names
        if not names:
            raise InvalidInput(Problem("", f"needs an order: one of {', '.join(ORDERS)}"))
        if len(names) > 1:
            written = " and ".join(f"policy.{name}" for name in names)
            raise InvalidInput(Problem("", f"has {len(names)} orders, {written}; keep one"))
        if getattr(self, names[0]) is None:
            read(ORDERS[names[0]], {}, names[0], InvalidPolicy)

    @property
    def order(self) -> Order:
        (name,) = self._names
        order: Any = getattr(self, name)
        return ORDERS[name]() if order is None else order  # type: ignore[no-any-return]

    @property
    def _names(self) -> Sequence[str]:
        """The orders that are given, or those that are null if none is."""
        written = [name for name in self.__struct_fields__ if getattr(self, name) is not UNSET]
        return [name for name in written if getattr(self, name) is not None] or written


ORDERS: Final[Mapping[str, Any]] = {
    name: get_args(get_args(kind)[0])[0]
    for name, kind in Orders.__annotations__.items()
    if name in Orders.__struct_fields__
}
"""The models of the orders by their names."""
_WITHOUT_FIELDS: Final = [
    name
    for name, order in ORDERS.items()
    if len(order.__struct_defaults__) == len(order.__struct_fields__) and NODEFAULT not in order.__struct_defaults__
]
"""Those that null stands for, too."""
Orders.schema_rules = {
    "oneOf": [
        *({"required": [name], "properties": {name: {"type": "object"}}} for name in ORDERS),
        {
            "maxProperties": 1,
            "anyOf": [{"required": [name], "properties": {name: {"type": "null"}}} for name in _WITHOUT_FIELDS],
        },
    ]
}


_AN_ORDER: Final = f"{{newest: {{}}}}; the orders are {', '.join(ORDERS)}"


class Policy(Model):
    """Which tag of a repository is deployed: docs/policies."""

    schema_rules: ClassVar[Mapping[str, Any]] = {
        "dependencies": {
            "accelerated_wait": {"properties": {"accelerated": {"const": "prefer"}}, "required": ["accelerated"]}
        }
    }

    policy: Annotated[
        Orders,
        about("Exactly one order: which tag is the newest.", example=_AN_ORDER),
    ]
    filter_tags: Annotated[
        FilterTags | None, about("Which tags take part, and what of each is compared: [filters](filters.md).")
    ] = None
    allow_tags: Annotated[
        tuple[PatternText, ...], about("Regular expressions of RE2: one of them must match the whole tag.")
    ] = ()
    ignore_tags: Annotated[
        tuple[PatternText, ...], about("Regular expressions of RE2: none of them may match the whole tag.")
    ] = ()
    allow_downgrade: Annotated[bool, about("Whether an older tag than the deployed one may be chosen.")] = False
    on_empty: Annotated[
        Literal["fail", "keep"], about("What happens when no tag qualifies: fail, or keep the deployed pin.")
    ] = "fail"
    platform: Annotated[Platform, about("What the chosen image must run on.")] = DEFAULT_PLATFORM
    """A listing has no platforms: the caller checks it."""
    min_age: Annotated[
        DurationText | None,
        about(
            "How long the registry must have had a tag before it is deployed: 90s, 2h, 7d ([min_age](min-age.md)).",
            example="2h or 1h30m",
        ),
    ] = None
    accelerated: Annotated[
        Mode,
        about(
            "Whether to deploy the _accelerated image that ACR Enterprise makes of a tag: "
            "[accelerated](accelerated.md)."
        ),
    ] = "ignore"
    accelerated_wait: Annotated[
        DurationText | None,
        about(
            "With accelerated: prefer, how long a tag waits for its conversion from its push on: 10m.",
            example="10m or 1h30m",
        ),
    ] = None
    hold: Annotated[
        Hold | None, about("Stay on one image until a date, whatever the policy selects: [hold](hold.md).")
    ] = None
    suspend: Annotated[
        bool, about("Whether the deployed pin is left alone; wins over a hold too ([suspend](suspend.md)).")
    ] = False
    protect: Annotated[
        Literal["none", "pin_tag"],
        about(
            "pin_tag deploys by a tag that fcpin creates, which no moved or deleted tag reaches: [protect](protect.md)."
        ),
    ] = "none"
    discovery_limit: Annotated[
        int,
        Meta(ge=1, le=10_000),
        about(
            "How many tags are looked into for their [build time](newest.md#build-times), where the registry "
            "gives no push times."
        ),
    ] = 100

    def __post_init__(self) -> None:
        if self.accelerated_wait is not None and self.accelerated != "prefer":
            reason = "is how long `accelerated: prefer` waits, and `accelerated` is not prefer; remove one"
            raise InvalidInput(Problem("accelerated_wait", reason))

    @classmethod
    def from_spec(cls, spec: Mapping[str, object]) -> "Policy":
        """Read the dictionary that docs/policies describes, once for equal ones. The order may stand outside `policy`.

        Raises InvalidPolicy with every problem.
        """
        try:
            canonical = json.dumps(spec, sort_keys=True)
        except (TypeError, ValueError, RecursionError):
            return _read(spec)
        return _read_canonical(canonical)

    @property
    def order(self) -> Order:
        return self.policy.order

    @property
    def acceleration(self) -> Acceleration | None:
        """None where conversions are ignored."""
        return None if self.accelerated == "ignore" else Acceleration(self.accelerated, self.accelerated_wait)

    @property
    def is_protected(self) -> bool:
        """Whether the chosen image is deployed by its pin tag."""
        return self.protect == "pin_tag"

    def gates(self, *, min_age_bypass: bool = False) -> Sequence[Gate]:
        """The options of this policy that delay a tag, in the order in which they apply."""
        gates: list[Gate] = []
        if self.min_age is not None and not min_age_bypass:
            gates.append(MinAge(self.min_age))
        if self.acceleration is not None and self.acceleration.delays:
            gates.append(self.acceleration)
        return gates

    @property
    def needs_now(self) -> bool:
        """Whether a selection depends on the time."""
        return self.hold is not None or bool(self.gates())

    @property
    def warnings(self) -> Sequence[str]:
        """What users should know before they rely on this policy."""
        moving = () if self.is_protected else self.order.warnings
        return (*moving, *(self.filter_tags.warnings if self.filter_tags else ()))

    def active_hold(self, now: datetime | None) -> Hold | None:
        """The hold that decides at *now*, if one does."""
        return None if self.hold is None or self.hold.is_over(known(now)) else self.hold

    def confirm(self, selection: Selection, record: TagRecord) -> None:
        """Raises InvalidPolicy when *record*, resolved for *selection*, is not the image that was selected.

        A listing may come without digests: then only the tag itself shows it.
        """
        order = self.order
        if selection.hold is not None:
            selection.hold.check(record)
        elif isinstance(order, Follow):
            order.check(record)


KEYS: Final[Sequence[str]] = Policy.__struct_fields__


def known(now: datetime | None) -> datetime:
    """Raises ValueError for None."""
    if now is None:
        raise ValueError("this policy goes by time: it needs now=…")
    return now


def policy_schema() -> Schema:
    """The JSON schema of the dictionary after `--policy`, where the order may stand outside `policy`."""
    schema = json_schema(Policy, "fcpin policy")
    orders = schema["properties"]["policy"]["properties"]
    schema["properties"] |= {name: _alone(orders[name]) for name in ORDERS}
    del schema["required"]
    return {**schema, "oneOf": [{"required": [name]} for name in ("policy", *ORDERS)]}


def _alone(order: Schema) -> Schema:
    """An order that stands outside `policy`: null only where it needs no field."""
    given, _ = order["anyOf"]
    return {**given, "description": order["description"]} if "required" in given else order


@lru_cache(maxsize=1024)
def _read_canonical(canonical: str) -> Policy:
    return _read(json.loads(canonical))


def _read(spec: Mapping[str, object]) -> Policy:
    short = [name for name in ORDERS if name in spec] if isinstance(spec, Mapping) else []
    if not short:
        return read(Policy, spec, "", InvalidPolicy)
    if spec.get("policy") is not None:
        raise InvalidPolicy(Problem("policy", f"stands next to the order {' and '.join(short)}; keep one"))
    if len(short) > 1:
        raise InvalidPolicy(Problem("policy", f"has {len(short)} orders, {' and '.join(short)}; keep one"))
    (name,) = short
    nested = {key: value for key, value in spec.items() if key != name} | {"policy": {name: spec[name]}}
    try:
        return read(Policy, nested, "", InvalidPolicy)
    except InvalidPolicy as error:
        problems = (Problem(one.path.removeprefix("policy."), one.reason) for one in error.problems)
        raise InvalidPolicy(*problems) from None
