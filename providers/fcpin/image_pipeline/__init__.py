"""The Pulumi resource ImagePipeline: an image that is built from a commit."""

from fcpin.image_pipeline.resource import ImagePipeline, configured_pipelines

__all__ = ["ImagePipeline", "configured_pipelines"]
