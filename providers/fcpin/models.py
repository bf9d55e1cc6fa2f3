"""Models of what users write: one class gives the reader, every problem with its path, the JSON schema and the docs.

    class Entry(Model):
        repository: Annotated[RepositoryName, about("Without a tag.", example="r.example.com/shop/app")]
        deadline: Annotated[Seconds, about("Seconds that FC may take.")] = 600

    entry = read(Entry, value, "fcpin:functions.api")

A field is a key. Its type decides what is accepted, and its `about` what a message, an editor and the docs show:

- `str | None = None`: null and a missing key mean the same, here and wherever a field has a default.
- `Text` is text that is not empty; `SecretText` is never quoted in a message. `Literal` and `StrEnum` are choices.
- `from_text` makes a type that is read from text, such as Repository, a duration, a regular expression.
- `__post_init__` raises ValueError for the whole mapping, or InvalidInput with paths relative to it. It runs when every
  field of the mapping is valid. `schema_rules` of a model is the same check as far as a JSON schema can express it.

A whole number may be written as 512.0, as Pulumi passes every number on.
"""

import json
import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import lru_cache
from math import isfinite
from typing import Annotated, Any, ClassVar, Final, TypeAlias, TypeVar, cast, dataclass_transform

import msgspec
from msgspec import NODEFAULT, Meta, inspect

from fcpin.errors import InvalidInput, InvalidSettings, Problem, property_path, shown, unknown_key

T = TypeVar("T")
Schema: TypeAlias = dict[str, Any]

DRAFT: Final = "http://json-schema.org/draft-07/schema#"
_LINK: Final = re.compile(r"\[([^\]]+)\]\([^)]+\)")


class _ModelMeta(msgspec.StructMeta):
    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any) -> Any:
        models = [base for base in bases if isinstance(base, _ModelMeta)]
        is_closed = all(model.__struct_config__.forbid_unknown_fields for model in models)
        options = {"frozen": True, "kw_only": True, "forbid_unknown_fields": is_closed, **options}
        return super().__new__(cls, name, bases, namespace, **options)


@dataclass_transform(kw_only_default=True, field_specifiers=(msgspec.field,))
class Model(msgspec.Struct, metaclass=_ModelMeta):
    """A mapping with the keys of the class and, unless `forbid_unknown_fields=False`, no others; immutable."""

    schema_rules: ClassVar[Mapping[str, Any]] = {}
    """Keywords of JSON schema for what `__post_init__` checks."""

    def __repr__(self) -> str:
        fields = fields_of(type(self)).values()
        values = [f"{each.name}={'…' if _is_secret(each.type) else repr(getattr(self, each.name))}" for each in fields]
        return f"{type(self).__name__}({', '.join(values)})"


class _FromText(type):
    """A type that msgspec leaves to `_parsed`; its values are instances of *target*."""

    target: type

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, cls.target)


def from_text(target: type, parse: Callable[[str], Any], **schema: Any) -> Any:
    """Return a type for fields that are written as text and read as *target*, whatever that is.

    *parse* raises ValueError or InvalidInput. *schema* has keywords of JSON schema, such as a pattern. For mypy the
    type is declared as *target*:

        if TYPE_CHECKING:
            Duration: TypeAlias = timedelta
        else:
            Duration = from_text(timedelta, parse_duration, pattern=r"^…$")
    """
    return _FromText(target.__name__, (), {"target": target, "parse": staticmethod(parse), "schema": schema})


def about(
    description: str,
    *,
    example: str | None = None,
    default: str | None = None,
    variable: str | None = None,
    schema: Mapping[str, Any] | None = None,
) -> Meta:
    """Describe a field.

    *description* may link to pages, relative to docs/; *default* is for the docs, where no constant is the default;
    *variable* is an environment variable that sets the same; *schema* has more keywords of JSON schema.
    """
    extra = {"example": example, "default": default, "variable": variable}
    extra = {key: value for key, value in extra.items() if value is not None}
    return Meta(description=description, extra=extra, extra_json_schema=dict(schema or {}))


def text_form(expected: str) -> Meta:
    """Name the form that a pattern of text stands for: `expected https://HOST[:PORT], got …`."""
    return Meta(extra={"expected": expected})


_MARK: Final = "sealed"
"""Stands for a reference to `SEALED` in what msgspec generates, which has a `type` of its own."""
SEALED: Final[Schema] = {
    "description": "Text, or a secret as pulumi config set --secret writes it.",
    "type": ["string", "object"],
    "properties": {"secure": {"type": "string"}},
    "required": ["secure"],
    "additionalProperties": False,
}
"""`definitions.sealed` of a schema: text that an engine may have to decrypt."""

END: Final = r"$(?!\n)"
"""The end of a text in a pattern: `$` alone matches before a last newline too."""

Text: TypeAlias = Annotated[str, Meta(pattern=r"\S")]
PlainText: TypeAlias = Annotated[str, Meta(extra_json_schema={_MARK: True})]
"""Text that may be empty, or sealed in a stack file."""
SecretText: TypeAlias = Annotated[str, Meta(pattern=r"\S", extra={"secret": True}, extra_json_schema={_MARK: True})]
HiddenText: TypeAlias = Annotated[str, Meta(extra={"secret": True}, extra_json_schema={_MARK: True})]
"""Text that may be secret or empty."""


def read(model: type[T], value: object, path: str = "", error: type[InvalidInput] = InvalidSettings) -> T:
    """*value* as *model*, which is a Model or a collection of models. Raises *error* with every problem."""
    problems: list[Problem] = []
    found = read_or_note(model, value, path, problems)
    if found is None or problems:
        raise error(*problems)
    return found


def read_or_note(model: type[T], value: object, path: str, problems: list[Problem]) -> T | None:
    """The same for what is one part of many: every problem is added to *problems*, and then the result is None."""
    try:
        return msgspec.convert(value, model, dec_hook=_parsed)
    except (msgspec.ValidationError, InvalidInput, UnicodeEncodeError):  # the last for an unpaired surrogate
        # msgspec stops at its first problem. The walk finds all, or none where it accepts more: see `_Walk`.
        walk = _Walk()
        found = walk.value(_info(cast("Hashable", model)), value, path, {})
        problems += dict.fromkeys(walk.problems)
        return None if walk.problems else found


def _parsed(kind: Any, value: object) -> Any:
    if not isinstance(value, str):
        raise ValueError("expected text")  # noqa: TRY004 - msgspec turns it into its own error
    return kind.parse(value)


def _parses(kind: Any, text: str) -> bool:
    try:
        kind.parse(text)
    except (ValueError, InvalidInput):
        return False
    return True


@lru_cache(maxsize=256)
def _info(model: Hashable) -> inspect.Type:
    return inspect.type_info(model)


_WRONG: Final = object()
_Extra: TypeAlias = Mapping[str, Any]
"""What `about` and the types of text keep for messages: example, expected, secret."""


class _Walk:
    """Builds a value like msgspec, goes on after a problem, and accepts two things more.

    These are null for a missing key with a default, and 512.0 for 512.
    """

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def value(self, kind: inspect.Type, value: Any, path: str, extra: _Extra) -> Any:
        """Return the value, or `_WRONG` when it is a problem, which has been added."""
        build = self._builders.get(type(kind))
        if build is None:
            raise TypeError(f"{path}: a model has no {type(kind).__name__}")
        return build(self, kind, value, path, extra)

    def _metadata(self, kind: inspect.Metadata, value: Any, path: str, extra: _Extra) -> Any:
        return self.value(kind.type, value, path, {**extra, **(kind.extra or {})})

    def _any(self, kind: inspect.AnyType, value: Any, path: str, extra: _Extra) -> Any:  # noqa: ARG002 - as it is
        return value

    def _bool(self, kind: inspect.BoolType, value: Any, path: str, extra: _Extra) -> Any:
        return value if isinstance(value, bool) else self._expected(path, _noun(kind), value, extra)

    def _wrong(self, path: str, reason: str) -> Any:
        self.problems.append(Problem(path, reason))
        return _WRONG

    def _expected(self, path: str, expected: str, value: object, extra: _Extra) -> Any:
        got = _kind(value) if extra.get("secret") or isinstance(value, Mapping | list) else shown(value)
        return self._wrong(path, f"expected {expected}, got {got}")

    def _union(self, kind: inspect.UnionType, value: Any, path: str, extra: _Extra) -> Any:
        kinds = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
        if value is None and len(kinds) < len(kind.types):
            return None
        fitting = [one for one in kinds if _fits(one, value)] or kinds
        if len(fitting) == 1 or len(fitting) < len(kinds):
            return self.value(fitting[0], value, path, extra)
        return self._expected(path, " or ".join(dict.fromkeys(_noun(one) for one in kinds)), value, extra)

    def _struct(self, kind: inspect.StructType, value: Any, path: str, extra: _Extra) -> Any:
        if not isinstance(value, Mapping):
            return self._expected(path, "a mapping", value, extra)
        before = len(self.problems)
        known = [field.encode_name for field in kind.fields]
        for key in value if kind.forbid_unknown_fields else ():
            if key not in known:
                self._wrong(property_path(path, key), unknown_key(key, known))
        found = {
            field.name: self._field(field, value, path) for field in kind.fields if self._is_given(field, value, path)
        }
        if len(self.problems) > before:
            return _WRONG
        try:
            return kind.cls(**found)
        except InvalidInput as error:
            for one in error.problems:
                inner = f".{one.path}" if path and one.path and one.path[0] != "[" else one.path
                self._wrong(f"{path}{inner}", one.reason)
        except ValueError as error:
            self._wrong(path, str(error))
        return _WRONG

    def _is_given(self, field: inspect.Field, value: Mapping[str, Any], path: str) -> bool:
        """Whether *value* has the field. A required one that is missing is added as a problem."""
        if value.get(field.encode_name) is not None:
            return True
        if field.required:
            example = _extra_of(field.type).get("example")
            reason = f"is required, such as {example}" if example else "is required"
            self._wrong(property_path(path, field.encode_name), reason)
            return False
        return field.encode_name in value and _takes_null(field.type)

    def _field(self, field: inspect.Field, value: Mapping[str, Any], path: str) -> Any:
        return self.value(field.type, value[field.encode_name], property_path(path, field.encode_name), {})

    def _dict(self, kind: inspect.DictType, value: Any, path: str, extra: _Extra) -> Any:
        if not isinstance(value, Mapping):
            return self._expected(path, "a mapping", value, extra)
        if len(value) < (kind.min_length or 0):
            self._wrong(path, "must not be empty")
        found = {}
        for name, one in value.items():
            here = property_path(path, name)
            key = self.value(kind.key_type, name, here, {})
            found[name if key is _WRONG else key] = self.value(kind.value_type, one, here, {})
        return found

    def _list(self, kind: inspect.CollectionType, value: Any, path: str, extra: _Extra) -> Any:
        if isinstance(value, str | bytes) or not isinstance(value, Sequence):
            return self._expected(path, _noun(kind), value, extra)
        least, most = kind.min_length or 0, kind.max_length
        if len(value) < least or (most is not None and len(value) > most):
            limits = f"{least} to {most}" if most is not None else f"at least {least}"
            self._wrong(path, f"must have {limits} items, got {len(value)}")
        found = [self.value(kind.item_type, one, f"{path}[{index}]", {}) for index, one in enumerate(value)]
        return tuple(found) if isinstance(kind, inspect.VarTupleType) else found

    def _choice(self, kind: inspect.LiteralType | inspect.EnumType, value: Any, path: str, extra: _Extra) -> Any:
        choices = _choices(kind)
        if not isinstance(value, str | bool | int) or not any(value is one or value == one for one in choices):
            got = _kind(value) if extra.get("secret") else shown(value)
            return self._wrong(path, f"must be {' or '.join(map(_plain, choices))}, got {got}")
        return kind.cls(value) if isinstance(kind, inspect.EnumType) else value

    def _number(self, kind: inspect.IntType | inspect.FloatType, value: Any, path: str, extra: _Extra) -> Any:
        is_int = isinstance(kind, inspect.IntType)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return self._expected(path, _noun(kind), value, extra)
        inside = (
            (kind.ge is None or value >= kind.ge)
            and (kind.gt is None or value > kind.gt)
            and (kind.le is None or value <= kind.le)
            and (kind.lt is None or value < kind.lt)
            and isfinite(value)
        )
        if not inside:
            return self._wrong(path, f"must be {_noun(kind)}{_limits(kind)}, got {value:g}")
        if is_int and value != int(value):
            return self._expected(path, _noun(kind), value, extra)
        if kind.multiple_of is not None and value % kind.multiple_of:
            return self._wrong(path, f"must be a multiple of {kind.multiple_of:g}, got {value:g}")
        return int(value) if is_int else float(value)

    def _text(self, kind: inspect.StrType, value: Any, path: str, extra: _Extra) -> Any:
        if not isinstance(value, str):
            return self._not_text(value, path, extra)
        if (kind.pattern or kind.min_length) and not value.strip():
            return self._wrong(path, "must not be empty; remove it or fill it in")
        is_long = kind.max_length is not None and len(value) > kind.max_length
        if is_long or (kind.pattern is not None and not re.search(kind.pattern, value)):
            example = extra.get("example")
            form = extra.get("expected") or (f"such as {example}" if example else f"text that matches {kind.pattern}")
            return self._expected(path, form, value, extra)
        return value

    def _not_text(self, value: object, path: str, extra: _Extra, parser: Any = None) -> Any:
        """*parser* is of a type that is read from text: quotes are of use only for what it reads."""
        is_scalar = isinstance(value, bool | int | float) and (parser is None or _parses(parser, _plain(value)))
        if extra.get("secret"):
            hint = "; put it in quotes" if is_scalar else ""
        else:
            hint = f"; put it in quotes: '{_plain(value)}'" if is_scalar else ""
        before = len(self.problems)
        example = extra.get("example")
        self._expected(path, f"text such as {example}" if parser and example else "text", value, extra)
        self.problems[before] = Problem(path, self.problems[before].reason + hint)
        return _WRONG

    def _parsed(self, kind: inspect.CustomType, value: object, path: str, extra: _Extra) -> Any:
        if not isinstance(value, str):
            return self._not_text(value, path, extra, kind.cls)
        if not value.strip():
            return self._wrong(path, "must not be empty; remove it or fill it in")
        try:
            return _parsed(kind.cls, value)
        except InvalidInput as error:
            for problem in error.problems:
                self._wrong(path, problem.reason)
        except ValueError as error:
            self._wrong(path, str(error))
        return _WRONG

    _builders: ClassVar[Mapping[type[inspect.Type], Callable[[Any, Any, Any, str, _Extra], Any]]] = {
        inspect.Metadata: _metadata,
        inspect.UnionType: _union,
        inspect.StructType: _struct,
        inspect.DictType: _dict,
        inspect.ListType: _list,
        inspect.VarTupleType: _list,
        inspect.LiteralType: _choice,
        inspect.EnumType: _choice,
        inspect.IntType: _number,
        inspect.FloatType: _number,
        inspect.StrType: _text,
        inspect.CustomType: _parsed,
        inspect.BoolType: _bool,
        inspect.AnyType: _any,
    }
    """What the type of a field may be, and the method that builds its value."""


def _kind(value: object) -> str:
    """The kind of *value*, and nothing of its content."""
    if isinstance(value, str):
        return "text" if value else "empty text"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true or false"
    return "a number" if isinstance(value, int | float) else "a mapping" if isinstance(value, Mapping) else "a list"


def _plain(value: object) -> str:
    """*value* as YAML has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _choices(kind: inspect.LiteralType | inspect.EnumType) -> Sequence[Any]:
    return kind.values if isinstance(kind, inspect.LiteralType) else [one.value for one in kind.cls]


def _limits(kind: inspect.IntType | inspect.FloatType) -> str:
    least, most = kind.ge, kind.le
    if least is not None and most is not None:
        return f" from {least:g} to {most:g}"
    each = ((least, "at least"), (kind.gt, "more than"), (most, "at most"), (kind.lt, "less than"))
    parts = [f"{words} {limit:g}" for limit, words in each if limit is not None]
    return f" of {' and '.join(parts)}" if parts else ""


def _fits(kind: inspect.Type, value: object) -> bool:
    """Whether *value* is of the kind that *kind* is made of, right or wrong."""
    match kind:
        case inspect.Metadata():
            return _fits(kind.type, value)
        case inspect.StructType() | inspect.DictType():
            return isinstance(value, Mapping)
        case inspect.ListType() | inspect.VarTupleType():
            return isinstance(value, Sequence) and not isinstance(value, str)
        case inspect.LiteralType() | inspect.EnumType():
            return any(value is one or (isinstance(value, str) and value == one) for one in _choices(kind))
        case inspect.BoolType():
            return isinstance(value, bool)
        case inspect.IntType() | inspect.FloatType():
            return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, str) or isinstance(kind, inspect.AnyType)


def _noun(kind: inspect.Type) -> str:
    match kind:
        case inspect.Metadata():
            return _noun(kind.type)
        case inspect.UnionType():
            return " or ".join(dict.fromkeys(_noun(one) for one in kind.types if not isinstance(one, inspect.NoneType)))
        case inspect.StructType() | inspect.DictType():
            return "a mapping"
        case inspect.ListType() | inspect.VarTupleType():
            return f"a list of {_noun(kind.item_type)}"
        case inspect.LiteralType() | inspect.EnumType():
            return " or ".join(map(_plain, _choices(kind)))
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType():
            return "a whole number"
        case inspect.FloatType():
            return "a number"
    return "text"


def _takes_null(kind: inspect.Type) -> bool:
    if isinstance(kind, inspect.Metadata):
        return _takes_null(kind.type)
    kinds = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    return any(isinstance(one, inspect.NoneType | inspect.AnyType) for one in kinds)


def _extra_of(kind: inspect.Type) -> Mapping[str, Any]:
    return kind.extra or {} if isinstance(kind, inspect.Metadata) else {}


def fields_of(model: type[msgspec.Struct]) -> Mapping[str, inspect.Field]:
    """The fields of *model* by their keys."""
    info = _info(model)
    assert isinstance(info, inspect.StructType)  # noqa: S101 - a Model
    return {field.encode_name: field for field in info.fields}


def _is_secret(kind: inspect.Type) -> bool:
    """Whether a value, or one in a mapping, must not be shown."""
    plain, extra = unwrapped(kind)
    return bool(extra.get("secret")) or (isinstance(plain, inspect.DictType) and _is_secret(plain.value_type))


def unwrapped(kind: inspect.Type) -> tuple[inspect.Type, Mapping[str, Any]]:
    """*kind* without what describes it and without null, and the description's `extra`."""
    extra: dict[str, Any] = {}
    while isinstance(kind, inspect.Metadata | inspect.UnionType):
        if isinstance(kind, inspect.Metadata):
            extra |= kind.extra or {}
            kind = kind.type
            continue
        others = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
        if len(others) != 1:
            break
        (kind,) = others
    return kind, extra


def json_schema(model: Any, title: str) -> Schema:
    """The schema of *model* as a file for editors (draft 7)."""
    schema = schema_of(model)
    definitions = {"definitions": {"sealed": SEALED}} if "#/definitions/sealed" in json.dumps(schema) else {}
    return {"$schema": DRAFT, "title": title, **schema, **definitions}


def schema_of(model: Any) -> Schema:
    """The same as a part of another schema: every model in its place, without references but to `SEALED`.

    null is not offered where it means the same as a missing key.
    """
    (outer,), components = msgspec.json.schema_components([model], ref_template="{name}", schema_hook=_text_schema)
    rules = {cls.__name__: cls.schema_rules for cls in _models_in(_info(model)) if issubclass(cls, Model)}
    found: Schema = _inlined(outer, components, rules)
    return found


def _text_schema(kind: Any) -> Schema:
    return {"type": "string", **kind.schema}


def _models_in(kind: Any) -> set[type]:
    """Every model inside *kind*."""
    inner = [getattr(kind, name, None) for name in ("type", "item_type", "value_type")]
    inner += [*getattr(kind, "types", ()), *(field.type for field in getattr(kind, "fields", ()))]
    own = {kind.cls} if isinstance(kind, inspect.StructType) else set()
    return own.union(*(_models_in(one) for one in inner if isinstance(one, inspect.Type)))


def _inlined(schema: Any, components: Mapping[str, Any], rules: Mapping[str, Mapping[str, Any]]) -> Any:
    if isinstance(schema, list):
        return [_inlined(one, components, rules) for one in schema]
    if not isinstance(schema, dict):
        return schema
    schema = dict(schema)
    if schema.get("default", ...) is None:
        del schema["default"]
        schema = _without_null(schema)
    if "$ref" in schema:
        name = schema.pop("$ref")
        schema = {**components[name], **rules.get(name, {}), **schema}
    if schema.pop(_MARK, False):
        about = {key: value for key, value in schema.items() if key == "description"}
        schema = {"$ref": "#/definitions/sealed", **about}
    properties = {name: _inlined(one, components, rules) for name, one in schema.pop("properties", {}).items()}
    found: Schema = {"properties": properties} if properties else {}
    for key, value in schema.items():
        if isinstance(value, str):
            found[key] = _plain_keyword(key, value)
        elif value or key != "required":
            found[key] = _inlined(value, components, rules)
    found.pop("title", None)
    return dict(sorted(found.items(), key=lambda item: item[0] == "properties"))


def _plain_keyword(key: str, value: str) -> str:
    """A description without links, and a pattern as JavaScript has it."""
    return _LINK.sub(r"\1", value) if key == "description" else value.replace(END, "$") if key == "pattern" else value


def _without_null(schema: Schema) -> Schema:
    kinds = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    if len(kinds) == 1:
        return {**kinds[0], **{key: value for key, value in schema.items() if key != "anyOf"}}
    return {**schema, "anyOf": kinds} if kinds else schema


def options_table(model: type[Model]) -> str:
    """The table of the docs: one row a key, in the order of the class."""
    rows = [_row(field) for field in fields_of(model).values()]
    columns = [index for index, name in enumerate(rows[0]) if any(row[index] for row in rows)]
    head = ("key", "value", "default", "environment", "meaning")
    lines = [[head[index] for index in columns], ["---" for _ in columns]]
    lines += [[row[index] for index in columns] for row in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines).replace("| --- ", "|---").replace("--- |\n", "---|\n")


def _row(field: inspect.Field) -> Sequence[str]:
    extra = _extra_of(field.type)
    description = ((isinstance(field.type, inspect.Metadata) and field.type.extra_json_schema) or {}).get("description")
    default = field.default if field.default_factory is NODEFAULT else field.default_factory()
    if field.required:
        default = "required"
    elif extra.get("default"):
        default = extra["default"]
    elif default is None or default is NODEFAULT or default in ((), {}, []):
        default = ""
    else:
        default = f"`{_plain(getattr(default, 'value', default))}`"
    variable = f"`{extra['variable']}`" if extra.get("variable") else ""
    return (f"`{field.encode_name}`", _values(field.type), default, variable, description or "")


def _key_and_values(field: inspect.Field) -> str:
    """A key of a mapping inside the table; what it takes only where that is not one text or flag."""
    values = _values(field.type)
    is_plain = values in ("text", "true or false") or values.startswith("mapping")
    return f"`{field.encode_name}`" + ("" if is_plain else f" ({values})")


def _values(kind: inspect.Type) -> str:
    """What may be written: `0.05 to 16`, `a` or `b`, a mapping of `port`."""
    match kind:
        case inspect.Metadata():
            return _values(kind.type)
        case inspect.UnionType():
            return " or ".join(
                dict.fromkeys(_values(one) for one in kind.types if not isinstance(one, inspect.NoneType))
            )
        case inspect.LiteralType() | inspect.EnumType():
            return ", ".join(f"`{_plain(one)}`" for one in _choices(kind))
        case inspect.ListType() | inspect.VarTupleType():
            return f"list of {_values(kind.item_type).replace('mapping:', 'mappings:', 1)}"
        case inspect.StructType():
            return f"mapping: {', '.join(map(_key_and_values, kind.fields))}"
        case inspect.DictType(value_type=inspect.AnyType()):
            return "mapping of names"
        case inspect.DictType():
            return f"mapping of names to {_values(kind.value_type).replace('mapping:', 'mappings:', 1)}"
        case inspect.IntType() | inspect.FloatType():
            step = f", in steps of {kind.multiple_of:g}" if kind.multiple_of and kind.multiple_of != 1 else ""
            return (
                _noun(kind).removeprefix("a ") + _limits(kind).replace(" from", ",").replace(" of", ",") + step
            ).strip()
    return _noun(kind)
