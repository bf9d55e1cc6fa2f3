"""Which requests are authenticated, and the response to all others."""

import base64

import pytest

from fcpin.receiver.errors import Rejected
from fcpin.receiver.senders import SENDERS
from tests.receiver.senders.requests import NEXT, SECRET, Request, sender, settings, signed

BODY = b'{"any": "thing"}'
BASIC = base64.b64encode(f"registry:{SECRET}".encode()).decode()
URL = ["acr", "eventbridge", "distribution", "harbor"]
HEADERS = ["eventbridge", "distribution", "harbor"]

REQUESTS: list[tuple[str, Request, list[str]]] = [
    # where it is, the request, for whom it counts
    ("in the path", Request(BODY, path=SECRET), URL),
    ("in the path after an instance", Request(BODY, path=f"cri-0a1b/{SECRET}"), URL),
    ("in the query", Request(BODY, query={"secret": SECRET}), URL),
    ("in the query with an instance in the path", Request(BODY, query={"secret": SECRET}, path="cri-0a1b"), URL),
    ("the second one, while they are changed over", Request(BODY, path=NEXT), URL),
    ("a bearer token", Request(BODY, {"authorization": f"Bearer {SECRET}"}), HEADERS),
    ("the password of basic authentication", Request(BODY, {"authorization": f"basic {BASIC}"}), HEADERS),
    ("the whole header, as Harbor sends it", Request(BODY, {"authorization": SECRET}), HEADERS),
    ("the token of EventBridge", Request(BODY, {"x-eventbridge-signature-token": SECRET}), ["eventbridge"]),
    ("a signature of the body", Request(BODY, signed(BODY)), ["generic"]),
    ("a signature with the second secret", Request(BODY, signed(BODY, NEXT)), ["generic"]),
    ("nothing", Request(BODY), []),
    ("an empty secret", Request(BODY, {"authorization": "Bearer "}, {"secret": ""}), []),
    ("another secret", Request(BODY, {"authorization": "Bearer guess"}, {"secret": "guess"}, "guess"), []),
    ("the beginning of it", Request(BODY, path=SECRET[:-1]), []),
    ("more than it", Request(BODY, path=SECRET + "x"), []),
    ("it and something else in the path", Request(BODY, path=f"{SECRET}/more"), []),
    ("another case", Request(BODY, path=SECRET.upper()), []),
    ("what is no base64", Request(BODY, {"authorization": "Basic ="}), []),
    ("letters beyond ASCII", Request(BODY, {"authorization": "Bearer \udcff", "x-hub-signature-256": "ä"}, {"secret": "\ud800"}, "ü"), []),
    ("a signature of another body", Request(BODY, signed(b"{}")), []),
    ("a signature with another secret", Request(BODY, signed(BODY, "another-secret-of-16")), []),
    ("the secret itself as a signature", Request(BODY, {"x-hub-signature-256": SECRET}), []),
]  # fmt: skip


@pytest.mark.parametrize("kind", SENDERS)
@pytest.mark.parametrize(("request_", "kinds"), [pytest.param(*row[1:], id=row[0]) for row in REQUESTS])
def test_authentication(request_: Request, kinds: list[str], kind: str) -> None:
    if kind in kinds:
        sender(kind).authenticate(request_.arrive())
    else:
        with pytest.raises(Rejected) as refusal:
            sender(kind).authenticate(request_.arrive())
        assert (refusal.value.status, refusal.value.reason.label) == (401, "invalid_secret")
        assert SECRET not in str(refusal.value)


def test_no_secret_is_printed() -> None:
    request = Request(BODY, {"authorization": f"Bearer {SECRET}"}, {"secret": SECRET}, SECRET).arrive()
    for printed in (repr(request), repr(settings("acr")), repr(sender("acr"))):
        assert SECRET not in printed
