"""buildah builds what git has for a commit, and pushes it into a real registry that wants a login."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator
from emulator.oci.tokens import ISSUER
from fcpin.errors import BuildFailed, BuildMismatch, BuildTimedOut, PipelineError
from tests.build.smithy import PATH, Smithy
from tests.support.code import CONTAINERFILE, Code
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
    listed = subprocess.run(["buildah", "images", "--format", "{{.Name}}:{{.Tag}}"], capture_output=True, text=True, check=True)  # fmt: skip
    return {line for line in listed.stdout.splitlines() if line.startswith("localhost/fcpin:")}


def test_a_commit_is_built_and_its_digest_is_the_registrys(smithy: Smithy) -> None:
    before = images()
    commit = smithy.code.commit(WHOLE)
    made = smithy.make(commit)
    assert made.digest == smithy.found(commit[:7])
    assert any(line.startswith("STEP 2/3: COPY app /app") for line in smithy.told)
    assert images() == before, "the image is the registry's, not this machine's"
    manifest = smithy.maker.directory.manifest(smithy.repository, made.digest)
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
    ("a way out of the commit", WHOLE, {"context": "../.."}, BuildFailed, r"context: commit .* has no \.\./\.\."),
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


def test_a_registry_that_refuses_the_login_is_told_without_it(smithy: Smithy) -> None:
    commit = smithy.code.commit(WHOLE)
    smithy.password = "not the password"
    with pytest.raises(BuildFailed, match=r"buildah: .*(unauthorized|denied|401)") as refused:
        smithy.maker.builder.build(smithy.request(commit), smithy.told.append)
    assert smithy.password not in f"{refused.value}{smithy.told}"


def test_an_image_with_attestations_is_refused_by_name(smithy: Smithy) -> None:
    commit = smithy.code.commit(WHOLE)
    smithy.registry.push(PATH, commit[:7], content="by buildx", index=True)
    with pytest.raises(BuildMismatch, match=f"{PATH}:{commit[:7]} has build attestations .*--provenance=false"):
        smithy.make(commit)
