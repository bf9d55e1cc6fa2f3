"""Every expected failure of fcpin, as one tree of types.

    FcpinError                     one line: where, what (got / expected), what to do
    ├── InvalidInput               wrong input of the user; carries every problem with its property path
    │   ├── InvalidImage
    │   ├── InvalidPolicy
    │   ├── InvalidSettings
    │   └── NotApproved            a policy chooses another image than the approved one
    ├── NoTagQualifies             a valid policy and a complete listing, but no tag to deploy
    ├── TagMoved                   the tag's digest is no longer the one that was resolved
    ├── WrongShape                 a response, or a field of it, has another type than its operation defines; a client
    │                              makes it an error of its own tree
    ├── StackError                 the engine did not return the configuration or the state of a stack
    ├── RegistryError
    │   ├── RepositoryNotFound
    │   ├── TagNotFound
    │   ├── RegistryDenied         credentials missing, wrong or without the right
    │   ├── ListingIncomplete      fewer tags arrived than the registry counts: nothing is selected from them
    │   ├── PlatformMissing        the image cannot run on the platform of the function
    │   ├── EditionUnsupported     FC does not pull from this edition of ACR
    │   ├── RegistryUnavailable    temporary
    │   └── RegistryProtocolError  the registry returned what its protocol does not allow
    ├── FunctionError
    │   ├── FunctionNotFound
    │   ├── FunctionExists
    │   ├── FunctionDenied
    │   ├── FunctionRejected       FC refused the request: trying again will not help
    │   ├── FunctionConflict       temporary: another update of the function is under way
    │   ├── FunctionUnavailable    temporary: throttled, or the service cannot be reached
    │   ├── FunctionProtocolError  the response is not one of the operation that was called; never read as "not found"
    │   ├── FunctionLocked         nothing was sent: the function is locked, or its invocation is disabled
    │   ├── LoginLost              an update removed the login of the function's registry
    │   ├── UpdateFailed           FC accepted the request, and the update failed
    │   ├── DeadlineExceeded       the update was still under way when the deadline passed
    │   └── PinMismatch            FC finished, but runs another digest than the pin
    └── PipelineError
        ├── PipelineNotFound
        ├── PipelineExists         the name was used before: names are unique for ever
        ├── PipelineDenied
        ├── PipelineRejected       Serverless Devs refused the request: trying again will not help
        ├── PipelineConflict       the pipeline is in no phase in which this can be done
        ├── PipelineUnavailable    temporary: throttled, or the service cannot be reached
        ├── PipelineProtocolError  the response is not one of the operation that was called
        ├── BuildFailed            the pipeline, or buildah, ran and failed
        ├── BuildCanceled          the pipeline was cancelled, or the run interrupted
        ├── BuildTimedOut          it was still running when the deadline passed
        └── BuildMismatch          it succeeded, but what is in the registry is not what it reported, or cannot be run

Whether to try again is a property of the type (`temporary`), never of the sentence.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

_SHOWN: Final = 60
"""Characters of a value that a message quotes."""


class FcpinError(Exception):
    """An expected failure. `str()` is one line for the user: where, what, what to do.

    Whatever the text quotes, control characters in it are escaped.
    """

    temporary: ClassVar[bool] = False
    """Whether the same call may succeed a moment later."""

    retry_after: float | None = None
    """Seconds that the service requested until the next call; None where it named none."""

    def __str__(self) -> str:
        return one_line(super().__str__())


def one_line(text: str) -> str:
    """*text* with every character escaped that is not printable, line ends and half characters included."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def shown(value: object) -> str:
    """*value* as its author would recognise it, shortened."""
    text = f"'{value}'" if isinstance(value, str) and value.isprintable() else repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def unknown_key(key: object, known: Iterable[str]) -> str:
    """`unknown key; did you mean range?`, or the known keys where none is similar."""
    import difflib  # used for mistakes alone

    known = list(known)
    near = difflib.get_close_matches(str(key).lower(), known, n=1)
    return f"unknown key; did you mean {near[0]}?" if near else f"unknown key; known: {', '.join(known) or 'none'}"


def property_path(path: str, key: object) -> str:
    """The path of the value under *key* in the mapping at *path*: `a.b`, or `a["b.c"]` for a key that needs quotes."""
    text = str(key)
    text = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    if not text or any(mark in text for mark in '."[]'):
        return f'{path}["{text}"]' if path else f'["{text}"]'
    return f"{path}.{text}" if path else text


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with what the user wrote.

    `path` is a Pulumi property path (`policy.semver.range`, `allow_tags[0]`), empty for the whole value.
    """

    path: str
    reason: str

    def __str__(self) -> str:
        return one_line(f"{self.path}: {self.reason}" if self.path else self.reason)


class InvalidInput(FcpinError):
    """What the user wrote is wrong. All problems at once, each with its property path."""

    def __init__(self, *problems: Problem) -> None:
        self.problems: Sequence[Problem] = problems
        super().__init__("; ".join(map(str, problems)))


class InvalidImage(InvalidInput):
    """Text that is not a valid image reference, repository, tag or digest."""


class InvalidPolicy(InvalidInput):
    """A policy that can never select a tag as it is written."""


class InvalidSettings(InvalidInput):
    """Stack configuration or resource arguments that cannot be used."""


class NotApproved(InvalidInput):
    """What would be deployed is not what was approved. Nothing of it is."""


class NoTagQualifies(FcpinError):
    """No tag of the repository satisfies the policy."""


class TagMoved(FcpinError):
    """The tag's digest changed between resolving and deploying."""


class StackError(FcpinError):
    """The engine (the Pulumi CLI or the embedded one) did not return the configuration or the state of a stack."""


class WrongShape(FcpinError):
    """`expected …, got …`: a response, or a field of it, has another shape than its operation defines."""


class RegistryError(FcpinError):
    """A request to a registry failed."""


class RepositoryNotFound(RegistryError):
    """The registry has no such repository."""


class TagNotFound(RegistryError):
    """The registry has no such tag, digest or manifest."""


class RegistryDenied(RegistryError):
    """The registry refused the credentials, or requires some."""


class ListingIncomplete(RegistryError):
    """A listing that may lack tags. Nothing is selected from one."""


class PlatformMissing(RegistryError):
    """The image has no variant for the platform the function runs on."""


class EditionUnsupported(RegistryError):
    """Function Compute does not pull from ACR Enterprise instances of the Economy edition."""


class RegistryUnavailable(RegistryError):
    """The registry cannot be reached, is overloaded or throttles."""

    temporary = True


class RegistryProtocolError(RegistryError):
    """A response that the registry's protocol does not allow."""


class FunctionError(FcpinError):
    """A request to Function Compute failed."""


class FunctionNotFound(FunctionError):
    """Function Compute has no such function."""


class FunctionExists(FunctionError):
    """A function of that name exists already."""


class FunctionDenied(FunctionError):
    """Credentials missing, wrong, expired, or without the right."""


class FunctionRejected(FunctionError):
    """Function Compute rejected the request. Another attempt fails alike."""


class FunctionConflict(FunctionError):
    """Another update of the function is under way."""

    temporary = True


class FunctionUnavailable(FunctionError):
    """Function Compute throttles, fails, or cannot be reached."""

    temporary = True


class FunctionProtocolError(FunctionError):
    """A response of another shape than the operation has, or about another function. Never read as "not found".

    Not temporary: another call returns the same. A response that is cut off or not JSON is FunctionUnavailable.
    """


class FunctionLocked(FunctionError):
    """The function is locked, or its invocation is disabled. Nothing was sent."""


class LoginLost(FunctionError):
    """After an update the function has no longer the registry login that it had before."""


class UpdateFailed(FunctionError):
    """`state` or `lastUpdateStatus` became Failed."""


class DeadlineExceeded(FunctionError):
    """The function did not become ready in time. It may still do so."""


class PinMismatch(FunctionError):
    """The function is ready, but its resolved digest is not the pin's."""


class PipelineError(FcpinError):
    """An image was not built by Serverless Devs or buildah."""


class PipelineNotFound(PipelineError):
    """Serverless Devs has no such pipeline."""


class PipelineExists(PipelineError):
    """The name was used before: names are unique for ever."""


class PipelineDenied(PipelineError):
    """Credentials missing, wrong, expired, or without the right."""


class PipelineRejected(PipelineError):
    """Serverless Devs rejected the request. Another attempt fails alike."""


class PipelineConflict(PipelineError):
    """The pipeline has started, or ended, already."""


class PipelineUnavailable(PipelineError):
    """Serverless Devs throttles, fails, or cannot be reached."""

    temporary = True


class PipelineProtocolError(PipelineError):
    """A response of another shape than the operation has, or about another pipeline. Never read as "not found"."""


class BuildFailed(PipelineError):
    """The build ended without success."""


class BuildCanceled(PipelineError):
    """The build was cancelled before its end."""


class BuildTimedOut(PipelineError):
    """The build did not end in time."""


class BuildMismatch(PipelineError):
    """The registry has no such tag after the build, or another digest than was reported."""
