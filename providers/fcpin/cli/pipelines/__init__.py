"""fcpin pipeline: image-build pipelines, as files and in stack configuration."""

from fcpin.cli.pipelines.group import PIPELINE

__all__ = ["PIPELINE"]
