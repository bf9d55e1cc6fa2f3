"""Whose credentials there are, and which source of the chain they come from."""

from collections.abc import Iterator, Mapping
from typing import Final

from fcpin.doctor.line import Line, ok, problem
from fcpin.http.credentials import Account, CredentialIdentity, Credentials, Profile, identify
from fcpin.http.errors import CloudError

_SOURCES: Final[Mapping[str, str]] = {
    "env": "ALIBABA_CLOUD_ACCESS_KEY_ID of the environment",
    "oidc_role_arn": "the OIDC token of ALIBABA_CLOUD_OIDC_TOKEN_FILE",
    "cli_profile": "the Alibaba Cloud CLI's ~/.aliyun/config.json",
    "profile": "~/.alibabacloud/credentials.ini",
    "ecs_ram_role": "the RAM role of this ECS instance",
    "credential_uri": "ALIBABA_CLOUD_CREDENTIALS_URI",
}
"""The links of alibabacloud-credentials' default chain, in their order."""
_SHOWN: Final = 4


def credentials(account: Account | None, given_by: str) -> Iterator[Line]:
    """*given_by* says where a key that is given by hand comes from."""
    name = f"credentials of profile {account.name}" if isinstance(account, Profile) else "credentials"
    try:
        identity = identify(account)
    except CloudError as error:
        remedy = "set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or any other source of the chain"
        if isinstance(account, Profile):
            remedy = f"repair the profile with `aliyun configure --profile {account.name}`"
        yield problem(name, error.message, remedy)
        return
    source = given_by if isinstance(account, Credentials) else _source(identity)
    temporary = ", temporary" if identity.is_temporary else ""
    yield ok(name, f"from {source}: access key {_abbreviated(identity.access_key_id)}{temporary}")


def _source(identity: CredentialIdentity) -> str:
    links = identity.source.split("/")
    return next((_SOURCES[link] for link in links if link in _SOURCES), identity.source)


def _abbreviated(access_key_id: str) -> str:
    """Enough to recognise it by."""
    return access_key_id if len(access_key_id) <= 2 * _SHOWN else f"{access_key_id[:_SHOWN]}…{access_key_id[-_SHOWN:]}"
