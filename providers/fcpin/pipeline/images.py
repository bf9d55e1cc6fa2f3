"""Which images a pipeline can push, and which it had better not."""

import re
from collections.abc import Iterator
from typing import Final

from fcpin.errors import InvalidImage
from fcpin.image import AcrHost, Image, acr_host, documented_acr_host
from fcpin.pipeline.finding import Finding, error, warning
from fcpin.pipeline.model import Build
from fcpin.pipeline.variables import has_variables, stand_in
from fcpin.policy.tag_names import ACCELERATED

_MASK: Final = re.compile(r"\*{3}")


def host_of(image: str) -> AcrHost | None:
    """The host of ACR that *image* is on, or None."""
    return documented_acr_host(image.partition("/")[0])


def is_masked(text: str) -> bool:
    """Whether *text* has a `***`, by which documentation hides names."""
    return _MASK.search(text) is not None


def reference(image: str) -> Image:
    """*image* with stand-ins for variables and masks. Raises InvalidImage."""
    return Image.parse(_MASK.sub("x", stand_in(image)))


def judge(build: Build, *, is_template: bool) -> Iterator[Finding]:
    """What is to be said of the image that *build* pushes.

    *is_template*: whether variables are still to be filled in, so that a tag without one is the same in every run.
    """
    path = f"{build.path}.image"
    if not build.image:
        return
    try:
        image = reference(build.image)
    except InvalidImage as wrong:
        yield from (error(path, problem.reason) for problem in wrong.problems)
        return
    host = host_of(build.image)
    if host is None:
        yield error(
            path,
            f"{image.repository.host} is not ACR, and pipelines push to ACR only; "
            "write registry.<region>.aliyuncs.com/namespace/name:tag",
        )
        return
    if is_masked(build.image):
        yield warning(path, f"{build.image} is masked with ***; write the real name before it is run")
    if image.digest is not None:
        yield error(path, "names a digest, which only the build will tell; write a tag")
    yield from _tag(path, build.image, image, is_template=is_template)
    yield from _host(path, build.image.partition("/")[0], host, image)


def _tag(path: str, written: str, image: Image, *, is_template: bool) -> Iterator[Finding]:
    if image.tag is None:
        yield error(path, "has no tag; write :<% .git.shortCommitId %>, a tag for each commit")
    elif is_template and not has_variables(written):
        yield warning(
            path,
            f"every run pushes :{image.tag} anew, and on Function Compute a moved tag is an outage; "
            "write :<% .git.shortCommitId %>, a tag for each commit",
        )


def _host(path: str, written: str, host: AcrHost, image: Image) -> Iterator[Finding]:
    if host.edition == "enterprise" and acr_host(written) is None:
        right = written.replace(f".{host.region}.", f".{host.region}.cr.")
        yield warning(path, f"hosts of ACR Enterprise end in .cr.aliyuncs.com: {right}")
    if host.edition == "personal" and image.tag is not None and image.tag.endswith(ACCELERATED):
        yield error(path, f"{ACCELERATED} images are made by ACR Enterprise only; drop the ending")
