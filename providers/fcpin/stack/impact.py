"""Who breaks when a tag is moved or deleted: the functions and published versions that run its image.

A function keeps the tag and the digest that it was deployed with, and a new instance only starts while the one still
points at the other. So a function that names the tag depends on its digest, and one that runs its image by another
tag depends on the image alone.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from fcpin.drift import image_in_use
from fcpin.errors import TagNotFound
from fcpin.fc.client import FunctionClient
from fcpin.fc.model import Alias
from fcpin.fc.uses import Use, uses
from fcpin.image import Digest, Image, short
from fcpin.registry.base import ReadableRepository

LATEST = "LATEST"
"""What Function Compute calls a function that is not published as a version."""


class Effect(StrEnum):
    """How a function depends on the image, most first."""

    BY_THIS_TAG = "by-this-tag"
    """It runs this image by this tag: new instances fail when the tag is moved or deleted."""
    BY_ANOTHER_TAG = "by-another-tag"
    """It runs this image, but by another tag: new instances fail when the image is deleted."""
    ANOTHER_DIGEST = "another-digest"
    """It names this tag, but was deployed when the tag was another image: new instances fail already."""


@dataclass(frozen=True, slots=True)
class Target:
    """The tag or digest that is to be moved or deleted."""

    image: Image
    digests: Collection[Digest]
    """What it points at now, and the children of that if it is an index; empty for a tag that does not exist."""

    @classmethod
    def find(cls, repository: ReadableRepository, image: Image) -> Self:
        """*repository* is the one of *image*. Raises TagNotFound for a digest that does not exist, RegistryError."""
        if image.digest is None and image.tag is not None:
            try:
                digest = repository.resolve(image.tag).digest
            except TagNotFound:
                return cls(image, ())
        else:
            digest = image.digest
        if digest is None:
            return cls(image, ())
        return cls(image, (digest, *repository.manifest(digest).children.values()))

    @property
    def digest(self) -> Digest | None:
        """The digest of the tag itself."""
        return next(iter(self.digests), None)

    def effect_on(self, use: Use) -> Effect | None:
        """How *use* depends on it, or None when it does not."""
        image = image_in_use(use.function)
        if image is None or not image.repository.is_same(self.image.repository):
            return None
        names = self.image.tag is not None and image.tag == self.image.tag
        if image.digest in self.digests or (names and image.digest is None and self.digests):
            return Effect.BY_THIS_TAG if names else Effect.BY_ANOTHER_TAG
        return Effect.ANOTHER_DIGEST if names else None

    def doubt_about(self, use: Use) -> str:
        """Why *use*, on which it has no known effect, may depend on it all the same; empty where it does not."""
        if use.uncertainty is not None:
            return use.uncertainty.reason
        image = image_in_use(use.function)
        if image is None:
            return f"it runs {use.function.image[:200]!r}, which is not a valid image reference"
        if image.digest is not None or not image.repository.is_same(self.image.repository):
            return ""
        return f"it runs {use.function.image}, and Function Compute returns no digest for it"


@dataclass(frozen=True, slots=True)
class Affected:
    """One function or version that depends on the image."""

    use: Use
    effect: Effect
    aliases: Mapping[str, float] = field(default_factory=dict)
    """Share of its calls (0 to 1) that go to this version, by the alias."""

    @property
    def why(self) -> str:
        """What happens to it, in words."""
        tag, digest = self.use.function.tag, self.use.function.digest
        runs = short(digest) if digest else "an unknown digest"
        match self.effect:
            case Effect.BY_THIS_TAG:
                effect = "new instances fail once the tag is moved or deleted"
            case Effect.BY_ANOTHER_TAG:
                effect = f"runs it by {tag}: new instances fail once the image is deleted"
            case Effect.ANOTHER_DIGEST:
                effect = f"was deployed as {runs}: new instances fail already"
        return f"{effect}; {self.use.uncertainty.reason}" if self.use.uncertainty else effect


@dataclass(frozen=True, slots=True)
class Uncertain:
    """One function or version that may depend on the image."""

    use: Use
    why: str


@dataclass(frozen=True, slots=True)
class Impact:
    """Everything in some regions that depends on one tag or digest."""

    target: Target
    affected: Sequence[Affected]
    uncertain: Sequence[Uncertain]
    examined: int
    """How many functions and versions were looked at."""


def impact(target: Target, clients: Iterable[FunctionClient]) -> Impact:
    """Look at every function and version of the clients' regions. Raises FunctionError rather than leave one out."""
    affected: list[Affected] = []
    uncertain: list[Uncertain] = []
    examined = 0
    for client in clients:
        used = uses(client).uses
        examined += len(used)
        affected += _affected(target, client, used)
        unaffected = (use for use in used if target.effect_on(use) is None)
        uncertain += (Uncertain(use, why) for use in unaffected if (why := target.doubt_about(use)))
    return Impact(target, affected, uncertain, examined)


def _affected(target: Target, client: FunctionClient, used: Sequence[Use]) -> Iterator[Affected]:
    effects = [(use, effect) for use in used if (effect := target.effect_on(use)) is not None]
    published = dict.fromkeys(use.name for use, _ in effects if use.version)
    aliases = {name: list(client.aliases(name)) for name in published}
    for use, effect in effects:
        shares = _shares(use.version, aliases[use.name]) if use.version else {}
        yield Affected(use, effect, shares)


def _shares(version: str, aliases: Iterable[Alias]) -> Mapping[str, float]:
    """What share of each alias's calls goes to *version*; those that send it none are left out."""
    return {alias.name: share for alias in aliases if (share := _share(version, alias)) is not None}


def _share(version: str, alias: Alias) -> float | None:
    if version in alias.weights:
        return alias.weights[version]
    return 1 - sum(alias.weights.values()) if version == alias.version else None
