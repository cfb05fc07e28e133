"""What was set aside is named without anybody, tried again or settled with a reason; what came back counts."""

import json
import re
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from tests.forks import tierce
from tests.integration.conftest import Connect
from tests.integration.messages_world import kept
from tests.integration.rooms import CAPES, OAK
from tests.integration.signin_world import fill_directory
from tests.integration.telling_world import CHAIN, World, open_world, opened_incident
from tests.integration.test_assistants import rows
from tests.integration.test_messages_killed import settings
from tests.integration.test_notices_telling import acknowledge
from tests.integration.test_own_mail import ADDRESS, on_file
from tests.mailbox import mailbox
from tierce.incidents.clocks.store import notices_sent
from tierce.incidents.errors import FreeTextError
from tierce.kernel.errors import FieldError
from tierce.lab.country.identifiers import make_nir
from tierce.notices.aside import store
from tierce.notices.aside.model import AsideWhy, Road
from tierce.notices.aside.rules import REASONS, ROADS, remedy
from tierce.notices.aside.service import take_up
from tierce.notices.deliveries.bounces import take_in
from tierce.notices.deliveries.model import Verdict
from tierce.notices.deliveries.rules import ATTEMPTS_MAX
from tierce.notices.own.model import Told
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration
WHO = ("--by", "Hélène Vasseur", "--reason", "relais réparé")


@pytest.fixture
def world(connect: Connect, keyring: Keyring, tmp_path: Path) -> World:
    return open_world(connect, keyring, tmp_path)


def tell(admin: psycopg.Connection, what: Told = Told.PASSKEY) -> None:
    admin.execute("select notice.tell_own(201, %s::smallint, 'Cabinet des Tilleuls', null, null)", (what,))


def listed(path: Path) -> list[dict[str, str]]:
    done = tierce("notice", "aside", "list", "--json", "-", "--settings", path)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, str]] = json.loads(done.stdout)
    return found


def returned(folder: Path, to: str, status: str = "5.1.1") -> None:
    """A notification of a mail server, to a return path."""
    (folder / "new").mkdir(parents=True, exist_ok=True)
    (folder / "new" / str(len(list((folder / "new").iterdir())))).write_text(
        f"To: <{to}>\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        f"--b\nContent-Type: message/delivery-status\n\nAction: failed\nStatus: {status}\n\n--b--\n"
    )


def test_a_refused_message_is_listed_without_anybody_tried_again_with_a_reason_and_sent(
    connect: Connect, tmp_path: Path, database: Database, key_directory: Path
) -> None:
    fill_directory(database)
    admin = on_file(connect, f"550-5.1.1-{ADDRESS}")
    tell(admin)
    with mailbox(tmp_path / "mailbox") as port:
        path = settings(tmp_path, database, key_directory, port)
        assert tierce("notice", "run", "--once", "--settings", path).returncode == 0
        (one,) = listed(path)
        assert (one["road"], one["why"], one["code"]) == ("professional", "refused", "550 5.1.1")
        assert ADDRESS not in json.dumps(one)
        assert "201" not in json.dumps({**one, "since": "", "number": ""})
        doctor = tierce("doctor", "--json", "-", "--settings", path).stdout
        (found,) = [each for each in json.loads(doctor)["findings"] if each["code"] == "messages-aside"]
        assert (found["grade"], "1 refusé par la messagerie" in found["said"]) == ("warning", True)
        figures = tierce("health", "metrics", "--settings", path).stdout
        assert 'tierce_messages_aside{road="professional",why="refused"} 1.0' in figures
        admin.execute("update directory.contact set email = %s", (ADDRESS,))
        done = tierce("notice", "aside", "again", one["number"], *WHO, "--settings", path)
        assert done.returncode == 0, done.stderr
        assert listed(path) == []
        assert tierce("notice", "aside", "again", one["number"], *WHO, "--settings", path).returncode == 1
        assert tierce("notice", "run", "--once", "--settings", path).returncode == 0
        assert len(kept(tmp_path / "mailbox")) == 1
    handled = rows(connect, "select how, email, handled from notice.own_mail")
    assert handled == [("sent", ADDRESS, "Hélène Vasseur : relais réparé")]
    acts = rows(connect, "select get_byte(body, 2) from journal.entry where kind = 21")
    assert [act for (act,) in acts].count(107) == 1


@pytest.mark.parametrize(
    ("by", "why", "said"),
    [
        ("", "x", "by"),
        ("Hélène", "", "reason"),
        ("Hélène", f"son numéro est le {make_nir('F', 1979, 4, '41950', 14)}", "reason"),
    ],
)
def test_nothing_is_taken_up_without_a_name_and_a_reason(world: World, by: str, why: str, said: str) -> None:
    with pytest.raises(FreeTextError) as refused:
        take_up(
            world.notices,
            world.telling.appender,
            world.room.clock,
            "person-00",
            settle=True,
            by=by,
            why=why,
        )
    assert refused.value.field == said


def test_without_an_address_it_waits_for_one_and_settled_it_is_named_no_more(
    connect: Connect, world: World, database: Database
) -> None:
    fill_directory(database)
    admin = connect(SUPERUSER, autocommit=True)
    for what in (Told.CODE, Told.DEVICE):
        tell(admin, what)
    first, second = store.aside(world.notices, 10)
    assert {first.why, second.why} == {AsideWhy.UNADDRESSED}

    def taken(number: str, *, settle: bool) -> None:
        take_up(
            world.notices, world.telling.appender, world.room.clock, number, settle=settle, by="Hélène", why="appelée"
        )

    lines = rows(connect, "select count(*) from journal.entry")
    with pytest.raises(FieldError, match="address"):
        taken(first.number, settle=False)
    assert rows(connect, "select count(*) from journal.entry") == lines, "what is refused leaves no line"
    taken(first.number, settle=True)
    assert [one.number for one in store.aside(world.notices, 10)] == [second.number]
    on_file(connect)
    taken(second.number, settle=False)
    assert rows(connect, "select email from notice.own_mail where ended is null") == [(ADDRESS,)]
    with pytest.raises(FieldError, match="set aside"):
        taken(first.number, settle=False)


def test_an_insurer_s_notice_that_was_refused_everywhere_is_named_until_somebody_is_warned(world: World) -> None:
    incident = opened_incident(world)
    world.box.refuses = Verdict.GIVE_UP
    for _ in range(3):
        world.telling.turn(world.notices, world.box)
    found = {one.insurer: one for one in store.aside(world.notices, 10)}
    assert {one.road for one in found.values()} == {Road.INSURER}
    assert found.keys() == {OAK, CAPES}
    assert notices_sent(world.room.office, incident.id) == {}, "what was refused told nobody: the duty is not done"
    world.box.refuses = None
    take_up(
        world.notices,
        world.telling.appender,
        world.room.clock,
        found[CAPES].number,
        settle=False,
        by="H",
        why="relais",
    )
    assert world.telling.turn(world.notices, world.box).sent == 1
    assert [one.insurer for one in store.aside(world.notices, 10)] == [OAK]
    acknowledge(world, incident.id, 1, OAK)
    assert store.aside(world.notices, 10) == [], "it was read on their site"


def test_a_notice_that_came_back_was_not_received_and_the_next_contact_is_warned(
    world: World, tmp_path: Path
) -> None:
    incident = opened_incident(world)
    world.telling.turn(world.notices, world.box)
    assert notices_sent(world.room.office, incident.id).keys() == {OAK, CAPES}
    for mail in world.box.mails:
        returned(tmp_path / "back", mail.message_id.partition("@")[0] + "@retours.riveclaire.example")
    tally = take_in(world.notices, world.telling.appender, world.room.clock, None, tmp_path / "back")
    assert (tally.others, tally.foreign) == (2, 0)
    world.room.office.commit()
    assert notices_sent(world.room.office, incident.id) == {}, "its receipt is nobody's: the duty runs on"
    assert world.telling.turn(world.notices, world.box).repeated == 1
    assert world.box.mails[-1].to == "rssi@grandchene.example"
    assert [(one.insurer, one.why) for one in store.aside(world.notices, 10)] == [(CAPES, AsideWhy.RETURNED)]


def test_a_notice_that_came_back_after_it_was_acknowledged_moves_nothing(world: World, tmp_path: Path) -> None:
    incident = opened_incident(world)
    world.telling.turn(world.notices, world.box)
    acknowledge(world, incident.id, 1, OAK)
    before = notices_sent(world.room.office, incident.id)
    for mail in world.box.mails[:1]:
        returned(tmp_path / "back", mail.message_id.partition("@")[0] + "@retours.riveclaire.example")
    tally = take_in(world.notices, world.telling.appender, world.room.clock, None, tmp_path / "back")
    assert (tally.others, tally.again) == (0, 1)
    world.room.office.commit()
    assert notices_sent(world.room.office, incident.id) == before


def test_a_notice_whose_text_cannot_be_made_is_tried_six_times_and_the_next_contact_is_warned(world: World) -> None:
    opened_incident(world)
    world.box.refuses = Verdict.HALT
    world.telling.turn(world.notices, world.box)
    world.box.refuses = None
    world.room.admin.execute("update notice.insurer_notice set document = '{}' where insurer = 1")
    world.room.admin.commit()
    for _ in range(ATTEMPTS_MAX):
        world.room.clock.advance(timedelta(hours=1, minutes=30))
        with pytest.raises(Exception, match="required field"):
            world.telling.turn(world.notices, world.box)
    tried = world.room.admin.execute(
        "select step, failed, tries from notice.warning where insurer = 1 order by step"
    ).fetchall()
    assert tried[0] == (1, "unwritten", ATTEMPTS_MAX)
    assert len(tried) == 2


def test_a_notice_that_cannot_be_frozen_is_set_aside_and_leaves_once_it_can_be(world: World) -> None:
    """Of a list that cannot be read, it is tried no more after a while; taken up, it tells of that list."""
    incident, admin = opened_incident(world), world.room.admin
    damaged = "update incident.exposed set last_at = %s where insurer = 1"
    kept = admin.execute("select last_at from incident.exposed where insurer = 1 limit 1").fetchone()
    admin.execute("alter table incident.exposed disable trigger all")
    admin.execute(damaged, ("infinity",))
    admin.commit()
    assert kept is not None
    turns, failed = 0, 0
    while turns < 60 and not store.aside(world.notices, 10):
        turns += 1
        try:
            world.telling.turn(world.notices, world.box)
        except psycopg.DataError:
            failed += 1
        world.room.clock.advance(timedelta(minutes=10))
    (one,) = store.aside(world.notices, 10)
    assert (one.insurer, one.why) == (OAK, AsideWhy.UNWRITTEN)
    assert failed <= len(CHAIN) * ATTEMPTS_MAX < turns, "later and later, and no more"
    world.telling.turn(world.notices, world.box)  # nothing fails any more
    assert [mail.to for mail in world.box.mails] == ["dpo@deuxcaps.example"], "the other was told at once"
    admin.execute(damaged, kept)
    admin.commit()
    take_up(
        world.notices, world.telling.appender, world.room.clock, one.number, settle=False, by="Inès", why="réparé"
    )
    assert world.telling.turn(world.notices, world.box).sent == 1
    assert "Vos assurés concernés : 2 personnes." in world.box.mails[-1].text.replace("\u00a0", " ")
    assert world.telling.turn(world.notices, world.box).told == 0
    drafts = "select count(*) from notice.insurer_notice where incident = %s and draft is not null"
    assert admin.execute(drafts, (incident.id,)).fetchone() == (2,)


def test_an_e_mail_to_a_professional_that_came_back_is_named(
    connect: Connect, world: World, tmp_path: Path, database: Database
) -> None:
    fill_directory(database)
    admin = on_file(connect)
    tell(admin)
    admin.execute("update notice.own_mail set begun = now(), ended = now(), how = 'sent'")
    (token,) = rows(connect, "select encode(token, 'hex') from notice.own_mail")[0]
    for _ in range(2):
        returned(tmp_path / "back", f"retour-{token}@retours.riveclaire.example")
    tally = take_in(world.notices, world.telling.appender, world.room.clock, None, tmp_path / "back")
    assert (tally.others, tally.again, tally.foreign) == (1, 1, 0)
    (one,) = store.aside(world.notices, 10)
    assert (one.why, one.code, one.professional) == (AsideWhy.RETURNED, "5.1.1", 201)


def test_whatever_was_set_aside_is_read_by_pages_each_once(
    connect: Connect, world: World, database: Database
) -> None:
    fill_directory(database)
    connect(SUPERUSER, autocommit=True).execute(
        "insert into notice.own_mail (token, professional, what, language, ended, how)"
        " select decode(lpad(to_hex(n), 20, '0'), 'hex'), 201, 5, 'fr', now() - (n / 3) * interval '1 h',"
        " 'unaddressed'"
        " from generate_series(1, 120) n"
    )
    seen: list[str] = []
    after = None
    while page := store.aside(world.notices, 50, after):
        seen += [one.number for one in page]
        after = (page[-1].since, page[-1].number)
    assert len(seen) == len(set(seen)) == 120


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("tierce_api", "select notice.aside_counts(6)"),
        ("tierce_office", "select notice.take_up('person-00', 6, true, 'x')"),
        ("tierce_upkeep", "select notice.aside(6, 1, null, null)"),
        ("tierce_notices", "update notice.own_mail set settled = now()"),
    ],
)
def test_each_role_reads_and_takes_up_what_is_its_own(connect: Connect, role: str, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connect(role, autocommit=True).execute(statement.encode())


def test_each_road_and_reason_has_its_words_and_a_way_out() -> None:
    for road in Road:
        assert ROADS[road].fr
        for why in AsideWhy:
            if road is Road.MESSAGE and why not in {AsideWhy.DOUBTFUL, AsideWhy.CHANGED, AsideWhy.UNWRITTEN}:
                continue
            assert re.search(r"\w", remedy(road, why).en)
            assert REASONS[why].fr
