"""Bring a stack to its pins with the engine that is here, and tell what changed."""
