"""The state machine of a function.

1. Create: `state` Pending without a `lastUpdateStatus`; then Active and Successful, or Failed.
2. Update: `lastUpdateStatus` InProgress without a reason while the former settings serve; then Successful and the new
   ones serve, or Failed and the former ones go on.
3. Inactive: a call is refused, but makes the function Pending and then Active again.

Nothing runs in the background: each request first settles what has become due.
"""

from fcpin.emulator.fc.model import FunctionRecord, PlannedFailure, Transition


def begin_create(record: FunctionRecord, due: float, failure: PlannedFailure | None) -> None:
    record.transition = Transition("create", due, failure)
    _set_state(record, "Pending", "Creating", "The function is being created.")


def begin_update(record: FunctionRecord, due: float, failure: PlannedFailure | None) -> None:
    record.transition = Transition("update", due, failure)
    _set_update(record, "InProgress")


def begin_activate(record: FunctionRecord, due: float) -> None:
    record.transition = Transition("activate", due)
    _set_state(record, "Pending", "Restoring", "Function restoring")


def deactivate(record: FunctionRecord) -> None:
    """The function was idle for weeks: its cache is reclaimed."""
    record.instances.clear()
    _set_state(record, "Inactive", "Idle", "Function is inactive: it was not invoked for a long time")


def fail(record: FunctionRecord, code: str, reason: str) -> None:
    """The image that the function runs is gone."""
    _set_state(record, "Failed", code, reason)


def settle(record: FunctionRecord, now: float) -> None:
    """Carry out the transition that is due at *now* (seconds on the emulator's clock)."""
    transition = record.transition
    if transition is None or now < transition.due:
        return
    record.transition = None
    if transition.failure is not None:
        _end_failed(record, transition)
        return
    record.serving = record.wanted
    _set_state(record, "Active")
    if transition.kind == "update":
        record.instances = [one for one in record.instances if one.version_id != "0"]
    _set_update(record, "Successful")


def finish(record: FunctionRecord) -> None:
    """Carry out what is under way, however long it would have taken."""
    if record.transition is not None:
        settle(record, record.transition.due)


def _end_failed(record: FunctionRecord, transition: Transition) -> None:
    failure = transition.failure or PlannedFailure("", "")
    if transition.kind == "create":
        _set_state(record, "Failed", failure.reason_code, failure.reason)
    _set_update(record, "Failed", failure.reason_code, failure.reason)


def _set_state(record: FunctionRecord, state: str, code: str = "", reason: str = "") -> None:
    record.state, record.state_reason_code, record.state_reason = state, code, reason


def _set_update(record: FunctionRecord, status: str, code: str = "", reason: str = "") -> None:
    record.last_update_status, record.last_update_reason_code, record.last_update_reason = status, code, reason
