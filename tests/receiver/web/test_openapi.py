"""The document at /openapi.json is true: the running receiver does what it says, whatever it is sent."""

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


def test_it_is_served_and_names_every_kind(client: Client) -> None:
    served = client.ask("GET", "/openapi.json").json()
    assert len(OPERATIONS) == 6
    assert served == openapi()
    assert set(SENDERS) < set(served["components"]["schemas"])


@given(CASES)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_strangers_are_answered_as_it_says(client: Client, case: Case) -> None:
    case.call_and_validate(base_url=client.url, checks=CHECKS)


@given(HOOKS, st.sampled_from(sorted(SENDERS)))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_senders_are_answered_as_it_says(client: Client, case: Case, kind: str) -> None:
    """The same with names and secrets that are right, so that the bodies come to the parsers."""
    case.path_parameters = {**case.path_parameters, "name": kind}
    case.query = {**(case.query or {}), "secret": SECRET}
    body = case.as_transport_kwargs(base_url=client.url).get("json")
    case.headers.update(signed(json.dumps(body).encode()))
    answer = case.call_and_validate(base_url=client.url, checks=CHECKS)
    assert answer.status_code in (202, 400, 404, 415) or kind == "generic"
