"""`ImagePipeline` as a Pulumi program writes it."""

from collections.abc import Mapping
from typing import Any, Self

import pulumi
from pulumi.dynamic import Resource

from fcpin.image_pipeline.keys import DIGEST, OUTPUTS, TARGET
from fcpin.image_pipeline.provider import ImagePipelineProvider


class ImagePipeline(Resource, module="fcpin", name="ImagePipeline"):
    """An image that a pipeline of Serverless Devs, or buildah, builds from a commit, unless it is there already.

    Deleting the resource leaves the image.
    """

    repository: pulumi.Output[str]
    tag: pulumi.Output[str]
    digest: pulumi.Output[str]
    """`sha256:…` of the tag, read back from the registry. In a preview unknown until it is built."""
    pipeline: pulumi.Output[str]
    """Name of the pipeline that built it; empty when it was there already."""
    log_location: pulumi.Output[str]
    """Where the log of the build is; empty where nobody tells: in the console."""

    def __init__(
        self,
        resource_name: str,
        *,
        image: pulumi.Input[str],
        commit: pulumi.Input[str],
        builder: pulumi.Input[str] | None = None,
        source: pulumi.Input[str] | None = None,
        dockerfile: pulumi.Input[str] | None = None,
        context: pulumi.Input[str] | None = None,
        warm: pulumi.Input[Mapping[str, Any]] | None = None,
        cache_dir: pulumi.Input[str] | None = None,
        runner: pulumi.Input[Mapping[str, Any]] | None = None,
        instance_id: pulumi.Input[str] | None = None,
        labels: pulumi.Input[Mapping[str, str]] | None = None,
        description: pulumi.Input[str] | None = None,
        app_name: pulumi.Input[str] | None = None,
        env_name: pulumi.Input[str] | None = None,
        rebuild: pulumi.Input[str] | None = None,
        deadline: pulumi.Input[float] | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **unknown: Any,
    ) -> None:
        """Build *image* (`host/namespace/name:{commit}`) from *commit*; the other arguments as in docs/pipelines.md.

        builder: `devs` (the default), or `buildah` on this machine, from the git repository at *source*.
        rebuild: `when-missing` (the default) takes an image that is there, `always` builds it anew.
        deadline: seconds that are waited for the image.
        Other names are refused by check, each with its property path.
        """
        if chosen := [key for key in (*TARGET, DIGEST) if key in unknown]:
            raise pulumi.RunError(f"{resource_name}: {', '.join(chosen)}: follows from image and commit; remove it")
        inputs = {
            "image": image,
            "commit": commit,
            "builder": builder,
            "source": source,
            "dockerfile": dockerfile,
            "context": context,
            "warm": warm,
            "cache_dir": cache_dir,
            "runner": runner,
            "instance_id": instance_id,
            "labels": labels,
            "description": description,
            "app_name": app_name,
            "env_name": env_name,
            "rebuild": rebuild,
            "deadline": deadline,
            **unknown,
        }
        properties = {**dict.fromkeys((*TARGET, DIGEST, *OUTPUTS)), **inputs}
        super().__init__(ImagePipelineProvider(), resource_name, properties, opts)

    @property
    def image(self) -> pulumi.Output[str]:
        """`host/namespace/name:tag@sha256:…`: what was built. In a preview unknown until it is."""
        return pulumi.Output.concat(self.repository, ":", self.tag, "@", self.digest)

    @property
    def release(self) -> pulumi.Output[str]:
        """The same as `image`, under the name that PinnedFunction has for it."""
        return self.image

    @classmethod
    def from_config(
        cls,
        resource_name: str,
        entry: Mapping[str, Any],
        commit: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> Self:
        """One entry of the stack's `fcpin:pipelines`. What is missing or too much in it is reported by check."""
        if reserved := {"opts", "resource_name", "self", "commit"} & entry.keys():
            raise pulumi.RunError(f"{resource_name}: {', '.join(sorted(reserved))}: unknown key")
        return cls(resource_name, **{"image": None, **entry}, commit=commit, opts=opts)
