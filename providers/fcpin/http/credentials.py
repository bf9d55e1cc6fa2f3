"""Credentials of Alibaba Cloud: where they are configured, how they are found, and which are in use.

The SDK is imported inside the functions: importing it takes 0.3 s.
"""

import logging
import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from fcpin.errors import one_line
from fcpin.http.errors import NO_CREDENTIALS, CloudError

_CREDENTIAL_SECONDS: Final = 60.0
_CAUSE: Final = 500
"""Characters shown of the chain's message, which has a sentence for each of its sources."""


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
class FoundCredentials:
    """Credentials, and the chain's name of their source: `default/env`; empty for a key given by hand."""

    source: str
    credentials: Credentials


class CredentialSource:
    """Signing credentials of *account*; without one, of the default chain of alibabacloud-credentials.

    The chain may send requests (metadata service, STS, OIDC, a credentials URI) and start a program. It bounds neither
    the size nor the total time of a response, follows redirects, and has no hook for another transport. So it runs in a
    thread of its own, which is abandoned after *seconds*.
    """

    def __init__(self, account: Account | None, *, seconds: float = _CREDENTIAL_SECONDS) -> None:
        self._account = account
        self._seconds = seconds
        self._lock = threading.Lock()
        self._client: Any = None

    def find(self) -> FoundCredentials:
        """Raises CloudError."""
        if isinstance(self._account, Credentials):
            return _checked(FoundCredentials("", self._account))
        try:
            client = self._chain()
        except Exception as error:  # whatever a source raises about its own settings
            raise _no_credentials(error) from None
        return _checked(self._find(client))

    def _find(self, client: Any) -> FoundCredentials:
        found: list[Any] = []
        failed: list[BaseException] = []

        def find() -> None:
            try:
                found.append(client.get_credential())
            except BaseException as error:  # passed on to the waiting thread
                failed.append(error)

        thread = threading.Thread(target=find, name="fcpin-credentials", daemon=True)
        thread.start()
        thread.join(self._seconds)
        if failed:
            raise _no_credentials(failed[0]) from None
        if not found:
            raise CloudError(
                "Unreachable",
                0,
                f"no credentials within {self._seconds:g} s: a source of the chain (metadata service, STS, OIDC, "
                "credentials URI or program) does not finish its response",
                temporary=True,
                is_from_api=False,
            )
        key, secret = found[0].get_access_key_id(), found[0].get_access_key_secret()
        token = found[0].get_security_token() or ""
        return FoundCredentials(str(found[0].get_provider_name() or ""), Credentials(key, secret, token))

    def _chain(self) -> Any:
        from alibabacloud_credentials.client import Client
        from alibabacloud_credentials.provider import CLIProfileCredentialsProvider

        log = logging.getLogger("credentials")  # prints tracebacks of its own to standard error
        log.handlers[:], log.propagate = [logging.NullHandler()], False
        with self._lock:
            if self._client is None:
                profile = self._account.name if isinstance(self._account, Profile) else ""
                provider = CLIProfileCredentialsProvider(profile_name=profile) if profile else None
                self._client = Client(provider=provider)
            return self._client


def _checked(found: FoundCredentials) -> FoundCredentials:
    """*found*, if it can stand in a header."""
    given = found.credentials
    for value in (given.access_key_id, given.access_key_secret, given.security_token):
        if not isinstance(value, str) or not value.isascii() or not value.isprintable():
            break
    else:
        if given.access_key_id and given.access_key_secret:
            return found
    raise CloudError(
        "InvalidAccessKeyId.Malformed",
        0,
        "the access key, its secret or its security token is empty, or has characters other than printable ASCII",
        is_from_api=False,
    )


def _no_credentials(error: BaseException) -> CloudError:
    # A source's message may end in the whole response of a service that issues credentials.
    cause = one_line(" ".join(str(getattr(error, "message", None) or error).split())).partition("result")[0]
    return CloudError(
        NO_CREDENTIALS,
        0,
        "no credentials found; set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, "
        "or any other source of the default chain of alibabacloud-credentials "
        f"({cause[:_CAUSE]})",
        is_from_api=False,
    )


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


def identify(account: Account | None) -> CredentialIdentity:
    """Find the credentials of *account*, which may take requests to STS or to the metadata service.

    Raises CloudError when none of them has credentials.
    """
    found = CredentialSource(account).find()
    return CredentialIdentity(found.source, found.credentials.access_key_id, bool(found.credentials.security_token))
