"""How the APIs of ACR answer."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from fcpin.probe.acr import Acr, listed
from fcpin.probe.experiments.experiment import Experiment
from fcpin.probe.findings import Fact, Finding, Unknown
from fcpin.probe.lab import PREFIX, Lab

_PAGE: Final = 100
_SMALL_PAGE: Final = 2
_OK: Final = 200
_NOT_FOUND: Final = 404
_FEW: Final = 3
_ABSENT: Final = f"{PREFIX}none"
_NO_ACR: Final = "the repository is not one of ACR Enterprise"


def _asked_of_acr(names: tuple[str, ...], ask: Callable[[Acr], Iterator[Finding]]) -> Experiment:
    """An experiment that only ACR Enterprise can answer."""

    def run(lab: Lab) -> Iterator[Finding]:
        if lab.acr is None:
            yield from (Unknown(name, _NO_ACR) for name in names)
        else:
            yield from ask(lab.acr)

    return Experiment(names, run)


def _listing(acr: Acr) -> Iterator[Finding]:
    said = acr.ask("ListRepoTag", PageNo=1, PageSize=_PAGE)
    images = listed(said, "Images", "a tag")
    if not images:
        yield from (Unknown(name, f"ListRepoTag was {said}") for name in ("digest_prefix", "acr_tag_order"))
        return
    digest = images[0].text("Digest", required=True)
    prefix = "prefixed" if digest.startswith("sha256:") else "bare"
    yield Fact("digest_prefix", prefix, "listed tags", f"Digest begins {digest[:12]}")
    yield _order([(one.text("Tag", required=True), int(one.text_or_number("ImageUpdate") or 0)) for one in images])


def _order(images: Sequence[tuple[str, int]]) -> Finding:
    """Told from tags whose order by name is not that of their pushes."""
    names, times = [name for name, _ in images], [time for _, time in images]
    if len(set(times)) < _FEW:
        return Unknown("acr_tag_order", f"{len(images)} tags have {len(set(times))} push times")
    did = f"listed {len(images)} tags"
    if times == sorted(times, reverse=True):
        return Fact("acr_tag_order", "newest-first", did, "every ImageUpdate is older than the one before")
    if names == sorted(names):
        return Fact("acr_tag_order", "name", did, "they are sorted by name, and not by ImageUpdate")
    return Fact("acr_tag_order", "scattered", did, "they are sorted neither by name nor newest first")


def _next_token(acr: Acr) -> Iterator[Finding]:
    said = acr.ask("ListRepoTag", MaxResults=_SMALL_PAGE)
    if not said.is_success:
        yield Unknown("acr_next_token", f"ListRepoTag was {said}")
        return
    count, token = len(listed(said, "Images", "a tag")), said.fields("a listing").text("NextToken")
    known = bool(token) and count <= _SMALL_PAGE
    answered = f"{count} came, {'with' if token else 'without'} a NextToken"
    yield Fact("acr_next_token", known, f"listed tags with MaxResults={_SMALL_PAGE}", answered)


def _absent(acr: Acr) -> Iterator[Finding]:
    said = acr.ask("GetRepoTag", "GET", Tag=_ABSENT)
    did = "asked for a tag that does not exist"
    ways = {_OK: "not-success", _NOT_FOUND: "http-404"}
    if said.is_success:
        yield from (Unknown(name, f"{did}, and it was there") for name in ("acr_not_exist", "acr_tag_not_exist_code"))
        return
    if said.status in ways:
        yield Fact("acr_not_exist", ways[said.status], did, str(said))
    else:
        yield Unknown("acr_not_exist", f"{did}, and the answer was HTTP {said.status}, neither 200 nor 404")
    yield Fact("acr_tag_not_exist_code", said.code, did, f"Code is {said.code}")


def _filter(acr: Acr) -> Iterator[Finding]:
    part = acr.instance_name[:-1]
    if not part:
        yield Unknown("acr_instance_filter", f"the name {acr.instance_name!r} has no part to ask for")
        return
    said = acr.instances(part)
    if not said.is_success:
        yield Unknown("acr_instance_filter", f"ListInstance was {said}")
        return
    found = {one.text("InstanceName") for one in listed(said, "Instances", "an instance")}
    fuzzy = acr.instance_name in found
    answered = f"{acr.instance_name} is {'' if fuzzy else 'not '}among the {len(found)} found"
    yield Fact("acr_instance_filter", "fuzzy" if fuzzy else "exact", f"listed instances named {part}", answered)


def _personal(lab: Lab) -> Iterator[Finding]:
    """A tag of the probe's own tells its repository from another one of that name."""
    if lab.personal is None:
        yield Unknown("acr_personal", "the repository is not one of ACR Personal")
        return
    name = lab.tag("one")
    said, told = lab.personal.tag(name)
    did = "asked the API of 2016-06-07 for the tags"
    if not said.is_success:
        yield Fact("acr_personal", "unknown", did, str(said))
    elif told is not None and told.text("digest").endswith(lab.repository.digest(name).removeprefix("sha256:")):
        yield Fact("acr_personal", "repository", did, "a tag of the probe is listed with its digest")
    else:
        yield Fact("acr_personal", "namesake", did, "no tag of the probe is listed with its digest")


EXPERIMENTS: Final = (
    _asked_of_acr(("digest_prefix", "acr_tag_order"), _listing),
    _asked_of_acr(("acr_next_token",), _next_token),
    _asked_of_acr(("acr_not_exist", "acr_tag_not_exist_code"), _absent),
    _asked_of_acr(("acr_instance_filter",), _filter),
    Experiment(("acr_personal",), _personal),
)
