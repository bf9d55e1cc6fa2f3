"""`InitialImage`: the image that a policy selects when a function is created by another tool.

The provider resolves once, and keeps the image for as long as the function exists. The import path of its class is
written into every stack's state. It stays `fcpin.initial_image.provider.InitialImageProvider`.
"""

from collections.abc import Mapping
from typing import Any, Final, Unpack

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, Resource, UpdateResult

from fcpin.errors import FunctionNotFound
from fcpin.pinned_function.keys import PIN_KEYS, POLICY_KEYS, InitialInputs
from fcpin.pinned_function.provider import ConfiguredProvider, problems_at, report_errors
from fcpin.pinned_function.resource import with_followed_image

_FUNCTION: Final = ("function_name", "region")
"""Another function is created with another image."""
_INPUTS: Final = (*_FUNCTION, "profile", "repository", *POLICY_KEYS)


class InitialImageProvider(ConfiguredProvider):
    @report_errors
    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Nothing changes it but another function."""
        replaces = [key for key in _FUNCTION if _olds.get(key) != _news.get(key)]
        return DiffResult(changes=None if replaces else False, replaces=replaces)

    @report_errors
    def create(self, props: dict[str, Any]) -> CreateResult:
        """Keep what check has chosen."""
        return CreateResult(f"{props['region']}/{props['function_name']}", {**props})

    @report_errors
    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Keep what check has kept: an engine may ask for it, although `diff` does not."""
        return UpdateResult({**_news})

    @report_errors
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


class InitialImage(Resource, module="fcpin", name="InitialImage"):
    """The image to create a function with. It stays as it is until the function is created again.

    PinnedFunction keeps the function current.
    """

    image: pulumi.Output[str]
    """`host/namespace/name:tag`."""
    tag: pulumi.Output[str]
    digest: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        *,
        function_name: pulumi.Input[str],
        repository: pulumi.Input[str],
        policy: pulumi.Input[Mapping[str, Any]],
        opts: pulumi.ResourceOptions | None = None,
        **inputs: Unpack[InitialInputs],
    ) -> None:
        """Select for *function_name* from the tags of *repository*; arguments as for PinnedFunction."""
        given = {
            "function_name": function_name,
            "repository": repository,
            "policy": with_followed_image(policy, resource_name),
            **inputs,
        }
        super().__init__(InitialImageProvider(), resource_name, {**dict.fromkeys(PIN_KEYS), **given}, opts)
