"""The checkpoint file: the CLI's own format of a stack's state, version 3.

A file that is damaged, compressed, or uses features of a newer version is refused and never written over.
"""

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.crypter import Crypter
from engine.errors import StateUnusable, Unsupported
from engine.integrity import verify
from engine.state import Operation, ResourceState
from engine.values import Properties

VERSION = 3

_FIELDS = {
    "urn": "urn",
    "custom": "custom",
    "delete": "delete",
    "id": "id",
    "type": "type",
    "inputs": "inputs",
    "outputs": "outputs",
    "parent": "parent",
    "protect": "protect",
    "dependencies": "dependencies",
    "initErrors": "init_errors",
    "provider": "provider",
    "propertyDependencies": "property_dependencies",
    "pendingReplacement": "pending_replacement",
    "additionalSecretOutputs": "additional_secret_outputs",
    "retainOnDelete": "retain_on_delete",
    "created": "created",
    "modified": "modified",
    "ignoreChanges": "ignore_changes",
    "replaceOnChanges": "replace_on_changes",
}
_REFUSED = ("taint", "viewOf", "resourceHooks", "replaceWith", "deletedWith", "refreshBeforeUpdate", "snippetID")


@dataclass(frozen=True)
class Checkpoint:
    """The state of a stack."""

    resources: Sequence[ResourceState] = ()
    operations: Sequence[Operation] = ()
    """Those of a run that was killed."""
    other: Mapping[str, Any] = field(default_factory=dict)
    """What else the deployment carries (metadata), kept as it is."""


def read_latest(path: Path) -> dict[str, Any]:
    """The deployment inside the file, `latest`; still sealed. Raises StateUnusable, Unsupported."""
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise StateUnusable(f"state {path}: {error.strerror}") from error
    except ValueError as error:
        raise StateUnusable(
            f"state {path} is damaged ({error}); nothing has been changed. The version before it is {path.name}.bak"
        ) from error
    if not isinstance(document, dict) or not isinstance(document.get("version"), int):
        raise StateUnusable(f"state {path} is damaged: expected a checkpoint with a version")
    if document["version"] != VERSION or document.get("features"):
        features = ", ".join(document.get("features") or ()) or "none"
        raise Unsupported(
            f"state {path}: checkpoint version {document['version']} (features: {features}; expected version {VERSION})"
        )
    try:
        return dict(document["checkpoint"]["latest"] or {})
    except (KeyError, TypeError) as error:
        raise StateUnusable(f"state {path} is damaged: it has no checkpoint.latest") from error


def salt_of(latest: Mapping[str, Any]) -> str:
    """The salt that the state's secrets were encrypted with; empty if there is none. Raises Unsupported."""
    provider = latest.get("secrets_providers") or {}
    if provider.get("type", "passphrase") != "passphrase":
        raise Unsupported(f"the secrets provider {provider['type']!r}")
    return str((provider.get("state") or {}).get("salt") or "")


def unseal(path: Path, latest: Mapping[str, Any], crypter: Crypter) -> Checkpoint:
    """Read what `read_latest` returned. Raises StateUnusable when it contradicts itself."""
    for feature in ("snippets", "extensions"):
        if latest.get(feature):
            raise Unsupported(f"state {path}: {feature}")
    try:
        resources = tuple(_resource(raw, crypter) for raw in latest.get("resources") or ())
        operations = tuple(
            Operation(_resource(raw["resource"], crypter), raw["type"])
            for raw in latest.get("pending_operations") or ()
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise StateUnusable(f"state {path} is damaged: a resource cannot be read ({error!r})") from error
    if problem := verify(resources):
        raise StateUnusable(f"state {path} is damaged: {problem}")
    known = {"manifest", "secrets_providers", "resources", "pending_operations"}
    return Checkpoint(resources, operations, {key: value for key, value in latest.items() if key not in known})


def _resource(raw: Mapping[str, Any], crypter: Crypter) -> ResourceState:
    for feature in _REFUSED:
        if raw.get(feature):
            raise Unsupported(f"{feature} of {raw['urn']}")
    values = {ours: raw[theirs] for theirs, ours in _FIELDS.items() if raw.get(theirs) is not None}
    for bag in ("inputs", "outputs"):
        values[bag] = crypter.unseal(values.get(bag, {}))
    return ResourceState(**values, other={key: value for key, value in raw.items() if key not in _FIELDS})


class Encoder:
    """Writes checkpoints of one stack. What did not change since the last one is not encoded again."""

    def __init__(self, stack: str, crypter: Crypter) -> None:
        self._stack = stack
        self._crypter = crypter
        self._texts: dict[ResourceState, str] = {}

    def encode(self, checkpoint: Checkpoint, now: str) -> str:
        """The text of the file. *stack* is `organization/<project>/<stack>`, *now* is RFC 3339."""
        self._texts = {state: self._texts.get(state) or self._text(state) for state in checkpoint.resources}
        latest = (
            f'{{"manifest":{_json({"time": now, "magic": "", "version": ""})}'
            f',"secrets_providers":{_json({"type": "passphrase", "state": {"salt": self._crypter.salt}})}'
            f"{_list('resources', self._texts.values())}"
            f"{_list('pending_operations', map(self._operation, checkpoint.operations))}"
            f"{''.join(f',{_json(key)}:{_json(value)}' for key, value in checkpoint.other.items())}}}"
        )
        return f'{{"version":{VERSION},"checkpoint":{{"stack":{_json(self._stack)},"latest":{latest}}}}}'

    def _text(self, state: ResourceState) -> str:
        return _json(as_document(state, self._crypter.seal))

    def _operation(self, operation: Operation) -> str:
        return f'{{"resource":{self._text(operation.state)},"type":{_json(operation.kind)}}}'


def as_document(state: ResourceState, seal: Callable[[Properties], Mapping[str, Any]]) -> dict[str, Any]:
    """*state* in the words of the file, its properties as *seal* gives them; what is empty is left out."""
    values = {theirs: getattr(state, ours) for theirs, ours in _FIELDS.items()}
    values |= {bag: seal(values[bag]) for bag in ("inputs", "outputs")}
    return {key: value for key, value in values.items() if value or key == "custom"} | dict(state.other)


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _list(key: str, texts: Iterable[str]) -> str:
    joined = ",".join(texts)
    return f',"{key}":[{joined}]' if joined else ""


def write_atomically(path: Path, text: str, *, keep_previous: bool = False) -> None:
    """Replace *path* so that after a crash it is either the old or the new text, never half of one.

    The file backend of the CLI keeps an `.attrs` file beside each file, with a checksum: a stale one is removed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    backup = path.with_name(f"{path.name}.bak")
    if keep_previous and path.exists():
        # a copy by name: at no moment is there no file under the stack's own name
        backup.unlink(missing_ok=True)
        os.link(path, backup)
        _without_attributes(backup)
    temporary.replace(path)
    _without_attributes(path)


def _without_attributes(path: Path) -> None:
    path.with_name(f"{path.name}.attrs").unlink(missing_ok=True)
