"""`PinnedFunction` and `configured_functions` as a Pulumi program writes them."""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, Self, Unpack
from weakref import WeakKeyDictionary

import pulumi
from pulumi.dynamic import Resource
from pulumi.runtime import is_config_secret
from pulumi.runtime.config import CONFIG, get_config_env
from pulumi.runtime.settings import get_root_resource

from fcpin.errors import InvalidSettings
from fcpin.fc.runtime_config import SECRET
from fcpin.function_files import all_functions, function_files
from fcpin.image import ACCELERATED
from fcpin.json_reader import InvalidJson, read_json
from fcpin.pinned_function.keys import CHOSEN, OUTPUTS, PinInputs
from fcpin.pinned_function.provider import PinnedFunctionProvider

_PIPELINE: Final = "the image's pipeline"
"""The `follow.stack` of a pin that is given as an image."""

IMAGES: Final = "images"
"""Output of the followed stack: `{resource name: host/namespace/name:tag@sha256:…}` (this project's program)."""

_references: WeakKeyDictionary[pulumi.Resource, dict[str, pulumi.StackReference]] = WeakKeyDictionary()


class PinnedFunction(Resource, module="fcpin", name="PinnedFunction"):
    """A Function Compute 3.0 function pinned to the newest image of a tag family.

    Without *config* the function is adopted: it must exist, only its image is managed, and deleting the resource
    leaves it running. With *config* it is owned: created, kept equal, deleted.
    """

    repository: pulumi.Output[str]
    image: pulumi.Output[str]
    """`host/namespace/name:tag` that FC gets."""
    tag: pulumi.Output[str]
    digest: pulumi.Output[str]
    """`sha256:…` of the tag when it was resolved; the function runs exactly this."""
    resolved_image_uri: pulumi.Output[str]
    """What FC resolved: `host/namespace/name@sha256:…`."""
    previous_image: pulumi.Output[str]
    """`image@digest` that ran before the last deployment; empty after the first."""
    deployed_image: pulumi.Output[str]
    """`image@digest` that the last deployment left, whatever runs now."""
    drift: pulumi.Output[str]
    """`ok`, or what the last refresh found: `moved-tag: …` (docs/drift.md)."""
    function_arn: pulumi.Output[str]
    function_id: pulumi.Output[str]
    state: pulumi.Output[str]
    last_update_status: pulumi.Output[str]
    last_modified_time: pulumi.Output[str]
    ownership: pulumi.Output[str]
    """`created` or `adopted`; what was adopted is never deleted."""
    ordered_by: pulumi.Output[str | None]
    """What the order compared when it chose the tag: `push time`, `number`, `version` …"""
    selection: pulumi.Output[str]
    """How the tag was chosen: "newest of 37 of 212 tags by push time"."""
    tag_immutability: pulumi.Output[bool | None]
    """Whether tags of the repository cannot be moved; None where the registry does not return it."""
    exposed_seconds: pulumi.Output[float | None]
    """From the push that moved the tag until the function ran the new digest; None when none had moved."""

    def __init__(
        self,
        resource_name: str,
        *,
        function_name: pulumi.Input[str],
        repository: pulumi.Input[str] | None = None,
        policy: pulumi.Input[Mapping[str, Any]] | None = None,
        image: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **inputs: Unpack[PinInputs],
    ) -> None:
        """Pin *function_name* to the newest tag of *repository* that *policy* selects, or to *image*.

        image: `host/namespace/name:tag@sha256:…`, such as `ImagePipeline.image`; instead of repository and policy.
        inputs: see PinInputs. `check` reports unknown names, each with its property path.
        """
        given = {
            "function_name": function_name,
            "repository": repository,
            "policy": policy if policy is None else with_followed_image(policy, resource_name),
            "owner": f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}::{resource_name}",
            **inputs,
        }
        if "config" in inputs:
            given["config"] = _sealed(inputs["config"])
        if image is not None:
            given |= from_image(image, given, resource_name)
        if chosen := [key for key in CHOSEN if key in given]:
            raise pulumi.RunError(
                f"{resource_name}: {', '.join(chosen)}: chosen by the policy, not by hand; "
                'for one tag write policy: {digest: {tag: …}}, to stay pinned ignore_changes=["tag", "digest", "image"]'
            )
        properties = {**dict.fromkeys((*CHOSEN, *OUTPUTS)), **given}
        super().__init__(PinnedFunctionProvider(), resource_name, properties, opts)

    @property
    def release(self) -> pulumi.Output[str]:
        """`host/namespace/name:tag@sha256:…`: what the policy chose, whatever tag the function runs it by."""
        return pulumi.Output.concat(self.repository, ":", self.tag, "@", self.digest)

    @classmethod
    def from_config(
        cls, resource_name: str, entry: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None
    ) -> Self:
        """One entry of the stack's `fcpin:functions`. What is missing or too much in it is reported by check.

        Where that configuration holds a secret, the runtime settings are kept secret as a whole.
        """
        if reserved := {"opts", "resource_name", "self"} & entry.keys():
            raise pulumi.RunError(f"{resource_name}: {', '.join(sorted(reserved))}: unknown key")
        required = {"function_name": resource_name, "repository": None, "policy": None}
        inputs = {**required, **entry}
        if "config" in inputs and is_config_secret("fcpin:functions"):
            inputs["config"] = pulumi.Output.secret(inputs["config"])
        return cls(resource_name, **inputs, opts=opts)


def configured_functions() -> Mapping[str, Mapping[str, Any]]:
    """One entry a function, by its resource's name. The content of an entry is checked by `check`.

    Raises pulumi.RunError, which the user sees as one line.
    """
    file = f"Pulumi.{pulumi.get_stack()}.yaml"
    _refuse_misspelt(file)
    config = pulumi.Config("fcpin")
    where = f"fcpin:functions in {file}"
    own, files = config.get("functions"), config.get("functionFiles")
    if own is None and files is None:
        raise pulumi.RunError(f"{where}: is not set; name the functions to pin there, as docs/configuration.md shows")
    try:
        configured = None if own is None else read_json(own)
        if own is not None and not isinstance(configured, Mapping):
            raise pulumi.RunError(f"{where}: expected one entry a function, by name; got {_kind(configured)}")
        functions = all_functions(configured, function_files(files, Path.cwd()))
    except InvalidJson as error:
        raise pulumi.RunError(f"{where}: {error}") from None
    except InvalidSettings as error:
        raise pulumi.RunError(str(error)) from None
    for name, entry in functions.items():
        if not isinstance(entry, Mapping):
            raise pulumi.RunError(f"{where}: {name}: expected repository, policy and so on; got {_kind(entry)}")
    return functions


def _refuse_misspelt(file: str) -> None:
    """A misspelt key would be ignored silently; one that resembles none of ours belongs to the program."""
    from fcpin.settings import STACK_KEYS  # with the clients' modules, which a program does not need otherwise

    for key in {**get_config_env(), **CONFIG.get()}:
        namespace, _, name = key.partition(":")
        if (
            namespace == "fcpin"
            and name not in STACK_KEYS
            and (meant := get_close_matches(name, STACK_KEYS, n=1, cutoff=0.8))
        ):
            raise pulumi.RunError(f"{key} in {file}: unknown key; did you mean fcpin:{meant[0]}?")


def _kind(value: object) -> str:
    """The kind of *value*, never its content: it may be a secret."""
    return "nothing" if value is None else "a list" if isinstance(value, list) else "a single value"


def _sealed(config: pulumi.Input[Mapping[str, Any]] | None) -> pulumi.Input[Mapping[str, Any]] | None:
    """*config*, secret as a whole where it holds a secret setting: the state keeps inputs as they are given."""

    def seal(known: Any) -> Any:
        return pulumi.Output.secret(known) if isinstance(known, Mapping) and SECRET & known.keys() else known

    return config.apply(seal) if isinstance(config, pulumi.Output) else seal(config)


def from_image(image: pulumi.Input[str], inputs: Mapping[str, Any], resource_name: str) -> dict[str, Any]:
    """The inputs that follow from *image*: it is followed like another stack's, by its tag while that has its digest.

    While the image is unknown, because the same run builds it, so is the pin. Raises pulumi.RunError if *inputs* choose
    an image, too.
    """
    if others := [key for key in ("repository", "policy") if inputs.get(key) is not None]:
        raise pulumi.RunError(f"{resource_name}: image is given, so drop {' and '.join(others)}")
    known = pulumi.Output.from_input(image)
    accelerated = inputs.get("accelerated")
    return {
        "repository": known.apply(_repository),
        "policy": {"follow": {"stack": _PIPELINE, "image": known}},
        "accelerated": known.apply(_accelerated) if accelerated is None else accelerated,
    }


def _repository(image: str) -> str:
    name = image.partition("@")[0]
    head, colon, tag = name.rpartition(":")
    return head if colon and "/" not in tag else name


def _accelerated(image: str) -> str:
    """An accelerated image is run as one, unless the program sets `accelerated`."""
    return "require" if image.partition("@")[0].endswith(ACCELERATED) else "ignore"


def with_followed_image(policy: pulumi.Input[Mapping[str, Any]], resource_name: str) -> pulumi.Input[Mapping[str, Any]]:
    """*policy* with the image of the followed stack; every other policy as it is, also one that check will refuse.

    `policy: {follow: {stack: dev}}`: the image is read from the outputs of that stack. One that is missing is empty:
    check reports it with its property path.
    """
    follow = policy.get("follow") if isinstance(policy, Mapping) else None
    if not isinstance(policy, Mapping) or not isinstance(follow, Mapping) or "image" in follow:
        return policy
    stack, function = follow.get("stack"), follow.get("function", resource_name)
    if not isinstance(stack, str) or not stack:
        return policy

    def image(images: object) -> str:
        found = images.get(function) if isinstance(images, Mapping) else None
        return found if isinstance(found, str) else ""

    return {**policy, "follow": {**follow, "image": stack_reference(stack).get_output(IMAGES).apply(image)}}


def stack_reference(stack: str) -> pulumi.StackReference:
    """One for each stack and run."""
    root = get_root_resource()
    known = {} if root is None else _references.setdefault(root, {})
    name = stack if "/" in stack else f"{pulumi.get_organization()}/{pulumi.get_project()}/{stack}"
    if name not in known:
        known[name] = pulumi.StackReference(name)
    return known[name]
