"""buildah builds what git has for a commit, and pushes it into a real registry that wants a login."""

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
from fcpin.emulator.oci.tokens import ISSUER
from fcpin.errors import BuildFailed, BuildMismatch, BuildTimedOut, PipelineError
from tests.build.smithy import IMAGE, PATH, Smithy
from tests.support.docker_registry import TokenAuth, docker_registry

pytestmark = pytest.mark.skipif(not shutil.which("buildah"), reason="buildah is not installed (Debian package buildah)")

WHOLE = {"Containerfile": CONTAINERFILE, "app": "one\n"}


@pytest.fixture(scope="module")
def tokens() -> Iterator[Emulator]:
    """Whose token service the registry believes."""
    with Emulator().serve() as cloud:
        yield cloud


@pytest.fixture
def smithy(tmp_path: Path, tokens: Emulator) -> Iterator[Smithy]:
    user, password = tokens.username, tokens.password
    auth = TokenAuth(f"{tokens.url}/auth", "docker-registry", ISSUER, tokens.token_certificate, user, password)
    with docker_registry(auth) as registry:
        yield Smithy(Code(tmp_path / "code"), registry, username=user, password=password)


def images() -> set[str]:
    """What buildah keeps under our name."""
    listed = said("buildah", "images", "--format", "{{.Name}}:{{.Tag}}")
    return {line for line in listed.splitlines() if line.startswith("localhost/fcpin:")}


def containers(folder: Path) -> set[str]:
    """What buildah keeps of builds in *folder*: others may build at the same time."""
    shown = "--format={{.DefaultMountsFilePath}}"
    ids = said("buildah", "containers", "--quiet").split()
    made = {said("buildah", "inspect", "--type=container", shown, one, check=False).strip() for one in ids}
    return {one for one in made if one.startswith(str(folder))}


def said(*command: str, check: bool = True) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=check).stdout


def test_a_commit_is_built_and_its_digest_is_the_registrys(smithy: Smithy) -> None:
    commit = smithy.code.commit(WHOLE)
    made = smithy.make(commit)
    assert made.digest == smithy.found(commit[:7])
    assert any(line.startswith("STEP 2/3: COPY app /app") for line in smithy.told)
    (image,) = (line.removeprefix("COMMIT ") for line in smithy.told if line.startswith("COMMIT "))
    assert image not in images(), "the image is the registry's, not this machine's"
    manifest = smithy.maker.registries.open(smithy.repository).manifest(made.digest)
    assert (manifest.platform, manifest.children, manifest.is_attested) == ("linux/amd64", {}, False)


def test_the_same_commit_gives_the_same_digest_again(smithy: Smithy) -> None:
    commit = smithy.code.commit(WHOLE)
    first = smithy.make(commit)
    smithy.told.clear()
    assert smithy.make(commit, again=True).digest == first.digest
    assert "STEP 1/3: FROM scratch" in smithy.told
    assert smithy.make(commit).name == "", "it is there: nothing is built"


def test_what_is_not_committed_is_not_built(smithy: Smithy) -> None:
    commit = smithy.code.commit(WHOLE)
    first = smithy.make(commit)
    (smithy.code.folder / "app").write_text("of the working tree\n")
    assert smithy.make(commit, again=True).digest == first.digest
    other = smithy.code.commit({})
    assert smithy.make(other).digest != first.digest


def test_dockerfile_and_context_are_of_the_commit_and_source_says_where_it_is(smithy: Smithy) -> None:
    files = {"build/Prod.containerfile": CONTAINERFILE, "code/app": "one\n", "deploy/Pulumi.yaml": "name: shop\n"}
    commit = smithy.code.commit(files)
    made = smithy.make(commit, dockerfile="build/Prod.containerfile", context="code", source="deploy")
    assert made.digest == smithy.found(commit[:7])


WRONG: list[tuple[str, dict[str, str], dict[str, Any], type[PipelineError], str]] = [
    ("a step fails", {"Containerfile": "FROM scratch\nCOPY nothing /app\n"}, {}, BuildFailed, "nothing"),
    ("no Containerfile", {"app": "one\n"}, {}, BuildFailed, "has no Containerfile and no Dockerfile; name it: dockerfile"),
    ("another name of it", WHOLE, {"dockerfile": "Dockerfile"}, BuildFailed, "dockerfile: commit .* has no Dockerfile"),
    ("a way out of the commit", WHOLE, {"context": "../.."}, BuildFailed, r"context: \.\./\.\. leads out of commit"),
    ("a file for a folder", WHOLE, {"context": "app"}, BuildFailed, "context: app is a file"),
    ("a folder for a file", WHOLE, {"dockerfile": "."}, BuildFailed, r"dockerfile: \. is a folder"),
    ("no such folder", WHOLE, {"source": "elsewhere"}, BuildFailed, "source: there is no folder .*elsewhere"),
    ("no time", {"Containerfile": "FROM scratch\n" + "COPY app /app\n" * 500, "app": "one\n"}, {"deadline": 1}, BuildTimedOut, "was not done after 1 s .*set a greater deadline"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "files", "spec", "error", "said"), WRONG, ids=[row[0] for row in WRONG])
def test_what_goes_wrong_is_told_and_nothing_is_pushed(
    smithy: Smithy, what: str, files: dict[str, str], spec: dict[str, Any], error: type[PipelineError], said: str
) -> None:
    commit = smithy.code.commit(files)
    with pytest.raises(error, match=said):
        smithy.make(commit, **spec)
    assert smithy.found(commit[:7]) is None


def test_a_commit_that_the_repository_does_not_have_is_told(smithy: Smithy) -> None:
    smithy.code.commit(WHOLE)
    with pytest.raises(BuildFailed, match=r"commit 0{40} cannot be read from the repository at .*: git: .*0{40}"):
        smithy.make("0" * 40)


def test_where_the_code_is_not_is_told_with_what_to_do(smithy: Smithy, tmp_path: Path) -> None:
    commit, later = smithy.code.commit(WHOLE), smithy.code.commit({"app": "two\n"})
    shallow = tmp_path / "shallow"
    said("git", "clone", "--quiet", "--depth=1", f"file://{smithy.code.folder}", str(shallow))
    smithy.code.folder = shallow
    assert smithy.make(later).digest
    with pytest.raises(BuildFailed, match=f"commit {commit} cannot be read .*; fetch it: a shallow clone has"):
        smithy.make(commit)
    smithy.code.folder = tmp_path
    with pytest.raises(BuildFailed, match=f"no git repository at {tmp_path}: git: .*; say where the code is: source"):
        smithy.make(commit)


def test_a_repository_without_a_working_tree_will_do(smithy: Smithy, tmp_path: Path) -> None:
    commit, bare = smithy.code.commit(WHOLE), tmp_path / "bare"
    first = smithy.make(commit)
    said("git", "clone", "--quiet", "--bare", str(smithy.code.folder), str(bare))
    smithy.code.folder = bare
    assert smithy.make(commit, again=True).digest == first.digest


def test_the_id_of_a_tag_is_that_of_its_commit_and_of_a_tree_none(smithy: Smithy) -> None:
    commit = smithy.code.commit(WHOLE)
    git = ("git", "-C", str(smithy.code.folder))
    said(*git, "-c", "user.name=shop", "-c", "user.email=shop@example.com", "tag", "--annotate", "--message=x", "v1")
    assert smithy.make(said(*git, "rev-parse", "v1").strip()).digest == smithy.make(commit).digest
    with pytest.raises(BuildFailed, match="cannot be read from the repository"):
        smithy.make(said(*git, "rev-parse", "HEAD^{tree}").strip())


@pytest.mark.parametrize("target", ["/etc/passwd", "../../../../../../../../etc/passwd"], ids=["absolute", "upwards"])
def test_links_that_lead_out_of_the_commit_are_not_followed(smithy: Smithy, target: str) -> None:
    for name in ("Containerfile", "link"):
        (smithy.code.folder / name).symlink_to(target)
    commit = smithy.code.commit({"Prod": "FROM scratch\nCOPY link /link\n"})
    wrong: list[dict[str, Any]] = [{}, {"dockerfile": "link"}, {"dockerfile": "Prod", "context": "link"}]
    for spec in wrong:
        with pytest.raises(BuildFailed, match=r"(dockerfile|context): (Containerfile|link) leads out of commit"):
            smithy.make(commit, **spec)
    with pytest.raises(BuildFailed, match="buildah: building at STEP") as failed:
        smithy.make(commit, dockerfile="Prod")
    assert len(str(failed.value)) < 300, "without buildah's own memory"


def test_files_are_as_the_commit_has_them_whatever_git_is_told(smithy: Smithy) -> None:
    commit = smithy.code.commit(WHOLE)
    first = smithy.make(commit)
    for key, value in (("tar.umask", "0077"), ("core.autocrlf", "true"), ("log.showSignature", "true")):
        said("git", "-C", str(smithy.code.folder), "config", key, value)
    assert smithy.make(commit, again=True).digest == first.digest


def test_what_a_broken_off_build_has_made_is_removed(smithy: Smithy, monkeypatch: pytest.MonkeyPatch) -> None:
    work = smithy.code.folder.parent / "work"
    work.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(work))
    commit = smithy.code.commit({"Containerfile": "FROM scratch\n" + "COPY app /app\n" * 500, "app": "one\n"})
    with pytest.raises(BuildTimedOut):
        smithy.make(commit, deadline=1)
    assert (list(work.iterdir()), containers(work)) == ([], set())


SCRIPT = """
import json, sys
from pathlib import Path
from fcpin.build.buildah import Buildah
from fcpin.build.builder import BuildRequest
from fcpin.clock import SystemClock
from fcpin.image import Image
from fcpin.registry.base import Login, PushTarget
folder, commit = json.loads(sys.stdin.readline())
target = PushTarget("127.0.0.1:9", True, Login("somebody", "a secret"))
request = BuildRequest({}, Image.parse("registry.cn-hangzhou.aliyuncs.com/shop/app:1"), commit, 60)
Buildah(Path(folder), lambda _: target, SystemClock()).build(request, lambda line: print(line, flush=True))
"""


@pytest.mark.parametrize("when", ["STEP 20/", "Copying"], ids=["while it builds", "while it pushes"])
def test_killed_it_leaves_no_file_no_login_and_no_container(tmp_path: Path, when: str) -> None:
    work = tmp_path / "work"
    work.mkdir()
    steps = 2000 if when.startswith("STEP") else 1
    files = {"Containerfile": "FROM scratch\n" + "COPY app /app\n" * steps, "app": "one\n"}
    code = Code(tmp_path / "code")
    order = json.dumps([str(code.folder), code.commit(files)])
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
        process.stdin.write(f"{order}\n")
        process.stdin.flush()
        for line in process.stdout:
            if line.startswith(when) and (steps > 1 or list(work.rglob("auth.json"))):
                break
        assert {login.stat().st_mode & 0o777 for login in work.rglob("auth.json")} <= {0o600}
        os.killpg(process.pid, signal.SIGKILL)
    until = time.monotonic() + 20
    while list(work.iterdir()) or containers(work):
        assert time.monotonic() < until
        time.sleep(0.1)


def test_a_registry_that_refuses_the_login_is_told_without_it(smithy: Smithy) -> None:
    commit = smithy.code.commit(WHOLE)
    smithy.password = "not the password"
    with pytest.raises(BuildFailed, match=r"buildah: .*(unauthorized|denied|401)") as refused:
        smithy.maker.builder.build(smithy.request(commit), smithy.told.append)
    assert smithy.password not in f"{refused.value}{smithy.told}"


def test_what_acr_converts_is_pushed_under_the_tag_that_it_is_converted_from(smithy: Smithy) -> None:
    commit = smithy.code.commit(WHOLE)
    request = smithy.request(commit, image=f"{IMAGE}_accelerated")
    built = smithy.maker.builder.build(request, smithy.told.append)
    assert built.reported == {smithy.found(commit[:7])}
    assert smithy.found(f"{commit[:7]}_accelerated") is None


def test_an_image_with_attestations_is_refused_by_name(smithy: Smithy) -> None:
    commit = smithy.code.commit(WHOLE)
    smithy.registry.push(PATH, commit[:7], content="by buildx", index=True)
    with pytest.raises(BuildMismatch, match=f"{PATH}:{commit[:7]} has build attestations .*--provenance=false"):
        smithy.make(commit)
