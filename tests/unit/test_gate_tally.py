"""The workers of a service count together, and what is counted never goes down."""

import subprocess
import sys
from pathlib import Path

from tierce.gate.tally import Tally
from tierce.policy.acts import Outcome

COUNT = """
import sys
from pathlib import Path
from tierce.gate.tally import Tally
from tierce.policy.acts import Outcome
tally = Tally(Path(sys.argv[1]))
tally.add_batch([Outcome.RELEASED, Outcome.HELD], (1.0, 2.0, 3.0))
tally.set_waiting(7)
print(tally.total().outcomes[Outcome.RELEASED])
"""


def counted_elsewhere(folder: Path) -> int:
    """Let another process count one batch and end; gives the releases it saw in all."""
    done = subprocess.run([sys.executable, "-c", COUNT, folder], capture_output=True, text=True, check=True)
    return int(done.stdout)


def test_workers_count_together_and_one_that_ended_still_counts(tmp_path: Path) -> None:
    tally = Tally(tmp_path)
    tally.add_batch([Outcome.RELEASED] * 3, (0.5, 0.5, 0.5))
    tally.set_waiting(2)
    assert counted_elsewhere(tmp_path) == 4
    assert counted_elsewhere(tmp_path) == 5
    total = tally.total()
    assert total.outcomes[Outcome.RELEASED] == 5
    assert total.outcomes[Outcome.HELD] == 2
    assert total.seconds == {"open": 2.5, "decide": 4.5, "close": 6.5}
    assert total.batches == 3
    assert total.workers == 1, "the others have ended"
    assert total.waiting == 2, "what waited in a process that ended waits no more"


def test_a_gate_alone_counts_alone() -> None:
    tally = Tally()
    tally.add_batch([Outcome.UNKNOWN], (0.0, 0.0, 0.0))
    tally.add_retry()
    total = tally.total()
    assert (total.outcomes[Outcome.UNKNOWN], total.retries, total.workers) == (1, 1, 1)
