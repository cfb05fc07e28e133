"""A stolen credential wakes nothing that ended, nor writes another answer over one that was given."""

import psycopg
import pytest

from tests.integration.conftest import Connect
from tests.integration.world import World, enrol

pytestmark = pytest.mark.integration
PAST = "now() - interval '1 minute'"
SESSION = (
    f"insert into access.{{}}_session (id, bound, handle, {{}}, created, expires, revoked)"
    f" values (1, sha256('key'), 'h', {{}}, {PAST},"
)
SOON = "now() + interval '1 hour'"
STAFF = SESSION.format("staff", "staff, subject, name, roles", "7, 's', 'n', '{}'")
PERSON = SESSION.format("person", "person", "1")
INSURER = SESSION.format("insurer", "insurer, staff, name", "1, 7, 'n'")
APPEAL = (
    "insert into access.appeal (id, professional, hold, said, at, due, answered, answer, lifted, by)"
    " values (1, 1, 1, 'she was at work then', now(), now(), now(), 'No.', false, 'H')"
)
REQUEST = (
    "insert into notice.rights_request (id, person, kind, subject, insurers, made, due, forwarded, forwarded_by,"
    " answer, answered, answered_by) values (1, 1, 'access', 'everything', '{1}', now(), now(), now(), 'H', "
)
SIGNER = (
    "insert into presence.signer (insurer, public_key, revoked) values (1, decode(repeat('00', 32), 'hex'), now())"
)
PEER = (
    "insert into presence.peer (name, kind, insurer, public_key, revoked)"
    " values ('p', 2, 1, decode(repeat('00', 32), 'hex'), now())"
)


@pytest.mark.parametrize(
    ("role", "made", "woken"),
    [
        ("tierce_office", f"{STAFF} {SOON}, now())", "access.staff_session set revoked = null"),
        ("tierce_office", f"{INSURER} {SOON}, now())", "access.insurer_session set revoked = null"),
        ("tierce_office", REQUEST + "null, null, null)", "notice.rights_request set forwarded = null"),
        ("tierce_office", REQUEST + "'kept', now(), 'H')", "notice.rights_request set answered = null"),
        ("tierce_office", REQUEST + "'kept', now(), 'H')", "notice.rights_request set answer = 'done'"),
        ("tierce_office", APPEAL, "access.appeal set answered = null"),
        ("tierce_office", APPEAL, "access.appeal set answer = 'Yes.'"),
        ("tierce_upkeep", SIGNER, "presence.signer set revoked = null"),
        ("tierce_upkeep", PEER, "presence.peer set revoked = null"),
    ],
)
def test_what_ended_stays_ended(world: World, connect: Connect, role: str, made: str, woken: str) -> None:
    world.run(made)
    with connect(role) as thief, pytest.raises(psycopg.errors.CheckViolation, match="stays as it ended"):
        thief.execute(f"update {woken}".encode())


@pytest.mark.parametrize("woken", ["revoked = null", "revoked = now()", "expires = now()"])
def test_a_person_s_session_is_ended_by_its_handle_and_changed_by_nobody(
    world: World, connect: Connect, woken: str
) -> None:
    world.run(f"{PERSON} {SOON}, now())")
    with connect("tierce_persons") as thief, pytest.raises(psycopg.errors.InsufficientPrivilege):
        thief.execute(f"update access.person_session set {woken}".encode())


NOTICE = (
    "insert into notice.insurer_notice (id, incident, revision, insurer, persons, digest, made_at, document, draft)"
    " values (1, 1, 1, 1, 1, 'd', now(), 'two people', '{}')"
)


@pytest.mark.parametrize("changed", ["document = 'nobody'", "document = null", "draft = '[]'"])
def test_what_an_insurer_was_told_is_told_once(world: World, connect: Connect, changed: str) -> None:
    world.run(NOTICE)
    with connect("tierce_notices") as thief, pytest.raises(psycopg.errors.CheckViolation, match="stays as it ended"):
        thief.execute(f"update notice.insurer_notice set {changed}".encode())


def test_a_proof_or_a_card_that_was_used_is_not_forgotten_before_it_is_old(world: World, connect: Connect) -> None:
    world.run("insert into access.proof (id, at) values (gen_random_uuid(), now()), (gen_random_uuid(), 'epoch')")
    world.run("insert into presence.spent (id, at) values (gen_random_uuid(), now()), (gen_random_uuid(), 'epoch')")
    thief = connect("tierce_worker", autocommit=True)
    mark = "id = '00000000-0000-0000-0000-000000000000'"
    for which in ("at > now() - interval '1 minute'", mark):
        with pytest.raises(psycopg.errors.CheckViolation, match="stays as it ended"):
            thief.execute(f"delete from access.proof where {which}".encode())
    thief.execute(f"delete from access.proof where at < now() - interval '5 minutes' and not {mark}".encode())
    for days in (0, -400):
        thief.execute("select presence.tidy(%s, %s, %s)", (days, days, days))
    assert world.scalar(f"select count(*) from access.proof where not {mark}") == 1
    assert world.scalar("select count(*) from presence.spent") == 1


@pytest.mark.parametrize("ended", ["revoked = now()", f"created = {PAST} - interval '1 hour', expires = {PAST}"])
def test_a_professional_s_session_that_ended_or_ran_out_serves_no_more(
    world: World, connect: Connect, ended: str
) -> None:
    caller = enrol(world)
    world.run(f"update access.session set {ended} where id = {caller.session}")
    with connect("tierce_api") as thief, pytest.raises(psycopg.errors.CheckViolation, match="stays as it ended"):
        thief.execute("update access.session set revoked = null, expires = now() + interval '1 hour'")


@pytest.mark.parametrize(
    ("role", "changed"),
    [
        ("tierce_api", "access.session set professional = 1"),
        ("tierce_api", "access.session set handle = 'mine'"),
        ("tierce_api", "access.session set assistant = null"),
        ("tierce_office", "access.staff_session set roles = '{security}'"),
        ("tierce_office", "access.staff_session set expires = now() + interval '1 year'"),
        ("tierce_office", "access.appeal set said = 'it was me'"),
    ],
)
def test_a_session_is_never_made_somebody_else_s_nor_an_appeal_another(
    connect: Connect, role: str, changed: str
) -> None:
    with connect(role) as thief, pytest.raises(psycopg.errors.InsufficientPrivilege):
        thief.execute(f"update {changed}".encode())
