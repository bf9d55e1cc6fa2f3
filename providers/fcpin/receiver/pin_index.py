"""From repositories to pins: which pins a push concerns, by names alone. No registry is queried, no process started.

It errs on one side only: an event that concerns a pin without need changes nothing.

1. The repository may be the pin's: a field that the sender leaves out matches anything, and ACR serves each repository
   under several hosts.
2. The tag is the deployed one, which has moved then, or one that the pin's policy could select. A digest without a tag
   may belong to any tag.
3. A pin tag of fcpin concerns the pin that runs on it, unless it has the digest that it was created for: fcpin itself
   pushes it.
"""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from fcpin.acr_hosts import AcrHost, acr_host
from fcpin.errors import FcpinError, InvalidInput
from fcpin.image import Repository, is_pin_tag, pin_tag
from fcpin.policy import Policy, could_select
from fcpin.receiver.push_event import PushEvent, RepositoryHint
from fcpin.stack.stack import StackPin

_READS_AT_ONCE: Final = 4
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class IndexedPin:
    """A pin of a stack's state, with its policy parsed."""

    stack: str
    pin: StackPin
    policy: Policy | None
    """None where it is a secret or not valid. Then any tag could be selected."""
    instances: Mapping[str, str]
    """Ids of ACR Enterprise instances to the names that their hosts begin with."""

    @property
    def name(self) -> str:
        return self.pin.name

    def is_concerned(self, event: PushEvent) -> bool:
        """Whether *event* may change what the pin is to run."""
        return is_match(event.repository, self.pin.repository, self.instances) and self._could_select(event)

    def _could_select(self, event: PushEvent) -> bool:
        if self.policy is not None and self.policy.suspend:
            return False
        running = self.pin.deployed.tag if self.pin.deployed else None
        if event.tag is not None and event.tag == running:
            return not (is_pin_tag(event.tag) and event.digest is not None and pin_tag(event.digest) == event.tag)
        if self.policy is None or event.tag is None:
            return True
        return could_select(self.policy, event.tag, self.pin.tag or None)


class PinIndex:
    """The pins of all stacks as they were last read. Thread-safe.

    A stack that could not be read lately keeps its pins. One that was never read is concerned by every event.
    """

    def __init__(
        self, stacks: Sequence[str], read: Callable[[str], Sequence[StackPin]], instances: Mapping[str, str]
    ) -> None:
        """*read* returns the pins in a stack's state; it may raise FcpinError, and take seconds."""
        self._read, self._instances, self._lock = read, instances, threading.Lock()
        self._pins: dict[str, Sequence[IndexedPin] | None] = dict.fromkeys(stacks)
        self._by_path: Mapping[str, Sequence[IndexedPin]] = {}
        self._unread = frozenset(stacks)

    def pins(self, stack: str) -> Sequence[IndexedPin] | None:
        """None for a stack that was never read."""
        return self._pins.get(stack)

    def read(self, stack: str) -> Sequence[IndexedPin]:
        """Read the stack's state now. Raises FcpinError."""
        return self.learn(stack, self._read(stack))

    def learn(self, stack: str, pins: Sequence[StackPin]) -> Sequence[IndexedPin]:
        """*pins* were read from the stack's state. A policy that did not change is not parsed again."""
        with self._lock:
            known = {one.name: one for one in self._pins.get(stack) or ()}
            indexed = tuple(self._indexed(stack, pin, known.get(pin.name)) for pin in pins)
            self._pins[stack] = indexed
            by_path: dict[str, list[IndexedPin]] = {}
            for each in self._pins.values():
                for one in each or ():
                    by_path.setdefault(one.pin.repository.path, []).append(one)
            self._by_path = by_path
            self._unread = frozenset(name for name, each in self._pins.items() if each is None)
        return indexed

    def read_all(self) -> None:
        """Read every stack, several at once. One that cannot be read is logged."""
        with ThreadPoolExecutor(_READS_AT_ONCE, thread_name_prefix="receiver-pins") as pool:
            list(pool.map(self._try_to_read, list(self._pins)))

    def has(self, repository: RepositoryHint) -> bool:
        """Whether a pin may be on *repository*."""
        if self._unread:
            return True
        known = self._by_path.get(repository.path, ())
        return any(is_match(repository, one.pin.repository, self._instances) for one in known)

    def stacks(self, event: PushEvent) -> tuple[str, ...]:
        """The stacks that *event* concerns, in alphabetical order."""
        known = self._by_path.get(event.repository.path, ())
        return tuple(sorted({one.stack for one in known if one.is_concerned(event)} | self._unread))

    def unready(self) -> str:
        """Why no event can be matched yet: no stack was ever read. Empty when one was."""
        if len(self._unread) == len(self._pins):
            return "no stack has been read yet; `fcpin receiver check` reports why if this does not change"
        return ""

    def _try_to_read(self, stack: str) -> None:
        try:
            self.read(stack)
        except FcpinError as error:
            _log.warning("the pins of the stack %s cannot be read: %s", stack, error)

    def _indexed(self, stack: str, pin: StackPin, known: IndexedPin | None) -> IndexedPin:
        if known and known.pin.policy == pin.policy:
            return IndexedPin(stack, pin, known.policy, self._instances)
        try:
            policy = None if pin.policy is None else Policy.from_spec(pin.policy)
        except InvalidInput:  # the deployment reports what is wrong with it
            policy = None
        return IndexedPin(stack, pin, policy, self._instances)


def is_match(hint: RepositoryHint, repository: Repository, instances: Mapping[str, str]) -> bool:
    """Whether *repository* may be the one of *hint*."""
    if hint.path != repository.path:
        return False
    if hint.host:
        return Repository(hint.host, hint.path).is_same(repository)
    if not hint.region and not hint.instance:
        return True
    acr = acr_host(repository.host)
    return acr is not None and (not hint.region or acr.region == hint.region) and _is_instance(hint, acr, instances)


def _is_instance(hint: RepositoryHint, acr: AcrHost, instances: Mapping[str, str]) -> bool:
    """An instance that is given by an id without a configured name may be any one of Enterprise."""
    if not hint.instance:
        return True
    name = instances.get(hint.instance, "" if hint.instance.startswith("cri-") else hint.instance)
    return acr.edition == "enterprise" and name in ("", acr.instance_name)
