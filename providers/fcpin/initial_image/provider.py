"""The dynamic provider of InitialImage: resolves once, and keeps the answer for as long as the function exists.

The import path of the class is written into every stack's state. It stays
`fcpin.initial_image.provider.InitialImageProvider` for ever; moving it is a migration.
"""

from collections.abc import Mapping
from typing import Any, Final

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, UpdateResult

from fcpin.errors import FunctionNotFound
from fcpin.pinned_function.configured import ConfiguredProvider
from fcpin.pinned_function.failures import problems_at, told
from fcpin.pinned_function.keys import PIN_KEYS, POLICY_KEYS

_FUNCTION: Final = ("function_name", "region")
"""Another function is created with another image."""
_INPUTS: Final = (*_FUNCTION, "profile", "repository", *POLICY_KEYS)


class InitialImageProvider(ConfiguredProvider):
    """Of the image that a function is created with."""

    @told
    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Nothing changes it but another function."""
        replaces = [key for key in _FUNCTION if _olds.get(key) != _news.get(key)]
        return DiffResult(changes=None if replaces else False, replaces=replaces)

    @told
    def create(self, props: dict[str, Any]) -> CreateResult:
        """Keep what check has chosen."""
        return CreateResult(f"{props['region']}/{props['function_name']}", {**props})

    @told
    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Keep what check has kept: an engine may ask for it, although `diff` does not."""
        return UpdateResult({**_news})

    @told
    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Gone with its function, so that another one is created with an image of its time; else as it was."""
        client = self._services.client_for(props["region"], props.get("profile") or "")
        try:
            client.get(props["function_name"])
        except FunctionNotFound:
            return ReadResult("", {})
        inputs = {key: props[key] for key in (*_INPUTS, *PIN_KEYS) if key in props}
        return ReadResult(id_, inputs, inputs)

    def _checked(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
        """Add the image: the one that was chosen before, else what the policy selects now."""
        inputs = {"region": self._services.default_region}
        inputs |= {key: news[key] for key in _INPUTS if key in news}
        if "image" in olds and all(inputs.get(key) == olds.get(key) for key in _FUNCTION):
            return {**inputs, **{key: olds[key] for key in PIN_KEYS if key in olds}}
        return {**inputs, **self._chosen(inputs)}

    def _chosen(self, inputs: Mapping[str, Any]) -> dict[str, str]:
        """The pin, or nothing while an input is not known. Raises InvalidInput."""
        from fcpin.pinned_function.inputs import PinArgs

        if any(pulumi.contains_unknowns(value) for value in inputs.values()):
            return {}
        args = PinArgs.read(inputs, self._services.default_region)
        spec = {key: inputs[key] for key in POLICY_KEYS if key in inputs}
        with problems_at("repository"):
            return self._services.resolver.resolve(args, spec, None).pin.properties(args.repository)
