"""As whom Alibaba Cloud is asked, and where that was found; never the secret."""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fcpin.openapi import Account, CredentialSource


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose signature requests carry."""

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
    """Whether some source of the default chain is configured here, be it broken.

    Where none is, the machine has no credentials; where one is, failing to load them may pass.
    """
    if any(environment.get(name) for name in _VARIABLES):
        return True
    with suppress(RuntimeError, OSError):  # a user without a home
        return any((Path.home() / name).exists() for name in _FILES)
    return False


def identify(account: Account | None) -> Identity:
    """Ask the sources of *account*, which may take requests to STS or to the metadata service.

    Raises CloudError when none of them has credentials.
    """
    found = CredentialSource(account).find()
    return Identity(found.source, found.credentials.access_key_id, bool(found.credentials.security_token))
