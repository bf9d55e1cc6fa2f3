"""The seed's table of the tag-family rule, and the mistakes of the seed's own code that are corrected."""

from pathlib import Path

import pytest

from fcpin.errors import InvalidImage
from fcpin.policy import has_update
from tests.support.tables import table

TABLE = Path(__file__).with_name("data") / "has_update.tsv"
REPOSITORY = "registry-vpc.cn-shenzhen.aliyuncs.com/hongfs/tools"


def golden_cases() -> list[tuple[str, str, bool]]:
    rows = [line.split("\t") for line in TABLE.read_text().splitlines() if line and not line.startswith("#")]
    return [(current, new, expected == "true") for current, new, expected in rows]


@pytest.mark.parametrize("rule", ["strict", "seed"])
@pytest.mark.parametrize(("current", "new", "expected"), golden_cases())
def test_the_seeds_table_holds_under_both_rules(current: str, new: str, expected: bool, rule: str) -> None:
    assert has_update(current, new, rule="seed" if rule == "seed" else "strict") is expected


def test_the_seeds_table_has_its_nine_cases() -> None:
    assert len(golden_cases()) == 9


CORRECTED = [
    # label, current, new, expected
    ("a port is no tag", "127.0.0.1:5000/a/tools:main-1", "127.0.0.1:5000/a/tools:main-2", True),
    ("a host with a port and no tag has no family", "127.0.0.1:5000/a/tools", "127.0.0.1:5000/a/tools:main-2", False),
    ("an image without a tag has no family", REPOSITORY, f"{REPOSITORY}:main-2", False),
    ("an image without a tag is no update", f"{REPOSITORY}:main-1", REPOSITORY, False),
    ("another namespace is another repository", f"{REPOSITORY}:main-1", REPOSITORY.replace("hongfs", "b") + ":main-2", False),
    ("another region is another repository", f"{REPOSITORY}:main-1", REPOSITORY.replace("shenzhen", "beijing") + ":main-2", False),
    ("another registry is another repository", f"{REPOSITORY}:main-1", "docker.io/hongfs/tools:main-2", False),
    ("the public host is the same repository as the VPC one", f"{REPOSITORY}:main-1", REPOSITORY.replace("-vpc", "") + ":main-2", True),
    ("the internal host is the same repository as the VPC one", f"{REPOSITORY}:main-1", REPOSITORY.replace("-vpc", "-internal") + ":main-2", True),
    ("the digest after a tag does not matter", f"{REPOSITORY}:main-1@sha256:{'0' * 64}", f"{REPOSITORY}:main-2", True),
]  # fmt: skip


@table("current new expected", CORRECTED)
def test_what_the_seed_got_wrong(current: str, new: str, expected: bool) -> None:
    assert has_update(current, new) is expected


def test_the_seeds_rule_keeps_its_quirk() -> None:
    """With two dashes only the first segment counts."""
    assert has_update(f"{REPOSITORY}:a-b-1", f"{REPOSITORY}:a-c-2", rule="seed")
    assert not has_update(f"{REPOSITORY}:a-b-1", f"{REPOSITORY}:a-c-2", rule="strict")


def test_an_image_without_a_registry_is_refused() -> None:
    with pytest.raises(InvalidImage, match="hongfs/tools:main-1"):
        has_update("hongfs/tools:main-1", "hongfs/tools:main-2")
