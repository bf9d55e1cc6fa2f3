"""Read a file of cases. What stands beside `cases` holds for all of them; a case may say otherwise."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, TypeVar

from fcpin.cli.cases.case import Case
from fcpin.cli.cases.expectation import Expectation
from fcpin.cli.cases.sources import POLICY, TAGS, Sources
from fcpin.cli.yaml_file import YamlFile
from fcpin.errors import InvalidInput
from fcpin.image import is_tag
from fcpin.policy.fields import Fields, read_moment, shown

T = TypeVar("T")

_SHARED: Final = (*POLICY, *TAGS, "current", "now", "min_age_bypass")
_OWN: Final = ("name", "expect")


def read_cases(path: Path) -> Sequence[Case]:
    """The cases in the file at *path*. Raises InvalidInput with every problem, each with its line."""
    file = YamlFile.read(path)
    top = Fields.of(file.value, "", [])
    cases = list(_cases(file, top)) if top.readable else []
    if top.problems:  # what is shared is read, and found wrong, for every case
        raise InvalidInput(*(file.problem(one.path, one.reason) for one in dict.fromkeys(top.problems)))
    return [case for case in cases if case is not None]


def _cases(file: YamlFile, top: Fields) -> Iterator[Case | None]:
    top.only((*_SHARED, "cases"))
    items = top.values.get("cases")
    if not isinstance(items, list) or not items:
        top.wrong("cases", "must be a list of cases, such as {name: …, tags: [main-1], expect: {tag: main-1}}")
        return
    sources = Sources(file.path.parent)
    for index, item in enumerate(items):
        own = Fields.of(item, f"cases[{index}]", top.problems)
        own.only((*_SHARED, *_OWN))
        if own.readable:
            yield _case(file, own, top, sources)


def _case(file: YamlFile, own: Fields, top: Fields, sources: Sources) -> Case | None:
    policy = _read(sources.policy, _home(own, top, POLICY))
    tags = _read(sources.tags, _home(own, top, TAGS))
    now = read_moment(_home(own, top, ("now",)), "now")
    expected = Expectation.read(Fields.of(own.values.get("expect"), own.at("expect"), own.problems))
    name, current = own.required("name", "the newest of the family"), _current(_home(own, top, ("current",)))
    bypass = _home(own, top, ("min_age_bypass",)).flag("min_age_bypass", default=False)
    if policy is None or tags is None:
        return None
    if policy.needs_now and now is None:
        own.wrong("now", "is required, such as 2026-12-01T00:00:00Z: the policy goes by time")
    return Case(name, file.place(own.path), policy, tags, current, now, bypass, expected)


def _home(own: Fields, top: Fields, keys: Sequence[str]) -> Fields:
    """Where one of *keys* is said: in the case, or for all."""
    return own if any(key in own.values for key in keys) else top


def _read(source: Callable[[Fields], T], fields: Fields) -> T | None:
    try:
        return source(fields)
    except InvalidInput as error:
        fields.problems.extend(error.problems)
        return None


def _current(fields: Fields) -> str | None:
    tag = fields.text("current")
    if tag is not None and not is_tag(tag):
        fields.wrong("current", f"{shown(tag)} is no tag; give the tag alone, without the repository")
    return tag
