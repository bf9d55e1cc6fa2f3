"""The Pulumi resource: a function pinned to a tag family."""

from fcpin.pinned_function.resource import PinnedFunction

__all__ = ["PinnedFunction"]
