"""From a policy to a pin: one listing per repository and run, one digest read per chosen tag.

A selection that the preview of the same run made is taken over as it is (see preview_cache.py).
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from fcpin.errors import (
    EditionUnsupported,
    NoTagQualifies,
    RegistryDenied,
    RegistryError,
    RegistryUnavailable,
    TagNotFound,
)
from fcpin.fc import rules
from fcpin.image import Digest, Pin, Repository, SameDigest, pin_tag
from fcpin.lookup import Rankings
from fcpin.pinned_function.inputs import PinArgs
from fcpin.pinned_function.keys import IMMUTABILITY
from fcpin.pinned_function.preview_cache import PreviewCache, Selected, key_of
from fcpin.pinned_function.properties import Current, Log
from fcpin.policy import Selection
from fcpin.registry.registries import (
    ATTESTED,
    Registries,
    RepositoryHandle,
    compressed_size,
    digest_of,
    require_platform,
    same_image,
)


@dataclass(frozen=True, slots=True)
class Resolved:
    """A pin, and in one line how it was found."""

    pin: Pin
    summary: str
    selected: bool = False
    """Whether the tag was selected from a listing and resolved."""
    pushed: datetime | None = None
    """When the registry received the tag that FC gets; None where it does not return push times."""

    def as_selected(self) -> Selected:
        """For the next phase of the run."""
        pushed = self.pushed.isoformat() if self.pushed else ""
        pin = self.pin
        return Selected(
            pin.tag, pin.digest, self.summary, pin.protected, by=pin.ordered_by, selected=self.selected, pushed=pushed
        )

    @classmethod
    def of(cls, cached: Selected) -> Self:
        """What `as_selected` left."""
        pin = Pin(cached.tag, Digest(cached.digest), cached.protected, cached.by)
        pushed = datetime.fromisoformat(cached.pushed) if cached.pushed else None
        return cls(pin, cached.summary, cached.selected, pushed)


class Resolver:
    """Resolves pins for all resources of one plugin process. Thread-safe."""

    def __init__(
        self,
        registries: Registries,
        repositories: Sequence[Repository],
        cache: PreviewCache,
        log: Log,
        now: datetime,
        *,
        min_age_bypass: bool = False,
    ) -> None:
        """*repositories* are listed in the background from the first `resolve` on. *now* is the run's."""
        self._registries, self._cache, self._log, self._now = registries, cache, log, now
        self._min_age_bypass = min_age_bypass
        self._to_list = repositories
        self._rankings = Rankings()
        self._resolved: dict[tuple[str, str, str], Resolved] = {}
        self._warned: set[str] = set()
        self._lock = threading.Lock()

    def resolve(
        self, args: PinArgs, spec: Mapping[str, object], current: Current | None, *, is_moved: bool = False
    ) -> Resolved:
        """The pin that *args* asks for now. *current* is what the last deployment, or a refresh since, left.

        *is_moved*: the function is created in another region, so that an unchanged image is deployed there, too.
        Raises NoTagQualifies, InvalidPolicy, PlatformMissing, RegistryError.
        """
        key = key_of(str(args.repository), args.function_name, args.region, spec, current and current.tag)
        cached = self._cache.get(key)
        if cached is not None:
            resolved = Resolved.of(cached)
        else:
            resolved = self._select(args, current, is_moved=is_moved)
            self._cache.put(key, resolved.as_selected())
        with self._lock:
            self._resolved[args.region, args.profile, args.function_name] = resolved
        return resolved

    def resolved(self, args: PinArgs) -> Resolved | None:
        """What was resolved for *args* in this run; None where nothing was, because `ignore_changes` keeps the pin."""
        with self._lock:
            return self._resolved.get((args.region, args.profile, args.function_name))

    def summary(self, args: PinArgs) -> str:
        """How the pin of *args* was selected, in one line."""
        resolved = self.resolved(args)
        return resolved.summary if resolved else "pinned by ignore_changes"

    def repository_outputs(self, args: PinArgs, olds: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """Outputs about the repository: whether its tags can move. A suspended pin keeps those of *olds*."""
        known = {IMMUTABILITY: olds[IMMUTABILITY]} if olds and IMMUTABILITY in olds else {}
        if args.policy.suspend:
            return known
        try:
            immutable = self._registries.open(args.repository).is_immutable()
        except RegistryError:
            return known  # check has reported that the registry cannot be read
        return {} if immutable is None else {IMMUTABILITY: immutable}

    def keep(self, args: PinArgs, kept: Current) -> Pin:
        """The pin that `ignore_changes` holds on to. Its digest is read where the state has none (properties.live)."""
        if kept.digest is not None:
            return Pin(kept.tag, kept.digest, kept.protected, kept.ordered_by)
        record = self._registries.open(args.repository).resolve_once(kept.tag)
        return Pin(kept.tag, digest_of(record, args.repository), kept.protected, kept.ordered_by)

    def same_image(self, repository: Repository, platform: str) -> SameDigest:
        """Whether a pin's digest and what FC resolved are one image: an index and its child count as equal."""
        return same_image(self._registries.open(repository), platform)

    def _select(self, args: PinArgs, current: Current | None, *, is_moved: bool) -> Resolved:
        if not args.policy.suspend:
            self._start_listings()
        repository = self._registries.open(args.repository)
        current_tag, current_by = (current.tag, current.ordered_by) if current else (None, "")
        ranking = self._rankings.rank(
            args.policy,
            repository,
            current_tag,
            now=self._now,
            warn=lambda warning: self._warn(f"{args.function_name}: {warning}"),
        )
        selection = ranking.select(
            current_tag, current_by=current_by, now=self._now, min_age_bypass=self._min_age_bypass
        )
        held = (selection.reason,) if selection.hold else ()
        for warning in (*held, *selection.warnings):
            self._warn(f"{args.function_name}: {warning}")
        if selection.chosen is None:
            return self._kept(args, selection, current)
        record = repository.resolve_once(selection.chosen.tag)
        args.policy.confirm(selection, record)
        is_protected, by = args.policy.is_protected, selection.by or current_by
        pin = Pin(record.tag, digest_of(record, args.repository), is_protected, by)
        if current is None or pin.digest != current.digest or is_moved:
            self._check_deployable(args, pin, repository)
        named = pin_tag(pin.digest) if pin.protected else pin.tag
        listed = ranking.listing.get(named)
        return Resolved(pin, selection.summary, selected=True, pushed=listed.pushed if listed else None)

    def _start_listings(self) -> None:
        """The engine checks one resource after the other; their listings need not wait for one another."""
        with self._lock:
            repositories, self._to_list = self._to_list, ()
        self._registries.start_listing(repositories)

    def _kept(self, args: PinArgs, selection: Selection, current: Current | None) -> Resolved:
        if current is None or not selection.keep:
            raise NoTagQualifies(f"{args.repository}: {selection.reason}")
        if current.digest is None:
            raise NoTagQualifies(
                f"{args.function_name} cannot stay on {current.tag} ({selection.reason}): its last update failed, so "
                "its digest is unknown; push a tag that the policy accepts"
            )
        self._warn(f"{args.function_name}: stays on {current.tag}: {selection.reason}")
        pin = Pin(current.tag, current.digest, self._kept_protected(args, current), current.ordered_by)
        return Resolved(pin, f"kept: {selection.reason}")

    def _kept_protected(self, args: PinArgs, current: Current) -> bool:
        """Whether a pin that is kept runs by its pin tag: as it did, unless its tag is still there to change that."""
        wanted = args.policy.is_protected
        if args.policy.suspend or wanted == current.protected:
            return current.protected
        try:
            record = self._registries.open(args.repository).resolve_once(current.tag)
        except TagNotFound:
            return current.protected
        return wanted if record.digest == current.digest else current.protected

    def _check_deployable(self, args: PinArgs, pin: Pin, repository: RepositoryHandle) -> None:
        """Report what FC is documented to refuse; for an unchanged image nothing is checked, and nothing requested."""
        specification = repository.specification()
        for problem in rules.placement_problems(args.repository, args.region):
            self._warn(f"{args.function_name}: {problem}")
        has_no_login = args.config is not None and not args.config.get("registry_config")
        if has_no_login and (problem := rules.login_problem(args.repository.host)):
            self._warn(problem)
        if rules.is_economy(specification):
            raise EditionUnsupported(
                f"{args.repository.host} is an ACR Enterprise instance of the Economy edition, from which Function "
                "Compute does not pull; upgrade the instance, or use another registry"
            )
        self._check_image(args, pin, repository)

    def _warn(self, warning: str) -> None:
        """Once a process: the engine checks a resource that it replaces several times, and hosts are shared."""
        with self._lock:
            is_new = warning not in self._warned
            self._warned.add(warning)
        if is_new:
            self._log("warning", warning)

    def _check_image(self, args: PinArgs, pin: Pin, repository: RepositoryHandle) -> None:
        platform = args.policy.platform
        try:
            manifest = require_platform(repository, pin.tag, pin.digest, platform)
            found = [ATTESTED] if manifest.is_attested else []
            size = compressed_size(repository, manifest, platform)
            has_gpu = bool((args.config or {}).get("gpu_config"))
            if size is not None and (problem := rules.size_problem(size, has_gpu=has_gpu)):
                found.append(problem)
            for problem in found:
                self._warn(f"{args.function_name}: {args.repository}:{pin.tag} {problem}")
        except (RegistryDenied, RegistryUnavailable) as error:
            self._warn(f"{args.function_name}: the platform {platform} was not checked, FC checks it: {error}")
