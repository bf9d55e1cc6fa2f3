"""Do a thing once, however many threads ask for it at the same time."""

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class SingleFlight(Generic[K, V]):
    """Remembers what was made for a key. Whoever asks while it is being made waits and gets the same answer or error.

    A passing failure is forgotten once its waiters have it: the next one to ask tries again. A lasting failure
    (`temporary` is False on the error) stays, because asking again would cost another refusal, or lock an account.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[K, Future[V]] = {}

    def get(self, key: K, make: Callable[[], V]) -> V:
        """What was made for *key*, made now in this thread if nobody has begun. Raises what *make* raised."""
        with self._lock:
            future = self._made.get(key)
            if ours := future is None:
                future = self._made[key] = Future()
        if ours:
            self._fly(key, future, make)
        return future.result()

    def forget(self, key: K, value: V) -> None:
        """Make *key* anew the next time, if it is still *value* that is remembered."""
        with self._lock:
            future = self._made.get(key)
            if future is not None and future.done() and not future.exception() and future.result() is value:
                del self._made[key]

    def drop(self, key: K) -> None:
        """Make *key* anew the next time, whatever is remembered of it, failures too."""
        with self._lock:
            future = self._made.get(key)
            if future is not None and future.done():
                del self._made[key]

    def _fly(self, key: K, future: Future[V], make: Callable[[], V]) -> None:
        try:
            value = make()
        except BaseException as error:
            if getattr(error, "temporary", True):
                with self._lock:
                    del self._made[key]
            future.set_exception(error)
        else:
            future.set_result(value)
