"""Pulumi.yaml and Pulumi.<stack>.yaml: what the user wrote, and the configuration that the program is given."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import yaml

from engine.errors import ProjectInvalid, StateUnusable, Unsupported
from engine.values import Secret, Value, has_secret, secret, transform

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")


@dataclass(frozen=True)
class Config:
    """The stack's configuration as the program and the plugin get it: `project:key` to text."""

    values: Mapping[str, str] = field(default_factory=dict)
    secret_keys: frozenset[str] = frozenset()
    object_keys: frozenset[str] = frozenset()
    """Those whose text is the JSON of a list or a mapping."""

    @property
    def properties(self) -> dict[str, Value]:
        """As property values: what the default provider resource has as inputs."""
        return {key: secret(text) if key in self.secret_keys else text for key, text in self.values.items()}


@dataclass(frozen=True)
class Project:
    """A project: the folder of its Pulumi.yaml, and what that says."""

    name: str
    root: Path
    document: Mapping[str, Any]

    @classmethod
    def find(cls, start: Path) -> Self:
        """Read Pulumi.yaml in *start* or the nearest folder above it. Raises ProjectInvalid, Unsupported."""
        path = next((path for root in (start, *start.parents) if (path := root / "Pulumi.yaml").exists()), None)
        if path is None:
            searched = f"searching upwards from {start}"
            raise ProjectInvalid(f"no Pulumi.yaml project file found ({searched}); use --cwd to name its folder")
        document = read_yaml(path)
        name, runtime = document.get("name"), document.get("runtime")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise ProjectInvalid(f"{path}: name: got {name!r}, expected letters, digits, '_', '.' and '-'")
        runtime = runtime.get("name") if isinstance(runtime, dict) else runtime
        if runtime != "python":
            raise Unsupported(f"{path}: runtime {runtime!r} (expected python)")
        return cls(name, path.parent, document)

    @property
    def program(self) -> Path:
        """Where the program runs: `main:`, else the root."""
        return (self.root / str(self.document.get("main") or ".")).resolve()

    def section(self, key: str) -> Mapping[str, Any]:
        """A mapping of Pulumi.yaml. Raises ProjectInvalid."""
        return _mapping(self.root / "Pulumi.yaml", key, self.document.get(key))

    def full_keys(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """*config* with `<project>:` before every key that has no namespace."""
        return {key if ":" in key else f"{self.name}:{key}": value for key, value in config.items()}


@dataclass(frozen=True)
class StackSettings:
    """Pulumi.<stack>.yaml."""

    project: Project
    path: Path
    salt: str
    config: Mapping[str, Any]

    @classmethod
    def load(cls, project: Project, stack: str) -> Self:
        """In `stackConfigDir:`, else in the root. Raises ProjectInvalid, Unsupported. No file has no settings."""
        path = project.root / str(project.document.get("stackConfigDir") or ".") / f"Pulumi.{stack}.yaml"
        document = read_yaml(path) if path.exists() else {}
        if document.get("secretsprovider") not in (None, "passphrase", "default"):
            raise Unsupported(f"{path}: secretsprovider {document['secretsprovider']!r}")
        if document.get("environment"):
            raise Unsupported(f"{path}: environment (Pulumi ESC)")
        config = project.full_keys(_mapping(path, "config", document.get("config")))
        return cls(project, path, str(document.get("encryptionsalt") or ""), config)

    def resolve(self, decrypt: Callable[[str], str]) -> Config:
        """Defaults of the project, then the stack's own values, secure ones decrypted. Raises ProjectInvalid."""
        values: dict[str, Value] = {}
        for key, value in self.project.full_keys(self.project.section("config")).items():
            values[key] = value.get("value", value.get("default")) if isinstance(value, dict) else value
            if values[key] is None and key not in self.config:
                raise ProjectInvalid(f"{self.path}: the stack is missing configuration value {key!r}; set it there")
        values |= {key: _marked(value) for key, value in self.config.items()}

        def text(key: str) -> str:
            try:
                plain = transform(values[key], lambda one: decrypt(one.value) if isinstance(one, Secret) else one)
            except StateUnusable as error:
                raise ProjectInvalid(f"{self.path}: {key}: {error}; set it again with the Pulumi CLI") from error
            plain = "" if plain is None else plain
            return plain if isinstance(plain, str) else json.dumps(plain, separators=(",", ":"), ensure_ascii=False)

        return Config(
            {key: text(key) for key in sorted(values)},
            secret_keys=frozenset(key for key, value in values.items() if has_secret(value)),
            object_keys=frozenset(key for key, value in values.items() if isinstance(value, dict | list)),
        )


def _marked(value: Any) -> Value:
    """*value* with each `{secure: ciphertext}` as a secret."""
    if isinstance(value, dict):
        secure = value.keys() == {"secure"} and isinstance(value["secure"], str)
        return Secret(value["secure"]) if secure else {str(key): _marked(item) for key, item in value.items()}
    return list(map(_marked, value)) if isinstance(value, list) else value


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML mapping. Raises ProjectInvalid."""
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a safe loader
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ProjectInvalid(f"{path} cannot be read: {' '.join(str(error).split())}") from error
    return _mapping(path, "the file", document)


def _mapping(path: Path, what: str, value: Any) -> dict[str, Any]:
    if not isinstance(value or {}, dict):
        raise ProjectInvalid(f"{path}: {what}: got {json.dumps(value)[:40]}, expected a mapping")
    return {str(key): item for key, item in (value or {}).items()}


class _Loader(yaml.SafeLoader):
    """Reads dates as the text that stands there, as the CLI does."""

    yaml_constructors = yaml.SafeLoader.yaml_constructors | {
        "tag:yaml.org,2002:timestamp": yaml.SafeLoader.construct_yaml_str
    }
