"""How an image change is shown."""

import pytest

from fcpin.image import ImageChange, parse_digest

OLD, NEW = (parse_digest(f"sha256:{letter * 64}") for letter in "ab")
SHORT_OLD, SHORT_NEW = f"sha256:{'a' * 12}", f"sha256:{'b' * 12}"

SHOWN: list[tuple[str, ImageChange, str]] = [
    ("a first deployment", ImageChange(to_tag="main-1", to_digest=NEW), "main-1 (first deployment)"),
    (
        "another tag",
        ImageChange(from_tag="main-1", from_digest=OLD, to_tag="main-2", to_digest=NEW),
        "main-1 => main-2",
    ),
    (
        "a tag that moved",
        ImageChange(from_tag="main", from_digest=OLD, to_tag="main", to_digest=NEW),
        f"main: {SHORT_OLD} => {SHORT_NEW}",
    ),
    (
        "an unknown digest under the same tag",
        ImageChange(from_tag="main", to_tag="main", to_digest=NEW),
        f"main: an unknown digest => {SHORT_NEW}",
    ),
    ("an unknown digest of another tag", ImageChange(from_tag="a", to_tag="b", to_digest=NEW), "a => b"),
    ("an unknown tag", ImageChange(from_digest=OLD, to_tag="main-2", to_digest=NEW), f"{SHORT_OLD} => main-2"),
]


@pytest.mark.parametrize(("change", "text"), [row[1:] for row in SHOWN], ids=[row[0] for row in SHOWN])
def test_an_image_change_is_shown(change: ImageChange, text: str) -> None:
    assert str(change) == text
