"""Which variables the processes of a deployment inherit: an allow-list without the secrets of the configuration."""

import os
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Final

from fcpin.receiver.settings.model import ReceiverSettings
from fcpin.receiver.settings.secrets import secrets_of

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
"""Patterns of names: the system, logins of registries, Alibaba Cloud, Pulumi with its backends and keys, buildah."""
_VARIABLE: Final = "env:"


def secret_variables(settings: ReceiverSettings) -> frozenset[str]:
    """Return the variables that hold secrets, except those that `environment` names in full."""
    sources = (secret.source for secret in secrets_of(settings))
    names = {source.removeprefix(_VARIABLE) for source in sources if source.startswith(_VARIABLE)}
    return frozenset(names.difference(settings.environment))


def deployment_environment(settings: ReceiverSettings, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the part of *environment* that an engine inherits."""
    patterns, secret = (*PASSED_ON, *settings.environment), secret_variables(settings)
    return {
        name: value
        for name, value in environment.items()
        if name not in secret and any(fnmatchcase(name, pattern) for pattern in patterns)
    }
