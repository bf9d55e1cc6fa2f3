"""The response to a request of a sender, and what is stored of its events."""

import json
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from msgspec.structs import replace

from fcpin.receiver.errors import UNAVAILABLE
from fcpin.receiver.settings.model import PageSettings, StackSettings
from fcpin.receiver.web.limits import MAX_BODY, WRONG_SECRETS_PER_MINUTE
from tests.receiver.pins import pin
from tests.receiver.senders.requests import NEXT, NOW, SECRET, fixture, settings, signed
from tests.receiver.web.serving import Receiver

PUSH = {"image": "registry.example.com/shop/app:main-12", "sent": "2026-11-22T12:00:00Z"}
BEARER = {"Authorization": f"Bearer {SECRET}"}


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


def generic(receiver: Receiver, **changes: Any) -> tuple[bytes, dict[str, str]]:
    body = json.dumps({**PUSH, "sent": receiver.clock.now().isoformat(), **changes}).encode()
    return body, signed(body)


def test_a_push_is_stored_before_the_response(receiver: Receiver) -> None:
    assert receiver.post("generic", *generic(receiver)) == (202, {"jobs": ["dev"]})
    ((push, stacks),) = receiver.inbox.events
    assert (str(push.repository.path), push.tag, push.sender, stacks) == ("shop/app", "main-12", "generic", ("dev",))
    assert (receiver.woken, receiver.inbox.bursts) == (1, [(timedelta(seconds=1), timedelta(seconds=15))])
    assert receiver.counted == {("generic", "accepted"): 1}


def test_a_push_that_no_policy_could_select_is_not_stored(receiver: Receiver) -> None:
    image = "registry.example.com/shop/app:feature-1"
    assert receiver.post("generic", *generic(receiver, image=image)) == (202, {"jobs": []})
    assert (receiver.inbox.events, receiver.woken) == ([], 0)


def test_a_repeated_event_is_stored_once(receiver: Receiver) -> None:
    event = generic(receiver, id="build-1")
    assert receiver.post("generic", *event) == (202, {"jobs": ["dev"]})
    assert receiver.post("generic", *event) == (202, {"jobs": []})
    assert len(receiver.inbox.events) == receiver.woken == 1
    assert receiver.counted == {("generic", "accepted"): 1, ("generic", "replayed"): 1}


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        (f"distribution/{SECRET}", {}),
        (f"distribution/{NEXT}", {}),
        (f"distribution?secret={SECRET}&registry=registry.example.com", {}),
        ("distribution", BEARER),
    ],
)
def test_the_secret_may_stand_at_each_location(receiver: Receiver, path: str, headers: dict[str, str]) -> None:
    headers = {**headers, "Content-Type": "application/vnd.docker.distribution.events.v1+json"}
    status, answer = receiver.post(path, fixture("distribution/push_by_tag"), headers)
    assert status == 202
    assert answer["jobs"] == (["dev"] if "registry=" in path else [])


LONG = json.dumps({"image": f"r.example.com/{'a' * 900_000}:1", "sent": NOW.isoformat()}).encode()
OLD = fixture("generic/sent_long_ago")
REJECTED = [
    # label, path, body, headers, status, sender and reason
    ("a wrong secret", f"acr/{SECRET}x", b"{}", {}, 401, ("acr", "invalid_secret")),
    ("no secret", "acr", b"{}", {}, 401, ("acr", "invalid_secret")),
    ("an unknown sender", f"other/{SECRET}", b"{}", {}, 401, ("", "invalid_secret")),
    ("a sender with a slash", f"a%2Fb/{SECRET}", b"{}", {}, 401, ("", "invalid_secret")),
    ("a signature of another body", "generic", b"{ }", signed(b"{}"), 401, ("generic", "invalid_secret")),
    ("no JSON", f"acr/{SECRET}", b"push=1", {}, 400, ("acr", "malformed")),
    ("a form", f"acr/{SECRET}", b"{}", {"Content-Type": "application/x-www-form-urlencoded"}, 415, ("acr", "media_type")),
    ("no content type", f"acr/{SECRET}", b"{}", {"Content-Type": ""}, 415, ("acr", "media_type")),
    ("a compressed body", f"acr/{SECRET}", b"{}", {"Content-Encoding": "gzip"}, 415, ("acr", "media_type")),
    ("a large body", f"acr/{SECRET}", b" " * (MAX_BODY + 1), {}, 413, ("", "oversized")),
    ("deep nesting", f"acr/{SECRET}", b"[" * 20_000, {}, 400, ("acr", "malformed")),
    ("too many values", f"acr/{SECRET}", b"[" + b"1," * 100_000 + b"1]", {}, 413, ("acr", "oversized")),
    ("an unknown event", f"eventbridge/{SECRET}", fixture("eventbridge/unknown_type"), {}, 400, ("eventbridge", "unknown_event")),
    ("an unknown repository", f"acr/{SECRET}", fixture("acr/push"), {}, 404, ("acr", "unknown_repository")),
    ("a long path", "generic", LONG, signed(LONG), 400, ("generic", "malformed")),
    ("an old request", "generic", OLD, signed(OLD), 400, ("generic", "replayed")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "body", "headers", "status", "counted"), [pytest.param(*row[1:], id=row[0]) for row in REJECTED]
)
def test_a_rejection_is_one_line_and_counted(
    receiver: Receiver, path: str, body: bytes, headers: dict[str, str], status: int, counted: tuple[str, str]
) -> None:
    found, answer = receiver.post(path, body, headers)
    assert found == status
    assert list(answer) == ["error"]
    assert "\n" not in answer["error"]
    assert SECRET not in answer["error"]
    assert len(answer["error"]) < 500
    assert receiver.counted == {counted: 1}
    assert receiver.inbox.events == []


def test_a_rejection_is_logged_for_known_senders(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    """Registries do not show the response."""
    caplog.set_level("INFO", "fcpin.receiver.intake")
    receiver.post(f"other/{SECRET}", b"{}")
    receiver.post("acr/guess", b"{}")
    receiver.post(f"distribution/{SECRET}", fixture("distribution/unknown_action"))
    lines = [record.getMessage() for record in caplog.records]
    assert [line.partition(":")[0] for line in lines] == ["acr", "distribution"]
    assert "invalid_secret" in lines[0]
    assert "chown" in lines[1]
    assert not any("\n" in line or SECRET in line or "guess" in line for line in lines)


def test_an_unauthenticated_response_does_not_depend_on_the_request(receiver: Receiver) -> None:
    """Neither on whether the sender exists, nor on the body."""
    paths = ("acr/guess", "generic", "other/guess", "other")
    answers = [receiver.request("POST", f"/hooks/{path}", body=body) for path in paths for body in (b"", b"[")]
    assert all(answer == answers[0] for answer in answers)


def test_a_rejected_event_hides_no_other_event(receiver: Receiver) -> None:
    path = f"distribution/{SECRET}?registry=registry.example.com"
    status, answer = receiver.post(path, fixture("distribution/unknown_action_among_others"))
    assert (status, answer["jobs"]) == (202, ["dev"])
    assert "chown" in answer["rejected"][0]
    assert receiver.counted == {("distribution", "accepted"): 1, ("distribution", "unknown_event"): 1}


@pytest.mark.parametrize("name", ["distribution/unknown_action", "distribution/push_by_tag"])
def test_a_sender_that_retries_forever_gets_202(receiver: Receiver, name: str) -> None:
    status, answer = receiver.post(f"distribution/{SECRET}", fixture(name))
    assert (status, answer["jobs"]) == (202, [])
    assert answer["rejected"]


def test_an_unavailable_ledger(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    receiver.inbox.is_there = False
    body, headers = generic(receiver)
    answer = receiver.request("POST", "/hooks/generic", {"Content-Type": "application/json", **headers}, body)
    assert (answer.status, answer.header("retry-after")) == (503, "5")
    assert answer.json() == {"error": "the event could not be stored; retry later"}
    unready = receiver.request("GET", "/readyz")
    assert (unready.status, unready.json()) == (503, {"error": UNAVAILABLE})
    assert receiver.request("GET", "/healthz").status == 200
    assert "the ledger is away" in caplog.text
    assert receiver.counted == {("generic", "unavailable"): 1}
    receiver.inbox.is_there = True
    assert receiver.post("generic", body, headers) == (202, {"jobs": ["dev"]})
    assert receiver.request("GET", "/readyz").json() == {"status": "ready"}
    receiver.unready = "no stack has been read yet"
    assert receiver.request("GET", "/readyz").json() == {"error": "no stack has been read yet"}


@pytest.mark.parametrize(
    ("method", "path", "status", "error"),
    [
        ("GET", "/hooks/acr", 405, "method not allowed"),
        ("PUT", "/healthz", 405, "method not allowed"),
        ("GET", "/nowhere", 404, "not found"),
    ],
)
def test_errors_of_http(receiver: Receiver, method: str, path: str, status: int, error: str) -> None:
    answer = receiver.request(method, path)
    assert (answer.status, answer.json()) == (status, {"error": error})


def test_a_sender_is_throttled() -> None:
    receiver = Receiver()
    receiver.settings = replace(receiver.settings, senders={"acr": settings("acr", per_minute=2)})
    statuses = [receiver.post(f"acr/{SECRET}", fixture("acr/push"))[0] for _ in range(3)]
    receiver.clock.sleep(30)
    statuses.append(receiver.post(f"acr/{SECRET}", fixture("acr/push"))[0])
    assert statuses == [404, 404, 429, 404]


@pytest.mark.parametrize("page", [None, PageSettings(token=None, user_header="X", trusted=(ip_network("::1"),))])
def test_wrong_secrets_are_throttled_by_client_and_never_block_a_right_one(
    page: PageSettings | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "fcpin.receiver.intake")
    receiver = Receiver()
    receiver.settings = replace(receiver.settings, page=page, trusted_proxies=(ip_network("127.0.0.0/8"),))
    one, other = ({"X-Forwarded-For": f"198.51.100.{n}, 127.0.0.2"} for n in (7, 8))
    statuses = [receiver.post("acr/guess", b"{}", one)[0] for _ in range(WRONG_SECRETS_PER_MINUTE + 1)]
    assert statuses == [401] * WRONG_SECRETS_PER_MINUTE + [429]
    assert caplog.text.count("invalid_secret") == WRONG_SECRETS_PER_MINUTE, "throttled requests fill no log"
    body, signature = generic(receiver)
    right = [
        (f"acr/{SECRET}", b"{}", {}),
        ("harbor", fixture("harbor/push_artifact"), BEARER),
        ("generic", body, signature),
    ]
    assert [receiver.post(path, body, one | headers)[0] for path, body, headers in right] == [400, 404, 202]
    assert receiver.post("acr/guess", b"{}", other)[0] == 401
    assert receiver.post("acr/guess", b"{}", one)[0] == 429
    receiver.clock.sleep(1)
    assert receiver.post("acr/guess", b"{}", one)[0] == 401
    assert receiver.counted["", "throttled"] == 2


def test_an_ignored_event_is_counted(receiver: Receiver) -> None:
    assert receiver.post(f"harbor/{SECRET}", fixture("harbor/scanning_completed")) == (202, {"jobs": []})
    assert receiver.counted == {("harbor", "ignored: SCANNING_COMPLETED"): 1}


HARBOR, ACR = "harbor.example.com/shop/app", "demo-registry.cn-hangzhou.cr.aliyuncs.com/shop/app"


@pytest.mark.parametrize(
    ("name", "repository"),
    [
        ("harbor/replication", HARBOR),
        ("harbor/create_tag", HARBOR),
        ("harbor/cached_by_a_proxy", HARBOR),
        ("eventbridge/synchronization_completed", ACR),
    ],
)
def test_an_image_that_was_not_pushed_is_a_job(name: str, repository: str) -> None:
    receiver = Receiver(pins={"dev": [pin(repository=repository)]})
    assert receiver.post(f"{name.partition('/')[0]}/{SECRET}", fixture(name)) == (202, {"jobs": ["dev"]})


def test_an_allow_list_of_repositories() -> None:
    receiver = Receiver()
    receiver.settings = replace(receiver.settings, repositories=("namespace/*",))
    assert receiver.post(f"acr/{SECRET}", fixture("acr/push"))[0] == 202
    status, answer = receiver.post("generic", *generic(receiver))
    assert status == 404
    assert "shop/app" in answer["error"]


def test_stacks_share_the_longest_debounce_and_the_shortest_wait() -> None:
    receiver = Receiver(pins={"dev": None, "prod": None})
    stacks = {
        "dev": StackSettings(debounce=timedelta(seconds=5)),
        "prod": StackSettings(max_wait=timedelta(seconds=9)),
    }
    receiver.settings = replace(receiver.settings, stacks=stacks)
    assert receiver.post("generic", *generic(receiver)) == (202, {"jobs": ["dev", "prod"]})
    assert receiver.inbox.bursts == [(timedelta(seconds=5), timedelta(seconds=9))]
