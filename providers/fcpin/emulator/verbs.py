"""What a test or a demo does to the cloud behind its clients' backs, one method a verb.

The same verbs are `POST /_emulator/<verb>` with a JSON object of arguments, and the methods of
`emulator.remote.RemoteEmulator`.
"""

import copy
import inspect
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from fcpin.emulator.account import Account
from fcpin.emulator.calls import AfterCall, Fault, Kind
from fcpin.emulator.clock import iso
from fcpin.emulator.devs.model import InjectedFailure
from fcpin.emulator.fc import lifecycle
from fcpin.emulator.fc.instances import InvokeResult
from fcpin.emulator.fc.model import FunctionRecord, Json, PlannedFailure
from fcpin.emulator.fc.rules import check_name, is_fc2_name
from fcpin.emulator.oci.build import build
from fcpin.emulator.oci.model import Repository, Tag
from fcpin.emulator.oci.store import DIGEST, TAG
from fcpin.emulator.state import TemporaryKey
from fcpin.emulator.wire import ApiError, EmulatorError

NAMES = (
    "push", "retag", "tags", "delete_tag", "delete_manifest", "set_tag_status", "set_repository_type",
    "set_tag_immutability", "create_instance", "set_instance_specification", "add_registry", "fail_next",
    "fail_update", "after_next", "clear_faults", "fail_build", "hang_build", "lose_vpc", "push_other_digest",
    "stick_conversion", "fail_conversion", "advance", "skew", "set_key_active", "assume_role", "invoke",
    "create_function", "set_image", "configure", "deactivate", "lock", "restrict", "publish_version", "create_alias",
    "function", "functions", "pipelines",
)  # fmt: skip
"""What may be called over HTTP."""


class Verbs:
    """Raises EmulatorError for what cannot be done."""

    def __init__(self, account: Account) -> None:
        self._account = account

    # the registry

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
        """Build an image of *content* (by default its own name) and push it; gives its digest.

        Equal content has an equal digest, in whatever repository. *created*: ISO 8601; by default the time at which
        that content was first built. *layer_size*: bytes that the manifest gives for the layer, instead of its own.
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

    def retag(self, repository: str, tag: str, *, to: str) -> str:
        """Point *tag* at what another tag, or a digest, names; gives the digest."""
        with self._account.changing():
            target = self._repository(repository)
            digest = to if DIGEST.fullmatch(to) else self._tag(target, to).digest
            if digest not in target.manifests:
                raise EmulatorError(f"{repository}: there is no manifest {digest}")
            self._set_tag(target, tag, digest)
            return digest

    def tags(self, repository: str) -> dict[str, str]:
        """Every tag with its digest, by name."""
        self._account.runs.settle()
        with self._account.lock:
            found = self._repository(repository).tags
            return {name: found[name].digest for name in sorted(found)}

    def delete_tag(self, repository: str, tag: str) -> None:
        """Remove the name; the manifest stays."""
        with self._account.changing():
            target = self._repository(repository)
            del target.tags[self._tag(target, tag).name]

    def delete_manifest(self, repository: str, reference: str) -> None:
        """Remove the digest that *reference* (tag or digest) names, and every tag of it."""
        with self._account.changing():
            target = self._repository(repository)
            digest = reference if DIGEST.fullmatch(reference) else self._tag(target, reference).digest
            if digest not in target.manifests:
                raise EmulatorError(f"{repository}: there is no manifest {digest}")
            self._account.store.delete_manifest(target, digest)

    def set_tag_status(self, repository: str, tag: str, status: str) -> None:
        """`NORMAL` or `DELETING`, as ACR shows it."""
        if status not in ("NORMAL", "DELETING"):
            raise EmulatorError(f"status {status!r}: expected NORMAL or DELETING")
        with self._account.changing():
            self._tag(self._repository(repository), tag).status = status

    def set_repository_type(self, repository: str, type: Literal["PUBLIC", "PRIVATE"]) -> None:  # noqa: A002 - ACR's word
        """A PUBLIC repository can be pulled from without a login. New ones are PRIVATE."""
        if type not in ("PUBLIC", "PRIVATE"):
            raise EmulatorError(f"type {type!r}: expected PUBLIC or PRIVATE")
        with self._account.changing():
            self._account.store.create(repository).type = type

    def set_tag_immutability(self, repository: str, immutable: bool = True) -> None:
        """Whether a tag that exists may be pushed again with another digest."""
        with self._account.changing():
            self._account.store.create(repository).tag_immutability = immutable

    def create_instance(self, name: str) -> str:
        """Another Enterprise instance, without repositories; gives its id."""
        with self._account.changing():
            return self._account.add_instance(name).id

    def set_instance_specification(self, specification: str) -> None:
        """`InstanceSpecification` of the instance that holds the repositories."""
        with self._account.changing():
            self._account.state.instances[0].specification = specification

    def add_registry(self, host: str, url: str) -> None:
        """Images of *host* are in the registry at *url*; FC asks it with tokens of the emulator's own."""
        if not url.startswith(("http://", "https://")):
            raise EmulatorError(f"registry {host}: got {url!r}, expected a URL such as http://127.0.0.1:5000")
        with self._account.changing():
            self._account.add_registry(host, url)

    # failures

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
        """The next *times* calls of *action* (as `calls` names it) go wrong; see emulator.faults.Fault."""
        self._account.faults.add(action, Fault(kind, status, code, message, retry_after_ms, seconds), times)

    def fail_update(
        self, function: str, *, reason_code: str = "ImageOptimizingFailed", reason: str = "failed to prepare the image"
    ) -> None:
        """The next update (or creation) of *function* is accepted, and then ends Failed."""
        with self._account.changing():
            self._account.state.planned_failures[function] = PlannedFailure(reason_code, reason)

    def after_next(self, action: str, verb: str, arguments: Json) -> None:
        """Carry out *verb* as soon as the next call of *action* is answered: for example a push between two pages."""
        if verb not in NAMES:
            raise EmulatorError(f"verb {verb!r}: there is none of that name; known: {', '.join(NAMES)}")
        try:
            inspect.signature(getattr(self, verb)).bind(**arguments)
        except TypeError as error:
            raise EmulatorError(f"verb {verb}: {error}") from None
        self._account.faults.add_sequel(action, AfterCall(verb, arguments))

    def clear_faults(self) -> None:
        """Forget what fail_next, after_next and the verbs for image builds have ordered."""
        self._account.faults.clear()
        with self._account.changing():
            self._account.state.build_troubles.clear()

    # failures of image builds, each of the next one that it can befall

    def fail_build(
        self,
        *,
        code: str = "BuildFailed",
        message: str = "the build ended with exit code 1",
        log: str = 'ERROR: process "/bin/sh -c make" did not complete successfully: exit code: 1',
    ) -> None:
        """The next build fails with these last lines of its log, and pushes nothing."""
        self._order(InjectedFailure("fail", code, message, log))

    def hang_build(self) -> None:
        """The next build neither ends nor pushes: its time-out ends it."""
        self._order(InjectedFailure("hang"))

    def lose_vpc(self) -> None:
        """The next build in a VPC cannot reach the registry from there."""
        self._order(
            InjectedFailure("vpc", "RegistryUnreachable", "dial tcp: i/o timeout: the VPC has no way to the registry")
        )

    def push_other_digest(self) -> None:
        """The next build pushes another image than it reports."""
        self._order(InjectedFailure("digest"))

    def stick_conversion(self) -> None:
        """The next `_accelerated` image of an Enterprise repository is never made; the original is pushed."""
        self._order(InjectedFailure("stuck-conversion"))

    def fail_conversion(self, *, message: str = "the image cannot be accelerated") -> None:
        """The next `_accelerated` image of an Enterprise repository cannot be made; the original is pushed."""
        self._order(InjectedFailure("failed-conversion", "ConversionFailed", message))

    def _order(self, trouble: InjectedFailure) -> None:
        with self._account.changing():
            self._account.state.build_troubles.append(trouble)

    # time and credentials

    def advance(self, seconds: float) -> None:
        """Let time pass in the cloud: functions become ready, builds push, instances and logins expire."""
        with self._account.changing():
            self._account.clock.offset += seconds
            self._account.state.clock_offset = self._account.clock.offset
        self._account.runs.settle()

    def skew(self, seconds: float) -> None:
        """Let the gateway's clock differ from its callers': beyond 15 minutes it refuses them."""
        self._account.clock.skew = seconds

    def set_key_active(self, active: bool) -> None:
        """Disable the account's access key, or enable it again."""
        with self._account.changing():
            self._account.state.key_active = active

    def assume_role(self, seconds: float = 3600.0) -> dict[str, str]:
        """Temporary credentials (STS), with the keys of a credentials URI's answer."""
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

    def invoke(self, function: str, *, cold: bool = False, qualifier: str = "") -> InvokeResult:
        """Call the function; *cold* in a new instance, even if one is running."""
        record = self._function(function)
        try:
            result = self._account.instances.invoke(record, qualifier, cold=cold)
        except ApiError as error:
            result = InvokeResult(error.status, error.code, error.message)
        with self._account.changing():
            return result

    def create_function(self, function: str, settings: Json) -> None:
        """A function is created in the console: CreateFunction's body, without functionName; it is Active at once.

        The name may be `service$function`: a function of FC 2.0, which CreateFunction of FC 3.0 cannot make.
        """
        account = self._account
        if not isinstance(settings, dict):
            raise EmulatorError(f"settings: expected an object such as CreateFunction takes, got {settings!r:.40}")
        try:
            name = function if is_fc2_name(function) else check_name(function)
            account.functions.make(name, {"handler": "index.handler", **settings})
        except ApiError as error:
            raise EmulatorError(str(error)) from None
        with account.changing():
            lifecycle.finish(self._function(function))

    def set_image(self, function: str, image: str) -> None:
        """Change the image as in the console; it takes effect at once."""
        self.configure(function, {"customContainerConfig": {"image": image}})

    def configure(self, function: str, settings: Json) -> None:
        """Update the function (UpdateFunction's body) as in the console; it takes effect at once."""
        account = self._account
        if not isinstance(settings, dict):
            raise EmulatorError(f"settings: expected an object such as UpdateFunction takes, got {settings!r:.40}")
        try:
            account.functions.update(function, settings)
        except ApiError as error:
            raise EmulatorError(str(error)) from None
        with account.changing():
            lifecycle.finish(self._function(function))

    def deactivate(self, function: str) -> None:
        """The function has been idle for weeks: its state is Inactive."""
        with self._account.changing():
            record = self._function(function)
            lifecycle.finish(record)
            lifecycle.deactivate(record)

    def lock(self, function: str, by: str = "", resources: Sequence[str] = ("function",)) -> None:
        """*by* locks *resources* of the function (function, trigger, version, alias); an empty *by* unlocks it."""
        with self._account.changing():
            record = self._function(function)
            at = iso(self._account.clock.now())
            record.lock = {"lockedAt": at, "lockedBy": by, "lockedResources": list(resources)} if by else {}

    def restrict(self, function: str, reason: str = "") -> None:
        """Invocation of the function is disabled for *reason*; an empty one enables it again."""
        with self._account.changing():
            self._function(function).restriction = {"disable": True, "reason": reason} if reason else {}

    def publish_version(self, function: str) -> str:
        """Publish the function as it is and return the version's id."""
        account = self._account
        record = self._function(function)
        with account.changing():
            try:
                return str(account.versions.publish(record, "")["versionId"])
            except ApiError as error:
                raise EmulatorError(str(error)) from None

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

    def function(self, name: str) -> Json:
        """As GetFunction answers it."""
        with self._account.lock:
            return copy.deepcopy(self._account.functions.view(self._function(name)))

    def functions(self) -> list[Json]:
        """All functions, by name."""
        with self._account.lock:
            functions = self._account.functions
            return copy.deepcopy([functions.view(record) for record in functions.records()])

    # pipelines

    def pipelines(self) -> list[Json]:
        """All pipelines, as ListPipelines answers them."""
        self._account.runs.settle()
        with self._account.lock:
            return copy.deepcopy(self._account.pipelines.list_pipelines())

    # what the arguments name

    def _function(self, name: str) -> FunctionRecord:
        try:
            return self._account.functions.record(name)
        except ApiError as error:
            raise EmulatorError(error.message) from None

    def _repository(self, path: str) -> Repository:
        repository = self._account.store.find(path)
        if repository is None:
            raise EmulatorError(f"repository {path}: there is none of that name")
        return repository

    def _set_tag(self, repository: Repository, name: str, digest: str) -> None:
        if not TAG.fullmatch(name):
            raise EmulatorError(f"{repository.path}: {name!r} is no tag")
        try:
            self._account.store.set_tag(repository, name, digest)
        except ApiError as error:
            raise EmulatorError(error.message) from None

    def _tag(self, repository: Repository, name: str) -> Tag:
        tag = repository.tags.get(name)
        if tag is None:
            raise EmulatorError(f"{repository.path}: there is no tag {name}")
        return tag


def _seconds(text: str) -> int:
    try:
        return int(datetime.fromisoformat(text).timestamp())
    except ValueError:
        raise EmulatorError(f"created {text!r}: expected a time such as 2026-01-31T12:00:00Z") from None
