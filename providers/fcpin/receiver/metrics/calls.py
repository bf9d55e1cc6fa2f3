"""How often Alibaba Cloud and the registries were called, told from the tally of fcpin."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from fcpin.call_statistics import Call
from fcpin.receiver.metrics.counted import PREFIX

Calls: TypeAlias = Callable[[], Mapping[Call, int]]
"""How often each call was made until now, by this process and those that it started."""


class CallMetrics(Collector):
    """Reads the tally anew for each scrape."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def describe(self) -> Sequence[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        calls = CounterMetricFamily(
            f"{PREFIX}_api_calls",
            "Calls of Alibaba Cloud's APIs (fc, cr) and of registries, retries included.",
            labels=("service", "operation", "outcome"),
        )
        for call, count in sorted(self._calls().items()):
            calls.add_metric(call, count)
        yield calls
