"""A function and its aliases as Function Compute describes them, in our own words."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from fcpin.errors import InvalidImage
from fcpin.image import Digest, Image

Wire = Mapping[str, Any]
"""A JSON object of the FC API, with the API's own keys."""


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
    """`customContainerConfig.image`, as it was sent; empty when the function is no custom container."""
    resolved_image_uri: str
    """`host/namespace/name@sha256:…`: what FC took the tag for when the function was created or updated."""
    state: str
    """Pending, Active, Inactive or Failed; empty where FC tells no state, which means ready."""
    last_update_status: str
    """InProgress, Successful or Failed; empty where FC tells none, which means successful."""
    last_modified_time: str
    reason: str
    """Why the state or the last update is what it is: code and sentence; empty when there is nothing to say."""
    tags: Mapping[str, str]
    wire: Wire = field(repr=False, compare=False)
    """The whole answer, so that nothing we do not understand is lost."""

    @classmethod
    def from_wire(cls, wire: Wire) -> Self:
        """Read one JSON object of the API; absent keys are empty."""
        container = wire.get("customContainerConfig") or {}
        update_failed = wire.get("lastUpdateStatus") in {"Failed", "InProgress"}
        about = "lastUpdateStatus" if update_failed else "state"
        code, sentence = wire.get(f"{about}ReasonCode") or "", wire.get(f"{about}Reason") or ""
        return cls(
            name=wire.get("functionName") or "",
            arn=wire.get("functionArn") or "",
            id=wire.get("functionId") or "",
            runtime=wire.get("runtime") or "",
            image=container.get("image") or "",
            resolved_image_uri=container.get("resolvedImageUri") or "",
            state=wire.get("state") or "",
            last_update_status=wire.get("lastUpdateStatus") or "",
            last_modified_time=wire.get("lastModifiedTime") or "",
            reason=": ".join(filter(None, (code, sentence))),
            tags={tag["Key"]: tag.get("Value") or "" for tag in wire.get("tags") or () if "Key" in tag},
            wire=wire,
        )

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
        by, since = str(info.get("lockedBy") or ""), str(info.get("lockedAt") or "")
        return Lock(by, since, resources) if by or since or resources else None

    @property
    def disabled(self) -> str:
        """Why the function cannot be invoked (`invocationRestriction`); empty where it can."""
        restriction = self.wire.get("invocationRestriction") or {}
        return str(restriction.get("reason") or "no reason given") if restriction.get("disable") is True else ""

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
    """A name for a published version, with a share of the calls for another one."""

    name: str
    version: str
    weights: Mapping[str, float]
    """Share of the calls (0 to 1) by the id of the other version; empty where one version has them all."""

    @classmethod
    def from_wire(cls, wire: Wire) -> Self:
        """Read one JSON object of ListAliases."""
        weights = wire.get("additionalVersionWeight") or {}
        return cls(wire.get("aliasName") or "", wire.get("versionId") or "", weights)

    @property
    def versions(self) -> Collection[str]:
        """Every version that may serve a call by this name."""
        return (self.version, *self.weights)
