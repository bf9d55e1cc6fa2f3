"""The events of each sender: one captured or documented payload for each situation."""

from datetime import UTC, datetime, timedelta

import pytest

from fcpin.image import Digest
from fcpin.receiver.errors import Rejected
from fcpin.receiver.push_event import PushEvent, RepositoryHint
from fcpin.receiver.senders import SENDERS
from fcpin.receiver.senders.authentication import SecretLocation
from fcpin.receiver.senders.sender import Ignored, ParsedEvent
from tests.receiver.senders.requests import FIXTURES, NOW, Request, fixture, sender

C = Digest("sha256:" + "c" * 64)
ACR = Digest("sha256:457f4aa83fc9a6663ab9d1b0a6e2dce25a12a943ed5bf2c1747c58d48bbb4917")
ONE = Digest("sha256:7fb164c0ef272fd9267224f89f155e48895ed0ff9539d73e9861db8ede589ae9")
TWO = Digest("sha256:b03124974b4d9de8d792f0d554159326b58b2f63b9d8447881c399d31c844a46")
HARBOR = Digest("sha256:d72f37f783ed6a8d58ac70b4db052707d1ec9d4ea010ef5ccd84652faf9ed844")
HERE = RepositoryHint("namespace/repotest", region="cn-hangzhou")
DEMO = RepositoryHint("shop/app", region="cn-hangzhou", instance="demo")
REGISTRY = RepositoryHint("shop/app", "registry.example.com:5000")
HOST = RepositoryHint("shop/app", "registry.example.com")
ANOTHER = RepositoryHint("shop/app", "harbor.example.com")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


BUILT = at("2026-11-22T11:59:41Z")
NOTIFIED = at("2026-11-22T11:59:58.453327Z")
SECONDS_AGO = at("2026-11-22T11:59:58Z")

ACR_HOST = "demo-registry.cn-hangzhou.cr.aliyuncs.com"
TEN_SECONDS_AGO = at("2026-11-22T11:59:50Z")

PUSHES: list[tuple[str, list[tuple[RepositoryHint, str | None, Digest | None, datetime | None]]]] = [
    # fixture; repository, tag, digest and time of each push
    ("acr/push", [(HERE, "latest", ACR, None)]),
    ("acr/push_with_a_bare_digest", [(HERE, "latest", ACR, None)]),
    ("acr/push_without_digest", [(HERE, "latest", None, None)]),
    ("acr/push_with_a_time_zone", [(HERE, "latest", ACR, SECONDS_AGO)]),
    ("eventbridge/push_completed", [(DEMO, "main-12", C, BUILT)]),
    ("eventbridge/push_without_instance_name", [(RepositoryHint("shop/app", region="cn-hangzhou", instance="cri-4jga79lyszik0000"), "main-12", None, BUILT)]),
    ("eventbridge/build_completed", [(DEMO, "main-12", None, BUILT)]),
    ("eventbridge/scan_completed", [(DEMO, "main-12", None, None)]),
    ("eventbridge/synchronization_completed", [(RepositoryHint("shop/app"), "main-12", C, BUILT)]),
    ("eventbridge/synchronization_with_a_target", [(RepositoryHint("store/app", region="cn-shanghai", instance="cri-0target0"), "main-13", C, BUILT)]),
    ("eventbridge/several_events", [(DEMO, "main-12", None, BUILT), (DEMO, "main-13", None, BUILT)]),
    ("distribution/push_by_tag", [(REGISTRY, "main-12", ONE, NOTIFIED)]),
    ("distribution/push_of_an_index", [(REGISTRY, "main-13", TWO, NOTIFIED)]),
    ("distribution/several_events", [(REGISTRY, "main-12", ONE, NOTIFIED), (REGISTRY, "main-13", TWO, NOTIFIED)]),
    ("harbor/push_artifact", [(ANOTHER, "main-12", HARBOR, TEN_SECONDS_AGO)]),
    ("harbor/create_tag", [(ANOTHER, "main-12", HARBOR, TEN_SECONDS_AGO)]),
    ("harbor/cached_by_a_proxy", [(ANOTHER, None, HARBOR, TEN_SECONDS_AGO)]),
    ("harbor/replication", [(ANOTHER, "main-12", None, TEN_SECONDS_AGO), (ANOTHER, None, C, TEN_SECONDS_AGO)]),
    ("harbor/replication_without_references", [(ANOTHER, None, None, TEN_SECONDS_AGO)]),
    ("harbor/replication_of_an_old_version", [(ANOTHER, "main-12", None, TEN_SECONDS_AGO)]),
    ("harbor/replication_to_another_registry", [(RepositoryHint("shop/team/app", ACR_HOST), "main-12", None, TEN_SECONDS_AGO)]),
    ("generic/push", [(HOST, "main-12", None, None)]),
    ("generic/push_with_everything", [(HOST, "main-12", C, SECONDS_AGO)]),
    ("generic/push_of_a_digest", [(HOST, None, C, None)]),
]  # fmt: skip


def parse(name: str, request: Request | None = None) -> tuple[ParsedEvent, ...]:
    request = request or Request()
    request.body = fixture(name)
    return sender(name.partition("/")[0]).parse(request.arrive())


def pushes(name: str, request: Request | None = None) -> list[PushEvent]:
    found = parse(name, request)
    assert all(isinstance(one, PushEvent | Ignored) for one in found), found
    return [one for one in found if isinstance(one, PushEvent)]


@pytest.mark.parametrize(("name", "expected"), PUSHES, ids=[row[0] for row in PUSHES])
def test_a_push(name: str, expected: list[tuple[RepositoryHint, str | None, Digest | None, datetime | None]]) -> None:
    found = pushes(name)
    assert [(push.repository, push.tag, push.digest, push.pushed) for push in found] == expected
    for push in found:
        assert push.sender == name.partition("/")[0]
        assert push.received == NOW
        assert 0 < len(push.id) <= 100
    assert len({push.id for push in found}) == len(found)
    assert [push.id for push in pushes(name)] == [push.id for push in found], "the id is the same"


IGNORED = [
    # what was sent, and what it is counted as
    ("eventbridge/build_failed", "failed build"),
    ("eventbridge/signing_completed", "cr:Artifact:SigningCompleted"),
    ("distribution/push_by_digest", "push without a tag"),
    ("distribution/push_of_a_layer", "push of a layer"),
    ("distribution/pull", "pull"),
    ("distribution/mount_of_a_layer", "mount"),
    ("harbor/push_by_digest", "push without a tag"),
    ("harbor/scanning_completed", "SCANNING_COMPLETED"),
    ("harbor/replication_failed", "failed replication"),
]


@pytest.mark.parametrize(("name", "event"), IGNORED, ids=[row[0] for row in IGNORED])
def test_an_ignored_event(name: str, event: str) -> None:
    assert set(parse(name)) == {Ignored(event)}
    assert event in SENDERS[name.partition("/")[0]].ignored_events


REJECTED = [
    # what was sent, what it is counted as, a fact of the sentence
    ("eventbridge/unknown_type", "unknown_event", "cr:Artifact:Renamed"),
    ("eventbridge/of_another_service", "unknown_event", "acs.oss"),
    ("distribution/unknown_action", "unknown_event", "chown"),
    ("harbor/unknown_type", "unknown_event", "CHART_POLISHED"),
    ("harbor/as_cloudevents", "malformed", "Default"),
    ("generic/push_of_nothing", "malformed", "neither tag nor digest"),
    ("generic/never_sent", "malformed", "sent"),
    ("generic/sent_long_ago", "replayed", "3600 s old"),
    ("generic/sent_tomorrow", "replayed", "82800 s in the future"),
]


@pytest.mark.parametrize(("name", "counted", "fact"), REJECTED, ids=[row[0] for row in REJECTED])
def test_a_rejected_event(name: str, counted: str, fact: str) -> None:
    try:
        (rejection,) = parse(name)
    except Rejected as error:
        rejection = error
    assert isinstance(rejection, Rejected)
    assert (rejection.status, rejection.reason.label) == (400, counted)
    assert fact in str(rejection)


def test_every_fixture_is_in_a_table() -> None:
    named = (
        {row[0] for row in PUSHES}
        | {row[0] for row in IGNORED}
        | {row[0] for row in REJECTED}
        | {"distribution/unknown_action_among_others"}
    )
    assert {str(file.relative_to(FIXTURES).with_suffix("")) for file in FIXTURES.rglob("*.json")} == named
    assert {name.partition("/")[0] for name in named} == set(SENDERS)


def test_one_rejection_hides_no_other_push() -> None:
    rejection, push = parse("distribution/unknown_action_among_others")
    assert isinstance(rejection, Rejected)
    assert isinstance(push, PushEvent)
    assert push.tag == "main-12"


def test_the_instance_of_acr_enterprise_stands_in_the_path() -> None:
    (push,) = pushes("acr/push", Request(path="cri-0a1b2c/of-course-a-secret"))
    assert push.repository == RepositoryHint("namespace/repotest", region="cn-hangzhou", instance="cri-0a1b2c")


@pytest.mark.parametrize("name", ["distribution/push_by_tag", "harbor/push_artifact"])
def test_the_url_may_name_the_registry_host(name: str) -> None:
    (push,) = pushes(name, Request(query={"registry": "images.example.com"}))
    assert push.repository == RepositoryHint("shop/app", "images.example.com")
    for expected in parse(name, Request(query={"registry": "no host"})):
        assert isinstance(expected, Rejected)
        assert "?registry" in str(expected)


def test_attributes_of_a_cloud_event_may_be_headers() -> None:
    attributes = {"ce-id": "1", "ce-source": "acs.cr", "ce-specversion": "1.0", "ce-type": "cr:Artifact:PushCompleted", "ce-time": "2026-11-22T11:59:41Z"}  # fmt: skip
    data = b'{"RepoNamespaceName": "shop", "RepoName": "app", "Tag": "main-12", "InstanceName": "demo"}'
    (push,) = sender("eventbridge").parse(Request(data, attributes).arrive())
    assert isinstance(push, PushEvent)
    assert (push.repository, push.tag, push.pushed) == (RepositoryHint("shop/app", instance="demo"), "main-12", BUILT)


@pytest.mark.parametrize("kind", SENDERS)
def test_an_event_that_is_too_old_is_a_replay(kind: str) -> None:
    """Of each sender, one payload at least has a time."""
    reasons = set()
    for name in sorted(FIXTURES.glob(f"{kind}/*.json")):
        try:
            events = sender(kind, replay_window=timedelta(seconds=1)).parse(Request(name.read_bytes()).arrive())
        except Rejected as error:
            events = (error,)
        reasons |= {one.reason.label for one in events if isinstance(one, Rejected)}
    assert "replayed" in reasons


@pytest.mark.parametrize(
    "kind", [kind for kind in SENDERS if SecretLocation.SIGNATURE not in SENDERS[kind].secret_locations]
)
def test_the_replay_window_covers_a_day_of_retries(kind: str) -> None:
    """A registry repeats what was not accepted. A script that signs a time does not."""
    assert SENDERS[kind].default_replay_window >= timedelta(days=1)
