"""What every part of a component is made with: its names, its tags and its parent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi


@dataclass(frozen=True, slots=True)
class Scope:
    """One ContainerFunction, as its parts see it."""

    name: str
    """Of the component; those of its parts begin with it."""
    function_name: pulumi.Input[str]
    tags: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None
    """For each part that can have tags."""
    parent: pulumi.Resource

    def options(self, depends_on: Sequence[pulumi.Resource] = ()) -> pulumi.ResourceOptions:
        """Of a part: providers, protection and the like come from the component."""
        return pulumi.ResourceOptions(parent=self.parent, depends_on=list(depends_on))
