"""A form needs the session and its form token; forms of other sites are rejected."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from fcpin.receiver.ledger.ledger import Ledger
from tests.receiver.page.page_client import PageClient

REASON = {"reason": "release day"}


def test_the_token_of_the_form_lets_a_button_be_pressed(ann: PageClient, ledger: Ledger) -> None:
    ann.press("freeze", **REASON)
    assert ledger.current_freeze()


def test_without_the_token_of_the_form_nothing_happens(ann: PageClient, ledger: Ledger) -> None:
    for token in ("", "0" * 64, "ä"):
        answer = ann.post("/actions/freeze", REASON | {"form_token": token})
        assert answer.status == 403
    assert ledger.current_freeze() is None


def test_the_token_of_another_session_is_none(ann: PageClient, ledger: Ledger) -> None:
    bob = replace(ann, cookies={})
    bob.log_in("bob")
    assert ann.post("/actions/freeze", REASON | {"form_token": bob.form_token()}).status == 403
    assert ledger.current_freeze() is None


def test_after_the_logout_its_forms_are_dead(ann: PageClient, ledger: Ledger) -> None:
    token, cookies = ann.form_token(), dict(ann.cookies)
    ann.post("/logout", {"form_token": token})
    for left in ({}, cookies):
        answer = replace(ann, cookies=left).post("/actions/freeze", REASON | {"form_token": token})
        assert answer.status == 403
        assert "log in" in answer.words
    assert ledger.current_freeze() is None


def test_a_logout_needs_the_token_too(ann: PageClient) -> None:
    assert ann.post("/logout", {}).status == 403
    assert ann.get("/").status == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_form_of_another_site_is_refused_before_it_is_read(ann: PageClient, site: str) -> None:
    for path in ("/actions/freeze", "/logout", "/login"):
        answer = ann.post(path, REASON | {"form_token": ann.form_token()}, {"sec-fetch-site": site})
        assert answer.status == 403
    assert ann.get("/").status == 200


@pytest.mark.parametrize("button", ["approve", "hold", "resume", "converge", "retry", "freeze", "thaw"])
def test_a_link_presses_nothing(ann: PageClient, button: str) -> None:
    assert ann.get(f"/actions/{button}").status == 405


FORMS: list[tuple[str, bytes, Mapping[str, str], int]] = [
    ("JSON is no form", b"{}", {"content-type": "application/json"}, 415),
    ("nor is text, which other sites can send unasked", b"a=b", {"content-type": "text/plain"}, 415),
    ("nor a file", b"--x", {"content-type": "multipart/form-data; boundary=x"}, 415),
    ("a form without end is refused", b"a=" + b"x" * 20_000, {}, 413),
    ("and one of a thousand fields", b"a=b&" * 1_000, {}, 400),
    ("and one that is no text", b"a=\xff", {}, 400),
    ("and one that is no form inside", b"hello", {}, 400),
]


@pytest.mark.parametrize(("label", "body", "headers", "status"), FORMS, ids=[row[0] for row in FORMS])
def test_an_invalid_form(ann: PageClient, label: str, body: bytes, headers: Mapping[str, str], status: int) -> None:
    for path in ("/login", "/actions/freeze"):
        assert ann.post(path, body, headers).status == status
