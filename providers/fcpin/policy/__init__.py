"""Which tag to deploy: pure decisions over the listing of a registry. No I/O, no clock."""

from fcpin.policy.family import has_update
from fcpin.policy.policy import DEFAULT_PLATFORM, Policy
from fcpin.policy.select import Ranking, could_select
from fcpin.policy.selection import Rejection, Selection

__all__ = ["DEFAULT_PLATFORM", "Policy", "Ranking", "Rejection", "Selection", "could_select", "has_update"]
