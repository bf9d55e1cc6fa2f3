"""A component: a container function with what it needs around it, its image pinned.

Importing it loads pulumi-alicloud; programs that only pin functions never do.
"""

from fcpin.container_function.component import ContainerFunction
from fcpin.container_function.log import LogArgs
from fcpin.container_function.repository import RepositoryArgs
from fcpin.container_function.role import RoleArgs
from fcpin.container_function.trigger import TriggerArgs
from fcpin.container_function.vpc import VpcArgs

__all__ = ["ContainerFunction", "LogArgs", "RepositoryArgs", "RoleArgs", "TriggerArgs", "VpcArgs"]
