"""`ContainerFunction` as a Pulumi program writes it.

Two resources manage one function, and each property has one manager. V3Function creates the function and manages its
settings. PinnedFunction adopts it and manages `customContainerConfig`: the image, and port, command, entrypoint and
health check in the same block. V3Function sends that block as a whole, so it ignores it as a whole: if it ignored the
image alone, it would deploy the image of its creation again with every changed port.
"""

from collections.abc import Mapping
from typing import Any, Final

import pulumi
import pulumi_alicloud as alicloud

from fcpin.container_function.parts import (
    LogArgs,
    LogConfig,
    RepositoryArgs,
    RoleArgs,
    Scope,
    TriggerArgs,
    VpcArgs,
    VpcConfig,
    log_for,
    repository_for,
    role_for,
    trigger_for,
    vpc_for,
)
from fcpin.container_function.settings import FunctionSettings
from fcpin.fc.model import RUNTIME
from fcpin.fc.runtime_config import DEFAULT_HANDLER
from fcpin.initial_image import InitialImage
from fcpin.pinned_function import PinnedFunction
from fcpin.pinned_function.keys import InitialInputs

TYPE: Final = "fcpin:index:ContainerFunction"
"""Stands in the URN of every part, and so in every stack's state."""
MANAGED_BY_THE_PIN: Final = "customContainerConfig"
OUTPUTS: Final = (
    "function_name",
    "function_arn",
    "repository",
    "role",
    "image",
    "tag",
    "digest",
    "resolved_image_uri",
    "urls",
)


class ContainerFunction(pulumi.ComponentResource):
    """A Function Compute 3.0 container function, with role, logs, repository, network and triggers, its image pinned.

    Each of these is given, if it exists already, or created.
    """

    function: alicloud.fc.V3Function
    pin: PinnedFunction
    triggers: Mapping[str, alicloud.fc.V3Trigger]
    """By name."""

    function_name: pulumi.Output[str]
    function_arn: pulumi.Output[str]
    repository: pulumi.Output[str]
    """`host/namespace/name`"""
    role: pulumi.Output[str | None]
    """ARN of the function's role."""
    image: pulumi.Output[str]
    tag: pulumi.Output[str]
    digest: pulumi.Output[str]
    resolved_image_uri: pulumi.Output[str]
    urls: pulumi.Output[Mapping[str, str]]
    """Where HTTP triggers are called from the internet, by the trigger's name."""

    def __init__(
        self,
        resource_name: str,
        *,
        repository: pulumi.Input[str] | RepositoryArgs,
        policy: pulumi.Input[Mapping[str, Any]],
        function_name: pulumi.Input[str] | None = None,
        config: Mapping[str, Any] | None = None,
        initial_image: pulumi.Input[str] | None = None,
        role: pulumi.Input[str] | RoleArgs | None = None,
        log_config: LogConfig | LogArgs | None = None,
        vpc_config: VpcConfig | VpcArgs | None = None,
        triggers: Mapping[str, TriggerArgs] | None = None,
        tags: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **pin: Any,
    ) -> None:
        """Create a function that runs the newest tag of *repository* that *policy* selects.

        function_name: the resource's name where it is not given.
        config: runtime settings: PinnedFunction's `port`, `command`, `entrypoint`, `health_check_config` and
            `registry_config`, and every argument of pulumi-alicloud's V3Function.
        initial_image: `host/namespace/name:tag` to create the function with; by default what the policy selects then.
        pin: PinnedFunction's other arguments, such as `filter_tags`, `min_age`, `hold`, `deadline`, `region`.

        Raises pulumi.RunError for an unknown key of *config*.
        """
        if "adopt" in pin:
            raise pulumi.RunError(
                f"{resource_name}: adopt: is not an argument here; the component creates the function"
            )
        settings = FunctionSettings.read(resource_name, config)
        super().__init__(TYPE, resource_name, None, opts)
        name = resource_name if function_name is None else function_name
        scope = Scope(resource_name, name, tags, parent=self)
        image_repository = repository_for(scope, repository)
        if initial_image is None:
            selecting = {key: value for key, value in pin.items() if key in InitialInputs.__annotations__}
            initial_image = InitialImage(
                resource_name,
                function_name=name,
                repository=image_repository,
                policy=policy,
                opts=scope.options(),
                **selecting,
            ).image
        used_role, logs = role_for(scope, role), log_for(scope, log_config)
        self.function = alicloud.fc.V3Function(
            resource_name,
            function_name=name,
            runtime=RUNTIME,
            custom_container_config=settings.custom_container_config(initial_image),
            role=used_role.arn,
            log_config=logs.config,
            vpc_config=vpc_for(scope, vpc_config),
            tags=tags,
            **{"handler": DEFAULT_HANDLER, **settings.function},
            opts=pulumi.ResourceOptions.merge(
                scope.options([*used_role.rights, *logs.ready]),
                pulumi.ResourceOptions(ignore_changes=[MANAGED_BY_THE_PIN]),
            ),
        )
        self.pin = PinnedFunction(
            resource_name,
            function_name=name,
            repository=image_repository,
            policy=policy,
            config=settings.container or None,
            adopt=True if settings.container else None,
            opts=scope.options([self.function]),
            **pin,
        )
        self.triggers = {key: trigger_for(scope, key, wanted, self.pin) for key, wanted in (triggers or {}).items()}
        self._set_outputs(name, image_repository, used_role.arn)

    def _set_outputs(
        self, function_name: pulumi.Input[str], repository: pulumi.Input[str], role: pulumi.Input[str] | None
    ) -> None:
        """The outputs; those of the pin come last, so resources that use them wait for the deployment."""
        self.function_name = pulumi.Output.from_input(function_name)
        self.function_arn = self.pin.function_arn
        self.repository = pulumi.Output.from_input(repository)
        self.role = pulumi.Output.from_input(role)
        self.image, self.tag, self.digest = self.pin.image, self.pin.tag, self.pin.digest
        self.resolved_image_uri = self.pin.resolved_image_uri
        self.urls = _urls(self.triggers)
        self.register_outputs({name: getattr(self, name) for name in OUTPUTS})


def _urls(triggers: Mapping[str, alicloud.fc.V3Trigger]) -> pulumi.Output[Mapping[str, str]]:
    """Of those that have one."""
    https: Mapping[str, Any] = {name: trigger.http_trigger for name, trigger in triggers.items()}
    return pulumi.Output.from_input(https).apply(
        lambda known: {name: http["url_internet"] for name, http in known.items() if http}
    )
