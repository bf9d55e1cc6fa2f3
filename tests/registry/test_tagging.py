"""Writing tags by the OCI protocol: what is sent, with which rights, and the messages of errors."""

import hashlib
import json
from urllib.parse import parse_qs, urlsplit

import pytest

from fcpin.errors import RegistryDenied, RegistryError
from fcpin.http.retries import Retry
from fcpin.image import Digest, Repository
from fcpin.registry.auth import Login
from fcpin.registry.distribution import Distribution, DistributionRepository
from fcpin.registry.session import Transport
from tests.registry.scripted import Reply, Request, ScriptedServer

MANIFESTS = "/v2/shop/app/manifests"
BODY = b'{ "schemaVersion":2,\n"config":{} }'
DIGEST = Digest(f"sha256:{hashlib.sha256(BODY).hexdigest()}")
DOCKER = "application/vnd.docker.distribution.manifest.v2+json"


@pytest.fixture
def repository(server: ScriptedServer) -> DistributionRepository:
    registry = Distribution(
        server.host,
        find_login=lambda _: Login("stack config", "ci", "s3cret"),
        transport=Transport(retry=Retry(attempts=1)),
    )
    return registry.open(Repository(server.host, "shop/app"))


def test_the_manifest_goes_back_byte_for_byte_with_its_media_type(
    server: ScriptedServer, repository: DistributionRepository
) -> None:
    server.expect("GET", f"{MANIFESTS}/{DIGEST}").answer(body=BODY, headers={"Content-Type": DOCKER})
    server.expect("PUT", f"{MANIFESTS}/mine").answer(201)
    repository.add_tag("mine", DIGEST, like="main")
    put = server.requests[-1]
    assert (put.body, put.headers["content-type"]) == (BODY, DOCKER)


def test_a_token_is_requested_for_the_rights_that_the_request_takes(
    server: ScriptedServer, repository: DistributionRepository
) -> None:
    scopes: list[str] = []

    def token(request: Request) -> Reply:
        scopes.extend(parse_qs(urlsplit(request.target).query)["scope"])
        return Reply(body=json.dumps({"token": f"t{len(scopes)}"}).encode())

    server.always("GET", "/token", token)
    challenge = {"WWW-Authenticate": f'Bearer realm="{server.url}/token",service="s"'}
    server.expect("GET", f"{MANIFESTS}/{DIGEST}").answer(401, headers=challenge)
    server.expect("GET", f"{MANIFESTS}/{DIGEST}").answer(body=BODY, headers={"Content-Type": DOCKER})
    server.expect("PUT", f"{MANIFESTS}/mine").answer(201)
    server.expect("DELETE", f"{MANIFESTS}/mine").answer(202)
    server.expect("HEAD", f"{MANIFESTS}/mine").answer(404)
    server.expect("GET", f"{MANIFESTS}/mine").answer(404)
    repository.add_tag("mine", DIGEST, like="main")
    repository.delete_tag("mine")
    assert scopes == [f"repository:shop/app:{actions}" for actions in ("pull", "pull,push", "pull,push,delete")]


def test_who_may_not_push_or_delete_is_reported_so(server: ScriptedServer, repository: DistributionRepository) -> None:
    for status, code in ((403, "DENIED"), (401, "UNAUTHORIZED")):
        server.expect("GET", f"{MANIFESTS}/{DIGEST}").answer(body=BODY, headers={"Content-Type": DOCKER})
        server.expect("PUT", f"{MANIFESTS}/mine").answer(status, json={"errors": [{"code": code}]})
        with pytest.raises(RegistryDenied, match="new tag mine of shop/app: access denied"):
            repository.add_tag("mine", DIGEST, like="main")
    server.expect("DELETE", f"{MANIFESTS}/mine").answer(403)
    with pytest.raises(RegistryDenied, match="deletion of the tag mine of shop/app: access denied"):
        repository.delete_tag("mine")


def test_a_registry_that_reports_yes_and_keeps_the_tag_has_not_deleted_it(
    server: ScriptedServer, repository: DistributionRepository
) -> None:
    server.expect("DELETE", f"{MANIFESTS}/mine").answer(202)
    server.expect("HEAD", f"{MANIFESTS}/mine").answer(headers={"Docker-Content-Digest": DIGEST})
    with pytest.raises(RegistryError, match="not delete single tags"):
        repository.delete_tag("mine")
