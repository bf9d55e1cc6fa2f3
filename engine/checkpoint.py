"""The checkpoint file: the CLI's own format of a stack's state, version 3.

A file that is damaged, compressed, or uses features of a newer version is refused and never written over.
"""

import contextlib
import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.crypter import Crypter, crypter_of
from engine.errors import StateUnusable, Unsupported
from engine.state import STACK_TYPE, Operation, ResourceState, verify
from engine.values import SECRET, SIGNATURE, Properties, Secret, Value, marked, reveal, transform

VERSION = 3
_REFUSED = (
    *("taint", "viewOf", "resourceHooks", "replaceWith", "deletedWith", "refreshBeforeUpdate", "snippetID"),
    *("pendingReplacement", "initErrors"),
)
_OURS = ("manifest", "secrets_providers", "resources", "pending_operations")


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


def read_latest(path: Path) -> dict[str, Any]:
    """The deployment inside the file, `latest`; still sealed. Raises StateUnusable, Unsupported."""
    with _damage_named(path):
        document = json.loads(path.read_bytes())
        version, features = document["version"], ", ".join(document.get("features") or ["none"])
        if version != VERSION or features != "none":
            found = f"checkpoint version {version:d} (features: {features}; expected version {VERSION})"
            raise Unsupported(f"state {path}: {found}")
        latest = dict(document["checkpoint"]["latest"] or {})
        provider = (latest.get("secrets_providers") or {}).get("type", "passphrase")
    refused = [f"the secrets provider {provider!r}"] if provider != "passphrase" else []
    for feature in (*refused, *(name for name in ("snippets", "extensions") if latest.get(name))):
        raise Unsupported(f"state {path}: {feature}")
    return latest


@contextlib.contextmanager
def _damage_named(path: Path) -> Iterator[None]:
    """What does not have the shape of a checkpoint, at whichever place, is damage: the user cannot mend it there."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError):
        text = f"state {path} is damaged: expected a checkpoint of version {VERSION}, as JSON"
        raise StateUnusable(f"{text}; nothing has been changed, the state before it is {path.name}.bak") from None


def salt_of(latest: Mapping[str, Any]) -> str:
    """The salt that the state's secrets were encrypted with; empty if there is none."""
    return str(((latest.get("secrets_providers") or {}).get("state") or {}).get("salt") or "")


def read(path: Path) -> Checkpoint:
    """The state in the file. Raises StateUnusable, Unsupported, PassphraseWrong."""
    latest = read_latest(path)

    def decrypt(text: str) -> str:
        return crypter_of(salt_of(latest)).decrypt(text)

    with _damage_named(path):
        resources = tuple(_resource(raw, decrypt) for raw in latest.get("resources") or ())
        pending = latest.get("pending_operations") or ()
        operations = tuple(Operation(_resource(raw["resource"], decrypt), str(raw["type"])) for raw in pending)
    if problem := verify(resources):
        raise StateUnusable(f"state {path} is damaged: {problem}")
    return Checkpoint(resources, operations, {key: value for key, value in latest.items() if key not in _OURS})


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))


_FIELDS = {_camel(one.name): one.name for one in dataclasses.fields(ResourceState) if one.name != "other"}
"""The file's word of each field of ResourceState."""


def _resource(raw: Mapping[str, Any], decrypt: Callable[[str], str]) -> ResourceState:
    for feature in _REFUSED:
        if raw.get(feature):
            raise Unsupported(f"{feature} of {raw['urn']}")
    values = {name: raw[key] for key, name in _FIELDS.items() if raw.get(key) is not None}
    for bag in ("inputs", "outputs"):
        values[bag] = unsealed(values.get(bag, {}), decrypt)
    state = ResourceState(**values, other={key: value for key, value in raw.items() if key not in _FIELDS})
    if not all(isinstance(text, str) for text in (state.urn, state.type, state.id, *state.needs)) or not state.urn:
        raise TypeError
    return state


def unsealed(properties: Properties, decrypt: Callable[[str], str]) -> dict[str, Value]:
    """Properties of the state as values. Raises StateUnusable, or Unsupported for assets and archives."""

    def open_secret(raw: Mapping[str, Value]) -> Value:
        return json.loads(raw["plaintext"] if "plaintext" in raw else decrypt(raw["ciphertext"]))

    return dict(marked(properties, open_secret))


def sealed(properties: Properties, crypter: Crypter) -> dict[str, Value]:
    """*properties* as the state has them: each secret is a dictionary with its ciphertext."""

    def seal(leaf: Value) -> Value:
        if not isinstance(leaf, Secret):
            return leaf
        return {SIGNATURE: SECRET, "ciphertext": crypter.encrypt(_json(reveal(leaf.value)))}

    return dict(transform(properties, seal))


def in_plain_text(latest: Mapping[str, Any]) -> dict[str, Any]:
    """A deployment with its secrets readable, as `stack export --show-secrets` prints it."""

    def show(leaf: Any) -> Any:
        if isinstance(leaf, dict) and "ciphertext" in leaf:
            return {SIGNATURE: SECRET, "plaintext": crypter_of(salt_of(latest)).decrypt(leaf["ciphertext"])}
        return leaf

    return dict(transform(latest, show))


def as_document(state: ResourceState, seal: Callable[[Properties], Mapping[str, Any]]) -> dict[str, Any]:
    """*state* in the words of the file, its properties as *seal* gives them; what is empty is left out."""
    values = {key: getattr(state, name) for key, name in _FIELDS.items()}
    values |= {bag: seal(values[bag]) for bag in ("inputs", "outputs")}
    return {key: value for key, value in values.items() if value or key == "custom"} | dict(state.other)


class Encoder:
    """Writes checkpoints of one stack. What did not change since the last one is not encoded again."""

    def __init__(self, stack: str, crypter: Crypter) -> None:
        self._stack = stack
        self._crypter = crypter
        self._texts: dict[ResourceState, str] = {}

    def encode(self, checkpoint: Checkpoint, now: str) -> str:
        """The text of the file. *stack* is `organization/<project>/<stack>`, *now* RFC 3339."""
        self._texts = {state: self._texts.get(state) or self._text(state) for state in checkpoint.resources}
        pending = [f'{{"resource":{self._text(one.state)},"type":"{one.kind}"}}' for one in checkpoint.operations]
        manifest = {"time": now, "magic": "", "version": ""}
        secrets = {"type": "passphrase", "state": {"salt": self._crypter.salt}}
        head = _json({"manifest": manifest, "secrets_providers": secrets, **checkpoint.other})
        lists = {"resources": self._texts.values(), "pending_operations": pending}
        tail = "".join(f',"{key}":[{",".join(texts)}]' for key, texts in lists.items() if texts)
        return f'{{"version":{VERSION},"checkpoint":{{"stack":{_json(self._stack)},"latest":{head[:-1]}{tail}}}}}}}'

    def _text(self, state: ResourceState) -> str:
        return _json(as_document(state, lambda bag: sealed(bag, self._crypter)))


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
