"""Pulumi.yaml and Pulumi.<stack>.yaml: what the user wrote, and the configuration that the program is given."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import yaml

from engine.errors import ProjectInvalid, StateUnusable, Unsupported
from engine.values import Properties, Secret, Value, compact, has_secret, reveal

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
        roots = [root for root in (start, *start.parents) if (root / "Pulumi.yaml").exists()]
        if not roots:
            searched = f"searching upwards from {start}"
            raise ProjectInvalid(f"no Pulumi.yaml project file found ({searched}); use --cwd to name its folder")
        path = roots[0] / "Pulumi.yaml"
        document = read_yaml(path)
        name, runtime = document.get("name"), document.get("runtime")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise ProjectInvalid(f"{path}: name: got {name!r}, expected letters, digits, '_', '.' and '-'")
        if (runtime.get("name") if isinstance(runtime, dict) else runtime) != "python":
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

    def config(self, decrypt: Callable[[str], str]) -> Properties:
        """The configuration as the program and the plugin get it: `project:key` to text, or a secret text.

        The project's values, then the stack's own, secure ones decrypted. Raises ProjectInvalid, Unsupported.
        """
        values = self._config(self.root / "Pulumi.yaml", self.document)
        for key, value in values.items():
            if isinstance(value, dict):
                raise Unsupported(f"{self.root / 'Pulumi.yaml'}: config: {key}: a type, a default or another structure")
        values |= self._config(self.settings_file, self.settings)
        return {key: self._text(key, values[key], decrypt) for key in sorted(values)}

    def _config(self, path: Path, document: Mapping[str, Any]) -> dict[str, Any]:
        """`config:` with `<project>:` before every key that has no namespace."""
        config = mapping(path, "config", document.get("config"))
        return {key if ":" in key else f"{self.name}:{key}": value for key, value in config.items()}

    def _text(self, key: str, value: Any, decrypt: Callable[[str], str]) -> Value:
        try:
            opened = _opened(value, decrypt)
        except StateUnusable as error:
            advice = "set it again with the Pulumi CLI"
            raise ProjectInvalid(f"{self.settings_file}: {key}: {error}; {advice}") from error
        plain = "" if opened is None else reveal(opened)
        text = plain if isinstance(plain, str) else compact(plain)
        return Secret(text) if has_secret(opened) else text


def _opened(value: Any, decrypt: Callable[[str], str]) -> Value:
    """*value* with what is in each `{secure: ciphertext}` as a secret."""
    if isinstance(value, dict):
        if value.keys() == {"secure"}:
            return Secret(decrypt(str(value["secure"])))
        return {str(key): _opened(item, decrypt) for key, item in value.items()}
    return [_opened(item, decrypt) for item in value] if isinstance(value, list) else value


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
        raise ProjectInvalid(f"{path}: {what}: got {compact(value)[:40]}, expected a mapping")
    return {str(key): item for key, item in (value or {}).items()}


class _Loader(yaml.SafeLoader):
    """Reads dates as the text that stands there, as the CLI does."""

    yaml_constructors = yaml.SafeLoader.yaml_constructors | {
        "tag:yaml.org,2002:timestamp": yaml.SafeLoader.construct_yaml_str
    }
