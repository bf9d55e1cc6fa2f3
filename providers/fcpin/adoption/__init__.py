"""Entries of a stack's configuration for functions that exist: other tools made them, and they are to be pinned."""
