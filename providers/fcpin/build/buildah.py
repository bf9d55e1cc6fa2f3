"""The builder on this machine: buildah builds what git has for the commit, never a working tree, and pushes it.

1. The commit is taken out of the repository into a folder of its own, so that what is built is what the tag says.
2. Its time is the image's, and nothing is taken from a cache: the same files give the same digest again, anywhere.
3. buildah's own configuration says how steps are isolated and cached after all, and where images are kept
   (`BUILDAH_ISOLATION`, `BUILDAH_LAYERS`, `STORAGE_DRIVER`); as an ordinary user it is rootless.
4. The login goes through a file that only this user can read, and the deadline is for all of it.
"""

import base64
import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

from fcpin.build.builder import BuildRequest, Built, Progress
from fcpin.build.process import Programs
from fcpin.clock import Clock
from fcpin.errors import BuildFailed
from fcpin.image import Repository, parse_digest
from fcpin.policy.accelerated import original
from fcpin.registry.base import PushTarget

PLATFORM: Final = "linux/amd64"
"""What Function Compute runs."""
NAMES: Final = ("Containerfile", "Dockerfile")
"""Looked for in this order where none is named."""


@dataclass(frozen=True, slots=True)
class Buildah:
    """Builds in the code repository *folder*, or where the pipeline's `source` is from there."""

    folder: Path
    target: Callable[[Repository], PushTarget]
    clock: Clock
    """Its sleep may raise, to break a build off."""

    def build(self, request: BuildRequest, progress: Progress) -> Built:
        """Raises BuildFailed, BuildTimedOut, RegistryDenied; then nothing of it is running."""
        source = self.folder / request.spec.get("source", ".")
        if not source.is_dir():
            raise BuildFailed(
                f"source: there is no folder {source.resolve()}; it is looked for from the program's folder"
            )
        target, programs = self.target(request.image.repository), Programs(self.clock, request.deadline)
        with tempfile.TemporaryDirectory(prefix="fcpin-build-") as folder:
            work = _Work(Path(folder), request, programs, progress)
            time = work.check_out(source)
            image = f"localhost/fcpin:{uuid4().hex}"
            try:
                work.build(image, time)
                return work.push(image, target)
            finally:
                with suppress(OSError):  # that buildah is not there has been said
                    subprocess.run(["buildah", "rmi", "--force", image], capture_output=True, check=False)


@dataclass(frozen=True, slots=True)
class _Work:
    """One build, in a folder that is removed at its end. What git and buildah say in between is told."""

    folder: Path
    request: BuildRequest
    programs: Programs
    progress: Progress

    def check_out(self, source: Path) -> str:
        """What git has for the commit, as files; gives its time, in seconds since 1970."""
        commit, archive = self.request.commit, self.folder / "commit.tar"
        try:
            top = self.programs.run(["git", "-C", str(source), "rev-parse", "--show-toplevel"]).strip()
            self.programs.run(["git", "-C", top, "archive", "--format=tar", f"--output={archive}", commit])
            time = self.programs.run(["git", "-C", top, "show", "--no-patch", "--format=%ct", commit])
        except BuildFailed as error:
            raise BuildFailed(f"commit {commit} cannot be read from the repository at {source}: {error}") from None
        self._tree.mkdir()
        shutil.unpack_archive(archive, self._tree, filter="tar")
        return time.strip()

    def build(self, image: str, time: str) -> None:
        """Without attestations, which would make an index with children that Function Compute cannot run."""
        form = ["--format", "oci", "--platform", PLATFORM, "--timestamp", time, "--identity-label=false"]
        file = self._containerfile
        context = self._inside("context", self.request.spec.get("context"), file.parent)
        self.programs.run(
            ["buildah", "build", *form, "--pull", "--file", str(file), "--tag", image, str(context)], self.progress
        )

    def push(self, image: str, target: PushTarget) -> Built:
        """What ACR converts by itself is pushed under the tag that it is converted from."""
        digest_file, auth_file = self.folder / "digest", self.folder / "auth.json"
        _write_login(auth_file, target)
        files = ["--authfile", str(auth_file), "--digestfile", str(digest_file)]
        verify = f"--tls-verify={'false' if target.plain_http else 'true'}"
        repository, tag = self.request.image.repository, original(self.request.image.tag or "")
        pushed = f"docker://{target.address}/{repository.path}:{tag}"
        self.programs.run(["buildah", "push", verify, *files, image, pushed], self.progress)
        return Built("buildah", "", frozenset({parse_digest(digest_file.read_text().strip())}))

    @property
    def _tree(self) -> Path:
        return self.folder / "tree"

    @property
    def _containerfile(self) -> Path:
        found = next((self._tree / name for name in NAMES if (self._tree / name).is_file()), None)
        named = self.request.spec.get("dockerfile")
        if named is None and found is None:
            raise BuildFailed(f"commit {self.request.commit} has no {' and no '.join(NAMES)}; name it: dockerfile")
        return self._inside("dockerfile", named, found or self._tree)

    def _inside(self, key: str, named: str | None, otherwise: Path) -> Path:
        """A path of the commit, which must not lead out of it."""
        if named is None:
            return otherwise
        path = (self._tree / named).resolve()
        if not path.is_relative_to(self._tree.resolve()) or not path.exists():
            raise BuildFailed(f"{key}: commit {self.request.commit} has no {named}")
        return path


def _write_login(file: Path, target: PushTarget) -> None:
    """As `docker login` leaves it."""
    login, auths = target.login, dict[str, dict[str, str]]()
    if not login.is_anonymous:
        pair = base64.b64encode(f"{login.username}:{login.password}".encode()).decode()
        auths[target.address] = {"identitytoken": login.identity_token} if login.identity_token else {"auth": pair}
    file.touch(mode=0o600)
    file.write_text(json.dumps({"auths": auths}))
