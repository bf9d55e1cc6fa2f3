"""As whom Alibaba Cloud is asked, and where that was found; never the secret."""

from dataclasses import dataclass

from fcpin.openapi import Account, Credentials, cloud_errors, sdk_config


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose signature requests carry."""

    source: str
    """The chain's name of it: `default/env`, `default/cli_profile/ram_role_arn`; empty for a key given by hand."""
    access_key_id: str
    is_temporary: bool
    """Whether a security token goes with it."""


def identify(account: Account | None) -> Identity:
    """Ask the sources of *account*, which may take requests to STS or to the metadata service.

    Raises CloudError when none of them has credentials.
    """
    if isinstance(account, Credentials):
        return Identity("", account.access_key_id, bool(account.security_token))
    with cloud_errors():
        found = sdk_config("localhost", "", account).credential.get_credential()
        return Identity(found.get_provider_name(), found.get_access_key_id(), bool(found.get_security_token()))
