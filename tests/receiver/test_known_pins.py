"""What is known of the pins when a push comes."""

from collections.abc import Sequence

from fcpin.errors import StackError
from fcpin.receiver.known_pins import KnownPins
from fcpin.receiver.push import Place, Push
from fcpin.stack.stack import StackPin
from tests.receiver.pins import pin

PUSH = Push("acr", "1", Place("shop/app"), "main-12")
OTHER = Push("acr", "2", Place("shop/other"), "main-12")


def test_what_was_never_read_is_concerned_and_what_was_stays_known() -> None:
    stacks: dict[str, Sequence[StackPin]] = {}

    def read(stack: str) -> Sequence[StackPin]:
        if stack not in stacks:
            raise StackError(f"{stack} cannot be read")
        return stacks[stack]

    known = KnownPins(["dev", "prod"], {}, read)
    assert known.watches().stacks(OTHER) == ("dev", "prod")
    known.refresh()
    assert "no stack" in known.unready()
    stacks["dev"] = [pin()]
    known.refresh()
    assert known.unready() == ""
    assert known.watches().stacks(OTHER) == ("prod",)
    known.learn("prod", [])
    del stacks["dev"]
    known.refresh()
    assert known.watches().stacks(PUSH) == ("dev",)
    assert known.watches().stacks(OTHER) == ()
