"""Pin every function of the stack's configuration to its tag family."""

import pulumi

from fcpin.pinned_function import PinnedFunction, configured_functions

pins = {name: PinnedFunction.from_config(name, entry) for name, entry in configured_functions().items()}

pulumi.export("images", {name: pin.release for name, pin in pins.items()})
