"""From a policy to a pin: one listing per repository and run, one digest read per chosen tag.

A selection that the preview of the same run made is taken over as it is (see run_memo).
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from fcpin.errors import NoTagQualifies, RegistryDenied, RegistryError, RegistryUnavailable, TagMoved, TagNotFound
from fcpin.image import Digest, Repository, SameDigest, TagRecord
from fcpin.lookup import ATTESTED, digest_of, require_platform, same_image, tags_for
from fcpin.pinned_function.engine_log import Log
from fcpin.pinned_function.inputs import Current, Pin, PinArgs
from fcpin.pinned_function.keys import IMMUTABILITY
from fcpin.pinned_function.run_memo import Remembered, RunMemo, key_of
from fcpin.policy import Selection
from fcpin.policy.protect import pin_tag
from fcpin.registry.directory import RegistryDirectory


@dataclass(frozen=True, slots=True)
class Resolved:
    """A pin, and in one line how it was found."""

    pin: Pin
    summary: str
    selected: bool = False
    """Whether the registry was asked for the tag, and has it."""
    pushed: datetime | None = None
    """When the registry received the tag that FC gets; None where it does not tell."""

    def as_remembered(self) -> Remembered:
        """For the next phase of the run."""
        pushed = self.pushed.isoformat() if self.pushed else ""
        return Remembered(
            self.pin.tag, self.pin.digest, self.summary, self.pin.protected, selected=self.selected, pushed=pushed
        )

    @classmethod
    def of(cls, remembered: Remembered) -> Self:
        """What `as_remembered` left."""
        pin = Pin(remembered.tag, Digest(remembered.digest), remembered.protected)
        pushed = datetime.fromisoformat(remembered.pushed) if remembered.pushed else None
        return cls(pin, remembered.summary, remembered.selected, pushed)


class Resolver:
    """Resolves pins for all resources of one plugin process. Thread-safe."""

    def __init__(
        self,
        directory: RegistryDirectory,
        repositories: Sequence[Repository],
        memo: RunMemo,
        log: Log,
        now: datetime,
        *,
        bypass_min_age: bool = False,
    ) -> None:
        """*repositories* are listed in the background as soon as one of them is asked for. *now* is the run's."""
        self._directory, self._memo, self._log, self._now = directory, memo, log, now
        self._bypass_min_age = bypass_min_age
        self._to_list = repositories
        self._resolved: dict[tuple[str, str, str], Resolved] = {}
        self._lock = threading.Lock()

    def resolve(self, args: PinArgs, spec: Mapping[str, object], current: Current | None) -> Resolved:
        """The pin that *args* asks for now. *current* is what the last deployment, or a refresh since, left.

        Raises NoTagQualifies, InvalidPolicy, PlatformMissing, RegistryError.
        """
        key = key_of(str(args.repository), args.function_name, args.region, spec, current and current.tag)
        remembered = self._memo.recall(key)
        if remembered is not None:
            resolved = Resolved.of(remembered)
        else:
            resolved = self._select(args, current)
            self._memo.remember(key, resolved.as_remembered())
        with self._lock:
            self._resolved[args.region, args.profile, args.function_name] = resolved
        return resolved

    def resolved(self, args: PinArgs) -> Resolved | None:
        """What was resolved for *args* in this run; None where nothing was, because `ignore_changes` keeps the pin."""
        with self._lock:
            return self._resolved.get((args.region, args.profile, args.function_name))

    def summary(self, args: PinArgs) -> str:
        """How the pin of *args* was found, or why there is nothing to tell."""
        resolved = self.resolved(args)
        return resolved.summary if resolved else "pinned by ignore_changes"

    def verify(self, args: PinArgs, pin: Pin) -> TagRecord:
        """Read the tag once more. Raises TagMoved when it no longer is what the preview showed."""
        try:
            record = self._directory.resolve(args.repository, pin.tag)
        except TagNotFound:
            raise TagNotFound(
                f"{args.repository}:{pin.tag} is gone since it was resolved to {pin.digest}; run again to resolve anew"
            ) from None
        if record.digest != pin.digest:
            raise TagMoved(
                f"{args.repository}:{pin.tag} moved from {pin.digest} to {record.digest} since it was resolved; "
                "nothing was deployed; run again to see and deploy the new image"
            )
        return record

    def told_of(self, args: PinArgs, olds: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """Outputs about the repository: whether its tags can move. For a suspended pin nobody is asked: *olds* say."""
        known = {IMMUTABILITY: olds[IMMUTABILITY]} if olds and IMMUTABILITY in olds else {}
        if args.policy.suspend:
            return known
        try:
            immutable = self._directory.is_immutable(args.repository)
        except RegistryError:
            return known  # whoever needs the registry has said so
        return {} if immutable is None else {IMMUTABILITY: immutable}

    def keep(self, args: PinArgs, kept: Current) -> Pin:
        """The pin that `ignore_changes` holds on to. Its digest is read where the state has none (properties.live)."""
        if kept.digest is not None:
            return Pin(kept.tag, kept.digest, kept.protected)
        record = self._directory.resolve_once(args.repository, kept.tag)
        return Pin(kept.tag, digest_of(record, args.repository), kept.protected)

    def same_image(self, repository: Repository, platform: str) -> SameDigest:
        """Whether a pin's digest and what FC resolved are one image: an index and its child count as equal."""
        return same_image(self._directory, repository, platform)

    def _select(self, args: PinArgs, current: Current | None) -> Resolved:
        if not args.policy.suspend:
            self._start_listings()
        current_tag = current.tag if current else None
        tags = tags_for(
            args.policy,
            self._directory,
            args.repository,
            current_tag,
            now=self._now,
            warn=lambda said: self._log("warning", f"{args.function_name}: {said}"),
        )
        selection = args.policy.select(tags, current=current_tag, now=self._now, bypass_min_age=self._bypass_min_age)
        held = (selection.reason,) if selection.hold else ()
        for warning in (*held, *selection.warnings):
            self._log("warning", f"{args.function_name}: {warning}")
        if selection.chosen is None:
            return self._kept(args, selection, current)
        record = self._directory.resolve_once(args.repository, selection.chosen.tag)
        args.policy.confirm(selection, record)
        pin = Pin(record.tag, digest_of(record, args.repository), args.policy.protection.is_on)
        if current is None or pin.digest != current.digest:
            self._check_platform(args, pin)
        named = pin_tag(pin.digest) if pin.protected else pin.tag
        pushed = next((tag.pushed for tag in tags if tag.tag == named), None)
        return Resolved(pin, selection.summary, selected=True, pushed=pushed)

    def _start_listings(self) -> None:
        """The engine checks one resource after the other; their listings need not wait for one another."""
        with self._lock:
            repositories, self._to_list = self._to_list, ()
        self._directory.start_listing(repositories)

    def _kept(self, args: PinArgs, selection: Selection, current: Current | None) -> Resolved:
        if current is None or not selection.keep:
            raise NoTagQualifies(f"{args.repository}: {selection.reason}")
        if current.digest is None:
            raise NoTagQualifies(
                f"{args.function_name} would stay on {current.tag}: {selection.reason}; but its last update failed, "
                "so there is no digest to stay on"
            )
        self._log("warning", f"{args.function_name}: stays on {current.tag}: {selection.reason}")
        pin = Pin(current.tag, current.digest, self._kept_protected(args, current))
        return Resolved(pin, f"kept: {selection.reason}")

    def _kept_protected(self, args: PinArgs, current: Current) -> bool:
        """Whether a pin that is kept runs by its pin tag: as it did, unless its tag is still there to change that."""
        wanted = args.policy.protection.is_on
        if args.policy.suspend or wanted == current.protected:
            return current.protected
        try:
            record = self._directory.resolve_once(args.repository, current.tag)
        except TagNotFound:
            return current.protected
        return wanted if record.digest == current.digest else current.protected

    def _check_platform(self, args: PinArgs, pin: Pin) -> None:
        platform = args.policy.platform
        try:
            manifest = require_platform(self._directory, args.repository, pin.tag, pin.digest, platform)
            if manifest.is_attested:
                self._log("warning", f"{args.function_name}: {args.repository}:{pin.tag} {ATTESTED}")
        except (RegistryDenied, RegistryUnavailable) as error:
            self._log("warning", f"{args.function_name}: not checked for {platform}, which FC will do: {error}")
