"""The digest of the policy in force, written into every journal entry.

It covers a canonical rendering of every table that decides: change one constant and the next entries bear
another digest, so that a reader of the journal sees under which rules an answer was given.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from datetime import timedelta
from enum import Enum
from functools import cache
from hashlib import sha256

from tierce.policy import (
    acts,
    allowed,
    assistants,
    clocks,
    crowds,
    deposits,
    directory,
    enrolment,
    evidence,
    floors,
    ladder,
    lines,
    professions,
    remote,
    retention,
    rights,
    seats,
    segments,
    staff,
)
from tierce.policy import feeds as rights_files

DIGEST_BYTES = 16


def policy_text() -> str:
    """Every table of the policy as canonical JSON: keys sorted, enum members by name and number, no spaces."""
    tables = {
        "acts": [_plain(act) for act in acts.Act],
        "allowed.domains": _plain(allowed.DOMAINS),
        "allowed.level_min": allowed.LEVEL_MIN,
        "allowed.staff_roles": sorted(allowed.STAFF_ROLES),
        "allowed.shown": {_key(act): int(fields) for act, fields in allowed.SHOWN.items()},
        "assistants.acts": _plain(assistants.ASSISTANT_ACTS),
        "ladder.suspended_acts": _plain(ladder.SUSPENDED_ACTS),
        "assistants.constants": _plain(_constants(assistants)),
        "directory.constants": _plain(_constants(directory)),
        "enrolment.constants": _plain(_constants(enrolment)),
        "clocks.clocks": [_plain_clock(rule) for rule in clocks.CLOCKS],
        "crowds.constants": _plain(_constants(crowds)),
        "deposits.constants": _plain(_constants(deposits)),
        "deposits.guaranteed_a_day": _plain(deposits.GUARANTEED_A_DAY),
        "deposits.reasons": [_plain(reason) for reason in deposits.DepositReason],
        "deposits.states": [_plain(state) for state in deposits.DepositState],
        "evidence.bets": evidence.BETS,
        "evidence.caps": _plain(evidence.CAPS),
        "evidence.constants": _plain(_constants(evidence)),
        "evidence.floor_shares": evidence.FLOOR_SHARES,
        "floors.batch_max": floors.BATCH_MAX,
        "floors.ceilings": _plain(floors.CEILINGS),
        "floors.office_shown_soon": floors.OFFICE_SHOWN_SOON,
        "floors.shown_ceilings": _plain(floors.SHOWN_CEILINGS),
        "floors.floors": _plain(floors.FLOORS),
        "ladder.appeal_chars": ladder.APPEAL_CHARS,
        "ladder.broad": _plain(ladder.BROAD),
        "ladder.closable": _plain(ladder.CLOSABLE),
        "ladder.held_whole": _plain(ladder.HELD_WHOLE),
        "ladder.constants": _plain(_constants(ladder)),
        "ladder.levels": [_plain(level) for level in ladder.Level],
        "ladder.rungs": [_plain(rung) for rung in ladder.Rung],
        "lines.common": _plain(lines.COMMON),
        "lines.pools": _plain(lines.POOLS),
        "lines.constants": _plain(_constants(lines)),
        "outcomes": [_plain(outcome) for outcome in acts.Outcome],
        "presences": [_plain(presence) for presence in acts.Presence],
        "remote.constants": _plain(_constants(remote)),
        "professions.hospital_sectors": _plain(professions.HOSPITAL_SECTORS),
        "professions.pharmacy_sectors": _plain(professions.PHARMACY_SECTORS),
        "professions.professions": _plain(professions.PROFESSIONS),
        "professions.sections": _plain(professions.SECTIONS),
        "professions.skills": _plain(professions.SKILLS),
        "feeds.constants": _plain(_constants(rights_files)),
        "retention.constants": _plain(_constants(retention)),
        "retention.job_classes": [_plain(kept) for kept in retention.JOB_CLASSES],
        "retention.retention": {_key(kept): _plain(rule.keep) for kept, rule in retention.RETENTION.items()},
        "rights.care_windows": _plain(rights.CARE_WINDOWS),
        "rights.engagement_days": _plain(rights.ENGAGEMENT_DAYS),
        "staff.acts": _plain(staff.STAFF_ACTS),
        "seats.constants": _plain(_constants(seats)),
        "seats.day_limits": _plain(seats.DAY_LIMITS),
        "seats.declared": _plain(seats.DECLARED),
        "seats.seats": _plain(seats.SEATS),
        "seats.uncounted": _plain(seats.UNCOUNTED),
        "segments.constants": _plain(_constants(segments)),
        "segments.redactions": {
            _key(reason): [_plain(one.after), one.despite_hold] for reason, one in segments.REDACTIONS.items()
        },
    }
    return json.dumps(tables, ensure_ascii=True, sort_keys=True, separators=(",", ":"))


@cache
def policy_digest() -> bytes:
    """The first 16 bytes of SHA-256 over `policy_text`."""
    return sha256(policy_text().encode("ascii")).digest()[:DIGEST_BYTES]


def _constants(module: object) -> dict[str, object]:
    """The public numbers and durations of a module, by name: a constant added later is covered by itself."""
    return {
        name: value
        for name, value in vars(module).items()
        if name.isupper() and not name.startswith("_") and isinstance(value, int | timedelta)
    }


def _plain_clock(rule: clocks.ClockRule) -> list[object]:
    """What decides in a delay; its words do not."""
    starts = [[start.moment.value, start.hours, start.months] for start in rule.starts]
    days = [None if day is None else day.isoformat() for day in (rule.begins, rule.ends)]
    return [rule.duty.name, rule.party.value, starts, rule.from_risk.name, rule.standing.value, *days]


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return _key(value)
    if isinstance(value, timedelta):
        return f"{value.total_seconds():.0f} s"
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, Mapping):
        return {_key(key): _plain(each) for key, each in value.items()}
    if isinstance(value, frozenset):
        return sorted(_key(each) for each in value)
    return value


def _key(value: object) -> str:
    return f"{value.name}={value.value}" if isinstance(value, Enum) else str(value)
