"""The chain of alibabacloud-credentials has no limits of its own: fcpin bounds its time and shortens its messages."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from fcpin.http.credentials import Credentials
from fcpin.http.errors import CloudError
from fcpin.http.openapi import CredentialSource
from tests.registry.scripted import Reply, Request, ScriptedServer

FIND = """
import json, sys, time
from fcpin.http.credentials import Profile
from fcpin.http.errors import CloudError
from fcpin.http.openapi import CredentialSource
for name in sys.argv[2:]:
    started = time.monotonic()
    try:
        found = CredentialSource(Profile(name), seconds=float(sys.argv[1])).find()
        print(json.dumps({"found": found.credentials.access_key_id, "source": found.source}))
    except CloudError as error:
        seconds = time.monotonic() - started
        print(json.dumps({"code": error.code, "line": str(error), "temporary": error.is_temporary, "seconds": seconds}))
"""
GOOD = {
    "CloudCredential": {
        "AccessKeyId": "key",
        "AccessKeySecret": "hunter2",
        "SecurityToken": "hunter2",
        "Expiration": "2099-01-01T00:00:00Z",
    }
}
REPLIES: Mapping[str, Reply] = {
    "good": Reply(200, json.dumps(GOOD).encode()),
    "slow": Reply(200, b" " * 10_000, drip=0.02),
    "part": Reply(200, json.dumps({"CloudCredential": {"AccessKeySecret": "hunter2"}}).encode()),
    "html": Reply(200, b"<html>hunter2</html>"),
    "list": Reply(200, b'{"CloudCredential": ["hunter2"]}'),
    "down": Reply(500, b"hunter2"),
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Any]]:
    """The result of each profile, with credentials of a server, in a process with its own home."""
    home = tmp_path_factory.mktemp("home")

    def answer(request: Request) -> Reply:
        return REPLIES[request.headers["authorization"].removeprefix("Bearer ")]

    with ScriptedServer() as server:
        server.otherwise(answer)
        (home / ".aliyun").mkdir()
        (home / ".aliyun" / "config.json").write_text(json.dumps({"profiles": [sso(name, server) for name in REPLIES]}))
        done = subprocess.run(
            [sys.executable, "-c", FIND, "1.5", *REPLIES],
            env={**os.environ, "HOME": str(home)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stderr == ""
        yield dict(zip(REPLIES, map(json.loads, done.stdout.splitlines()), strict=True))


def sso(name: str, server: ScriptedServer) -> dict[str, Any]:
    return {
        "name": name,
        "mode": "CloudSSO",
        "cloud_sso_sign_in_url": server.url,
        "cloud_sso_account_id": "1",
        "cloud_sso_access_config": "ac",
        "access_token": name,
        "cloud_sso_access_token_expire": 4_000_000_000,
    }


def test_the_source_is_named(found: Mapping[str, Any]) -> None:
    assert found["good"]["found"] == "key"
    assert "cloud_sso" in found["good"]["source"]


def test_a_source_that_does_not_end_is_abandoned(found: Mapping[str, Any]) -> None:
    assert found["slow"]["temporary"] is True
    assert "no credentials within 1.5 s" in found["slow"]["line"]
    assert found["slow"]["seconds"] < 5


@pytest.mark.parametrize("name", ["part", "html", "list", "down"])
def test_the_response_of_a_source_is_not_quoted(found: Mapping[str, Any], name: str) -> None:
    assert found[name]["code"] == "InvalidAccessKeyId.Missing"
    assert "hunter2" not in found[name]["line"]
    assert found[name]["line"].isprintable()


@pytest.mark.parametrize("key", ["k\n", "k\x00", "schlüssel", "", "k\ud800"])
def test_an_invalid_key_is_one_line(key: str) -> None:
    for given in (Credentials(key, "s3cret"), Credentials("key", "s3cret", f"{key}\n")):
        with pytest.raises(CloudError, match="printable ASCII") as raised:
            CredentialSource(given).find()
        assert raised.value.is_denied
        assert "s3cret" not in str(raised.value)
