"""Which pins a push concerns, told from names alone: no registry is asked, and no process is started.

It errs on one side only: a push that is said to concern nothing changes nothing.

1. The repository may be the pin's: what the sender leaves out may be anything, and ACR serves each repository under
   several hosts.
2. The tag is the deployed one, which was moved then, or one that the pin's policy may take. A digest without a tag may
   be of any.
3. A pin tag of our own concerns the pin that runs on it, unless it has the digest that it was made for: fcpin itself
   pushes it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from fcpin.errors import InvalidInput
from fcpin.image import AcrHost, Repository, acr_host
from fcpin.policy import Policy, could_select
from fcpin.policy.tag_names import is_pin_tag, pin_tag
from fcpin.receiver.push import Place, Push
from fcpin.stack.stack import StackPin


@dataclass(frozen=True, slots=True)
class Watch:
    """A pin, and the policy that decides what it takes."""

    pin: StackPin
    policy: Policy | None
    """None where nobody can tell: it is a secret, or no longer valid. Then any tag may be taken."""

    @classmethod
    def of(cls, pin: StackPin) -> Self:
        """Never raises: what is wrong with a policy is the deployment's to say."""
        try:
            return cls(pin, None if pin.policy is None else Policy.from_spec(pin.policy))
        except InvalidInput:
            return cls(pin, None)

    def is_concerned(self, push: Push, instances: Mapping[str, str]) -> bool:
        """Whether *push* may change what the pin is to run. *instances*: ids of ACR Enterprise to their names."""
        return is_place_of(push.place, self.pin.repository, instances) and self._could_select(push)

    def _could_select(self, push: Push) -> bool:
        if self.policy is not None and self.policy.suspend:
            return False
        if push.tag is not None and push.tag == self._runs:
            return not (is_pin_tag(push.tag) and push.digest is not None and pin_tag(push.digest) == push.tag)
        if self.policy is None or push.tag is None:
            return True
        return could_select(self.policy, push.tag, self.pin.tag or None)

    @property
    def _runs(self) -> str | None:
        """The tag that FC got."""
        return self.pin.deployed.tag if self.pin.deployed else None


@dataclass(frozen=True, slots=True)
class Watches:
    """Every pin that is known, by its repository's path. Made once from what was seen, asked for each push."""

    by_path: Mapping[str, Sequence[tuple[str, Watch]]] = field(default_factory=dict)
    """With the stack of each."""
    unseen: frozenset[str] = frozenset()
    """Stacks whose pins nobody knows: every push may concern them."""
    instances: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, pins: Mapping[str, Sequence[StackPin] | None], instances: Mapping[str, str] | None = None) -> "Watches":
        """*pins* by stack; None for a stack that could not be read."""
        by_path: dict[str, list[tuple[str, Watch]]] = {}
        for stack, known in pins.items():
            for pin in known or ():
                by_path.setdefault(pin.repository.path, []).append((stack, Watch.of(pin)))
        return cls(by_path, frozenset(stack for stack, known in pins.items() if known is None), instances or {})

    def has(self, place: Place) -> bool:
        """Whether some pin may be on the repository at *place*."""
        known = self.by_path.get(place.path, ())
        return bool(self.unseen) or any(is_place_of(place, watch.pin.repository, self.instances) for _, watch in known)

    def stacks(self, push: Push) -> tuple[str, ...]:
        """The stacks that *push* concerns, in alphabetical order."""
        known = self.by_path.get(push.place.path, ())
        concerned = {stack for stack, watch in known if watch.is_concerned(push, self.instances)}
        return tuple(sorted(concerned | self.unseen))


def concerned_pins(
    pushes: Sequence[Push], pins: Sequence[StackPin], instances: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """Names of those of *pins* that some of *pushes* concerns, in their order."""
    watches = [Watch.of(pin) for pin in pins]
    return tuple(
        watch.pin.name for watch in watches if any(watch.is_concerned(push, instances or {}) for push in pushes)
    )


def is_place_of(place: Place, repository: Repository, instances: Mapping[str, str]) -> bool:
    """Whether *repository* may be the one at *place*."""
    if place.path != repository.path:
        return False
    if place.host:
        return Repository(place.host, place.path).is_same(repository)
    if not place.region and not place.instance:
        return True
    acr = acr_host(repository.host)
    return acr is not None and (not place.region or acr.region == place.region) and _is_instance(place, acr, instances)


def _is_instance(place: Place, acr: AcrHost, instances: Mapping[str, str]) -> bool:
    """An instance that is given by an id whose name nobody knows may be any one of Enterprise."""
    if not place.instance:
        return True
    name = instances.get(place.instance, "" if place.instance.startswith("cri-") else place.instance)
    return acr.edition == "enterprise" and name in ("", acr.instance_name)
