"""A cloud in which nothing takes time."""

from typing import Final

from fcpin.emulator import Knobs

INSTANT: Final = Knobs(create_seconds=0, update_seconds=0)
"""Creating and updating a function."""
