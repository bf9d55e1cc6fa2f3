"""Follow what another stack runs: promotion from one environment to the next."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar, Self

from fcpin.errors import InvalidInput, InvalidPolicy, Problem
from fcpin.image import Digest, Image, TagRecord, short
from fcpin.policy.fields import Fields
from fcpin.policy.orders import Order, Reason
from fcpin.policy.tag_names import ACCELERATED

_NOTHING = Image.parse("localhost/none:none")


@dataclass(frozen=True)
class Follow(Order):
    """Newest is the tag that the function of *stack* runs, and only while the tag still has the digest it runs."""

    stack: str
    tag: str
    digest: Digest

    options: ClassVar[Collection[str]] = ("stack", "function", "image")
    by: ClassVar[str] = "what another stack runs"

    @classmethod
    def read(cls, fields: Fields) -> Self:
        stack = fields.required("stack", "dev")
        fields.text("function")
        image = cls._image(fields, stack or "the other stack")
        return cls(stack, image.tag or "", image.digest or Digest(""))

    @staticmethod
    def _image(fields: Fields, stack: str) -> Image:
        """`host/namespace/name:tag@sha256:…`; only its tag and its digest count, repositories may be copies."""
        text = fields.values.get("image")
        if text == "":
            fields.wrong("stack", f"{stack} runs nothing of that name yet (its output images); run `up` there first")
        elif text is None:
            fields.wrong("image", f"is missing: PinnedFunction takes it from {stack}; here give name:tag@sha256:…")
        else:
            try:
                image = Image.parse(str(text))
            except InvalidInput as error:
                for problem in error.problems:
                    fields.wrong("image", problem.reason)
                return _NOTHING
            if image.tag and image.digest:
                return image
            fields.wrong("image", f"expected host/namespace/name:tag@sha256:…, got {text}")
        return _NOTHING

    def key(self, value: str, record: TagRecord) -> tuple[()] | None:  # noqa: ARG002
        """Candidates are originals; `accelerated` decides what is deployed for one."""
        return () if value == self.tag.removesuffix(ACCELERATED) else None

    def missing_key_reason(self, value: str, record: TagRecord) -> Reason:  # noqa: ARG002
        return Reason(f"is not what {self.stack} runs: {self.tag}@{short(self.digest)}")

    def check(self, record: TagRecord) -> None:
        """Raises InvalidPolicy when the tag was moved since the other stack deployed it."""
        if record.tag == self.tag and record.digest not in (None, self.digest):
            raise InvalidPolicy(
                Problem(
                    "policy.follow",
                    f"{self.stack} runs {short(self.digest)} by {self.tag}, which points at {record.digest} by now; "
                    f"run `up` for {self.stack} first",
                )
            )
