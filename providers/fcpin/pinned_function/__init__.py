"""The Pulumi resource: a function pinned to a tag family."""

from fcpin.pinned_function.resource import PinnedFunction
from fcpin.pinned_function.stack_config import configured_functions

__all__ = ["PinnedFunction", "configured_functions"]
