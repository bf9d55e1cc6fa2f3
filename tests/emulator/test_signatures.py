"""Signatures: what the SDK signs is accepted, and every way to get it wrong is refused with the service's own code.

With `signature_algorithm="v2"` the SDK signs in the older schemes: calls of FC (ROA) in a header, of ACR (RPC) among
the parameters, as the Terraform provider does.
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
from alibabacloud_cr20181201 import models as cr_models
from alibabacloud_fc20230330 import models as fc_models
from alibabacloud_tea_openapi.exceptions import ClientException
from alibabacloud_tea_openapi.utils import Utils
from darabonba.request import DaraRequest
from hypothesis import given
from hypothesis import strategies as st

from fcpin.emulator import Emulator
from fcpin.emulator.signature_schemes import acs3_string_to_sign, roa_string_to_sign, rpc_string_to_sign, sign
from fcpin.emulator.wire import WireRequest
from tests.emulator.clients import IMAGE, cr, fc


def list_something(cloud: Emulator, service: str, **changes: Any) -> None:
    if service == "fc":
        fc(cloud, **changes).list_functions(fc_models.ListFunctionsRequest(prefix="a b"))
    else:
        cr(cloud, **changes).list_instance(cr_models.ListInstanceRequest(instance_name="a b"))


def refused(cloud: Emulator, service: str, **changes: Any) -> ClientException:
    """What *service* answers to a client that is configured with *changes*."""
    with pytest.raises(ClientException) as error:
        list_something(cloud, service, **changes)
    refusal: ClientException = error.value
    return refusal


KEYS: list[tuple[str, str, dict[str, str], tuple[int, str]]] = [
    ("a wrong secret", "fc", {"access_key_secret": "wrong"}, (403, "SignatureNotMatch")),
    ("a wrong secret", "cr", {"access_key_secret": "wrong"}, (400, "SignatureDoesNotMatch")),
    ("an unknown key", "fc", {"access_key_id": "unknown"}, (403, "InvalidAccessKeyID")),
    ("an unknown key", "cr", {"access_key_id": "unknown"}, (404, "InvalidAccessKeyId.NotFound")),
    ("a token that is none", "fc", {"security_token": "x"}, (403, "InvalidSecurityToken.MismatchWithAccessKey")),
    ("a token that is none", "cr", {"security_token": "x"}, (400, "InvalidSecurityToken.MismatchWithAccessKey")),
]


SCHEMES = [None, "v2"]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("label", "service", "changes", "answer"), KEYS, ids=[f"{row[0]} ({row[1]})" for row in KEYS])
def test_wrong_credentials(
    cloud: Emulator, label: str, service: str, changes: dict[str, str], answer: tuple[int, str], scheme: str | None
) -> None:
    refusal = refused(cloud, service, signature_algorithm=scheme, **changes)
    assert (refusal.status_code, refusal.code) == answer
    assert cloud.access_key_secret not in refusal.message


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("service", ["fc", "cr"])
@pytest.mark.parametrize("seconds", [960, -960])
def test_a_clock_that_is_too_wrong(cloud: Emulator, service: str, seconds: float, scheme: str | None) -> None:
    cloud.skew(seconds)
    refusal = refused(cloud, service, signature_algorithm=scheme)
    assert (refusal.status_code, refusal.code) == (400, "InvalidTimeStamp.Expired")


def test_a_disabled_key(cloud: Emulator) -> None:
    cloud.set_key_active(False)
    assert [refused(cloud, one).code for one in ("fc", "cr")] == ["InvalidAccessKeyId.Inactive"] * 2
    cloud.set_key_active(True)
    assert fc(cloud).list_functions(fc_models.ListFunctionsRequest()).status_code == 200


def test_many_threads_sign_at_once(cloud: Emulator) -> None:
    client = fc(cloud)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: client.list_functions(fc_models.ListFunctionsRequest()), range(80)))
    assert {answer.status_code for answer in answers} == {200}
    assert cloud.calls.count("ListFunctions") == 80


def test_a_clock_that_is_a_little_wrong(cloud: Emulator) -> None:
    cloud.skew(850)
    assert fc(cloud).list_functions(fc_models.ListFunctionsRequest()).status_code == 200


def test_time_that_passes_in_the_cloud_makes_no_signature_old(cloud: Emulator) -> None:
    cloud.advance(86400)
    assert fc(cloud).list_functions(fc_models.ListFunctionsRequest()).status_code == 200


def sts(credentials: Mapping[str, str]) -> dict[str, str]:
    return {
        "access_key_id": credentials["AccessKeyId"],
        "access_key_secret": credentials["AccessKeySecret"],
        "security_token": credentials["SecurityToken"],
    }


@pytest.mark.parametrize("scheme", SCHEMES)
def test_temporary_credentials_sign_until_they_expire(cloud: Emulator, scheme: str | None) -> None:
    session: dict[str, Any] = {**sts(cloud.assume_role(600)), "signature_algorithm": scheme}
    assert fc(cloud, **session).list_functions(fc_models.ListFunctionsRequest()).status_code == 200
    assert cr(cloud, **session).list_instance(cr_models.ListInstanceRequest()).body.is_success
    cloud.advance(600)
    assert refused(cloud, "fc", **session).code == "InvalidSecurityToken.Expired"
    assert refused(cloud, "cr", **session).code == "InvalidSecurityToken.Expired"


@pytest.mark.parametrize("scheme", SCHEMES)
def test_temporary_credentials_need_their_own_token(cloud: Emulator, scheme: str | None) -> None:
    other = sts(cloud.assume_role())
    session: dict[str, Any] = {**sts(cloud.assume_role()), "signature_algorithm": scheme}
    assert refused(cloud, "fc", **session | {"security_token": None}).code == "MissingSecurityToken"
    mixed = session | {"security_token": other["security_token"]}
    assert refused(cloud, "fc", **mixed).code == "InvalidSecurityToken.MismatchWithAccessKey"


def test_the_default_chain_can_take_credentials_from_the_emulator(cloud: Emulator) -> None:
    """As with ALIBABA_CLOUD_CREDENTIALS_URI."""
    http = urllib3.PoolManager()
    session = sts(http.request("GET", f"{cloud.url}/credentials").json())
    http.clear()
    assert fc(cloud, **session).list_functions(fc_models.ListFunctionsRequest()).status_code == 200


class Caller:
    """Signs a request by hand, so that it can be spoilt afterwards."""

    def __init__(self, cloud: Emulator) -> None:
        self.cloud = cloud
        self.http = urllib3.PoolManager()

    def headers(self, query: dict[str, str], body: bytes = b"") -> dict[str, str]:
        request = self._request(query, body)
        secret = self.cloud.access_key_secret
        request.headers["Authorization"] = Utils.get_authorization(
            request, "ACS3-HMAC-SHA256", hashlib.sha256(body).hexdigest(), self.cloud.access_key_id, secret
        )
        return {name: str(value) for name, value in request.headers.items()}

    def _request(self, query: dict[str, str], body: bytes) -> Any:
        request = DaraRequest()
        request.method, request.pathname, request.query = "GET", "/2023-03-30/functions", dict(query)
        request.headers = {
            "host": self.cloud.address,
            "x-acs-version": "2023-03-30",
            "x-acs-action": "ListFunctions",
            "x-acs-date": Utils.get_timestamp(),
            "x-acs-signature-nonce": Utils.get_nonce(),
            "accept": "application/json",
            "x-acs-content-sha256": hashlib.sha256(body).hexdigest(),
        }
        return request

    def get(self, query: str, headers: Mapping[str, str], body: bytes = b"") -> tuple[int, str]:
        url = f"{self.cloud.url}/2023-03-30/functions?{query}"
        answer = self.http.request("GET", url, headers=headers, body=body)
        return answer.status, answer.json().get("Code", "")


@pytest.fixture
def caller(cloud: Emulator) -> Iterator[Caller]:
    caller = Caller(cloud)
    yield caller
    caller.http.clear()


def test_a_replay_is_refused(caller: Caller) -> None:
    headers = caller.headers({})
    assert caller.get("", headers) == (200, "")
    assert caller.get("", headers) == (400, "SignatureNonceUsed")


def test_a_query_with_a_space_is_signed_as_percent_20_however_it_is_sent(caller: Caller) -> None:
    assert caller.get("prefix=a+b", caller.headers({"prefix": "a b"})) == (200, "")
    assert caller.get("prefix=a%20b", caller.headers({"prefix": "a b"})) == (200, "")


def test_a_query_that_was_changed_on_the_way_is_refused(caller: Caller) -> None:
    headers = caller.headers({"prefix": "a b"})
    assert caller.get("prefix=a+c", headers) == (403, "SignatureNotMatch")
    assert caller.get("prefix=a+b&limit=5", headers) == (403, "SignatureNotMatch")
    assert caller.get("prefix=a+b", headers) == (200, ""), "a refused request uses up no nonce"


def test_a_body_that_was_changed_on_the_way_is_refused(caller: Caller) -> None:
    assert caller.get("", caller.headers({}), b"{}") == (403, "SignatureNotMatch")


def test_a_header_that_was_changed_on_the_way_is_refused(caller: Caller) -> None:
    headers = caller.headers({}) | {"x-acs-action": "DeleteFunction"}
    assert caller.get("", headers) == (403, "SignatureNotMatch")


def test_headers_that_matter_must_be_signed(caller: Caller) -> None:
    headers = caller.headers({})
    headers["Authorization"] = headers["Authorization"].replace("x-acs-date;", "")
    assert caller.get("", headers) == (400, "IncompleteSignature")


def test_no_signature_at_all(caller: Caller) -> None:
    assert caller.get("", {}) == (400, "MissingRequiredHeader")
    assert caller.get("", {"authorization": "Bearer x"}) == (400, "IncompleteSignature")


@given(st.dictionaries(st.sampled_from(["prefix", "limit", "tags", "nextToken"]), st.text(min_size=1, max_size=8)))
def test_the_string_to_sign_is_the_sdks(query: dict[str, str]) -> None:
    """For any query: the emulator's canonical form, signed, gives the SDK's own signature."""
    payload = hashlib.sha256(b"").hexdigest()
    request = DaraRequest()
    request.method, request.pathname, request.query = "GET", "/2023-03-30/functions", dict(query)
    request.headers = {"host": "h", "x-acs-date": "d", "x-acs-content-sha256": payload}
    theirs = Utils.get_authorization(request, "ACS3-HMAC-SHA256", payload, "id", "secret").rpartition("=")[2]
    wire = WireRequest("GET", "/2023-03-30/functions", tuple(query.items()), request.headers)
    ours = acs3_string_to_sign(wire, ["host", "x-acs-content-sha256", "x-acs-date"])
    assert hmac.new(b"secret", ours.encode(), "sha256").hexdigest() == theirs


# the older schemes


def test_the_older_schemes_carry_bodies_queries_and_forms(cloud: Emulator) -> None:
    functions = fc(cloud, signature_algorithm="v2")
    cloud.push("shop/app", "main")
    function = {
        "functionName": "fn",
        "runtime": "custom-container",
        "handler": "h",
        "description": "ü + & =",
        "customContainerConfig": {"image": IMAGE},
    }
    body = fc_models.CreateFunctionInput().from_map(function)
    assert functions.create_function(fc_models.CreateFunctionRequest(body=body)).body.description == "ü + & ="
    wanted = fc_models.ListFunctionsRequest(prefix="f", tags=[fc_models.Tag(key="a b", value="c+d")])
    assert functions.list_functions(wanted).body.functions == []
    wanted = cr_models.ListInstanceRequest(instance_name="a b*~+/ü")
    assert cr(cloud, signature_algorithm="v2").list_instance(wanted).body.instances == []


ROA_VECTORS: list[tuple[str, dict[str, str], bytes, str]] = [
    ("application/json", {"content-type": "application/octet-stream"}, b"", "PPPSwv0LPoLvg6rGxp7dd4uPESo="),
    (
        "application/xml",
        {"content-type": "application/x-www-form-urlencoded"},
        b"key=value",
        "X/tjQCOP4ZMCzQ1I1IdCra3byPA=",
    ),
]


@pytest.mark.parametrize(("accept", "headers", "body", "signature"), ROA_VECTORS, ids=["no body", "a form"])
def test_roa_signatures_of_the_go_sdk(accept: str, headers: dict[str, str], body: bytes, signature: str) -> None:
    """The vectors of sdk/auth/roa_signature_composer_test.go in aliyun/alibaba-cloud-sdk-go."""
    headers = headers | {
        "accept": accept,
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
    """As the same file has it, but for the lines of absent headers, which the specification keeps."""
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
RPC_VECTORS: list[tuple[str, dict[str, str], str, str]] = [
    ("the Go SDK", OF_THE_GO_SDK, "accessKeySecret", "7loPmFjvDnzOVnQeQNj85S6nFGY="),
    (
        "the Go SDK with a token",
        OF_THE_GO_SDK | {"SecurityToken": "accessKeyStsToken"},
        "accessKeySecret",
        "5Nxdcler+ihqWqv0Hr2On4PsBf4=",
    ),
    ("the documentation", OF_THE_DOCUMENTATION, "testsecret", "OLeaidS1JvxuMvnyHOwuJ+uX5qY="),
]


@pytest.mark.parametrize(("label", "query", "secret", "signature"), RPC_VECTORS, ids=[row[0] for row in RPC_VECTORS])
def test_rpc_signatures_of_public_sources(label: str, query: dict[str, str], secret: str, signature: str) -> None:
    """sdk/auth/rpc_signature_composer_test.go of aliyun/alibaba-cloud-sdk-go; the example of ECS's documentation."""
    wire = WireRequest("GET", "/", (*query.items(), ("Signature", "is not signed")))
    assert sign(rpc_string_to_sign(wire), f"{secret}&") == signature


TEXTS = st.dictionaries(st.sampled_from(["prefix", "limit", "Tag", "nextToken"]), st.text(max_size=8))


@given(TEXTS, TEXTS)
def test_the_older_strings_to_sign_are_the_sdks(query: dict[str, str], form: dict[str, str]) -> None:
    request = DaraRequest()
    request.method, request.pathname, request.query = "PUT", "/2023-03-30/functions", dict(query)
    request.headers = {
        "accept": "a",
        "date": "d",
        "content-type": "c",
        "x-acs-version": "1",
        "x-acs-b": "2",
        "x-c": "3",
    }
    wire = WireRequest("PUT", "/2023-03-30/functions", tuple(query.items()), request.headers)
    assert roa_string_to_sign(wire) == Utils.get_string_to_sign(request)
    encoded = urlencode({f"form.{name}": value for name, value in form.items()}).encode()
    wire = WireRequest("POST", "/", tuple(query.items()), {"content-type": FORM}, encoded)
    signed = query | {f"form.{name}": value for name, value in form.items()}
    assert sign(rpc_string_to_sign(wire), "secret&") == Utils.get_rpcsignature(signed, "POST", "secret")


FORM = "application/x-www-form-urlencoded"


class OldCaller:
    """Signs requests in the older schemes by hand, so that they can be spoilt afterwards."""

    def __init__(self, cloud: Emulator) -> None:
        self.cloud = cloud
        self.http = urllib3.PoolManager()

    def headers(self, **changes: str) -> dict[str, str]:
        headers = {
            "date": formatdate(usegmt=True),
            "accept": "application/json",
            "x-acs-version": "2023-03-30",
            "x-acs-signature-nonce": Utils.get_nonce(),
            "x-acs-signature-method": "HMAC-SHA1",
            "x-acs-signature-version": "1.0",
        } | {name.replace("_", "-"): value for name, value in changes.items()}
        wire = WireRequest("GET", "/2023-03-30/functions", (), headers)
        signature = sign(roa_string_to_sign(wire), self.cloud.access_key_secret)
        return headers | {"authorization": f"acs {self.cloud.access_key_id}:{signature}"}

    def roa(self, headers: dict[str, str], query: str = "", body: bytes = b"") -> tuple[int, str]:
        url = f"{self.cloud.url}/2023-03-30/functions{query}"
        answer = self.http.request("GET", url, headers=headers, body=body)
        return answer.status, answer.json().get("Code", "")

    def parameters(self, form: dict[str, str], **changes: str) -> dict[str, str]:
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

    def rpc(self, query: dict[str, str], form: dict[str, str]) -> tuple[int, str]:
        url = f"{self.cloud.url}/?{urlencode(query)}"
        answer = self.http.request("POST", url, body=urlencode(form), headers={"content-type": FORM})
        return answer.status, answer.json().get("Code", "")


@pytest.fixture
def old_caller(cloud: Emulator) -> Iterator[OldCaller]:
    caller = OldCaller(cloud)
    yield caller
    caller.http.clear()


def test_a_roa_call_that_was_changed_on_the_way_is_refused(old_caller: OldCaller) -> None:
    headers = old_caller.headers()
    for changed in (
        {"accept": "application/xml"},
        {"content-type": "text/plain"},
        {"x-acs-action": "DeleteFunction"},
        {"date": formatdate(usegmt=True, timeval=time.time() + 60)},
    ):
        assert old_caller.roa(headers | changed) == (403, "SignatureNotMatch"), changed
    assert old_caller.roa(headers, "?prefix=a") == (403, "SignatureNotMatch")
    assert old_caller.roa(headers) == (200, ""), "a refused request uses up no nonce"
    assert old_caller.roa(headers) == (400, "SignatureNonceUsed")


def test_the_content_md5_of_a_roa_call_is_that_of_its_body(old_caller: OldCaller) -> None:
    digest = base64.b64encode(hashlib.md5(b"{}").digest()).decode()  # noqa: S324 - Content-MD5
    assert old_caller.roa(old_caller.headers(content_md5=digest), body=b"{}") == (200, "")
    assert old_caller.roa(old_caller.headers(content_md5=digest), body=b"[]") == (403, "SignatureNotMatch")


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"x_acs_signature_method": "HMAC-SHA256"}, (400, "IncompleteSignature")),
        ({"x_acs_signature_version": "2.0"}, (400, "IncompleteSignature")),
        ({"x_acs_signature_nonce": ""}, (400, "IncompleteSignature")),
        ({"date": ""}, (400, "IncompleteSignature")),
        ({"date": "yesterday"}, (400, "InvalidTimeStamp.Expired")),
        ({"date": formatdate()}, (400, "InvalidTimeStamp.Expired")),
        ({"date": "Wed, 26 Aug 2015 17:01:00 GMT"}, (400, "InvalidTimeStamp.Expired")),
    ],
)
def test_a_roa_call_contains_everything_that_is_signed(
    old_caller: OldCaller, changes: dict[str, str], answer: tuple[int, str]
) -> None:
    assert old_caller.roa(old_caller.headers(**changes)) == answer


@pytest.mark.parametrize("authorization", ["acs emulator", "acs emulator:short", "acs :", "ACS emulator:x"])
def test_a_roa_signature_of_another_form_is_refused(old_caller: OldCaller, authorization: str) -> None:
    assert old_caller.roa(old_caller.headers() | {"authorization": authorization}) == (400, "IncompleteSignature")


def test_an_rpc_call_that_was_changed_on_the_way_is_refused(old_caller: OldCaller) -> None:
    form = {"InstanceName": "a b"}
    query = old_caller.parameters(form)
    assert old_caller.rpc(query, {"InstanceName": "a c"}) == (400, "SignatureDoesNotMatch")
    assert old_caller.rpc(query | {"PageNo": "2"}, form) == (400, "SignatureDoesNotMatch")
    assert old_caller.rpc(query, form) == (200, "success")
    assert old_caller.rpc(query, form) == (400, "SignatureNonceUsed")


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"SignatureMethod": "HMAC-SHA256"}, (400, "IncompleteSignature")),
        ({"SignatureVersion": "2.0"}, (400, "IncompleteSignature")),
        ({"SignatureNonce": ""}, (400, "IncompleteSignature")),
        ({"Timestamp": "2015-08-26T17:01:00Z"}, (400, "InvalidTimeStamp.Expired")),
        ({"Timestamp": "yesterday"}, (400, "InvalidTimeStamp.Expired")),
    ],
)
def test_an_rpc_call_contains_everything_that_is_signed(
    old_caller: OldCaller, changes: dict[str, str], answer: tuple[int, str]
) -> None:
    assert old_caller.rpc(old_caller.parameters({}, **changes), {}) == answer


def test_an_rpc_signature_is_none_for_fc(old_caller: OldCaller) -> None:
    query = "?" + urlencode(old_caller.parameters({}, Version="2023-03-30"))
    assert old_caller.roa({}, query) == (400, "MissingRequiredHeader")
