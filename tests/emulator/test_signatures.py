"""Signatures: those of the SDK are accepted, all others are rejected with the code of the API.

With `signature_algorithm="v2"` the SDK signs in the older schemes, as the Terraform provider does: calls of FC (ROA) in
a header, of ACR (RPC) among the parameters.
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from typing import Any
from urllib.parse import urlencode

import pytest
import urllib3
from alibabacloud_tea_openapi.exceptions import ClientException
from alibabacloud_tea_openapi.utils import Utils
from darabonba.request import DaraRequest
from hypothesis import given, settings
from hypothesis import strategies as st

from fcpin.emulator import Emulator
from fcpin.emulator.signature_schemes import acs3_string_to_sign, roa_string_to_sign, rpc_string_to_sign, sign
from fcpin.emulator.wire import WireRequest
from tests.emulator.clients import IMAGE, Acr, Functions, fc
from tests.emulator.clients import code as failure

FUNCTIONS = "/2023-03-30/functions"
FORM = "application/x-www-form-urlencoded"
SCHEMES = [None, "v2"]


def list_something(cloud: Emulator, service: str, **changes: Any) -> Any:
    if service == "fc":
        functions = Functions(cloud)
        functions.sdk = fc(cloud, **changes)
        return functions("ListFunctions", prefix="a b")
    return Acr(cloud, **changes)("ListInstance", instance_name="a b")


KEYS: list[tuple[str, dict[str, str], tuple[int, str], tuple[int, str]]] = [
    ("a wrong secret", {"access_key_secret": "x"}, (403, "SignatureNotMatch"), (400, "SignatureDoesNotMatch")),
    ("an unknown key", {"access_key_id": "x"}, (403, "InvalidAccessKeyID"), (404, "InvalidAccessKeyId.NotFound")),
    ("an unexpected token", {"security_token": "x"}, (403, MISMATCH := "InvalidSecurityToken.MismatchWithAccessKey"), (400, MISMATCH)),
]  # fmt: skip


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("changes", "of_fc", "of_acr"), [row[1:] for row in KEYS], ids=[row[0] for row in KEYS])
def test_wrong_credentials(
    shared: Emulator, scheme: str | None, changes: dict[str, str], of_fc: tuple[int, str], of_acr: tuple[int, str]
) -> None:
    for service, expected in (("fc", of_fc), ("cr", of_acr)):
        with pytest.raises(ClientException) as failed:
            list_something(shared, service, signature_algorithm=scheme, **changes)
        assert (failed.value.status_code, failed.value.code) == expected
        assert shared.access_key_secret not in failed.value.message


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_clocks_of_client_and_gateway_differ(cloud: Emulator, scheme: str | None) -> None:
    for service in ("fc", "cr"):
        for seconds in (960, -960):
            cloud.skew(seconds)
            expected = (400, "InvalidTimeStamp.Expired")
            assert failure(list_something, cloud, service, signature_algorithm=scheme) == expected
        cloud.skew(850)
        assert list_something(cloud, service, signature_algorithm=scheme)
    cloud.skew(0)
    cloud.advance(86400)
    assert list_something(cloud, "fc", signature_algorithm=scheme), "the emulator's clock does not matter"


def test_a_disabled_key(cloud: Emulator) -> None:
    cloud.set_key_active(False)
    codes = [failure(list_something, cloud, service)[1] for service in ("fc", "cr")]
    assert codes == ["InvalidAccessKeyId.Inactive"] * 2
    cloud.set_key_active(True)
    assert list_something(cloud, "fc")


def test_many_threads_sign_at_once(cloud: Emulator) -> None:
    functions = Functions(cloud)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: functions("ListFunctions"), range(40)))
    assert cloud.calls.count("ListFunctions") == 40


def sts(credentials: Mapping[str, str]) -> dict[str, Any]:
    names = {"access_key_id": "AccessKeyId", "access_key_secret": "AccessKeySecret", "security_token": "SecurityToken"}
    return {name: credentials[key] for name, key in names.items()}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_temporary_credentials(cloud: Emulator, scheme: str | None) -> None:
    session = {**sts(cloud.assume_role(600)), "signature_algorithm": scheme}
    other = sts(cloud.assume_role())["security_token"]
    assert list_something(cloud, "fc", **session)
    assert list_something(cloud, "cr", **session).is_success
    assert failure(list_something, cloud, "fc", **session | {"security_token": None})[1] == "MissingSecurityToken"
    assert failure(list_something, cloud, "fc", **session | {"security_token": other})[1] == MISMATCH
    cloud.advance(600)
    for service in ("fc", "cr"):
        assert failure(list_something, cloud, service, **session)[1] == "InvalidSecurityToken.Expired"


def test_credentials_of_a_uri(shared: Emulator) -> None:
    """As with ALIBABA_CLOUD_CREDENTIALS_URI."""
    http = urllib3.PoolManager()
    session = sts(http.request("GET", f"{shared.url}/credentials").json())
    http.clear()
    assert list_something(shared, "fc", **session)


class Caller:
    """Signs requests and sends them, so that a test can change them in between."""

    def __init__(self, cloud: Emulator) -> None:
        self.cloud = cloud
        self.http = urllib3.PoolManager()

    def acs3(self, query: dict[str, str], body: bytes = b"") -> dict[str, str]:
        """Headers of a ListFunctions."""
        digest = hashlib.sha256(body).hexdigest()
        headers = {
            "host": self.cloud.address,
            "x-acs-version": "2023-03-30",
            "x-acs-action": "ListFunctions",
            "x-acs-date": Utils.get_timestamp(),
            "x-acs-signature-nonce": Utils.get_nonce(),
            "accept": "application/json",
            "x-acs-content-sha256": digest,
        }
        request = dara("GET", query, headers)
        key, secret = self.cloud.access_key_id, self.cloud.access_key_secret
        return headers | {"Authorization": Utils.get_authorization(request, "ACS3-HMAC-SHA256", digest, key, secret)}

    def roa(self, **changes: str) -> dict[str, str]:
        """Headers of a ListFunctions."""
        headers = {
            "date": formatdate(usegmt=True),
            "accept": "application/json",
            "x-acs-version": "2023-03-30",
            "x-acs-signature-nonce": Utils.get_nonce(),
            "x-acs-signature-method": "HMAC-SHA1",
            "x-acs-signature-version": "1.0",
        } | {name.replace("_", "-"): value for name, value in changes.items()}
        signature = sign(roa_string_to_sign(WireRequest("GET", FUNCTIONS, (), headers)), self.cloud.access_key_secret)
        return headers | {"authorization": f"acs {self.cloud.access_key_id}:{signature}"}

    def rpc(self, form: dict[str, str], **changes: str) -> dict[str, str]:
        """The query of a ListInstance."""
        query = {
            "Action": "ListInstance",
            "Version": "2018-12-01",
            "AccessKeyId": self.cloud.access_key_id,
            "SignatureMethod": "HMAC-SHA1",
            "SignatureVersion": "1.0",
            "SignatureNonce": Utils.get_nonce(),
            "Timestamp": Utils.get_timestamp(),
        } | changes
        return query | {"Signature": Utils.get_rpcsignature(query | form, "POST", self.cloud.access_key_secret)}

    def get(self, headers: Mapping[str, str], query: str = "", body: bytes = b"") -> tuple[int, str]:
        answer = self.http.request("GET", f"{self.cloud.url}{FUNCTIONS}?{query}", headers=headers, body=body)
        return answer.status, answer.json().get("Code", "")

    def post(self, query: dict[str, str], form: dict[str, str]) -> tuple[int, str]:
        url = f"{self.cloud.url}/?{urlencode(query)}"
        answer = self.http.request("POST", url, body=urlencode(form), headers={"content-type": FORM})
        return answer.status, answer.json().get("Code", "")


def dara(method: str, query: dict[str, str], headers: dict[str, str]) -> Any:
    request = DaraRequest()
    request.method, request.pathname, request.query, request.headers = method, FUNCTIONS, dict(query), headers
    return request


@pytest.fixture
def caller(shared: Emulator) -> Iterator[Caller]:
    caller = Caller(shared)
    yield caller
    caller.http.clear()


INCOMPLETE, EXPIRED = (400, "IncompleteSignature"), (400, "InvalidTimeStamp.Expired")
NOT_MATCH, USED = (403, "SignatureNotMatch"), (400, "SignatureNonceUsed")


def test_a_changed_acs3_call_is_rejected(caller: Caller) -> None:
    headers = caller.acs3({"prefix": "a b"})
    assert caller.get(headers, "prefix=a+c") == NOT_MATCH
    assert caller.get(headers, "prefix=a+b&limit=5") == NOT_MATCH
    assert caller.get(headers, "prefix=a+b", b"{}") == NOT_MATCH
    assert caller.get(headers | {"x-acs-action": "DeleteFunction"}, "prefix=a+b") == NOT_MATCH
    unsigned = {"Authorization": headers["Authorization"].replace("x-acs-date;", "")}
    assert caller.get(headers | unsigned, "prefix=a+b") == INCOMPLETE
    assert caller.get(headers, "prefix=a+b") == (200, ""), "a rejected request does not use up its nonce"
    assert caller.get(headers, "prefix=a+b") == USED
    assert caller.get(caller.acs3({"prefix": "a b"}), "prefix=a%20b") == (200, "")


def test_a_changed_roa_call_is_rejected(caller: Caller) -> None:
    headers = caller.roa()
    for changed in (
        {"accept": "application/xml"},
        {"content-type": "text/plain"},
        {"x-acs-action": "DeleteFunction"},
        {"date": formatdate(usegmt=True, timeval=time.time() + 60)},
    ):
        assert caller.get(headers | changed) == NOT_MATCH, changed
    assert caller.get(headers, "prefix=a") == NOT_MATCH
    assert caller.get(headers) == (200, "")
    assert caller.get(headers) == USED
    digest = base64.b64encode(hashlib.md5(b"{}").digest()).decode()  # noqa: S324 - Content-MD5
    assert caller.get(caller.roa(content_md5=digest), body=b"{}") == (200, "")
    assert caller.get(caller.roa(content_md5=digest), body=b"[]") == NOT_MATCH


def test_a_changed_rpc_call_is_rejected(caller: Caller) -> None:
    form = {"InstanceName": "a b"}
    query = caller.rpc(form)
    assert caller.post(query, {"InstanceName": "a c"}) == (400, "SignatureDoesNotMatch")
    assert caller.post(query | {"PageNo": "2"}, form) == (400, "SignatureDoesNotMatch")
    assert caller.post(query, form) == (200, "success")
    assert caller.post(query, form) == USED


def test_incomplete_signatures(caller: Caller) -> None:
    missing = (400, "MissingRequiredHeader")
    assert caller.get({}) == missing
    assert caller.get({}, urlencode(caller.rpc({}, Version="2023-03-30"))) == missing, "FC does not accept RPC"
    for authorization in ("Bearer x", "acs emulator", "acs emulator:short", "acs :", "ACS emulator:x"):
        assert caller.get(caller.roa() | {"authorization": authorization}) == INCOMPLETE, authorization
    dates = ("yesterday", formatdate(), "Wed, 26 Aug 2015 17:01:00 GMT")
    for header, values, expected in (
        ("x_acs_signature_method", ("HMAC-SHA256",), INCOMPLETE),
        ("x_acs_signature_version", ("2.0",), INCOMPLETE),
        ("x_acs_signature_nonce", ("",), INCOMPLETE),
        ("date", ("",), INCOMPLETE),
        ("date", dates, EXPIRED),
    ):
        for value in values:
            assert caller.get(caller.roa(**{header: value})) == expected, (header, value)
    for parameter, value, expected in (
        ("SignatureMethod", "HMAC-SHA256", INCOMPLETE),
        ("SignatureVersion", "2.0", INCOMPLETE),
        ("SignatureNonce", "", INCOMPLETE),
        ("Timestamp", "2015-08-26T17:01:00Z", EXPIRED),
        ("Timestamp", "yesterday", EXPIRED),
    ):
        assert caller.post(caller.rpc({}, **{parameter: value}), {}) == expected, (parameter, value)


def test_the_older_schemes_carry_bodies_queries_and_forms(cloud: Emulator) -> None:
    functions = Functions(cloud)
    functions.sdk = fc(cloud, signature_algorithm="v2")
    cloud.push("shop/app", "main")
    assert functions.create(image=IMAGE, description="ü + & =")["description"] == "ü + & ="
    assert functions("ListFunctions", prefix="f")["functions"]
    assert Acr(cloud, signature_algorithm="v2")("ListInstance", instance_name="a b*~+/ü").instances == []


TEXTS = st.dictionaries(st.sampled_from(["prefix", "limit", "Tag", "nextToken"]), st.text(max_size=8))


@given(TEXTS, TEXTS)
@settings(max_examples=50, deadline=None)
def test_the_strings_to_sign_are_those_of_the_sdk(query: dict[str, str], form: dict[str, str]) -> None:
    digest = hashlib.sha256(b"").hexdigest()
    headers = {"host": "h", "x-acs-date": "d", "x-acs-content-sha256": digest}
    filled = {name: value for name, value in query.items() if value}
    authorization = Utils.get_authorization(dara("GET", filled, headers), "ACS3-HMAC-SHA256", digest, "id", "secret")
    text = acs3_string_to_sign(WireRequest("GET", FUNCTIONS, tuple(filled.items()), headers), list(headers))
    assert hmac.new(b"secret", text.encode(), "sha256").hexdigest() == authorization.rpartition("=")[2]
    headers = {"accept": "a", "date": "d", "content-type": "c", "x-acs-version": "1", "x-acs-b": "2", "x-c": "3"}
    wire = WireRequest("PUT", FUNCTIONS, tuple(query.items()), headers)
    assert roa_string_to_sign(wire) == Utils.get_string_to_sign(dara("PUT", query, headers))
    fields = {f"form.{name}": value for name, value in form.items()}
    wire = WireRequest("POST", "/", tuple(query.items()), {"content-type": FORM}, urlencode(fields).encode())
    assert sign(rpc_string_to_sign(wire), "secret&") == Utils.get_rpcsignature(query | fields, "POST", "secret")


ROA_VECTORS: list[tuple[str, str, bytes, str]] = [
    ("application/json", "application/octet-stream", b"", "PPPSwv0LPoLvg6rGxp7dd4uPESo="),
    ("application/xml", FORM, b"key=value", "X/tjQCOP4ZMCzQ1I1IdCra3byPA="),
]


@pytest.mark.parametrize(("accept", "content_type", "body", "signature"), ROA_VECTORS, ids=["no body", "a form"])
def test_roa_signatures_of_the_go_sdk(accept: str, content_type: str, body: bytes, signature: str) -> None:
    """The vectors of sdk/auth/roa_signature_composer_test.go in aliyun/alibaba-cloud-sdk-go."""
    headers = {
        "accept": accept,
        "content-type": content_type,
        "content-md5": base64.b64encode(hashlib.md5(body).digest()).decode(),  # noqa: S324 - Content-MD5
        "date": "mock date",
        "x-acs-credentials-provider": "static_ak",
        "x-acs-signature-method": "HMAC-SHA1",
        "x-acs-signature-version": "1.0",
        "x-acs-version": "",
    }
    to_sign = roa_string_to_sign(WireRequest("GET", "/users/:user", (), headers, body))
    assert sign(to_sign, "accessKeySecret") == signature


def test_the_query_of_a_roa_signature_is_not_escaped() -> None:
    """As in the same file, but for the lines of absent headers, which the specification keeps."""
    query = (("q", "http://domain/?q=value&q2=value2"), ("empty", ""))
    to_sign = roa_string_to_sign(WireRequest("GET", "/users/a%20b", query, {"x-acs-version": "1", "accept": "*/*"}))
    assert to_sign == "GET\n*/*\n\n\n\nx-acs-version:1\n/users/a%20b?empty&q=http://domain/?q=value&q2=value2"


OF_THE_GO_SDK = {
    "Version": "",
    "Action": "",
    "Format": "JSON",
    "Timestamp": "mock date",
    "SignatureMethod": "HMAC-SHA1",
    "SignatureVersion": "1.0",
    "SignatureType": "",
    "SignatureNonce": "MOCK_UUID",
    "AccessKeyId": "accessKeyId",
    "RegionId": "regionId",
}
OF_THE_DOCUMENTATION = {
    "Timestamp": "2016-02-23T12:46:24Z",
    "Format": "XML",
    "AccessKeyId": "testid",
    "Action": "DescribeRegions",
    "SignatureMethod": "HMAC-SHA1",
    "SignatureNonce": "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf",
    "Version": "2014-05-26",
    "SignatureVersion": "1.0",
}
WITH_A_TOKEN = OF_THE_GO_SDK | {"SecurityToken": "accessKeyStsToken"}
RPC_VECTORS: list[tuple[str, dict[str, str], str, str]] = [
    ("the Go SDK", OF_THE_GO_SDK, "accessKeySecret", "7loPmFjvDnzOVnQeQNj85S6nFGY="),
    ("the Go SDK with a token", WITH_A_TOKEN, "accessKeySecret", "5Nxdcler+ihqWqv0Hr2On4PsBf4="),
    ("the documentation", OF_THE_DOCUMENTATION, "testsecret", "OLeaidS1JvxuMvnyHOwuJ+uX5qY="),
]


@pytest.mark.parametrize(("label", "query", "secret", "signature"), RPC_VECTORS, ids=[row[0] for row in RPC_VECTORS])
def test_rpc_signatures_of_public_sources(label: str, query: dict[str, str], secret: str, signature: str) -> None:
    """sdk/auth/rpc_signature_composer_test.go of aliyun/alibaba-cloud-sdk-go; the example of ECS's documentation."""
    wire = WireRequest("GET", "/", (*query.items(), ("Signature", "is not signed")))
    assert sign(rpc_string_to_sign(wire), f"{secret}&") == signature
