"""The state of a stack: its resources as values, and the checkpoint file of the CLI's own format that holds them.

The file is of version 3. One that is damaged or uses features of a newer version is refused and never written over.
"""

import contextlib
import functools
import itertools
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self, TypeVar, get_origin

from fcpin.engine.crypter import Crypter, crypter_of
from fcpin.engine.errors import StateUnusable, Unsupported
from fcpin.engine.values import SECRET, SIGNATURE, Properties, Secret, Value, compact, marked, reveal, transform
from fcpin.json_reader import read_json

Kind = TypeVar("Kind")

VERSION = 3
STACK_TYPE = "pulumi:pulumi:Stack"
REFERENCE_TYPE = "pulumi:pulumi:StackReference"
DYNAMIC_PREFIX = "pulumi-python:dynamic"


def make_urn(stack: str, project: str, type_: str, name: str, parent: str = "") -> str:
    """`urn:pulumi:<stack>::<project>::[<parent's types>$]<type>::<name>`; the stack itself does not count as parent."""
    types = parent.split("::")[2] if parent else STACK_TYPE
    return f"urn:pulumi:{stack}::{project}::{type_ if types == STACK_TYPE else f'{types}${type_}'}::{name}"


def name_of(urn: str) -> str:
    """The name that the program gave the resource."""
    return urn.split("::", 3)[-1]


@dataclass(frozen=True, eq=False, kw_only=True)
class ResourceState:
    """One resource as the checkpoint has it, in its words. Never changed: a step makes a new one.

    Two states are the same only if they are one object: a URN may occur twice while it is being replaced.
    """

    urn: str
    custom: bool
    type: str
    id: str = ""
    inputs: Properties = field(default_factory=dict)
    outputs: Properties = field(default_factory=dict)
    parent: str = ""
    dependencies: Sequence[str] = ()
    property_dependencies: Mapping[str, Sequence[str]] = field(default_factory=dict)
    provider: str = ""
    """`<urn>::<id>` of the provider resource."""
    protect: bool = False
    retain_on_delete: bool = False
    delete: bool = False
    """Replaced already; to be deleted in the cloud."""
    additional_secret_outputs: Sequence[str] = ()
    ignore_changes: Sequence[str] = ()
    replace_on_changes: Sequence[str] = ()
    other: Mapping[str, Any] = field(default_factory=dict)
    """Fields that only the CLI writes (times, source positions and the like), kept as they are."""

    @property
    def is_internal(self) -> bool:
        """Whether it is the engine's own and not shown: a provider, or a reference to another stack."""
        return self.custom and self.type.startswith("pulumi:")

    @property
    def is_managed(self) -> bool:
        """Whether the plugin has to do with it."""
        return self.custom and not self.is_internal

    @functools.cached_property
    def needs(self) -> frozenset[str]:
        """URNs that must be in the state before it."""
        direct = [self.parent, self.provider.rpartition("::")[0], *self.dependencies]
        return frozenset(filter(None, itertools.chain(direct, *self.property_dependencies.values())))

    def needing_only(self, urns: Collection[str]) -> Self:
        """The same without a parent and dependencies that are not among *urns*."""
        kept = {key: [urn for urn in needed if urn in urns] for key, needed in self.property_dependencies.items()}
        dependencies = [urn for urn in self.dependencies if urn in urns]
        parent = self.parent if self.parent in urns else ""
        return replace(self, parent=parent, dependencies=dependencies, property_dependencies=kept)


@dataclass(frozen=True, eq=False)
class Operation:
    """A call that is, or was, under way: on disk before the call is made."""

    state: ResourceState
    kind: str
    """creating, updating, deleting or reading."""


@dataclass(frozen=True)
class Checkpoint:
    """The state of a stack."""

    resources: Sequence[ResourceState] = ()
    operations: Sequence[Operation] = ()
    """Those of a run that was killed."""
    other: Mapping[str, Any] = field(default_factory=dict)
    """What else the deployment carries (metadata), kept as it is."""

    @property
    def stack_outputs(self) -> Properties:
        return next((state.outputs for state in self.resources if state.type == STACK_TYPE), {})


def verify(resources: Sequence[ResourceState]) -> str:
    """What keeps *resources* from being a state, or an empty text. The rules are those of the CLI (`VerifyIntegrity`):

    what a resource needs comes before it, and a URN occurs twice only if all but one are to be deleted.
    """
    seen, alive = {""}, set[str]()
    for state in resources:
        if missing := (state.needs | {state.provider}) - seen:
            return f"resource {state.urn} needs {min(missing)}, which does not come before it"
        if state.urn in alive and not state.delete:
            return f"resource {state.urn} occurs twice"
        seen |= {state.urn, f"{state.urn}::{state.id}"}
        alive |= set() if state.delete else {state.urn}
    return ""


_REFUSED = {"taint", "viewOf", "resourceHooks", "replaceWith", "deletedWith", "refreshBeforeUpdate", "snippetID"}
_REFUSED |= {"pendingReplacement", "initErrors", "snippets", "extensions"}
_OURS = ("manifest", "secrets_providers", "resources", "pending_operations")
FIELDS = {re.sub("_(.)", lambda match: match[1].upper(), one.name): one.name for one in fields(ResourceState)[:-1]}
"""The word of the file, and of the protocol, for each field of ResourceState but `other`."""


def read_latest(path: Path) -> dict[str, Any]:
    """The deployment inside the file, `latest`, still sealed; an empty one without a file.

    Raises StateUnusable, Unsupported.
    """
    if not path.exists():
        return {}
    with _damage_named(path):
        document = read_json(path.read_bytes())
        version, features = document["version"], ", ".join(document.get("features") or ["none"])
        if version != VERSION or features != "none":
            found = f"checkpoint version {version} (features: {features}; expected version {VERSION})"
            raise Unsupported(f"state {path}: {found}")
        latest = _of(dict, document["checkpoint"]["latest"])
        sealing = _of(dict, latest.get("secrets_providers"))
        _of(dict, sealing.get("state"))
        _of(dict, latest.get("manifest"))
        provider = sealing.get("type", "passphrase")
        if provider != "passphrase":
            raise Unsupported(f"state {path}: the secrets provider {provider!r}")
        _refuse_features(latest, f"the state {path}")
    return latest


def _refuse_features(raw: Mapping[str, Any], where: str) -> None:
    for feature in raw:
        if feature in _REFUSED and raw[feature]:
            raise Unsupported(f"{feature} of {where}")


@contextlib.contextmanager
def _damage_named(path: Path) -> Iterator[None]:
    """What does not have the shape of a checkpoint, at whichever place, is damage: the user cannot mend it there."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        text = f"state {path} is damaged: expected a checkpoint of version {VERSION}, as JSON"
        raise StateUnusable(f"{text}; nothing has been changed, the state before it is {path.name}.bak") from None


def salt_of(latest: Mapping[str, Any]) -> str:
    """The salt that the state's secrets were encrypted with; empty if there is none."""
    return str(((latest.get("secrets_providers") or {}).get("state") or {}).get("salt") or "")


def read_checkpoint(path: Path) -> Checkpoint:
    """The state in the file; an empty one if there is none. Raises StateUnusable, Unsupported, PassphraseWrong."""
    latest = read_latest(path)

    def decrypt(text: str) -> str:
        return crypter_of(salt_of(latest)).decrypt(text)

    with _damage_named(path):
        resources = tuple(_resource(raw, decrypt) for raw in _of(list, latest.get("resources")))
        pending = _of(list, latest.get("pending_operations"))
        operations = tuple(Operation(_resource(raw["resource"], decrypt), str(raw["type"])) for raw in pending)
    if problem := verify(resources):
        raise StateUnusable(f"state {path} is damaged: {problem}")
    return Checkpoint(resources, operations, {key: value for key, value in latest.items() if key not in _OURS})


def _resource(raw: Mapping[str, Any], decrypt: Callable[[str], str]) -> ResourceState:
    _refuse_features(raw, _of(str, raw["urn"]))
    values: dict[str, Any] = {
        name: _of(_KINDS[name], raw[key]) for key, name in FIELDS.items() if raw.get(key) is not None
    }
    values |= {bag: unsealed(values.get(bag, {}), decrypt) for bag in ("inputs", "outputs")}
    state = ResourceState(**values, other={key: value for key, value in raw.items() if key not in FIELDS})
    texts = (*state.needs, *state.additional_secret_outputs, *state.ignore_changes, *state.replace_on_changes)
    if not all(isinstance(text, str) for text in texts) or not state.urn:
        raise TypeError
    return state


_KINDS = {
    one.name: one.type if one.type in (str, bool) else list if get_origin(one.type) is Sequence else dict
    for one in fields(ResourceState)
}
"""The JSON type of each field of ResourceState in the file."""


def _of(kind: type[Kind], value: Any) -> Kind:
    """*value* of that JSON type; an empty one for null. Raises TypeError."""
    if value is None:
        return kind()
    if not isinstance(value, kind):
        raise TypeError
    return value


def unsealed(properties: Properties, decrypt: Callable[[str], str]) -> dict[str, Value]:
    """Properties of the state as values. Raises StateUnusable, or Unsupported for assets and archives."""
    return dict(marked(properties, lambda secret: read_json(decrypt(_of(str, secret["ciphertext"])))))


def sealed(properties: Properties, crypter: Crypter) -> dict[str, Value]:
    """*properties* as the state has them: each secret is a dictionary with its ciphertext."""

    def seal(leaf: Value) -> Value:
        if not isinstance(leaf, Secret):
            return leaf
        return {SIGNATURE: SECRET, "ciphertext": crypter.encrypt(compact(reveal(leaf.value)))}

    return dict(transform(properties, seal))


def as_document(state: ResourceState, seal: Callable[[Properties], Mapping[str, Any]]) -> dict[str, Any]:
    """*state* in the words of the file, its properties as *seal* gives them; what is empty is left out."""
    values = {key: getattr(state, name) for key, name in FIELDS.items()}
    values |= {bag: seal(values[bag]) for bag in ("inputs", "outputs")}
    return {key: value for key, value in values.items() if value or key == "custom"} | dict(state.other)


@functools.cache
def _text(state: ResourceState, crypter: Crypter) -> str:
    """Each state is encrypted and encoded but once."""
    return compact(as_document(state, lambda bag: sealed(bag, crypter)))


def encode(checkpoint: Checkpoint, stack: str, crypter: Crypter, now: str) -> str:
    """The text of the file. *stack* is `organization/<project>/<stack>`, *now* RFC 3339."""
    pending = [f'{{"resource":{_text(one.state, crypter)},"type":"{one.kind}"}}' for one in checkpoint.operations]
    lists = {"resources": [_text(state, crypter) for state in checkpoint.resources], "pending_operations": pending}
    secrets = {"type": "passphrase", "state": {"salt": crypter.salt}}
    manifest = {"manifest": {"time": now, "magic": "", "version": ""}, "secrets_providers": secrets}
    head = compact({**manifest, **checkpoint.other})
    tail = "".join(f',"{key}":[{",".join(texts)}]' for key, texts in lists.items() if texts)
    return f'{{"version":{VERSION},"checkpoint":{{"stack":{compact(stack)},"latest":{head[:-1]}{tail}}}}}}}'
