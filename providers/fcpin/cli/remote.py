"""The tags of a repository, from its registry."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from fcpin.cli.endpoints import OPTIONS, parse_repository, registries_of, renamed
from fcpin.cli.options import RegistryOptions
from fcpin.cli.query import Query
from fcpin.image import Image, Repository, TagRecord
from fcpin.lookup import digest_of, require_platform, tags_for
from fcpin.openapi import Credentials
from fcpin.policy import Policy, Selection
from fcpin.registry.build_times import BuildTimes
from fcpin.registry.directory import RegistryDirectory
from fcpin.registry.settings import parse_registries


@dataclass(frozen=True, slots=True)
class Remote:
    """One repository and the registry that serves it."""

    repository: Repository
    directory: RegistryDirectory

    @classmethod
    def of(cls, options: RegistryOptions) -> Self:
        """Raises InvalidInput. Sends no request."""
        repository = parse_repository(options.repository or "")
        with renamed(OPTIONS):
            settings = parse_registries(registries_of(options, repository.host), "fcpin:registries")
        return cls(
            repository,
            RegistryDirectory(
                settings,
                credentials=Credentials.from_environment(os.environ),
                cr_endpoint=options.cr_endpoint,
                build_times=BuildTimes.of_user(),
            ),
        )

    def every_tag(self) -> Sequence[TagRecord]:
        """Every tag as the registry lists it. Raises RegistryError."""
        return self.directory.list_tags(self.repository)

    def tags(self, query: Query) -> Sequence[TagRecord]:
        """Every tag, with the build times that the policy needs. Raises RegistryError."""
        return tags_for(query.policy, self.directory, self.repository, query.current, now=query.now)

    def pin(self, policy: Policy, selection: Selection, tag: str) -> Mapping[str, str | None]:
        """Tag, digest and image as they are now. Raises RegistryError, PlatformMissing if it cannot run."""
        record = self.directory.resolve(self.repository, tag)
        policy.confirm(selection, record)
        digest = digest_of(record, self.repository)
        require_platform(self.directory, self.repository, tag, digest, policy.platform)
        return {"tag": tag, "digest": digest, "image": self.image(tag)}

    def image(self, tag: str) -> str:
        """The reference that FC takes."""
        return str(Image(self.repository, tag))
