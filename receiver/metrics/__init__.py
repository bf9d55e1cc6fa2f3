"""What `/metrics` tells: what this process counted, and what the ledger says of all of them."""

from receiver.metrics.counted import Counted
from receiver.metrics.metrics import Metrics

__all__ = ["Counted", "Metrics"]
