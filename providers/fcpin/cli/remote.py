"""The tags of a repository, from its registry."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from fcpin.cli.endpoints import OPTIONS, parse_repository, registries_of, renamed
from fcpin.cli.options import RegistryOptions
from fcpin.cli.query import Query
from fcpin.http.credentials import Credentials
from fcpin.image import Image, Repository, TagRecord
from fcpin.lookup import rank
from fcpin.policy import Policy, Ranking, Selection
from fcpin.registry.build_times import BuildTimes
from fcpin.registry.registries import Registries, RepositoryHandle, digest_of, require_platform
from fcpin.registry.settings import parse_registries


@dataclass(frozen=True, slots=True)
class Remote:
    """One repository and the registry that serves it."""

    name: Repository
    repository: RepositoryHandle

    @classmethod
    def of(cls, options: RegistryOptions) -> Self:
        """Sends no request. Raises InvalidInput."""
        repository = parse_repository(options.repository or "")
        with renamed(OPTIONS):
            settings = parse_registries(registries_of(options, repository.host), "fcpin:registries")
        registries = Registries(
            settings,
            credentials=Credentials.from_environment(os.environ),
            cr_endpoint=options.cr_endpoint,
            build_times=BuildTimes.of_user(),
        )
        return cls(repository, registries.open(repository))

    def every_tag(self) -> Sequence[TagRecord]:
        """Every tag as the registry lists it. Raises RegistryError."""
        return self.repository.list_tags()

    def rank(self, query: Query) -> Ranking:
        """Rank every tag, with the build times that the policy needs. Raises RegistryError."""
        return rank(query.policy, self.repository, query.current, now=query.now)

    def pin(self, policy: Policy, selection: Selection, tag: str) -> Mapping[str, str | None]:
        """Tag, digest and image as they are now. Raises RegistryError, PlatformMissing if it cannot run."""
        record = self.repository.resolve(tag)
        policy.confirm(selection, record)
        digest = digest_of(record, self.name)
        require_platform(self.repository, tag, digest, policy.platform)
        return {"tag": tag, "digest": digest, "image": self.image(tag)}

    def image(self, tag: str) -> str:
        """The reference that FC takes."""
        return str(Image(self.name, tag))
