"""The program of `make demo-build`: an image is built from a commit, and a function runs exactly that."""

import os

import pulumi

from fcpin.image_pipeline import ImagePipeline, configured_pipelines
from fcpin.pinned_function import PinnedFunction

built = ImagePipeline.from_config("app", configured_pipelines()["app"], commit=os.environ["GIT_COMMIT"])
PinnedFunction(
    "checkout",
    function_name="checkout",
    image=built.image,
    config={"cpu": 0.5, "memory_size": 512, "disk_size": 512, "port": 9000},
)

pulumi.export("image", built.image)
