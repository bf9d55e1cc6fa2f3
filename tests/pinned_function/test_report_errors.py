"""What Pulumi's plugin would print of a provider's failure."""

import traceback

import pytest

from fcpin.errors import TagMoved
from fcpin.pinned_function.provider import DEBUG, report_errors


class Provider:
    """A provider whose verbs fail in every way."""

    @report_errors
    def update(self, error: Exception) -> None:
        raise error


def printed(error: Exception) -> str:
    try:
        Provider().update(error)
    except Exception as raised:
        return "".join(traceback.format_exception(raised, limit=0)).strip()
    raise AssertionError("the verb did not fail")


@pytest.fixture(autouse=True)
def _no_debugging(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(DEBUG, raising=False)


def test_an_expected_failure_is_its_sentence() -> None:
    assert printed(TagMoved("shop/app:main moved")) == "fcpin: shop/app:main moved"


def test_an_unexpected_one_explains_how_to_find_out_more() -> None:
    line = printed(KeyError("state"))
    assert line.startswith("fcpin: unexpected KeyError: 'state'")
    assert "FCPIN_DEBUG=1" in line


def test_while_debugging_it_is_what_was_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DEBUG, "1")
    with pytest.raises(TagMoved):
        Provider().update(TagMoved("shop/app:main moved"))
