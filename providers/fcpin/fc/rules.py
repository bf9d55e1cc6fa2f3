"""Documented rules of Function Compute about images, for previews.

Sources: the pages of custom-container functions, of regions and of quotas, 2025 and 2026. The rules change, and quotas
can be raised, so that all of them are warnings.
"""

from collections.abc import Iterator
from typing import Final

from fcpin.acr_hosts import acr_host
from fcpin.image import Repository

WITHOUT_CONTAINERS: Final = frozenset(
    {
        "cn-qingdao",
        "cn-wulanchabu",
        "cn-wulanchabu-acdr-1",
        "cn-wulanchabu-gic-1",
        "cn-chengdu",
        "ap-northeast-2",
        "ap-southeast-3",
        "ap-southeast-5",
        "ap-southeast-7",
        "eu-west-1",
        "me-central-1",
    }
)
"""Regions that run no custom containers."""
_GB: Final = 1 << 30
LARGEST: Final = 10
"""GB of an image, compressed."""
LARGEST_WITH_GPU: Final = 30


def placement_problems(repository: Repository, region: str) -> Iterator[str]:
    """The documented rules that forbid a function in *region* to run an image of *repository*."""
    if region in WITHOUT_CONTAINERS:
        yield f"Function Compute runs no custom containers in {region}; choose another region"
    acr = acr_host(repository.host)
    if acr is not None and acr.region != region:
        yield (
            f"the function is in {region}, and its image in {acr.region} ({repository.host}): FC pulls private images "
            f"from ACR in its own region only; push to a registry in {region}, or move the function to {acr.region}"
        )


def login_problem(host: str) -> str:
    """The rule that a created function without a login breaks when its image is at *host*; empty for none."""
    if acr_host(host) is not None:
        return ""
    return (
        f"FC has no login for {host}, which is not a host of ACR, so it pulls public images only: set "
        "config.registry_config; a custom domain of an ACR Enterprise instance is not supported by FC: use the "
        "instance's own host"
    )


def size_problem(compressed: int, *, has_gpu: bool) -> str:
    """The rule that an image of *compressed* bytes breaks; empty for none."""
    most = LARGEST_WITH_GPU if has_gpu else LARGEST
    if compressed <= most * _GB:
        return ""
    kind = "a GPU function" if has_gpu else "a function without a GPU"
    return (
        f"has {compressed / _GB:.1f} GB compressed, and FC supports up to {most} GB for {kind}; make it smaller, or "
        "request a higher quota"
    )


def is_economy(specification: str) -> bool:
    """Whether an ACR Enterprise instance with this `InstanceSpecification` is of the Economy edition.

    FC does not pull from it. The exact value is not documented.
    """
    return "economy" in specification.lower()
