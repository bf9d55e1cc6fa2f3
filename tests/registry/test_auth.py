"""Challenges, tokens, and to whom credentials go."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fcpin.clock import Clock
from fcpin.errors import RegistryDenied, RegistryError, RegistryProtocolError
from fcpin.http.retries import Retry
from fcpin.image import Digest, Repository
from fcpin.registry.auth import ANONYMOUS, Challenge, Login, merge_scopes, parse_challenges, parse_scopes
from fcpin.registry.distribution import Distribution
from fcpin.registry.session import Transport
from tests.registry.scripted import Reply, Request, ScriptedServer
from tests.support.clock import ManualClock

CHALLENGES: list[tuple[str, list[str], list[tuple[str, dict[str, str]]]]] = [
    (
        "a Bearer challenge as ACR sends it",
        ['Bearer realm="https://dockerauth.cn-hangzhou.aliyuncs.com/auth",service="registry.aliyuncs.com:cn:26842"'],
        [
            (
                "bearer",
                {
                    "realm": "https://dockerauth.cn-hangzhou.aliyuncs.com/auth",
                    "service": "registry.aliyuncs.com:cn:26842",
                },
            )
        ],
    ),
    (
        "commas inside quotes do not end a parameter",
        ['Bearer realm="https://a/b",scope="repository:x:pull,push"'],
        [("bearer", {"realm": "https://a/b", "scope": "repository:x:pull,push"})],
    ),
    ("a quoted quote is unquoted", [r'Basic realm="a \"hi\""'], [("basic", {"realm": 'a "hi"'})]),
    (
        "two challenges in one header",
        ['Negotiate, Basic realm="x"'],
        [("negotiate", {}), ("basic", {"realm": "x"})],
    ),
    ("one challenge a header", ["Negotiate", "Basic realm=x"], [("negotiate", {}), ("basic", {"realm": "x"})]),
    ("scheme and names in any case", ['BEARER Realm="u"'], [("bearer", {"realm": "u"})]),
    ("a scheme without parameters", ["Basic"], [("basic", {})]),
    ("spaces round the sign", ['Bearer realm = "u" , service = s'], [("bearer", {"realm": "u", "service": "s"})]),
    ("a parameter without a scheme belongs to no scheme", ['realm="u"'], []),
    ("nothing", [""], []),
]


@pytest.mark.parametrize(("label", "headers", "expected"), CHALLENGES, ids=[row[0] for row in CHALLENGES])
def test_a_challenge_is_read(label: str, headers: list[str], expected: list[tuple[str, dict[str, str]]]) -> None:
    assert parse_challenges(headers) == [Challenge(scheme, parameters) for scheme, parameters in expected]


@settings(max_examples=30)
@given(st.lists(st.text(alphabet='Bearer ,="\\\t;realmé', max_size=60), max_size=3))
def test_no_header_breaks_the_reader(headers: list[str]) -> None:
    for challenge in parse_challenges(headers):
        assert challenge.scheme == challenge.scheme.lower()


PATH = "/v2/shop/app/tags/list"
LOGIN = Login("stack config", "ci", "s3cret")
BASIC = "Basic " + base64.b64encode(b"ci:s3cret").decode()


@pytest.fixture
def registry() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def tokens() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


def distribution(server: ScriptedServer, login: Login = ANONYMOUS, clock: Clock | None = None) -> Distribution:
    transport = Transport(retry=Retry(attempts=1))
    return Distribution(server.host, find_login=lambda _: login, transport=transport, clock=clock)


def repository(server: ScriptedServer, path: str = "shop/app") -> Repository:
    return Repository(server.host, path)


def challenge(tokens: ScriptedServer) -> Mapping[str, str]:
    return {"WWW-Authenticate": f'Bearer realm="{tokens.url}/auth?tenant=1",service="the registry"'}


def guarded(tokens: ScriptedServer, *accepted: str) -> Callable[[Request], Reply]:
    """A listing for those who bring one of the accepted tokens, and the challenge for everybody else."""

    def reply(request: Request) -> Reply:
        if request.headers.get("authorization") in {f"Bearer {token}" for token in accepted}:
            return Reply(200, b'{"tags": ["v1"]}')
        return Reply(401, b"", challenge(tokens))

    return reply


def test_a_token_is_fetched_for_the_one_repository_and_used_until_it_expires(
    registry: ScriptedServer, tokens: ScriptedServer
) -> None:
    clock = ManualClock()
    registry.always("GET", PATH, guarded(tokens, "t1", "t2"))
    client = distribution(registry, LOGIN, clock)

    tokens.expect("GET", "/auth").answer(json={"token": "t1", "expires_in": 300})
    client.open(repository(registry)).list_tags()
    client.open(repository(registry)).list_tags()
    assert registry.seen("Authorization") == [None, "Bearer t1", "Bearer t1"]
    assert tokens.seen("Authorization") == [BASIC]
    assert parse_qs(urlsplit(tokens.requests[0].target).query) == {
        "tenant": ["1"],
        "service": ["the registry"],
        "scope": ["repository:shop/app:pull"],
    }

    clock.advance(300)
    tokens.expect("GET", "/auth").answer(json={"access_token": "t2"})
    client.open(repository(registry)).list_tags()
    assert registry.seen("Authorization")[3:] == ["Bearer t2"]


def test_a_token_is_for_one_repository_and_the_challenge_is_learned_once(
    registry: ScriptedServer, tokens: ScriptedServer
) -> None:
    registry.always("GET", PATH, guarded(tokens, "t1"))
    registry.always("GET", "/v2/shop/job/tags/list", guarded(tokens, "t2"))
    tokens.expect("GET", "/auth").answer(json={"token": "t1"})
    tokens.expect("GET", "/auth").answer(json={"token": "t2"})
    client = distribution(registry)
    client.open(repository(registry)).list_tags()
    client.open(repository(registry, "shop/job")).list_tags()
    assert registry.seen("Authorization") == [None, "Bearer t1", "Bearer t2"]


def test_a_token_that_is_refused_is_renewed_once(registry: ScriptedServer, tokens: ScriptedServer) -> None:
    client = distribution(registry, LOGIN)
    registry.always("GET", PATH, guarded(tokens, "old"))
    tokens.expect("GET", "/auth").answer(json={"token": "old"})
    client.open(repository(registry)).list_tags()

    registry.always("GET", PATH, guarded(tokens, "new"))
    tokens.expect("GET", "/auth").answer(json={"token": "new"})
    assert [record.tag for record in client.open(repository(registry)).list_tags()] == ["v1"]


def test_a_repository_that_the_token_does_not_open_is_denied_and_reports_whose_credentials_were_used(
    registry: ScriptedServer, tokens: ScriptedServer
) -> None:
    registry.always("GET", PATH, guarded(tokens))
    tokens.always("GET", "/auth", lambda _: Reply(200, b'{"token": "weak"}'))
    with pytest.raises(RegistryDenied, match=r"shop/app.*'ci' of stack config") as denied:
        distribution(registry, LOGIN).open(repository(registry)).list_tags()
    assert len(tokens.requests) == 2
    assert "s3cret" not in str(denied.value)


def test_a_wrong_password_is_denied_by_the_token_server(registry: ScriptedServer, tokens: ScriptedServer) -> None:
    registry.always("GET", PATH, guarded(tokens))
    tokens.expect("GET", "/auth").answer(401, json={"errors": []})
    with pytest.raises(RegistryDenied, match=r"token server.*'ci' of stack config") as denied:
        distribution(registry, LOGIN).open(repository(registry)).list_tags()
    assert "s3cret" not in str(denied.value)
    assert BASIC.partition(" ")[2] not in str(denied.value)


def test_content_elsewhere_gets_no_login_and_its_challenge_no_answer(
    registry: ScriptedServer, tokens: ScriptedServer
) -> None:
    config = b'{"os": "linux", "architecture": "amd64"}'
    digest = f"sha256:{hashlib.sha256(config).hexdigest()}"
    manifest = json.dumps({"config": {"digest": digest}}).encode()
    named = Digest(f"sha256:{hashlib.sha256(manifest).hexdigest()}")
    client, blob = distribution(registry, LOGIN), f"/v2/shop/app/blobs/{digest}"
    for status in (200, 401):
        if status == 200:
            registry.expect("GET", f"/v2/shop/app/manifests/{named}").answer(
                401, headers={"WWW-Authenticate": 'Basic realm="x"'}
            )
        registry.expect("GET", f"/v2/shop/app/manifests/{named}").answer(body=manifest)
        registry.expect("GET", blob).answer(307, headers={"Location": f"{tokens.url}/content?signature=1"})
        headers = {"WWW-Authenticate": f'Bearer realm="{tokens.url}/auth"'} if status == 401 else {}
        tokens.expect("GET", "/content").answer(status, body=config, headers=headers)
        if status == 200:
            assert client.open(repository(registry)).manifest(named).platform == "linux/amd64"
        else:
            with pytest.raises(RegistryDenied):
                client.open(repository(registry)).manifest(named)
    assert registry.seen("Authorization") == [None, BASIC, BASIC, BASIC, BASIC]
    assert tokens.seen("Authorization") == [None, None]


REFUSED: list[tuple[str, Login, str, int, type[RegistryError], str]] = [
    ("wrong basic credentials, once", LOGIN, 'Basic realm="x"', 2, RegistryDenied, "'ci' of stack config"),
    ("no login", ANONYMOUS, 'Basic realm="x"', 1, RegistryDenied, "no login was used"),
    ("an unknown scheme", LOGIN, "Negotiate", 1, RegistryProtocolError, r"negotiate.*Bearer and Basic"),
    ("a realm that is not an address", LOGIN, 'Bearer realm="auth"', 1, RegistryProtocolError, "token server"),
    ("a file as realm", LOGIN, 'Bearer realm="file:///etc/passwd"', 1, RegistryProtocolError, "token server"),
    ("a user in the realm", LOGIN, 'Bearer realm="http://evil@127.0.0.1:1/"', 1, RegistryProtocolError, "token server"),
    ("no realm", LOGIN, 'Bearer realm=""', 1, RegistryProtocolError, "token server"),
]


@pytest.mark.parametrize(
    ("login", "challenge", "requests", "kind", "reason"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_a_challenge_is_refused(
    login: Login, challenge: str, requests: int, kind: type[RegistryError], reason: str, registry: ScriptedServer
) -> None:
    for _ in range(requests):
        registry.expect("GET", PATH).answer(401, headers={"WWW-Authenticate": challenge})
    with pytest.raises(kind, match=reason):
        distribution(registry, login).open(repository(registry)).list_tags()


def test_a_token_server_that_sends_us_elsewhere_is_not_followed(
    registry: ScriptedServer, tokens: ScriptedServer
) -> None:
    registry.expect("GET", PATH).answer(401, headers=challenge(tokens))
    tokens.expect("GET", "/auth").answer(302, headers={"Location": f"{registry.url}/auth"})
    with pytest.raises(RegistryProtocolError, match="to another host"):
        distribution(registry, LOGIN).open(repository(registry)).list_tags()


SCOPES: list[tuple[str, str, list[str]]] = [
    ("none", "", ["repository:shop/app:pull"]),
    ("our own", "repository:shop/app:pull", ["repository:shop/app:pull"]),
    ("another right", "repository:shop/app:metadata_read", ["repository:shop/app:pull,metadata_read"]),
    ("more rights", "repository:shop/app:metadata_read,pull", ["repository:shop/app:pull,metadata_read"]),
    (
        "other resources",
        "registry:catalog:* repository(plugin):shop/app:pull",
        ["repository:shop/app:pull", "registry:catalog:*", "repository(plugin):shop/app:pull"],
    ),
    ("the name of a proxy", "repository:library/app:pull", ["repository:shop/app:pull", "repository:library/app:pull"]),
    ("no resource", "openid", ["repository:shop/app:pull", "openid"]),
]


@pytest.mark.parametrize(("scope", "expected"), [row[1:] for row in SCOPES], ids=[row[0] for row in SCOPES])
def test_the_token_is_for_the_union_of_the_challenge_s_scope_and_ours(scope: str, expected: list[str]) -> None:
    assert merge_scopes(parse_scopes("repository:shop/app:pull"), parse_scopes(scope)) == parse_scopes(
        " ".join(expected)
    )


@pytest.mark.parametrize("login", [LOGIN, Login("helper", identity_token="refresh")], ids=["by GET", "by POST"])
@pytest.mark.parametrize("service", ["", ',service="s"'], ids=["without a service", "with a service"])
def test_a_token_is_requested_with_every_scope_and_the_service_of_the_challenge(
    registry: ScriptedServer, tokens: ScriptedServer, login: Login, service: str
) -> None:
    offer = f'Bearer realm="{tokens.url}/auth"{service},scope="registry:catalog:*"'
    registry.expect("GET", PATH).answer(401, headers={"WWW-Authenticate": offer})
    tokens.expect("POST" if login.identity_token else "GET", "/auth").answer(json={"token": "t1"})
    registry.expect("GET", PATH).answer(json={"tags": []})
    distribution(registry, login).open(repository(registry)).list_tags()
    (request,) = tokens.requests
    scopes = ["repository:shop/app:pull", "registry:catalog:*"]
    if login.identity_token:
        sent = parse_qs(request.body.decode())
        assert (sent["grant_type"], sent["refresh_token"]) == (["refresh_token"], ["refresh"])
        assert (sent["scope"], tokens.seen("Authorization")) == ([" ".join(scopes)], [None])
    else:
        sent = parse_qs(urlsplit(request.target).query)
        assert (sent["scope"], tokens.seen("Authorization")) == (scopes, [BASIC])
    assert sent.get("service") == (["s"] if service else None)


def test_a_scope_that_is_named_later_is_added(registry: ScriptedServer, tokens: ScriptedServer) -> None:
    way = f'Bearer realm="{tokens.url}/auth",scope="repository:shop/app:{{}}"'
    registry.expect("GET", PATH).answer(401, headers={"WWW-Authenticate": way.format("pull")})
    tokens.expect("GET", "/auth").answer(json={"token": "t1"})
    registry.expect("GET", PATH).answer(401, headers={"WWW-Authenticate": way.format("metadata_read")})
    tokens.expect("GET", "/auth").answer(json={"token": "t2"})
    registry.expect("GET", PATH).answer(json={"tags": []})
    distribution(registry, LOGIN).open(repository(registry)).list_tags()
    assert registry.seen("Authorization") == [None, "Bearer t1", "Bearer t2"]


def test_each_repository_has_the_login_of_its_path(registry: ScriptedServer) -> None:
    logins = {"shop/app": LOGIN, "shop/job": Login("file", "other", "p"), "shop/open": ANONYMOUS}
    for path in logins:
        registry.always("GET", f"/v2/{path}/tags/list", basic_only)
    client = Distribution(registry.host, find_login=logins.__getitem__, transport=Transport(retry=Retry(attempts=1)))
    client.open(repository(registry, "shop/app")).list_tags()
    client.open(repository(registry, "shop/job")).list_tags()
    with pytest.raises(RegistryDenied, match="no login was used"):
        client.open(repository(registry, "shop/open")).list_tags()
    assert registry.seen("Authorization") == [None, BASIC, logins["shop/job"].basic, None]


def basic_only(request: Request) -> Reply:
    if request.headers.get("authorization"):
        return Reply(200, b'{"tags": ["v1"]}')
    return Reply(401, b"", {"WWW-Authenticate": 'Basic realm="x"'})


LIFETIMES: list[tuple[str, str, float]] = [
    ("none", "null", 60),
    ("no time at all", "0", 60),
    ("a time that has passed", "-5", 60),
    ("seconds", "300", 300),
    ("seconds as text", '"300"', 300),
    ("half a second", "0.5", 0.5),
    ("a century", "3153600000", 86400),
]


@pytest.mark.parametrize(("label", "lifetime", "seconds"), LIFETIMES, ids=[row[0] for row in LIFETIMES])
def test_a_token_lives(
    label: str, lifetime: str, seconds: float, registry: ScriptedServer, tokens: ScriptedServer
) -> None:
    clock = ManualClock()
    registry.always("GET", PATH, guarded(tokens, "t1"))
    body = f'{{"token": "t1", "expires_in": {lifetime}}}'.encode()
    tokens.expect("GET", "/auth").answer(body=body)
    client = distribution(registry, LOGIN, clock)
    client.open(repository(registry)).list_tags()
    clock.advance(seconds * 0.9 - 0.01)
    client.open(repository(registry)).list_tags()
    assert len(tokens.requests) == 1
    clock.advance(0.02)
    tokens.expect("GET", "/auth").answer(body=body)
    client.open(repository(registry)).list_tags()


LIFETIMES_REFUSED = ["1" + "0" * 400, "1e400", "NaN", "-Infinity", '"long"', "[1]", "true"]
TOKENS_REFUSED = [
    '{"expires_in": 5}',
    '{"token": 5}',
    '{"token": "a\\r\\nX-Evil: 1"}',
    "[]",
    *(f'{{"token": "t", "expires_in": {lifetime}}}' for lifetime in LIFETIMES_REFUSED),
]


@pytest.mark.parametrize("body", TOKENS_REFUSED, ids=lambda body: body[:40])
def test_a_token_that_cannot_be_used_is_an_error(body: str, registry: ScriptedServer, tokens: ScriptedServer) -> None:
    registry.expect("GET", PATH).answer(401, headers=challenge(tokens))
    tokens.expect("GET", "/auth").answer(body=body.encode())
    with pytest.raises(RegistryProtocolError, match=r"expires_in|returned no token") as refused:
        distribution(registry).open(repository(registry)).list_tags()
    assert len(str(refused.value)) < 300
