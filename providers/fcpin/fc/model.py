from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from fcpin.errors import InvalidImage, WrongShape
from fcpin.image import Digest, Image
from fcpin.json_reader import JsonFields, Wire

RUNTIME: Final = "custom-container"
SANDBOX: Final = "micro-sandbox"
"""Runs an image as well, named by `microSandboxConfig.image`; nothing is deployed to it here."""
_FUNCTION: Final = "a function"
_OBJECTS: Final = ("customHealthCheckConfig", "registryConfig", "accelerationInfo")
"""Of `customContainerConfig`: objects, where they are there."""
_LONGEST_REASON: Final = 500
"""Characters of what FC gives as a reason that are kept."""


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
    state: str
    """Pending, Active, Inactive or Failed; empty where FC returns no state, which means ready."""
    last_update_status: str
    """InProgress, Successful or Failed; empty where FC returns none, which means successful."""
    last_modified_time: str
    reason: str
    """Why the state or the last update is what it is: code and sentence; empty where FC returns none."""
    tags: Mapping[str, str]
    wire: Wire = field(repr=False, compare=False)
    """The whole answer, so that nothing we do not understand is lost."""

    @classmethod
    def from_wire(cls, wire: object) -> Self:
        """Read one JSON object of the API; absent keys are empty, as in listings. Raises WrongShape."""
        fields = JsonFields(wire, _FUNCTION)
        container = fields.object("customContainerConfig")
        for name in _OBJECTS:
            container.object(name)
        sandbox = fields.object("microSandboxConfig")
        fields.object("lockInfo").list_of_texts("lockedResources")
        fields.object("invocationRestriction")
        update_failed = fields.text("lastUpdateStatus") in {"Failed", "InProgress"}
        about = "lastUpdateStatus" if update_failed else "state"
        code, sentence = fields.text(f"{about}ReasonCode"), fields.text(f"{about}Reason")
        tags = fields.objects("tags", "a tag", required=False)
        return cls(
            name=fields.text("functionName"),
            arn=fields.text("functionArn"),
            id=fields.text("functionId"),
            runtime=fields.text("runtime"),
            image=container.text("image") or sandbox.text("image"),
            resolved_image_uri=container.text("resolvedImageUri"),
            state=fields.text("state"),
            last_update_status=fields.text("lastUpdateStatus"),
            last_modified_time=fields.text("lastModifiedTime"),
            reason=": ".join(filter(None, (code, sentence)))[:_LONGEST_REASON],
            tags={tag.text("Key", required=True): tag.text("Value") for tag in tags},
            wire=fields.wire,
        )

    @classmethod
    def listed(cls, wire: object) -> Self:
        """Read one object of ListFunctions, which may lack everything but the name. Raises WrongShape."""
        JsonFields(wire, _FUNCTION).text("functionName", required=True)
        return cls.from_wire(wire)

    @classmethod
    def answered(cls, wire: object, name: str) -> Self:
        """Read the answer of GetFunction, CreateFunction or UpdateFunction for *name*.

        Raises WrongShape unless it names that function, has a runtime, and the image of a custom container.
        """
        fields = JsonFields(wire, f"function {name}")
        found = fields.text("functionName", required=True)
        if found != name:
            raise WrongShape(f"expected function {name}, got function {found[:64]!r}")
        if fields.text("runtime", required=True) == RUNTIME:
            fields.object("customContainerConfig").text("image", required=True)
        return cls.from_wire(wire)

    @property
    def may_run_image(self) -> bool:
        """Whether the runtime is one of those that run an image; a listing without runtimes leaves it open."""
        return self.runtime in {"", RUNTIME, SANDBOX}

    @property
    def is_fc2(self) -> bool:
        """Whether the name is `service$function`, as FC 3.0 lists a function of FC 2.0."""
        return "$" in self.name

    @property
    def container(self) -> Wire:
        """`customContainerConfig`; empty when the function is no custom container."""
        container: Wire = self.wire.get("customContainerConfig") or {}
        return container

    @property
    def lock(self) -> Lock | None:
        """None where nothing is locked."""
        info = self.wire.get("lockInfo") or {}
        resources = frozenset(map(str, info.get("lockedResources") or ()))
        by, since = (str(info.get(key) or "")[:_LONGEST_REASON] for key in ("lockedBy", "lockedAt"))
        return Lock(by, since, resources) if by or since or resources else None

    @property
    def disabled(self) -> str:
        """Why the function cannot be invoked (`invocationRestriction`); empty where it can."""
        restriction = self.wire.get("invocationRestriction") or {}
        return (
            str(restriction.get("reason") or "no reason given")[:_LONGEST_REASON]
            if restriction.get("disable") is True
            else ""
        )

    @property
    def digest(self) -> Digest | None:
        """The digest FC runs, or None where it resolved none."""
        try:
            return Image.parse(self.resolved_image_uri).digest
        except InvalidImage:
            return None

    @property
    def tag(self) -> str | None:
        """The tag FC was given, or None where the image names none."""
        try:
            return Image.parse(self.image).tag
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
        fields = JsonFields(wire, "an alias")
        weights = fields.object("additionalVersionWeight")
        return cls(
            fields.text("aliasName", required=True),
            fields.text("versionId", required=True),
            {version: weights.share(version) for version in weights.wire},
        )

    @property
    def versions(self) -> Collection[str]:
        """Every version that may serve a call by this name."""
        return (self.version, *self.weights)
