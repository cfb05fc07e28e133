"""The gate's counters, in Prometheus' text form.

They say no more than the answers do: what looks the same from outside is counted together, and times are in
milliseconds. A counter for each outcome would tell whoever reads it before and after an ask what the answer hides.
"""

from collections import Counter

from tierce.gate.service import Gate

TOLD = frozenset({"released", "out_of_attempts", "not_allowed"})
"""Outcomes that the answer always names; a hold may look like any answer that shows nothing."""
NOT_SHOWN = "not_shown"


def render(gate: Gate) -> str:
    """Render the counters since the start, of every worker of the service."""
    gate.tally.set_waiting(gate.waiting)
    total = gate.tally.total()
    counts: Counter[str] = Counter()
    for outcome, number in total.outcomes.items():
        name = outcome.name.lower()
        if number:
            counts[name if name in TOLD else NOT_SHOWN] += number
    lines = [
        "# TYPE tierce_gate_seconds_total counter",
        *(f'tierce_gate_seconds_total{{part="{part}"}} {spent:.3f}' for part, spent in total.seconds.items()),
        "# TYPE tierce_gate_batches_total counter",
        f"tierce_gate_batches_total {total.batches}",
        "# TYPE tierce_gate_asks_total counter",
        *(f'tierce_gate_asks_total{{outcome="{name}"}} {n}' for name, n in sorted(counts.items())),
        "# TYPE tierce_gate_retries_total counter",
        f"tierce_gate_retries_total {total.retries}",
        "# TYPE tierce_gate_waiting gauge",
        f"tierce_gate_waiting {total.waiting}",
        "# TYPE tierce_gate_workers gauge",
        f"tierce_gate_workers {total.workers}",
    ]
    return "\n".join(lines) + "\n"
