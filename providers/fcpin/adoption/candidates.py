"""Which functions of a region can be adopted by a stack, and why the others cannot."""

from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Protocol

from fcpin.adoption.guess import guess
from fcpin.adoption.guessed import Guess
from fcpin.errors import FunctionNotFound, InvalidImage
from fcpin.fc.model import RUNTIME, SANDBOX, Function
from fcpin.fc.uses import in_full
from fcpin.image import Image, Repository, acr_host
from fcpin.pinned_function.plan import OWNER_TAG
from fcpin.policy.tag_names import is_pin_tag

_AT_ONCE: Final = 8

Known = Callable[[str], str]
"""What pins the function of this name already; empty for nothing."""


class Region(Protocol):
    """Of FunctionClient, what is asked here."""

    def list(self, prefix: str = "") -> Iterable[Function]: ...
    def get(self, name: str) -> Function: ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """A function that can be adopted."""

    function: Function
    repository: Repository
    tag: str
    guess: Guess


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A function that cannot."""

    name: str
    why: str


def candidates(region: Region, prefix: str, known: Known, registries: Collection[str]) -> list[Candidate | LeftOut]:
    """Every function whose name begins with *prefix*, as FC lists them.

    *registries*: hosts of registries other than ACR that the stack's configuration says how to ask.
    One request for 100 functions, and one for each that may run an image. A function that is deleted meanwhile is
    skipped. Raises FunctionError.
    """
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="fcpin-import") as pool:
        found = pool.map(lambda listed: _judged(region, listed, known, registries), region.list(prefix))
        return [each for each in found if each is not None]


def _judged(region: Region, listed: Function, known: Known, registries: Collection[str]) -> Candidate | LeftOut | None:
    """None for a function that is deleted meanwhile."""
    if listed.is_fc2:
        return LeftOut(listed.name, "is a function of FC 2.0, and fcpin deploys to FC 3.0 only; migrate it first")
    try:
        function = in_full(region, listed)
    except FunctionNotFound:
        return None
    why = next(_against(function, known), "")
    if why:
        return LeftOut(function.name, why)
    try:
        image = Image.parse(function.image)
    except InvalidImage as error:
        return LeftOut(function.name, f"its image cannot be read: {error}")
    host, tag = image.repository.host, image.tag or ("latest" if image.digest is None else "")
    if not tag:
        return LeftOut(function.name, f"runs {function.image}, by digest: no tag tells what to follow")
    if is_pin_tag(tag):
        return LeftOut(function.name, f"runs {function.image}, a pin tag of fcpin: another stack protects it")
    if acr_host(host) is None and host not in registries:
        return LeftOut(function.name, f"runs {function.image}, of a registry that is not ACR: write its entry by hand")
    return Candidate(function, image.repository, tag, guess(tag))


def _against(function: Function, known: Known) -> Iterator[str]:
    if pinned := known(function.name):
        yield pinned
    if function.runtime == SANDBOX:
        yield (
            f"is a {SANDBOX} that runs {function.image or 'no image'}: Function Compute returns no digest for it, "
            f"so it cannot be pinned; fcpin deploys to {RUNTIME} functions only"
        )
    elif function.runtime != RUNTIME:
        yield f"has the runtime {function.runtime}; fcpin deploys to {RUNTIME} functions only"
    if not function.image:
        yield "has no image"
    if owner := function.tags.get(OWNER_TAG):
        yield f"was created by {owner}, which deletes it one day"
