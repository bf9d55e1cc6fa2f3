"""What the API's words for a phase mean."""

import pytest

from fcpin.pipelines.devs import Phase

WORDS: list[tuple[str, str, Phase, bool]] = [
    ("the documented word", "Success", Phase.SUCCESS, True),
    ("its other spelling", "Succeeded", Phase.SUCCESS, True),
    ("letters of another case", "FAILED", Phase.FAILED, True),
    ("an error", "Error", Phase.FAILED, True),
    ("cancelled with two l", "Cancelled", Phase.CANCELED, True),
    ("cancelled with one", "Canceled", Phase.CANCELED, True),
    ("a task that is off", "Skipped", Phase.SKIPPED, True),
    ("no word yet", "", Phase.PENDING, False),
    ("created and not begun", "Created", Phase.PENDING, False),
    ("under way", "Running", Phase.RUNNING, False),
    ("a word nobody knows is no end", "Hibernating", Phase.UNKNOWN, False),
]


@pytest.mark.parametrize(("word", "phase", "final"), [row[1:] for row in WORDS], ids=[row[0] for row in WORDS])
def test_every_word_has_a_phase(word: str, phase: Phase, final: bool) -> None:
    assert Phase.of(word) is phase
    assert phase.is_final is final
