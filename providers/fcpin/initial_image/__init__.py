"""The image that a function is created with, selected by its policy."""

from fcpin.initial_image.provider import InitialImage

__all__ = ["InitialImage"]
