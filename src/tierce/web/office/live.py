"""What is happening now, one line with its proof, one account's story, and who stands on the ladder."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from itertools import groupby
from typing import Any, TypeVar
from urllib.parse import urlencode

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect
from psycopg import Connection

from tierce.closings import store as wide_rows
from tierce.closings.model import Target
from tierce.closings.rules import name_of
from tierce.incidents.alerts import store as alert_rows
from tierce.incidents.evidence import store as evidence
from tierce.incidents.evidence.model import SENTENCES
from tierce.incidents.holds import store as held_rows
from tierce.incidents.lines import store
from tierce.incidents.lines.model import Counts, Filter, Hold, Line, Passage, Reported, Standing, Stretch
from tierce.incidents.store import device_uses
from tierce.journal.errors import NotSequencedError, ProofRefusedError
from tierce.journal.merkle import leaf_hash
from tierce.journal.model import EntryKind
from tierce.journal.segments.sealed import SealedLog
from tierce.journal.service import Proof, prove
from tierce.journal.verifier.proof import check_proof
from tierce.kernel.care import PROFESSION_LABELS, Profession
from tierce.kernel.clock import date_of, paris_day, start_of
from tierce.kernel.digits import number_in
from tierce.kernel.ids import EntrySeq, ProfessionalId
from tierce.policy.acts import Act, Evidence, Outcome
from tierce.policy.ladder import RUNG_LABELS, Level, Rung
from tierce.watch.rules import say_evidence
from tierce.web.look.formats import day_of
from tierce.web.office.evidence import marks, place_on_scale
from tierce.web.office.meanings import MEANS
from tierce.web.office.site import OfficeSite, RoleRefusedError
from tierce.web.visit import AnyRequest

LIVE_ROWS = 25
LIVE_READ = 200
"""Lines read for these rows: a thief's refusals in a row are one row, or they would fill the list by themselves."""
STORY_STRETCHES = 120
STORY_PASSAGES = 60
ACTS_FILTERED = (Act.RIGHTS_ASK, Act.RIGHTS_REVISIT, Act.SESSION_OPEN, Act.DEVICE_ENROL, Act.WATCH_HOLD,
                 Act.STAFF_LADDER_MOVE, Act.STAFF_PERSON_SHOW, Act.FEED_RIGHTS, Act.SESSION_OTHER_KEY)  # fmt: skip
"""Acts that the list's filter offers: those by which somebody looks for something."""
REPORTS = 100


@dataclass(frozen=True, slots=True)
class ProofView:
    """A proof as the page says it."""

    index: int
    size: int
    path_length: int
    root: str
    leaf: str
    holds: bool


@dataclass(frozen=True, slots=True)
class StoryItem:
    """One point of an account's story: a stretch of lines, a hold that begins or is lifted, a sign-in, an answer."""

    stretch: Stretch | None = None
    hold: Hold | None = None
    lifted: Hold | None = None
    passage: Passage | None = None
    reported: Reported | None = None


@dataclass(frozen=True, slots=True)
class Alike:
    """Lines in a row of which nothing was shown and that say the same: the newest, and those before it."""

    newest: Line
    before: list[Line]
    at_least: bool
    """Whether more may come before, that were not read."""


async def _home(site: OfficeSite, request: AnyRequest) -> Response[Any]:
    """Where signing in leads: an inspector goes on to her own pages, which ask again who she is."""
    try:
        visit = await site.visit(request)
    except RoleRefusedError:
        return Redirect("/inspection", status_code=303)
    return site.page(visit, "live.html", await _live_values(site, request))


def live_handlers(site: OfficeSite) -> list[HTTPRouteHandler]:
    """Make the routes that read the journal without any person's identity."""

    @get("/", opt={"act": Act.STAFF_LIVE})
    async def live(request: AnyRequest) -> Response[Any]:
        return await _home(site, request)

    @get("/live/lines", opt={"act": Act.STAFF_LIVE})
    async def live_lines(request: AnyRequest) -> Response[str]:
        visit = await site.visit(request)
        return site.page(visit, "_lines.html", await _live_values(site, request))

    @get("/lines/{seq:int}", opt={"act": Act.STAFF_LIVE})
    async def line(request: AnyRequest, seq: FromPath[int]) -> Response[str]:
        visit = await site.visit(request)
        found, proof = await site.rows.read(_line_and_proof(site, EntrySeq(seq)))
        if found is None:
            raise NotFoundException
        return site.page(visit, "line.html", {"line": found, "proof": proof})

    @get("/lines/{seq:int}/proof.json", opt={"act": Act.STAFF_LIVE})
    async def proof_file(request: AnyRequest, seq: FromPath[int]) -> Response[str]:
        await site.visit(request)
        number = EntrySeq(seq)
        found = await site.rows.read(lambda connection: store.line(connection, number))
        if found is None:
            raise NotFoundException
        proof = await site.rows.read(lambda connection: prove(connection, site.log, number))
        return Response(
            proof.to_json(),
            media_type="application/json",
            headers={"content-disposition": f'attachment; filename="preuve-{seq}.json"'},
        )

    @get("/accounts/{professional:int}", opt={"act": Act.STAFF_LIVE})
    async def account(request: AnyRequest, professional: FromPath[int]) -> Response[str]:
        visit = await site.visit(request)
        number = ProfessionalId(professional)
        now = site.clock.now()
        values = await site.rows.read(lambda connection: _account_values(connection, number, now, site.sealed))
        if values is None:
            raise NotFoundException
        return site.page(visit, "account.html", {**values, "now": now})

    @get("/ladder", opt={"act": Act.STAFF_LIVE})
    async def ladder(request: AnyRequest) -> Response[str]:
        visit = await site.visit(request)
        now = site.clock.now()
        holds, names = await site.rows.read(
            lambda connection: (store.live_holds(connection, now), wide_rows.names(connection))
        )
        wide = {
            hold.id: name_of(Target(hold.level, hold.subject), names)
            for hold in holds
            if hold.level not in {Level.LOGIN, Level.DEVICE}
        }
        rungs = [(rung, [hold for hold in holds if hold.rung is rung]) for rung in sorted(Rung, reverse=True) if rung]
        return site.page(
            visit, "ladder.html", {"rungs": rungs, "holds": holds, "rung_labels": RUNG_LABELS, "wide": wide}
        )

    return [live, live_lines, line, proof_file, account, ladder]


Named = TypeVar("Named", bound=IntEnum)


def _chosen(request: AnyRequest, name: str, enum: type[Named]) -> Named | None:
    """A filter's value; anything that is none of its choices filters nothing."""
    found = number_in(request.query_params.get(name, ""), 3) or 0
    return enum(found) if found in set(enum) and found else None


def _filter(request: AnyRequest) -> Filter:
    return Filter(
        outcome=_chosen(request, "outcome", Outcome),
        act=_chosen(request, "act", Act),
        profession=_chosen(request, "profession", Profession),
        evidence=_chosen(request, "evidence", Evidence),
    )


async def _live_values(site: OfficeSite, request: AnyRequest) -> dict[str, object]:
    now, wanted = site.clock.now(), _filter(request)

    def read(connection: Connection) -> tuple[list[Line], list[Hold], Counts, Standing, int]:
        if wanted.wanted:
            lines = store.filtered(connection, wanted, LIVE_READ)
        else:
            lines = store.latest(connection, LIVE_READ)
        waiting, many = (
            store.standing(connection, now),
            alert_rows.unusual(connection, start_of(date_of(paris_day(now)))),
        )
        return lines, store.live_holds(connection, now), store.counts(connection), waiting, many

    lines, holds, counts, standing, unusual = await site.rows.read(read)
    named = {
        "outcome": wanted.outcome,
        "act": wanted.act,
        "profession": wanted.profession,
        "evidence": wanted.evidence,
    }
    return {
        "rows": gather(lines),
        "holds": holds,
        "counts": counts,
        "standing": standing,
        "unusual": unusual,
        "now": now,
        "wanted": wanted,
        "query": urlencode({name: value.value for name, value in named.items() if value is not None}),
        "outcomes": [one for one in Outcome if one],
        "acts_filtered": ACTS_FILTERED,
        "professions": PROFESSION_LABELS,
        "evidences": [one for one in Evidence if one],
    }


def _line_and_proof(site: OfficeSite, seq: EntrySeq) -> Callable[[Connection], tuple[Line | None, ProofView | None]]:
    def read(connection: Connection) -> tuple[Line | None, ProofView | None]:
        found = store.line(connection, seq)
        if found is None:
            return None, None
        try:
            return found, _view(prove(connection, site.log, seq), site.log_key)
        except NotSequencedError:
            return found, None

    return read


def _view(proof: Proof, log_key: str) -> ProofView:
    """Check the very file that would be downloaded, by code that shares nothing with what wrote it."""
    try:
        check_proof(proof.to_json(), log_key)
        holds = True
    except ProofRefusedError:
        holds = False
    root = proof.checkpoint.split("\n")[2]
    leaf = leaf_hash(bytes.fromhex(proof.entry)).hex()
    return ProofView(proof.index, proof.size, len(proof.path), root, leaf, holds)


def _account_values(
    connection: Connection, number: ProfessionalId, now: datetime, sealed: SealedLog
) -> dict[str, object] | None:
    account = store.account(connection, number)
    if account is None:
        return None
    stretches = store.stretches(
        connection, number, STORY_STRETCHES, lambda inside: sealed.of_professional(inside, number)
    )
    holds = store.holds_of(connection, number)
    return {
        "account": account,
        "story": tell(
            stretches,
            holds,
            store.reports(connection, REPORTS, number),
            store.passages(connection, number, STORY_PASSAGES),
        ),
        "means": MEANS,
        "explained": SENTENCES,
        "alerts": alert_rows.about(connection, number, now),
        "suspicions": [
            (one, say_evidence(one.state, one.worth), place_on_scale(one.worth))
            for one in evidence.of_account(connection, number)
        ],
        "marks": marks(),
        "sessions": held_rows.sessions(connection, number, now),
        "assistants": held_rows.assistants(connection, number),
        "own_mails": held_rows.own_mails(connection, number, held_rows.OWN_MAILS_LISTED_MAX + 1),
        "own_mails_shown": held_rows.OWN_MAILS_LISTED_MAX,
        "holds": holds,
        "devices": device_uses(connection, number),
        "shown": sum(one.lines for one in stretches if one.outcome.name == "RELEASED"),
        "cut": len(stretches) == STORY_STRETCHES,
        "rung_labels": RUNG_LABELS,
    }


def tell(
    stretches: list[Stretch], holds: list[Hold], reports: list[Reported], passages: list[Passage]
) -> list[StoryItem]:
    """Put an account's lines, sign-ins, holds and the answers "it was not me" in one order of time."""
    points = [(one.first_at, StoryItem(stretch=one)) for one in stretches]
    points += [(one.at, StoryItem(passage=one)) for one in passages]
    points += [(one.since, StoryItem(hold=one)) for one in holds]
    points += [(one.lifted, StoryItem(lifted=one)) for one in holds if one.lifted is not None]
    points += [(one.at, StoryItem(reported=one)) for one in reports]
    return [item for _, item in sorted(points, key=lambda point: point[0])]


def gather(lines: list[Line]) -> list[Alike]:
    """Put lines, the newest first, in LIVE_ROWS rows at most; only refusals and misses share one."""

    def says(line: Line) -> object:
        if line.kind not in {EntryKind.REFUSAL, EntryKind.MISS}:
            return line.seq
        return line.professional, line.device, day_of(line.at), line.act, line.outcome, line.domain

    runs = [list(run) for _, run in groupby(lines, says)]
    last = len(runs) - 1 if len(lines) >= LIVE_READ else None
    return [Alike(run[0], run[1:], place == last) for place, run in enumerate(runs[:LIVE_ROWS])]
