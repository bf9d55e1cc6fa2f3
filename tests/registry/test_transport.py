"""Certificates, proxies and waiting."""

import ipaddress
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import urllib3
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from fcpin.errors import RegistryDenied, RegistryError, RegistryProtocolError, RegistryUnavailable
from fcpin.http.exchange import Response, retry_after
from fcpin.http.retries import REGISTRY_RETRY, Retry
from fcpin.registry.auth import ANONYMOUS, Authenticator
from fcpin.registry.session import Busy, Transport, pause_before_retry, redirect_target
from tests.registry.scripted import Reply, ScriptedServer
from tests.support.clock import ManualClock

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HEADERS: list[tuple[str, str, float | None]] = [
    ("seconds", "7", 7.0),
    ("a date to come", "Sun, 22 Nov 2026 12:00:30 GMT", 30.0),
    ("a date that has passed", "Sun, 22 Nov 2026 11:00:00 GMT", 0.0),
    ("words", "soon", None),
    ("a negative number", "-1", None),
    ("a time zone beyond the clock", "Sun, 22 Nov 2026 12:00:00 +99999999999", None),
    ("nothing", "", None),
    ("a control character", "\x1c5", None),
    ("digits of another script", "\u0665", None),
    ("a number without end", "9" * 6000, float("inf")),
    ("a date without end", "Sun, 22 Nov 99999 12:00:00 GMT", None),
    ("a date of a far zone", "Fri, 31 Dec 9999 23:59:59 -9999", None),
    ("a date with a control character", "Sun, 22 Nov\x1c2026 12:00:30 GMT", 30.0),
    ("half a date", "Sun, 22", None),
]


@pytest.mark.parametrize(("label", "value", "seconds"), HEADERS, ids=[row[0] for row in HEADERS])
def test_retry_after_is_read(label: str, value: str, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds


@settings(max_examples=30)
@given(st.text(alphabet="SunNov2026 ,:0129+-GMT\x1c\u0665", max_size=40))
def test_no_retry_after_breaks_the_reader(value: str) -> None:
    seconds = retry_after(value, NOW)
    assert seconds is None or seconds >= 0


PAUSES: list[tuple[str, Exception, bool | float]] = [
    ("the pause that the server requests", Busy("x", retry_after=3.0), 3.0),
    ("no longer than is reasonable", Busy("x", retry_after=21.0), False),
    ("our own pause when it requests none", Busy("x", retry_after=None), True),
    ("our own pause when it cannot be reached", RegistryUnavailable("x"), True),
    ("never after a refusal", RegistryDenied("x"), False),
    ("never after a mistake of ours", ValueError("x"), False),
]


@pytest.mark.parametrize(("label", "error", "pause"), PAUSES, ids=[row[0] for row in PAUSES])
def test_we_wait(label: str, error: Exception, pause: bool | float) -> None:
    assert pause_before_retry(error, REGISTRY_RETRY) == pause


def test_credentials_meant_for_tls_do_not_go_to_a_plain_token_server() -> None:
    auth = Authenticator("https://registry.example.com", lambda _: ANONYMOUS, Transport(), ManualClock())
    headers = urllib3.HTTPHeaderDict({"WWW-Authenticate": 'Bearer realm="http://auth.example.com/token"'})
    with pytest.raises(RegistryProtocolError, match=r"http://auth\.example\.com/token.*without TLS"):
        auth.answer_challenge(Response("https://registry.example.com/v2/", 401, headers, b""), "shop/app", None)


REDIRECTS: list[tuple[str, str, str, str | None]] = [
    ("a path on the same host", "https://a/v2/", "/blobs", "https://a/blobs"),
    ("another host over TLS", "https://a/v2/", "https://b/blobs", "https://b/blobs"),
    ("up to TLS", "http://a/v2/", "https://b/blobs", "https://b/blobs"),
    ("between plain hosts", "http://a/v2/", "http://b/blobs", "http://b/blobs"),
    ("away from TLS", "https://a/v2/", "http://a/blobs", None),
    ("to another protocol", "http://a/v2/", "ftp://a/blobs", None),
    ("to a host with a user", "https://a/v2/", "https://u:p@b/blobs", None),
    ("nowhere", "https://a/v2/", "", None),
]


@pytest.mark.parametrize(("label", "url", "location", "target"), REDIRECTS, ids=[row[0] for row in REDIRECTS])
def test_a_redirect(label: str, url: str, location: str, target: str | None) -> None:
    answer = Response(url, 307, urllib3.HTTPHeaderDict({"Location": location}), b"")
    if target is not None:
        assert redirect_target(answer, "GET") == target
    else:
        with pytest.raises(RegistryProtocolError, match=r"^a |no address"):
            redirect_target(answer, "GET")
    with pytest.raises(RegistryProtocolError):
        redirect_target(answer, "POST")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that no authority has signed, with its key, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def secured(certificate: Path) -> Iterator[ScriptedServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with ScriptedServer(context) as server:
        server.always("GET", "/v2/shop/app/tags/list", lambda _: Reply(200, b'{"tags": ["over-TLS"]}'))
        yield server


def test_a_certificate_that_is_not_trusted_is_named_and_not_tried_again(secured: ScriptedServer) -> None:
    with pytest.raises(RegistryError, match=r"certificate is not trusted .*SSL_CERT_FILE") as refused:
        Transport(retry=Retry(attempts=2, first_wait=60)).send("GET", secured.url, headers={})
    assert secured.host in str(refused.value)
    assert not refused.value.temporary


LISTING = """
import sys
from fcpin.image import Repository
from fcpin.registry.distribution import Distribution
host, url = sys.argv[1:]
print(Distribution(host, endpoint=url).open(Repository(host, "shop/app")).list_tags()[0].tag)
"""


def test_a_certificate_of_a_company_is_trusted_by_ssl_cert_file(secured: ScriptedServer, certificate: Path) -> None:
    # In a process of its own: there is one TLS context a process.
    done = subprocess.run(
        [sys.executable, "-c", LISTING, secured.host, secured.url],
        env={**os.environ, "SSL_CERT_FILE": str(certificate)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("over-TLS\n", "")


def test_a_proxy_of_the_environment_is_used_unless_the_host_is_exempt(monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "exempt.invalid")
        proxy.expect("GET", "http://registry.invalid/v2/").answer(body=b"through the proxy")
        transport = Transport(retry=Retry(attempts=1))
        assert transport.send("GET", "http://registry.invalid/v2/", headers={}).body == b"through the proxy"
        with pytest.raises(RegistryUnavailable, match="the host name does not exist"):
            transport.send("GET", "http://exempt.invalid/v2/", headers={})


def test_a_proxy_may_want_a_login(monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer() as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"ci:p%40ss@{proxy.host}")
        proxy.expect("GET", "http://registry.invalid/v2/").answer()
        Transport(retry=Retry(attempts=1)).send("GET", "http://registry.invalid/v2/", headers={})
        expected = urllib3.make_headers(proxy_basic_auth="ci:p@ss")["proxy-authorization"]
        assert proxy.seen("Proxy-Authorization") == [expected]


def test_this_machine_is_never_requested_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with ScriptedServer() as server:
        server.expect("GET", "/v2/").answer(body=b"directly")
        assert Transport().send("GET", f"{server.url}/v2/", headers={}).body == b"directly"
