"""Knobs: undocumented behaviour of the real cloud. fcpin has to work with every position.

The default is the position that the documentation or second-hand evidence supports.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, Self, get_args, get_origin, get_type_hints

from fcpin.emulator.wire import EmulatorError

_DAYS = 365 * 86400
_BOUNDS = (
    ("create_seconds", 0, _DAYS),
    ("update_seconds", 0, _DAYS),
    ("build_seconds", 0, _DAYS),
    ("oci_page_size", 1, 10_000),
    ("oci_token_seconds", 1, _DAYS),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Knobs:
    """One field for each open question. Durations are seconds of the emulator's clock."""

    # Function Compute: images
    same_image_update: Literal["re-resolve", "keep", "error"] = "re-resolve"
    """UpdateFunction with the current image of the function: resolve the tag again, keep the digest, or reject."""
    other_update: Literal["keep", "re-resolve"] = "keep"
    """UpdateFunction without an image: keep the digest, or resolve the tag again."""
    update_merge: Literal["merge", "replace"] = "merge"
    """Fields of customContainerConfig that an update leaves out: kept, or lost."""
    nested_merge: Literal["replace", "merge"] = "replace"
    """Objects inside customContainerConfig (registryConfig, healthCheckConfig) of which an update sends a part:
    replaced by that part, or merged with it. Only where `update_merge` is `merge`."""
    update_answer: Literal["status", "bare", "stale"] = "status"
    """Answer of CreateFunction and UpdateFunction: with the status of the operation, without any status, or (of an
    update) the function as it was before the request."""
    digest_input: Literal["rejected", "accepted"] = "rejected"
    """`image: repo@sha256:…` in a request."""
    resolved_digest: Literal["index", "child"] = "index"
    """Which digest resolvedImageUri carries for a multi-platform image: the index's or its linux/amd64 child's."""
    missing_image: Literal["sync", "async"] = "sync"
    """An image that cannot be pulled at create or update: rejected at once, or accepted and then Failed."""
    mark_failed: bool = True
    """Whether a failed pull puts the function into the state Failed, as documented in 2026."""
    masked_login_input: Literal["stored", "ignored"] = "stored"
    """A masked registry password that comes back in an update: stored as the password, or ignored."""

    # Function Compute: life
    create_seconds: float = 0.2
    """From CreateFunction to Active."""
    update_seconds: float = 0.2
    """From UpdateFunction to Successful."""
    concurrent_update: Literal["accepted", "conflict"] = "accepted"
    """UpdateFunction while another update is in progress: the last one applies, or 409 ConcurrentUpdateError."""
    listed_functions: Literal["no-status", "full", "brief"] = "no-status"
    """Fields of ListFunctions: those of GetFunction without the six of state and last update, all of them, or without
    those six and without the image."""

    # Container Registry Enterprise Edition
    digest_prefix: Literal["bare", "prefixed"] = "bare"
    """`Digest` in answers of ACR: 64 hexadecimal digits, or with `sha256:`."""
    acr_tag_order: Literal["newest-first", "name", "scattered"] = "newest-first"
    """Order of ListRepoTag."""
    acr_next_token: bool = True
    """Whether ListRepoTag and ListRepository support MaxResults and NextToken."""
    acr_not_exist: Literal["not-success", "http-404"] = "not-success"
    """Something that does not exist: HTTP 200 with IsSuccess=false, or HTTP 404."""
    acr_tag_not_exist_code: str = "TAG_NOT_EXIST"
    """`Code` of GetRepoTag for a tag that does not exist."""
    acr_instance_filter: Literal["exact", "fuzzy"] = "exact"
    """ListInstance by name: that name, or every name that contains it."""

    # Container Registry Personal Edition
    acr_personal: Literal["repository", "unknown", "namesake"] = "repository"
    """The API of 2016 has the repository, has none (possibly for `crpi-` hosts), or has another one of that name."""

    # Serverless Devs
    pipeline_start: Literal["explicit", "at-once"] = "explicit"
    """A new pipeline starts by StartPipeline, or at once."""
    pipeline_phases: Literal["likely", "other"] = "likely"
    """Words of `status.phase`: Created, Running, Success, Failed, Canceled; or Pending, Executing, Succeeded, Error,
    Cancelled. Only Success is documented."""
    pipeline_tasks: Literal["labelled", "named", "unlisted"] = "labelled"
    """How the tasks of a pipeline are found in ListTasks: by a label with its name, by their names, or not at all."""
    build_output: Literal["digest", "none"] = "digest"
    """An image build reports the digest that it pushed, or nothing."""
    build_seconds: float = 0.2
    """From the start of a build to its push."""

    # OCI distribution
    oci_page_size: int = 100
    """Most tags in a page, and the number if the client names none."""
    oci_sorted: bool = True
    """Tags in lexical order, or in the order in which they were first pushed."""
    oci_blob_redirect: bool = True
    """GET of a blob is redirected (307) to a URL that needs no token, as ACR does with its object storage."""
    oci_token_seconds: int = 300
    """Life of a registry token."""

    def __post_init__(self) -> None:
        for name, least, most in _BOUNDS:
            value = getattr(self, name)
            if not least <= value <= most:
                raise EmulatorError(f"knob {name}: got {value}, expected {least} to {most}")

    @classmethod
    def from_texts(cls, settings: Iterable[str], before: Self | None = None) -> Self:
        """Read `name=value` settings of a command line, over *before*. Raises EmulatorError."""
        changes = {}
        for setting in settings:
            name, equals, text = setting.partition("=")
            if not equals:
                raise EmulatorError(f"knob {setting!r}: expected NAME=VALUE")
            changes[name] = text
        return cls.from_mapping(changes, before)

    @classmethod
    def from_mapping(cls, settings: Mapping[str, Any], before: Self | None = None) -> Self:
        """Read settings of a parsed file, over *before*; values may be strings. Raises EmulatorError."""
        kinds = get_type_hints(cls)
        known = {field.name for field in fields(cls)}
        for name in settings:
            if name not in known:
                raise EmulatorError(f"unknown knob {name!r}; known: {', '.join(sorted(known))}")
        values = {name: _value(name, kinds[name], value) for name, value in settings.items()}
        return replace(before or cls(), **values)


def _value(name: str, kind: Any, value: Any) -> Any:
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            raise EmulatorError(f"knob {name}: got {value!r}, expected {' or '.join(get_args(kind))}")
        return value
    if kind is bool:
        booleans = {"true": True, "false": False}
        if str(value).lower() not in booleans:
            raise EmulatorError(f"knob {name}: got {value!r}, expected true or false")
        return booleans[str(value).lower()]
    try:
        return kind(value)
    except ValueError:
        raise EmulatorError(f"knob {name}: got {value!r}, expected a number") from None


VERSION = 1
_KEYS = frozenset({"version", "measured", "region", "facts", "unknown"})


def read_facts(file: Path) -> Knobs:
    """Raises EmulatorError with the file and the problem."""
    try:
        document = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise EmulatorError(f"facts {file}: {error.strerror}") from None
    except ValueError as error:
        raise EmulatorError(f"facts {file}: not valid JSON ({error})") from None
    try:
        return Knobs.from_mapping(_facts(document))
    except EmulatorError as error:
        raise EmulatorError(f"facts {file}: {error}") from None


def _facts(document: Any) -> dict[str, Any]:
    if not isinstance(document, dict) or document.get("version") != VERSION:
        raise EmulatorError(f"expected an object with version {VERSION}, as written by `fcpin probe`")
    for key in document:
        if key not in _KEYS:
            raise EmulatorError(f"unknown key {key!r}; known: {', '.join(sorted(_KEYS))}")
    facts = document.get("facts")
    if not isinstance(facts, dict) or not all(isinstance(value, str | int | float) for value in facts.values()):
        raise EmulatorError("facts: expected one value for each knob")
    return facts
