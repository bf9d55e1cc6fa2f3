"""Choose what a function is rolled back to: a hold that the next deployment will carry out, or a reason why it cannot.

Everything is looked up before a word is written: that the image is there under a tag, and that the policy of the
function takes the hold.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from fcpin.errors import InvalidImage, InvalidSettings, Problem, TagNotFound
from fcpin.function_files import FUNCTIONS
from fcpin.image import Digest, Repository, TagRecord, is_tag, parse_digest, short
from fcpin.lookup import rank
from fcpin.pinned_function.keys import POLICY_KEYS
from fcpin.policy import Policy, Selection
from fcpin.policy.times import iso
from fcpin.registry.registries import Registries
from fcpin.stack.stack import Stack, StackPin

_LONGEST_REASON: Final = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a stack's `fcpin:functions`, and the pin that was deployed from it."""

    name: str
    repository: Repository
    spec: Mapping[str, object]
    """The policy dictionary, with the hold that stands there now."""
    pin: StackPin | None
    """None where nothing has been deployed yet."""

    @classmethod
    def find(cls, stack: Stack, wanted: str) -> Self:
        """The entry called *wanted*, else the one of the function of that name. Raises InvalidSettings."""
        functions = stack.functions
        named = [name for name, entry in functions.items() if entry.get("function_name") == wanted]
        if wanted not in functions and len(named) != 1:
            many = (
                f"is the function of {', '.join(named)}; name one of these" if named else _no_entry(functions, wanted)
            )
            raise InvalidSettings(Problem(FUNCTIONS, many))
        name = wanted if wanted in functions else named[0]
        entry = functions[name]
        try:
            repository = Repository.parse(str(entry.get("repository")))
        except InvalidImage as error:
            raise InvalidSettings(Problem(f"{FUNCTIONS}.{name}.repository", str(error))) from None
        pin = next((pin for pin in stack.pins if pin.name == name), None)
        spec = {key: entry[key] for key in POLICY_KEYS if key in entry}
        return cls(name, repository, _with_followed(spec, pin), pin)

    @property
    def current(self) -> str | None:
        """The tag that is deployed."""
        return self.pin.tag if self.pin and self.pin.tag else None

    def selection(self, registries: Registries, hold: Mapping[str, str] | None, now: datetime) -> Selection:
        """What the next deployment would select with *hold* in place. Raises InvalidPolicy, RegistryError."""
        spec = {key: value for key, value in self.spec.items() if key != "hold"} | ({"hold": hold} if hold else {})
        policy = Policy.from_spec(spec)
        ranking = rank(policy, registries.open(self.repository), self.current, now=now)
        return ranking.select(self.current, current_by=self.pin.ordered_by if self.pin else "", now=now)


def _with_followed(spec: dict[str, object], pin: StackPin | None) -> dict[str, object]:
    """*spec*, where it follows another stack, with the image that the program read there at the last deployment."""
    written, deployed = (_follow(one.get("policy")) for one in (spec, (pin and pin.policy) or {}))
    if written is None or deployed is None or written.get("stack") != deployed.get("stack"):
        return spec
    return {**spec, "policy": {"follow": {**written, "image": deployed.get("image")}}}


def _follow(policy: object) -> Mapping[str, object] | None:
    follow = policy.get("follow") if isinstance(policy, Mapping) else None
    return follow if isinstance(follow, Mapping) else None


def _no_entry(functions: Mapping[str, object], wanted: str) -> str:
    if not functions:
        return "is not set; the functions are named elsewhere, so write the hold there"
    return f"has no entry {wanted!r}; there are {', '.join(sorted(functions))}"


def reason_of(text: str) -> str:
    """*text* on one line, because previews show it. Raises ValueError."""
    reason = " ".join(text.split())
    if not reason:
        raise ValueError("is required: the next preview shows it")
    if len(reason) > _LONGEST_REASON or not reason.isprintable():
        raise ValueError(f"expected printable text of at most {_LONGEST_REASON} characters")
    return reason


def hold_for(entry: Entry, registries: Registries, to: str | None, until: datetime, reason: str) -> dict[str, str]:
    """The hold at *to*, a tag or a digest, or at what ran before. Raises InvalidSettings, RegistryError."""
    if entry.spec.get("suspend") is True:
        raise InvalidSettings(
            Problem(f"{FUNCTIONS}.{entry.name}.suspend", "is true, so a hold would have no effect; remove it first")
        )
    target = _previous(entry, registries) if to is None else _given(entry, registries, to)
    return {**target, "until": iso(until), "reason": reason}


def _previous(entry: Entry, registries: Registries) -> dict[str, str]:
    before = entry.pin.previous if entry.pin else None
    if before is None or before.digest is None:
        raise InvalidSettings(Problem("--to", f"is required: the state has no previous image of {entry.name}"))
    if not before.repository.is_same(entry.repository):
        raise InvalidSettings(Problem("--to", f"is required: the previous image, {before}, is of another repository"))
    try:
        if before.tag and registries.open(entry.repository).resolve(before.tag).digest == before.digest:
            return {"tag": before.tag, "digest": before.digest}
    except TagNotFound:
        pass
    return _by_digest(
        entry, registries, before.digest, f"the previous image was {before.tag} with {short(before.digest)}"
    )


def _given(entry: Entry, registries: Registries, to: str) -> dict[str, str]:
    if is_tag(to) and not _is_digest(to):
        try:
            record = registries.open(entry.repository).resolve(to)
        except TagNotFound:
            raise InvalidSettings(Problem("--to", f"{to} is not a tag of {entry.repository}")) from None
        return {"tag": to} | ({"digest": record.digest} if record.digest else {})
    if not _is_digest(to):
        raise InvalidSettings(Problem("--to", f"expected a tag, or sha256: and 64 hexadecimal digits, got {to[:80]!r}"))
    return _by_digest(entry, registries, parse_digest(to), to)


def _by_digest(entry: Entry, registries: Registries, digest: Digest, what: str) -> dict[str, str]:
    """Function Compute deploys by tag, so one must point there."""
    listing: list[TagRecord] = list(registries.open(entry.repository).list_tags())
    if any(record.digest == digest and record.status == "NORMAL" for record in listing):
        return {"digest": digest}
    if listing and all(record.digest is None for record in listing):
        raise InvalidSettings(Problem("--to", f"{what}: this registry lists tags without digests; give the tag"))
    raise InvalidSettings(
        Problem("--to", f"{what}, and no tag of {entry.repository} points there: tag that image, and give the tag")
    )


def _is_digest(text: str) -> bool:
    try:
        parse_digest(text)
    except InvalidImage:
        return False
    return True
