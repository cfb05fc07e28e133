"""The persons' space as an application: who asked about me, what was read of me, and "it was not me"."""

from typing import Final

from litestar import Litestar, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery
from psycopg import Connection

from tierce.identity.local import PersonSessions
from tierce.identity.service import SignInDoor
from tierce.journal.errors import NotSequencedError
from tierce.kernel.categories import each
from tierce.kernel.ids import MAX_ID, EntrySeq
from tierce.kernel.language import Phrase
from tierce.kernel.saying import listing
from tierce.notices.model import Operator
from tierce.persons.billed.service import CareBilled
from tierce.persons.concerned.service import Concerned
from tierce.persons.errors import (
    AskedTooOftenError,
    NotHerLineError,
    NotReportableError,
    RecordMissingError,
    RequestRefusedError,
    TooManyOpenedError,
)
from tierce.persons.letters.service import Letters
from tierce.persons.model import History, HistoryLine, Report
from tierce.persons.requests.model import REPORT_WORDS
from tierce.persons.requests.service import Requests
from tierce.persons.rules import summarise
from tierce.persons.service import ASKS, Persons
from tierce.persons.wishes.service import Wishes
from tierce.policy.acts import Act
from tierce.presence.answers import Answers
from tierce.web.error_pages import Told
from tierce.web.look import Hotline, pages_of
from tierce.web.persons.answering import answer_handlers, waiting
from tierce.web.persons.billed import billed_handlers
from tierce.web.persons.cards import card_handlers
from tierce.web.persons.concerned import concerned_handlers
from tierce.web.persons.desk import CardDesk
from tierce.web.persons.letters import letter_handlers
from tierce.web.persons.requests import request_handlers
from tierce.web.persons.said import SAID
from tierce.web.persons.site import HERE, OwnRows, PersonsSite, Visit, persons_sign_in
from tierce.web.persons.wishes import wish_handlers
from tierce.web.site_app import site_app
from tierce.web.visit import AnyRequest, Pool

FORM_BYTES_MAX: Final = 16_384
TOLD: Final[Told] = {
    NotHerLineError: ("missing", 404),
    NotReportableError: ("missing", 404),
    NotSequencedError: ("behind", 409),
    RecordMissingError: ("no_record", 409),
    TooManyOpenedError: ("crowded", 503),
    AskedTooOftenError: ("asked_often", 429),
    RequestRefusedError: ("request", 409),
}
"""Which words tell of an error, and under which status."""


def create_persons(
    *,
    door: SignInDoor,
    sessions: PersonSessions,
    pool: Pool,
    persons: Persons,
    operator: Operator,
    answers: Answers,
    concerned: Concerned,
    requests: Requests,
    wishes: Wishes,
    billed: CareBilled,
    letters: Letters,
    secure: bool,
    cards: CardDesk | None = None,
    sign_in_origins: tuple[str, ...] = (),
) -> Litestar:
    """Make the persons' space.

    Args:
        door: sign-in through the persons' identity provider.
        sessions: persons' sessions.
        pool: connections of role tierce_persons in autocommit mode.
        persons: the persons slice.
        operator: whom to write to.
        answers: what she says when somebody asks about her.
        concerned: whether an incident concerns her.
        requests: what she asks of her data.
        wishes: whether she is told at a first look-up.
        billed: care billed in her name.
        letters: what was sent to her after an incident.
        secure: whether the public address has https.
        cards: the signer of dynamic cards, if there is one.
        sign_in_origins: addresses that the sign-in leads to.
    """
    pages = pages_of(HERE, Hotline(operator.name, operator.phone, operator.address))
    site = PersonsSite(
        pages=pages,
        rows=OwnRows(pool),
        sessions=sessions,
        sign_in=persons_sign_in(pages, door, sessions, secure=secure),
        persons=persons,
        operator=operator,
        answers=answers,
        cards=cards,
    )
    return site_app(
        site.sign_in,
        [
            *history_handlers(site),
            *line_handlers(site),
            *card_handlers(site),
            *answer_handlers(site),
            *concerned_handlers(site, concerned),
            *request_handlers(site, requests, billed, wishes),
            *wish_handlers(site, wishes),
            *billed_handlers(site, billed),
            *letter_handlers(site, letters),
        ],
        TOLD,
        form_bytes=FORM_BYTES_MAX,
        sign_in_origins=sign_in_origins,
    )


def shown_words(line: HistoryLine) -> Phrase:
    """What one answer showed, in a few words."""
    return listing([SAID[category] for category in each(line.categories)])


async def _history(site: PersonsSite, visit: Visit, before: int) -> History:
    return await site.rows.read(
        lambda connection: site.persons.history(connection, visit.caller, visit.handle, EntrySeq(before))
    )


def history_handlers(site: PersonsSite) -> list[HTTPRouteHandler]:
    """Make the routes that show her history."""

    @get("/", opt={"act": Act.PERSON_HISTORY})
    async def history(request: AnyRequest, before: FromQuery[int] = MAX_ID) -> Response[str]:
        visit = await site.visit(request)
        found = await _history(site, visit, min(max(before, 0), MAX_ID))
        asked = await site.rows.read(lambda connection: waiting(site, connection, visit.handle))
        values = {
            "history": found,
            "asked": asked if before == MAX_ID else [],
            "asks": ASKS,
            "first_page": before == MAX_ID,
            "replies": REPORT_WORDS,
            "shown_words": {line.seq: shown_words(line) for line in found.lines},
        }
        return site.page(visit, "history.html", values)

    @get("/read", opt={"act": Act.PERSON_HISTORY})
    async def read(request: AnyRequest) -> Response[str]:
        visit = await site.visit(request)
        found = await _history(site, visit, MAX_ID)
        gathered = summarise(found.lines)
        values = {
            "read": gathered,
            "categories": [[SAID[category] for category in each(one.categories)] for one in gathered],
            "cut": found.before is not None,
        }
        return site.page(visit, "read.html", values)

    @get("/help", opt={"act": Act.NONE})
    async def help_(request: AnyRequest) -> Response[str]:
        visit = await site.visit(request)
        return site.page(visit, "help.html", {})

    return [history, read, help_]


def line_handlers(site: PersonsSite) -> list[HTTPRouteHandler]:
    """Make the routes of one line: its proof file, and her answer."""

    @get("/lines/{seq:int}/proof.json", opt={"act": Act.PERSON_HISTORY})
    async def proof(request: AnyRequest, seq: FromPath[int]) -> Response[str]:
        visit = await site.visit(request)
        number = EntrySeq(seq)
        made = await site.rows.read(
            lambda connection: site.persons.proof(connection, visit.caller, visit.handle, number)
        )
        return Response(
            made.to_json(),
            media_type="application/json",
            headers={"content-disposition": f'attachment; filename="preuve-{seq}.json"'},
        )

    @get("/lines/{seq:int}/not-me", opt={"act": Act.PERSON_HISTORY})
    async def ask(request: AnyRequest, seq: FromPath[int]) -> Response[str]:
        visit = await site.visit(request)
        line = await site.rows.read(
            lambda connection: site.persons.line(connection, visit.caller, visit.handle, EntrySeq(seq))
        )
        if line.kind not in ASKS:
            raise NotReportableError
        return site.page(visit, "not_me.html", {"line": line, "report": None})

    @post("/lines/{seq:int}/not-me", status_code=200, opt={"act": Act.PERSON_REPORT})
    async def report(request: AnyRequest, seq: FromPath[int]) -> Response[str]:
        visit = await site.visit(request)
        await site.sign_in.check_form(request)

        def keep(connection: Connection) -> tuple[HistoryLine, Report]:
            kept = site.persons.report(connection, visit.caller, visit.handle, EntrySeq(seq))
            return site.persons.line(connection, visit.caller, visit.handle, EntrySeq(seq)), kept

        line, kept = await site.rows.read(keep)
        return site.page(visit, "not_me.html", {"line": line, "report": kept})

    return [proof, ask, report]
