"""The ledger that the configuration names."""

from typing import Final

from fcpin.receiver.errors import LedgerUnavailable
from fcpin.receiver.ledger.base import Ledger
from fcpin.receiver.ledger.redis import RedisLedger
from fcpin.receiver.ledger.sqlite import SqliteLedger
from fcpin.receiver.settings.model import ReceiverSettings

FILE: Final = "ledger.sqlite"


def open_ledger(settings: ReceiverSettings) -> Ledger:
    """Redis where one is named, else a file in the folder `state`. Raises InvalidSettings, LedgerUnavailable."""
    if settings.redis:
        return RedisLedger(settings.redis.value)
    try:
        settings.state.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LedgerUnavailable(f"{settings.state}: {error.strerror}; name a folder that can be written to") from error
    return SqliteLedger(settings.state / FILE)
