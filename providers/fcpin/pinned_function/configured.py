"""What our dynamic providers share: services that `configure` makes, and everything that is wrong said at once."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pulumi.dynamic import CheckFailure, CheckResult, ConfigureRequest, ResourceProvider

from fcpin.errors import InvalidInput
from fcpin.pinned_function.failures import one_line_each, told

if TYPE_CHECKING:
    from fcpin.pinned_function.services import Services


class ConfiguredProvider(ResourceProvider, ABC):
    """Holds no state between calls but the clients that `configure` makes."""

    serialize_as_secret_always = False

    @told
    def configure(self, req: ConfigureRequest) -> None:
        """Read the stack's configuration. Nothing is asked of any service yet."""
        from fcpin.pinned_function import services

        one_line_each()
        self._services: Services = services.of_this_process(req.config.get)

    @told
    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """The inputs with what was chosen, or a failure for each property that is wrong."""
        try:
            return CheckResult(self._checked(_olds, news), [])
        except InvalidInput as error:
            return CheckResult(news, [CheckFailure(problem.path, problem.reason) for problem in error.problems])

    @abstractmethod
    def _checked(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
        """The inputs of *news* as they are to be stored. Raises InvalidInput."""
