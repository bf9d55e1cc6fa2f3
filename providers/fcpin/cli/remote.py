"""The tags of a repository, asked at its registry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

from fcpin.cli.arguments import Arguments
from fcpin.errors import InvalidInput, InvalidSettings, PlatformMissing, Problem, TagNotFound
from fcpin.image import Image, Repository, TagRecord
from fcpin.policy import Policy
from fcpin.registry.directory import RegistryDirectory
from fcpin.registry.settings import parse_registries


@dataclass(frozen=True, slots=True)
class Remote:
    """One repository and the registry that serves it."""

    repository: Repository
    directory: RegistryDirectory

    @classmethod
    def of(cls, arguments: Arguments) -> Self:
        """Raises InvalidInput for options that cannot be used; asks nobody yet."""
        try:
            repository = Repository.parse(arguments.repository or "")
        except InvalidInput as error:
            raise InvalidInput(*(Problem("--repository", problem.reason) for problem in error.problems)) from None
        endpoint = arguments.endpoint or (f"http://{repository.host}" if arguments.plain_http else None)
        if arguments.endpoint and arguments.plain_http:
            raise InvalidInput(Problem("--plain-http", "says nothing beside --endpoint; write http:// there"))
        try:
            settings = parse_registries({repository.host: {"endpoint": endpoint}} if endpoint else {})
        except InvalidSettings as error:
            raise InvalidInput(*(Problem("--endpoint", problem.reason) for problem in error.problems)) from None
        return cls(repository, RegistryDirectory(settings, cr_endpoint=arguments.cr_endpoint))

    def tags(self, policy: Policy, current: str | None) -> Sequence[TagRecord]:
        """Every tag, with the build times that *policy* needs. Raises RegistryError."""
        tags = self.directory.list_tags(self.repository)
        wanted = policy.needs_created(tags, current)
        if not wanted:
            return tags
        created = self.directory.created(self.repository, wanted)
        return [replace(tag, created=created[tag.tag]) if tag.tag in created else tag for tag in tags]

    def pin(self, tag: str, platform: str) -> Mapping[str, str | None]:
        """Tag, digest and image as they are now. Raises RegistryError, PlatformMissing if it cannot run."""
        digest = self.directory.resolve(self.repository, tag).digest
        if digest is None:
            raise TagNotFound(f"{self.repository}:{tag} has no digest")
        manifest = self.directory.manifest(self.repository, digest)
        if manifest.digest_for(platform) is None:
            has = ", ".join(sorted(manifest.children)) or manifest.platform or "none it tells"
            raise PlatformMissing(f"{self.repository}:{tag} has no {platform} image (it has: {has})")
        return {"tag": tag, "digest": digest, "image": self.image(tag)}

    def image(self, tag: str) -> str:
        """The reference that FC takes."""
        return str(Image(self.repository, tag))
