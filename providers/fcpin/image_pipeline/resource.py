"""`ImagePipeline` as a Pulumi program writes it."""

from collections.abc import Mapping
from typing import Any, Self

import pulumi
from pulumi.dynamic import Resource

from fcpin.image_pipeline.properties import DIGEST, OUTPUTS, TARGET
from fcpin.image_pipeline.provider import ImagePipelineProvider
from fcpin.json_reader import InvalidJson, read_json


class ImagePipeline(Resource, module="fcpin", name="ImagePipeline"):
    """An image that a pipeline of Serverless Devs, or buildah, builds from a commit if it does not exist.

    Deleting the resource leaves the image.
    """

    repository: pulumi.Output[str]
    tag: pulumi.Output[str]
    digest: pulumi.Output[str]
    """`sha256:…` of the tag, read from the registry. Unknown in a preview if the image is to be built."""
    pipeline: pulumi.Output[str]
    """Name of the pipeline that built it; empty if the image existed."""
    log_location: pulumi.Output[str]
    """Where the log of the build is; empty in the default environment, whose log is in the console only."""

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
        rebuild: `when-missing` (the default) takes an image that exists, `always` builds it in any case.
        deadline: seconds to wait for the image.
        check rejects other names, each with its property path.
        """
        if chosen := [key for key in (*TARGET, DIGEST) if key in unknown]:
            raise pulumi.RunError(f"{resource_name}: {', '.join(chosen)}: is derived from image and commit; remove it")
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
        """`host/namespace/name:tag@sha256:…`: what was built. Unknown in a preview if it is to be built."""
        return pulumi.Output.concat(self.repository, ":", self.tag, "@", self.digest)

    @property
    def release(self) -> pulumi.Output[str]:
        """The same as `image`; the name of this output in PinnedFunction."""
        return self.image

    @classmethod
    def from_config(
        cls,
        resource_name: str,
        entry: Mapping[str, Any],
        commit: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> Self:
        """Create one entry of the stack's `fcpin:pipelines`. check reports missing and unknown keys."""
        if reserved := {"opts", "resource_name", "self", "commit"} & entry.keys():
            raise pulumi.RunError(f"{resource_name}: {', '.join(sorted(reserved))}: unknown key")
        return cls(resource_name, **{"image": None, **entry}, commit=commit, opts=opts)


def configured_pipelines() -> Mapping[str, Mapping[str, Any]]:
    """Return the entries of the stack's `fcpin:pipelines` by the name of their resource; check validates each.

    Raises pulumi.RunError, which the user sees as one line.
    """
    where = f"fcpin:pipelines in Pulumi.{pulumi.get_stack()}.yaml"
    text = pulumi.Config("fcpin").get("pipelines")
    try:
        pipelines = None if text is None else read_json(text)
    except InvalidJson as error:
        raise pulumi.RunError(f"{where}: {error}") from None
    if not isinstance(pipelines, Mapping) or not all(isinstance(entry, Mapping) for entry in pipelines.values()):
        raise pulumi.RunError(f"{where}: expected a mapping with one entry for each pipeline (docs/pipelines.md)")
    return pipelines
