"""A component: a container function with its role, logs, network and triggers, its image pinned.

Importing it loads pulumi-alicloud; programs that only pin functions never do.
"""

from fcpin.container_function.component import ContainerFunction
from fcpin.container_function.parts import LogArgs, RepositoryArgs, RoleArgs, TriggerArgs, VpcArgs

__all__ = ["ContainerFunction", "LogArgs", "RepositoryArgs", "RoleArgs", "TriggerArgs", "VpcArgs"]
