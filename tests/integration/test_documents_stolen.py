"""What a thief of `api`, `billing` or an insurer's site does of documents: he skips none, and reads no other's."""

from hashlib import sha256

import psycopg
import pytest

from tests.integration.billing_world import TODAY, House
from tests.integration.documents_world import body, declare, prescribing
from tests.integration.reviews_world import Reviewer, reviewer
from tests.integration.test_agreements import At, Place, at_desk, house
from tierce.billing.agreements.model import AgreementState
from tierce.insurers.documents.service import InsurerDocuments
from tierce.policy.acts import Act
from tierce.policy.documents import (
    DECLARE_DAYS,
    DECLARED_MAX,
    LINE_DECLARED_A_DAY,
    OWN_CARE,
    PLACE_DECLARED_A_DAY,
    PRESCRIBERS,
    VALID_DAYS,
    DocumentKind,
)
from tierce.storage.database import Database
from tierce.storage.version import read_sql

__all__ = ["at_desk", "house"]
pytestmark = pytest.mark.integration
SOME = sha256(b"some file").digest()
KEEP = "select care.keep_document(%s, %s, %s::smallint, %s, %s::bigint, %s, %s)"


@pytest.fixture(autouse=True)
def subject(house: House) -> None:
    prescribing(house)


def session_of(house: House) -> int:
    row = house.admin.execute("select id from access.session").fetchone()
    assert row is not None
    return int(row[0])


def test_a_stolen_api_role_keeps_none_that_does_not_hold_nor_without_its_own_line(
    at_desk: At, house: House, database: Database
) -> None:
    async def scene(place: Place) -> None:
        number, session = int(await place.asked()), session_of(house)
        entry = house.admin.execute("select entry from care.agreement").fetchone()
        line = entry[0] if entry else 0
        house.admin.execute("insert into directory.professional values (9, '8x', null, 'A', 'B', 7)")
        for change in (
            {"kind": 3}, {"kind": None}, {"dated": TODAY + 1}, {"dated": TODAY - 1_827}, {"dated": None},
            {"prescriber": None}, {"prescriber": 201}, {"prescriber": 9}, {"prescriber": 77}, {"digest": None},
            {"digest": sha256(b"").digest()}, {"agreement": 5}, {"kind": 2}, {"kind": 0}, {"kind": 32},
        ):  # fmt: skip
            whole: dict[str, object] = {
                "session": session, "agreement": number, "kind": 1, "dated": TODAY, "prescriber": 8_801,
                "digest": SOME, "entry": line,
            } | change  # fmt: skip
            with database.connect("tierce_api") as stolen, pytest.raises(psycopg.errors.InsufficientPrivilege):
                stolen.execute(KEEP, tuple(whole.values()))
        with database.connect("tierce_api") as stolen, pytest.raises(psycopg.errors.CheckViolation, match="line"):
            stolen.execute(KEEP, (session, number, 1, TODAY, 8_801, SOME, line))
        with database.connect("tierce_api") as stolen, pytest.raises(psycopg.errors.InsufficientPrivilege):
            stolen.execute(KEEP, (7, number, 1, TODAY, 8_801, SOME, line))
        assert (await place.stands(str(number)))[0] == "subject_to_documents"
        assert (await declare(place, str(number))).status_code == 201
        declared = house.admin.execute("select entry from care.agreement_document").fetchone()
        with database.connect("tierce_api") as stolen, pytest.raises(psycopg.errors.CheckViolation, match="line"):
            stolen.execute(KEEP, (session, number, 2, TODAY, None, SOME, declared[0] if declared else 0))

    at_desk(scene)


def test_no_role_writes_a_declaration_nor_a_grant_and_none_invoices_before_the_last(
    at_desk: At, house: House, database: Database
) -> None:
    async def scene(place: Place) -> None:
        number, session = int(await place.asked()), session_of(house)
        for role in ("tierce_api", "tierce_billing", "tierce_office", "tierce_insurers", "tierce_persons"):
            for statement in (
                "update care.agreement set state = 3", "delete from care.agreement_document",
                "update care.agreement set documents = 0", "select 1 from care.agreement_document",
                "insert into care.agreement_document (agreement, n, kind, dated) values (1, 1, 1, 1)",
            ):  # fmt: skip
                with database.connect(role) as other, pytest.raises(psycopg.errors.InsufficientPrivilege):
                    other.execute(statement.encode())
        quoted = "select guaranteed from care.quote_invoice(%s, 'F-9', null, null, %s)"
        with database.connect("tierce_api") as stolen:
            assert stolen.execute(quoted, (session, number)).fetchone() == (False,)
        keep = (
            "select care.keep_invoice(%s, 5, 'F-9', null, null, %s, %s, '{LENS}', '{1}', '{20000}', '{6000}', '{1}',"
            " %s, 1)"
        )
        with database.connect("tierce_api") as stolen, pytest.raises(psycopg.errors.InsufficientPrivilege):
            stolen.execute(keep, (session, number, TODAY, bytes(32)))
        for role in ("tierce_billing", "tierce_insurers", "tierce_persons", "tierce_office"):
            with database.connect(role) as other, pytest.raises(psycopg.errors.InsufficientPrivilege):
                other.execute(KEEP, (session, number, 2, TODAY, None, SOME, 1))
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="over"):
            house.billing.execute("select care.end_agreement(%s, 1)", (number,))

    at_desk(scene)


@pytest.mark.parametrize(("state", "documents"), [(3, 1), (9, 0), (4, 1), (9, None), (2, 0)])
def test_billing_grants_nothing_half_way(at_desk: At, house: House, state: int, documents: int | None) -> None:
    async def scene(place: Place) -> None:
        number = int((await place.send()).json()["id"])
        due = "{0}" if state == 4 else "{4000}"
        until = None if state in (2, 4) else TODAY + 9
        with pytest.raises(psycopg.errors.CheckViolation, match="granted by its lines"):
            house.billing.execute(
                "select care.decide_agreement(%s, %s::smallint, 5::smallint, 1, %s::integer[], %s::integer,"
                " %s::smallint, 1)", (number, state, due, until, documents),
            )  # fmt: skip

    at_desk(scene)


def reads(house: House, she: Reviewer) -> tuple[list[tuple[int, AgreementState]], tuple[int, int, int]]:
    documents = InsurerDocuments(she.reviews.lines, page_rows=1)
    found, after = [], None
    while True:
        page = documents.listed(she.connection, she.caller, she.handle, after)
        found += [(one.id, one.state) for one in page.rows]
        after = page.following
        if after is None:
            return found, (page.counted.awaited, page.counted.declared, page.counted.lapsed)


def test_an_insurer_reads_kinds_days_and_digests_of_its_own_and_each_page_after_its_line(
    at_desk: At, house: House
) -> None:
    async def scene(place: Place) -> None:
        first = await place.asked()
        await declare(place, first)
        await declare(place, first, body("signed_quote"))
        assert (await place.cancel(first)).status_code == 200
        second = await place.asked()
        await declare(place, second)
        she, other = reviewer(house), reviewer(house, staff=972, insurer=house.insurer % 2 + 1)
        page = InsurerDocuments(she.reviews.lines).listed(she.connection, she.caller, she.handle)
        one = page.rows[0]
        assert (one.id, one.state, one.missing) == (
            int(second), AgreementState.SUBJECT_TO_DOCUMENTS, (DocumentKind.SIGNED_QUOTE,),
        )  # fmt: skip
        assert [(document.kind, document.digest) for document in one.declared] == [
            (DocumentKind.PRESCRIPTION, sha256(b"a scan").digest())
        ]
        assert reads(house, she) == (
            [(int(second), AgreementState.SUBJECT_TO_DOCUMENTS), (int(first), AgreementState.CANCELLED)], (1, 0, 0),
        )  # fmt: skip
        assert reads(house, other) == ([], (0, 0, 0))
        house.admin.execute("update care.agreement set documents_by = %s where id = %s", (TODAY - 1, second))
        assert reads(house, she)[1] == (0, 0, 1)
        for statement in ("care.insurer_documents(%s, 1, null, 9)", "care.insurer_documents_counted(%s, 1)"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                she.connection.execute(f"select * from {statement}".encode(), (she.handle,))

    at_desk(scene)
    lines = [one for one in house.entries(16) if one.act is Act.INSURER_DOCUMENTS]
    assert {one.person for one in lines} == {0}
    assert len(lines) == 6


def test_the_database_holds_the_figures_of_the_policy() -> None:
    text = read_sql("documents.sql")
    for name, number in (
        ("of_an_agreement", DECLARED_MAX), ("line_a_day", LINE_DECLARED_A_DAY), ("place_a_day", PLACE_DECLARED_A_DAY),
    ):  # fmt: skip
        assert f"{name} constant integer := {number};" in text
    days = ",".join(str(VALID_DAYS[kind]) for kind in sorted(DocumentKind))
    assert f"valid_days constant integer[] := '{{{days}}}';" in text
    for name, kinds in (("prescribers", PRESCRIBERS), ("own_care", OWN_CARE)):
        numbers = ",".join(str(one) for one in sorted(one.value for one in kinds))
        assert f"{name} constant smallint[] := '{{{numbers}}}';" in text
    assert f"gate.today() + {DECLARE_DAYS} $$" in read_sql("agreements.sql")
