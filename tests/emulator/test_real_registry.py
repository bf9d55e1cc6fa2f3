"""The emulator with real parts: skopeo pushes into it, and Debian's docker-registry takes its tokens."""

import base64
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3
from alibabacloud_tea_openapi.exceptions import ClientException

from fcpin.emulator import Emulator, EmulatorError
from fcpin.emulator.oci.auth import ISSUER
from tests.emulator.clients import HOST, Functions, Pipelines, Registry, resolved
from tests.support.docker_registry import DockerRegistry, TokenAuth, docker_registry

needs_skopeo = pytest.mark.skipif(not shutil.which("skopeo"), reason="skopeo is not installed")
SERVICE = "docker-registry"


@pytest.fixture
def debian(cloud: Emulator) -> Iterator[DockerRegistry]:
    auth = TokenAuth(f"{cloud.url}/auth", SERVICE, ISSUER, cloud.token_certificate, cloud.username, cloud.password)
    with docker_registry(auth) as registry:
        yield registry


@pytest.fixture
def layout(tmp_path: Path, cloud: Emulator) -> Path:
    """An image as an OCI layout on disk, such as any builder leaves it."""
    with Emulator().serve() as maker:
        digest = maker.push("made/here", "main", content="from a layout")
        client = Registry(maker)
        client.login("repository:made/here:pull")
        manifest = client.request("GET", f"/v2/made/here/manifests/{digest}").data
        value = json.loads(manifest)
        folder = tmp_path / "layout"
        blobs = folder / "blobs" / "sha256"
        blobs.mkdir(parents=True)
        (blobs / digest.removeprefix("sha256:")).write_bytes(manifest)
        for part in (value["config"], *value["layers"]):
            link = client.request("GET", f"/v2/made/here/blobs/{part['digest']}").headers["location"]
            (blobs / part["digest"].removeprefix("sha256:")).write_bytes(client.http.request("GET", link).data)
        client.http.clear()
    descriptor = {"mediaType": value["mediaType"], "digest": digest, "size": len(manifest)}
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [descriptor]}))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return folder


def skopeo(tmp_path: Path, cloud: Emulator, host: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run skopeo with the registry login in a file, for a password has no place in a process list."""
    login = base64.b64encode(f"{cloud.username}:{cloud.password}".encode()).decode()
    file = tmp_path / "auth.json"
    file.write_text(json.dumps({"auths": {host: {"auth": login}}}))
    command = ["skopeo", "--insecure-policy", arguments[0], "--authfile", str(file), *arguments[1:]]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@needs_skopeo
def test_skopeo_pushes_copies_inspects_and_deletes(tmp_path: Path, cloud: Emulator, layout: Path) -> None:
    image = f"docker://{cloud.address}/shop/app:release-1"
    pushed = skopeo(tmp_path, cloud, cloud.address, "copy", "--dest-tls-verify=false", f"oci:{layout}", image)
    assert pushed.returncode == 0, pushed.stderr
    inspected = skopeo(tmp_path, cloud, cloud.address, "inspect", "--tls-verify=false", image)
    assert inspected.returncode == 0, inspected.stderr
    digest = json.loads(inspected.stdout)["Digest"]
    assert cloud.retag("shop/app", "main", to="release-1") == digest

    other = f"docker://{cloud.address}/shop/web:release-1"
    flags = ("--src-tls-verify=false", "--dest-tls-verify=false")
    copied = skopeo(tmp_path, cloud, cloud.address, "copy", *flags, image, other)
    assert copied.returncode == 0, copied.stderr
    assert cloud.retag("shop/web", "main", to="release-1") == digest

    deleted = skopeo(tmp_path, cloud, cloud.address, "delete", "--tls-verify=false", image)
    assert deleted.returncode == 0, deleted.stderr
    assert cloud.push("shop/app", "next").startswith("sha256:")
    listed = skopeo(
        tmp_path, cloud, cloud.address, "list-tags", "--tls-verify=false", f"docker://{cloud.address}/shop/app"
    )
    assert json.loads(listed.stdout)["Tags"] == ["next"]


@needs_skopeo
def test_skopeo_pulls_what_the_verb_pushed(tmp_path: Path, cloud: Emulator) -> None:
    digest = cloud.push("shop/app", "many", platforms=("linux/amd64", "linux/arm64"))
    image = f"docker://{cloud.address}/shop/app@{digest}"
    folder = tmp_path / "pulled"
    pulled = skopeo(
        tmp_path, cloud, cloud.address, "copy", "--all", "--src-tls-verify=false", image, f"oci:{folder}:many"
    )
    assert pulled.returncode == 0, pulled.stderr
    assert len(list((folder / "blobs" / "sha256").iterdir())) == 6, "an index, two manifests, two configs, one layer"


@needs_skopeo
def test_skopeo_without_a_login_is_refused(tmp_path: Path, cloud: Emulator, layout: Path) -> None:
    image = f"docker://{cloud.address}/shop/app:release-1"
    pushed = skopeo(tmp_path, cloud, "elsewhere.example.com", "copy", "--dest-tls-verify=false", f"oci:{layout}", image)
    assert pushed.returncode != 0
    assert "shop/app" not in str(cloud.functions())


def test_docker_registry_takes_the_tokens(cloud: Emulator, debian: DockerRegistry) -> None:
    """The emulator is the token server of a real registry."""
    http = urllib3.PoolManager(retries=False)
    challenge = http.request("GET", f"{debian.url}/v2/")
    assert challenge.status == 401
    assert f'realm="{cloud.url}/auth",service="{SERVICE}"' in challenge.headers["www-authenticate"]
    digest = debian.push("shop/app", "main", content="one")
    assert digest.startswith("sha256:")
    assert http.request("GET", f"{debian.url}/v2/shop/app/tags/list").status == 401
    http.clear()


def test_a_stranger_gets_no_token_for_a_real_registry(cloud: Emulator, debian: DockerRegistry) -> None:
    debian.push("shop/app", "main", content="one")
    http = urllib3.PoolManager(retries=False)
    url = f"{cloud.url}/auth?service={SERVICE}&scope=repository:shop/app:pull"
    token = http.request("GET", url).json()["token"]
    headers = {"authorization": f"Bearer {token}"}
    assert http.request("GET", f"{debian.url}/v2/shop/app/tags/list", headers=headers).status == 401
    http.clear()


def test_a_moved_tag_of_a_real_registry_breaks_a_function(cloud: Emulator, debian: DockerRegistry) -> None:
    cloud.add_registry(HOST, debian.url)
    functions = Functions(cloud)
    old = debian.push("shop/app", "main", content="one")
    assert resolved(functions.create_active()) == old
    assert cloud.invoke("fn", cold=True).digest == old
    new = debian.push("shop/app", "main", content="two")
    assert cloud.invoke("fn", cold=True).code == "PullImageFailed"
    functions.update_image()
    cloud.advance(60)
    assert cloud.invoke("fn", cold=True).digest == new


def test_images_of_a_real_registry_are_judged_alike(cloud: Emulator, debian: DockerRegistry) -> None:
    cloud.add_registry(HOST, debian.url)
    functions = Functions(cloud)
    debian.push("shop/app", "arm", content="arm", platforms=("linux/arm64",))
    with pytest.raises(ClientException, match="linux/arm64"):
        functions.create(image=f"{HOST}/shop/app:arm")
    with pytest.raises(ClientException, match="image not found"):
        functions.create(image=f"{HOST}/shop/app:none")


def test_a_build_pushes_into_a_real_registry(cloud: Emulator, debian: DockerRegistry) -> None:
    cloud.add_registry(HOST, debian.url)
    pipelines, image = Pipelines(cloud), f"{HOST}/shop/app:8f2b1c0"
    for name in ("p-1", "p-2"):  # the second finds its blobs there
        data = {"enable": True, "build": {"image": image}}
        build = {"name": "build", "taskTemplate": "build-image-task", "context": {"data": data}}
        assert pipelines.finish(build, name=name)[0] == "Success"
    reported = json.loads(pipelines.task()["status"]["invocations"][0]["output"])["digest"]
    assert resolved(Functions(cloud).create_active(image=image)) == reported
    with pytest.raises(EmulatorError, match="shop/app"):
        cloud.tags("shop/app")


def test_a_registry_that_does_not_trust_the_emulator(debian: DockerRegistry) -> None:
    with (
        Emulator(registries={HOST: debian.url}).serve() as stranger,
        pytest.raises(ClientException, match="returned 401"),
    ):
        Functions(stranger).create()


def test_a_registry_that_is_down_is_an_image_that_cannot_be_had(cloud: Emulator) -> None:
    cloud.add_registry(HOST, "http://127.0.0.1:1")
    with pytest.raises(ClientException, match="registry cannot be reached"):
        Functions(cloud).create()


def test_the_emulator_may_be_a_registry_elsewhere_for_itself(cloud: Emulator) -> None:
    """The same images, over the wire and through the redirect of blobs, instead of by a short cut."""
    digest = cloud.push("shop/app", "main")
    cloud.add_registry(HOST, cloud.url)
    assert resolved(Functions(cloud).create()) == digest
    assert cloud.calls.count("GET manifest") == 1
