"""The gate's counters, in Prometheus' text form."""

from tierce.gate.service import Gate


def render(gate: Gate) -> str:
    """Render the counters since the start."""
    timings = gate.timings
    lines = [
        "# TYPE tierce_gate_seconds_total counter",
        f'tierce_gate_seconds_total{{part="open"}} {timings.open:.6f}',
        f'tierce_gate_seconds_total{{part="decide"}} {timings.decide:.6f}',
        f'tierce_gate_seconds_total{{part="close"}} {timings.close:.6f}',
        "# TYPE tierce_gate_batches_total counter",
        f"tierce_gate_batches_total {timings.batches}",
        "# TYPE tierce_gate_asks_total counter",
        *(f'tierce_gate_asks_total{{outcome="{name}"}} {n}' for name, n in sorted(timings.outcomes.items())),
        "# TYPE tierce_gate_waiting gauge",
        f"tierce_gate_waiting {gate.waiting}",
    ]
    return "\n".join(lines) + "\n"
