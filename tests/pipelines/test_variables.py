"""Variables get their values, and one without a value stops everything."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from fcpin.errors import InvalidInput
from fcpin.pipelines.checks import check
from fcpin.pipelines.document import DocumentFile, to_text
from fcpin.pipelines.variables import commit_problem, rendered, values, with_commit
from tests.pipelines.documents import mended

COMMIT = "83f96b6c0ffee0123456789abcdef0123456789a"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_an_example_is_rendered_with_its_comments_and_runs() -> None:
    document = DocumentFile.parse(mended(), Path("p.yaml"))
    tree = rendered(document.tree, values(COMMIT, NOW, app_name="shop", env_name="prod"))
    text = to_text(tree)
    assert "p-83f96b6-1795348800000" in text
    assert text.count("83f96b6") == 3
    assert "# deploy" in text
    assert "<%" not in text
    assert check(tree, is_template=False).findings == ()
    assert document.text().count("<%") == 6


def test_every_variable_without_a_value_is_reported_with_its_path() -> None:
    tree = DocumentFile.parse(mended(), Path("p.yaml")).tree
    with pytest.raises(InvalidInput) as caught:
        rendered(tree, values(COMMIT, NOW))
    assert [(problem.path, problem.reason) for problem in caught.value.problems] == [
        ("spec.context.data.appName", "<% .appName %> has no value; give --app-name"),
        ("spec.templateSpec.context.data.envName", "<% .envName %> has no value; give --env-name"),
    ]


def test_a_commit_of_digits_only_stays_text() -> None:
    document = DocumentFile.parse("a: <% .git.shortCommitId %>\n", Path("p.yaml"))
    tree = rendered(document.tree, values("1234567", NOW))
    assert to_text(tree) == "a: '1234567'\n"


@pytest.mark.parametrize(
    ("image", "made"),
    [
        ("r/a:{commit}", "r/a:83f96b6"),
        ("r/a:main-{commit}", "r/a:main-83f96b6"),
        ("r/a:{commit:40}", f"r/a:{COMMIT}"),
        ("r/a:fixed", "r/a:fixed"),
    ],
)
def test_the_commit_stands_in_the_tag(image: str, made: str) -> None:
    assert with_commit(image, COMMIT) == made


@pytest.mark.parametrize("image", ["r/a:{commit:41}", "r/a:{commit:6}"])
def test_no_more_digits_can_be_taken_than_there_are(image: str) -> None:
    with pytest.raises(InvalidInput, match="7 to 40"):
        with_commit(image, COMMIT)


@pytest.mark.parametrize("commit", ["", "83f96b", "main", "83F96B6", None, 8396677])
def test_what_is_no_commit_is_refused(commit: object) -> None:
    assert commit_problem("commit", commit) is not None
