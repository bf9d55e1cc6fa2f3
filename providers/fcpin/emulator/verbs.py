"""Verbs: changes and failures that a test or a demo injects, one method each.

Over HTTP a verb is `POST /_emulator/<verb>` with a JSON object of arguments.
"""

import copy
import inspect
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

from fcpin.emulator.account import Account
from fcpin.emulator.calls import AfterCall, Fault, Kind
from fcpin.emulator.devs.model import InjectedFailure
from fcpin.emulator.fc.instances import InvokeResult
from fcpin.emulator.fc.model import FunctionRecord, Json, PlannedFailure, deactivate, finish
from fcpin.emulator.fc.rules import check_name, is_fc2_name
from fcpin.emulator.oci.build import build
from fcpin.emulator.oci.model import RepositoryRecord, Tag
from fcpin.emulator.oci.store import DIGEST, TAG
from fcpin.emulator.state import TemporaryKey, iso
from fcpin.emulator.wire import ApiError, EmulatorError

P = ParamSpec("P")
R = TypeVar("R")


def verb(function: "Callable[Concatenate[Verbs, P], R]") -> "Callable[Concatenate[Verbs, P], R]":
    """Mark a method of Verbs as one that can be called over HTTP, by its name."""
    signature = inspect.signature(function)

    @wraps(function)
    def called(self: "Verbs", /, *args: P.args, **kwargs: P.kwargs) -> R:
        arguments = dict(signature.bind(self, *args, **kwargs).arguments)
        del arguments["self"]
        result: R = self._carry_out(function, arguments)
        return result

    return called


class Verbs:
    """Raises EmulatorError for what cannot be done."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def _carry_out(self, function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
        """RemoteEmulator sends the call instead."""
        return function(self, **arguments)

    # the registry

    @verb
    def push(
        self,
        repository: str,
        tag: str,
        *,
        content: str = "",
        platforms: Sequence[str] = ("linux/amd64",),
        index: bool = False,
        created: str | None = None,
        layer_size: int | None = None,
    ) -> str:
        """Build an image of *content* (by default its name) and push it; returns its digest.

        Equal content has an equal digest in every repository. *created*: ISO 8601; by default the time at which
        that content was first built. *layer_size*: the size of the layer in the manifest, instead of the real one.
        """
        account = self._account
        content = content or f"{repository}:{tag}"
        with account.changing():
            seconds = (
                _seconds(created) if created else account.state.built.setdefault(content, int(account.clock.now()))
            )
            target = account.store.create(repository)
            digest = build(
                account.store, target, content, platforms, index=index, created=seconds, layer_size=layer_size
            )
            self._set_tag(target, tag, digest)
            return digest

    @verb
    def retag(self, repository: str, tag: str, *, to: str) -> str:
        """Point *tag* at the digest of another tag, or at a digest; returns the digest."""
        with self._account.changing():
            target = self._repository(repository)
            digest = to if DIGEST.fullmatch(to) else self._tag(target, to).digest
            if digest not in target.manifests:
                raise EmulatorError(f"{repository}: manifest {digest} does not exist")
            self._set_tag(target, tag, digest)
            return digest

    @verb
    def tags(self, repository: str) -> dict[str, str]:
        """Every tag with its digest, by name."""
        self._account.runs.settle()
        with self._account.lock:
            found = self._repository(repository).tags
            return {name: found[name].digest for name in sorted(found)}

    @verb
    def delete_tag(self, repository: str, tag: str) -> None:
        """Remove the name; the manifest stays."""
        with self._account.changing():
            target = self._repository(repository)
            del target.tags[self._tag(target, tag).name]

    @verb
    def delete_manifest(self, repository: str, reference: str) -> None:
        """Remove the digest that *reference* (tag or digest) names, and every tag that points at it."""
        with self._account.changing():
            target = self._repository(repository)
            digest = reference if DIGEST.fullmatch(reference) else self._tag(target, reference).digest
            if digest not in target.manifests:
                raise EmulatorError(f"{repository}: manifest {digest} does not exist")
            self._account.store.delete_manifest(target, digest)

    @verb
    def set_tag_status(self, repository: str, tag: str, status: str) -> None:
        """`NORMAL` or `DELETING`, as ACR shows it."""
        if status not in ("NORMAL", "DELETING"):
            raise EmulatorError(f"status {status!r}: expected NORMAL or DELETING")
        with self._account.changing():
            self._tag(self._repository(repository), tag).status = status

    @verb
    def set_repository_type(self, repository: str, type: Literal["PUBLIC", "PRIVATE"]) -> None:  # noqa: A002 - ACR's word
        """A PUBLIC repository can be pulled from without a login. New ones are PRIVATE."""
        if type not in ("PUBLIC", "PRIVATE"):
            raise EmulatorError(f"type {type!r}: expected PUBLIC or PRIVATE")
        with self._account.changing():
            self._account.store.create(repository).type = type

    @verb
    def set_tag_immutability(self, repository: str, immutable: bool = True) -> None:
        """Whether a tag that exists may be pushed again with another digest."""
        with self._account.changing():
            self._account.store.create(repository).tag_immutability = immutable

    @verb
    def create_instance(self, name: str) -> str:
        """Create another Enterprise instance, without repositories; returns its id."""
        with self._account.changing():
            return self._account.add_instance(name).id

    @verb
    def set_instance_specification(self, specification: str) -> None:
        """Set `InstanceSpecification` of the instance that holds the repositories."""
        with self._account.changing():
            self._account.state.instances[0].specification = specification

    @verb
    def add_registry(self, host: str, url: str) -> None:
        """Resolve images of *host* in the registry at *url*, with tokens that the emulator issues."""
        if not url.startswith(("http://", "https://")):
            raise EmulatorError(f"registry {host}: got {url!r}, expected a URL such as http://127.0.0.1:5000")
        with self._account.changing():
            self._account.add_registry(host, url)

    # failures

    @verb
    def fail_next(
        self,
        action: str,
        *,
        status: int = 503,
        code: str = "ServiceUnavailable",
        message: str = "The request has failed due to a temporary failure of the server.",
        times: int = 1,
        retry_after_ms: int | None = None,
        kind: Kind = "error",
        seconds: float = 0.0,
    ) -> None:
        """The next *times* calls of *action* (as `calls` names it) fail; see calls.Fault."""
        self._account.faults.add(action, Fault(kind, status, code, message, retry_after_ms, seconds), times)

    @verb
    def fail_update(
        self, function: str, *, reason_code: str = "ImageOptimizingFailed", reason: str = "failed to prepare the image"
    ) -> None:
        """The next update (or creation) of *function* is accepted and ends Failed."""
        with self._account.changing():
            self._account.state.planned_failures[function] = PlannedFailure(reason_code, reason)

    @verb
    def after_next(self, action: str, verb: str, arguments: Json) -> None:
        """Carry out *verb* after the response to the next call of *action*: for example a push between two pages."""
        if verb not in NAMES:
            raise EmulatorError(f"unknown verb {verb!r}; known: {', '.join(NAMES)}")
        check_arguments(verb, getattr(self, verb), arguments)
        self._account.faults.add_after(action, AfterCall(verb, arguments))

    @verb
    def clear_faults(self) -> None:
        """Remove what fail_next, after_next and the verbs for image builds have injected."""
        self._account.faults.clear()
        with self._account.changing():
            self._account.state.build_failures.clear()

    # failures of image builds, each for the next build that it applies to

    @verb
    def fail_build(
        self,
        *,
        code: str = "BuildFailed",
        message: str = "the build ended with exit code 1",
        log: str = 'ERROR: process "/bin/sh -c make" did not complete successfully: exit code: 1',
    ) -> None:
        """The next build fails with these last lines in its log, and pushes nothing."""
        self._inject(InjectedFailure("fail", code, message, log))

    @verb
    def hang_build(self) -> None:
        """The next build pushes nothing and runs into its time-out."""
        self._inject(InjectedFailure("hang"))

    @verb
    def lose_vpc(self) -> None:
        """The next build in a VPC cannot reach the registry from there."""
        self._inject(
            InjectedFailure("vpc", "RegistryUnreachable", "dial tcp: i/o timeout: the VPC has no route to the registry")
        )

    @verb
    def push_other_digest(self) -> None:
        """The next build pushes another image than it reports."""
        self._inject(InjectedFailure("digest"))

    @verb
    def stick_conversion(self) -> None:
        """The next `_accelerated` image of an Enterprise repository is never completed; the original is pushed."""
        self._inject(InjectedFailure("stuck-conversion"))

    @verb
    def fail_conversion(self, *, message: str = "the image cannot be accelerated") -> None:
        """The next `_accelerated` image of an Enterprise repository fails; the original is pushed."""
        self._inject(InjectedFailure("failed-conversion", "ConversionFailed", message))

    def _inject(self, failure: InjectedFailure) -> None:
        with self._account.changing():
            self._account.state.build_failures.append(failure)

    # time and credentials

    @verb
    def advance(self, seconds: float) -> None:
        """Advance the emulator's clock: functions become ready, builds push, instances and logins expire."""
        with self._account.changing():
            self._account.clock.offset += seconds
            self._account.state.clock_offset = self._account.clock.offset
        self._account.runs.settle()

    @verb
    def skew(self, seconds: float) -> None:
        """Set the difference of the gateway's clock to the callers': beyond 15 minutes it rejects their calls."""
        self._account.clock.skew = seconds

    @verb
    def set_key_active(self, active: bool) -> None:
        """Disable the account's access key, or enable it again."""
        with self._account.changing():
            self._account.state.key_active = active

    @verb
    def assume_role(self, seconds: float = 3600.0) -> dict[str, str]:
        """Temporary credentials (STS), in the form that a credentials URI returns."""
        account = self._account
        with account.changing():
            key = TemporaryKey(
                f"STS.{account.ids.hex(24)}", account.ids.hex(40), account.ids.hex(64), account.clock.now() + seconds
            )
            account.state.sts_keys[key.id] = key
        expiration = datetime.fromtimestamp(key.expires).astimezone().isoformat()
        return {
            "Code": "Success",
            "AccessKeyId": key.id,
            "AccessKeySecret": key.secret,
            "SecurityToken": key.security_token,
            "Expiration": expiration,
        }

    # functions

    @verb
    def invoke(self, function: str, *, cold: bool = False, qualifier: str = "") -> InvokeResult:
        """Call the function; *cold* in a new instance, even if one is running."""
        record = self._function(function)
        try:
            result = self._account.instances.invoke(record, qualifier, cold=cold)
        except ApiError as error:
            result = InvokeResult(error.status, error.code, error.message)
        with self._account.changing():
            return result

    @verb
    def create_function(self, function: str, settings: Json) -> None:
        """Create a function as in the console: CreateFunction's body without functionName; it is Active at once.

        The name may be `service$function`: a function of FC 2.0, which CreateFunction of FC 3.0 rejects.
        """
        account = self._account
        if not isinstance(settings, dict):
            raise EmulatorError(f"settings: expected an object as in CreateFunction, got {settings!r:.40}")
        try:
            name = function if is_fc2_name(function) else check_name(function)
            account.functions.make(name, {"handler": "index.handler", **settings})
        except ApiError as error:
            raise EmulatorError(str(error)) from None
        with account.changing():
            finish(self._function(function))

    @verb
    def set_image(self, function: str, image: str) -> None:
        """Change the image as in the console; it takes effect at once."""
        self.configure(function, {"customContainerConfig": {"image": image}})

    @verb
    def configure(self, function: str, settings: Json) -> None:
        """Update the function (UpdateFunction's body) as in the console; it takes effect at once."""
        account = self._account
        if not isinstance(settings, dict):
            raise EmulatorError(f"settings: expected an object as in UpdateFunction, got {settings!r:.40}")
        try:
            account.functions.update(function, settings)
        except ApiError as error:
            raise EmulatorError(str(error)) from None
        with account.changing():
            finish(self._function(function))

    @verb
    def deactivate(self, function: str) -> None:
        """Set the state to Inactive, as FC does after weeks without a call."""
        with self._account.changing():
            record = self._function(function)
            finish(record)
            deactivate(record)

    @verb
    def lock(self, function: str, by: str = "", resources: Sequence[str] = ("function",)) -> None:
        """Lock *resources* of the function (function, trigger, version, alias); an empty *by* unlocks it."""
        with self._account.changing():
            record = self._function(function)
            at = iso(self._account.clock.now())
            record.lock = {"lockedAt": at, "lockedBy": by, "lockedResources": list(resources)} if by else {}

    @verb
    def restrict(self, function: str, reason: str = "") -> None:
        """Disable the invocation of the function for *reason*; an empty reason enables it."""
        with self._account.changing():
            self._function(function).restriction = {"disable": True, "reason": reason} if reason else {}

    @verb
    def publish_version(self, function: str) -> str:
        """Publish the function as it is and return the version's id."""
        account = self._account
        record = self._function(function)
        with account.changing():
            try:
                return str(account.versions.publish(record, "")["versionId"])
            except ApiError as error:
                raise EmulatorError(str(error)) from None

    @verb
    def create_alias(self, function: str, alias: str, version: str, weights: dict[str, float] | None = None) -> None:
        """Create an alias of a version; *weights* routes a share (0 to 1) of the calls to another version."""
        account = self._account
        record = self._function(function)
        request = {"aliasName": alias, "versionId": version, "additionalVersionWeight": weights or {}}
        with account.changing():
            try:
                account.versions.create_alias(record, request)
            except ApiError as error:
                raise EmulatorError(str(error)) from None

    @verb
    def function(self, name: str) -> Json:
        """The function as GetFunction returns it."""
        with self._account.lock:
            return copy.deepcopy(self._account.functions.view(self._function(name)))

    @verb
    def functions(self) -> list[Json]:
        """All functions, by name."""
        with self._account.lock:
            functions = self._account.functions
            return copy.deepcopy([functions.view(record) for record in functions.records()])

    # pipelines

    @verb
    def pipelines(self) -> list[Json]:
        """All pipelines, as ListPipelines returns them."""
        self._account.runs.settle()
        with self._account.lock:
            return copy.deepcopy(self._account.pipelines.list_pipelines())

    # lookup

    def _function(self, name: str) -> FunctionRecord:
        try:
            return self._account.functions.record(name)
        except ApiError as error:
            raise EmulatorError(error.message) from None

    def _repository(self, path: str) -> RepositoryRecord:
        repository = self._account.store.find(path)
        if repository is None:
            raise EmulatorError(f"repository {path} does not exist")
        return repository

    def _set_tag(self, repository: RepositoryRecord, name: str, digest: str) -> None:
        if not TAG.fullmatch(name):
            raise EmulatorError(f"{repository.path}: {name!r} is not a valid tag")
        try:
            self._account.store.set_tag(repository, name, digest)
        except ApiError as error:
            raise EmulatorError(error.message) from None

    def _tag(self, repository: RepositoryRecord, name: str) -> Tag:
        tag = repository.tags.get(name)
        if tag is None:
            raise EmulatorError(f"{repository.path}: tag {name} does not exist")
        return tag


NAMES = tuple(name for name, member in vars(Verbs).items() if hasattr(member, "__wrapped__"))
"""The verbs, in the order of their definition."""


def check_arguments(name: str, function: Callable[..., Any], arguments: Mapping[str, Any]) -> None:
    """Raises EmulatorError unless the verb takes these arguments."""
    try:
        inspect.signature(function).bind(**arguments)
    except TypeError as error:
        raise EmulatorError(f"verb {name}: {error}; it takes {inspect.signature(function)}") from None


def _seconds(text: str) -> int:
    try:
        return int(datetime.fromisoformat(text).timestamp())
    except ValueError:
        raise EmulatorError(f"created {text!r}: expected a time such as 2026-01-31T12:00:00Z") from None
