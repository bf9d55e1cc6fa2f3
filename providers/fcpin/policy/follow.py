"""Follow what another stack runs: promotion from one environment to the next."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from fcpin.errors import InvalidInput, InvalidPolicy, Problem
from fcpin.image import ACCELERATED, Digest, Image, TagRecord, short
from fcpin.models import Model, PlainText, Text, about
from fcpin.policy.orders import Candidate, Order, Reason


class Follow(Model, Order):
    """Newest is the tag that the function of *stack* runs, and only while the tag still has the digest it runs."""

    stack: Annotated[Text, about("A stack of the same project, dev, or organization/project/stack.", example="dev")]
    function: Annotated[
        Text | None, about("Which entry of its output images; the resource's own name unless given.")
    ] = None
    image: Annotated[PlainText | None, about("What that stack runs, name:tag@sha256:…; for the command line.")] = None
    """Repositories may be copies of one another: only the tag and the digest count."""

    def __post_init__(self) -> None:
        self._followed()

    def bind(self, scope: str, members: Sequence[Candidate]) -> "Followed":  # noqa: ARG002
        return self._followed()

    def check(self, record: TagRecord) -> None:
        """Raises InvalidPolicy when the tag was moved since the other stack deployed it."""
        followed = self._followed()
        if record.tag == followed.tag and record.digest not in (None, followed.digest):
            raise InvalidPolicy(
                Problem(
                    "policy.follow",
                    f"{self.stack} runs {short(followed.digest)} by {followed.tag}, which now points at "
                    f"{record.digest}; run `up` for {self.stack} first",
                )
            )

    def _followed(self) -> "Followed":
        """Raises InvalidInput with the key that is wrong."""
        if self.image is None:
            reason = f"is missing: PinnedFunction takes it from {self.stack}; here give name:tag@sha256:…"
            raise InvalidInput(Problem("image", reason))
        if not self.image:
            reason = f"{self.stack} runs nothing of that name yet (its output images); run `up` there first"
            raise InvalidInput(Problem("stack", reason))
        try:
            image = Image.parse(self.image)
        except InvalidInput as error:
            raise InvalidInput(*(Problem("image", problem.reason) for problem in error.problems)) from None
        if not image.tag or not image.digest:
            reason = f"expected host/namespace/name:tag@sha256:…, got {self.image}"
            raise InvalidInput(Problem("image", reason))
        return Followed(self.stack, image.tag, image.digest)


@dataclass(frozen=True, slots=True)
class Followed(Order):
    """The tag that another stack runs."""

    stack: str
    tag: str
    digest: Digest

    measure: ClassVar[str] = "what another stack runs"

    def key(self, value: str, record: TagRecord) -> tuple[()] | None:  # noqa: ARG002
        """Candidates are originals; `accelerated` decides what is deployed for one."""
        return () if value == self.tag.removesuffix(ACCELERATED) else None

    def missing_key_reason(self, value: str, record: TagRecord) -> Reason:  # noqa: ARG002
        return Reason(f"is not what {self.stack} runs: {self.tag}@{short(self.digest)}")
