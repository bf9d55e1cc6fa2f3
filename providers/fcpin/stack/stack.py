"""One stack: the settings that its pins are deployed with, and the pins."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final, Self

from fcpin.errors import InvalidSettings, Problem
from fcpin.json_reader import read_json
from fcpin.settings import Settings
from fcpin.stack.engine import Engine
from fcpin.stack.pins import StackPin, pins_in

FUNCTIONS: Final = "fcpin:functions"


@dataclass(frozen=True, slots=True)
class Stack:
    """What the engine tells of a stack. Its configuration may hold secrets: never print it."""

    name: str
    engine: Engine
    settings: Settings
    pins: tuple[StackPin, ...]
    """By name; none where nothing has been deployed yet."""
    config: Mapping[str, str] = field(repr=False)

    @classmethod
    def read(cls, engine: Engine, name: str) -> Self:
        """Raises StackError, and InvalidSettings for a configuration that the provider would refuse."""
        with ThreadPoolExecutor(2) as pool:  # each is a process of its own
            config, resources = pool.submit(engine.config, name), pool.submit(engine.resources, name)
            values, pins = config.result(), pins_in(resources.result())
        return cls(name, engine, Settings.read(values.get), tuple(sorted(pins, key=lambda pin: pin.name)), values)

    @property
    def functions(self) -> Mapping[str, Mapping[str, Any]]:
        """The entries of `fcpin:functions`, by name; none where it is not set. Raises InvalidSettings."""
        try:
            functions = read_json(self.config.get(FUNCTIONS, "{}"))
        except ValueError:
            functions = None
        if not isinstance(functions, dict) or not all(isinstance(entry, dict) for entry in functions.values()):
            raise InvalidSettings(Problem(FUNCTIONS, "expected an object of functions by name"))
        return functions
