"""A local Alibaba Cloud: Function Compute 3.0, Container Registry Enterprise Edition and the OCI distribution API.

    with Emulator().serve() as cloud:
        cloud.push("shop/app", "release-1")

Clients talk to it over the real wire protocols; see docs/emulator.md.
"""

from emulator.calls import Call
from emulator.cloud import Emulator
from emulator.errors import EmulatorError
from emulator.fc.instances import InvokeResult
from emulator.knobs import Knobs

__all__ = ["Call", "Emulator", "EmulatorError", "InvokeResult", "Knobs"]
