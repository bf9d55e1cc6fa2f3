"""The interface of one repository at its registry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from fcpin.image import Digest, Manifest, Repository, TagRecord

if TYPE_CHECKING:
    from fcpin.registry.auth import Login


@dataclass(frozen=True, slots=True)
class PushTarget:
    """The address that other programs push images to, and the login for it."""

    address: str
    """`host[:port]`."""
    plain_http: bool
    login: "Login"


class ReadableRepository(Protocol):
    """What a selection reads of one repository. Every method raises RegistryError and nothing else."""

    @property
    def name(self) -> Repository: ...

    def list_tags(self) -> Sequence[TagRecord]:
        """Every tag, each once, in no particular order.

        Raises RepositoryNotFound, RegistryDenied, RegistryUnavailable; ListingIncomplete rather than a partial list.
        """

    def resolve(self, tag: str) -> TagRecord:
        """The digest of *tag* now; `digest` is always set. Costs one request. Raises TagNotFound."""

    def manifest(self, digest: Digest) -> Manifest:
        """Platforms of the image with that digest. Raises TagNotFound when it is gone."""

    def created(self, tags: Sequence[str]) -> Mapping[str, datetime]:
        """Build times from the images' configurations. Costs up to three requests a tag.

        Tags that have vanished, or whose image has no build time, are left out. Reproducible builds have 1970-01-01.
        """


class RepositoryClient(ReadableRepository, Protocol):
    """All that is done with one repository. Safe to share between threads."""

    def is_immutable(self) -> bool | None:
        """Whether no tag can be moved; None where the registry has no answer."""

    def is_private(self) -> bool | None:
        """Whether only its owner's logins pull images; None where the registry has no answer."""

    def specification(self) -> str:
        """`InstanceSpecification` of its ACR Enterprise instance; empty for any other registry."""

    def add_tag(self, tag: str, digest: Digest, *, like: str) -> None:
        """Let *tag* point at *digest*, at which the tag *like* points. No layer is pulled or pushed.

        Where the registry copies from *like*, that may have moved: resolve *tag* afterwards. Raises RegistryDenied,
        TagNotFound.
        """

    def delete_tag(self, tag: str) -> None:
        """Remove the tag, never its digest. No error when it is already gone. Raises RegistryDenied."""

    def push_target(self) -> PushTarget:
        """For programs that push images themselves. Raises RegistryDenied when a source of logins is broken."""


class RegistryClient(Protocol):
    """The client of one registry."""

    def open(self, name: Repository) -> RepositoryClient:
        """One object per call. No request."""
