"""Every remote call of every verb with every fault: an error in one line, in bounded time, and nothing lost.

After the faults an `up` without one must end in the wanted state. docs/reliability.md shows the table.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from fcpin.drift import Kind
from fcpin.emulator import Emulator, Knobs
from fcpin.errors import FcpinError
from fcpin.http.limits import Limits
from fcpin.image import Repository
from fcpin.lookup import rank
from fcpin.pinned_function.provider import ProviderError
from fcpin.policy import Policy
from fcpin.registry.registries import digest_of, require_platform
from tests.support.faulty_proxy import DRIBBLE, FAULTS, READ_TIMEOUT, STALE, FaultyProxy, redirecting
from tests.support.instant import INSTANT
from tests.support.plugin import CheckFailed, Plugin

SHORT: Final = Limits(connect=0.1, silence=0.05)
"""For faults that last as long as a request may."""
SECONDS: Final = 20.0
"""What one verb may take, its retries included. Most take less than one second; this holds on a busy machine too."""
LONGEST_MESSAGE: Final = 1500
POLICY: Final[Mapping[str, Any]] = {"family": {"name": "main"}}
CONFIG: Final = {"cpu": 0.5, "memory_size": 512, "disk_size": 512, "port": 9000}


@dataclass
class Case:
    """One function, its repository, and a proxy before their cloud that can fail."""

    cloud: Emulator
    proxy: FaultyProxy
    plugin: Plugin
    path: str
    host: str
    may_be_stale: bool = False

    @property
    def repository(self) -> str:
        return f"{self.host}/{self.path}"

    @property
    def function(self) -> str:
        return self.path.replace("/", "-")

    @property
    def wanted(self) -> dict[str, Any]:
        return {
            "function_name": self.function,
            "repository": self.repository,
            "policy": dict(POLICY),
            "config": CONFIG,
        }

    def push(self, *tags: str) -> None:
        for tag in tags:
            self.cloud.push(self.path, tag, content=f"{self.path} {tag}")

    def deploy(self) -> None:
        """`main-1` runs, and `main-2` is pushed."""
        self.push("main-1")
        self.plugin.up(**self.wanted)
        self.push("main-2")

    def push_only(self) -> None:
        """Nothing is deployed."""
        self.push("main-1", "main-2")

    def up(self) -> None:
        self.plugin.up(**self.wanted)

    def preview(self) -> None:
        self._expect(self.plugin.preview(**self.wanted)["tag"])

    def refresh(self) -> None:
        self.plugin.refresh()
        assert self.plugin.outputs["tag"] == "main-1"

    def destroy(self) -> None:
        self.plugin.destroy()
        assert self.live() is None, "destroy succeeded, and the function is still there"

    def resolve(self) -> None:
        """What `fcpin resolve` does."""
        repository, policy = Repository.parse(self.repository), Policy.from_spec(POLICY)
        handle, now = self.plugin.services().registries.open(repository), self.plugin.clock.now()
        selection = rank(policy, handle, None, now=now).select(now=now)
        assert selection.chosen is not None
        self._expect(selection.chosen.tag)
        record = handle.resolve(selection.chosen.tag)
        require_platform(handle, record.tag, digest_of(record, repository), policy.platform)

    def drift(self) -> None:
        """What `fcpin drift` does; a call that failed is a finding of its own."""
        finding = self.plugin.survey()
        if finding.drift.kind is Kind.UNKNOWN:
            raise FcpinError(f"{finding.drift.sentence}: {finding.drift.detail}")
        assert finding.drift.kind is Kind.NEWER_TAG or self.may_be_stale

    def live(self) -> dict[str, Any] | None:
        """The function as the cloud has it."""
        names = (one["functionName"] for one in self.cloud.functions())
        return self.cloud.function(self.function) if self.function in names else None

    def runs(self) -> str:
        """The tag that the function runs, as a cold start proves."""
        image = self.cloud.function(self.function)["customContainerConfig"]["image"]
        called = self.cloud.invoke(self.function, cold=True)
        return str(image.rpartition(":")[2] if called.digest else called.code)

    def state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What Pulumi's state has of the function: as long as it stays, the next fault may be tried on it."""
        return dict(self.plugin.inputs), dict(self.plugin.outputs)

    def require_update(self, what: str) -> None:
        """An `up` without a fault ends in the wanted state."""
        self.up()
        assert self.runs() == "main-2", what

    def _expect(self, tag: str) -> None:
        assert tag == "main-2" or (self.may_be_stale and tag == "main-1")


@dataclass(frozen=True)
class Verb:
    """A verb that runs under a fault, and what it needs before."""

    name: str
    prepare: Callable[[Case], None]
    run: Callable[[Case], None]
    changes: bool = False

    def __str__(self) -> str:
        return self.name


PREVIEW: Final = Verb("preview", Case.deploy, Case.preview)
CREATE: Final = Verb("create", Case.push_only, Case.up, changes=True)
UPDATE: Final = Verb("update", Case.deploy, Case.up, changes=True)
REFRESH: Final = Verb("refresh", Case.deploy, Case.refresh)
DESTROY: Final = Verb("destroy", Case.deploy, Case.destroy, changes=True)
RESOLVE: Final = Verb("resolve", Case.push_only, Case.resolve)
DRIFT: Final = Verb("drift", Case.deploy, Case.drift)

_OCI: Final = ("GET token", "GET manifest", "GET blob", "GET storage")
_CHOOSE: Final = ("ListInstance", "GetRepository", "ListRepoTag", "GetRepoTag", "GetAuthorizationToken", *_OCI)
_PERSONAL: Final = ("GetRepoTags", "HEAD manifest")
CALLS: Final[Mapping[Verb, tuple[str, ...]]] = {
    PREVIEW: (*_CHOOSE, *_PERSONAL),
    CREATE: (*_CHOOSE, *_PERSONAL, "GetFunction", "CreateFunction"),
    UPDATE: (*_CHOOSE, *_PERSONAL, "GetFunction", "UpdateFunction"),
    REFRESH: ("GetFunction", "ListInstance", "GetRepository", "GetRepoTag", "GET token", "HEAD manifest"),
    DESTROY: ("GetFunction", "DeleteFunction"),
    RESOLVE: (*_CHOOSE, *_PERSONAL),
    DRIFT: (
        *("GetFunction", "ListInstance", "GetRepository", "ListRepoTag", "GetRepoTag"),
        *("GET token", "GetRepoTags", "HEAD manifest"),
    ),
}
"""The remote calls of each verb; `test_the_table_has_every_call` holds it."""


REDIRECT: Final = "redirect to another host"
CONTENT: Final = frozenset({"GET blob", "GET storage"})
"""What a registry may keep elsewhere: it is fetched by its digest, and without the login."""
PAGE: Final = Path(__file__).parent.parent.parent / "docs" / "reliability.md"


@pytest.fixture
def knobs() -> Knobs:
    return INSTANT


@pytest.fixture
def proxy(cloud: Emulator) -> Iterator[FaultyProxy]:
    with FaultyProxy(cloud.address) as proxy:
        yield proxy


@pytest.fixture
def elsewhere(cloud: Emulator) -> Iterator[FaultyProxy]:
    """Another host, which would answer as well."""
    with FaultyProxy(cloud.address) as proxy:
        yield proxy


def case_of(cloud: Emulator, proxy: FaultyProxy, path: str, *, personal: bool = False) -> Case:
    host = "registry.cn-hangzhou.aliyuncs.com" if personal else cloud.enterprise_host
    return Case(cloud, proxy, Plugin(cloud, url=proxy.url), path, host)


@pytest.mark.parametrize("verb", CALLS, ids=str)
def test_the_table_has_every_call(cloud: Emulator, proxy: FaultyProxy, verb: Verb) -> None:
    arrived = set[str]()
    for personal in (False, True):
        case = case_of(cloud, proxy, f"shop/personal-{personal}".lower(), personal=personal)
        verb.prepare(case)
        proxy.actions.clear()
        verb.run(case)
        arrived |= set(proxy.actions)
    assert arrived == set(CALLS[verb])


def test_the_page_has_the_table() -> None:
    text = PAGE.read_text()
    rows = re.findall(r"^\| ([^|]+?) \| ([\d,]+) \| ([\d,]+) \| 0 \|$", text, re.MULTILINE)
    cells = sum(map(len, CALLS.values()))
    assert [row[0] for row in rows] == [*map(str, FAULTS), REDIRECT, "**all**"]
    assert [row[1:] for row in rows[:-1]] == [(str(cells), str(cells))] * (len(FAULTS) + 1)
    assert rows[-1][1:] == (f"{cells * (len(FAULTS) + 1):,}",) * 2
    for verb, actions in CALLS.items():
        assert re.search(rf"^\| `{verb}` \| {len(actions)} \|", text, re.MULTILINE), verb


@pytest.mark.parametrize(
    ("verb", "action"),
    [(verb, action) for verb, actions in CALLS.items() for action in actions],
    ids=str,
)
def test_a_fault_is_one_line_and_loses_nothing(
    cloud: Emulator, proxy: FaultyProxy, elsewhere: FaultyProxy, verb: Verb, action: str
) -> None:
    personal = action in {*_PERSONAL, "GET token"}

    case: Case | None = None
    for number, fault in enumerate((*FAULTS, redirecting(REDIRECT, elsewhere.url))):
        what = f"{verb}, {action}: {fault}"
        if case is not None and fault is STALE:  # what was read before is remembered: it needs a function of its own
            case.require_update(what)
            case = None
        if case is None:
            case = case_of(cloud, proxy, f"shop/app-{number}", personal=personal)
            verb.prepare(case)
        before, state = case.live(), case.state()
        case.may_be_stale = fault is STALE
        case.plugin.limits = SHORT if fault in {READ_TIMEOUT, DRIBBLE} else None
        proxy.fail(action, fault)
        message = run(verb, case, what)
        proxy.heal()
        case.plugin.limits = None
        if not verb.changes:
            assert case.live() == before, f"{what}: changed the function"
        if not case.plugin.outputs and verb is DESTROY:
            assert case.live() is None, f"{what}: the function is lost ({message})"
        if case.live() != before or case.state() != state or fault is STALE:
            case.require_update(what)
            case = None
    if case is not None:
        case.require_update(f"{verb}, {action}")
    assert not elsewhere.signed, f"{verb}, {action}: a login was sent to another host"
    assert set(elsewhere.actions) <= CONTENT, f"{verb}, {action}: the answer of another host was used"


def run(verb: Verb, case: Case, what: str) -> str:
    """Run *verb* under its fault; the message of the error, empty for none. Fails the test for any other end."""
    started = time.monotonic()
    message = ""
    try:
        verb.run(case)
    except (FcpinError, ProviderError, CheckFailed) as error:
        message = str(error)
    except AssertionError as error:
        raise AssertionError(f"{what}: {error}") from error
    except Exception as error:
        raise AssertionError(f"{what}: {type(error).__name__}: {error}") from error
    took = time.monotonic() - started
    assert took < SECONDS, f"{what}: took {took:.1f} s"
    assert "\n" not in message, f"{what}: {message}"
    assert "unexpected" not in message, f"{what}: {message}"
    assert len(message) <= LONGEST_MESSAGE, f"{what}: {len(message)} characters: {message[:300]}"
    return message
