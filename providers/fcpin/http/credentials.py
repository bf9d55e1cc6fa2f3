"""Credentials of Alibaba Cloud as values, and where they are configured. `openapi` finds and uses them."""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key given by hand. Never printed."""

    access_key_id: str
    access_key_secret: str = field(repr=False)
    security_token: str = field(default="", repr=False)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Credentials | None":
        """The variables of Terraform's and Pulumi's alicloud providers, which the SDKs do not read themselves."""
        key, secret = environment.get("ALICLOUD_ACCESS_KEY"), environment.get("ALICLOUD_SECRET_KEY")
        if not key or not secret:
            return None
        return cls(key, secret, environment.get("ALICLOUD_SECURITY_TOKEN", ""))


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile of the Alibaba Cloud CLI, in `~/.aliyun/config.json`: access key, role, OIDC or any other kind."""

    name: str


Account = Credentials | Profile
"""The credentials to call Alibaba Cloud with."""


@dataclass(frozen=True, slots=True)
class CredentialIdentity:
    """The credentials in use and their source; never the secret."""

    source: str
    """The chain's name of it: `default/env`, `default/cli_profile/ram_role_arn`; empty for a key given by hand."""
    access_key_id: str
    is_temporary: bool
    """Whether a security token goes with it."""


_VARIABLES: Final = (
    "ALIBABA_CLOUD_ACCESS_KEY_ID",
    "ALIBABA_CLOUD_CREDENTIALS_FILE",
    "ALIBABA_CLOUD_CREDENTIALS_URI",
    "ALIBABA_CLOUD_ECS_METADATA",
    "ALIBABA_CLOUD_OIDC_TOKEN_FILE",
    "ALIBABA_CLOUD_PROFILE",
    "ALIBABA_CLOUD_ROLE_ARN",
)
_FILES: Final = (".aliyun/config.json", ".alibabacloud/credentials", ".alibabacloud/credentials.ini")


def has_source(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether some source of the default chain is configured, usable or not.

    Without one the machine has no credentials; with one, a failure to load them may be temporary.
    """
    if any(environment.get(name) for name in _VARIABLES):
        return True
    with suppress(RuntimeError, OSError):  # a user without a home
        return any((Path.home() / name).exists() for name in _FILES)
    return False
