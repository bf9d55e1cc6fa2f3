from collections.abc import Mapping
from dataclasses import dataclass, field

from prometheus_client.parser import text_string_to_metric_families
from starlette.requests import Request

from fcpin.call_statistics import Call
from fcpin.receiver.ledger.ledger import Ledger
from fcpin.receiver.metrics import Metrics
from fcpin.receiver.settings.model import ReceiverSettings, SenderSettings, StackSettings
from tests.receiver.samples import NOON
from tests.support.clock import ManualClock


@dataclass
class Scraped:
    """A receiver of the stack `prod` and the sender `acr`, to be scraped."""

    ledger: Ledger
    settings: ReceiverSettings = field(
        default_factory=lambda: ReceiverSettings(
            stacks={"prod": StackSettings()}, senders={"acr": SenderSettings(kind="acr", secrets=())}
        )
    )
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOON))
    calls: Mapping[Call, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.metrics = Metrics(self.settings, self.ledger, lambda: self.calls, self.clock)

    def get(self, headers: Mapping[str, str] | None = None) -> tuple[int, str]:
        sent = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
        answer = self.metrics.route().endpoint(Request({"type": "http", "headers": sent}))
        return answer.status_code, answer.body.decode()

    def values(self) -> Mapping[str, float]:
        """By name and labels, in the order of the labels' names: `jobs{prod,pending}`. Creation times are left out."""
        status, text = self.get()
        assert status == 200
        return {
            f"{one.name.removeprefix('fcpin_receiver_')}{{{','.join(one.labels.values())}}}": one.value
            for family in text_string_to_metric_families(text)
            for one in family.samples
            if not one.name.endswith("_created")
        }
