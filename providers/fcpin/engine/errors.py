"""Every expected failure of the engine, as one tree of types; each knows its exit code.

EngineError              1  one line: where, what (got / expected), what to do
├── Unsupported             the Pulumi CLI can do it, this engine cannot; nothing has been changed
├── ProjectInvalid          Pulumi.yaml or the stack's configuration cannot be used
├── StateUnusable           the checkpoint is damaged, newer, or compressed: never written over
├── PassphraseWrong
├── StackLocked             another run holds the lock, or one was killed
├── StackNotFound        6
├── UsageError           2  unknown or conflicting arguments
├── ChangesProposed      7  --expect-no-changes, and there were some
├── Cancelled            8  the user declined, or interrupted the run
├── ProviderRefused         a dynamic provider that this engine does not load
├── ProviderFailed          a method of the dynamic provider raised; the text is the provider's
│   └── OutcomeUnknown      the plugin ended in the middle of a call
└── CheckFailed             check() returned failures: one line each
"""


class EngineError(Exception):
    """An expected failure. `str()` is what the user reads."""

    exit_code = 1


class Unsupported(EngineError):
    """Something that only the Pulumi CLI does."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is not supported by the embedded engine; use the Pulumi CLI")


class ProjectInvalid(EngineError):
    """Pulumi.yaml or Pulumi.<stack>.yaml is missing, unreadable or wrong."""


class StateUnusable(EngineError):
    """The stack's checkpoint cannot be read or written."""


class PassphraseWrong(EngineError):
    """No passphrase, or not the one that the stack was made with."""


class StackLocked(EngineError):
    """The stack is, or seems to be, in use by another run."""


class StackNotFound(EngineError):
    """The backend has no such stack."""

    exit_code = 6


class UsageError(EngineError):
    """The command line is not valid."""

    exit_code = 2


class ChangesProposed(EngineError):
    """--expect-no-changes was given, and something changed."""

    exit_code = 7


class Cancelled(EngineError):
    """The user declined or interrupted the run."""

    exit_code = 8


class ProviderRefused(EngineError):
    """A serialized provider of a class that the configuration does not allow. None of its code has been run."""


class ProviderFailed(EngineError):
    """A call of the plugin failed. The text is the provider's own, with a traceback unless the provider left it out."""


class OutcomeUnknown(ProviderFailed):
    """The plugin process ended in the middle of a call: the operation stays pending in the state."""


class CheckFailed(EngineError):
    """The provider's check() returned failures: one line each."""
