"""A suspended pin stays as it is, whatever else is set."""

import pytest

from fcpin.errors import InvalidPolicy
from fcpin.policy import Policy, Ranking
from tests.policy.choosing import choose, chosen, reasons, tag

SUSPENDED: dict[str, object] = {"policy": {"newest": {}}, "suspend": True}
HELD = SUSPENDED | {"hold": {"tag": "a", "until": "2027-01-01T00:00:00Z"}}
TAGS = [tag("a", 1), tag("b", 2)]


@pytest.mark.parametrize(
    ("spec", "tags"),
    [
        pytest.param(SUSPENDED, TAGS, id="a newer tag is there"),
        pytest.param(SUSPENDED, [], id="no tag is there at all"),
        pytest.param(SUSPENDED | {"allow_downgrade": True}, TAGS, id="it may go back"),
        pytest.param(HELD, TAGS, id="it is held at another tag"),
        pytest.param({**SUSPENDED, "policy": {"family": {"name": "z"}}}, TAGS, id="no tag qualifies"),
    ],
)
def test_the_deployed_pin_stays(spec: dict[str, object], tags: list[object]) -> None:
    assert chosen(spec, tags, "x") == "keeps x"  # type: ignore[arg-type]


def test_the_reason_names_the_suspension_and_the_hold() -> None:
    assert "suspend" in choose(SUSPENDED, TAGS, "b").reason
    assert "hold at a" in choose(HELD, TAGS, "b").reason
    assert reasons(choose(SUSPENDED, TAGS, "b")) == dict.fromkeys("ab", "was not considered: suspend is true")


def test_there_must_be_a_pin_to_stay_on() -> None:
    with pytest.raises(InvalidPolicy) as caught:
        choose(SUSPENDED, TAGS)
    (problem,) = caught.value.problems
    assert problem.path == "suspend"
    assert "deployed pin" in problem.reason


def test_it_neither_needs_build_times_nor_the_time() -> None:
    policy = Policy.from_spec({**HELD, "policy": {"newest": {"by": "created"}}})
    assert Ranking(policy, TAGS).needs_build_times() == ()
    assert Ranking(policy, []).select("a").keep


def test_not_suspended_is_as_if_it_were_not_there() -> None:
    assert chosen(SUSPENDED | {"suspend": False}, TAGS, "a") == "b"
