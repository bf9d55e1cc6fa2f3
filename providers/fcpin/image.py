"""Image references, pins and image changes as values, parsed once at the edge.

The grammar is that of the OCI distribution specification and the docker CLI: `HOST[:PORT]/PATH[:TAG][@DIGEST]`.
A host must be given, because FC pulls from no default registry.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NewType, Self

from fcpin.acr_hosts import acr_host
from fcpin.errors import InvalidImage, Problem, one_line

Digest = NewType("Digest", str)
"""`sha256:` and 64 lower-case hexadecimal digits. Only `parse_digest` makes one."""

SameDigest = Callable[[Digest, Digest | None], bool]
"""Whether a pin and the digest that FC resolved are one image: an index and its child count as equal."""

_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_PATH = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")
_HOST = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*(?::[0-9]{1,5})?"
)
_DIGEST = re.compile(r"(?:sha256:)?([0-9a-fA-F]{64})")
_SHOWN = 80

ACCELERATED: Final = "_accelerated"
"""Suffix of the image that ACR Enterprise converts for faster starts: `main-12_accelerated`, made of `main-12`."""
_CONTAINERD: Final = f"_containerd{ACCELERATED}"
"""Suffix of a second conversion, for nodes of containerd, that ACR makes in its full mode."""
_PIN_PREFIX: Final = "fcpin-"
_PIN_DIGITS: Final = 12
_PIN_TAG: Final = re.compile(rf"{_PIN_PREFIX}[0-9a-f]{{{_PIN_DIGITS}}}")
_ARTEFACT: Final = re.compile(r"sha256-[0-9a-f]{64}(?:\.(?:sig|att|sbom))?")


def _problem(text: str, reason: str) -> InvalidImage:
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text)} characters)"
    return InvalidImage(Problem("", f"{shown!r}: {reason}"))


def parse_digest(text: str) -> Digest:
    """Read a digest with or without `sha256:` (ACR's documentation shows it without).

    Raises InvalidImage.
    """
    match = _DIGEST.fullmatch(text)
    if match is None:
        raise _problem(text, "is not a valid digest; expected sha256: and 64 hexadecimal digits")
    return Digest(f"sha256:{match[1].lower()}")


def short(digest: str | None) -> str:
    """`sha256:3fe722d56ff1`, for messages; `no digest` for None."""
    return f"sha256:{_digits(digest)}" if digest else "no digest"


def brief(tag: str | None, digest: str | None) -> str:
    """`main-12@3fe722d56ff1`: an image by what is known of it; empty where nothing is."""
    return "@".join(filter(None, (tag, digest and _digits(digest))))


def _digits(digest: str) -> str:
    return digest.removeprefix("sha256:")[:12]


def is_tag(text: str) -> bool:
    """Whether a registry may have a tag of this name."""
    return _TAG.fullmatch(text) is not None


def listed_tag(text: str) -> str:
    """The name of a tag as a listing gives it. One that is not valid is kept, for a policy to reject, in one line."""
    return text if is_tag(text) else one_line(text)


def pin_tag(digest: Digest) -> str:
    """`fcpin-0123456789ab`: created for one digest and never moved.

    Moving or deleting the family's tag does not reach a function that is deployed by its pin tag.
    """
    return _PIN_PREFIX + digest.removeprefix("sha256:")[:_PIN_DIGITS]


def is_pin_tag(tag: str) -> bool:
    return _PIN_TAG.fullmatch(tag) is not None


def is_artefact(tag: str) -> bool:
    """Whether cosign names a signature, an attestation or an SBOM so."""
    return _ARTEFACT.fullmatch(tag) is not None


def original(tag: str) -> str:
    """Return the tag that ACR converted into *tag*, or *tag* itself."""
    return tag.removesuffix(_CONTAINERD).removesuffix(ACCELERATED)


@dataclass(frozen=True, slots=True)
class Repository:
    """Registry host and path, without tag. Prints as `host/namespace/name`."""

    host: str
    path: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises InvalidImage, also when *text* carries a tag or a digest."""
        image = Image.parse(text)
        if image.digest is not None:
            raise _problem(text, f"should not include a digest; remove '@{image.digest}'")
        if image.tag is not None:
            raise _problem(text, f"should not include a tag; remove ':{image.tag}'")
        return cls(image.repository.host, image.repository.path)

    def __str__(self) -> str:
        return f"{self.host}/{self.path}"

    def is_same(self, other: "Repository") -> bool:
        """Whether both name one repository: ACR serves each under several hosts."""
        return self.path == other.path and _registry(self.host) == _registry(other.host)


def _registry(host: str) -> object:
    acr = acr_host(host)
    return acr.registry if acr else host


@dataclass(frozen=True, slots=True)
class Image:
    """A reference to an image: repository and tag, digest, both or neither."""

    repository: Repository
    tag: str | None = None
    digest: Digest | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `HOST[:PORT]/PATH[:TAG][@DIGEST]`. Raises InvalidImage, naming the part that is wrong."""
        name, at, digest = text.partition("@")
        host, slash, rest = name.partition("/")
        if not slash:
            raise _problem(
                text, "has no registry host; write it out, such as registry.cn-hangzhou.aliyuncs.com/namespace/name"
            )
        path, colon, tag = rest.partition(":")
        if not _HOST.fullmatch(host) or not ("." in host or ":" in host or host == "localhost"):
            raise _problem(
                text, f"{host!r} is not a valid registry host; write it out, such as registry.cn-hangzhou.aliyuncs.com"
            )
        if not _PATH.fullmatch(path):
            hint = "must be lowercase" if _PATH.fullmatch(path.lower()) else "is not a valid repository path"
            raise _problem(text, f"{path!r} {hint}")
        if colon and not is_tag(tag):
            raise _problem(
                text,
                f"{tag[:_SHOWN]!r} is not a valid tag; a tag has up to 128 letters, digits, '_', '.' and '-'",
            )
        return cls(Repository(host, path), tag if colon else None, parse_digest(digest) if at else None)

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag is not None else ""
        digest = f"@{self.digest}" if self.digest is not None else ""
        return f"{self.repository}{tag}{digest}"


PIN_TYPE: Final = "pulumi-python:dynamic/fcpin:PinnedFunction"
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


@dataclass(frozen=True, slots=True)
class TagRecord:
    """One tag as its registry lists it. Only the name is certain: the OCI protocol lists nothing else."""

    tag: str
    digest: Digest | None = None
    pushed: datetime | None = None
    """When the registry received it (ACR: ImageUpdate). Aware."""
    created: datetime | None = None
    """When it was built, as its publisher wrote into the image. Aware."""
    status: str = "NORMAL"
    """ACR Enterprise: NORMAL or DELETING."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What decides where an image runs: its own platform, or the platform of each child of an index."""

    digest: Digest
    children: Mapping[str, Digest] = field(default_factory=dict)
    """Platform (`linux/amd64`, `linux/arm64/v8`) to child digest; empty for a plain image."""
    platform: str = ""
    """Platform of a plain image; empty for an index."""
    size: int | None = None
    """Bytes of the layers of a plain image, compressed; None for an index, and where the manifest gives none."""
    is_attested: bool = False
    """Whether an index has build attestations besides its images: provenance or an SBOM, as children of no platform."""
    artifact: str = ""
    """The media type of what is not a container image: a chart, a module, a document. Empty for images and indexes."""

    def digest_for(self, platform: str) -> Digest | None:
        """The digest that runs on *platform*, or None: the image itself, or the fitting child of the index."""
        if not self.children:
            return self.digest if self.platform == platform else None
        return self.children.get(platform)
