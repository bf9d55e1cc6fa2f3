"""The image that a function is created with, chosen by its policy."""

from fcpin.initial_image.resource import InitialImage

__all__ = ["InitialImage"]
