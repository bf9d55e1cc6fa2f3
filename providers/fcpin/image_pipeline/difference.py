"""What differs between two property bags of the resource, and whether that makes another image. Pure."""

from collections.abc import Mapping
from typing import Any

from fcpin.image_pipeline.keys import BUILDING, DIGEST, OWN_KEYS, TARGET


def changed(olds: Mapping[str, Any], news: Mapping[str, Any]) -> bool:
    """Whether there is anything to do. An image that is always built anew is so for a reason, never for its digest."""
    keys = (*OWN_KEYS, *TARGET)
    if any(olds.get(key) != news.get(key) for key in keys):
        return True
    return news.get("rebuild") != "always" and olds.get(DIGEST) != news.get(DIGEST)


def is_only_gone(olds: Mapping[str, Any], news: Mapping[str, Any]) -> bool:
    """Whether all that differs is that the image is not there any more: no input tells, so engines do not see it."""
    return DIGEST not in news and all(olds.get(key) == news.get(key) for key in (*OWN_KEYS, *TARGET))


def makes_another_image(olds: Mapping[str, Any], news: Mapping[str, Any]) -> bool:
    """Whether what is built differs, and not only how it is told of."""
    return any(olds.get(key) != news.get(key) for key in BUILDING)
