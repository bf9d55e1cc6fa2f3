"""One deployed project an engine and module: its cases each push to a function of their own."""

import os
import shutil
from collections.abc import Iterator

import pytest

from fcpin.emulator import Emulator
from tests.lifecycle.conftest import QUICK
from tests.receiver.converge.project import Project


@pytest.fixture(scope="module", params=["embedded", "pulumi"])
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """On the engines that the lifecycle cases run on."""
    name: str = request.param
    if (wanted := os.environ.get("ENGINE", "auto")) not in {"auto", name}:
        pytest.skip(f"ENGINE={wanted}")
    if name == "pulumi" and shutil.which("pulumi") is None:
        pytest.skip("the Pulumi CLI is not on PATH")
    with pytest.MonkeyPatch.context() as environment, Emulator(knobs=QUICK).serve() as cloud:
        environment.setenv("PULUMI_AUTOMATION_API_SKIP_VERSION_CHECK", "1")  # a CLI from source has no version
        yield Project.deployed(tmp_path_factory.mktemp(name), name, cloud)
