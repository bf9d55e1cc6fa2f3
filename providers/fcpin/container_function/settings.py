"""The runtime settings of a function, shared out: the container's to PinnedFunction, all others to V3Function."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import pulumi
import pulumi_alicloud as alicloud

from fcpin.errors import unknown_key
from fcpin.fc.runtime_config import CONTAINER, SECRET

_ELSEWHERE: Final = ("function_name", "role", "log_config", "vpc_config", "tags")
"""Arguments of ContainerFunction itself."""
_OTHER_RUNTIMES: Final = ("code", "custom_runtime_config", "layers")
_SET_HERE: Final = ("runtime", "custom_container_config")
_PLURALS: Final = {"command": "commands", "entrypoint": "entrypoints"}
"""pulumi-alicloud's names of lists."""
_NAMES: Final = {"v_switch_id": "vswitch_id"}


@dataclass(frozen=True, slots=True)
class FunctionSettings:
    """`config` of a ContainerFunction."""

    container: Mapping[str, Any]
    """`port`, `command`, `entrypoint`, `health_check_config`, `registry_config`"""
    function: Mapping[str, Any]
    """Arguments of V3Function."""

    @classmethod
    def read(cls, name: str, config: Mapping[str, Any] | None) -> Self:
        """Raises pulumi.RunError, which the user sees as one line, naming *name* and the key."""
        config = config or {}
        if not isinstance(config, Mapping):
            raise pulumi.RunError(
                f"{name}: config: expected a dictionary, whose values may be outputs; got {type(config).__name__}"
            )
        taken = [key for key in inspect.signature(alicloud.fc.V3FunctionArgs.__init__).parameters if key != "__self__"]
        known = [key for key in taken if key not in (*_ELSEWHERE, *_OTHER_RUNTIMES, *_SET_HERE)]
        for key in config:
            if key in _ELSEWHERE:
                raise pulumi.RunError(f"{name}: config.{key}: is an argument of its own, not a key of config")
            if key not in known and key not in CONTAINER:
                raise pulumi.RunError(f"{name}: config.{key}: {unknown_key(key, [*CONTAINER, *known])}")
        return cls(
            {key: value for key, value in config.items() if key in CONTAINER},
            {key: value for key, value in config.items() if key not in CONTAINER},
        )

    def custom_container_config(self, image: pulumi.Input[str]) -> Mapping[str, Any]:
        """What V3Function is created with."""
        given = {_PLURALS.get(key, key): _sealed(key, value) for key, value in self.container.items()}
        return {"image": image, **given}


def _sealed(key: str, value: Any) -> Any:
    """A setting with a password as a secret, in pulumi-alicloud's names; any other as it is."""
    return pulumi.Output.secret(value).apply(_renamed) if key in SECRET else value


def _renamed(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {_NAMES.get(key, key): _renamed(one) for key, one in value.items()}
