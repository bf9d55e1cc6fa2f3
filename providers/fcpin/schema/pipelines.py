"""Schema of `fcpin:pipelines`, from the shapes that check it."""

from collections.abc import Mapping
from typing import Final

from fcpin.pipelines.spec import PIPELINE
from fcpin.schema.fragments import Schema, mapping
from fcpin.schema.shapes import schema_of

ABOUT: Final[Mapping[str, str]] = {
    "image": "What is pushed, with the commit in its tag: registry.<region>.aliyuncs.com/namespace/name:{commit}.",
    "builder": "Who builds: a pipeline of Serverless Devs, or buildah where the stack is deployed.",
    "source": "For buildah: a folder in the code repository, from the program's; the program's own unless given.",
    "dockerfile": "Its path in the code repository; ./Dockerfile unless given, for buildah ./Containerfile first.",
    "context": "The folder that is built; the Dockerfile's unless given.",
    "cache_dir": "A folder of NAS with base images; warm.cache_dir unless given.",
    "instance_id": "Of ACR Enterprise: cri-…",
    "warm": "Base images to pull into the cache before the build.",
    "runner": "The dedicated environment: a function of your account, in your VPC. The default one unless given.",
    "labels": "To find the pipelines by.",
    "description": "For people.",
    "app_name": "Of the application in Serverless Devs whose code is built.",
    "env_name": "Of its environment.",
    "rebuild": "Whether to build although the tag is there already.",
    "deadline": "Seconds that are waited for the image; the environment's own and 600 more unless given.",
}


def pipeline_schema() -> Schema:
    """Of one entry."""
    fields = {name: {**schema_of(shape), "description": ABOUT[name]} for name, shape in PIPELINE.fields.items()}
    image = {"description": ABOUT["image"], "type": "string", "pattern": r"\{commit(:[0-9]+)?\}"}
    return mapping("An image-build pipeline.", {**fields, "image": image}, ["image"])
