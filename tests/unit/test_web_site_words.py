"""The words of the office and of the persons' space: every key a page may ask for is there, and none is idle."""

import re
from enum import IntEnum
from pathlib import Path

import pytest

from tierce.billing.bank.model import NumberFrom, Oddity
from tierce.billing.settlement.model import Word
from tierce.billing.settlement.recoveries.model import Word as RecoveryWord
from tierce.closings.rules import LEVELS as CLOSED_BY_HAND
from tierce.closings.rules import RUNGS as RUNGS_WIDE
from tierce.directory.model import Kind
from tierce.incidents.clocks.model import State
from tierce.incidents.form.model import Knowledge
from tierce.incidents.night.model import Decision
from tierce.incidents.severity.model import Controller
from tierce.notices.aside.model import AsideWhy
from tierce.notices.audience.model import Channel
from tierce.peer_alerts.telling.rules import SAID
from tierce.persons.concerned.model import Answer
from tierce.persons.model import LineKind
from tierce.persons.wishes.errors import WishReason
from tierce.persons.wishes.model import Ended
from tierce.policy.acts import Act, Evidence, Outcome
from tierce.policy.clocks import Risk, Standing
from tierce.policy.ladder import Level, Rung
from tierce.policy.peer_alerts import ACCUSES, Confidence
from tierce.scope.model import Rule
from tierce.web.insurers.app import TOLD as INSURERS_ERRORS
from tierce.web.insurers.site import HERE as INSURERS
from tierce.web.insurers.site import LINKS as INSURERS_LINKS
from tierce.web.look import Pages
from tierce.web.office.alerts import SAYINGS
from tierce.web.office.app import TOLD as OFFICE_ERRORS
from tierce.web.office.closing import LENGTHS
from tierce.web.office.criteria import LISTS as CRITERIA_LISTS
from tierce.web.office.directory import WANTED
from tierce.web.office.night import NoticeState
from tierce.web.office.refusals import KINDS as REFUSABLE
from tierce.web.office.site import HERE as OFFICE
from tierce.web.office.site import INSPECTOR_LINKS
from tierce.web.office.site import LINKS as OFFICE_LINKS
from tierce.web.persons.app import TOLD as PERSONS_ERRORS
from tierce.web.persons.site import HERE as PERSONS
from tierce.web.persons.site import LINKS as PERSONS_LINKS

_ASKED = re.compile(r"""\b(t|n)\(\s*["']([a-z_]+(?:\.[a-z_0-9]+)*)["'](?!\s*~)""")


def numbered(prefix: str, enum: type[IntEnum]) -> set[str]:
    return {f"{prefix}.{one.value}" for one in enum}


def told(keys: set[str]) -> set[str]:
    return {
        f"error.{key}.{part}"
        for key in keys | {"missing", "malformed", "too_long", "unexpected"}
        for part in ("title", "remedy")
    }


def asked_by_templates(folder: Path) -> set[str]:
    found = set()
    for file in (folder / "templates").glob("*.html"):
        for call, key in _ASKED.findall(file.read_text(encoding="utf-8")):
            found |= {f"{key}.one", f"{key}.many"} if call == "n" else {key}
    return found


_COUNTED = {Decision.TELL, Decision.CONCLUDE, Decision.PUBLISH, Decision.LATE, Decision.NOTIFY}
"""Decisions whose sentence holds a number or a duty."""
UNDECIDED = ("what", "of", "care", "refuse", "refuse_help", "refuse_now")
WISH_ENDS = (Ended.REFUSED, Ended.UNSENT, Ended.UNREADABLE, Ended.LATE)
CHOSEN = {
    OFFICE: numbered("act", Act)
    | numbered("outcome", Outcome)
    | numbered("level", Level)
    | {f"rule.{rule.value}" for rule in Rule}
    | {f"evidence.{one.value}" for one in Evidence if one}
    | {f"alerts.event.{one.value}" for one in ACCUSES}
    | {f"{page}.sure.{one.value}" for page in ("alerts", "tell") for one in Confidence if one}
    | {f"tell.say.{one}" for one in SAYINGS}
    | {f"tell.event.{one.value}" for one in SAID}
    | {f"evidence.rung.{rung.value}" for rung in Rung if rung < Rung.SUSPENDED}
    | {f"closing.rung.{rung}" for rung in RUNGS_WIDE}
    | {f"version.{kind.value}" for kind in Kind}
    | {f"move.{move}{part}" for move in WANTED for part in ("", ".title", ".lead", ".button")}
    | {f"feed.kind.{kind}" for kind in ("rights", "insurers", "directory", "finess", "tariffs", "benefits")}
    | {f"feed.kind.{kind}" for kind in ("contracts", "accounts", "presence")}
    | {f"closing.group.{level}" for level in set(CLOSED_BY_HAND) - {"cell"}}
    | {f"closing.for.{length}" for length in LENGTHS}
    | {f"duties.standing.{one.replace(' ', '_')}" for one in Standing if one is not Standing.PROPOSED}
    | {f"severity.controller.{one}" for one in Controller}
    | {f"night.next.{one}" for one in Decision if one not in _COUNTED}
    | {f"night.why.{one}" for one in Decision}
    | {f"night.notice.{one}" for one in NoticeState}
    | {f"night.do.{one}" for one in Decision if one is not Decision.ESTABLISH}
    | {f"criteria.{name}{part}" for name in CRITERIA_LISTS for part in ("", "_help")}
    | {f"severity.{one}" for one in ("people", "records")}
    | numbered("severity.risk", Risk)
    | {f"form.is.{one.replace(' ', '_')}" for one in Knowledge}
    | {f"duties.state.{one.replace(' ', '_')}" for one in State}
    | {f"journal.title.{state}" for state in ("none", "altered", "old", "intact")}
    | numbered("bank.oddity", Oddity)
    | numbered("bank.from", NumberFrom)
    | numbered("bank.from_long", NumberFrom)
    | numbered("payments.word", Word)
    | {f"undecided.{key}.{what}" for key in UNDECIDED for what in REFUSABLE}
    | numbered("recovery.word", RecoveryWord)
    | {f"own_mail.how.{how}" for how in ("sent", "known", "waits", *AsideWhy) if how is not AsideWhy.CHANGED}
    | {f"own_mail.what.{what}.{many}" for what in (3, 4, 5, 6, 7) for many in ("one", "many")}
    | {link.key for link in (*OFFICE_LINKS, *INSPECTOR_LINKS)}
    | told({key for key, _ in OFFICE_ERRORS.values()}),
    INSURERS: {link.key for link in INSURERS_LINKS}
    | told({key for key, _ in INSURERS_ERRORS.values()})
    | {f"draft.is.{one.replace(' ', '_')}" for one in Knowledge}
    | {f"key.refused.{one}{part}" for one in ("recipient", "answer", "confirm") for part in ("", "_remedy")},
    PERSONS: {f"kind.{kind.value.replace(' ', '_')}" for kind in LineKind if kind is not LineKind.OWN}
    | {link.key for link in PERSONS_LINKS}
    | told({key for key, _ in PERSONS_ERRORS.values()})
    | {f"not_me.step{step}" for step in range(1, 5)}
    | {f"concerned.part_{part}" for part in ("here", "same", "logged", "post")}
    | {f"concerned.{said}_{answer}" for said in ("is", "ground") for answer in Answer}
    | {"concerned.ground_no_list", "concerned.cohort_insured", "concerned.cohort_invoices"}
    | {f"card.{part}_{why}" for part in ("wrong", "remedy") for why in ("away", "no_signer", "too_many")}
    | {f"answered.{said}{part}" for said in ("yes", "no", "late", "too_many") for part in ("", "_lead")}
    | {f"billed.step{step}" for step in range(1, 4)}
    | {f"letters.channel_{one.value}" for one in Channel if one is not Channel.PUBLIC}
    | {f"wish.said_{said}{part}" for said in ("proved", "stopped") for part in ("", "_next")}
    | {f"wish.refused_{one}{part}" for one in WishReason for part in ("", "_remedy")}
    | {f"wish.ended_{why}{part}" for why in WISH_ENDS for part in ("", "_remedy")}
    | {f"wish.code_{said}" for said in ("soon", "late", "doubtful", "sent")}
    | {f"wish.rule_{part}" for part in ("nothing", "you", "year", "own", "address")},
}
"""Keys that templates build from a value."""


@pytest.mark.parametrize("folder", [OFFICE, PERSONS, INSURERS], ids=lambda folder: folder.name)
def test_every_key_asked_for_is_in_the_catalogue(folder: Path) -> None:
    wanted = asked_by_templates(folder) | CHOSEN[folder]
    assert wanted - Pages(folder).words.keys() == set()


@pytest.mark.parametrize("folder", [OFFICE, PERSONS, INSURERS], ids=lambda folder: folder.name)
def test_no_key_is_idle(folder: Path) -> None:
    texts = [file.read_text() for file in folder.glob("words*.toml")]
    own = {line[2:-2] for text in texts for line in text.splitlines() if line.startswith('["')}
    assert own - asked_by_templates(folder) - CHOSEN[folder] - {"site.name", "site.footer"} == set()
