"""What the processes are called, and the files that each is given; light, so that any command can read it."""

import os
from pathlib import Path

from tierce.settings import Settings, secret
from tierce.storage.keys import ALERTS_KEY, BANK_KEY, DEPOSIT_KEY, SIGNER_KEY, Purpose

SETTINGS_VARIABLE = "TIERCE_SETTINGS"
SITES = ("api", "portal", "office", "persons", "insurers")
INNER = ("signer",)
"""Processes that other processes of ours call on the loopback; no browser reaches them."""
OUTER = ("peers",)
"""Processes that other operators' programs call, through the proxy in front; no browser reaches them."""
EVERY = (*SITES, *INNER, *OUTER, "worker", "billing")
WORKER_FIGURES = "worker.prom"
"""The worker serves no page: its figures are a file in `state`, which `tierce health metrics` tells with its own."""
CHECKPOINT_FILE = "checkpoint"
"""The file in `state` of the checkpoint that the worker signed last: an older journal is not gone on from."""
LIVE, READY = "/health/live", "/health/ready"
NAME = "/.well-known/tierce-site"
"""Where a site says which one it is."""
SERVICE = "/v1/service"
"""Where `api` tells anybody what is open, its store first."""
KEYS = {
    "api": (
        Purpose.INDEX,
        Purpose.PAIR,
        Purpose.NETWORK,
        Purpose.ENGAGEMENT,
        Purpose.RECEIPT,
        Purpose.CARD,
        "coverage",
    ),
    "signer": (Purpose.CARD, SIGNER_KEY),
    "office": ("person", Purpose.RECEIPT, ALERTS_KEY),
    "persons": ("person", Purpose.TRAIT),
    "worker": (DEPOSIT_KEY, Purpose.PAIR),
    "billing": ("coverage", BANK_KEY),
    "insurers": (Purpose.DOOR,),
    "peers": (),
}
"""The key files that each process is given: docs/reference/keys.md."""

BESIDE = {"office": ("tierce_inspector",)}
"""Roles over which a process reads some of its pages, beside its own; each signs in by itself."""

LOG_PUBLIC_FILE = "log.pub"
"""The file, beside the keys, of the public line with which the log's checkpoints are verified."""
TALLY_VARIABLE = "TIERCE_TALLY"
"""The environment's name of the folder in which the workers of one service count together."""


def named_in(settings: Settings) -> tuple[str, ...]:
    """The processes that these settings name: an installation without a signer, or without peers, runs none."""
    return tuple(name for name in EVERY if name not in (*INNER, *OUTER) or getattr(settings, name) is not None)


def log_key(keys: Path) -> str:
    """Read the log's public line; its private key is the worker's alone."""
    return secret(keys / LOG_PUBLIC_FILE)


def tally_folder() -> Path | None:
    """The folder in which the workers of one service count together, when it is served by a command."""
    named = os.environ.get(TALLY_VARIABLE)
    return Path(named) if named else None
