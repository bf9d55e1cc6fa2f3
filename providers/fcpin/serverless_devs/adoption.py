"""Which functions of a region a stack can adopt, why it cannot adopt the others, and the entries of its file."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Protocol

from fcpin.acr_hosts import acr_host
from fcpin.errors import FunctionNotFound, InvalidImage
from fcpin.fc.model import RUNTIME, SANDBOX, Function
from fcpin.fc.readiness import Readiness
from fcpin.fc.uses import in_full
from fcpin.image import Image, Repository, brief, is_pin_tag
from fcpin.pinned_function.plan import OWNER_TAG
from fcpin.serverless_devs.guess import Guess, guess
from fcpin.stack.yaml_edit import NewEntry

_AT_ONCE: Final = 8

Known = Callable[[str], str]
"""Returns what pins the function of this name already; empty for nothing."""


class Region(Protocol):
    """The methods of FunctionClient that are used here."""

    def list(self, prefix: str = "") -> Iterable[Function]: ...
    def get(self, name: str) -> Function: ...


@dataclass(frozen=True, slots=True)
class Adoptable:
    """A function that can be adopted."""

    name: str
    region: str
    """Empty for the region of the stack."""
    repository: Repository
    guess: Guess
    origin: str
    """The tag that the guess is made from: `runs main-12`, `s.yaml deploys :main-12`."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A function that cannot be adopted."""

    name: str
    reason: str
    """The rest of a sentence that begins with the name."""


def new_entries(functions: Sequence[Adoptable], taken: Collection[str]) -> list[NewEntry]:
    """Return one entry for each function, under its name, or name-2 and so on if that is *taken*."""
    used, entries = set(taken), []
    for function in functions:
        number, key = 2, function.name
        while key in used:
            number, key = number + 1, f"{function.name}-{number}"
        used.add(key)
        values = {
            "function_name": function.name,
            **({"region": function.region} if function.region else {}),
            "repository": str(function.repository),
            **function.guess.spec,
        }
        entries.append(NewEntry(key, values, (function.origin, function.guess.note)))
    return entries


def functions_of_region(
    client: Region, prefix: str, region: str, known: Known, registries: Collection[str]
) -> list[Adoptable | LeftOut]:
    """Return every function whose name begins with *prefix*, in the order of FC's list.

    *region*: for the entries; empty for the region of the stack. *registries*: hosts other than ACR that the stack's
    configuration has settings for.
    One request for 100 functions, and one for each that may run an image. A function that is deleted meanwhile is
    skipped. Raises FunctionError.
    """
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="fcpin-import") as pool:
        found = pool.map(lambda listed: _read_function(client, listed, region, known, registries), client.list(prefix))
        return [each for each in found if each is not None]


def _read_function(
    client: Region, listed: Function, region: str, known: Known, registries: Collection[str]
) -> Adoptable | LeftOut | None:
    """Return None for a function that is deleted meanwhile."""
    if listed.is_fc2:
        return LeftOut(listed.name, "is a function of FC 2.0, and fcpin deploys to FC 3.0 only; migrate it first")
    try:
        function = in_full(client, listed)
    except FunctionNotFound:
        return None
    if reason := next(_reasons_against(function, known), ""):
        return LeftOut(function.name, reason)
    try:
        image = Image.parse(function.image)
    except InvalidImage as error:
        return LeftOut(function.name, f"has an image that is not valid: {error}")
    host, tag = image.repository.host, image.tag or ("latest" if image.digest is None else "")
    if not tag:
        return LeftOut(function.name, f"runs {function.image}, by digest: there is no tag to guess a policy from")
    if is_pin_tag(tag):
        return LeftOut(function.name, f"runs {function.image}, a pin tag of fcpin: another stack protects it")
    if acr_host(host) is None and host not in registries:
        return LeftOut(function.name, f"runs {function.image}, of a registry that is not ACR: write its entry by hand")
    return Adoptable(function.name, region, image.repository, guess(tag), _runs(function, tag))


def _runs(function: Function, tag: str) -> str:
    runs = f"runs {brief(tag, function.digest)}"
    if Readiness.of(function) is Readiness.READY:
        return runs
    state, update = function.state or "unknown", function.last_update_status or "unknown"
    return f"{runs}; its state is {state}, its last update {update}"


def _reasons_against(function: Function, known: Known) -> Iterator[str]:
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
        yield f"was created by {owner}, whose `destroy` deletes it"
