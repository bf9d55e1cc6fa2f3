"""Image-build pipelines of Serverless Devs as documents: read, judged, rendered. No I/O."""

from fcpin.pipeline.document import Document
from fcpin.pipeline.validate import Examined, examine

__all__ = ["Document", "Examined", "examine"]
