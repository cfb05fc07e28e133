"""The figures of one site's requests: how many were answered, how long each took, how many are under way.

They are counted in mapped memory, for the workers of a service together, and told by the Prometheus client as a
collector of its own: its counters, made for many processes, took a twentieth of the time of an ask.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Final

from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from tierce import __version__
from tierce.kernel.counts import Counts

BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Upper bounds in seconds; slower requests are counted after the last."""
LANES: Final = ("ask", "other")
_CLASSES: Final = 6
_UNDER_WAY: Final = _CLASSES
_LANES_AT: Final = _CLASSES + 1
_LANE_PLACES: Final = len(BUCKETS) + 2
_PLACES: Final = _LANES_AT + len(LANES) * _LANE_PLACES


class Figures(Collector):
    """The figures of one process, told with those of the workers beside it."""

    def __init__(self, name: str, folder: Path | None) -> None:
        """Count for process `name` in `folder`, which the workers of one service share; alone when there is none."""
        self._name = name
        self._counts = Counts(_PLACES, ".requests", folder)
        self._own = self._counts.own

    def begin(self) -> None:
        """A request came."""
        self._own[_UNDER_WAY] += 1

    def end(self, status: int, seconds: float, *, ask: bool) -> None:
        """A request was answered with `status`, or left unanswered with 0."""
        own = self._own
        own[_UNDER_WAY] -= 1
        own[status // 100] += 1
        place = _LANES_AT if ask else _LANES_AT + _LANE_PLACES
        own[place + bisect_left(BUCKETS, seconds)] += 1
        own[place + _LANE_PLACES - 1] += seconds

    def collect(self) -> Iterator[Metric]:
        """Tell the sums over the workers."""
        rows = self._counts.rows()
        sums = [sum(column) for column in zip(*(row for _, row in rows), strict=True)]
        requests = CounterMetricFamily("tierce_requests", "Requests answered, by class of status.", labels=["status"])
        for number in range(1, _CLASSES):
            requests.add_metric([f"{number}xx"], sums[number])
        yield requests
        seconds = HistogramMetricFamily("tierce_request_seconds", "Seconds to answer, by lane.", labels=["lane"])
        for n, lane in enumerate(LANES):
            place = _LANES_AT + n * _LANE_PLACES
            seconds.add_metric(
                [lane], _cumulated(sums[place : place + len(BUCKETS) + 1]), sums[place + _LANE_PLACES - 1]
            )
        yield seconds
        under_way = sum(row[_UNDER_WAY] for runs, row in rows if runs)
        yield GaugeMetricFamily("tierce_requests_under_way", "Requests not answered yet.", value=under_way)
        process = GaugeMetricFamily("tierce_process", "1: the process runs.", labels=["process", "version"])
        process.add_metric([self._name, __version__], 1)
        yield process


def _cumulated(counts: Sequence[float]) -> list[tuple[str, float]]:
    """Counts of each bucket as Prometheus wants them: of that bucket and all below."""
    return list(zip([*map(str, BUCKETS), "+Inf"], accumulate(counts), strict=True))
