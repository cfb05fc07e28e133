"""An insurer's staff review requests: what they read and how often, what they may grant, and who comes second."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from tests.integration.billing_world import GIVES, TODAY, House
from tests.integration.reviews_world import left_to_a_person, reviewer, stands
from tests.integration.test_agreements import LENS, At, Place, at_desk, house
from tests.waiting import eventually
from tierce.billing.model import InvoiceReason
from tierce.insurers.reviews.errors import (
    NotGrantedNowError,
    ReviewGoneError,
    ReviewsClosedError,
    ReviewsUsedUpError,
    ReviewUnreadError,
)
from tierce.insurers.reviews.model import Answer
from tierce.insurers.reviews.rules import reasons
from tierce.kernel.care import Domain, Profession
from tierce.kernel.errors import TierceError
from tierce.policy.acts import Act
from tierce.policy.agreements import INSURER_REVIEWS, STAFF_REVIEWS

__all__ = ["at_desk", "house"]
pytestmark = pytest.mark.integration
WHOLE, PART, NOTHING = (
    Answer((4_000, 0)),
    Answer((1_500, 0), InvoiceReason.PRICE_TOO_HIGH),
    Answer((0, 0), InvoiceReason.EXCLUDED),
)
REFUSAL = (4, InvoiceReason.EXCLUDED.value, 0, [0, 0])


def reserved(house: House) -> int:
    row = house.admin.execute(
        "select coalesce(sum(due), 0) from care.reserved(%s, %s::smallint, 6::smallint)",
        (house.person, house.insurer),
    ).fetchone()
    return int(row[0]) if row else 0


def suspend(house: House, level: int, subject: int) -> None:
    house.admin.execute(
        "insert into access.ladder (id, level, subject, rung, since, until, by, reason)"
        " values (%s, %s, %s, 4, now(), now() + interval '1 hour', 'office', 'essai')",
        (level * 1000 + subject % 1000, level, subject),
    )


def test_she_reads_what_is_asked_and_of_whom_nothing_then_grants_a_part_that_its_place_reads_and_invoices(
    at_desk: At, house: House
) -> None:
    house.admin.execute("update registry.benefit set review_from = 0")

    async def scene(place: Place) -> None:
        number = int(await place.asked())
        she = reviewer(house)
        waits = she.reviews.waiting(she.connection, she.caller, she.handle)
        assert ([one.id for one in waits.rows], waits.waiting, waits.following) == ([number], 1, None)
        one = she.read(number)
        (line,) = one.lines
        assert (line.item, line.price, line.amo, line.asked, line.most) == ("LENS", 20_000, 6_000, 5_000, GIVES)
        assert (one.domain, one.profession, one.grantable) == (Domain.OPTI, Profession.GP, True)
        assert len(one.finess) == 9
        she.decide(number, Answer((1_500,), InvoiceReason.PRICE_TOO_HIGH))
        told = await place.read(f"/{number}")
        assert (told["state"]["code"], told["reason"]["code"], told["due"]) == ("granted", "price_too_high", 1_500)
        assert told["lines"] == [{"n": 1, **LENS, "due": 1_500}]
        assert (told["answer_by"], place.reserved()) == (None, 1_500)
        sent = await place.invoice(str(number))
        assert sent.status_code == 201, sent.text
        place.decide()
        assert house.stands(int(sent.json()["id"]))[0::2] == (2, 1_500)

    at_desk(scene)
    lines = [(one.act, one.person, one.insurer) for one in house.entries(16)]
    read, decided = Act.INSURER_REVIEW_READ, Act.INSURER_REVIEW_DECIDE
    assert lines == [(act, 0, house.insurer) for act in (read, read, decided)]


@pytest.mark.parametrize(
    ("answer", "left"),
    [(WHOLE, (3, 6, 4_000, [4_000, 0])), (PART, (3, 23, 1_500, [1_500, 0])), (NOTHING, REFUSAL)],
)
def test_an_answer_reserves_what_it_grants_and_frees_the_rest_and_is_not_undone(
    house: House, answer: Answer, left: tuple[object, ...]
) -> None:
    number, she = left_to_a_person(house, 7), reviewer(house)
    assert reserved(house) == 4_000
    she.read(number)
    she.decide(number, answer)
    assert stands(house, number) == left
    assert reserved(house) == answer.due
    for again in (WHOLE, NOTHING):
        with pytest.raises(ReviewGoneError):
            she.decide(number, again)
    assert stands(house, number) == left
    assert [one.act for one in house.entries(16)].count(Act.INSURER_REVIEW_DECIDE) == 1


@pytest.mark.parametrize(
    "answer",
    [
        Answer((4_001, 0)),
        Answer((4_000, 1)),
        Answer((5_000, -1_000)),
        Answer((4_000,)),
        Answer((4_000, 0, 0)),
        Answer((1_500, 0)),
        Answer((0, 0)),
        Answer((1_500, 0), InvoiceReason.PARTLY),
        Answer((0, 0), InvoiceReason.CONTRACT_ENDED),
        Answer((4_000, 0), InvoiceReason.TOO_SOON),
    ],
)
def test_whatever_the_site_sends_nothing_is_granted_beyond_the_rules_nor_less_without_a_reason(
    house: House, answer: Answer
) -> None:
    number, she = left_to_a_person(house, 7), reviewer(house)
    she.read(number)
    with pytest.raises(psycopg.errors.CheckViolation):
        she.decide(number, answer)
    assert stands(house, number) == (8, 0, 4_000, [4_000, 0])


@pytest.mark.parametrize(("dues", "reason"), [("'{1500,0}'", "null"), ("'{0,0}'", "null"), ("null", "0")])
def test_a_null_for_a_reason_or_for_what_is_granted_is_refused(house: House, dues: str, reason: str) -> None:
    """A stolen credential of the site's role sends what no page of it does."""
    number, she = left_to_a_person(house, 7), reviewer(house)
    she.read(number)
    decide = f"select care.decide_review(%s, %s, {dues}, {reason}::smallint, %s)".encode()

    def decided() -> None:
        with she.connection.transaction():
            line = she.reviews.lines.write(she.connection, she.caller, Act.INSURER_REVIEW_DECIDE, number)
            she.connection.execute(decide, (she.handle, number, line))

    with pytest.raises(psycopg.errors.CheckViolation, match="for a written reason"):
        decided()
    assert stands(house, number) == (8, 0, 4_000, [4_000, 0])


def test_of_two_who_answer_at_once_one_is_kept_and_the_other_is_told_and_leaves_no_line(house: House) -> None:
    """Both have written their line, and neither has answered, when they meet."""
    number, met = left_to_a_person(house, 7), threading.Barrier(2)

    def meet() -> None:
        met.wait(30)

    two = [reviewer(house, staff, step=meet) for staff in (971, 972)]
    for one in two:
        one.read(number)

    def answer(place: int) -> bool:
        try:
            two[place].decide(number, (WHOLE, NOTHING)[place])
        except ReviewGoneError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        kept = list(pool.map(answer, range(2)))
    assert sorted(kept) == [False, True]
    assert stands(house, number) == ((3, 6, 4_000, [4_000, 0]) if kept[0] else REFUSAL)
    assert [one.professional for one in house.entries(16) if one.act is Act.INSURER_REVIEW_DECIDE] == [
        971 if kept[0] else 972
    ]


def test_a_place_that_takes_it_back_while_she_answers_is_heard_first_or_not_at_all(at_desk: At, house: House) -> None:
    house.admin.execute("update registry.benefit set review_from = 0")

    async def scene(place: Place) -> None:
        number = await place.asked()
        she = reviewer(house)
        she.read(int(number))
        assert (await place.cancel(number)).status_code == 200
        with pytest.raises(ReviewGoneError):
            she.decide(int(number), Answer((GIVES,)))
        with pytest.raises(ReviewGoneError):
            she.read(int(number))
        assert (await place.stands(number))[0] == "cancelled"
        assert place.reserved() == 0

    at_desk(scene)


def late(house: House) -> None:
    house.admin.execute("update care.agreement set answer_by = %s", (TODAY - 1,))


def held(house: House) -> None:
    suspend(house, 3, 101)


def left(house: House) -> None:
    house.admin.execute(
        "insert into registry.ending (insurer, ended, ended_by, why) values (%s, now() - interval '2 days',"
        " 'd', 'x')",
        (house.insurer,),
    )


@pytest.mark.parametrize(
    ("happens", "granting", "refusing"),
    [(late, ReviewGoneError, ReviewGoneError), (held, NotGrantedNowError, None), (left, NotGrantedNowError, None)],
)
def test_what_is_out_of_time_is_answered_no_more_and_what_a_suspended_place_asked_is_not_granted(
    house: House,
    happens: Callable[[House], None],
    granting: type[TierceError],
    refusing: type[TierceError] | None,
) -> None:
    number, she = left_to_a_person(house, 7), reviewer(house)
    assert she.read(number).grantable
    happens(house)
    with pytest.raises(granting):
        she.decide(number, WHOLE)
    if refusing is None:
        assert not she.read(number).grantable
        she.decide(number, NOTHING)
        assert stands(house, number) == REFUSAL
    else:
        with pytest.raises(refusing):
            she.decide(number, NOTHING)


OF_HER = (
    "select s.login, s.device, t.establishment, t.profession, s.software, o.vendor,"
    " directory.cell_of(e.finess, t.profession), s.activity from access.session s"
    " join directory.activity t on t.id = s.activity join directory.establishment e on e.id = t.establishment"
    " join directory.software o on o.id = s.software where s.line is not null"
)
DECLARED = (
    "with u as (insert into directory.substitution"
    " (professional, replaces, establishment, profession, from_day, until_day, by, login, device)"
    " select t.professional, p.id, t.establishment, t.profession, 1, 99999, 'x', 7701, 7702"
    " from directory.activity t join directory.professional p on p.id <> t.professional"
    " where t.id = %s order by p.id limit 1 returning id)"
    " update directory.activity set substitution = (select id from u) where id = %s"
)


def test_what_would_stop_an_asking_stops_its_granting_whichever_part_of_her_is_held(
    at_desk: At, house: House
) -> None:
    house.admin.execute("update registry.benefit set review_from = 0")

    async def scene(place: Place) -> None:
        number, she = int(await place.asked()), reviewer(house)
        row = house.admin.execute(OF_HER).fetchone()
        assert row is not None
        house.admin.execute(DECLARED, (row[7], row[7]))
        parts = [*enumerate(row[:7], start=1), (1, 7701), (2, 7702)]
        for level, subject in parts:
            assert she.read(number).grantable
            suspend(house, level, subject)
            assert not she.read(number).grantable, f"level {level}"
            with pytest.raises(NotGrantedNowError):
                she.decide(number, WHOLE)
            house.admin.execute("update access.ladder set lifted = now(), lifted_by = 'office' where lifted is null")
        assert len(parts) == 9
        suspend(house, 5, row[4] + 1)
        assert she.read(number).grantable, "another's software is not hers"

    at_desk(scene)


@pytest.mark.parametrize(("level", "subject"), [(9, 0), (10, 5), (11, 250), (12, 6), (8, None)])
def test_while_closed_none_is_read_or_answered_and_the_list_says_so(
    house: House, level: int, subject: int | None
) -> None:
    number, she = left_to_a_person(house, 7), reviewer(house)
    she.read(number)
    suspend(house, level, house.insurer if subject is None else subject)
    with pytest.raises(ReviewsClosedError):
        she.read(number)
    with pytest.raises(ReviewsClosedError):
        she.decide(number, NOTHING)
    waits = she.reviews.waiting(she.connection, she.caller, she.handle)
    assert [one.closed for one in waits.rows] == [True]


def test_one_of_them_reads_sixty_a_day_and_reads_those_again_and_decides_none_unread(house: House) -> None:
    numbers = [left_to_a_person(house, one) for one in range(1, STAFF_REVIEWS + 3)]
    thief, colleague = reviewer(house), reviewer(house, 972)
    for number in numbers[:STAFF_REVIEWS]:
        assert thief.read(number).id == number
    for number in numbers[STAFF_REVIEWS:]:
        with pytest.raises(ReviewsUsedUpError):
            thief.read(number)
        with pytest.raises(ReviewUnreadError):
            thief.decide(number, NOTHING)
    again = reviewer(house)
    with pytest.raises(ReviewsUsedUpError):
        again.read(numbers[-1])
    assert thief.read(numbers[0]).most == 4_000, "what she read she reads again"
    assert colleague.read(numbers[-1]).most == 4_000
    rows = thief.connection.execute(
        "select count(*) from care.own_review_lines(%s, %s)", (thief.handle, numbers[-1])
    ).fetchone()
    assert rows == (0,), "nor its lines alone"


def test_all_of_an_insurer_s_staff_read_four_hundred_a_day_and_another_insurer_s_are_not_counted(
    house: House,
) -> None:
    last = left_to_a_person(house, 500)
    other = 2 if house.insurer == 1 else 1
    house.admin.execute(
        "insert into care.review_read (insurer, day, staff, agreement) select %s, %s, n, %s from"
        " generate_series(1, %s) n",
        (house.insurer, TODAY, last, INSURER_REVIEWS - 1),
    )
    house.admin.execute(
        "insert into care.review_read (insurer, day, staff, agreement) select %s, %s, n, %s from"
        " generate_series(1, 500) n union all select %s, %s, n, %s from generate_series(1, 500) n",
        (other, TODAY, last, house.insurer, TODAY - 1, last),
    )
    assert reviewer(house).read(last).id == last
    with pytest.raises(ReviewsUsedUpError):
        reviewer(house, 972).read(last)


def test_sixty_at_one_moment_are_sixty_in_all(house: House) -> None:
    numbers = [left_to_a_person(house, one) for one in range(1, 5)]
    house.admin.execute(
        "insert into care.review_read (insurer, day, staff, agreement) select %s, %s, 971, %s from"
        " generate_series(1, 1) n",
        (house.insurer, TODAY, numbers[0]),
    )
    for more in range(100, 100 + STAFF_REVIEWS - 2):
        left_to_a_person(house, more)
        house.admin.execute(
            "insert into care.review_read (insurer, day, staff, agreement) values (%s, %s, 971, %s)",
            (house.insurer, TODAY, more),
        )
    sessions = [reviewer(house) for _ in numbers[1:]]

    def read(place: int) -> bool:
        try:
            sessions[place].read(numbers[1 + place])
        except ReviewsUsedUpError:
            return False
        return True

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(read, range(3))) == [False, False, True]


def test_whoever_reads_the_rows_of_before_reads_no_more_than_sixty(house: House) -> None:
    """Two of a stolen role's connections wait for one another, each with the rows of its own beginning."""
    for number in range(1, STAFF_REVIEWS):
        left_to_a_person(house, number)
        house.admin.execute(
            "insert into care.review_read (insurer, day, staff, agreement) values (%s, %s, 971, %s)",
            (house.insurer, TODAY, number),
        )
    thieves = {left_to_a_person(house, number): reviewer(house) for number in (200, 201)}
    for thief in thieves.values():
        thief.connection.execute("set default_transaction_isolation = 'repeatable read'")
    lock = "pg_advisory_{}lock(hashtextextended('tierce-reviews', {}))"
    waiting = "select count(*) from pg_stat_activity where datname = current_database() and wait_event = 'advisory'"
    house.admin.execute(f"select {lock.format('', house.insurer)}".encode())

    def read(number: int) -> bool:
        try:
            thieves[number].read(number)
        except psycopg.errors.InsufficientPrivilege:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        reading = [pool.submit(read, number) for number in thieves]
        eventually(
            lambda: all(one.done() for one in reading) or house.admin.execute(waiting).fetchone() == (2,),
            "both wait, or are refused",
        )
        house.admin.execute(f"select {lock.format('un', house.insurer)}".encode())
    assert [one.result() for one in reading] == [False, False]
    read_today = "select count(*) from care.review_read where staff = 971 and day = %s"
    assert house.admin.execute(read_today, (TODAY,)).fetchone() == (STAFF_REVIEWS - 1,)


def test_another_insurer_s_is_as_absent_as_none_and_nothing_is_read_without_its_own_line(house: House) -> None:
    other = 2 if house.insurer == 1 else 1
    own, theirs = left_to_a_person(house, 7), left_to_a_person(house, 8, other)
    she = reviewer(house)
    for number in (theirs, 9):
        with pytest.raises(ReviewGoneError):
            she.read(number)
        with pytest.raises(ReviewGoneError):
            she.decide(number, NOTHING)
    assert [one.id for one in she.reviews.waiting(she.connection, she.caller, she.handle).rows] == [own]
    for act, about in ((Act.INSURER_ACTIVITY, own), (Act.INSURER_REVIEW_READ, theirs)):
        line = she.reviews.lines.commit(she.connection, she.caller, act, about)
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="no committed line"):
            she.connection.execute("select * from care.own_review(%s, %s, %s)", (she.handle, line, own))
    she.read(own)
    before = she.reviews.lines.commit(she.connection, she.caller, Act.INSURER_REVIEW_DECIDE, own)
    with pytest.raises(psycopg.errors.CheckViolation, match="its own line"):
        she.connection.execute(
            "select care.decide_review(%s, %s, '{0,0}', 27::smallint, %s)", (she.handle, own, before)
        )
    for table in ("care.agreement", "care.agreement_line", "care.review_read"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            she.connection.execute(f"select * from {table}".encode())
    house.admin.execute("update access.insurer_session set revoked = now()")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="no live session"):
        she.connection.execute("select * from care.own_review_lines(%s, %s)", (she.handle, own))


def test_pages_hold_the_oldest_first_and_go_on_where_the_last_ended(house: House) -> None:
    numbers = [left_to_a_person(house, one) for one in (3, 1, 2)]
    she = reviewer(house)
    paged = type(she.reviews)(she.reviews.lines, page_rows=2)
    first = paged.waiting(she.connection, she.caller, she.handle)
    assert ([one.id for one in first.rows], first.waiting) == ([1, 2], 3)
    second = paged.waiting(she.connection, she.caller, she.handle, first.following)
    assert ([one.id for one in second.rows], second.following) == ([3], None)
    assert sorted(numbers) == [1, 2, 3]


def test_the_database_holds_the_same_bounds_and_the_same_reasons() -> None:
    sql = (Path(__file__).parents[2] / "src/tierce/storage/sql/reviews.sql").read_text("utf-8")
    assert f"staff_a_day constant integer := {STAFF_REVIEWS};" in sql
    assert f"insurer_a_day constant integer := {INSURER_REVIEWS};" in sql
    kept = ",".join(str(InvoiceReason[word.upper()].value) for word, _ in reasons())
    assert f"reasons constant smallint[] := '{{{kept}}}';" in sql
