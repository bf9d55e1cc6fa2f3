"""What a policy decides beyond its order: ties, going back, nothing to choose. In the order of the module's rules."""

from collections.abc import Iterator

from fcpin.image import TagRecord
from fcpin.policy import Policy, Ranking, Rejection, Selection
from tests.policy.choosing import choose, chosen, ranked, reasons, tag
from tests.support.tables import table

NUMBERS: dict[str, object] = {"policy": {"numerical": {}}, "filter_tags": {"pattern": r"^\D*(\d+)$", "extract": "$1"}}
VERSIONS: dict[str, object] = {"policy": {"semver": {"range": "1.x"}}}
PUSHED: dict[str, object] = {"policy": {"newest": {}}}
FAMILY: dict[str, object] = {"policy": {"family": {"name": "main"}}}

TIES = [
    # label, tags, current, chosen, facts of the reason
    ("the one pushed last wins", [tag("a-7", 2), tag("b-7", 1)], None, "a-7", ["ties with b-7", "pushed last"]),
    ("then the greatest name", [tag("a-7", 1), tag("b-7", 1)], None, "b-7", ["ties with a-7", "greatest name"]),
    ("a tag with a push time before one without", [tag("a-7", 1), tag("b-7")], None, "a-7", ["ties", "pushed last"]),
    ("the same image is no tie", [tag("a-7", content="1"), tag("b-7", content="1")], None, "b-7", []),
    ("the current one stays if it is the same image", [tag("a-7", 1, content="1"), tag("b-7", 2, content="1")], "a-7", "a-7", ["already"]),
    ("the current one goes if it is another image", [tag("a-7", 1, content="1"), tag("b-7", 2, content="2")], "a-7", "b-7", ["ties"]),
]  # fmt: skip


@table("tags current expected facts", TIES)
def test_ties(tags: list[TagRecord], current: str | None, expected: str, facts: list[str]) -> None:
    selection = choose(NUMBERS, tags, current)
    assert selection.chosen is not None
    assert selection.chosen.tag == expected
    assert ("ties" in selection.reason) is ("ties" in " ".join(facts))
    for fact in facts:
        assert fact in selection.reason
    many = choose(NUMBERS, [f"{letter}-7" for letter in "abcdef"])
    assert "a-7, b-7, c-7 and 2 more" in many.reason


GOING_BACK = [
    # label, spec, tags, current, answer
    ("the current tag is the newest", VERSIONS, ["1.2.0", "1.1.0"], "1.2.0", "1.2.0"),
    ("the current tag is gone and the rest is older", VERSIONS, ["1.1.0"], "1.2.0", "keeps 1.2.0"),
    ("the current tag is gone and there is a newer one", VERSIONS, ["1.3.0"], "1.2.0", "1.3.0"),
    ("the same version under another name is not older", VERSIONS, ["1.2.0"], "v1.2.0", "1.2.0"),
    ("with leave it goes back", VERSIONS | {"allow_downgrade": True}, ["1.1.0", "2.0.0"], "2.0.0", "1.1.0"),
    ("the current tag is being deleted", VERSIONS, ["1.1.0", tag("1.2.0", status="DELETING")], "1.2.0", "keeps 1.2.0"),
    ("a current tag that is no version is no measure", VERSIONS, ["1.1.0", "main"], "main", "1.1.0"),
    ("a current tag that the filter leaves out is no measure", VERSIONS | {"ignore_tags": ["1.2.0"]}, ["1.1.0", "1.2.0"], "1.2.0", "1.1.0"),
    ("descending: older is greater", {"policy": {"numerical": {"order": "desc"}}}, ["9"], "7", "keeps 7"),
    ("descending: newer is smaller", {"policy": {"numerical": {"order": "desc"}}}, ["5"], "7", "5"),
    ("push times: those of what is gone are not known", PUSHED, [tag("b", 5)], "a", "keeps a"),
    ("push times: still listed", PUSHED, [tag("b", 5), tag("a", 3)], "a", "b"),
    ("push times: with leave", PUSHED | {"allow_downgrade": True}, [tag("b", 5)], "a", "b"),
    ("a family by number knows what is gone", FAMILY, ["main-1", "main-2"], "main-3", "keeps main-3"),
    ("a family of one cannot be compared with what is gone", FAMILY, ["main-0a1b"], "main-ffff", "keeps main-ffff"),
    ("another family is no measure", FAMILY, [tag("main-1", 1)], "dev-3", "main-1"),
]  # fmt: skip


@table("spec tags current expected", GOING_BACK)
def test_going_back(spec: dict[str, object], tags: list[str | TagRecord], current: str, expected: str) -> None:
    assert chosen(spec, tags, current) == expected


RELEASE: dict[str, object] = {"policy": {"family": {"name": "release"}}}
RELEASE_NUMBERS = {"numerical": {}, "filter_tags": {"pattern": r"^release-(\d+)$", "extract": "$1"}}
NAMES = ["release-9", "release-10"]
COMPARED = [
    # label, spec, tags, what the current tag release-9 was chosen by, chosen, by; "keeps" for none
    ("a greater number is kept off", RELEASE, NAMES, "push time", "keeps", ""),
    ("the deployed one is gone", RELEASE, ["release-10", "release-11"], "push time", "keeps", ""),
    ("a later build is kept off", RELEASE, [tag("release-9", created=1), tag("release-abc", created=2)], "push time", "keeps", ""),
    ("the only one that is left", RELEASE, ["release-10"], "push time", "keeps", ""),
    ("it stays a pin chosen by push time", RELEASE, ["release-8", "release-9"], "push time", "release-9", "push time"),
    ("push times are back", RELEASE, [tag("release-9", 1), tag("release-10", 2)], "push time", "release-10", "push time"),
    ("it was chosen by number", RELEASE, NAMES, "number", "release-10", "number"),
    ("a state of an older version", RELEASE, NAMES, "", "release-10", "number"),
    ("with allow_downgrade", {**RELEASE, "allow_downgrade": True}, NAMES, "push time", "release-10", "number"),
    ("now by numbers", RELEASE_NUMBERS, NAMES, "push time", "release-10", "number"),
    ("now another family", FAMILY, [*NAMES, "main-1"], "push time", "main-1", "number"),
]  # fmt: skip


@table("spec tags current_by expected by", COMPARED)
def test_without_push_times_a_pin_chosen_by_them_stays(
    spec: dict[str, object], tags: list[str | TagRecord], current_by: str, expected: str, by: str
) -> None:
    """What is chosen otherwise may be older."""
    selection = ranked(spec, tags).select("release-9", current_by=current_by)
    if expected == "keeps":
        assert selection.keep
        assert "was chosen by push time: the registry returns no push times now" in selection.reason
        assert "allow_downgrade" in selection.reason
    else:
        assert selection.chosen is not None
        assert (selection.chosen.tag, selection.by) == (expected, by)


def test_a_kept_pin_is_explained() -> None:
    selection = choose(VERSIONS, ["1.1.0", "1.0.0"], "1.2.0")
    for fact in ("1.2.0 is no longer listed", "1.1.0", "older", "allow_downgrade"):
        assert fact in selection.reason
    assert selection.summary == "keeps 1.2.0"
    assert reasons(selection) == dict.fromkeys(["1.1.0", "1.0.0"], "is older than 1.2.0 by version")


def test_the_reason_names_a_newest_that_is_deployed_already() -> None:
    selection = choose(VERSIONS, ["1.2.0", "1.1.0", "x"], "1.2.0")
    assert selection.reason == "already the newest of 2 of 3 tags by version"
    assert selection.summary == "newest of 2 of 3 tags by version"


NOTHING = [
    # label, spec, tags, current, kept, facts of the reason
    ("an empty repository", VERSIONS, [], None, False, ["no tags"]),
    ("nothing qualifies", VERSIONS, ["a", "b", "2.0.0"], None, False, ["3 tags", "2: is not a version", "1: is outside 1.x"]),
    ("nothing qualifies for a deployed function", VERSIONS, ["a"], "1.0.0", False, ["does not qualify"]),
    ("on_empty keeps the current pin", VERSIONS | {"on_empty": "keep"}, ["a"], "1.0.0", True, ["on_empty"]),
    ("on_empty cannot keep what is not there", VERSIONS | {"on_empty": "keep"}, ["a"], None, False, ["does not qualify"]),
]  # fmt: skip


@table("spec tags current kept facts", NOTHING)
def test_nothing_to_choose(
    spec: dict[str, object], tags: list[str], current: str | None, kept: bool, facts: list[str]
) -> None:
    selection = choose(spec, tags, current)
    assert selection.chosen is None
    assert selection.keep is kept
    for fact in facts:
        assert fact in selection.reason


def test_two_records_of_one_name_are_one_tag() -> None:
    early, late = tag("a", 1, content="1"), tag("a", 2, content="2")
    for listing in ([early, late], [late, early]):
        selection = choose(PUSHED, listing)
        assert selection.chosen == late
        assert selection.rejected == []


def test_functions_that_share_a_ranking_do_not_share_their_answers() -> None:
    ranking = Ranking(
        Policy.from_spec({"policy": {"family": {}}}), [tag("main-1", 1), tag("dev-1", 2), tag("dev-2", 3)]
    )
    chosen_tags = [ranking.select(current).chosen for current in ("main-1", "dev-1", "main-1", "dev-2")]
    assert [one and one.tag for one in chosen_tags] == ["main-1", "dev-2", "main-1", "dev-2"]


def test_rejections_are_made_when_they_are_read() -> None:
    def reasons() -> Iterator[Rejection]:
        made.append("rejections")
        yield Rejection("a", "x")

    made: list[str] = []
    selection = Selection(None, "", "", explain=reasons)
    assert not made
    assert selection.counts == {"x": 1}
    assert selection.rejected == [Rejection("a", "x")]
    assert made == ["rejections"]


def test_equal_dictionaries_are_read_once() -> None:
    assert Policy.from_spec({"newest": {}, "min_age": "2h"}) is Policy.from_spec({"min_age": "2h", "newest": {}})
