"""The interface of a repository at its registry, and of the clients that serve it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from fcpin.image import Digest, Manifest, Repository, TagRecord
from fcpin.registry.docker_config import Login


@dataclass(frozen=True, slots=True)
class PushTarget:
    """Where other programs push images to, and as whom."""

    address: str
    """`host[:port]`."""
    plain_http: bool
    login: Login


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


class Registry(Protocol):
    """Reads of one registry. Every method raises RegistryError and nothing else, whatever the transport did."""

    def list_tags(self, repository: Repository) -> Sequence[TagRecord]:
        """Every tag of *repository*, each once, in no particular order.

        Raises RepositoryNotFound, RegistryDenied, RegistryUnavailable; ListingIncomplete rather than a partial list.
        """

    def resolve(self, repository: Repository, tag: str) -> TagRecord:
        """What *tag* points at now; `digest` is always there. Costs one request. Raises TagNotFound."""

    def manifest(self, repository: Repository, digest: Digest) -> Manifest:
        """Platforms of the image with that digest. Raises TagNotFound when it is gone."""

    def is_immutable(self, repository: Repository) -> bool | None:
        """Whether no tag of *repository* can be moved; None where the registry does not tell."""

    def created(self, repository: Repository, tags: Sequence[str]) -> Mapping[str, datetime]:
        """When the publishers say these tags were built, for those that say so. Costs up to three requests a tag.

        Tags that vanished meanwhile are left out. Reproducible builds say 1970-01-01.
        """


class TaggingRegistry(Registry, Protocol):
    """A registry whose tags can be written too. Raises RegistryError and nothing else."""

    def add_tag(self, repository: Repository, tag: str, digest: Digest, *, like: str) -> None:
        """Let *tag* point at *digest*, at which the tag *like* points; nothing is pulled or pushed but a manifest.

        Where the registry copies from *like*, that may have moved: resolve *tag* afterwards. Raises RegistryDenied,
        TagNotFound.
        """

    def delete_tag(self, repository: Repository, tag: str) -> None:
        """Remove the name, never its digest. One that is gone already is removed. Raises RegistryDenied."""

    def is_private(self, repository: Repository) -> bool | None:
        """Whether only its owner's logins pull images; None where the registry has no answer."""

    def push_target(self, repository: Repository) -> PushTarget:
        """For programs that push images themselves. Raises RegistryDenied when a source of logins is broken."""
