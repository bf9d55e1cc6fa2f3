"""A stack as another program sees it: its configuration, and the pins in its state."""

from fcpin.stack.engine import Engine
from fcpin.stack.pins import StackPin
from fcpin.stack.stack import Stack

__all__ = ["Engine", "Stack", "StackPin"]
