"""Pulumi.yaml and Pulumi.<stack>.yaml: what the user wrote, and the configuration that the program is given."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import yaml

from engine.errors import ProjectInvalid, StateUnusable, Unsupported
from engine.values import Properties, Secret, Value, has_secret, transform

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")


@dataclass(frozen=True)
class Project:
    """A project and one of its stacks: what Pulumi.yaml and Pulumi.<stack>.yaml say."""

    name: str
    root: Path
    document: Mapping[str, Any]
    settings_file: Path
    """In `stackConfigDir:`, else in the root, whether it exists or not."""
    settings: Mapping[str, Any]

    @classmethod
    def find(cls, start: Path, stack: str) -> Self:
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
        file = path.parent / str(document.get("stackConfigDir") or ".") / f"Pulumi.{stack}.yaml"
        settings = read_yaml(file) if file.exists() else {}
        if settings.get("secretsprovider") not in (None, "passphrase", "default"):
            raise Unsupported(f"{file}: secretsprovider {settings['secretsprovider']!r}")
        if settings.get("environment"):
            raise Unsupported(f"{file}: environment (Pulumi ESC)")
        return cls(name, path.parent, document, file, settings)

    @property
    def program(self) -> Path:
        """Where the program runs: `main:`, else the root."""
        return (self.root / str(self.document.get("main") or ".")).resolve()

    @property
    def backend(self) -> str:
        """The URL in `backend:`, or an empty text. Raises ProjectInvalid."""
        return str(mapping(self.root / "Pulumi.yaml", "backend", self.document.get("backend")).get("url") or "")

    def config(self, decrypt: Callable[[str], str]) -> Properties:
        """The configuration as the program and the plugin get it: `project:key` to text, or a secret text.

        Defaults of the project, then the stack's own values, secure ones decrypted. Raises ProjectInvalid.
        """
        own = self._config(self.settings_file, self.settings)
        values: dict[str, Value] = {}
        for key, value in self._config(self.root / "Pulumi.yaml", self.document).items():
            values[key] = value.get("value", value.get("default")) if isinstance(value, dict) else value
            if values[key] is None and key not in own:
                wanted = f"the stack is missing configuration value {key!r}"
                raise ProjectInvalid(f"{self.settings_file}: {wanted}; set it there")
        values |= {key: _marked(value) for key, value in own.items()}

        def text(key: str) -> str:
            try:
                plain = transform(values[key], lambda one: decrypt(one.value) if isinstance(one, Secret) else one)
            except StateUnusable as error:
                raise ProjectInvalid(
                    f"{self.settings_file}: {key}: {error}; set it again with the Pulumi CLI"
                ) from error
            plain = "" if plain is None else plain
            return plain if isinstance(plain, str) else json.dumps(plain, separators=(",", ":"), ensure_ascii=False)

        return {key: Secret(text(key)) if has_secret(values[key]) else text(key) for key in sorted(values)}

    def _config(self, path: Path, document: Mapping[str, Any]) -> dict[str, Any]:
        """`config:` with `<project>:` before every key that has no namespace."""
        config = mapping(path, "config", document.get("config"))
        return {key if ":" in key else f"{self.name}:{key}": value for key, value in config.items()}


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
    return mapping(path, "the file", document)


def mapping(path: Path, what: str, value: Any) -> dict[str, Any]:
    """*value*, found at *what* in *path*, if it is a mapping or nothing. Raises ProjectInvalid."""
    if not isinstance(value or {}, dict):
        raise ProjectInvalid(f"{path}: {what}: got {json.dumps(value)[:40]}, expected a mapping")
    return {str(key): item for key, item in (value or {}).items()}


class _Loader(yaml.SafeLoader):
    """Reads dates as the text that stands there, as the CLI does."""

    yaml_constructors = yaml.SafeLoader.yaml_constructors | {
        "tag:yaml.org,2002:timestamp": yaml.SafeLoader.construct_yaml_str
    }
