"""Test cases of a policy, in YAML: the model of the file, and what each case expects."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple, Self, TypeAlias

from fcpin.cli.tag_input import read_tags, records_of
from fcpin.errors import InvalidInput, InvalidPolicy, Problem, shown
from fcpin.function_files import FILES, FUNCTIONS, all_functions, function_files
from fcpin.image import TagRecord, is_tag
from fcpin.models import Model, Schema, Text, about, from_text, json_schema, read_or_note
from fcpin.policy import Policy, Ranking, Selection
from fcpin.policy.policy import KEYS, ORDERS
from fcpin.policy.times import parse_moment
from fcpin.yaml_reader import YamlFile


def _parse_tag(text: str) -> str:
    if not is_tag(text):
        raise ValueError(f"{shown(text)} is not a valid tag; give the tag alone, without the repository")
    return text


if TYPE_CHECKING:
    Moment: TypeAlias = datetime
    Tag: TypeAlias = str
else:
    Moment = from_text(datetime, parse_moment, format="date-time")
    Tag = from_text(str, _parse_tag)


class Inputs(Model):
    """The inputs of a selection. Those at the top of the file apply to each case that does not have its own."""

    policy: Annotated[
        dict[str, Any] | None, about("The policy dictionary, as in `--policy` and [in a stack](policies/README.md).")
    ] = None
    stack: Annotated[Text | None, about("Instead of `policy`, with `function`: a stack's file.")] = None
    function: Annotated[Text | None, about("The name of a function under `fcpin:functions` of `stack`.")] = None
    tags: Annotated[
        list[Any] | None, about("Names, or objects with `tag`, `digest`, `pushed`, `created` and `status`.")
    ] = None
    tags_file: Annotated[Text | None, about("Instead of `tags`: a listing as `fcpin tags` prints it.")] = None
    current: Annotated[Tag | None, about("The deployed tag.", default="none")] = None
    now: Annotated[
        Moment | None,
        about(
            "The time of the selection, with a time zone. Required for a policy with `min_age`, `hold`, "
            "`accelerated: require` or `accelerated_wait`.",
            example="2026-12-01T00:00:00Z",
        ),
    ] = None
    min_age_bypass: Annotated[bool | None, about("Whether the run ignores `min_age`.", default="`false`")] = None


_POLICY: Final = ("policy", "stack", "function")
_TAGS: Final = ("tags", "tags_file")
_RESULTS: Final = ("tag", "keep", "none", "problem")


class Result(NamedTuple):
    """One of `tag`, `keep`, `none` and `problem`; with the tag, or with the path of the problem."""

    kind: str
    value: str = ""

    @classmethod
    def of(cls, outcome: Selection | InvalidPolicy) -> Self:
        if isinstance(outcome, InvalidPolicy):
            return cls("problem", outcome.problems[0].path)
        if outcome.chosen is not None:
            return cls("tag", outcome.chosen.tag)
        return cls("keep" if outcome.keep else "none")

    def __str__(self) -> str:
        texts = {"keep": "the current tag kept", "none": "no tag", "problem": f"a problem at {self.value}"}
        return texts.get(self.kind, self.value)


class Expectation(Model):
    """Exactly one result, and tags that must be rejected."""

    tag: Annotated[Text | None, about("This tag is deployed.", example="main-12")] = None
    keep: Annotated[
        bool | None,
        about("`true`: the deployed pin stays, because nothing is newer or its place in the order is unknown."),
    ] = None
    none: Annotated[bool | None, about("`true`: no tag qualifies; a deployment would fail.")] = None
    problem: Annotated[
        Text | None, about("The selection fails because of the value at this path.", example="hold.tag")
    ] = None
    rejected: Annotated[tuple[Text, ...], about("With one of the others: these tags are not deployed.")] = ()

    def __post_init__(self) -> None:
        given = [kind for kind in _RESULTS if getattr(self, kind) is not None]
        if len(given) != 1:
            raise ValueError(f"expected one of {', '.join(_RESULTS)}; got {_listed(given)}")
        if getattr(self, given[0]) is False:
            raise InvalidInput(Problem(given[0], "must be true; remove it otherwise"))

    @property
    def result(self) -> Result:
        (kind,) = (kind for kind in _RESULTS if getattr(self, kind) is not None)
        return Result(kind, value if isinstance(value := getattr(self, kind), str) else "")

    def failures(self, outcome: Selection | InvalidPolicy) -> Iterator[str]:
        """How *outcome* differs: `expected main-12, got main-11: newest of 2 of 3 tags by push time`."""
        got = Result.of(outcome)
        if got != self.result:
            why = outcome.reason if isinstance(outcome, Selection) else "; ".join(map(str, outcome.problems))
            yield f"expected {self.result}, got {got}: {why}"
        elif isinstance(outcome, Selection):
            known = {rejection.tag for rejection in outcome.rejected}
            for tag in self.rejected:
                if tag not in known:
                    yield f"expected {tag} to be rejected, got {'it chosen' if got.value == tag else 'no such tag'}"


class CaseEntry(Inputs):
    """An item of `cases`."""

    name: Annotated[Text, about("What the case shows.", example="the newest of the family")]
    expect: Annotated[Expectation, about("The expected result.", example="{tag: main-12}")]


class CasesFile(Inputs):
    """A file of cases."""

    cases: Annotated[
        list[CaseEntry],
        about("The cases.", example="[{name: …, tags: [main-1], expect: {tag: main-1}}]", schema={"minItems": 1}),
    ]


class _Frame(Inputs):
    """CasesFile, whose cases are read one by one: a problem of one does not hide those of another."""

    cases: Annotated[list[Any], about("", example="[{name: …, tags: [main-1], expect: {tag: main-1}}]")]


@dataclass(frozen=True, slots=True)
class Case:
    """A policy, its inputs, and the expected result."""

    name: str
    place: str
    """`cases.yaml:7`."""
    policy: Policy
    tags: Sequence[TagRecord]
    current: str | None
    now: datetime | None
    min_age_bypass: bool
    expected: Expectation

    def outcome(self) -> Selection | InvalidPolicy:
        """The selection, or why it is impossible: a hold at a tag that does not exist."""
        try:
            ranking = Ranking(self.policy, self.tags)
            return ranking.select(self.current, now=self.now, min_age_bypass=self.min_age_bypass)
        except InvalidPolicy as error:
            return error


def read_cases(path: Path) -> Sequence[Case]:
    """The cases in the file at *path*. Raises InvalidInput with every problem, each with its line."""
    file = YamlFile.read(path)
    problems: list[Problem] = []
    cases = list(_cases(file, problems))
    if problems:  # those of shared inputs were found for each case
        raise InvalidInput(*(file.problem(one.path, one.reason) for one in dict.fromkeys(problems)))
    return cases


def _cases(file: YamlFile, problems: list[Problem]) -> Iterator[Case]:
    shared = read_or_note(_Frame, file.value, "", problems)
    items = file.value.get("cases") if isinstance(file.value, Mapping) else None
    if shared is not None and not shared.cases:
        problems.append(Problem("cases", "must have at least one case"))
    sources = _Sources(file.path.parent)
    for index, item in enumerate(items if isinstance(items, list) else ()):
        path = f"cases[{index}]"
        own = read_or_note(CaseEntry, item, path, problems)
        if own is not None and shared is not None and (case := _case(own, shared, path, sources, problems)):
            yield Case(own.name, file.place(path), *case, own.expect)


def _case(
    own: CaseEntry, shared: Inputs, path: str, sources: "_Sources", problems: list[Problem]
) -> tuple[Policy, Sequence[TagRecord], str | None, datetime | None, bool] | None:
    """Policy, tags, current tag, time and bypass. Every problem is added to *problems*, and then the result is None."""
    before = len(problems)
    policy = tags = None
    try:
        policy = sources.policy(*_holder(own, shared, path, _POLICY))
    except InvalidInput as error:
        problems += error.problems
    try:
        tags = sources.tags(*_holder(own, shared, path, _TAGS))
    except InvalidInput as error:
        problems += error.problems
    now = own.now or shared.now
    if policy and policy.needs_now and now is None:
        reason = "is required for this policy, whose result depends on the time; such as 2026-12-01T00:00:00Z"
        problems.append(Problem(f"{path}.now", reason))
    if policy is None or tags is None or len(problems) > before:
        return None
    bypass = shared.min_age_bypass if own.min_age_bypass is None else own.min_age_bypass
    return policy, tags, own.current or shared.current, now, bool(bypass)


def _holder(own: Inputs, shared: Inputs, path: str, keys: Sequence[str]) -> tuple[Inputs, str]:
    """The case and its path where it has one of *keys*, else the top of the file."""
    return (own, f"{path}.") if any(getattr(own, key) is not None for key in keys) else (shared, "")


def cases_schema() -> Schema:
    """The JSON schema of a file of cases."""
    return json_schema(CasesFile, "Test cases of a policy: fcpin test-policy")


class _Sources:
    """Reads every file once. Both methods raise InvalidInput, with paths of the cases' own file."""

    def __init__(self, folder: Path) -> None:
        """Names of files are relative to *folder*."""
        self._folder = folder
        self._stacks: dict[str, YamlFile] = {}
        self._listings: dict[str, Sequence[TagRecord]] = {}

    def policy(self, inputs: Inputs, at: str) -> Policy:
        """Of `policy`, or of a `function` in a `stack`'s file. *at*: prefix of paths."""
        given = [key for key in _POLICY if getattr(inputs, key) is not None]
        if given == ["policy"]:
            return _policy(inputs.policy or {}, f"{at}policy")
        if not inputs.stack or not inputs.function or inputs.policy is not None:
            reason = f"expected policy, or stack and function; got {_listed(given)}"
            raise InvalidInput(Problem(f"{at}policy", reason))
        entry = self._entry(inputs.stack, inputs.function, at)
        if entry is None:
            reason = f"{shown(inputs.function)} is not in {FUNCTIONS} of {inputs.stack}"
            raise InvalidInput(Problem(f"{at}function", reason))
        return _policy({key: value for key, value in entry.items() if key in (*KEYS, *ORDERS)}, f"{at}function")

    def tags(self, inputs: Inputs, at: str) -> Sequence[TagRecord]:
        """Of `tags`, or of the listing in `tags_file`."""
        given = [key for key in _TAGS if getattr(inputs, key) is not None]
        if given == ["tags_file"]:
            return self._listing(inputs.tags_file or "", f"{at}tags_file")
        if given != ["tags"]:
            raise InvalidInput(Problem(f"{at}tags", f"expected tags or tags_file; got {_listed(given)}"))
        return records_of((f"{at}tags[{index}]", item) for index, item in enumerate(inputs.tags or ()))

    def _entry(self, stack: str, function: str, at: str) -> Mapping[str, object] | None:
        try:
            if stack not in self._stacks:
                self._stacks[stack] = YamlFile.read(self._folder / stack)
            file = self._stacks[stack]
            config = file.value.get("config") if isinstance(file.value, Mapping) else None
            values = config if isinstance(config, Mapping) else {}
            files = function_files(values.get(FILES), file.path.absolute().parent)
            entry = all_functions(values.get(FUNCTIONS), files).get(function)
        except InvalidInput as error:
            raise InvalidInput(Problem(f"{at}stack", str(error))) from None
        return entry if isinstance(entry, Mapping) else None

    def _listing(self, name: str, path: str) -> Sequence[TagRecord]:
        if name not in self._listings:
            try:
                self._listings[name] = read_tags((self._folder / name).read_bytes(), "")
            except OSError as error:
                raise InvalidInput(Problem(path, f"{name} cannot be read: {error.strerror}")) from None
            except InvalidInput as error:
                raise InvalidInput(*(Problem(path, f"{name}: {problem}") for problem in error.problems)) from None
        return self._listings[name]


def _policy(spec: Mapping[str, Any], path: str) -> Policy:
    try:
        return Policy.from_spec(spec)
    except InvalidInput as error:
        problems = [Problem(".".join(filter(None, (path, one.path))), one.reason) for one in error.problems]
        raise InvalidInput(*problems) from None


def _listed(given: Sequence[str]) -> str:
    return " and ".join(given) or "none of them"
