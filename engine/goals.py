"""What the program asks for: a registration, decoded and found to be something that this engine does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import Unsupported
from engine.paths import Path, parse_path
from engine.state import DYNAMIC_PREFIX, make_urn
from engine.values import Value, from_wire


@dataclass(frozen=True)
class Goal:
    """One RegisterResource call. URNs are complete; *aliases* are the URNs it may have had before."""

    urn: str
    type: str
    custom: bool
    inputs: Mapping[str, Value]
    parent: str
    protect: bool
    retain_on_delete: bool
    dependencies: Sequence[str]
    property_dependencies: Mapping[str, Sequence[str]]
    additional_secret_outputs: Sequence[str]
    ignore_changes: Sequence[str]
    replace_on_changes: Sequence[str]
    aliases: Sequence[str]
    delete_before_replace: bool | None
    """None leaves it to the provider."""

    @property
    def ignored_paths(self) -> Sequence[Path]:
        return [parse_path(text) for text in self.ignore_changes]


def decode(request: Any, stack: str, project: str) -> Goal:
    """Read a RegisterResourceRequest. Raises Unsupported, naming the option and the resource."""
    urn = make_urn(stack, project, request.type, request.name, request.parent)
    _refuse_unsupported(request)
    return Goal(
        urn=urn,
        type=request.type,
        custom=request.custom,
        inputs=from_wire(request.object),
        parent=request.parent,
        protect=request.protect,
        retain_on_delete=request.retainOnDelete,
        dependencies=sorted(request.dependencies),
        property_dependencies={
            key: sorted(needed.urns) for key, needed in sorted(request.propertyDependencies.items())
        },
        additional_secret_outputs=list(request.additionalSecretOutputs),
        ignore_changes=list(request.ignoreChanges),
        replace_on_changes=list(request.replaceOnChanges),
        aliases=[*request.aliasURNs, *(_alias(alias, request, stack, project) for alias in request.aliases)],
        delete_before_replace=request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None,
    )


def _refuse_unsupported(request: Any) -> None:
    if request.remote or (request.custom and not request.type.startswith(DYNAMIC_PREFIX)):
        raise Unsupported(f"{request.name}: resource type {request.type} (expected a Python dynamic resource)")
    options = {
        "import_": request.importId,
        "provider": request.provider or request.providers,
        "hooks": request.hooks.ListFields(),
        "replacement_trigger": request.HasField("replacement_trigger"),
        "replace_with": request.replace_with,
        "deleted_with": request.deletedWith,
        "custom_timeouts": request.customTimeouts.ListFields(),
        "transforms": request.transforms,
        "state migrations": request.state_migrations,
    }
    for option, given in options.items():
        if given:
            raise Unsupported(f"{request.name}: the resource option {option}")
    for text in (*request.ignoreChanges, *request.replaceOnChanges):
        parse_path(text)


def _alias(alias: Any, request: Any, stack: str, project: str) -> str:
    if alias.WhichOneof("alias") == "urn":
        return str(alias.urn)
    spec = alias.spec
    parent = "" if spec.noParent else spec.parentUrn or request.parent
    return make_urn(
        spec.stack or stack, spec.project or project, spec.type or request.type, spec.name or request.name, parent
    )
