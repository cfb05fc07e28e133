"""The second operator: a running platform of its own, where the same identity was stolen; it is asked what it saw."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from tierce.kernel.clock import Clock
from tierce.lab.demo.stage import Stage, open_stage
from tierce.lab.demo.steps import Steps
from tierce.lab.demo.store import lines_waiting
from tierce.lab.drill.attack import Thief
from tierce.lab.drill.errors import DrillError

COMMAND: Final = [sys.executable, "-m", "tierce.cli"]
PROCESSES: Final = ("api", "worker")
"""What runs at the second operator: its gate, and what sequences its journal."""


@contextmanager
def open_other(home: Path, steps: Steps, *, persons: int, insurers: int) -> Iterator[Stage]:
    """Start the second operator, with its own server, database, keys, journal and gate; its steps are not told."""
    quiet = Steps(Console(quiet=True), steps.language)
    with open_stage(home, quiet, persons=persons, insurers=insurers, only=PROCESSES) as stage:
        yield stage


def steal_elsewhere(other: Stage, clock: Clock, seed: int) -> int:
    """The same identity is relayed at the second operator's gate; how many people it showed him."""
    thief = Thief(other, clock, seed + 1)
    asyncio.run(thief.relayed())
    return len({person for person, _ in thief.pairs()})


def ask_indicators(other: Stage, folder: Path, rpps: str, began: datetime, until: datetime) -> dict[str, Any]:
    """Ask by `tierce scope indicators` there, and check the signed answer by `tierce scope verify` here.

    Raises:
        DrillError: it was refused, or its signature does not hold.
    """
    folder.mkdir(parents=True, exist_ok=True)
    question, answer = folder / "question.jsonl", folder / "answer.json"
    window = {"from": began.isoformat(), "until": until.isoformat()}
    lines: list[dict[str, str]] = [
        {"format": "tierce-indicators-v1"},
        {"kind": "rpps", "value": rpps, **window},
        {"kind": "network", "value": "192.0.2.0/24", **window},
    ]
    question.write_text("".join(json.dumps(line) + "\n" for line in lines))
    database = other.database
    with database.connect("tierce_office", autocommit=True) as connection:
        other.wait_until(lambda: lines_waiting(connection) == 0, "worker")
    said = run(
        ["scope", "indicators", str(question), "--by", "Marc Tessier", "--secrets", str(database.secrets),
         "--keys", str(other.home / "keys"), "--segments", str(other.home / "segments"),
         "--host", str(database.host), "--port", str(database.port), "--name", database.name]
    )  # fmt: skip
    answer.write_text(said.stdout)
    key = said.stderr.split("clé / key: ")[1].split("\n")[0].strip()
    (folder / "key.txt").write_text(f"{key}\n")
    run(["scope", "verify", str(answer), "--key", key, "--question", str(question)])
    found: dict[str, Any] = json.loads(said.stdout)["answer"]
    return found


def run(arguments: list[str]) -> "subprocess.CompletedProcess[str]":
    """Run a command of ours.

    Raises:
        DrillError: it did not end with 0.
    """
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        msg = f"tierce {arguments[0]} {arguments[1]} ended with {done.returncode}: {done.stderr[-300:]}"
        raise DrillError(msg)
    return done
