"""Every body is parsed to events or rejected in one line."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fcpin.receiver.errors import Rejected
from fcpin.receiver.push_event import PushEvent
from fcpin.receiver.senders import SENDERS
from fcpin.receiver.senders.json_fields import MAX_DEPTH, MAX_VALUES, read_json
from fcpin.receiver.senders.sender import Ignored
from fcpin.receiver.web.limits import MAX_BODY
from tests.receiver.senders.requests import FIXTURES, Request, sender

BODIES = [
    ("nothing", b"", 400),
    ("no JSON", b"push_data=1", 400),
    ("half of it", b'{"a": ', 400),
    ("UTF-16", '{"a": 1}'.encode("utf-16"), 400),
    ("no number", b'{"a": NaN}', 400),
    ("a number of 5,000 digits", b"[" + b"1" * 5000 + b"]", 400),
    ("nested too deeply", b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), 400),
    ("nested without an end", b'{"a":' * 15_000, 400),
    ("nested in objects", b'{"a":' * 100 + b"1" + b"}" * 100, 400),
    ("too many parts", b"[" + b"1," * MAX_VALUES + b"1]", 413),
    ("nothing but brackets", b"[" * MAX_BODY, 413),
    ("quotes without an end", b'"\\' * (MAX_BODY // 2), 400),
]


@pytest.mark.parametrize(("body", "status"), [pytest.param(*row[1:], id=row[0]) for row in BODIES])
def test_a_hostile_body_is_rejected_quickly(body: bytes, status: int) -> None:
    began = time.process_time()
    with pytest.raises(Rejected) as rejection:
        read_json(body)
    assert time.process_time() - began < 1
    assert rejection.value.status == status
    assert "\n" not in str(rejection.value)


def test_brackets_in_strings_are_not_depth() -> None:
    assert read_json(json.dumps({"a": "[{" * 1000 + '"'}).encode())["a"].text().startswith("[{")
    assert read_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH).value


LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=20)
)
ANY = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)
FIXTURE_BODIES = {
    kind: [json.loads(file.read_text()) for file in sorted((FIXTURES / kind).glob("*.json"))] for kind in SENDERS
}


def mutated(data: st.DataObject, value: object) -> object:
    """Return *value* with one part of it replaced by anything."""
    if isinstance(value, dict) and value and data.draw(st.booleans()):
        key = data.draw(st.sampled_from(sorted(value)))
        return {**value, key: mutated(data, value[key])}
    if isinstance(value, list) and value and data.draw(st.booleans()):
        return [mutated(data, value[0]), *value[1:]]
    return data.draw(ANY)


@pytest.mark.parametrize("kind", SENDERS)
@given(data=st.data())
@settings(max_examples=25)
def test_every_body_is_parsed_or_rejected(kind: str, data: st.DataObject) -> None:
    if data.draw(st.integers(0, 9)) == 0:
        body = data.draw(st.binary(max_size=200))
    else:
        value = mutated(data, data.draw(st.sampled_from(FIXTURE_BODIES[kind])))
        body = json.dumps(value, ensure_ascii=data.draw(st.booleans())).encode(errors="surrogatepass")
    headers = data.draw(
        st.dictionaries(st.sampled_from(["ce-type", "ce-id", "ce-source", "ce-time"]), st.text(max_size=20))
    )
    path = data.draw(st.sampled_from(["", "cri-0a1b", "cri-\ud800/ü"]))
    query = data.draw(st.dictionaries(st.just("registry"), st.text(max_size=20)))
    try:
        events = sender(kind).parse(Request(body, headers, query, path).arrive())
    except Rejected as rejection:
        events = (rejection,)
    for one in events:
        if isinstance(one, PushEvent):
            assert one.repository.path
            assert len(one.id) <= 100
            assert "/" in f"{one.repository.host}/{one.repository.path}"
            repr(one).encode()
        elif isinstance(one, Ignored):
            assert one.event in SENDERS[kind].ignored_events
        else:
            assert one.status in (400, 413)
            assert "\n" not in str(one)
            assert len(str(one)) < 1000
