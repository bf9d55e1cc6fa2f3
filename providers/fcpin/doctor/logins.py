"""What docker's login may do to a repository that is not one of ACR Enterprise."""

from collections.abc import Iterator

from fcpin.doctor.line import Line, note, ok, problem
from fcpin.errors import RegistryDenied, RegistryError, RepositoryNotFound
from fcpin.image import Repository
from fcpin.registry.base import ReadableRepository
from fcpin.registry.logins import docker_logins
from fcpin.registry.settings import RegistrySettings


def login(repository: Repository, settings: RegistrySettings) -> Iterator[Line]:
    """Whether there is one; whether it is any good the listing tells."""
    name = f"login to {repository.host}"
    if settings.username:
        yield ok(name, f"user {settings.username!r} of the stack's registries")
        return
    try:
        found = docker_logins(repository.host).find(repository.path)
    except RegistryDenied as error:
        yield problem(name, str(error), f"docker login {repository.host}")
        return
    if found.is_anonymous:
        yield note(name, "none: asked as anonymous", f"docker login {repository.host}, if it is not public")
    else:
        yield ok(name, str(found))


def listing(repository: ReadableRepository) -> Iterator[Line]:
    """Tags, by the protocol that a deployment takes."""
    name = f"tags of {repository.name}"
    try:
        yield ok(name, f"{len(repository.list_tags())} in all")
    except RegistryDenied as error:
        yield problem(name, str(error), f"docker login {repository.name.host} with a user who may pull it")
    except RepositoryNotFound as error:
        yield problem(name, str(error), "correct the repository, or push to it first")
    except RegistryError as error:
        yield problem(name, str(error), "see the registry above")
