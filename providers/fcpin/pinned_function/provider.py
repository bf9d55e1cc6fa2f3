"""The dynamic provider: Pulumi's six methods, each a few lines; and what all dynamic providers of fcpin share.

The import path of the class is written into every stack's state. It stays
`fcpin.pinned_function.provider.PinnedFunctionProvider` for ever; moving it is a migration.
The object has no attributes when it is constructed, so that Pulumi stores a short reference and never its code.
Everything heavy is imported in `configure`: the program process only needs the name of the class.
"""

import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec, TypeVar

import pulumi
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)

from fcpin import call_statistics
from fcpin.errors import FcpinError, FunctionNotFound, InvalidInput, InvalidSettings, Problem

if TYPE_CHECKING:
    from fcpin.image import Pin
    from fcpin.pinned_function.inputs import PinArgs
    from fcpin.pinned_function.services import Services

Self = TypeVar("Self")
Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")

DEBUG: Final = "FCPIN_DEBUG"
"""Set to 1, failures keep their type and traceback."""


class ProviderError(Exception):
    """A failure as the engine prints it at the resource: `fcpin: where, what, what to do`."""


# Pulumi's plugin prints what `traceback` makes of an exception: the name of its class and its text.
ProviderError.__module__, ProviderError.__qualname__ = "builtins", "fcpin"


def report_errors(
    verb: Callable[Concatenate[Self, Arguments], Result],
) -> Callable[Concatenate[Self, Arguments], Result]:
    """Turn every failure of a provider's method into a ProviderError of one line."""

    @wraps(verb)
    def wrapper(self: Self, /, *arguments: Arguments.args, **named: Arguments.kwargs) -> Result:
        try:
            return verb(self, *arguments, **named)
        except Exception as error:
            if os.environ.get(DEBUG) == "1":
                raise
            if isinstance(error, FcpinError):
                raise ProviderError(str(error)) from None
            what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            raise ProviderError(f"unexpected {what}; please report it with the output of {DEBUG}=1") from None
        finally:
            call_statistics.write()

    return wrapper


def hide_tracebacks() -> None:
    """The plugin appends the traceback to every failure; from now on there is none in this process."""
    if os.environ.get(DEBUG) != "1":
        sys.tracebacklimit = 0


@contextmanager
def problems_at(path: str) -> Iterator[None]:
    """Turn every expected failure into a problem with the property at *path*, unless it names its own."""
    try:
        yield
    except InvalidInput:
        raise
    except FcpinError as error:
        raise InvalidSettings(Problem(path, str(error))) from error


class ConfiguredProvider(ResourceProvider, ABC):
    """Holds no state between calls but the services that `configure` makes."""

    serialize_as_secret_always = False

    @report_errors
    def configure(self, req: ConfigureRequest) -> None:
        """Read the stack's configuration. No request is sent."""
        from fcpin.pinned_function import services

        hide_tracebacks()
        self._services: Services = services.of_this_process(req.config.get)

    @report_errors
    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """The inputs with what was chosen, or a failure for each property that is wrong."""
        try:
            return CheckResult(self._checked(_olds, news), [])
        except InvalidInput as error:
            return CheckResult(news, [CheckFailure(problem.path, problem.reason) for problem in error.problems])

    @abstractmethod
    def _checked(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
        """The inputs of *news* as they are to be stored. Raises InvalidInput."""


class PinnedFunctionProvider(ConfiguredProvider):
    """Of a function that is pinned to a family of tags."""

    @report_errors
    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compare; never resolve. `changes=None` lets the engine name the properties that changed.

        Where none has, but FC failed the function, the reason is a warning: there is no property to name.
        """
        from fcpin.pinned_function.plan import difference

        found = difference(_olds, _news)
        if found.changed:
            return DiffResult(changes=None, replaces=list(found.replaces))
        args, pin = self._args(_news)
        failure = self._services.health.failure(_olds, args, pin)
        if failure is not None:
            self._services.log("warning", f"{args.function_name}: {failure}; `up` deploys it again")
        return DiffResult(changes=failure is not None)

    @report_errors
    def create(self, props: dict[str, Any]) -> CreateResult:
        """Create or adopt the function and deploy the pin that check saw."""
        from fcpin.pinned_function.properties import deployed

        args, pin = self._args(props)
        result = self._services.deployer.create(args, pin)
        outputs = deployed(props, result, self._services.resolver.summary(args))
        outputs |= self._services.resolver.repository_outputs(args)
        return CreateResult(f"{args.region}/{args.function_name}", outputs)

    @report_errors
    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Deploy the pin that check saw, and the settings of an owned function."""
        from fcpin.pinned_function.properties import CREATED, deployed

        args, pin = self._args(_news)
        created = _olds.get("ownership") == CREATED
        result = self._services.deployer.update(args, pin, created=created, config=_olds.get("config"))
        resolver, previous = self._services.resolver, _olds.get("previous_image") or ""
        selection, of_repository = resolver.summary(args), resolver.repository_outputs(args, _olds)
        return UpdateResult({**deployed(_news, result, selection, previous), **of_repository})

    @report_errors
    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Clear the id if the function is gone; else return fresh outputs and inputs. Raises if that is not known.

        That is about the function. While its registry cannot be read, the drift is `unknown`.
        """
        from fcpin.drift import classify, registered_image
        from fcpin.pinned_function.deployer import require_image
        from fcpin.pinned_function.properties import Stored, deployed_image, live

        stored = Stored.read(props, self._services.default_region)
        try:
            function = self._services.client_for(stored.region, stored.profile).get(stored.function_name)
        except FunctionNotFound:
            return ReadResult("", {})
        require_image(function)
        deployed = deployed_image(props)
        registered = registered_image(self._services.registries, function, deployed, stored.platform)
        drift = classify(deployed, function, registered)
        if drift.detail:
            self._services.log("warning", f"{stored.function_name}: {drift}: {drift.detail}")
        outputs, inputs = live(props, function, registered, drift)
        return ReadResult(id_, outputs, inputs)

    @report_errors
    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Delete what was created here, release what was adopted."""
        from fcpin.pinned_function.properties import CREATED, Current, Stored

        stored = Stored.read(_props, self._services.default_region)
        created, current = _props.get("ownership") == CREATED, Current.of(_props)
        self._services.deployer.delete(
            stored.region,
            stored.profile,
            stored.function_name,
            _props.get("function_id") or "",
            created=created,
            deadline=stored.deadline,
        )
        if created and current is not None and current.protected:
            self._services.log(
                "info", f"pin tags stay in {stored.repository}; `fcpin prune` removes those that nothing runs"
            )

    def _checked(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
        """Validate everything, then resolve the policy: the pin becomes an input, so that a preview shows it.

        What is not known yet stays unknown, and the rest is resolved.
        """
        from pulumi.runtime.rpc import UNKNOWN

        from fcpin.pinned_function.keys import DECIDING, DRIFT, ORDERED_BY, PIN_KEYS, POLICY_KEYS, WANTED
        from fcpin.pinned_function.properties import Current, inputs_of, wanted_drift

        inputs = {"region": self._services.default_region, **inputs_of(news)}
        known = {key: value for key, value in news.items() if not pulumi.contains_unknowns(value)}
        if any(key in news and key not in known for key in DECIDING):
            return {**dict.fromkeys(PIN_KEYS, UNKNOWN), DRIFT: WANTED, **inputs}
        args = self._services.args(known)
        self._services.duplicates.check(args)
        kept = Current.of({ORDERED_BY: olds.get(ORDERED_BY), **known})
        current = Current.of(olds, args.repository) if kept is None else None
        with problems_at("repository"):
            if kept is None:
                spec = {key: known[key] for key in POLICY_KEYS if key in known}
                is_moved = olds.get("region", args.region) != args.region
                pin = self._services.resolver.resolve(args, spec, current, is_moved=is_moved).pin
            elif Current.of(known, args.repository) is None:
                raise InvalidSettings(
                    Problem(
                        "repository",
                        "changed, but ignore_changes keeps the image of the old one; remove one of the two",
                    )
                )
            else:
                pin = self._services.resolver.keep(args, kept)
        if self._services.approvals is not None:
            self._services.approvals.require(args.owner, Current.of(olds), pin)
        by = {ORDERED_BY: pin.ordered_by} if pin.ordered_by else {}
        chosen = {**pin.properties(args.repository), DRIFT: wanted_drift(olds, pin), **by}
        return {**inputs, "region": args.region, **chosen}

    def _args(self, props: Mapping[str, Any]) -> "tuple[PinArgs, Pin]":
        from fcpin.pinned_function.properties import inputs_of, pin_of

        pin = pin_of(props)
        if pin is None:
            raise InvalidSettings(Problem("digest", "was not resolved; this is a defect of fcpin: please report it"))
        return self._services.args(inputs_of(props)), pin
