"""Which functions of a region can be adopted by a stack, and why the others cannot."""

from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Protocol

from fcpin.adoption.guess import guess
from fcpin.adoption.guessed import Guess
from fcpin.errors import FunctionNotFound, InvalidImage
from fcpin.fc.model import Function
from fcpin.fc.runtime_config import RUNTIME
from fcpin.image import Image, Repository, acr_host
from fcpin.pinned_function.plan import OWNER_TAG
from fcpin.policy.protect import is_pin_tag

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
    One request for 100 functions, and one for each whose image the listing does not tell. Raises FunctionError.
    """
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="fcpin-import") as pool:
        functions = pool.map(lambda listed: _in_full(region, listed), region.list(prefix))
        return [_judged(function, known, registries) for function in functions if function is not None]


def _in_full(region: Region, listed: Function) -> Function | None:
    """Whether a listing tells image and tags in full is not documented. None for what is deleted meanwhile."""
    if listed.runtime != RUNTIME or listed.resolved_image_uri:
        return listed
    try:
        return region.get(listed.name)
    except FunctionNotFound:
        return None


def _judged(function: Function, known: Known, registries: Collection[str]) -> Candidate | LeftOut:
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
    if function.runtime != RUNTIME:
        yield f"has the runtime {function.runtime}, and only {RUNTIME} runs an image"
    if not function.image:
        yield "has no image"
    if owner := function.tags.get(OWNER_TAG):
        yield f"was created by {owner}, which deletes it one day"
