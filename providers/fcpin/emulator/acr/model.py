"""What the Enterprise Edition knows beside its registry."""

from dataclasses import dataclass


@dataclass
class Instance:
    """An Enterprise instance. The first one of the account holds the repositories, any other is empty."""

    id: str
    name: str
    region: str
    created_ms: int
    specification: str = "Enterprise_Advanced"
    status: str = "RUNNING"

    def host(self, network: str = "") -> str:
        """The registry's host name; *network* is `-vpc` for the one inside a VPC."""
        return f"{self.name}-registry{network}.{self.region}.cr.aliyuncs.com"
