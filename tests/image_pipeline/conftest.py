"""A workshop, and the cloud that it builds in."""

from tests.build.conftest import workshop

__all__ = ["workshop"]
