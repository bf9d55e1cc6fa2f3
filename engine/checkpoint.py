"""The checkpoint file: the CLI's own format of a stack's state, version 3.

A file that is damaged, compressed, or uses features of a newer version is refused and never written over.
"""

import contextlib
import dataclasses
import functools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.crypter import Crypter, crypter_of
from engine.errors import StateUnusable, Unsupported
from engine.state import Checkpoint, Operation, ResourceState, verify
from engine.values import SECRET, SIGNATURE, Properties, Secret, Value, marked, reveal, transform

VERSION = 3
_REFUSED = {"taint", "viewOf", "resourceHooks", "replaceWith", "deletedWith", "refreshBeforeUpdate", "snippetID"}
_REFUSED |= {"pendingReplacement", "initErrors", "snippets", "extensions"}
_OURS = ("manifest", "secrets_providers", "resources", "pending_operations")
_FIELDS = {
    re.sub("_(.)", lambda match: match[1].upper(), one.name): one.name
    for one in dataclasses.fields(ResourceState)
    if one.name != "other"
}
"""The file's word of each field of ResourceState."""


def read_latest(path: Path) -> dict[str, Any]:
    """The deployment inside the file, `latest`, still sealed; an empty one without a file.

    Raises StateUnusable, Unsupported.
    """
    if not path.exists():
        return {}
    with _damage_named(path):
        document = json.loads(path.read_bytes())
        version, features = document["version"], ", ".join(document.get("features") or ["none"])
        latest = dict(document["checkpoint"]["latest"] or {})
        provider = (latest.get("secrets_providers") or {}).get("type", "passphrase")
    refused = _refused(latest)
    if version != VERSION or features != "none":
        refused = [f"checkpoint version {version} (features: {features}; expected version {VERSION})"]
    if provider != "passphrase":
        refused = [f"the secrets provider {provider!r}"]
    if refused:
        raise Unsupported(f"state {path}: {refused[0]}")
    return latest


def _refused(raw: Mapping[str, Any]) -> list[str]:
    return [feature for feature in raw if feature in _REFUSED and raw[feature]]


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
    """The state in the file; an empty one if there is none. Raises StateUnusable, Unsupported, PassphraseWrong."""
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


def _resource(raw: Mapping[str, Any], decrypt: Callable[[str], str]) -> ResourceState:
    if refused := _refused(raw):
        raise Unsupported(f"{refused[0]} of {raw['urn']}")
    values = {name: raw[key] for key, name in _FIELDS.items() if raw.get(key) is not None}
    values |= {bag: unsealed(values.get(bag, {}), decrypt) for bag in ("inputs", "outputs")}
    state = ResourceState(**values, other={key: value for key, value in raw.items() if key not in _FIELDS})
    if not all(isinstance(text, str) for text in (state.urn, state.type, state.id, *state.needs)) or not state.urn:
        raise TypeError
    return state


def unsealed(properties: Properties, decrypt: Callable[[str], str]) -> dict[str, Value]:
    """Properties of the state as values. Raises StateUnusable, or Unsupported for assets and archives."""
    return dict(marked(properties, lambda secret: json.loads(decrypt(secret["ciphertext"]))))


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


@functools.cache
def _text(state: ResourceState, crypter: Crypter) -> str:
    """Each state is encrypted and encoded but once."""
    return _json(as_document(state, lambda bag: sealed(bag, crypter)))


def encode(checkpoint: Checkpoint, stack: str, crypter: Crypter, now: str) -> str:
    """The text of the file. *stack* is `organization/<project>/<stack>`, *now* RFC 3339."""
    pending = [f'{{"resource":{_text(one.state, crypter)},"type":"{one.kind}"}}' for one in checkpoint.operations]
    lists = {"resources": [_text(state, crypter) for state in checkpoint.resources], "pending_operations": pending}
    manifest = {"time": now, "magic": "", "version": ""}
    secrets = {"type": "passphrase", "state": {"salt": crypter.salt}}
    head = _json({"manifest": manifest, "secrets_providers": secrets, **checkpoint.other})
    tail = "".join(f',"{key}":[{",".join(texts)}]' for key, texts in lists.items() if texts)
    return f'{{"version":{VERSION},"checkpoint":{{"stack":{_json(stack)},"latest":{head[:-1]}{tail}}}}}}}'


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
