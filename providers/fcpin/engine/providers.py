"""Which dynamic providers the engine loads: those of fcpin, and what the stack's configuration adds.

A dynamic provider comes as a pickle, from the program or out of the state, and unpickling may run any code. So the
pickle is read here without running it: it must be one instance of a class, by name and without arguments, and that
class must be allowed. `engine:providers` in the configuration names more of them: modules, classes, or `*` for any.
"""

import functools
import pickletools
import re
from base64 import b64decode
from collections.abc import Collection, Sequence
from typing import Any

from fcpin.engine.errors import ProjectInvalid, ProviderRefused
from fcpin.engine.state import name_of
from fcpin.engine.values import UNKNOWN, Properties, Value, reveal
from fcpin.json_reader import read_json

KEY = "__provider"
SETTING = "engine:providers"
OURS = frozenset(
    {
        "fcpin.image_pipeline.provider.ImagePipelineProvider",
        "fcpin.initial_image.provider.InitialImageProvider",
        "fcpin.pinned_function.provider.PinnedFunctionProvider",
    }
)
ANY = "*"
_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_TEXT = {"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"}
_IGNORED = {"PROTO", "FRAME", "MEMOIZE", "BINPUT", "LONG_BINPUT"}
"""Opcodes that only frame, or give what is on the stack a number."""
_DATA = _TEXT | _IGNORED
_DATA |= {"NONE", "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "MARK", "BINGET"}
_DATA |= {"EMPTY_DICT", "SETITEM", "SETITEMS", "EMPTY_LIST", "APPEND", "APPENDS", "EMPTY_TUPLE", "TUPLE", "TUPLE1"}
_DATA |= {"TUPLE2", "TUPLE3", "LONG_BINGET"}
"""Opcodes that build plain data: the attributes of an instance."""


def allowed_providers(config: Properties) -> frozenset[str]:
    """Modules and classes that may be loaded. Raises ProjectInvalid for a setting of another kind."""
    text = reveal(config.get(SETTING)) or ""
    try:
        names = read_json(text) if text.startswith("[") else [name.strip() for name in text.split(",") if name.strip()]
    except ValueError as error:
        raise ProjectInvalid(f"{SETTING}: {error}") from None
    for name in names:
        if not isinstance(name, str) or (name != ANY and not _NAME.fullmatch(name)):
            raise ProjectInvalid(
                f"{SETTING}: got {str(name)[:80]!r}, expected names of modules, such as shop.providers"
            )
    return OURS | frozenset(names)


def require_allowed(urn: str, bags: Sequence[Properties], allowed: Collection[str]) -> None:
    """Raises ProviderRefused unless the provider in each of *bags*, which may be unknown yet, may be loaded."""
    for bag in bags:
        provider = reveal(bag.get(KEY))
        if provider == UNKNOWN or ANY in allowed:
            continue
        found = class_of(provider)
        parts = found.split(".")
        if not any(".".join(parts[:length]) in allowed for length in range(1, len(parts) + 1)):
            got = found or "something other than an instance of a class by its name"
            raise ProviderRefused(
                f"the dynamic provider of {name_of(urn)} is rejected: got {got}, expected a provider of fcpin; "
                f"if you trust it, add its module to {SETTING} of the stack's configuration"
            )


def class_of(provider: Value) -> str:
    """`module.Class` of a serialized provider, whose code is not run; empty for anything else."""
    return _class_of(provider) if isinstance(provider, str) and provider.isascii() else ""


@functools.lru_cache(64)
def _class_of(provider: str) -> str:
    try:
        data = b64decode(provider, validate=True)
        steps = [(code.name, argument) for code, argument, _ in pickletools.genops(data) if code.name not in _IGNORED]
    except (ValueError, IndexError, KeyError, OverflowError, UnicodeError):
        return ""
    words = [name for name, _ in steps]
    if words[:1] == ["GLOBAL"]:
        found, rest = str(steps[0][1]).replace(" ", "\n").split("\n"), words[1:]
    elif len(words) > 2 and {words[0], words[1]} <= _TEXT and words[2] == "STACK_GLOBAL":
        found, rest = [str(steps[0][1]), str(steps[1][1])], words[3:]
    else:
        return ""
    return ".".join(found) if _names_a_class(found) and _makes_an_instance(rest) else ""


def _names_a_class(found: Sequence[Any]) -> bool:
    """Module and class; a dotted class would reach through a module into what that has imported."""
    return len(found) == 2 and bool(_NAME.fullmatch(found[0])) and found[1].isidentifier()


def _makes_an_instance(words: Sequence[str]) -> bool:
    """Without arguments, and with plain data as its attributes or none."""
    if words[:2] != ["EMPTY_TUPLE", "NEWOBJ"]:
        return False
    rest = words[2:]
    return rest == ["STOP"] or (rest[-2:] == ["BUILD", "STOP"] and set(rest[:-2]) <= _DATA)
