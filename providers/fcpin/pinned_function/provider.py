"""The dynamic provider: Pulumi's six verbs, each a few lines over the rooms beside it.

The import path of the class is written into every stack's state. It stays
`fcpin.pinned_function.provider.PinnedFunctionProvider` for ever; moving it is a migration.
The object has no attributes when it is constructed, so that Pulumi stores a short reference and never its code.
Everything heavy is imported in `configure`: the program process only needs the name of the class.
"""

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

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

from fcpin.errors import FcpinError, FunctionNotFound, InvalidInput, InvalidSettings, Problem

if TYPE_CHECKING:
    from fcpin.pinned_function.inputs import Pin, PinArgs
    from fcpin.pinned_function.services import Services


class PinnedFunctionProvider(ResourceProvider):
    """Holds no state between calls but the clients that `configure` makes."""

    serialize_as_secret_always = False

    def configure(self, req: ConfigureRequest) -> None:
        """Read the stack's configuration. Nothing is asked of any service yet."""
        from fcpin.pinned_function import services

        if os.environ.get("FCPIN_DEBUG") != "1":
            sys.tracebacklimit = 0  # every failure is one line; the SDK would print a traceback
        self._services: Services = services.configured(req.config.get)

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Validate everything, then resolve the policy: the pin becomes an input, so that a preview shows it."""
        from fcpin.pinned_function.inputs import Pin, PinArgs
        from fcpin.pinned_function.properties import inputs_of

        if pulumi.contains_unknowns(news):
            return CheckResult(news, [])
        try:
            args = PinArgs.read(news, self._services.default_region)
            inputs = {**inputs_of(news), "region": args.region}
            if Pin.from_properties(news) is None:
                inputs.update(self._resolve(args, _olds, news))
        except InvalidInput as error:
            return CheckResult(news, [CheckFailure(problem.path, problem.reason) for problem in error.problems])
        return CheckResult(inputs, [])

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compare; never resolve. `changes=None` lets the engine name the properties that changed."""
        from fcpin.pinned_function.plan import difference

        found = difference(_olds, _news)
        return DiffResult(changes=None if found.changed else False, replaces=list(found.replaces))

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Create or adopt the function and deploy the pin that check saw."""
        from fcpin.pinned_function.properties import deployed

        args, pin = self._args(props)
        result = self._services.deployer.create(args, pin)
        outputs = deployed(props, result, self._services.resolver.summary(args))
        return CreateResult(f"{args.region}/{args.function_name}", outputs)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Deploy the pin that check saw, and the settings of an owned function."""
        from fcpin.pinned_function.properties import CREATED, deployed

        args, pin = self._args(_news)
        result = self._services.deployer.update(args, pin, created=_olds.get("ownership") == CREATED)
        selection = self._services.resolver.summary(args)
        return UpdateResult(deployed(_news, result, selection, _olds.get("previous_image") or ""))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Three answers: gone (the id is cleared), changed (fresh outputs and inputs), cannot tell (raises)."""
        from fcpin.pinned_function.properties import live

        args = self._stored(props)
        try:
            function = self._services.client_for(args.region).get(args.function_name)
        except FunctionNotFound:
            return ReadResult("", {})
        outputs, inputs = live(props, function, self._services.resolver.same_image(args))
        return ReadResult(id_, outputs, inputs)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Delete what was created here, release what was adopted."""
        from fcpin.pinned_function.properties import CREATED

        args = self._stored(_props)
        created = _props.get("ownership") == CREATED
        self._services.deployer.delete(args.region, args.function_name, created=created)

    def _resolve(self, args: "PinArgs", olds: Mapping[str, Any], news: Mapping[str, Any]) -> Mapping[str, str]:
        from fcpin.pinned_function.inputs import Current
        from fcpin.pinned_function.keys import POLICY_KEYS

        spec = {key: news[key] for key in POLICY_KEYS if key in news}
        try:
            resolved = self._services.resolver.resolve(args, spec, Current.from_properties(olds))
        except InvalidInput:
            raise
        except FcpinError as error:
            raise InvalidSettings(Problem("repository", str(error))) from error
        return resolved.pin.properties(args.repository)

    def _args(self, props: Mapping[str, Any]) -> "tuple[PinArgs, Pin]":
        from fcpin.pinned_function.inputs import Pin

        pin = Pin.from_properties(props)
        if pin is None:
            raise InvalidSettings(Problem("digest", "was not resolved; this is a fault of fcpin, please report it"))
        return self._stored(props), pin

    def _stored(self, props: Mapping[str, Any]) -> "PinArgs":
        from fcpin.pinned_function.inputs import PinArgs
        from fcpin.pinned_function.properties import inputs_of

        return PinArgs.read(inputs_of(props), self._services.default_region)
