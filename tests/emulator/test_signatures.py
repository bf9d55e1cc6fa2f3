"""Signatures: what the SDK signs is accepted, and every way to get it wrong is refused with the service's own code."""

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import urllib3
from alibabacloud_cr20181201 import models as cr_models
from alibabacloud_fc20230330 import models as fc_models
from alibabacloud_tea_openapi.exceptions import ClientException
from alibabacloud_tea_openapi.utils import Utils
from darabonba.request import DaraRequest
from hypothesis import given
from hypothesis import strategies as st

from emulator import Emulator
from emulator.acs3 import string_to_sign
from emulator.wire import WireRequest
from tests.emulator.clients import cr, fc


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
    ("an unknown key", "fc", {"access_key_id": "nobody"}, (403, "InvalidAccessKeyID")),
    ("an unknown key", "cr", {"access_key_id": "nobody"}, (404, "InvalidAccessKeyId.NotFound")),
    ("a token that is none", "fc", {"security_token": "x"}, (403, "InvalidSecurityToken.MismatchWithAccessKey")),
    ("a token that is none", "cr", {"security_token": "x"}, (400, "InvalidSecurityToken.MismatchWithAccessKey")),
]


@pytest.mark.parametrize(("label", "service", "changes", "answer"), KEYS, ids=[f"{row[0]} ({row[1]})" for row in KEYS])
def test_wrong_credentials(
    cloud: Emulator, label: str, service: str, changes: dict[str, str], answer: tuple[int, str]
) -> None:
    refusal = refused(cloud, service, **changes)
    assert (refusal.status_code, refusal.code) == answer
    assert cloud.access_key_secret not in refusal.message


@pytest.mark.parametrize("service", ["fc", "cr"])
@pytest.mark.parametrize("seconds", [960, -960])
def test_a_clock_that_is_too_wrong(cloud: Emulator, service: str, seconds: float) -> None:
    cloud.skew(seconds)
    assert (refused(cloud, service).status_code, refused(cloud, service).code) == (400, "InvalidTimeStamp.Expired")


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


def test_temporary_credentials_sign_until_they_expire(cloud: Emulator) -> None:
    session = sts(cloud.assume_role(600))
    assert fc(cloud, **session).list_functions(fc_models.ListFunctionsRequest()).status_code == 200
    assert cr(cloud, **session).list_instance(cr_models.ListInstanceRequest()).body.is_success
    cloud.advance(600)
    assert refused(cloud, "fc", **session).code == "InvalidSecurityToken.Expired"
    assert refused(cloud, "cr", **session).code == "InvalidSecurityToken.Expired"


def test_temporary_credentials_need_their_own_token(cloud: Emulator) -> None:
    session, other = sts(cloud.assume_role()), sts(cloud.assume_role())
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
    ours = string_to_sign(wire, ["host", "x-acs-content-sha256", "x-acs-date"])
    assert hmac.new(b"secret", ours.encode(), "sha256").hexdigest() == theirs
