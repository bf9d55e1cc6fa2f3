"""Hold a function at one image, and end the hold, as `fcpin rollback` does: in the files of the project."""

import threading

from fcpin.clients import registries_of
from fcpin.clock import Clock
from fcpin.errors import InvalidSettings, Problem
from fcpin.policy.hold import Hold
from fcpin.stack import Engine, Stack
from fcpin.stack.project import read_file, stack_file, write_file
from fcpin.stack.rollback import Entry, hold_for, reason_of
from fcpin.stack.yaml_edit import with_hold


class FileHolds:
    """Deploys nothing: the caller requests a job. Thread-safe."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock
        self._lock = threading.Lock()

    def hold(self, stack: str, pin: str, hold: Hold) -> None:
        """In the place of a hold that the pin has.

        Raises InvalidSettings, also for a file that cannot be written or edited; InvalidPolicy when the policy does not
        take the hold; RegistryError, StackError. The file is then as it was.
        """
        now = self._clock.now()
        if hold.is_over(now):
            raise InvalidSettings(Problem("until", "is in the past"))
        reason = _reason(hold)
        with self._lock:
            read = Stack.read(self._engine, stack)
            entry, registries = Entry.find(read, pin), registries_of(read.settings, self._clock)
            try:
                written = hold_for(entry, registries, hold.tag or hold.digest, hold.until, reason)
            except InvalidSettings as error:  # which name an option of a command
                raise InvalidSettings(*(Problem("tag", problem.reason) for problem in error.problems)) from None
            if hold.digest is not None and written.get("digest") not in (None, hold.digest):
                raise InvalidSettings(Problem("digest", f"{hold.tag} now has {written['digest']}"))
            entry.selection(registries, written, now)
            self._write(read, entry.name, written)

    def resume(self, stack: str, pin: str) -> None:
        """Remove the hold; none is no failure. Raises InvalidSettings, StackError."""
        with self._lock:
            read = Stack.read(self._engine, stack)
            self._write(read, Entry.find(read, pin).name, None)

    def _write(self, stack: Stack, name: str, hold: dict[str, str] | None) -> None:
        own = stack.file_of(name)
        file = own.path if own else stack_file(self._engine.folder, stack.name)
        before = read_file(file)
        after = with_hold(before, name, hold, own.name if own else file.name, is_stack=own is None)
        if after != before:
            write_file(file, after)


def _reason(hold: Hold) -> str:
    try:
        return reason_of(hold.reason or "")
    except ValueError as error:
        raise InvalidSettings(Problem("reason", str(error))) from None
