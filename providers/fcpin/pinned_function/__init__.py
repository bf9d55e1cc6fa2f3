"""The Pulumi resource: a function pinned to a tag family."""

from fcpin.pinned_function.resource import PinnedFunction, configured_functions

__all__ = ["PinnedFunction", "configured_functions"]
