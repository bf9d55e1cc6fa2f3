"""Which programs and packages there are."""

import platform
import subprocess
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from fcpin import __version__
from fcpin.doctor.line import Line, ok, problem
from fcpin.errors import FcpinError
from fcpin.stack.engine import Engine

_PACKAGES: Final = ("pulumi", "alibabacloud-tea-openapi", "alibabacloud-credentials")
_CLI: Final = "pulumi"
_SECONDS: Final = 20.0


def versions() -> Iterator[Line]:
    """fcpin, Python and the SDKs."""
    yield ok("fcpin", f"{__version__}, Python {platform.python_version()}")
    for package in _PACKAGES:
        try:
            yield ok(package, version(package))
        except PackageNotFoundError:
            yield problem(package, "is not installed", f"pip install {package}")


def engine(found: Engine | FcpinError) -> Iterator[Line]:
    """The Pulumi CLI, or what stands in for it."""
    if isinstance(found, FcpinError):
        yield problem("engine", str(found), "install the Pulumi CLI, or run it where the project is")
    elif found.name != _CLI:
        yield ok("engine", f"embedded ({found.name})")
    else:
        yield _cli(found)


def _cli(found: Engine) -> Line:
    try:
        done = subprocess.run(
            [_CLI, "version"], env=found.environment, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return problem("engine", f"`pulumi version` cannot be run ({type(error).__name__})", "reinstall the Pulumi CLI")
    said = done.stdout.strip().partition("\n")[0]
    if done.returncode != 0 or not said.startswith("v"):
        return problem("engine", f"`pulumi version` ended with status {done.returncode}", "reinstall the Pulumi CLI")
    return ok("engine", f"Pulumi CLI {said}")
