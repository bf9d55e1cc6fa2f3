"""Addresses by apprise: `dingtalk://…`, `feishu://…`, `slack://…`, `json://…` and a hundred others."""

import warnings
from collections.abc import Sequence
from typing import Final

from apprise import Apprise, AppriseAsset, NotifyBase, NotifyFormat, NotifyType, PersistentStoreMode

from fcpin.errors import InvalidSettings, Problem
from fcpin.receiver.notify.message import Message, Tone
from fcpin.receiver.settings.secrets import Secret

_TYPES: Final = {
    Tone.INFO: NotifyType.INFO,
    Tone.SUCCESS: NotifyType.SUCCESS,
    Tone.WARNING: NotifyType.WARNING,
    Tone.FAILURE: NotifyType.FAILURE,
}


def addresses(secrets: Sequence[Secret]) -> Sequence["AppriseAddress"]:
    """Raises InvalidSettings, which names where each wrong one stands and never what it is."""
    asset = AppriseAsset(app_id="fcpin", app_desc="fcpin receiver", storage_mode=PersistentStoreMode.MEMORY)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # its plugins are imported now; one wants imghdr
        found = {index: Apprise.instantiate(secret.value, asset=asset) for index, secret in enumerate(secrets)}
    problems = [
        Problem(
            f"notify[{index}]", f"{secrets[index].source} is no address that apprise knows; see its list of services"
        )
        for index, service in found.items()
        if not isinstance(service, NotifyBase)
    ]
    if problems:
        raise InvalidSettings(*problems)
    return [AppriseAddress(service) for service in found.values() if isinstance(service, NotifyBase)]


class AppriseAddress:
    """`Address` of one service. apprise gives up on a connection after four seconds, and on an answer after four."""

    def __init__(self, service: NotifyBase) -> None:
        self._service = service

    @property
    def service(self) -> str:
        return str(self._service.service_name)

    def send(self, message: Message) -> bool:
        kind = _TYPES[message.tone]
        return bool(
            self._service.notify(
                body=message.body, title=message.title, notify_type=kind, body_format=NotifyFormat.TEXT
            )
        )
