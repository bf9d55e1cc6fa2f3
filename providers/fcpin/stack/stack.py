"""One stack: the settings that its pins are deployed with, and the pins."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Self

from fcpin.errors import InvalidSettings, Problem
from fcpin.function_files import FILES, FUNCTIONS, FunctionFile, all_functions, function_files
from fcpin.json_reader import read_json
from fcpin.settings import Settings
from fcpin.stack.engine import Engine
from fcpin.stack.pins import StackPin, pins_in


@dataclass(frozen=True, slots=True)
class Stack:
    """What the engine tells of a stack. Its configuration may hold secrets: never print it."""

    name: str
    engine: Engine
    settings: Settings
    pins: tuple[StackPin, ...]
    """By name; none where nothing has been deployed yet."""
    config: Mapping[str, str] = field(repr=False)
    """`fcpin:functions` in it has the entries of function files too."""
    files: tuple[FunctionFile, ...] = ()
    """Those of `fcpin:functionFiles`."""
    names_functions: bool = True
    """Whether the configuration itself has `fcpin:functions`."""

    @classmethod
    def read(cls, engine: Engine, name: str) -> Self:
        """Raises StackError, and InvalidSettings for a configuration that the provider would refuse."""
        with ThreadPoolExecutor(2) as pool:  # each is a process of its own
            config, resources = pool.submit(engine.config, name), pool.submit(engine.resources, name)
            values, pins = dict(config.result()), pins_in(resources.result())
        files, names_functions = function_files(values.get(FILES), engine.folder), FUNCTIONS in values
        if files:
            values[FUNCTIONS] = json.dumps(all_functions(values.get(FUNCTIONS), files))
        by_name = tuple(sorted(pins, key=lambda pin: pin.name))
        return cls(name, engine, Settings.read(values.get), by_name, values, files, names_functions)

    def file_of(self, name: str) -> FunctionFile | None:
        """The function file that has the entry *name*; None for an entry of the stack's file."""
        return next((file for file in self.files if name in file.entries), None)

    @property
    def file_of_new(self) -> FunctionFile | None:
        """Where new entries go: the last function file if all entries are in such files, else None, the stack's."""
        return self.files[-1] if self.files and not self.names_functions else None

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
