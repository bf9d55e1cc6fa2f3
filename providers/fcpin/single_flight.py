"""Do a thing once, however many threads need it at the same time."""

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Once(Generic[V]):
    """A value that its first reader makes; readers that come meanwhile wait for it and get the same value or error.

    A temporary failure is forgotten once its waiters have it: the next reader tries again. A lasting failure
    (`temporary` is False on the error) stays, because another attempt would be refused too, or lock an account.
    """

    def __init__(self, make: Callable[[], V]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._future: Future[V] | None = None

    def __call__(self) -> V:
        """Raises what *make* raises."""
        with self._lock:
            future = self._future
            if is_first := future is None:
                future = self._future = Future()
        if is_first:
            self._run(future)
        return future.result()

    def forget(self, value: V | None = None) -> None:
        """Make it again the next time. With *value* only if that is what was made. One in the making is kept."""
        with self._lock:
            future = self._future
            if future is None or not future.done():
                return
            if value is None or (not future.exception() and future.result() is value):
                self._future = None

    def _run(self, future: Future[V]) -> None:
        try:
            value = self._make()
        except BaseException as error:
            if getattr(error, "temporary", True):
                with self._lock:
                    self._future = None
            future.set_exception(error)
        else:
            future.set_result(value)


class SingleFlight(Generic[K, V]):
    """A `Once` for each key."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[K, Once[V]] = {}

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The value of *key*, which *make* makes for the first reader."""
        with self._lock:
            once = self._values.get(key)
            if once is None:
                once = self._values[key] = Once(make)
        return once()

    def forget(self, key: K, value: V | None = None) -> None:
        """See `Once.forget`."""
        with self._lock:
            if once := self._values.get(key):
                once.forget(value)
