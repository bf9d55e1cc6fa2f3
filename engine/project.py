"""Pulumi.yaml and Pulumi.<stack>.yaml: what the user wrote, and the configuration that the program is given."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import yaml

from engine.errors import ProjectInvalid, Unsupported

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")


@dataclass(frozen=True)
class Project:
    """A project and the directories that its Pulumi.yaml names."""

    name: str
    root: Path
    """The directory of Pulumi.yaml."""
    program: Path
    """Where the program runs: `main:`, else the root."""
    stack_config: Path
    """Where Pulumi.<stack>.yaml files are: `stackConfigDir:`, else the root."""
    backend_url: str = ""
    virtualenv: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def find(cls, start: Path) -> Self:
        """Read Pulumi.yaml in *start* or the nearest directory above it. Raises ProjectInvalid, Unsupported."""
        for root in (start, *start.parents):
            if (root / "Pulumi.yaml").exists():
                return cls._load(root)
        raise ProjectInvalid(
            f"no Pulumi.yaml project file found (searching upwards from {start}); use --cwd to name its directory"
        )

    @classmethod
    def _load(cls, root: Path) -> Self:
        where = root / "Pulumi.yaml"
        document = read_yaml(where)
        name, runtime = document.get("name"), document.get("runtime")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise ProjectInvalid(f"{where}: name: got {name!r}, expected letters, digits, '_', '.' and '-'")
        options = runtime.get("options") or {} if isinstance(runtime, dict) else {}
        runtime_name = runtime.get("name") if isinstance(runtime, dict) else runtime
        if runtime_name != "python":
            raise Unsupported(f"{where}: runtime {runtime_name!r} (expected python)")
        return cls(
            name=name,
            root=root,
            program=(root / str(document.get("main") or ".")).resolve(),
            stack_config=root / str(document.get("stackConfigDir") or "."),
            backend_url=str((document.get("backend") or {}).get("url") or ""),
            virtualenv=str(options.get("virtualenv") or ""),
            config=document.get("config") or {},
        )

    def stack_file(self, stack: str) -> Path:
        """Pulumi.<stack>.yaml, whether it exists or not."""
        return self.stack_config / f"Pulumi.{stack}.yaml"


@dataclass(frozen=True)
class Config:
    """The stack's configuration as the program and the plugin get it: `project:key` to text."""

    values: Mapping[str, str] = field(default_factory=dict)
    secret_keys: frozenset[str] = frozenset()
    object_keys: frozenset[str] = frozenset()
    """Those whose text is the JSON of a list or a mapping."""


@dataclass(frozen=True)
class StackSettings:
    """Pulumi.<stack>.yaml."""

    path: Path
    salt: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Raises ProjectInvalid, Unsupported. A file that does not exist has no settings."""
        document = read_yaml(path) if path.exists() else {}
        if document.get("secretsprovider") not in (None, "passphrase", "default"):
            raise Unsupported(f"{path}: secretsprovider {document['secretsprovider']!r}")
        if document.get("environment"):
            raise Unsupported(f"{path}: environment (Pulumi ESC)")
        return cls(path, str(document.get("encryptionsalt") or ""), document.get("config") or {})

    def has_secrets(self) -> bool:
        """Whether any value is encrypted."""
        return _has_secure(self.config)

    def resolve(self, project: Project, decrypt: Callable[[str], str]) -> Config:
        """Defaults of the project, then the stack's own values, secure ones decrypted. Raises ProjectInvalid."""
        values: dict[str, Any] = {}
        secret_keys: set[str] = set()
        for key, declared in project.config.items():
            full = key if ":" in key else f"{project.name}:{key}"
            default = declared.get("value", declared.get("default")) if isinstance(declared, dict) else declared
            if default is not None:
                values[full] = default
            elif full not in self._full_keys(project):
                raise ProjectInvalid(
                    f"stack {self.path.stem.removeprefix('Pulumi.')!r} is missing configuration "
                    f"value {full!r}; set it in {self.path}"
                )
        for key, full in self._full_keys(project).items():
            if _has_secure(self.config[key]):
                secret_keys.add(full)
            values[full] = _decrypted(self.config[key], decrypt)
        object_keys = frozenset(key for key, value in values.items() if isinstance(value, dict | list))
        return Config({key: _text(values[key]) for key in sorted(values)}, frozenset(secret_keys), object_keys)

    def _full_keys(self, project: Project) -> dict[str, str]:
        return {key: key if ":" in key else f"{project.name}:{key}" for key in self.config}


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML mapping. Raises ProjectInvalid."""
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a safe loader
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ProjectInvalid(f"{path} cannot be read: {' '.join(str(error).split())}") from error
    if document is not None and not isinstance(document, dict):
        raise ProjectInvalid(f"{path}: expected a mapping, got {type(document).__name__}")
    return document or {}


class _Loader(yaml.SafeLoader):
    """Reads dates as the text that stands there, as the CLI does."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _is_secure(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"secure"} and isinstance(value["secure"], str)


def _has_secure(value: Any) -> bool:
    if isinstance(value, dict):
        return _is_secure(value) or any(map(_has_secure, value.values()))
    return isinstance(value, list) and any(map(_has_secure, value))


def _decrypted(value: Any, decrypt: Callable[[str], str]) -> Any:
    if _is_secure(value):
        return decrypt(value["secure"])
    if isinstance(value, dict):
        return {key: _decrypted(item, decrypt) for key, item in value.items()}
    return [_decrypted(item, decrypt) for item in value] if isinstance(value, list) else value


def _text(value: Any) -> str:
    """As the CLI gives it to a program: no value is an empty text."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
