"""Everything that the experiments work with, and the removal of everything that they made."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from fcpin.clock import Clock
from fcpin.errors import FcpinError, FunctionRejected
from fcpin.probe.acr import Acr
from fcpin.probe.api import Api
from fcpin.probe.function import Outcome, ProbeFunction
from fcpin.probe.image import BuiltImage, image, index
from fcpin.probe.personal import Personal
from fcpin.probe.repository import ProbeRepository

PREFIX: Final = "fcpin-probe-"
"""Of every function and tag that a probe makes."""
FUNCTIONS: Final = ("", "-missing", "-login")
"""What follows the run's name in the names of its functions."""
TAGS: Final = ("one", "two", "moving", "breaking", "index")
"""In the order in which they are pushed: neither by name nor the reverse."""


@dataclass
class Lab:
    """One run. *name* begins with PREFIX and is like no other."""

    name: str
    functions: Api
    repository: ProbeRepository
    acr: Acr | None
    """None where the repository is not one of ACR Enterprise."""
    personal: Personal | None
    """None where it is not one of ACR Personal."""
    clock: Clock
    deadline: float
    """Seconds to wait for one create or update."""
    _made: list[ProbeFunction] = field(default_factory=list)
    _images: int = 0

    def function(self, suffix: str = "") -> ProbeFunction:
        """The function of that suffix; nothing is asked yet."""
        name = f"{self.name}{suffix}"
        for function in self._made:
            if function.name == name:
                return function
        self._made.append(ProbeFunction(name, self.functions, self.clock, self.deadline))
        return self._made[-1]

    def ready(self) -> ProbeFunction:
        """The run's function, if it could be made. Raises FunctionRejected."""
        if not self.function().may_exist:
            raise FunctionRejected("there is no function to try it on")
        return self.function()

    def tag(self, word: str) -> str:
        return f"{self.name}-{word}"

    def image(self, word: str) -> str:
        """The reference that FC takes for the tag of *word*."""
        return self.repository.image(self.tag(word))

    def push_all(self) -> None:
        """One image a tag. Raises RegistryError."""
        for word in TAGS:
            self.repository.push(self._built(word), self.tag(word))

    def move(self, word: str) -> None:
        """Overwrite the tag by an image that is new."""
        self.repository.push(self.new_image(), self.tag(word))

    def new_image(self, platform: str = "linux/amd64") -> BuiltImage:
        """One that no registry has seen."""
        self._images += 1
        return image(f"{self.name} {self._images}", self.now, platform)

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def deploy(self, word: str) -> Outcome:
        """Update the run's function to the tag of *word*. Raises FunctionRejected when that does not succeed."""
        outcome = self.ready().deploy(self.image(word))
        if not outcome.succeeded:
            raise FunctionRejected(f"an update to the tag {word} was {outcome}")
        return outcome

    def remove(self) -> Iterator[str]:
        """Remove functions, then tags; tells of what could not be removed, in words. Raises nothing expected."""
        for function in self._made:
            try:
                function.remove()
            except FcpinError as error:
                yield str(error)
        try:
            self.repository.remove(self.acr.delete_tag if self.acr else None)
        except FcpinError as error:
            yield str(error)

    @property
    def left(self) -> list[str]:
        """What is not removed yet, in words."""
        functions = [f"function {function.name}" for function in self._made if function.may_exist]
        return [*functions, *self.repository.left]

    def _built(self, word: str) -> BuiltImage:
        if word == "index":
            return index([self.new_image("linux/arm64"), self.new_image()])
        return self.new_image()
