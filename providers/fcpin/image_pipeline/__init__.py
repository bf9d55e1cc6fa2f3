"""The Pulumi resource: an image that is built from a commit."""

from fcpin.image_pipeline.resource import ImagePipeline
from fcpin.image_pipeline.stack_config import configured_pipelines

__all__ = ["ImagePipeline", "configured_pipelines"]
