"""As whom Alibaba Cloud is asked, and where that was found; never the secret."""

from dataclasses import dataclass

from fcpin.openapi import Account, CredentialSource


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
    found = CredentialSource(account).find()
    return Identity(found.source, found.credentials.access_key_id, bool(found.credentials.security_token))
