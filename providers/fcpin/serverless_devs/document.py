"""An `s.yaml` as Serverless Devs reads it: with the file that it extends, its templates, and resolved references.

1. `extend: base.yaml` at the top: mappings of both files are merged, a list or a scalar of the extending file replaces
   that of the base. Only the resources are resolved before they are merged: in the base `${this.props.region}` is the
   base's region.
2. `extend: {name: global, ignore: [vpcConfig]}` in a resource: its props are merged into `template.global` without
   `vpcConfig`.
3. References are resolved when their value is needed, in the file that contains them. Those to the environment stay.

Tested against results of @serverless-devs/parse-spec 0.0.29.
"""

import errno
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple, Self, TypeAlias

from fcpin.errors import InvalidInput
from fcpin.serverless_devs.references import REFERENCE, Call, Environment, Expression, Lookup, Unresolved, expression
from fcpin.yaml_reader import YamlFile

_EXTEND: Final = "extend"
_LARGEST: Final = 64 * 2**10
"""Bytes of a file that `${file(…)}` reads."""
_DEEPEST: Final = 40
"""References that refer to each other."""
_LONGEST: Final = 4096
"""Characters of a resolved text."""
_UNKNOWN: Final = {"config": "which only `s config` resolves", "secret": "which only `s secret` resolves"}
_LATER: Final = "which only a deployment by Serverless Devs resolves"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of Serverless Devs."""

    content: Mapping[str, object]
    read: Callable[[str], str]
    """Returns the text of a file by its path from this file's folder. Raises OSError, ValueError."""


class Layer(NamedTuple):
    """A value as written, with its file and resource."""

    value: object
    file: int
    resource: str


View: TypeAlias = Sequence[Layer]
"""A value from several files and templates, the last one first: all of them if they are mappings, else the first."""


@dataclass(frozen=True)
class SYaml:
    """A file, after the one that it extends."""

    files: Sequence[SourceFile]
    """The base comes first."""
    _texts: dict[Layer, str] = field(default_factory=dict, repr=False, compare=False)
    _open: list[Layer] = field(default_factory=list, repr=False, compare=False)

    @classmethod
    def read(cls, file: YamlFile) -> Self:
        """Read *file* and the file that it extends. Raises InvalidInput, with the line."""
        if not isinstance(file.value, Mapping):
            raise InvalidInput(file.problem("", "expected an s.yaml: edition, name, resources"))
        extending = SourceFile(file.value, partial(_read_in, file.path.parent))
        extended = file.value.get(_EXTEND)
        if extended is None:
            return cls([extending])
        if not isinstance(extended, str) or not extended.endswith((".yaml", ".yml")):
            raise InvalidInput(file.problem(_EXTEND, "expected the path of a .yaml or .yml file"))
        try:
            base = YamlFile.read(file.path.parent / extended)
        except InvalidInput as error:
            problems = (file.problem(_EXTEND, f"{each.path} {each.reason}") for each in error.problems)
            raise InvalidInput(*problems) from None
        if not isinstance(base.value, Mapping):
            reason = f"{base.path} is not an s.yaml: expected edition, name, resources"
            raise InvalidInput(file.problem(_EXTEND, reason))
        if _EXTEND in base.value:
            reason = f"{base.path} extends a file itself, which Serverless Devs does not read; put both into one file"
            raise InvalidInput(file.problem(_EXTEND, reason))
        return cls([SourceFile(base.value, partial(_read_in, base.path.parent)), extending])

    @property
    def edition(self) -> str:
        view = self._top("edition")
        return _as_text(view[0].value) if view else ""

    @property
    def resources(self) -> Sequence[str]:
        """Names, those of the base first."""
        written = [file.content.get("resources") for file in self.files]
        return list(dict.fromkeys(_as_text(name) for each in written if isinstance(each, Mapping) for name in each))

    def get(self, resource: str, *path: str) -> str | None:
        """Return the text at *path* of *resource*, with references to the environment only; None if it is absent.

        Raises Unresolved.
        """
        view = self._at(resource, path, range(len(self.files)))
        return self._text(view) if view else None

    def missing_template(self, resource: str) -> str:
        """Return the template that *resource* extends, if the files do not have it; Serverless Devs ignores it then."""
        names = self._templates(resource, range(len(self.files)))
        return next((name for name in names if not self._template(name)), "")

    # Where values are

    def _top(self, *path: str) -> View:
        """Return the value at the top level of the files; the extending one comes first."""
        view = [Layer(file.content, index, "") for index, file in enumerate(self.files)]
        return self._walk(view[::-1], path)

    def _at(self, resource: str, path: Sequence[str], files: Sequence[int]) -> View:
        if path[:1] == ("name",):
            return [Layer(resource, 0, resource)]
        if path[:1] == ("access",):
            return self._walk(self._elements(resource, files), path) or self._top("access")
        if path[:1] == ("props",):
            return self._walk(self._props(resource, files), path[1:])
        return self._walk(self._elements(resource, files), path)

    def _elements(self, resource: str, files: Sequence[int]) -> View:
        """Return the resource as written."""
        found = [(index, self.files[index].content.get("resources")) for index in files]
        return [
            Layer(written[resource], index, resource)
            for index, written in reversed(found)
            if isinstance(written, Mapping) and resource in written
        ]

    def _props(self, resource: str, files: Sequence[int]) -> View:
        """Return the props of each file, then the template that the resource extends there."""
        found: list[Layer] = []
        for element in self._elements(resource, files):
            found += self._walk([element], ["props"])
            for name, ignored in self._templates(resource, [element.file]).items():
                values = [_without(each.value, ignored) for each in self._template(name)]
                found += (Layer(value, element.file, resource) for value in values)
        return found

    def _template(self, name: str) -> View:
        templates = self._top("template")
        return self._walk(templates, [name]) or self._walk(templates, name.split("."))

    def _templates(self, resource: str, files: Sequence[int]) -> Mapping[str, Sequence[str]]:
        """Return the templates that *resource* extends, with the paths that it ignores of each."""
        found = {}
        for element in self._elements(resource, files):
            name = self._walk([element], ["extend", "name"])
            ignore = self._walk([element], ["extend", "ignore"])
            if name and isinstance(name[0].value, str):
                paths = ignore[0].value if ignore else []
                found[name[0].value] = [_as_text(path) for path in (paths if isinstance(paths, list) else [paths])]
        return found

    def _walk(self, view: View, path: Sequence[str]) -> View:
        for key in path:
            view = self._child(view, key)
        return view if view and view[0].value is not None else []

    def _child(self, view: View, key: str) -> View:
        found: list[Layer] = []
        for layer in self._layers(view):
            value = layer.value
            if isinstance(value, list) and key.isdecimal() and int(key) < len(value):
                return [layer._replace(value=value[int(key)])]
            if not isinstance(value, Mapping):
                break
            if key in value:
                found.append(layer._replace(value=value[key]))
                if not isinstance(value[key], Mapping | str):
                    break
        return found

    def _layers(self, view: View) -> Iterator[Layer]:
        """Return *view*, in which a text that refers to a mapping is replaced by it."""
        for layer in view:
            match = REFERENCE.fullmatch(layer.value) if isinstance(layer.value, str) else None
            if match is None or Environment.of(match[1]):
                yield layer
            else:
                with self._opened(layer):
                    layers = list(self._layers(self._referred(match[0], expression(match[1]), layer)))
                yield from layers

    # Resolving texts

    def _text(self, view: View) -> str:
        layer = next(self._layers(view), None)
        if layer is None or isinstance(layer.value, bool) or not isinstance(layer.value, str | int | float):
            written = view[0].value
            raise Unresolved(written if isinstance(written, str) else "a value", "which is neither text nor number")
        if not isinstance(layer.value, str):
            return _as_text(layer.value)
        if layer not in self._texts:
            with self._opened(layer):
                self._texts[layer] = self._resolved(layer.value, layer)
        return self._texts[layer]

    def _resolved(self, text: str, layer: Layer) -> str:
        parts: list[str] = []
        end = length = 0
        for match in REFERENCE.finditer(text):
            inside = match[0] if Environment.of(match[1]) else self._value(match[0], match[1], layer)
            parts += [text[end : match.start()], inside]
            end, length = match.end(), length + match.start() - end + len(inside)
            if length > _LONGEST:
                raise Unresolved(match[0], f"with which a text is longer than {_LONGEST:,} characters")
        return "".join([*parts, text[end:]])

    def _value(self, reference: str, inside: str, layer: Layer) -> str:
        return self._text(self._referred(reference, expression(inside), layer))

    @contextmanager
    def _opened(self, layer: Layer) -> Iterator[None]:
        if layer in self._open:
            raise Unresolved(str(layer.value), "which refers to itself")
        if len(self._open) > _DEEPEST:
            raise Unresolved(str(layer.value), f"which more than {_DEEPEST} references lead to")
        self._open.append(layer)
        try:
            yield
        finally:
            self._open.pop()

    def _referred(self, reference: str, meant: Expression | None, layer: Layer) -> View:
        """Return what *reference* refers to from *layer*. Raises Unresolved if that does not exist."""
        view: View = []
        if isinstance(meant, Call):
            view = self._walk([layer._replace(value=self._called(reference, meant, layer))], meant.steps)
        elif isinstance(meant, str):
            view = [layer._replace(value=meant)]
        elif meant is not None:
            head, *path = meant.steps
            if head == "vars":
                view = self._top("vars", *path)
            elif head == "this" and layer.resource:
                view = self._of_resource(reference, layer.resource, path, layer)
            elif head == "resources" and path:
                view = self._of_resource(reference, path[0], path[1:], layer)
        if not view:
            raise Unresolved(reference, "which has no value in this file")
        return view

    def _of_resource(self, reference: str, resource: str, path: Sequence[str], layer: Layer) -> View:
        """Return the value from the file of the reference, or else from all files."""
        if path[:1] in (["output"], ["info"]):
            raise Unresolved(reference, _LATER)
        path = tuple(path)
        return self._at(resource, path, [layer.file]) or self._at(resource, path, range(len(self.files)))

    def _called(self, reference: str, call: Call, layer: Layer) -> object:
        if call.function in _UNKNOWN:
            raise Unresolved(reference, _UNKNOWN[call.function])
        argument = call.argument
        if isinstance(argument, Call):
            argument = _as_text(self._called(reference, argument, layer))
        elif isinstance(argument, Lookup):
            argument = self._text(self._referred(reference, argument, layer))
        try:
            if call.function == "file":
                return self.files[layer.file].read(argument).rstrip("\r\n")
            if call.function == "json":
                return json.loads(argument)
        except (OSError, ValueError, RecursionError) as error:
            why = getattr(error, "strerror", None) or "it is not JSON"
            raise Unresolved(reference, f"which cannot be read: {why}") from None
        raise Unresolved(reference, _LATER)


def _read_in(folder: Path, name: str) -> str:
    """Return the text of the file *name* that an s.yaml in *folder* refers to. Raises OSError, ValueError."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise PermissionError(errno.EPERM, f"{path} is outside of the folder of s.yaml")
    if not path.is_file():
        raise FileNotFoundError(errno.ENOENT, "no such file")
    with path.open("rb") as stream:
        data = stream.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise OSError(errno.EFBIG, f"it is larger than {_LARGEST} bytes")
    return data.decode("utf-8-sig")


def _as_text(value: object) -> str:
    """Return *value* as text; empty for a number of thousands of digits, which Python does not convert."""
    try:
        return str(value)
    except ValueError:
        return ""


def _without(value: object, paths: Sequence[str]) -> object:
    """*value* without what is at *paths*, such as `vpcConfig` or `customContainerConfig.port`."""
    for path in paths:
        if isinstance(value, Mapping):
            head, _, rest = path.partition(".")
            kept = {key: each for key, each in value.items() if key != head}
            if rest and path not in value and head in value:
                kept[head] = _without(value[head], [rest])
            value = {key: each for key, each in kept.items() if key != path}
    return value
