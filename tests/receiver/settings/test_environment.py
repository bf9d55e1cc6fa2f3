"""What an engine inherits: what a deployment needs, and none of the receiver's secrets."""

from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from fcpin.receiver.settings.environment import deployment_environment
from fcpin.receiver.settings.model import PageSettings, ReceiverSettings, SenderSettings
from fcpin.receiver.settings.secrets import Secret


def secret(name: str) -> Secret:
    return Secret(f"env:{name}", f"the value of {name}")


SETTINGS: Final = ReceiverSettings(
    Path(),
    {},
    {"ci": SenderSettings("ci", "generic", (secret("HOOK"), secret("PULUMI_HOOK"), Secret("file:hook", "x")))},
    redis=secret("REDIS_URL"),
    page=PageSettings(token=secret("FCPIN_PAGE_TOKEN"), session_key=secret("PAGE_KEY")),
    notify=(secret("DINGTALK_URL"),),
    metrics_token=secret("METRICS_TOKEN"),
)
NEEDED: Final = (
    "PATH", "HOME", "LC_ALL", "TMPDIR", "PYTHONPATH", "HTTPS_PROXY", "no_proxy", "SSL_CERT_FILE", "DOCKER_CONFIG", "ENGINE",
    "FCPIN_DEBUG", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_BACKEND_URL", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "AWS_PROFILE",
    "ALIBABA_CLOUD_OIDC_TOKEN_FILE", "ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "ALIBABA_CLOUD_ROLE_ARN", "ALICLOUD_ACCESS_KEY",
    "VAULT_SERVER_TOKEN", "BUILDAH_ISOLATION", "BUILDAH_LAYERS", "STORAGE_DRIVER", "CONTAINERS_CONF",
)  # fmt: skip
SECRET: Final = ("HOOK", "PULUMI_HOOK", "REDIS_URL", "FCPIN_PAGE_TOKEN", "PAGE_KEY", "DINGTALK_URL", "METRICS_TOKEN")
OTHERS: Final = ("STORAGE_KEY", "GIT_COMMIT", "DATABASE_URL", "GITHUB_TOKEN")
ENVIRONMENT: Final = {name: f"the value of {name}" for name in (*NEEDED, *SECRET, *OTHERS)}

PASSED: list[tuple[str, tuple[str, ...], set[str]]] = [
    ("what a deployment needs", (), set(NEEDED)),
    ("and a variable that is named", ("GIT_COMMIT",), {*NEEDED, "GIT_COMMIT"}),
    ("and those of a pattern", ("G*",), {*NEEDED, "GIT_COMMIT", "GITHUB_TOKEN"}),
    ("a secret for its full name only", ("REDIS_URL", "PAGE_*"), {*NEEDED, "REDIS_URL"}),
]


@pytest.mark.parametrize(("more", "names"), [row[1:] for row in PASSED], ids=[row[0] for row in PASSED])
def test_an_engine_inherits(more: tuple[str, ...], names: set[str]) -> None:
    passed = deployment_environment(replace(SETTINGS, environment=more), ENVIRONMENT)
    assert passed == {name: ENVIRONMENT[name] for name in names}
