"""One look at the ledger twice a second, for as many listeners as there are; none while nobody listens."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

from fcpin.receiver.errors import LedgerUnavailable, Reason, Rejected
from fcpin.receiver.page.live.cursor import Moment

_LOG = logging.getLogger(__name__)

AWAY: Final = Moment("away")
"""The ledger does not answer: the page says so, and comes back by itself."""


class Listener:
    """One open stream."""

    def __init__(self, moment: Moment | None) -> None:
        self.moment = moment
        """The newest; None before the first look."""
        self.ended = False
        self._news = asyncio.Event()

    def tell(self, moment: Moment) -> None:
        self.moment = moment
        self._news.set()

    def end(self) -> None:
        self.ended = True
        self._news.set()

    async def wait(self, seconds: float) -> None:
        """Until there is news, or for so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()
        self._news.clear()


class Feed:
    """For one event loop."""

    def __init__(self, look: Callable[[], Moment], *, every: float = 0.5, most: int = 100) -> None:
        """*look* may block; *every*: seconds between its calls; *most*: listeners at once."""
        self._look, self._every, self._most = look, every, most
        self._listeners: set[Listener] = set()
        self._looking: asyncio.Task[None] | None = None
        self._last: Moment | None = None
        self._closed = False

    @asynccontextmanager
    async def listener(self) -> AsyncIterator[Listener]:
        """Listen until the block ends. Raises Rejected when there are too many."""
        if self._closed or len(self._listeners) >= self._most:
            raise Rejected(Reason.CROWDED, f"{self._most} event streams are open; reload the page instead")
        one = Listener(self._last)
        self._listeners.add(one)
        if self._looking is None:
            self._looking = asyncio.create_task(self._keep_looking(), name="page-feed")
        try:
            yield one
        finally:
            self._listeners.discard(one)
            if not self._listeners and self._looking is not None:
                self._looking.cancel()
                self._looking = self._last = None

    def close(self) -> None:
        """End every stream: the server stops."""
        self._closed = True
        for one in self._listeners:
            one.end()

    async def _keep_looking(self) -> None:
        while not self._closed:
            moment = await asyncio.to_thread(self._see)
            if moment != self._last:
                self._last = moment
                for one in self._listeners:
                    one.tell(moment)
            await asyncio.sleep(self._every)

    def _see(self) -> Moment:
        try:
            return self._look()
        except LedgerUnavailable as error:
            _LOG.warning("the page's feed: %s", error)
        except Exception:  # the listeners are told; whoever reads the log learns why
            _LOG.exception("the page's feed")
        return AWAY
