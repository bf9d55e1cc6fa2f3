"""A pin, and the change from one image to another."""

from dataclasses import dataclass, field
from typing import Final

from fcpin.image import Digest, Image, Repository, pin_tag, short

TYPE: Final = "pulumi-python:dynamic/fcpin:PinnedFunction"
"""The type of a PinnedFunction in states and previews, which follows from its class."""


@dataclass(frozen=True, slots=True)
class Pin:
    """Tag and digest that a function is to run."""

    tag: str
    """As the policy chose it."""
    digest: Digest
    protected: bool = False
    """Whether FC gets the pin tag of the digest instead of `tag`."""
    ordered_by: str = field(default="", compare=False)
    """What the order compared when it chose the tag; empty where that is not known."""

    def image(self, repository: Repository) -> str:
        """The reference that FC gets."""
        return str(Image(repository, pin_tag(self.digest) if self.protected else self.tag))

    def properties(self, repository: Repository) -> dict[str, str]:
        """The three properties of a pin."""
        return {"tag": self.tag, "digest": self.digest, "image": self.image(repository)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageChange:
    """One function from one image to another. The tags are for people: digests decide."""

    from_tag: str = ""
    """Empty where it is not known, and for the first deployment."""
    from_digest: Digest | None = None
    """None where it is not known, and for the first deployment."""
    to_tag: str
    to_digest: Digest

    @property
    def digests(self) -> tuple[Digest | None, Digest]:
        """From and to: they decide whether two changes are the same."""
        return self.from_digest, self.to_digest

    def __str__(self) -> str:
        """`main-11 => main-12`; for one tag that moved `main: sha256:3fe722d56ff1 => sha256:9abc00d1e2f3`."""
        if not self.from_tag and self.from_digest is None:
            return f"{self.to_tag} (first deployment)"
        before = short(self.from_digest) if self.from_digest else "an unknown digest"
        if self.from_tag == self.to_tag:
            return f"{self.to_tag}: {before} => {short(self.to_digest)}"
        return f"{self.from_tag or before} => {self.to_tag}"
