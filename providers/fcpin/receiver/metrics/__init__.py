"""What `/metrics` tells: what this process counted, and what the ledger says of all of them."""

from fcpin.receiver.metrics.counted import Counted
from fcpin.receiver.metrics.metrics import Metrics

__all__ = ["Counted", "Metrics"]
