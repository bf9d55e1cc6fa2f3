"""The receiver conforms to its document at /openapi.json, whatever it receives."""

import json
from collections.abc import Iterator
from typing import Any, TypeAlias

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.openapi import from_dict
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from fcpin.receiver.senders import SENDERS
from fcpin.receiver.web.openapi import openapi
from tests.receiver.senders.requests import SECRET, signed
from tests.receiver.web.serving import Client, Receiver

DOCUMENT = from_dict(dict(openapi()))
OPERATIONS = [one.ok() for one in DOCUMENT.get_all_operations() if isinstance(one, Ok)]
CASES = st.one_of(*(operation.as_strategy() for operation in OPERATIONS))
HOOKS = st.one_of(*(operation.as_strategy() for operation in OPERATIONS if operation.method == "post"))
Case: TypeAlias = schemathesis.Case[Any]
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with Receiver().serve() as client:
        yield client


def test_the_document_has_every_sender(client: Client) -> None:
    served = client.request("GET", "/openapi.json").json()
    assert len(OPERATIONS) == 6
    assert served == openapi()
    assert set(SENDERS) < set(served["components"]["schemas"])


@given(CASES)
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
def test_requests_without_a_secret_conform(client: Client, case: Case) -> None:
    case.call_and_validate(base_url=client.url, checks=CHECKS)


@given(HOOKS, st.sampled_from(sorted(SENDERS)))
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_requests_of_senders_conform(client: Client, case: Case, kind: str) -> None:
    """With valid names and secrets, so that the parsers read the bodies."""
    case.path_parameters = {**case.path_parameters, "name": kind}
    case.query = {**(case.query or {}), "secret": SECRET}
    body = case.as_transport_kwargs(base_url=client.url).get("json")
    case.headers.update(signed(json.dumps(body).encode()))
    answer = case.call_and_validate(base_url=client.url, checks=CHECKS)
    assert answer.status_code in (202, 400, 404, 415) or kind == "generic"
