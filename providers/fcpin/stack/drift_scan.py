"""Look at every pin of a stack: what its function runs, what became of that, and what the policy would deploy now.

One listing of each repository, one GetFunction a pin, several at once. A pin that cannot be checked is a finding of
its own, and hides no other.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from fcpin.clients import ClientFor
from fcpin.drift import Drift, Kind, RegisteredImage, Unknown, classify, registered_image
from fcpin.errors import FcpinError, FunctionError, FunctionNotFound, InvalidPolicy, RegistryError
from fcpin.fc.model import Function
from fcpin.image import Repository, TagRecord, short
from fcpin.lookup import Rankings
from fcpin.policy import Policy
from fcpin.registry.registries import Registries
from fcpin.stack.stack import StackPin

AT_ONCE: Final = 8


@dataclass(frozen=True, slots=True)
class Finding:
    """One pin of a stack, as it is now."""

    pin: StackPin
    function: Function | None
    """None when there is none, and when it cannot be read."""
    drift: Drift
    exposed_seconds: float | None = None
    """Since the push that moved the tag, where the registry returns push times."""
    note: str = ""
    """That it is held, suspended or locked."""


@dataclass(frozen=True, slots=True)
class DriftScan:
    """Whom to ask, and the time that policies decide by."""

    client_for: ClientFor
    registries: Registries
    now: datetime
    min_age_bypass: bool = False

    def of(self, pins: Sequence[StackPin]) -> list[Finding]:
        """One finding a pin, in their order. Raises nothing that is expected: it is a finding."""
        policies = [_policy(pin) for pin in pins]
        listed = (pin.repository for pin, policy in zip(pins, policies, strict=True) if _lists(policy))
        self.registries.start_listing(dict.fromkeys(listed))
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="fcpin-drift") as pool:
            return list(pool.map(partial(self._look, Rankings()), pins, policies))

    def mutable(self, pins: Sequence[StackPin]) -> Iterator[Repository]:
        """The repositories of *pins* whose tags can be moved, as far as registries return it."""
        for repository in dict.fromkeys(pin.repository for pin in pins):
            with suppress(RegistryError):  # a registry that cannot be read is a finding already
                if self.registries.open(repository).is_immutable() is False:
                    yield repository

    def _look(self, rankings: Rankings, pin: StackPin, policy: Policy | Unknown) -> Finding:
        note = _note(policy, self.now)
        try:
            function = self.client_for(pin.region, pin.profile).get(pin.function_name)
        except FunctionNotFound:
            gone = Drift(Kind.FUNCTION_MISSING, f"{pin.function_name} is not in {pin.region}")
            return Finding(pin, None, gone, note=note)
        except FunctionError as error:
            unknown = Drift(Kind.UNKNOWN, f"the function cannot be read ({type(error).__name__})", str(error))
            return Finding(pin, None, unknown, note=note)
        registered = registered_image(self.registries, function, pin.deployed, pin.platform)
        drift = classify(pin.deployed, function, registered)
        if drift.kind is Kind.OK:
            drift = classify(pin.deployed, function, registered, self._newer(rankings, pin, policy, registered))
        locked = str(function.lock) if function.lock and drift.kind is not Kind.FUNCTION_LOCKED else ""
        notes = "; ".join(filter(None, (note, locked)))
        return Finding(pin, function, drift, self._exposed(drift, registered), notes)

    def _newer(
        self, rankings: Rankings, pin: StackPin, policy: Policy | Unknown, registered: RegisteredImage | Unknown
    ) -> str | Unknown:
        """What the policy would deploy instead of what runs, in words; empty for the same."""
        if isinstance(policy, Unknown):
            return policy
        current = pin.tag or None
        try:
            ranking = rankings.rank(policy, self.registries.open(pin.repository), current, now=self.now)
            selection = ranking.select(
                current, current_by=pin.ordered_by, now=self.now, min_age_bypass=self.min_age_bypass
            )
            if selection.chosen is None:
                return "" if selection.keep else Unknown(f"no tag qualifies: {selection.reason}")
            if selection.chosen.tag != current:
                return f"{selection.chosen.tag}: {selection.summary}"
            return self._moved(pin, selection.chosen, registered)
        except FcpinError as error:
            return Unknown(f"the policy cannot be evaluated ({type(error).__name__})", str(error))

    def _moved(self, pin: StackPin, chosen: TagRecord, registered: RegisteredImage | Unknown) -> str:
        """Whether the chosen tag has another digest now, where the function does not run it by that tag."""
        if isinstance(registered, Unknown) or registered.image.tag == chosen.tag or pin.deployed is None:
            return ""
        digest = self.registries.open(pin.repository).resolve_once(chosen.tag).digest
        return f"{chosen.tag} points at {short(digest)} now" if digest and digest != pin.deployed.digest else ""

    def _exposed(self, drift: Drift, registered: RegisteredImage | Unknown) -> float | None:
        if not drift.kind.facts.since_push or isinstance(registered, Unknown) or registered.pushed is None:
            return None
        return round(max((self.now - registered.pushed).total_seconds(), 0.0), 1)


def _policy(pin: StackPin) -> Policy | Unknown:
    if pin.policy is None:
        return Unknown("the policy is secret in the stack's state")
    try:
        return Policy.from_spec(pin.policy)
    except InvalidPolicy as error:
        return Unknown("the policy in the stack's state is not valid", str(error))


def _lists(policy: Policy | Unknown) -> bool:
    return isinstance(policy, Policy) and not policy.suspend


def _note(policy: Policy | Unknown, now: datetime) -> str:
    if isinstance(policy, Unknown):
        return ""
    if policy.suspend:
        return "suspended"
    hold = policy.active_hold(now)
    return hold.at(hold.tag or str(hold.digest)) if hold else ""
