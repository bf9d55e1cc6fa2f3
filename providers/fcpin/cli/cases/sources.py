"""Where a case takes its policy and its tags from: the file itself, a stack's configuration, a saved listing."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from fcpin.cli.tag_input import read_tags, records_of
from fcpin.cli.yaml_file import YamlFile
from fcpin.errors import InvalidInput, Problem
from fcpin.function_files import FILES, FUNCTIONS, all_functions, function_files
from fcpin.image import TagRecord
from fcpin.policy import Policy
from fcpin.policy.fields import Fields, shown
from fcpin.policy.policy import KEYS, ORDERS

POLICY: Final = ("policy", "stack", "function")
TAGS: Final = ("tags", "tags_file")


class Sources:
    """Reads every file once. Both methods raise InvalidInput, with paths of the cases' own file."""

    def __init__(self, folder: Path) -> None:
        """Names of files are relative to *folder*."""
        self._folder = folder
        self._stacks: dict[str, YamlFile] = {}
        self._listings: dict[str, Sequence[TagRecord]] = {}

    def policy(self, fields: Fields) -> Policy:
        """Of `policy`, or of a `function` in a `stack`'s file."""
        given = _given(fields, POLICY)
        if given == ["policy"]:
            return _policy(fields.values["policy"], fields.at("policy"))
        if given != ["stack", "function"]:
            raise _problem(fields, "policy", f"expected policy, or stack and function; got {_listed(given)}")
        stack, function = str(fields.values["stack"]), str(fields.values["function"])
        entry = self._entry(fields, stack, function)
        if entry is None:
            raise _problem(fields, "function", f"{shown(function)} is not in {FUNCTIONS} of {stack}")
        spec = {key: value for key, value in entry.items() if key in (*KEYS, *ORDERS)}
        return _policy(spec, fields.at("function"))

    def tags(self, fields: Fields) -> Sequence[TagRecord]:
        """Of `tags`, or of the listing in `tags_file`."""
        given = _given(fields, TAGS)
        if given == ["tags_file"]:
            return self._listing(fields, str(fields.values["tags_file"]))
        items = fields.values.get("tags")
        if given != ["tags"] or not isinstance(items, list):
            raise _problem(fields, "tags", f"expected a list of tags, or tags_file; got {_listed(given)}")
        return records_of((fields.at(f"tags[{index}]"), item) for index, item in enumerate(items))

    def _stack(self, fields: Fields, name: str) -> YamlFile:
        if name not in self._stacks:
            try:
                self._stacks[name] = YamlFile.read(self._folder / name)
            except InvalidInput as error:
                raise _problem(fields, "stack", str(error)) from None
        return self._stacks[name]

    def _entry(self, fields: Fields, stack: str, function: str) -> Mapping[str, object] | None:
        file = self._stack(fields, stack)
        config = file.value.get("config") if isinstance(file.value, Mapping) else None
        values = config if isinstance(config, Mapping) else {}
        try:
            files = function_files(values.get(FILES), file.path.absolute().parent)
            entry = all_functions(values.get(FUNCTIONS), files).get(function)
        except InvalidInput as error:
            raise _problem(fields, "stack", str(error)) from None
        return entry if isinstance(entry, Mapping) else None

    def _listing(self, fields: Fields, name: str) -> Sequence[TagRecord]:
        if name not in self._listings:
            try:
                self._listings[name] = read_tags((self._folder / name).read_bytes(), "")
            except OSError as error:
                raise _problem(fields, "tags_file", f"{name} cannot be read: {error.strerror}") from None
            except InvalidInput as error:
                raise _problem(fields, "tags_file", *(f"{name}: {problem}" for problem in error.problems)) from None
        return self._listings[name]


def _given(fields: Fields, keys: Sequence[str]) -> Sequence[str]:
    return [key for key in keys if fields.values.get(key) is not None]


def _listed(given: Sequence[str]) -> str:
    return " and ".join(given) or "none of them"


def _policy(spec: object, path: str) -> Policy:
    try:
        return Policy.from_spec(spec)  # type: ignore[arg-type]  # users write anything
    except InvalidInput as error:
        problems = [Problem(".".join(filter(None, (path, one.path))), one.reason) for one in error.problems]
        raise InvalidInput(*problems) from None


def _problem(fields: Fields, key: str, *reasons: str) -> InvalidInput:
    return InvalidInput(*(Problem(fields.at(key), reason) for reason in reasons))
