"""`PinnedFunction(image=…)`: one image, by tag and digest, instead of a repository and a policy.

It is followed as what another stack runs is: by its tag, and only while the tag has that digest. While the image is
not known, because the same run builds it, neither is the pin.
"""

from collections.abc import Mapping
from typing import Any, Final

import pulumi

from fcpin.policy.tag_names import ACCELERATED

_SOURCE: Final = "the image's pipeline"
"""What messages call whoever made the image."""


def pinned_to(image: pulumi.Input[str], inputs: Mapping[str, Any], resource_name: str) -> dict[str, Any]:
    """The inputs that follow from *image*. Raises pulumi.RunError beside what else would choose one."""
    if others := [key for key in ("repository", "policy") if inputs.get(key) is not None]:
        raise pulumi.RunError(f"{resource_name}: image is given, so drop {' and '.join(others)}")
    known = pulumi.Output.from_input(image)
    accelerated = inputs.get("accelerated")
    return {
        "repository": known.apply(_repository),
        "policy": {"follow": {"stack": _SOURCE, "image": known}},
        "accelerated": known.apply(_accelerated) if accelerated is None else accelerated,
    }


def _repository(image: str) -> str:
    name = image.partition("@")[0]
    head, colon, tag = name.rpartition(":")
    return head if colon and "/" not in tag else name


def _accelerated(image: str) -> str:
    """An accelerated image is run as one, unless the program says otherwise."""
    return "require" if image.partition("@")[0].endswith(ACCELERATED) else "ignore"
