"""Bring a stack to what its policies select, with the engine that is installed."""
