"""ACR Personal by its own API: push times where it has them, names alone where it has not the repository."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fcpin.emulator import Emulator, Knobs
from fcpin.errors import RegistryDenied, RegistryError, RegistryUnavailable
from fcpin.http.credentials import Credentials
from fcpin.http.retries import Retry
from fcpin.image import Repository
from fcpin.registry.registries import Registries
from fcpin.registry.settings import RegistrySettings

PATH = "shop/app"
SHARED = Repository("registry.cn-hangzhou.aliyuncs.com", PATH)
OWN = Repository("crpi-abc123.cn-hangzhou.personal.cr.aliyuncs.com", PATH)
AT_ONCE = Retry(attempts=2, seconds=5, first_wait=0, longest_wait=0)

Listed = dict[str, tuple[str | None, bool]]
"""Digest by tag, and whether there is a push time."""


@pytest.fixture
def reported() -> list[str]:
    return []


@pytest.fixture
def listing(cloud: Emulator, reported: list[str]) -> Iterator[Callable[[Repository], Listed]]:
    """Lists a repository in a run of its own."""
    directories: list[Registries] = []

    def list_tags(repository: Repository, secret: str = cloud.access_key_secret) -> Listed:
        login = RegistrySettings(endpoint=cloud.url, username=cloud.username, password=cloud.password)
        directory = Registries(
            {SHARED.host: login, OWN.host: login},
            credentials=Credentials(cloud.access_key_id, secret),
            cr_endpoint=cloud.url,
            retry=AT_ONCE,
            report=reported.append,
        )
        directories.append(directory)
        return {
            record.tag: (record.digest, record.pushed is not None) for record in directory.open(repository).list_tags()
        }

    yield list_tags
    for directory in directories:
        directory.close()


@pytest.mark.parametrize(
    ("repository", "knobs"),
    [(SHARED, Knobs(digest_prefix="bare")), (OWN, Knobs(digest_prefix="prefixed"))],
    ids=["a shared host, bare digests", "an own host, digests with a prefix"],
)
def test_every_tag_comes_with_its_digest_and_push_time(
    cloud: Emulator, listing: Callable[[Repository], Listed], reported: list[str], repository: Repository
) -> None:
    digest = cloud.push(PATH, "v0", content="one")
    for number in range(1, 101):
        cloud.retag(PATH, f"v{number}", to=digest)
    assert listing(repository) == {f"v{number}": (digest, True) for number in range(101)}
    assert reported == []
    assert cloud.calls.count("GetRepoTags") == 2


def test_the_time_of_a_push_is_the_registry_s(cloud: Emulator) -> None:
    cloud.push(PATH, "v1", created="2001-01-01T00:00:00Z")
    credentials = Credentials(cloud.access_key_id, cloud.access_key_secret)
    (record,) = Registries(credentials=credentials, cr_endpoint=cloud.url).open(SHARED).list_tags()
    assert record.created == datetime(2001, 1, 1, tzinfo=UTC)
    assert record.pushed is not None
    assert abs((datetime.now(UTC) - record.pushed).total_seconds()) < 60


@pytest.mark.parametrize(
    ("knobs", "repository"),
    [
        pytest.param(Knobs(acr_personal="unknown"), SHARED, id="it knows no such repository"),
        pytest.param(Knobs(acr_personal="unknown"), OWN, id="it knows no instance of one's own"),
        pytest.param(Knobs(acr_personal="namesake"), OWN, id="it knows another repository of that name"),
    ],
)
def test_the_registry_is_listed_instead_and_a_line_reports_it_when(
    cloud: Emulator, listing: Callable[[Repository], Listed], reported: list[str], repository: Repository
) -> None:
    cloud.push(PATH, "v1")
    assert listing(repository) == {"v1": (None, False)}
    (line,) = reported
    assert "no push times" in line
    assert str(repository) in line


def test_a_stranger_s_repository_with_other_tags_is_not_taken(
    cloud: Emulator, listing: Callable[[Repository], Listed], reported: list[str]
) -> None:
    cloud.push(PATH, "v1")
    cloud.after_next("GetRepoTags", "push", {"repository": PATH, "tag": "v2"})
    assert set(listing(OWN)) == {"v1", "v2"}
    assert "another repository" in reported[0]


REFUSALS: list[tuple[str, int, str]] = [
    ("a missing right", 403, "NoPrivilege"),
    ("an expired token", 403, "InvalidSecurityToken.Expired"),
    ("a token that is not one", 400, "InvalidSecurityToken.Malformed"),
    ("a clock that is wrong", 400, "IllegalTimestamp"),
    ("a key that was deleted, which is a 404", 404, "InvalidAccessKeyId.NotFound"),
    ("a call that is not there", 404, "InvalidAction.NotFound"),
    ("an unknown code", 400, "SOMETHING_ELSE"),
    ("a bare 404", 404, ""),
]


@pytest.mark.parametrize(("status", "code"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS])
def test_a_refusal_is_an_error_and_never_another_order(
    cloud: Emulator, listing: Callable[[Repository], Listed], reported: list[str], status: int, code: str
) -> None:
    cloud.push(PATH, "release-10")
    cloud.fail_next("GetRepoTags", status=status, code=code, message="Access denied for this user.")
    with pytest.raises(RegistryError, match=r"GetRepoTags.*push_times: false") as refused:
        listing(SHARED)
    assert type(refused.value) in {RegistryDenied, RegistryError}
    assert "\n" not in str(refused.value)
    assert reported == []
    assert listing(SHARED)["release-10"][1]


@pytest.mark.parametrize("code", ["REPO_NOT_EXIST", "NAMESPACE_NOT_EXIST", "USER_NOT_EXIST"])
def test_what_the_api_does_not_know_is_listed_by_the_registry(
    cloud: Emulator, listing: Callable[[Repository], Listed], reported: list[str], code: str
) -> None:
    cloud.push(PATH, "v1")
    cloud.fail_next("GetRepoTags", status=404, code=code)
    assert listing(SHARED) == {"v1": (None, False)}
    assert code in reported[0]


@pytest.fixture
def without_keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    for name in ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_CREDENTIALS_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return monkeypatch


def test_no_credentials_at_all_list_by_the_login_and_those_that_cannot_be_loaded_are_an_error(
    cloud: Emulator, reported: list[str], without_keys: pytest.MonkeyPatch
) -> None:
    cloud.push(PATH, "v1")
    login = {SHARED.host: RegistrySettings(endpoint=cloud.url, username=cloud.username, password=cloud.password)}
    registries = Registries(login, cr_endpoint=cloud.url, retry=AT_ONCE, report=reported.append)
    assert [record.tag for record in registries.open(SHARED).list_tags()] == ["v1"]
    assert reported == []
    without_keys.setenv("ALIBABA_CLOUD_CREDENTIALS_URI", "http://127.0.0.1:9/")
    with pytest.raises(RegistryError, match="GetRepoTags"):
        Registries(login, cr_endpoint=cloud.url, retry=AT_ONCE).open(SHARED).list_tags()


@pytest.mark.parametrize("kind", ["error", "html-502", "reset"])
def test_a_passing_failure_is_never_a_reason_to_order_by_something_else(
    cloud: Emulator, listing: Callable[[Repository], Listed], kind: str
) -> None:
    cloud.push(PATH, "v1")
    cloud.fail_next("GetRepoTags", kind=kind, times=2)  # type: ignore[arg-type]
    with pytest.raises(RegistryUnavailable, match="GetRepoTags"):
        listing(SHARED)


def test_a_listing_that_changes_while_it_is_read_is_read_again(
    cloud: Emulator, listing: Callable[[Repository], Listed]
) -> None:
    for number in range(101):
        cloud.push(PATH, f"v{number}", content="one")
    cloud.after_next("GetRepoTags", "push", {"repository": PATH, "tag": "late", "content": "one"})
    assert len(listing(SHARED)) == 102


def test_an_answer_without_tags_is_an_error(cloud: Emulator, listing: Callable[[Repository], Listed]) -> None:
    cloud.push(PATH, "v1")
    cloud.fail_next("GetRepoTags", kind="not-success", code="SOMETHING")
    with pytest.raises(RegistryError, match="expected a listing of tags; "):
        listing(SHARED)
