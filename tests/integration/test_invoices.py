"""Invoices on PostgreSQL, over HTTP: what guarantees one, its line and its receipt; of one's own place alone."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import psycopg
import pytest

from tests.integration.conftest import Connect
from tests.integration.signin_world import Desk, Play, reason
from tests.waiting import eventually
from tierce.deposits.receipts import print_receipt
from tierce.journal.encoding import decode
from tierce.journal.engagement import format_engagement
from tierce.journal.model import EntryKind
from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import SystemClock, date_of, paris_day
from tierce.kernel.ids import EntrySeq
from tierce.lab.standins.browser_key import BrowserKey
from tierce.policy.acts import Act
from tierce.policy.invoices import ENGAGEMENT_MAX, LINE_A_DAY, MISSED_A_DAY, PLACE_A_DAY, RECEIPT_DAYS
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.keys import Keyring, Purpose
from tierce.storage.version import read_sql
from tierce.web.api.invoices import INVOICES

pytestmark = pytest.mark.integration
TODAY = paris_day(SystemClock().now())
OWN, OTHERS, LATE, SERIES = 256, 512, 768, 1024
GIVEN = 77 << 30
LINE = {"item": "TO90", "price": 12_000, "amo": 3_000, "asked": 8_000}


@pytest.fixture
def admin(connect: Connect) -> psycopg.Connection:
    """The superuser, after the place of Dr Morvan was given engagements and a deposit, and another's one of each."""
    found = connect(SUPERUSER, autocommit=True)
    found.execute("insert into registry.insurer (id, amc, name) values (1, '99000001', 'Mutuelle du Test')")
    for seq, place, first, until in (
        (OWN, 101, TODAY - 2, TODAY + 90), (OTHERS, 103, TODAY, TODAY + 90), (LATE, 101, TODAY - 95, TODAY - 1),
        (SERIES, 101, TODAY - 30, TODAY + 60),
    ):  # fmt: skip
        found.execute(
            "insert into care.engagement (seq, establishment, professional, person, insurer, domain, pair, until_day,"
            " label, at, care_day) values (%s, %s, 201, 9, 1, 6, 4, %s, 'dossier 12', now(), %s)",
            (seq, place, until, first),
        )
    # Days of 24 hours; one in Paris has 25 once a year: one more, or a winter evening finds the last day.
    for number, place, state, received in ((GIVEN, 101, 2, 1), (GIVEN + 1, 103, 2, 1), (GIVEN + 2, 101, 3, 1),
                                           (GIVEN + 3, 101, 2, RECEIPT_DAYS + 2)):  # fmt: skip
        found.execute(
            "insert into care.deposit (number, key, received, state, reason, establishment, insurer, domain, amount,"
            " care_day) values (%s, gen_random_uuid(), now() - make_interval(days => %s), %s, 0, %s, 1, 6, 9000, %s)",
            (number, received, state, place, TODAY - 1),
        )
    return found


class Place:
    """A professional at her desk, and what she sends."""

    def __init__(self, desk: Desk, keyring: Keyring, handle: str, key: BrowserKey | None) -> None:
        self.desk, self.handle, self.key = desk, handle, key
        self.keys = keyring.raw(Purpose.ENGAGEMENT.value), keyring.raw(Purpose.RECEIPT.value)

    def engagement(self, seq: int) -> str:
        return format_engagement(self.keys[0], EntrySeq(seq))

    def body(self, **fields: object) -> bytes:
        whole = {
            "engagement": self.engagement(OWN), "reference": "F-1", "care_date": date_of(TODAY).isoformat(),
            "lines": [LINE], **fields,
        }  # fmt: skip
        return json.dumps({name: value for name, value in whole.items() if value is not None}).encode()

    async def send(self, body: bytes | None = None, /, **fields: object) -> httpx.Response:
        return await self.desk.send("POST", INVOICES, self.handle, self.key, body or self.body(**fields))

    async def read(self, path: str = "") -> httpx.Response:
        return await self.desk.send("GET", INVOICES + path, self.handle)

    async def cancel(self, number: str, why: str = "erreur de saisie") -> httpx.Response:
        body = json.dumps({"why": why}).encode()
        return await self.desk.send("POST", f"{INVOICES}/{number}/cancel", self.handle, self.key, body)


Scene = Callable[[Place], Awaitable[None]]
At = Callable[..., None]


@pytest.fixture
def at_desk(play: Play, keyring: Keyring, admin: psycopg.Connection) -> At:
    """Play a scene at the desk of a professional who signed in."""

    def run(scene: Scene, place: int = 0) -> None:
        async def whole(desk: Desk) -> None:
            opened = await desk.open_session()
            assert (await desk.bind(opened, place=place)).status_code == 200
            await scene(Place(desk, keyring, opened["handle"], opened["key"]))

        play(whole)

    assert admin is not None
    return run


def lines_of(admin: psycopg.Connection) -> list[Any]:
    found = admin.execute("select body from journal.entry order by seq").fetchall()
    return [entry for (body,) in found if (entry := decode(bytes(body))).kind is EntryKind.INVOICE]


def test_an_invoice_is_taken_in_with_its_line_and_the_same_again_gets_the_same_receipt(
    at_desk: At, admin: psycopg.Connection
) -> None:
    async def scene(place: Place) -> None:
        body = place.body()
        first = await place.send(body)
        assert first.status_code == 201, first.text
        told = first.json()
        assert (told["price"], told["amo"], told["asked"], told["domain"]) == (12_000, 3_000, 8_000, "OPTI")
        assert told["warnings"] == []
        assert "due" not in told
        again = await place.send(body)
        assert (again.status_code, again.json()) == (201, told)
        assert reason(await place.send(place.body(lines=[LINE, LINE]))) == "reference_used"

    at_desk(scene)
    (line,) = lines_of(admin)
    (number, entry, person, state, due), *_ = admin.execute(
        "select id, entry, person, state, due from care.invoice"
    ).fetchall()
    assert (line.act, line.person, line.reference) == (Act.INVOICE_SEND, 0, number)
    assert admin.execute("select journal.u64(body, 112) from journal.entry where seq = %s", (entry,)).fetchone() == (
        number,
    )
    assert (person, state, due) == (9, 1, 0)
    assert admin.execute("select n, item, quantity, price, amo, asked, due from care.invoice_line").fetchall() == [
        (1, "TO90", 1, 12_000, 3_000, 8_000, None)
    ]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"care_date": date_of(TODAY + 1).isoformat()}, "care_date"),
        ({"care_date": date_of(TODAY - 3).isoformat()}, "care_date"),
        ({"engagement": LATE, "care_date": date_of(TODAY - 10).isoformat()}, "engagement"),
        ({"engagement": OTHERS}, "engagement"),
        ({"engagement": None, "receipt": GIVEN}, "care_date"),
        ({"engagement": None, "receipt": GIVEN + 1, "care_date": date_of(TODAY - 1).isoformat()}, "receipt"),
        ({"engagement": None, "receipt": GIVEN + 2, "care_date": date_of(TODAY - 1).isoformat()}, "receipt"),
        ({"engagement": None, "receipt": GIVEN + 3, "care_date": date_of(TODAY - 1).isoformat()}, "receipt"),
    ],
)
def test_what_the_number_does_not_guarantee_is_refused_at_its_field(
    at_desk: At, admin: psycopg.Connection, fields: dict[str, Any], field: str
) -> None:
    async def scene(place: Place) -> None:
        said = dict(fields)
        if isinstance(said.get("engagement"), int):
            said["engagement"] = place.engagement(said["engagement"])
        if "receipt" in said:
            said["receipt"] = print_receipt(place.keys[1], said["receipt"])
        refused = await place.send(**said)
        assert (refused.status_code, refused.json()["field"]) == (422, field), refused.text
        assert refused.json()["remedy"]["fr"]

    at_desk(scene)
    assert admin.execute("select count(*) from care.invoice").fetchone() == (0,)
    assert lines_of(admin) == []


def test_another_s_number_an_unknown_one_and_a_mistyped_one_are_one_answer_and_trying_is_bounded(
    at_desk: At, admin: psycopg.Connection
) -> None:
    async def scene(place: Place) -> None:
        said = [
            (await place.send(engagement=number)).content
            for number in (place.engagement(OTHERS), place.engagement(2**40), "AAAA-AAAA-AAAAA-A", "")
        ]
        assert len(set(said)) == 1
        for _ in range(MISSED_A_DAY - len(said)):
            assert (await place.send(engagement=place.engagement(OTHERS))).status_code == 422
        stopped = await place.send()
        assert reason(stopped) == "numbers_used_up"
        assert int(stopped.headers["retry-after"]) > 0

    at_desk(scene)
    assert admin.execute("select n from care.invoice_missed").fetchall() == [(MISSED_A_DAY,)]
    admin.execute("update care.invoice_missed set day = day - 1")

    async def tomorrow(place: Place) -> None:
        assert (await place.send()).status_code == 201

    at_desk(tomorrow)


def test_a_deposit_is_invoiced_up_to_what_it_guarantees(at_desk: At) -> None:
    async def scene(place: Place) -> None:
        said = {"engagement": None, "receipt": print_receipt(place.keys[1], GIVEN),
                "care_date": date_of(TODAY - 1).isoformat()}  # fmt: skip
        above = await place.send(**said, lines=[{**LINE, "asked": 9_000}, {**LINE, "asked": 1}])
        assert (above.status_code, above.json()["field"]) == (422, "lines")
        first = await place.send(**said)
        assert first.status_code == 201, first.text
        second = await place.send(**said, reference="F-2", lines=[{**LINE, "asked": 1_001}])
        assert (second.status_code, second.json()["field"]) == (422, "lines")
        assert (await place.cancel(first.json()["id"])).status_code == 200
        assert (await place.send(**said, reference="F-2")).status_code == 201
        (row, _) = (await place.read()).json()["rows"]
        assert (row["engagement"], row["receipt"]) == (None, said["receipt"])

    at_desk(scene)


def test_the_list_and_the_page_are_the_place_s_own_and_each_reading_leaves_a_line(
    at_desk: At, admin: psycopg.Connection
) -> None:
    numbers: list[str] = []

    async def scene(place: Place) -> None:
        assert (await place.read()).json() == {"rows": [], "cursor": None}
        numbers.extend([(await place.send(reference=f"F-{n}")).json()["id"] for n in range(5)])
        admin.execute(
            "update care.invoice set state = 2, reason = 6, due = 5000, decided = now() where reference = 'F-3'"
        )
        admin.execute("update care.invoice_line set due = 5000 where invoice = %s", (numbers[3],))
        page = (await place.read()).json()
        assert [row["reference"] for row in page["rows"]] == ["F-4", "F-3", "F-2"]
        rest = (await place.read(f"?cursor={page['cursor']}")).json()
        assert ([row["reference"] for row in rest["rows"]], rest["cursor"]) == (["F-1", "F-0"], None)
        (only,) = (await place.read("?state=accepted")).json()["rows"]
        assert (only["due"], only["reason"]["code"], only["label"]) == (5_000, "partly", "dossier 12")
        assert page["rows"][0]["due"] is None
        one = (await place.read(f"/{numbers[3]}")).json()
        assert one["lines"] == [{"n": 1, **LINE, "quantity": 1, "due": 5_000}]
        assert one["engagement"] == place.engagement(OWN)
        for path, field in (("?state=Paid", "state"), ("?cursor=none", "cursor")):
            assert (await place.read(path)).json()["field"] == field

    async def elsewhere(place: Place) -> None:
        assert (await place.read()).json()["rows"] == []
        for number in (numbers[3], "0", "x", "9" * 30):
            assert reason(await place.read(f"/{number}")) == "invoice_unknown"
            assert reason(await place.cancel(number)) == "invoice_unknown"
        assert (await place.read(f"?cursor={numbers[3]}")).json()["rows"] == []

    at_desk(scene)
    read = [line for line in lines_of(admin) if line.act is Act.INVOICE_READ]
    assert [line.reference for line in read] == [0, 0, 0, int(numbers[3])]
    assert {(line.categories, line.person) for line in read} == {(DataCategory.REIMBURSEMENTS, 0)}
    at_desk(elsewhere, 1)
    assert len([line for line in lines_of(admin) if line.act is Act.INVOICE_READ]) == len(read)


def test_one_is_taken_back_with_a_reason_until_a_transfer_has_it(at_desk: At, admin: psycopg.Connection) -> None:
    async def scene(place: Place) -> None:
        first, second = [(await place.send(reference=f"F-{n}")).json()["id"] for n in range(2)]
        nir = await place.cancel(first, "patiente 1 79 04 41 950 014 23")
        assert (nir.status_code, nir.json()["field"]) == (422, "why")
        assert "950" not in nir.text
        told = await place.cancel(first)
        assert (told.json()["state"]["code"], told.json()["cancelled_why"]) == ("cancelled", "erreur de saisie")
        assert reason(await place.cancel(first)) == "invoice_settled"
        for state, transfer in ((2, 5), (3, None), (5, 5), (6, 5)):
            admin.execute(
                "update care.invoice set state = %s, transfer = %s where id = %s", (state, transfer, second)
            )
            assert reason(await place.cancel(second)) == "invoice_settled"
        admin.execute("update care.invoice set state = 7, transfer = null where id = %s", (second,))
        assert (await place.cancel(second)).status_code == 200

    at_desk(scene)
    assert [line.act for line in lines_of(admin)].count(Act.INVOICE_CANCEL) == 2


def test_its_place_reads_why_staff_refused_one_that_nothing_decides_and_sends_it_again(
    at_desk: At, admin: psycopg.Connection
) -> None:
    async def scene(place: Place) -> None:
        number = (await place.send()).json()["id"]
        assert (await place.read(f"/{number}")).json()["said"] is None
        admin.execute(
            "update care.invoice set state = 3, reason = 9, due = 0, decided = now(), undecided = 2,"
            " undecided_since = now(), refused_said = 'Aucun fichier ne vient plus.' where id = %s", (number,),
        )  # fmt: skip
        told = (await place.read(f"/{number}")).json()
        assert (told["state"]["code"], told["said"]) == ("refused", "Aucun fichier ne vient plus.")
        assert told["reason"]["code"] == "cover_gone"
        assert reason(await place.cancel(number)) == "invoice_settled"
        assert (await place.send()).json()["id"] == number, "the same bytes are the same invoice, refused"
        assert (await place.send(reference="F-2")).status_code == 201

    at_desk(scene)


def test_the_same_care_is_told_to_its_sender_and_stays_in_the_receipt(at_desk: At) -> None:
    async def scene(place: Place) -> None:
        first = (await place.send()).json()
        body = place.body(reference="F-2", lines=[{**LINE, "asked": 10}])
        second = (await place.send(body)).json()
        assert [one["reference"] for one in second["warnings"]] == ["F-1"]
        assert (await place.send(reference="F-3", lines=[LINE, LINE])).json()["warnings"] == []
        assert (await place.cancel(first["id"])).status_code == 200
        assert (await place.send(body)).json() == second
        corrected = (await place.send(reference="F-4", care_date=date_of(TODAY - 1).isoformat())).json()
        assert corrected["warnings"] == []

    at_desk(scene)


def test_a_cookie_alone_sends_and_takes_back_nothing_and_a_suspended_or_closed_one_is_told(
    at_desk: At, admin: psycopg.Connection
) -> None:
    async def scene(place: Place) -> None:
        number = (await place.send()).json()["id"]
        key, place.key = place.key, None
        assert reason(await place.send(reference="F-2")) == "proof_missing"
        assert reason(await place.cancel(number)) == "proof_missing"
        place.key = BrowserKey()
        assert reason(await place.send(reference="F-2")) == "proof_other_key"
        place.key = key
        for level, subject, status in ((9, "0", 503), (11, "233", 503), (10, "1", 503), (3, "101", 403)):
            admin.execute(
                'insert into access.ladder (id, level, subject, rung, since, until, "by", reason) values'
                f" (1, {level}, {subject}, 4, now() - interval '1 minute', now() + interval '1 hour', 'x', 'y')"
                .encode()
            )  # fmt: skip
            refused = await place.send(reference="F-2")
            assert refused.status_code == status
            assert ("retry-after" in refused.headers) is (status == 503)
            assert (await place.send()).status_code == 201, "what was taken in keeps its receipt"
            admin.execute("delete from access.ladder")

    at_desk(scene)


def test_an_incident_counts_readings_under_its_criteria_and_whom_they_could_be_matched_with(
    at_desk: At, admin: psycopg.Connection, connect: Connect
) -> None:
    async def scene(place: Place) -> None:
        await place.send()
        await place.read()
        await place.read()

    at_desk(scene)
    device = admin.execute("select max(device) from access.session").fetchone()
    criteria: dict[str, Any] = {"professionals": [], "devices": device, "from_us": 0, "until_us": 2**62}
    admin.execute("insert into incident.incident (id, title, signal_at) values (7, 'vol', now())")
    for revision, asked in ((1, criteria), (2, {**criteria, "devices": [1]}), (3, {**criteria, "until_us": 1})):
        admin.execute(
            "insert into incident.scope (incident, revision, criteria, digest, persons, entries, tree_size, gaps,"
            " unattributed, pending, at) values (7, %s, %s, '', 0, 0, 0, '[]', 0, 0, now())",
            (revision, json.dumps(asked)),
        )
        for person in (9, 10):
            admin.execute(
                "insert into incident.exposed values (7, %s, %s, 1, 8, now(), now(), 1, 1, 'x')", (revision, person)
            )
    office = connect("tierce_office", autocommit=True)
    ask = "select * from incident.invoices_read(7, %s::smallint)"
    assert [office.execute(ask, (n,)).fetchone() for n in (1, 2, 3)] == [(2, 1), (0, 0), (0, 0)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        office.execute("select person from care.invoice")


def test_a_browser_without_a_key_sends_one_unsigned(play: Play, keyring: Keyring, admin: psycopg.Connection) -> None:
    async def scene(desk: Desk) -> None:
        opened = await desk.open_keyless()
        chosen = json.dumps({"activity": opened["activities"][0]["id"]}).encode()
        assert (await desk.send("POST", "/v1/session/activity", opened["handle"], None, chosen)).status_code == 200
        place = Place(desk, keyring, opened["handle"], None)
        number = (await place.send()).json()["id"]
        assert (await place.cancel(number)).status_code == 200

    play(scene)
    assert [line.act for line in lines_of(admin)] == [Act.INVOICE_SEND, Act.INVOICE_CANCEL]


def test_whatever_is_sent_the_database_keeps_none_without_its_line_nor_of_another_s_session(
    at_desk: At, admin: psycopg.Connection, database: Database
) -> None:
    """A stolen credential of `api`: it has the session's number, and calls the functions as it likes."""

    async def scene(place: Place) -> None:
        assert (await place.send()).status_code == 201

    at_desk(scene)
    session, entry = admin.execute("select s.id, i.entry from access.session s, care.invoice i").fetchone() or (0, 0)
    keep = (
        "select care.keep_invoice(%s, 5, 'F-9', %s, null, null, %s, '{TO90}', '{1}', '{12000}', '{0}', array[%s], %s,"
        " %s)"
    )

    def tries(who: int, seq: int, asked: int, line: int) -> type[Exception]:
        with database.connect("tierce_api") as stolen, pytest.raises(psycopg.Error) as refused:
            stolen.execute(keep.encode(), (who, seq, TODAY, asked, bytes(32), line))
        return type(refused.value)

    assert tries(session, OWN, 1, entry) is psycopg.errors.CheckViolation, "an earlier transaction's line"
    assert tries(session, OTHERS, 1, entry) is psycopg.errors.InsufficientPrivilege
    assert tries(session, LATE, 1, entry) is psycopg.errors.InsufficientPrivilege
    assert tries(1, OWN, 1, entry) is psycopg.errors.InsufficientPrivilege
    for table in ("care.invoice", "care.invoice_line", "care.invoice_missed"):
        for statement in ("select 1 from {}", "delete from {}", "insert into {} default values"):
            with (
                database.connect("tierce_api") as stolen,
                pytest.raises(psycopg.errors.InsufficientPrivilege),
            ):
                stolen.execute(statement.format(table).encode())
    admin.execute("update access.session set revoked = now()")
    with database.connect("tierce_api") as stolen:
        assert stolen.execute("select * from care.own_invoices(%s, null, null, null, 9)", (session,)).fetchall() == []
        assert stolen.execute("select care.cancel_invoice(%s, 1, 'x')", (session,)).fetchone() == (2,)


def test_one_cut_between_its_line_and_its_receipt_is_there_whole_or_not_at_all(
    at_desk: At, admin: psycopg.Connection, connect: Connect
) -> None:
    """The sender loses the answer; or the connection is lost before the commit. She sends the same bytes again."""

    async def scene(place: Place) -> None:
        body, looking = place.body(), connect(SUPERUSER, autocommit=True)
        admin.execute("begin")
        admin.execute("lock table care.invoice_line in share row exclusive mode")
        cut = asyncio.create_task(place.send(body))
        held = await asyncio.to_thread(
            eventually,
            lambda: looking.execute(
                "select pid from pg_stat_activity where query like '%care.keep_invoice%' and wait_event_type = 'Lock'"
            ).fetchone(),
            "an invoice held at its lines",
        )
        admin.execute("select pg_terminate_backend(%s)", held)
        admin.execute("commit")
        told = await cut
        assert (told.status_code, reason(told)) == (503, "closed")
        assert admin.execute("select count(*) from care.invoice").fetchone() == (0,)
        assert lines_of(admin) == [], "the line goes with what it tells of"
        first = await place.send(body)
        assert first.status_code == 201
        assert (await place.send(body)).json() == first.json()

    at_desk(scene)
    assert len(lines_of(admin)) == 1


def test_one_that_waits_too_long_for_its_place_s_others_is_told_to_come_again(
    at_desk: At, admin: psycopg.Connection, connect: Connect
) -> None:
    async def scene(place: Place) -> None:
        body, another = place.body(), connect("tierce_api")
        (session,) = admin.execute("select id from access.session").fetchone() or (0,)
        another.execute("select * from care.quote_invoice(%s, 'F-0', %s, null, null)", (session, OWN))
        late = await place.send(body)
        assert (late.status_code, reason(late), late.headers["retry-after"]) == (503, "busy", "1")
        another.rollback()
        assert (await place.send(body)).status_code == 201
        for sent in await asyncio.gather(*(place.send(reference=f"G-{n}") for n in range(4))):
            assert sent.status_code == 201, "four connections of one sender wait a moment, and no longer"

    at_desk(scene)
    assert len(lines_of(admin)) == 5


def test_the_database_holds_the_figures_of_the_policy() -> None:
    text = read_sql("invoices.sql")
    for name, number in (
        ("missed_max", MISSED_A_DAY), ("receipt_days", RECEIPT_DAYS), ("line_a_day", LINE_A_DAY),
        ("place_a_day", PLACE_A_DAY), ("of_one_engagement", ENGAGEMENT_MAX),
    ):  # fmt: skip
        assert f"{name} constant integer := {number};" in text
    assert f"care.hindrance(of_session, {Act.INVOICE_SEND.value})" in text


@pytest.mark.parametrize(("column", "state", "taken"), [("pair", 3, True), ("card_pair", 3, True), ("pair", 4, False),
                                                        (None, 3, False)])  # fmt: skip
def test_a_receipt_that_guarantees_nothing_is_taken_by_the_answer_that_its_place_was_given_of_it(
    at_desk: At, admin: psycopg.Connection, column: str | None, state: int, *, taken: bool
) -> None:
    """The same identifiers, typed twice by one place: what it was told when it asked guarantees the payment."""
    number = GIVEN + 2
    admin.execute("update care.deposit set professional = 201, state = %s where number = %s", (state, number))
    if column is not None:
        admin.execute(f"update care.deposit set {column} = 4 where number = {number}".encode())

    async def scene(place: Place) -> None:
        receipt = print_receipt(place.keys[1], number)
        sent = await place.send(engagement=None, receipt=receipt, care_date=date_of(TODAY - 1).isoformat())
        assert sent.status_code == (201 if taken else 422), sent.text
        again = await place.send(engagement=None, receipt=receipt, care_date=date_of(TODAY - 1).isoformat())
        assert again.text == sent.text

    at_desk(scene)
    rows = admin.execute("select engagement, deposit, person from care.invoice").fetchall()
    assert rows == ([(SERIES, None, 9)] if taken else []), "the newest of its answers that holds the day"
