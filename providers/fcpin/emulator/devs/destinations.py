"""The registries that builds push to: the emulator's own, and real ones by the OCI API."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

from fcpin.emulator.errors import ApiError
from fcpin.emulator.oci.build import Image, put
from fcpin.emulator.oci.remote import RemoteError, RemoteRegistry
from fcpin.emulator.oci.store import Store


class PushFailed(Exception):
    """The registry did not take an image. `str()` says why."""


class Destination(Protocol):
    """A registry, as builds use it."""

    def push(self, path: str, tag: str, image: Image) -> None:
        """Raises PushFailed."""


class OwnDestination:
    """The emulator's registry, without going over the wire."""

    def __init__(self, store: Store, changing: Callable[[], AbstractContextManager[Any]]) -> None:
        self._store = store
        self._changing = changing

    def push(self, path: str, tag: str, image: Image) -> None:
        try:
            with self._changing():
                put(self._store, self._store.create(path), image, tag)
        except ApiError as error:
            raise PushFailed(error.message) from None


class RemoteDestination:
    """A registry somewhere else."""

    def __init__(self, registry: RemoteRegistry) -> None:
        self._registry = registry

    def push(self, path: str, tag: str, image: Image) -> None:
        try:
            self._registry.push(path, tag, image)
        except RemoteError as error:
            raise PushFailed(str(error)) from error
