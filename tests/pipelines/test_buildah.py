"""buildah builds the files of a commit in git and pushes the image to a real registry that requires a login."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from demo.code import CONTAINERFILE, Code
from fcpin.emulator import Emulator
from fcpin.emulator.oci.auth import ISSUER
from fcpin.errors import BuildFailed, BuildTimedOut
from fcpin.image import Repository
from tests.pipelines.harness import HOST, PATH, BuildahHarness
from tests.support.docker_registry import TokenAuth, docker_registry

pytestmark = pytest.mark.skipif(not shutil.which("buildah"), reason="buildah is not installed (Debian package buildah)")

FILES = {"Containerfile": CONTAINERFILE, "app": "one\n"}
LONG = {"Containerfile": "FROM scratch\n" + "COPY app /app\n" * 500, "app": "one\n"}


@pytest.fixture(scope="module")
def tokens() -> Iterator[Emulator]:
    """Its token service issues the registry's tokens."""
    with Emulator().serve() as cloud:
        yield cloud


@pytest.fixture
def buildah(tmp_path: Path, tokens: Emulator) -> Iterator[BuildahHarness]:
    user, password = tokens.username, tokens.password
    auth = TokenAuth(f"{tokens.url}/auth", "docker-registry", ISSUER, tokens.token_certificate, user, password)
    with docker_registry(auth) as registry:
        yield BuildahHarness(code=Code(tmp_path / "code"), registry=registry, username=user, password=password)


def output(*command: str, check: bool = True) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=check).stdout


def containers(folder: Path) -> set[str]:
    """Containers of builds in *folder* only: other tests may build at the same time."""
    shown = "--format={{.DefaultMountsFilePath}}"
    ids = output("buildah", "containers", "--quiet").split()
    mounts = {output("buildah", "inspect", "--type=container", shown, one, check=False).strip() for one in ids}
    return {one for one in mounts if one.startswith(str(folder))}


def test_the_digest_is_that_of_the_registry_and_the_same_for_the_same_commit(
    buildah: BuildahHarness, tmp_path: Path
) -> None:
    """Neither the working tree, the configuration of git nor the kind of clone changes it."""
    folder, bare = buildah.code.folder, tmp_path / "bare"
    commit = buildah.code.commit(FILES)
    (folder / "app").write_text("of the working tree\n")
    for key, value in (("tar.umask", "0077"), ("core.autocrlf", "true"), ("log.showSignature", "true")):
        output("git", "-C", str(folder), "config", key, value)
    digest = buildah.build(commit)
    assert digest == buildah.find(commit[:7])
    assert any(line.startswith("STEP 2/3: COPY app /app") for line in buildah.lines)
    (image,) = (line.removeprefix("COMMIT ") for line in buildah.lines if line.startswith("COMMIT "))
    assert image not in output("buildah", "images", "--format", "{{.Name}}:{{.Tag}}"), "no image stays on this machine"
    manifest = buildah.registries.open(Repository.parse(f"{HOST}/{PATH}")).manifest(digest)
    assert (manifest.platform, manifest.children, manifest.is_attested) == ("linux/amd64", {}, False)
    output("git", "clone", "--quiet", "--bare", str(folder), str(bare))
    buildah.code.folder = bare
    assert buildah.build(commit, rebuild=True) == digest


def test_an_annotated_tag_is_built_as_its_commit(buildah: BuildahHarness) -> None:
    commit = buildah.code.commit(FILES)
    folder, identity = str(buildah.code.folder), ("-c", "user.name=Demo", "-c", "user.email=demo@example.com")
    output("git", "-C", folder, *identity, "tag", "--annotate", "--message", "Release", "v1")
    tag = output("git", "-C", folder, "rev-parse", "v1").strip()
    assert tag != commit
    assert buildah.build(tag) == buildah.build(commit)


def test_an_accelerated_image_of_other_paths_is_pushed_under_the_tag_that_acr_converts(buildah: BuildahHarness) -> None:
    """Dockerfile and context are paths of the commit, and source is a folder of the code."""
    files = {"build/Prod.containerfile": CONTAINERFILE, "code/app": "one\n", "deploy/Pulumi.yaml": "name: shop\n"}
    commit = buildah.code.commit(files)
    paths = {"dockerfile": "build/Prod.containerfile", "context": "code", "source": "deploy"}
    spec = {"image": f"{HOST}/{PATH}:{{commit}}_accelerated", "builder": "buildah", **paths}
    report = buildah.builder.build(buildah.request(spec, commit), buildah.lines.append)
    assert report.digests == {buildah.find(commit[:7])}
    assert buildah.find(f"{commit[:7]}_accelerated") is None


WRONG: list[tuple[dict[str, str], dict[str, Any], str]] = [
    # the files of the next commit, the entry, a fact of the message
    ({"app": "one\n"}, {}, "has no Containerfile and no Dockerfile; set dockerfile"),
    (FILES, {"dockerfile": "Dockerfile"}, "dockerfile: commit .* has no Dockerfile"),
    ({"a": "1"}, {"context": "../.."}, r"context: \.\./\.\. is outside of commit"),
    ({"a": "2"}, {"context": "app"}, "context: app is a file"),
    ({"a": "3"}, {"dockerfile": "."}, r"dockerfile: \. is a folder"),
    ({"a": "4"}, {"source": "elsewhere"}, "source: the folder .*elsewhere does not exist"),
    ({"Containerfile": "FROM scratch\nCOPY nothing /app\n"}, {}, "nothing"),
]


def test_a_build_that_cannot_succeed_fails_with_its_reason_and_pushes_nothing(buildah: BuildahHarness) -> None:
    for files, spec, reason in WRONG:
        commit = buildah.code.commit(files)
        with pytest.raises(BuildFailed, match=reason):
            buildah.build(commit, **spec)
        assert buildah.find(commit[:7]) is None


def test_a_commit_that_the_repository_does_not_have_is_an_error(buildah: BuildahHarness, tmp_path: Path) -> None:
    commit = buildah.code.commit(FILES)
    buildah.code.commit({"app": "two\n"})
    tree = output("git", "-C", str(buildah.code.folder), "rev-parse", "HEAD^{tree}").strip()
    for other in ("0" * 40, tree):
        with pytest.raises(BuildFailed, match=f"commit {other} cannot be read from the repository at .*: git: "):
            buildah.build(other)
    shallow = tmp_path / "shallow"
    output("git", "clone", "--quiet", "--depth=1", f"file://{buildah.code.folder}", str(shallow))
    buildah.code.folder = shallow
    with pytest.raises(BuildFailed, match=f"commit {commit} cannot be read .*; fetch it: a shallow clone has"):
        buildah.build(commit)
    buildah.code.folder = tmp_path
    with pytest.raises(BuildFailed, match=f"no git repository at {tmp_path}: git: .*; set source to the folder"):
        buildah.build(commit)


def test_links_out_of_the_commit_are_not_followed(buildah: BuildahHarness) -> None:
    (buildah.code.folder / "Containerfile").symlink_to("/etc/passwd")
    (buildah.code.folder / "link").symlink_to("../../../../../../../../etc/passwd")
    commit = buildah.code.commit({"Prod": "FROM scratch\nCOPY link /link\n"})
    wrong: list[dict[str, Any]] = [{}, {"dockerfile": "link"}, {"dockerfile": "Prod", "context": "link"}]
    for spec in wrong:
        with pytest.raises(BuildFailed, match=r"(dockerfile|context): (Containerfile|link) is outside of commit"):
            buildah.build(commit, **spec)
    with pytest.raises(BuildFailed, match="buildah: building at STEP") as failed:
        buildah.build(commit, dockerfile="Prod")
    assert len(str(failed.value)) < 300, "without buildah's own memory"


def test_everything_of_a_build_that_is_out_of_time_is_removed(
    buildah: BuildahHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = buildah.code.folder.parent / "work"
    work.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(work))
    commit = buildah.code.commit(LONG)
    with pytest.raises(BuildTimedOut, match=r"did not end within 1 s .*set a greater deadline"):
        buildah.build(commit, deadline=1)
    assert (list(work.iterdir()), containers(work), buildah.find(commit[:7])) == ([], set(), None)


SCRIPT = """
import json, sys
from pathlib import Path
from fcpin.pipelines.buildah import Buildah
from fcpin.pipelines.builder import BuildRequest
from fcpin.pipelines.spec import PipelineEntry
from fcpin.clock import SystemClock
from fcpin.image import Image
from fcpin.registry.base import PushTarget
from fcpin.registry.auth import Login
folder, commit = json.loads(sys.stdin.readline())
target = PushTarget("127.0.0.1:9", True, Login("someone", "a secret"))
image = "registry.cn-hangzhou.aliyuncs.com/shop/app:1"
request = BuildRequest(PipelineEntry(image=image), Image.parse(image), commit, 60)
Buildah(Path(folder), lambda _: target, SystemClock()).build(request, lambda line: print(line, flush=True))
"""


def test_a_process_that_is_killed_while_it_pushes_leaves_no_login_and_no_file(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    code = Code(tmp_path / "code")
    orders = json.dumps([str(code.folder), code.commit({"Containerfile": CONTAINERFILE, "app": "one\n"})])
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(work)},
        text=True,
        process_group=0,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{orders}\n")
        process.stdin.flush()
        logins: list[Path] = []
        while not logins and process.stdout.readline():
            logins = list(work.rglob("auth.json"))
        assert {login.stat().st_mode & 0o777 for login in logins} == {0o600}
        os.killpg(process.pid, signal.SIGKILL)
    until = time.monotonic() + 20
    while list(work.iterdir()):
        assert time.monotonic() < until
        time.sleep(0.05)


def test_the_error_of_a_registry_that_denies_the_login_does_not_contain_it(buildah: BuildahHarness) -> None:
    commit = buildah.code.commit(FILES)
    buildah.password = "not the password"
    with pytest.raises(BuildFailed, match=r"buildah: .*(unauthorized|denied|401)") as denied:
        buildah.build(commit, rebuild=True)
    assert buildah.password not in f"{denied.value}{buildah.lines}"
