"""The probe's tags in a repository: pushed, moved and removed."""

from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlsplit

from fcpin.errors import RegistryError, RegistryProtocolError, RepositoryNotFound, TagNotFound
from fcpin.http.exchange import Response, origin
from fcpin.image import Digest, Repository
from fcpin.probe.image import Blob, BuiltImage
from fcpin.registry.auth import DELETE, PUSH, Authenticator
from fcpin.registry.manifests import MANIFEST_TYPES
from fcpin.registry.session import Request, Session, Transport, join

_WRITTEN: Final = range(200, 300)
_GONE: Final = (404, 410)
_ACCEPT: Final = {"Accept": ", ".join(MANIFEST_TYPES)}


class ProbeRepository:
    """*repository* as the user names it, at *base* (`https://host[:port]`). Everything raises RegistryError.

    What is pushed is noted before it is sent, so that an interrupted push is removed as well.
    """

    def __init__(self, repository: Repository, base: str, auth: Authenticator, transport: Transport) -> None:
        self.repository = repository
        self.url = f"{base}/v2/{repository.path}"
        self._session = Session(base, auth, transport)
        self._tags = dict[str, BuiltImage]()
        self._digests = dict[Digest, None]()

    def push(self, image: BuiltImage, tag: str) -> None:
        """Point *tag* at *image*, which is uploaded where it is new."""
        self._tags[tag] = image
        self._upload(image)
        self._put(image, tag)

    def digest(self, tag: str) -> Digest:
        """What the probe's *tag* points at now."""
        return self._tags[tag].digest

    def child(self, tag: str, platform: str) -> Digest:
        """The digest for *platform* of the index that the probe's *tag* points at."""
        return next(child.digest for child in self._tags[tag].children if child.platform == platform)

    def image(self, tag: str) -> str:
        """The reference that FC takes."""
        return f"{self.repository}:{tag}"

    def delete_manifest(self, digest: Digest) -> None:
        """Remove the digest with every tag of it; one that is gone already is removed."""
        response = self._session.send(Request("DELETE", self._manifest(digest), {}, actions=DELETE), self.repository)
        if response.status not in (*_WRITTEN, *_GONE):
            raise self._refusal(response, f"deletion of {digest}", "delete from")
        self._digests.pop(digest, None)

    def remove(self, delete_tag: Callable[[str], None] | None = None) -> None:
        """Remove everything that was pushed; *delete_tag* is another way than the protocol's to remove a name.

        Raises RegistryError; `left` has what is left.
        """
        failure: RegistryError | None = None
        for digest in reversed(list(self._digests)):  # an index before its children
            try:
                self.delete_manifest(digest)
            except RegistryError as error:
                failure = error
        for tag in list(self._tags):
            try:
                if self._is_there(tag):
                    (delete_tag or self._delete_tag)(tag)
                del self._tags[tag]
            except RegistryError as error:
                failure = error
        if failure is not None:
            raise failure

    @property
    def left(self) -> list[str]:
        """What was pushed and is not removed yet, in words."""
        tags = [f"tag {self.image(tag)}" for tag in self._tags]
        manifests = [f"manifest {self.repository}@{digest}" for digest in self._digests]
        return [*tags, *manifests]

    def _upload(self, image: BuiltImage) -> None:
        if image.digest in self._digests:
            return
        for blob in image.blobs:
            self._put_blob(blob)
        for child in image.children:
            self._upload(child)
            self._put(child, child.digest)
        self._digests[image.digest] = None

    def _put(self, image: BuiltImage, reference: str) -> None:
        self._digests[image.digest] = None
        headers = {"Content-Type": image.manifest.media_type}
        self._write("PUT", self._manifest(reference), headers, image.manifest.content, f"manifest {reference}")

    def _put_blob(self, blob: Blob) -> None:
        action = f"upload of {blob.digest}"
        begun = self._write("POST", f"{self.url}/blobs/uploads/", {}, b"", action)
        target = join(begun.url, begun.headers.get("Location", ""))
        if origin(target) != origin(self.url):
            host = urlsplit(target).netloc
            raise RegistryProtocolError(f"{self._described(action)}: is redirected to {host}, which is not allowed")
        separator = "&" if "?" in target else "?"
        headers = {"Content-Type": "application/octet-stream"}
        self._write("PUT", f"{target}{separator}digest={blob.digest}", headers, blob.content, action)

    def _write(self, method: str, url: str, headers: Mapping[str, str], body: bytes, action: str) -> Response:
        response = self._session.send(Request(method, url, headers, body=body, actions=PUSH), self.repository)
        if response.status not in _WRITTEN:
            raise self._refusal(response, action, "push to")
        return response

    def _is_there(self, tag: str) -> bool:
        response = self._session.send(Request("HEAD", self._manifest(tag), _ACCEPT), self.repository)
        return response.status not in _GONE

    def _delete_tag(self, tag: str) -> None:
        response = self._session.send(Request("DELETE", self._manifest(tag), {}, actions=DELETE), self.repository)
        if response.status not in _GONE and self._is_there(tag):
            raise self._refusal(response, f"deletion of the tag {tag}", "delete from")

    def _refusal(self, response: Response, action: str, right: str) -> RegistryError:
        missing = TagNotFound if right.startswith("delete") else RepositoryNotFound
        return self._session.error(response, self.repository, self._described(action), missing, right)

    def _described(self, what: str) -> str:
        return f"{self.repository}: {what}"

    def _manifest(self, reference: str) -> str:
        return f"{self.url}/manifests/{reference}"
