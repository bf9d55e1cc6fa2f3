"""A local Alibaba Cloud: Function Compute 3.0, Container Registry Enterprise Edition and the OCI distribution API.

    with Emulator().serve() as cloud:
        cloud.push("shop/app", "release-1")

Clients talk to it over the real wire protocols; see docs/emulator.md.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from fcpin.emulator.calls import ApiCall
    from fcpin.emulator.fc.instances import InvokeResult
    from fcpin.emulator.knobs import Knobs
    from fcpin.emulator.server import Emulator
    from fcpin.emulator.wire import EmulatorError

__all__ = ["ApiCall", "Emulator", "EmulatorError", "InvokeResult", "Knobs"]

_MODULES: Final = {
    "ApiCall": "calls",
    "Emulator": "server",
    "EmulatorError": "wire",
    "InvokeResult": "fc.instances",
    "Knobs": "knobs",
}


def __getattr__(name: str) -> Any:
    """Imported when first used, so that `python -m fcpin.emulator` can report that its extra is not installed."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
