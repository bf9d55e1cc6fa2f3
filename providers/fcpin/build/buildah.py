"""The builder on this machine: buildah builds what git has for the commit, never a working tree, and pushes it.

1. The commit is taken out of the repository into a folder of its own, so that what is built is what the tag says.
2. Its time is the image's, and nothing is taken from a cache: the same files give the same digest again, anywhere.
3. buildah's own configuration says how steps are isolated and cached after all, and where images are kept
   (`BUILDAH_ISOLATION`, `BUILDAH_LAYERS`, `STORAGE_DRIVER`); as an ordinary user it is rootless.
4. The login goes through a file that only this user can read, and the deadline is for all of it.
5. A path of the commit stays in the commit, wherever its links lead.
"""

import base64
import json
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fcpin.build.builder import BuildRequest, Built, Progress
from fcpin.build.process import Programs
from fcpin.build.workplace import Workplace, workplace
from fcpin.clock import Clock
from fcpin.errors import BuildFailed
from fcpin.image import Repository, parse_digest
from fcpin.policy.tag_names import original
from fcpin.registry.base import PushTarget

PLATFORM: Final = "linux/amd64"
"""What Function Compute runs."""
NAMES: Final = ("Containerfile", "Dockerfile")
"""Looked for in this order where none is named."""
_ANYWHERE: Final = ("-c", "tar.umask=0022", "-c", "core.autocrlf=false")
"""Git makes the same files of a commit, whatever its user has configured."""
_NOISE: Final = re.compile(r"error during bulk transfer for copier\.request\{.*\}: |(?<=^buildah: )Error: ")
"""Of buildah's errors: two kilobytes of its own memory."""
_UNASKED: Final = "[Warning] one or more build args were not consumed: [TARGET"
"""A warning of buildah's about arguments that it has set itself."""


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
        try:
            with workplace() as place:
                work = _Work(place, request, programs, progress)
                work.build(work.check_out(source))
                return work.push(target)
        except OSError as error:
            raise BuildFailed(f"nothing can be built in {tempfile.gettempdir()}: {error.strerror or error}") from None


@dataclass(frozen=True, slots=True)
class _Work:
    """One build, in a folder that is removed at its end. What git and buildah say in between is told."""

    place: Workplace
    request: BuildRequest
    programs: Programs
    progress: Progress

    def check_out(self, source: Path) -> str:
        """What git has for the commit, as files; gives its time, in seconds since 1970."""
        commit, archive = f"{self.request.commit}^{{commit}}", self.place.folder / "commit.tar"
        try:
            repository = self._git("-C", str(source), "rev-parse", "--absolute-git-dir")
        except BuildFailed as error:
            raise BuildFailed(f"no git repository at {source}: {error}; say where the code is: source") from None
        git = ("--git-dir", repository, *_ANYWHERE)
        try:
            time = self._git(*git, "log", "-1", "--no-show-signature", "--format=%ct", commit, "--")
            self._git(*git, "archive", "--format=tar", f"--output={archive}", commit)
        except BuildFailed as error:
            raise BuildFailed(
                f"commit {self.request.commit} cannot be read from the repository at {source}: {error}; "
                "fetch it: a shallow clone has the latest only"
            ) from None
        self._tree.mkdir()
        shutil.unpack_archive(archive, self._tree, filter="tar")
        return time

    def build(self, time: str) -> None:
        """Without attestations, which would make an index with children that Function Compute cannot run."""
        form = ["--format", "oci", "--platform", PLATFORM, "--timestamp", time, "--identity-label=false"]
        file, named = self._containerfile, self.request.spec.get("context")
        context = file.parent if named is None else self._inside("context", named)
        if not context.is_dir():
            raise BuildFailed(f"context: {named} is a file; name a folder")
        self._buildah("build", *form, "--pull", "--file", str(file), "--tag", self.place.image, str(context))

    def push(self, target: PushTarget) -> Built:
        """What ACR converts by itself is pushed under the tag that it is converted from."""
        digest_file = self.place.folder / "digest"
        _write_login(self.place.login, target)
        files = ["--authfile", str(self.place.login), "--digestfile", str(digest_file)]
        verify = f"--tls-verify={'false' if target.plain_http else 'true'}"
        repository, tag = self.request.image.repository, original(self.request.image.tag or "")
        pushed = f"docker://{target.address}/{repository.path}:{tag}"
        self._buildah("push", verify, *files, self.place.image, pushed)
        return Built("buildah", "", frozenset({parse_digest(digest_file.read_text().strip())}))

    def _git(self, *arguments: str) -> str:
        """The last line of what it says; warnings come before."""
        lines = self.programs.run(["git", *arguments]).strip().splitlines()
        return lines[-1] if lines else ""

    def _buildah(self, *arguments: str) -> None:
        try:
            self.programs.run([*self.place.buildah, *arguments], self._tell)
        except BuildFailed as error:
            raise BuildFailed(self._readable(str(error))) from None

    def _tell(self, line: str) -> None:
        if not line.startswith(_UNASKED):
            self.progress(self._readable(line))

    def _readable(self, line: str) -> str:
        """With paths as the commit has them."""
        return _NOISE.sub("", line.replace(f"{self._tree}/", "").replace(str(self._tree), "."))

    @property
    def _tree(self) -> Path:
        return self.place.folder / "tree"

    @property
    def _containerfile(self) -> Path:
        named = self.request.spec.get("dockerfile")
        found = next((name for name in NAMES if (self._tree / name).is_symlink() or (self._tree / name).is_file()), "")
        if not (named or found):
            raise BuildFailed(f"commit {self.request.commit} has no {' and no '.join(NAMES)}; name it: dockerfile")
        file = self._inside("dockerfile", named or found)
        if not file.is_file():
            raise BuildFailed(f"dockerfile: {named or found} is a folder; name a file")
        return file

    def _inside(self, key: str, named: str) -> Path:
        """A path of the commit, which must not lead out of it."""
        path = (self._tree / named).resolve()
        if not path.is_relative_to(self._tree.resolve()):
            raise BuildFailed(f"{key}: {named} leads out of commit {self.request.commit}")
        if not path.exists():
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
