"""The host names of Alibaba Cloud Container Registry (ACR): one row for each form."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class HostForm:
    """One form of ACR host names: a registry, and the networks that it has a host in."""

    edition: Literal["personal", "enterprise"]
    template: str
    """With `{name}` of the instance, `{network}` (the suffix of the network) and `{region}`."""
    networks: Sequence[str]
    name: str = ""
    """The valid names of an instance, as a regular expression; empty for registries that all accounts share."""

    def host(self, region: str, network: str = "", name: str = "") -> str:
        """The host of instance *name* in *network*: `""` is the internet."""
        return self.template.format(name=name, network=network, region=region)

    def fullmatch(self, host: str) -> Mapping[str, str] | None:
        networks = "|".join(self.networks)
        escaped = self.template.replace(".", r"\.")
        groups = {"name": self.name, "network": networks, "region": _REGION}
        form = escaped.format(**{key: f"(?P<{key}>{pattern})" for key, pattern in groups.items()})
        match = re.fullmatch(form, host)
        return match and match.groupdict("")


_REGION = r"[a-z]{2}(?:-[a-z0-9]+)+"
ENTERPRISE_FORM: Final = HostForm(
    "enterprise", "{name}-registry{network}.{region}.cr.aliyuncs.com", ("", "-vpc"), r"[a-z0-9][a-z0-9-]*"
)
ACR_FORMS: Final = (
    HostForm("personal", "registry{network}.{region}.aliyuncs.com", ("", "-vpc", "-internal")),
    # Accounts of the international site. `-internal` is the classic network's, as of the Chinese site.
    HostForm("personal", "registry-intl{network}.{region}.aliyuncs.com", ("", "-vpc", "-internal")),
    HostForm("personal", "{name}{network}.{region}.personal.cr.aliyuncs.com", ("", "-vpc"), r"crpi-[a-z0-9]+"),
    ENTERPRISE_FORM,
)
"""Every form of ACR host."""
_DOMAIN: Final = ".aliyuncs.com"
_NETWORKS: Final[Mapping[str, Literal["public", "vpc", "internal"]]] = {
    "": "public",
    "-vpc": "vpc",
    "-internal": "internal",
}


@dataclass(frozen=True, slots=True)
class AcrHost:
    """The parts of an ACR host name; see `acr_host`."""

    edition: Literal["personal", "enterprise"]
    region: str
    network: Literal["public", "vpc", "internal"]
    instance_name: str = ""
    """Name of the Enterprise instance, or `crpi-<id>` of a Personal one; empty for the shared Personal hosts."""
    registry: object = None
    """What identifies the registry: hosts with the same value serve the same repositories.

    The shared hosts of the Chinese and the international site are one registry here: ACR's API and its webhooks know a
    repository by region, namespace and name, whichever site its account is of.
    """
    public_host: str = ""
    """The same registry seen from the internet."""
    hosts: Sequence[str] = ()
    """Every host of the registry, the public one first."""


@lru_cache(maxsize=1024)
def acr_host(host: str) -> AcrHost | None:
    """The parts of an ACR host name, or None for any other registry.

    Personal: `registry[-intl][-vpc|-internal].<region>.aliyuncs.com` and
    `crpi-<id>[-vpc].<region>.personal.cr.aliyuncs.com`.
    Enterprise: `<instance>-registry[-vpc].<region>.cr.aliyuncs.com`.
    """
    for form in ACR_FORMS:
        if (parts := form.fullmatch(host)) is not None:
            name, region = parts.get("name", ""), parts["region"]
            hosts = tuple(form.host(region, network, name) for network in form.networks)
            registry = form.edition, region, name
            return AcrHost(form.edition, region, _NETWORKS[parts["network"]], name, registry, hosts[0], hosts)
    return None


@lru_cache(maxsize=1024)
def public_host(host: str) -> str:
    """The public host of a registry of ACR, which has a VPC and an internal host too; any other host unchanged."""
    acr = acr_host(host)
    return acr.public_host if acr else host


def documented_acr_host(host: str) -> AcrHost | None:
    """`acr_host`, also for a host of Enterprise without its `.cr`, as some documents have it."""
    with_cr = acr_host(f"{host.removesuffix(_DOMAIN)}.cr{_DOMAIN}")
    return acr_host(host) or (with_cr if with_cr and with_cr.edition == "enterprise" else None)
