"""Which variables the processes of a deployment inherit: an allow-list, without the receiver's own secrets.

The receiver keeps the secrets of its senders, its page, its notifications and its store. An engine runs a program and
plugins that need none of them. `environment` in `receiver.yaml` passes more.
"""

import os
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Final

from fcpin.receiver.settings.model import ReceiverSettings
from fcpin.receiver.settings.secrets import Secret

PASSED_ON: Final = (
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "LC_*",
    "TZ",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "XDG_*",
    "PYTHON*",
    "VIRTUAL_ENV",
    "*_PROXY",
    "*_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "DOCKER_CONFIG",
    "REGISTRY_AUTH_FILE",
    "ENGINE",
    "FCPIN_*",
    "PULUMI_*",
    "ALIBABA_CLOUD_*",
    "ALIBABACLOUD_*",
    "ALICLOUD_*",
    "FC_*",
    "AWS_*",
    "AZURE_*",
    "GOOGLE_*",
    "VAULT_*",
    "BUILDAH_*",
    "CONTAINERS_*",
    "STORAGE_DRIVER",
    "STORAGE_OPTS",
)
"""Patterns of names: the system, logins of registries, Alibaba Cloud, Pulumi, the backends and keys of its states,
buildah."""
_VARIABLE: Final = "env:"


def secrets_of(settings: ReceiverSettings) -> Iterator[Secret]:
    """Every secret that the configuration names."""
    for sender in settings.senders.values():
        yield from sender.secrets
    yield from settings.notify
    page = settings.page
    single = (settings.redis, settings.metrics_token, page and page.token, page and page.session_key)
    yield from (secret for secret in single if secret)


def secret_variables(settings: ReceiverSettings) -> frozenset[str]:
    """The variables that hold them, except those that `environment` names."""
    sources = (secret.source for secret in secrets_of(settings))
    names = {source.removeprefix(_VARIABLE) for source in sources if source.startswith(_VARIABLE)}
    return frozenset(names.difference(settings.environment))


def deployment_environment(settings: ReceiverSettings, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What of *environment* an engine inherits."""
    patterns, secret = (*PASSED_ON, *settings.environment), secret_variables(settings)
    return {
        name: value
        for name, value in environment.items()
        if name not in secret and any(fnmatchcase(name, pattern) for pattern in patterns)
    }
