"""Which tag is newest: pure decisions over what a registry says. No I/O, no clock."""

from fcpin.policy.candidate import Rejection
from fcpin.policy.family import has_update
from fcpin.policy.policy import Policy
from fcpin.policy.selection import Selection
from fcpin.policy.spec import DEFAULT_PLATFORM

__all__ = ["DEFAULT_PLATFORM", "Policy", "Rejection", "Selection", "has_update"]
