"""How the registry speaks the OCI distribution API."""

from collections.abc import Iterator
from typing import Any, Final

from fcpin.probe.experiments.experiment import Experiment
from fcpin.probe.findings import Fact, Finding, Unknown
from fcpin.probe.lab import Lab
from fcpin.registry.session import parse_object
from fcpin.registry.transport import next_page, pages

_MOST: Final = 10_000
_PAGES: Final = 100


def _listing(lab: Lab) -> Iterator[Finding]:
    first = f"{lab.repository.url}/tags/list?n={_MOST}"
    fetch = lab.repository.fetch
    answers = list(pages(lambda url, _: fetch(url), first, clock=lab.clock, max_pages=_PAGES))
    names = [_names(answer) for answer in answers]
    did = f"listed {sum(map(len, names))} tags with n={_MOST}"
    if next_page(answers[0]) is None:
        yield Unknown("oci_page_size", f"the repository has {len(names[0])} tags, and all came on one page")
    else:
        yield Fact("oci_page_size", len(names[0]), did, f"{len(names[0])} came, and the address of the next page")
    listed = [name for page in names for name in page]
    sorted_ = listed == sorted(listed)
    yield Fact("oci_sorted", sorted_, did, f"they are {'' if sorted_ else 'not '}sorted")


def _names(answer: Any) -> list[str]:
    return list(parse_object(answer, "tags/list").get("tags") or ())


def _blob(lab: Lab) -> Iterator[Finding]:
    url = f"{lab.repository.url}/blobs/{lab.repository.blob(lab.tag('one'))}"
    answer = lab.repository.fetch(url, elsewhere=True)
    if answer.status != 200:
        yield Unknown("oci_blob_redirect", f"the blob was answered with HTTP {answer.status}")
        return
    redirected = answer.url != url
    where = "came from another address" if redirected else "came from the registry"
    yield Fact("oci_blob_redirect", redirected, "fetched a blob", where)


def _token(lab: Lab) -> Iterator[Finding]:
    seconds = lab.repository.token_seconds
    if seconds is None:
        yield Unknown("oci_token_seconds", "the registry gave no token that says how long it lives")
        return
    yield Fact("oci_token_seconds", round(seconds), "logged in", f"expires_in is {seconds:g}")


EXPERIMENTS: Final = (
    Experiment(("oci_page_size", "oci_sorted"), _listing),
    Experiment(("oci_blob_redirect",), _blob),
    Experiment(("oci_token_seconds",), _token),
)
