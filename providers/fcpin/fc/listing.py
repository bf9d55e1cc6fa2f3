"""Functions of a listing in full: ListFunctions leaves `state` and `lastUpdateStatus` out.

https://www.alibabacloud.com/help/en/functioncompute/fc/developer-reference/api-fc-2023-03-30-listfunctions
"""

from typing import Protocol

from fcpin.fc.model import Function
from fcpin.fc.runtime_config import RUNTIME, SANDBOX


class Reader(Protocol):
    """The part of FunctionClient that is used here."""

    def get(self, name: str) -> Function: ...


def may_run_image(listed: Function) -> bool:
    """Whether the runtime is one of those that run an image; a listing without runtimes leaves it open."""
    return listed.runtime in {"", RUNTIME, SANDBOX}


def is_fc2(name: str) -> bool:
    """Whether *name* is `service$function`, as FC 3.0 lists a function of FC 2.0."""
    return "$" in name


def in_full(client: Reader, listed: Function) -> Function:
    """The function with its image and status: one request where *listed* may run an image and lacks one of the two.

    Raises FunctionNotFound if it was deleted after it was listed, FunctionError.
    """
    is_full = listed.resolved_image_uri and listed.last_update_status
    return listed if is_full or not may_run_image(listed) else client.get(listed.name)
