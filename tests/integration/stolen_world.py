"""Everything that the office, the persons' space and an insurer's site can show, about people who have marks.

Two insurers told of one incident, with their lists, keys, files and requests; letters printed; a child beside her
parent; and for each kind of thing one of the other insurer and of another person, whose numbers a thief may know.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pyrage

from tests.integration.asks import AT, ask, sequence, write_asks
from tests.integration.conftest import Connect
from tests.integration.logs import segments_folder
from tests.integration.messages_world import MessagesRoom, lend, open_world
from tests.integration.rooms import CAPES, HELENE, OAK, OPERATOR, PAUL, PAUL_HANDLE, Room
from tests.integration.telling_world import AMC, CHAIN, Box
from tests.integration.walk_world import Truth, invent
from tierce.kernel.clock import SystemClock, paris_day
from tierce.kernel.ids import IncidentId, InsurerId, PersonId
from tierce.notices.contacts.model import Contact
from tierce.notices.slices.service import Slices
from tierce.notices.slices.store import Cover
from tierce.notices.telling import store as told_rows
from tierce.notices.telling.service import Telling
from tierce.persons.requests.service import Requests
from tierce.persons.requests.slips import make_slips
from tierce.policy.acts import Outcome
from tierce.registry.records import CivilRecord, CoverageRecord, encode_record
from tierce.storage.database import Database
from tierce.storage.insurer_keys import load_sealer
from tierce.storage.keys import Compartment, Keyring

HOLDER, CHILD, STRANGER = 1, 2, 3
"""Paul, his child under his number, and somebody of neither."""
PAIRS = ((1, 1), (1, 2), (2, 1), (3, 2), (4, 1), (5, 1), (6, 2), (7, 2), (8, 1), (9, 1))
"""Whom the incident's thief read, and under which insurer."""
OAK_FEED, CAPES_FEED, SESSION, HOLD, APPEAL, ALERT, ACCOUNT, BATCH = 8001, 8002, 7701, 1, 41, 45, 51, 61
ASSISTANT = 71
REVIEW = 8501
"""A request that the first insurer's staff review; the next number is of the other's."""
SUBJECT = 8601
"""A grant of the first insurer's that awaits a document; the next number is of the other's."""
THEIR_REFUSED, THEIR_SHOWN = 617, 877
"""Counts of the other insurer that are no time, day or number of anything else on a page."""
FEW, MANY = 4, 13
"""What was shown of one insurer's people in a day: below the floor of what is told, and above it."""

TYPED = {
    "why": "Vingt mille demandes en une minute.", "reason": "Vingt mille demandes.", "text": "Mesure prise.",
    "title": "Accès volé", "purpose": "2", "begun": "2026-03-03T10:00", "ended": "2026-03-03T10:40",
    "at": "2026-03-03T10:30", "signal": "2026-03-03T10:00", "until": "2026-04-03T10:00", "hours": "2", "rung": "1",
    "device": "66", "decision": "keep", "words": "Le frein reste en place.", "outcome": "corrected",
    "part": "domain:OPTI",
    "length": "30m", "quoted": "0000-0000-0000", "subject": "everything", "batch": "1", "answer": "yes",
    "address": "voleur@ailleurs.example", "code": "123456", "place": "12345678", "spoken_with": "Camille Rouvray",
    "revision": "1", "same": "1", "same_why": "Une seule clé manque.",
    "said": "La gérante l’a lu.", "number_from": "2",
    "recipient": "age1zzz", "operator": "Autre opérateur", "contract": "C-1",
    "due-1": "10,00", "event": "disabled", "since": "2026-03-03T10:00",
}  # fmt: skip
"""What is typed in a field of a form, whichever form it is."""
DIFFERENCE = "/incidents/{number:int}/forms/{controller:int}/difference"
ASKED = {DIFFERENCE: "?before=0&after=1"}
"""Queries without which a route shows nothing."""


@dataclass(frozen=True)
class StolenWorld:
    """The room with its incident; `people` by number, as their insurers know them."""

    messages: MessagesRoom
    database: Database
    people: tuple[Truth, ...]
    hers: tuple[int, ...]
    """Lines of Paul's own history."""
    theirs: tuple[int, ...]
    """Lines of others."""
    requests: tuple[int, ...]
    """Paul's request, and a stranger's."""

    @property
    def room(self) -> Room:
        """Connections and slices."""
        return self.messages.room

    @property
    def incident(self) -> IncidentId:
        """The incident that both insurers were told of."""
        return self.messages.incident

    def numbers(self, query: str) -> list[str]:
        """The first column of what a query finds, as texts."""
        found = self.room.admin.execute(query.encode()).fetchall()
        self.room.admin.commit()
        return [str(row[0]) for row in found]

    def known(self, site: str) -> dict[str, list[str]]:
        """The numbers with which a site's routes may be tried, one's own first: see SiteThief."""
        reports = self.numbers("select id from notice.person_report")
        lists = self.numbers("select id from notice.hand_over order by insurer")
        incident, requests = str(self.incident), [str(one) for one in self.requests]
        feeds, lines = [str(OAK_FEED), str(CAPES_FEED)], [str(one) for one in (*self.hers, *self.theirs, 5)]
        of_site: dict[str, dict[str, list[str]]] = {
            "office": {
                "number": [incident], "person": sorted({str(one) for one, _ in PAIRS}), "insurer": ["1", "2"],
                "professional": ["501", "502"], "session": [str(SESSION)], "appeals/number": [str(APPEAL)],
                "accounts/number": [str(ASSISTANT)], "alerts/number": [str(ALERT)],
                "holds/number": [str(HOLD)], "feeds/number": feeds, "lines/seq": lines, "reports/number": reports,
                "bank/number": [str(ACCOUNT + 1), str(ACCOUNT)],
                "payments/number": [str(BATCH)], "transfers/number": [str(BATCH + 3), str(BATCH + 1)],
                "recoveries/number": [str(BATCH)], "undecided/number": [str(BATCH)], "what": ["invoice", "agreement"],
                "requests/number": requests, "batch": ["1"], "directory/number": ["501", "601"], "at": ["601"],
                "move": ["suspend", "enrol", "end"], "controller": ["0", "1", "2"], "section": ["1", "6"],
                "place": ["0", "1", "2"], "key": ["101", "102"], "kind": ["9", "5"], "subject": ["0", "1"],
            },
            "persons": {"seq": lines, "which": [str(UUID(int=one)) for one in (HOLDER, CHILD, STRANGER)]},
            "insurers": {
                "feeds/number": feeds, "incidents/number": [incident, "12345"], "lists/number": lists,
                "key/number": ["101", "102"], "requests/number": requests,
                "reviews/number": [str(REVIEW), str(REVIEW + 1)],
            },
        }  # fmt: skip
        return of_site[site]


def _records(room: Room, keyring: Keyring, people: tuple[Truth, ...]) -> None:
    """Give each pair the record and the coverage of its person; the child's are under her parent's number."""
    sealer = load_sealer(room.admin, keyring, [Compartment.PERSON, Compartment.COVERAGE])
    room.admin.execute("delete from person.record")
    for number, insurer in PAIRS:
        one, under = people[number - 1], InsurerId(insurer)
        holder = people[HOLDER - 1] if number == CHILD else one
        civil = CivilRecord(
            version=1, family_name=one.name, used_name="", given_names=f"Zoé {one.name}", sex="2",
            birth_date=f"{one.birth:%Y%m%d}", birth_place="99999", right_holder_nir=holder.nir,
            rank=2 if number == CHILD else 1, own_nir=one.nir, ins_oid="",
        )  # fmt: skip
        member = f"M-{number:04d}-Z"
        cover = CoverageRecord(1, 1, "P", "C", member, member, 1, 0xFFF, 0, 40_000, 1, 1, False, None, 0, rank=1)
        person = PersonId(number)
        sealed = sealer.seal(Compartment.PERSON, under, person, encode_record(civil))
        room.admin.execute("insert into person.record values (%s, %s, %s)", (number, insurer, sealed))
        room.admin.execute(
            "insert into coverage.coverage (person, insurer, contract, domains, from_day, until_day, priority,"
            " digest, sealed) values (%s, %s, 1, 4095, 0, 40000, 1, '', %s)",
            (number, insurer, sealer.seal(Compartment.COVERAGE, under, person, encode_record(cover))),
        )
    room.admin.commit()


def _contact(people: tuple[Truth, ...], number: int) -> Contact:
    """How one person is reached, as her insurer lends it; the child through her parent."""
    one = people[number - 1]
    home = (f"{number} rue {one.formula}", "99120 Saint-Ourle")
    parent = people[HOLDER - 1].name if number == CHILD else None
    return Contact(one.name, None, home, representative=parent)


def _told(made: MessagesRoom, keyring: Keyring) -> None:
    """Both insurers told, each with a key of its own and its encrypted list."""
    room = made.room
    told_rows.put_chain(made.notices, OAK, CHAIN, room.clock.now())
    room.admin.execute("update registry.insurer set contact_email = 'dpo@deuxcaps.example' where id = 2")
    for insurer in (OAK, CAPES):
        key = pyrage.x25519.Identity.generate().to_public()
        room.admin.execute(
            "insert into notice.recipient (id, insurer, recipient, challenge, proposed_by, proposed_name,"
            " proposed_at, proved_at, confirmed_by, confirmed_name, confirmed_at, vouched_at) values"
            " (%s, %s, %s, %s, 1, 'A', now(), now(), 2, 'B', now(), now())",
            (100 + insurer, insurer, str(key), bytes(32)),
        )
    room.admin.commit()
    slices = Slices(made.appender, Cover(keyring), room.clock)
    telling = Telling(made.appender, OPERATOR, room.clock, "organismes.riveclaire.example")
    telling.turn(
        made.notices, Box(),
        lambda number: sum(
            slices.hand_over(made.notices, number, one, AMC[one]) is not None for one in (OAK, CAPES)
        ),
    )  # fmt: skip


def _beside(room: Room) -> None:
    """What the office's other pages show: a hold, an appeal, a session, files, counts, a client."""
    now = SystemClock().now()
    room.admin.execute(
        "insert into access.device (id, thumbprint, created) values (66, 't', now());"
        "insert into access.line (id, login, device, professional, profession, created_day, state)"
        " values (1, 701, 66, 501, 1, 0, '');"
        "insert into directory.software values (1, 1, 'Portail');"
        "insert into directory.activity (professional, establishment, profession) values (501, 601, 1)"
    )
    room.admin.execute(
        'insert into access.ladder (id, level, subject, rung, since, until, "by", reason)'
        " values (%s, 2, 66, 3, %s, %s, 'watch', 'seats')",
        (HOLD, AT + timedelta(minutes=1), AT + timedelta(days=1)),
    )
    room.admin.execute(
        "insert into access.appeal (id, professional, hold, said, at, due) values (%s, 501, %s, %s, %s, %s)",
        (APPEAL, HOLD, "Ces patients sont nouveaux pour moi.", AT, AT + timedelta(hours=4)),
    )
    room.admin.execute(
        "insert into access.alert_peer (name, issuer, keys, why, audience, push) values"
        " ('Merlerive', 'https://merlerive.example', '', 'x', 'https://merlerive.example', 'https://merlerive.example/e')"
    )
    room.admin.execute(
        "insert into access.peer_set (peer, jti, event, known) select 1, gen_random_uuid(), 1, n > 40"
        " from generate_series(1, 60) n"
    )
    room.admin.execute(
        'insert into access.alert (id, professional, operator, at, "by", peer, event, since, until, confidence)'
        " values (%s, 501, 'Merlerive', %s, '', 1, 4, %s, %s, 2)",
        (ALERT, now, now - timedelta(hours=2), now - timedelta(hours=1)),
    )
    room.admin.execute(
        "insert into access.session (id, handle, site, login, professional, acr, device, software, network, created,"
        " expires) values (%s, 'h', 1, 701, 501, 1, 66, 1, '', %s, %s)",
        (SESSION, now, now + timedelta(hours=1)),
    )
    room.admin.execute(
        "insert into access.assistant (id, professional, establishment, activity, family_name, given_name, handle,"
        " until_day, login, device) overriding system value select %s, 501, 601, a.id, 'Belkacem', 'Nadia',"
        " decode(repeat('00', 16), 'hex'), gate.today() + 90, 701, 66 from directory.activity a"
        " where a.professional = 501 and a.establishment = 601 limit 1",
        (ASSISTANT,),
    )
    for number, insurer, rejected in ((OAK_FEED, 1, 2), (CAPES_FEED, 2, THEIR_REFUSED)):
        room.admin.execute(
            "insert into registry.feed (id, kind, insurer, file_sha256, state, lines_read, taken, rejected, started,"
            " ended) values (%s, 'rights', %s, '', 'done', 900, %s, %s, now(), now())",
            (number, insurer, 900 - rejected, rejected),
        )
        room.admin.execute("select registry.count_people(%s::smallint)", (insurer,))
    room.admin.execute(
        "insert into registry.insurer (id, amc, name) values (9, '99100009', 'Prévoyance du Lac');"
        ' insert into registry.remote (insurer, url, public_key, "by", why)'
        " values (9, 'https://lac.example/', sha256('k'), 'x', 'x');"
        " insert into registry.remote_day values (9, gate.today(), 1204, 5);"
        " insert into registry.remote_state (insurer, away_until) values (9, now() + interval '1 hour')"
    )
    yesterday = paris_day(now) - 1
    for insurer, domain, lines in ((1, 3, FEW), (1, 4, MANY), (1, 6, FEW - 1), (2, 6, THEIR_SHOWN)):
        room.admin.execute(
            "insert into registry.shown_count values (%s, %s, %s, 1, %s)", (insurer, yesterday, domain, lines)
        )
    room.admin.commit()


def _accounts(room: Room) -> None:
    """An account in force at the thief's place, and another one asked for."""
    room.admin.execute(
        "insert into bank.account (id, establishment, sealed, country, tail, holder, state, origin, professional,"
        " due, since) values (%s, 601, 's', 'FR', '0172', 'SELARL des Tilleuls', 3, 2, null, now(), now()),"
        " (%s, 601, 's', 'FR', '0273', 'SELARL des Tilleuls', 2, 1, 501, now() + interval '3 days', null)",
        (ACCOUNT, ACCOUNT + 1),
    )
    room.admin.execute("insert into bank.batch (id, insurer, transfers, total) values (%s, 1, 1, 9)", (BATCH,))
    room.admin.execute(
        "insert into bank.transfer (id, batch, establishment, account, amount, invoices)"
        " values (%s, %s, 601, %s, 9, 1)",
        (BATCH + 1, BATCH, ACCOUNT),
    )
    # And one that the bank carried out, of the same insurer and of another.
    for number, insurer, cents in ((BATCH + 2, 1, 125_050), (BATCH + 4, 2, 77_00)):
        room.admin.execute(
            "insert into bank.batch (id, insurer, state, transfers, total, approved, filed, digest, sent, sent_total,"
            " ended) values (%s, %s, 4, 1, %s, now(), now(), sha256('f'), 1, %s, now())",
            (number, insurer, cents, cents),
        )
        room.admin.execute(
            "insert into bank.transfer (id, batch, establishment, account, amount, invoices, state, ended)"
            " values (%s, %s, 601, %s, %s, 9, 2, now())",
            (number + 1, number, ACCOUNT, cents),
        )
    room.admin.execute(
        "insert into bank.recovery (id, invoice, reference, care_day, paid, establishment, insurer, amount, reason,"
        " said) values (%s, 1, 'F-118', 20000, 9, 601, 1, 5, 2, 'Droits finis.')",
        (BATCH,),
    )
    room.admin.execute(
        "insert into care.invoice (id, establishment, professional, line, reference, engagement, person, insurer,"
        " domain, care_day, price, amo, asked, digest, entry, undecided, undecided_since)"
        " values (%s, 601, 501, 1, 'F-119', 1, %s, 1, 6, 20000, 9, 0, 9, sha256('one'), 1, 2, '2026-01-01')",
        (BATCH, STRANGER),
    )
    room.admin.execute(
        "insert into care.refusal_word (invoice, staff, name, reason, said)"
        " values (%s, 9, 'Karim Benali', 9, 'Fini.')",
        (BATCH,),
    )
    room.admin.execute(
        "insert into bank.recovery_word (recovery, what, staff, name, said) values (%s, 1, 9, 'Karim Benali', '')",
        (BATCH,),
    )
    room.admin.commit()


def _billed(admin: psycopg.Connection, connect: Connect) -> None:
    """One invoice of Paul's, one of his child's and one of a stranger's, as a peer reports them."""
    admin.execute(
        "insert into presence.peer (name, kind, insurer, public_key) values ('oct', 1, null, %s)", (bytes(32),)
    )
    for person in (HOLDER, CHILD, STRANGER):
        admin.execute("insert into person.key (idx, person) values (%s, %s)", (UUID(int=person), person))
    admin.commit()
    feed = connect("tierce_feed", autocommit=True)
    for person in (HOLDER, CHILD, STRANGER):
        feed.execute(
            "select presence.report(1::smallint, %s, %s, %s, 602, %s)",
            (UUID(int=person), 4_000 + person, UUID(int=person), paris_day(SystemClock().now()) - 1),
        )
    _sent_here(admin)


def _sent_here(admin: psycopg.Connection) -> None:
    """Paul's and a stranger's invoices that a place sent here, and what it asked before care, in every state."""
    today = paris_day(SystemClock().now())
    for person, cents in ((HOLDER, 125_050), (STRANGER, 777_77)):
        query = "select seq from journal.entry where person = %s and kind = 1 limit 1"
        row = admin.execute(query, (person,)).fetchone()
        asked = row[0] if row else 1
        for state in range(1, 8):
            own = person * 10 + state
            due = cents - 1_000 if state in (2, 5, 6, 7) else 0
            admin.execute(
                "insert into care.invoice (id, establishment, professional, line, reference, engagement, person,"
                " insurer, domain, care_day, price, amo, asked, digest, entry, state, due, decided, cancelled)"
                " values (%s, 602, 502, 1, %s, %s, %s, 1, 6, %s, 200000, 12, %s, sha256('i'), 1, %s, %s, now(),"
                " case when %s = 4 then now() end)",
                (own, f"S-{own}", asked, person, today - state, cents, state, due, state),
            )
            kind, promised = 1 if state == 2 else 2, cents - 1_000 if state in (2, 3, 5, 6) else 0
            admin.execute(
                "insert into care.agreement (id, establishment, professional, line, reference, kind, engagement,"
                " person, insurer, domain, care_day, until_day, price, amo, asked, digest, entry, state, due,"
                " decided, ended) values (%s, 602, 502, 1, %s, %s, %s, %s, 1, 6, %s, %s, 200000, 12, %s,"
                " sha256('i'), 1, %s, %s, now(), case when %s >= 5 then now() end)",
                (own, f"P-{own}", kind, asked, person, today, today + 183, cents, state, promised, state),
            )
    _left_to_a_person(admin, today)
    _subject_to_documents(admin, today)
    admin.commit()


def _left_to_a_person(admin: psycopg.Connection, today: int) -> None:
    """A request in Paul's name that one insurer's staff review, and one in a stranger's that the other's do."""
    for number, person, insurer in ((REVIEW, HOLDER, OAK), (REVIEW + 1, STRANGER, CAPES)):
        admin.execute(
            "insert into care.agreement (id, establishment, professional, line, reference, kind, engagement, person,"
            " insurer, domain, care_day, until_day, answer_by, price, amo, asked, digest, entry, state, due)"
            " values (%s, 602, 502, 1, %s, 2, 1, %s, %s, 6, %s, %s, %s, 3000, 12, 2500, sha256('i'), 1, 8, 1000)",
            (number, f"P-{number}", person, insurer, today, today + 183, today + 3),
        )
        admin.execute(
            "insert into care.agreement_line (agreement, n, item, quantity, price, amo, asked, due)"
            " values (%s, 1, 'XOPTIB', 1, 3000, 12, 2500, 1000)", (number,),
        )  # fmt: skip


def _subject_to_documents(admin: psycopg.Connection, today: int) -> None:
    """A grant in Paul's name that awaits one document of two; the same in a stranger's, of the other insurer."""
    for number, person, insurer in ((SUBJECT, HOLDER, OAK), (SUBJECT + 1, STRANGER, CAPES)):
        admin.execute(
            "insert into care.agreement (id, establishment, professional, line, reference, kind, engagement, person,"
            " insurer, domain, care_day, until_day, documents, documents_by, decided, price, amo, asked, digest,"
            " entry, state, due) values (%s, 602, 502, 1, %s, 2, 1, %s, %s, 6, %s, %s, 3, %s, now(), 3000, 12, 2500,"
            " sha256('i'), 1, 9, 1000)",
            (number, f"P-{number}", person, insurer, today, today + 183, today + 30),
        )
        admin.execute(
            "insert into care.agreement_document (agreement, n, kind, dated, digest, establishment, professional,"
            " line, entry) values (%s, 1, 2, %s, sha256(%s), 602, 502, 1, 1)",
            (number, today - 2, str(number).encode()),
        )


def _request(room: Room, made: MessagesRoom, keyring: Keyring) -> tuple[int, int]:
    """A request of Paul's sent on to one insurer, and a stranger's to the other."""
    own = Requests(room.persons._appender, SystemClock()).make(room.persons_site, PAUL, PAUL_HANDLE, "name", (OAK,))
    room.admin.execute(
        "insert into notice.rights_request (id, person, kind, subject, insurers, made, due)"
        " select id + 1, %s, kind, subject, '{2}', made, due from notice.rights_request",
        (STRANGER,),
    )
    room.admin.execute("update notice.rights_request set forwarded = now(), forwarded_by = 'Hélène Vasseur'")
    room.admin.commit()
    make_slips(made.notices, Cover(keyring))
    return own.id, own.id + 1


def make_stolen_world(database: Database, connect: Connect, keyring: Keyring, *, posted: bool) -> StolenWorld:
    """Fill a database; `posted` says whether the letters have left."""
    made = open_world(database, connect, keyring, PAIRS)
    room, people = made.room, tuple(invent(number) for number in range(1, 10))
    _records(room, keyring, people)
    for insurer in (OAK, CAPES):
        lend(made, insurer, {one: _contact(people, one) for one, under in PAIRS if under == insurer})
    made.ready()
    _accounts(room)
    folder: Path = segments_folder(database).parent / "letters"
    made.outbox.print_letters(made.notices, made.incident, folder, processes=1)
    if posted:
        made.messages.posted(room.office, HELENE, made.incident, 1)
    _told(made, keyring)
    _beside(room)
    _billed(room.admin, connect)
    now = SystemClock().now() - timedelta(minutes=1)
    asked = [replace(ask(one, professional=502, establishment=602, device=22, session=78, at=now,
                         outcome=Outcome.OUT_OF_SEATS)) for one in (HOLDER, CHILD, STRANGER)]  # fmt: skip
    waits = write_asks(room.admin, keyring, asked, at=now)
    sequence(room.worker, keyring)
    rows = room.admin.execute("select seq, person from journal.entry where kind <= 4 order by seq").fetchall()
    room.admin.execute(
        "insert into notice.person_report (id, person, seq, at) values (1, 1, %s, now())", (rows[0][0],)
    )
    room.admin.execute(
        "insert into gate.common (kind, subject, day, a, top, limit_now, today) values (9, 0, gate.today(), 20000, 0,"
        " 20000, 3), (5, 1, gate.today(), 600, 900, 600, 2) on conflict do nothing"
    )
    room.admin.commit()
    return StolenWorld(
        made, database, people,
        hers=(rows[1][0], waits[0]),
        theirs=tuple(seq for seq, person in rows if person in {CHILD, STRANGER}),
        requests=_request(room, made, keyring),
    )  # fmt: skip
