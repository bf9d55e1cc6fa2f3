"""fcpin: pin Alibaba Cloud Function Compute functions to a family of image tags."""

from fcpin.errors import FcpinError

__all__ = ["FcpinError"]
__version__ = "0.1.0"
