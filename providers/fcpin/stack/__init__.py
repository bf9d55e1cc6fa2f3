"""A stack as another program sees it: its configuration, and the pins in its state."""

from fcpin.stack.engine import Engine
from fcpin.stack.stack import Stack, StackPin

__all__ = ["Engine", "Stack", "StackPin"]
