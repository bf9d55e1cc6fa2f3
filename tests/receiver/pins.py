"""Pins in one line."""

from fcpin.image import Digest, Image, Repository
from fcpin.stack.stack import StackPin

A, B = (Digest(f"sha256:{letter * 64}") for letter in "ab")
PERSONAL = "registry.cn-hangzhou.aliyuncs.com"
ENTERPRISE = "demo-registry.cn-hangzhou.cr.aliyuncs.com"
MAIN: dict[str, object] = {"policy": {"family": {"name": "main"}}}


def pin(
    name: str = "checkout",
    repository: str = f"{ENTERPRISE}/shop/app",
    tag: str = "main-11",
    policy: dict[str, object] | None = MAIN,
    *,
    runs: str | None = None,
    digest: Digest = A,
) -> StackPin:
    """A pin at *tag*; *runs* is the tag that FC got, where that is another one."""
    where = Repository.parse(repository)
    return StackPin(
        name=name,
        function_name=f"{name}-dev",
        region="cn-hangzhou",
        profile="",
        repository=where,
        platform="linux/amd64",
        tag=tag,
        deployed=Image(where, runs or tag, digest),
        previous=None,
        policy=policy,
    )
