"""The names of the resource's properties: its inputs and its outputs."""

from typing import Final

from fcpin.pipeline.spec import PIPELINE

SPEC_KEYS: Final = tuple(PIPELINE.fields)
"""The same keys stand in a resource and in `fcpin:pipelines`."""

OWN_KEYS: Final = (*SPEC_KEYS, "commit")

TARGET: Final = ("repository", "tag")
"""Where the image goes, made of `image` and `commit`. Added by check, so that a preview shows old => new."""

DIGEST: Final = "digest"
"""Added by check where the tag is there already; else only known once it is built."""

INPUTS: Final = (*OWN_KEYS, *TARGET, DIGEST)

OUTPUTS: Final = ("pipeline", "log_location")
"""What the resource tells beside its inputs: empty where nothing had to be built."""

BUILDING: Final = tuple(
    key for key in (*OWN_KEYS, *TARGET) if key not in {"labels", "description", "rebuild", "deadline"}
)
"""The inputs that make another image when they change."""
