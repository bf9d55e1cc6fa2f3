"""The builder on this machine: buildah builds the files of a commit in git, never a working tree, and pushes the image.

1. The commit is extracted into a folder of its own, so that the image is built from the commit in its tag.
2. The image has the time of the commit, and no step comes from a cache: the same files give the same digest anywhere.
3. buildah's own configuration (`BUILDAH_ISOLATION`, `BUILDAH_LAYERS`, `STORAGE_DRIVER`) selects isolation, caching of
   steps and the image storage; as an ordinary user it is rootless.
4. The login is passed in a file that only this user can read. One deadline holds for the whole build.
5. A path of the commit, with its links resolved, must be inside of the commit.
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

from fcpin.clock import Clock
from fcpin.errors import BuildFailed
from fcpin.image import Repository, original, parse_digest
from fcpin.pipelines.builder import BuildReport, BuildRequest, Progress
from fcpin.pipelines.programs import Programs
from fcpin.pipelines.workspace import Workspace, workspace
from fcpin.registry.base import PushTarget

PLATFORM: Final = "linux/amd64"
"""The platform of Function Compute."""
_FILES: Final = ("Containerfile", "Dockerfile")
"""The default of `dockerfile`, in this order."""
_GIT_OPTIONS: Final = ("-c", "tar.umask=0022", "-c", "core.autocrlf=false")
"""With these, git extracts the same files of a commit whatever the user has configured."""
_NOISE: Final = re.compile(r"error during bulk transfer for copier\.request\{.*\}: |(?<=^buildah: )Error: ")
"""Parts of buildah's errors that only describe its own memory, of up to two kilobytes."""
_OWN_WARNING: Final = "[Warning] one or more build args were not consumed: [TARGET"
"""A warning of buildah about arguments that it sets itself."""


@dataclass(frozen=True, slots=True)
class Buildah:
    """Builds commits of the code repository at *folder*, or at the pipeline's `source`, relative to it."""

    folder: Path
    target: Callable[[Repository], PushTarget]
    clock: Clock
    """Its sleep may raise, to interrupt a build."""

    def build(self, request: BuildRequest, progress: Progress) -> BuildReport:
        """Raises BuildFailed, BuildTimedOut, RegistryDenied; nothing of the build is running then."""
        source = self.folder / (request.entry.source or ".")
        if not source.is_dir():
            raise BuildFailed(
                f"source: the folder {source.resolve()} does not exist; the path is relative to the program's folder"
            )
        target, programs = self.target(request.image.repository), Programs(self.clock, request.deadline)
        try:
            with workspace() as space:
                build = _Build(space, request, programs, progress)
                build.build(build.check_out(source))
                return build.push(target)
        except OSError as error:
            raise BuildFailed(f"cannot build in {tempfile.gettempdir()}: {error.strerror or error}") from None


@dataclass(frozen=True, slots=True)
class _Build:
    """One build in its workspace."""

    space: Workspace
    request: BuildRequest
    programs: Programs
    progress: Progress

    def check_out(self, source: Path) -> str:
        """Extract the files of the commit; return its time, in seconds since 1970."""
        commit, archive = f"{self.request.commit}^{{commit}}", self.space.folder / "commit.tar"
        try:
            repository = self._git("-C", str(source), "rev-parse", "--absolute-git-dir")
        except BuildFailed as error:
            raise BuildFailed(f"no git repository at {source}: {error}; set source to the folder of the code") from None
        git = ("--git-dir", repository, *_GIT_OPTIONS)
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
        """Without attestations: they would make the image an index, which Function Compute cannot run."""
        form = ["--format", "oci", "--platform", PLATFORM, "--timestamp", time, "--identity-label=false"]
        file, named = self._containerfile, self.request.entry.context
        context = file.parent if named is None else self._inside("context", named)
        if not context.is_dir():
            raise BuildFailed(f"context: {named} is a file; name a folder")
        self._buildah("build", *form, "--pull", "--file", str(file), "--tag", self.space.image, str(context))

    def push(self, target: PushTarget) -> BuildReport:
        """An accelerated image is pushed under the original tag, from which ACR converts it."""
        digest_file = self.space.folder / "digest"
        _write_login(self.space.login, target)
        files = ["--authfile", str(self.space.login), "--digestfile", str(digest_file)]
        verify = f"--tls-verify={'false' if target.plain_http else 'true'}"
        repository, tag = self.request.image.repository, original(self.request.image.tag or "")
        pushed = f"docker://{target.address}/{repository.path}:{tag}"
        self._buildah("push", verify, *files, self.space.image, pushed)
        return BuildReport("buildah", "", frozenset({parse_digest(digest_file.read_text().strip())}))

    def _git(self, *arguments: str) -> str:
        """Return the last line of the output; warnings come before it."""
        lines = self.programs.run(["git", *arguments]).strip().splitlines()
        return lines[-1] if lines else ""

    def _buildah(self, *arguments: str) -> None:
        try:
            self.programs.run([*self.space.buildah, *arguments], self._report)
        except BuildFailed as error:
            raise BuildFailed(self._readable(str(error))) from None

    def _report(self, line: str) -> None:
        if not line.startswith(_OWN_WARNING):
            self.progress(self._readable(line))

    def _readable(self, line: str) -> str:
        """With paths relative to the commit."""
        return _NOISE.sub("", line.replace(f"{self._tree}/", "").replace(str(self._tree), "."))

    @property
    def _tree(self) -> Path:
        return self.space.folder / "tree"

    @property
    def _containerfile(self) -> Path:
        named = self.request.entry.dockerfile
        found = next((name for name in _FILES if (self._tree / name).is_symlink() or (self._tree / name).is_file()), "")
        if not (named or found):
            raise BuildFailed(
                f"commit {self.request.commit} has no {' and no '.join(_FILES)}; set dockerfile to its path"
            )
        file = self._inside("dockerfile", named or found)
        if not file.is_file():
            raise BuildFailed(f"dockerfile: {named or found} is a folder; name a file")
        return file

    def _inside(self, key: str, named: str) -> Path:
        """Return the resolved path of a file of the commit."""
        path = (self._tree / named).resolve()
        if not path.is_relative_to(self._tree.resolve()):
            raise BuildFailed(f"{key}: {named} is outside of commit {self.request.commit}")
        if not path.exists():
            raise BuildFailed(f"{key}: commit {self.request.commit} has no {named}")
        return path


def _write_login(file: Path, target: PushTarget) -> None:
    """In the format of `docker login`."""
    login, auths = target.login, dict[str, dict[str, str]]()
    if not login.is_anonymous:
        pair = base64.b64encode(f"{login.username}:{login.password}".encode()).decode()
        auths[target.address] = {"identitytoken": login.identity_token} if login.identity_token else {"auth": pair}
    file.touch(mode=0o600)
    file.write_text(json.dumps({"auths": auths}))
