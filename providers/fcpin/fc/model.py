from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Self, TypeAlias, TypeVar

import msgspec
from msgspec import Meta, Struct

from fcpin.errors import InvalidImage, WrongShape
from fcpin.fc import runtime_config
from fcpin.image import Digest, Image

T = TypeVar("T")
Wire: TypeAlias = Mapping[str, Any]
"""A JSON object as it was received."""
Required: TypeAlias = Annotated[str, Meta(min_length=1)]

RUNTIME: Final = "custom-container"
SANDBOX: Final = "micro-sandbox"
"""Runs an image as well, named by `microSandboxConfig.image`; nothing is deployed to it here."""
_LONGEST_REASON: Final = 500
"""Characters of what FC gives as a reason that are kept."""


def _shaped(wire: object, kind: type[T], what: str) -> T:
    try:
        return msgspec.convert(wire, kind)
    except msgspec.ValidationError as error:
        raise WrongShape(f"expected {what}; {error}") from None


class _Image(Struct, rename="camel"):
    """`customContainerConfig` or `microSandboxConfig`."""

    image: str | None = None
    resolved_image_uri: str | None = None
    custom_health_check_config: Wire | None = None
    registry_config: Wire | None = None
    acceleration_info: Wire | None = None


class _Locked(Struct, rename="camel"):
    locked_resources: list[str] | None = None


class _Tag(Struct, rename="pascal"):
    key: Required
    value: str | None = None


class _Function(Struct, rename="camel"):
    """The types of what is read of a function. A listing may lack everything but the name."""

    function_name: str | None = None
    function_arn: str | None = None
    function_id: str | None = None
    runtime: str | None = None
    custom_container_config: _Image | None = None
    micro_sandbox_config: _Image | None = None
    state: str | None = None
    state_reason: str | None = None
    state_reason_code: str | None = None
    last_update_status: str | None = None
    last_update_status_reason: str | None = None
    last_update_status_reason_code: str | None = None
    last_modified_time: str | None = None
    tags: list[_Tag] | None = None
    lock_info: _Locked | None = None
    invocation_restriction: Wire | None = None


class _Alias(Struct, rename="camel"):
    alias_name: Required
    version_id: Required
    additional_version_weight: dict[str, Annotated[float, Meta(ge=0, le=1)]] | None = None


class _Version(Struct, rename="camel"):
    version_id: Required


@dataclass(frozen=True, slots=True)
class Lock:
    """`lockInfo`: resources of a function that are protected against changes."""

    by: str
    since: str
    """As FC writes it; empty where FC returns none."""
    resources: frozenset[str]
    """`function`, `trigger`, `version`, `alias`."""

    @property
    def holds_function(self) -> bool:
        """Whether the function itself can be neither updated nor deleted. Without a list of resources it is assumed."""
        return not self.resources or "function" in self.resources

    def __str__(self) -> str:
        who = f" by {self.by}" if self.by else ""
        since = f" since {self.since}" if self.since else ""
        return f"locked{who}{since} ({', '.join(sorted(self.resources)) or 'function'})"


@dataclass(frozen=True, slots=True)
class Function:
    """One answer of GetFunction, CreateFunction, UpdateFunction or ListFunctions."""

    name: str
    arn: str
    id: str
    """A UUID; another one under the same name is another function."""
    runtime: str
    image: str
    """`customContainerConfig.image` or `microSandboxConfig.image`, as it was sent; empty where neither is there."""
    resolved_image_uri: str
    """`host/namespace/name@sha256:…`: what FC resolved the tag to when the function was created or updated; empty for a
    micro-sandbox."""
    digest: Digest | None
    """Of `resolved_image_uri`: what FC runs; None where it resolved none."""
    state: str
    """Pending, Active, Inactive or Failed; empty where FC returns no state, which means ready."""
    last_update_status: str
    """InProgress, Successful or Failed; empty where FC returns none, which means successful."""
    last_modified_time: str
    reason: str
    """Why the state or the last update is what it is: code and sentence; empty where FC returns none."""
    tags: Mapping[str, str]
    lock: Lock | None
    """None where nothing is locked."""
    disabled: str
    """Why the function cannot be invoked (`invocationRestriction`); empty where it can."""
    container: Wire = field(repr=False, compare=False)
    """`customContainerConfig`; empty when the function is no custom container."""
    wire: Wire = field(repr=False, compare=False)
    """The whole answer, so that nothing we do not understand is lost."""

    @classmethod
    def from_wire(cls, wire: object) -> Self:
        """Read one JSON object of the API; absent keys are empty, as in listings. Raises WrongShape."""
        return cls._read(wire, _shaped(wire, _Function, "a function"))

    @classmethod
    def listed(cls, wire: object) -> Self:
        """Read one object of ListFunctions, which may lack everything but the name. Raises WrongShape."""
        found = _shaped(wire, _Function, "a function")
        if not found.function_name:
            raise WrongShape("expected a function, got one without functionName")
        return cls._read(wire, found)

    @classmethod
    def answered(cls, wire: object, name: str) -> Self:
        """Read the answer of GetFunction, CreateFunction or UpdateFunction for *name*.

        Raises WrongShape unless it names that function, has a runtime, the image of a custom container, and settings of
        the types that the API documents.
        """
        found = _shaped(wire, _Function, f"function {name}")
        if found.function_name != name:
            got = f"function {found.function_name[:64]!r}" if found.function_name else "one without functionName"
            raise WrongShape(f"expected function {name}, got {got}")
        container = found.custom_container_config
        if not found.runtime:
            raise WrongShape(f"expected function {name}, got one without runtime")
        if found.runtime == RUNTIME and not (container and container.image):
            raise WrongShape(f"expected function {name}, got one without customContainerConfig.image")
        function = cls._read(wire, found)
        runtime_config.check(function)
        return function

    @classmethod
    def _read(cls, wire: Any, found: _Function) -> Self:
        container, sandbox = found.custom_container_config or _Image(), found.micro_sandbox_config or _Image()
        code, sentence = found.state_reason_code, found.state_reason
        if found.last_update_status in {"Failed", "InProgress"}:
            code, sentence = found.last_update_status_reason_code, found.last_update_status_reason
        return cls(
            name=found.function_name or "",
            arn=found.function_arn or "",
            id=found.function_id or "",
            runtime=found.runtime or "",
            image=container.image or sandbox.image or "",
            resolved_image_uri=container.resolved_image_uri or "",
            digest=_digest(container.resolved_image_uri),
            state=found.state or "",
            last_update_status=found.last_update_status or "",
            last_modified_time=found.last_modified_time or "",
            reason=": ".join(filter(None, (code, sentence)))[:_LONGEST_REASON],
            tags={tag.key: tag.value or "" for tag in found.tags or ()},
            lock=_lock(wire.get("lockInfo") or {}),
            disabled=_disabled(wire.get("invocationRestriction") or {}),
            container=wire.get("customContainerConfig") or {},
            wire=wire,
        )

    @property
    def may_run_image(self) -> bool:
        """Whether the runtime is one of those that run an image; a listing without runtimes leaves it open."""
        return self.runtime in {"", RUNTIME, SANDBOX}

    @property
    def is_fc2(self) -> bool:
        """Whether the name is `service$function`, as FC 3.0 lists a function of FC 2.0."""
        return "$" in self.name

    @property
    def tag(self) -> str | None:
        """The tag FC was given, or None where the image names none."""
        try:
            return Image.parse(self.image).tag
        except InvalidImage:
            return None


def _lock(info: Wire) -> Lock | None:
    resources = frozenset(map(str, info.get("lockedResources") or ()))
    by, since = (str(info.get(key) or "")[:_LONGEST_REASON] for key in ("lockedBy", "lockedAt"))
    return Lock(by, since, resources) if by or since or resources else None


def _disabled(restriction: Wire) -> str:
    if restriction.get("disable") is not True:
        return ""
    return str(restriction.get("reason") or "no reason given")[:_LONGEST_REASON]


def _digest(reference: str | None) -> Digest | None:
    try:
        return Image.parse(reference).digest if reference else None
    except InvalidImage:
        return None


@dataclass(frozen=True, slots=True)
class Alias:
    """A name for a published version, which may send a share of the calls to another one."""

    name: str
    version: str
    weights: Mapping[str, float]
    """Share of the calls (0 to 1) by the id of the other version; empty where one version has them all."""

    @classmethod
    def from_wire(cls, wire: object) -> Self:
        """Read one JSON object of ListAliases. Raises WrongShape."""
        found = _shaped(wire, _Alias, "an alias")
        return cls(found.alias_name, found.version_id, found.additional_version_weight or {})

    @property
    def versions(self) -> Collection[str]:
        """Every version that may serve a call by this name."""
        return (self.version, *self.weights)


def version_id(wire: object) -> str:
    """The id of one object of ListFunctionVersions. Raises WrongShape."""
    return _shaped(wire, _Version, "a version").version_id


def listed(wire: object, what: str) -> tuple[Sequence[Any], str]:
    """The objects of one page of a listing, *what* on the wire, and the token of the next one. Raises WrongShape."""
    page = _shaped(wire, dict[str, Any], f"a listing of {what}")
    return (
        _shaped(page.get(what), list[Any], f"a listing of {what}"),
        _shaped(page.get("nextToken"), str | None, "a listing with a nextToken") or "",  # type: ignore[arg-type]
    )


def no_result(wire: object) -> None:
    """An operation without a result answers nothing, or an object that is no error. Raises WrongShape."""
    found = _shaped(wire, dict[str, Any], "an empty answer")
    if error := next((key for key in ("Code", "code", "IsSuccess") if key in found), None):
        raise WrongShape(f"expected an empty answer, got an object with {error}")
