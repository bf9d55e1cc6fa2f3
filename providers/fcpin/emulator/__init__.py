"""A local Alibaba Cloud: Function Compute 3.0, Container Registry Enterprise Edition and the OCI distribution API.

    with Emulator().serve() as cloud:
        cloud.push("shop/app", "release-1")

Clients talk to it over the real wire protocols; see docs/emulator.md.
"""

from fcpin.emulator.calls import Call
from fcpin.emulator.cloud import Emulator
from fcpin.emulator.errors import EmulatorError
from fcpin.emulator.fc.instances import InvokeResult
from fcpin.emulator.knobs import Knobs

__all__ = ["Call", "Emulator", "EmulatorError", "InvokeResult", "Knobs"]
