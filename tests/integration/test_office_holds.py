"""Holding, lifting and ending in the office: consequences first, a reason, a line, and the role that may."""

import re
from datetime import timedelta

import pytest
from litestar.routes import HTTPRoute

from tests.integration.conftest import Connect
from tests.integration.rooms import Room, open_room
from tests.integration.sites_world import Site, play_office
from tests.integration.test_office_site import attack, form_of, plain
from tierce.journal.encoding import decode
from tierce.journal.service import Appender
from tierce.kernel.clock import SystemClock
from tierce.kernel.ids import staff_id
from tierce.policy.acts import Act
from tierce.policy.peer_alerts import UNUSUAL_A_DAY
from tierce.policy.staff import STAFF_ACTS, StaffRole
from tierce.storage.database import Database
from tierce.storage.keys import Keyring
from tierce.watch.service import Watcher
from tierce.web.visit import act_of

pytestmark = pytest.mark.integration

DEVICE = 66
SESSION = 7701


@pytest.fixture
def room(connect: Connect, keyring: Keyring) -> Room:
    opened = open_room(connect, keyring)
    attack(opened)
    now = SystemClock().now()
    opened.clock.advance(now + timedelta(minutes=1) - opened.clock.now())
    opened.admin.execute("insert into directory.software values (1, 1, 'Portail')")
    opened.admin.execute(
        "insert into access.session (id, handle, site, login, professional, acr, device, software, network, created,"
        " expires) values (%s, 'h', 1, 701, 501, 1, 66, 1, '', %s, %s)",
        (SESSION, now, now + timedelta(hours=1)),
    )
    opened.admin.commit()
    return opened


def rows(room: Room, query: str) -> list[tuple[object, ...]]:
    found = room.admin.execute(query.encode()).fetchall()
    room.admin.commit()
    return list(found)


def test_a_device_is_held_after_its_consequences_and_with_its_line(room: Room, database: Database) -> None:
    async def scene(site: Site) -> None:
        page = plain(await site.http.get(f"/accounts/501/hold?device={DEVICE}"))
        assert "1 session ouverte en ce moment sera freinée dès sa prochaine demande." in page
        assert "Plus large : le compte entier" in page
        form = form_of(site, device=str(DEVICE), rung="4", hours="72", reason="Deux collègues confirment le vol.")
        assert (await site.http.post("/accounts/501/hold", data=form)).status_code == 303
        story = plain(await site.http.get("/accounts/501"))
        assert "Freiné : suspendu" in story
        assert "Deux collègues confirment le vol." in story
        assert "Deux collègues confirment le vol." in plain(await site.http.get("/ladder"))

    play_office(room, database, scene)
    ((level, subject, rung, hours, by),) = rows(
        room,
        'select level, subject, rung, extract(epoch from until - since)::int / 3600, "by" from access.ladder'
        " where id > 1",
    )
    assert (level, subject, rung, hours, by) == (2, DEVICE, 4, 72, "Hélène Vasseur")
    ((body, number),) = rows(
        room, "select e.body, l.id from journal.entry e, access.ladder l where e.kind = 7 and l.id > 1"
    )
    assert isinstance(body, bytes)
    line = decode(body)
    assert (line.act, line.professional, line.reference, line.device) == (
        Act.STAFF_LADDER_MOVE, staff_id("vasseur"), number, DEVICE,
    )  # fmt: skip


def test_a_held_device_that_shares_another_s_seats_is_told_as_the_account_s(room: Room, database: Database) -> None:
    """It has no line of its own: a thief who signs in again is on one that exists."""
    shared = 67
    room.admin.execute("insert into access.device (id, thumbprint, created) values (%s, 's', now())", (shared,))
    room.admin.execute("update access.session set device = %s", (shared,))
    room.admin.execute(
        "update access.ladder set subject = %s, since = now(), until = now() + interval '1 day'", (shared,)
    )
    room.admin.commit()

    async def scene(site: Site) -> None:
        ladder = plain(await site.http.get("/ladder"))
        assert "Claire Morvan (appareil 0043 )" in ladder
        account = plain(await site.http.get("/accounts/501"))
        assert "L'appareil 0043 de ce compte est freiné depuis" in account
        room.admin.execute("update access.ladder set level = 1, subject = 701")
        room.admin.commit()
        room.admin.execute(
            'insert into access.ladder (id, level, subject, rung, since, until, "by", reason)'
            ' select id + 1, 2, %s, rung, since, until, "by", reason from access.ladder',
            (shared,),
        )
        room.admin.commit()
        both = plain(await site.http.get("/accounts/501"))
        assert "Ce compte est freiné depuis" in both
        assert "L'appareil 0043 de ce compte est freiné depuis" in both
        assert "Freiner l'appareil 0043" in plain(await site.http.get("/accounts/501/hold"))

    play_office(room, database, scene)


def test_whoever_was_declared_from_it_is_counted_before_the_click(room: Room, database: Database) -> None:
    room.admin.execute(
        "insert into directory.substitution (professional, replaces, establishment, profession, from_day, until_day,"
        " by, login, device) select 502, 501, (select min(id) from directory.establishment), 1, 0, d, 'x', l, v"
        " from (values (99999, 701, 66), (99999, null, null), (9, 701, 66)) s(d, l, v)"
    )
    room.admin.commit()

    async def scene(site: Site) -> None:
        for path in ("/accounts/501/hold", f"/accounts/501/hold?device={DEVICE}"):
            assert "1 remplaçant déclaré, freiné avec lui" in plain(await site.http.get(path))
        room.admin.execute("update directory.substitution set ended_day = 1 where until_day = 99999")
        room.admin.commit()
        assert "remplaçant" not in plain(await site.http.get("/accounts/501/hold"))

    play_office(room, database, scene)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"reason": ""}, "Rien n’est écrit"),
        ({"reason": "1 80 05 99 999 999 12"}, "numéro de sécurité sociale"),
        ({"rung": "0"}, "Choisissez un échelon."),
        ({"rung": "99"}, "Choisissez un échelon."),
        ({"hours": "99999"}, "Choisissez une durée de la liste."),
    ],
)
def test_an_order_that_is_wrong_moves_nothing(
    room: Room, database: Database, fields: dict[str, str], said: str
) -> None:
    async def scene(site: Site) -> None:
        sent = {"device": "0", "rung": "3", "hours": "24", "reason": "Refus en série.", **fields}
        response = await site.http.post("/accounts/501/hold", data=form_of(site, **sent))
        assert response.status_code == 422
        assert response.text.count(said) == 2, "at the top and at the field"

    play_office(room, database, scene)
    assert rows(room, "select count(*) from access.ladder") == [(1,)]


def test_another_account_s_device_is_not_held_from_here(room: Room, database: Database) -> None:
    async def scene(site: Site) -> None:
        assert (await site.http.get("/accounts/501/hold?device=22")).status_code == 404
        sent = form_of(site, device="22", rung="3", hours="24", reason="Refus en série.")
        assert (await site.http.post("/accounts/501/hold", data=sent)).status_code == 409
        assert (await site.http.get("/accounts/502/hold")).status_code == 404

    play_office(room, database, scene)
    assert rows(room, "select count(*) from access.ladder") == [(1,)]


def test_a_hold_is_lifted_once_with_a_reason(room: Room, database: Database) -> None:
    room.admin.execute("update access.ladder set until = now() + interval '1 day' where id = 1")
    room.admin.commit()

    async def scene(site: Site) -> None:
        page = plain(await site.http.get("/holds/1/lift"))
        assert "Lever le frein de Claire Morvan" in page
        assert "preuve de présence exigée" in page
        refused = await site.http.post("/holds/1/lift", data=form_of(site, reason=" "))
        assert refused.status_code == 422
        sent = form_of(site, reason="L'appareil est bien le sien.")
        assert (await site.http.post("/holds/1/lift", data=sent)).status_code == 303
        assert (await site.http.post("/holds/1/lift", data=sent)).status_code == 409
        story = plain(await site.http.get("/accounts/501"))
        assert "Frein levé : preuve de présence exigée Par Hélène Vasseur." in story

    play_office(room, database, scene)
    assert rows(room, "select lifted is not null, lifted_by, lifted_why from access.ladder") == [
        (True, "Hélène Vasseur", "L'appareil est bien le sien.")
    ]
    assert rows(room, "select count(*) from journal.entry where kind = 7") == [(1,)]


def test_a_session_is_ended_with_its_line(room: Room, database: Database) -> None:
    async def scene(site: Site) -> None:
        assert "1 session est ouverte" in plain(await site.http.get("/accounts/501"))
        path = f"/accounts/501/sessions/{SESSION}/end"
        assert "Sa prochaine demande sera refusée" in plain(await site.http.get(path))
        assert (await site.http.post(path, data=form_of(site))).status_code == 303
        again = await site.http.post(path, data=form_of(site))
        assert again.status_code == 409
        assert "hold_missing" in again.text, "a code to quote"
        assert "No live hold" not in again.text, "and no English on a French page"
        assert (await site.http.get(path)).status_code == 404
        assert "Aucune session n'est ouverte" in plain(await site.http.get("/accounts/501"))

    play_office(room, database, scene)
    assert rows(room, "select revoked is not null, revoked_why from access.session") == [(True, "staff")]
    ((body,),) = rows(room, "select body from journal.entry where kind = 5")
    assert isinstance(body, bytes)
    assert (decode(body).act, decode(body).reference) == (Act.STAFF_ACCESS_END, SESSION)


@pytest.mark.parametrize("role", list(StaffRole))
def test_each_role_opens_its_own_pages_and_no_other(room: Room, database: Database, role: StaffRole) -> None:
    async def scene(site: Site) -> None:
        tried = 0
        for route in site.app.routes:
            if not isinstance(route, HTTPRoute) or route.path.startswith(
                ("/look/", "/static/", "/sign-", "/signed-out")
            ):
                continue
            for handler in route.route_handlers:
                if "GET" not in handler.http_methods:
                    continue
                act = act_of(handler)
                assert act is not None
                path = re.sub(r"{move:str}", "enrol", re.sub(r"{\w+:int}", "501", route.path))
                response = await site.http.get(path)
                # Whoever may not see the first page is shown hers instead: it is the address that everybody types.
                sent_on = path == "/" and response.headers.get("location") == "/inspection"
                refused = response.status_code == 403 or sent_on
                assert refused == (act not in STAFF_ACTS[role]), (path, response.status_code)
                tried += 1
        assert tried > 15

    play_office(room, database, scene, role)


def test_a_refusal_says_which_role_opens_the_page(room: Room, database: Database) -> None:
    async def scene(site: Site) -> None:
        response = await site.http.get("/accounts/501/hold")
        assert response.status_code == 403
        assert "Votre rôle n’ouvre pas cette page" in response.text
        assert "<p>sécurité</p>" in response.text, "in her language, and not in another beside"
        account = plain(await site.http.get("/accounts/501"))
        assert "Freiner ce compte" not in account
        assert "Ouvrir un incident" not in account

    play_office(room, database, scene, StaffRole.OPERATIONS)


def test_the_list_is_filtered_and_says_among_how_many_lines(room: Room, database: Database) -> None:
    async def scene(site: Site) -> None:
        shown = plain(await site.http.get("/live/lines?outcome=1"))
        assert "réponse montrée" in shown
        assert "preuve demandée" not in shown
        opticians = plain(await site.http.get("/live/lines?profession=7"))
        assert "Nadia Ferrand" in opticians
        assert "Claire Morvan" not in opticians
        none = plain(await site.http.get("/?outcome=2&act=1"))
        assert "Aucune des 20 000 dernières lignes ne répond à ce filtre." in none
        everything = plain(await site.http.get("/?outcome=nonsense&act=-1&profession=999"))
        assert "Les dernières lignes du journal" in everything

    play_office(room, database, scene)


def test_files_are_listed_with_their_progress_and_their_refusals(room: Room, database: Database) -> None:
    room.admin.execute(
        "insert into registry.feed (id, kind, insurer, file_sha256, state, phase, lines_done, bytes_total,"
        " bytes_done, rejected, shrink, started) values"
        " (41, 'rights', 1, '', 'running', 'reading', 640, 1000, 640, 2, null, now()),"
        " (42, 'rights', 2, '', 'held', 'ending', 900, 1000, 900, 0, 312, now())"
    )
    room.admin.execute(
        "insert into registry.feed_reason values"
        " (41, 'birth_date', 'shape', 'Ce n''est pas une date.', 'Not a date.',"
        " 'Huit chiffres.', 'Eight digits.', 2)"
    )
    room.admin.execute("insert into registry.feed_refused values (41, 17, 'birth_date', 'shape')")
    room.admin.execute(
        'insert into registry.remote (insurer, url, public_key, "by", why)'
        " values (2, 'https://droits.lac.example/', decode(repeat('00', 32), 'hex'), 'x', 'x')"
    )
    room.admin.execute("insert into registry.remote_day values (2, gate.today(), 1204, 31)")
    room.admin.execute(
        "insert into registry.remote_state (insurer, away_until) values (2, now() + interval '1 minute')"
    )
    room.admin.commit()

    async def scene(site: Site) -> None:
        listed = plain(await site.http.get("/feeds"))
        assert "2 fichiers sont en cours" in listed
        assert "64 % du fichier est traité." in listed
        assert "Ce fichier ferait perdre leurs droits à 312 personnes" in listed
        assert "--insurer 99100002 --whole --confirm-shrink 312" in listed
        assert "99100002 Ne répond pas : ses assurés sont pris en dépôt 1 204 31" in listed.replace("\u202f", " ")
        one = plain(await site.http.get("/feeds/41"))
        assert "birth_date Ce n'est pas une date. Huit chiffres. 2" in one
        file = await site.http.get("/feeds/41/refused.csv")
        assert file.headers["content-type"].startswith("text/csv")
        assert "17,birth_date,Ce n'est pas une date.,Huit chiffres.,Not a date.,Eight digits." in file.text
        assert (await site.http.get("/feeds/43")).status_code == 404

    play_office(room, database, scene, StaffRole.OPERATIONS)


def test_another_operator_s_alert_is_entered_once_with_its_line_and_counts_as_one_accusation(
    room: Room, database: Database, connect: Connect, keyring: Keyring
) -> None:
    async def scene(site: Site) -> None:
        path = "/accounts/501/alert"
        assert "Rappelez-le à un numéro que vous aviez déjà" in plain(await site.http.get(path))
        assert "/accounts/501/alert" in (await site.http.get("/accounts/501")).text
        for wrong in ("", "x" * 81, "2 85 02 99 341 007 53"):
            refused = await site.http.post(path, data=form_of(site) | {"operator": wrong})
            assert refused.status_code == 422
        assert (await site.http.post(path, data=form_of(site) | {"operator": "Merlerive"})).status_code == 303
        again = await site.http.post(path, data=form_of(site) | {"operator": " MERLERIVE "})
        assert (again.status_code, "compte déjà" in again.text) == (422, True)
        assert (await site.http.get("/accounts/999/alert")).status_code == 404

    play_office(room, database, scene)
    ((number, professional, operator),) = rows(room, "select id, professional, operator from access.alert")
    assert (professional, operator) == (501, "Merlerive")
    bodies = [decode(bytes(one)) for (one,) in room.admin.execute("select body from journal.entry where kind = 5")]
    assert [(line.act, line.reference) for line in bodies] == [(Act.STAFF_ALERT, number)]
    worker = connect("tierce_worker")
    watcher = Watcher(worker, Appender.enrol(worker, "worker", keyring.instance("worker")), SystemClock(), bytes(16))
    before = rows(room, "select count(*) from access.ladder")
    watcher.tidy()
    lines = rows(room, "select id from access.line where professional = 501")
    assert rows(room, "select count(*) from access.accused") == [(len(lines),)]
    assert rows(room, "select count(*) from access.ladder") == before, "alone it holds nobody"


def test_alerts_of_other_operators_are_listed_with_what_each_does_and_one_is_set_aside_with_a_reason(
    room: Room, database: Database
) -> None:
    room.admin.execute(
        "insert into access.alert_peer (name, issuer, keys, why)"
        " values ('Merlerive', 'https://merlerive.example', '', 'x')"
    )
    room.admin.execute(
        "insert into access.peer_set (peer, jti, event, known) select 1, gen_random_uuid(), 1, false"
        f" from generate_series(1, {UNUSUAL_A_DAY})"
    )
    room.admin.commit()

    async def scene(site: Site) -> None:
        empty = plain(await site.http.get("/alerts"))
        assert "Aucun opérateur n'a envoyé d'alerte" in empty
        assert f"Merlerive a envoyé {UNUSUAL_A_DAY} alertes aujourd'hui" in empty
        assert "1 opérateur envoie beaucoup d'alertes" in plain(await site.http.get("/"))
        room.admin.execute(
            'insert into access.alert (id, professional, operator, at, "by", peer, event, since, until, confidence)'
            " values (77, 501, 'Merlerive', now(), '', 1, 4, now() - interval '2 h', now() - interval '1 h', 3)"
        )
        room.admin.commit()
        for page in ("/alerts", "/accounts/501"):
            said = plain(await site.http.get(page))
            assert "aspirer une liste de personnes. L'opérateur le tient pour établi." in said
            assert "pas encore comptée" in said
        for wrong in ("", "vu avec 2 85 02 99 341 007 53"):
            refused = await site.http.post("/alerts/77", data=form_of(site) | {"why": wrong})
            assert refused.status_code == 422
        done = await site.http.post("/alerts/77", data=form_of(site) | {"why": "Rappelé : une erreur chez eux."})
        assert (done.status_code, done.headers["location"]) == (303, "/alerts")
        after = plain(await site.http.get("/alerts"))
        assert "par Hélène Vasseur Rappelé : une erreur chez eux." in after
        assert "/alerts/77" not in (await site.http.get("/alerts")).text
        again = await site.http.post("/alerts/77", data=form_of(site) | {"why": "Encore."})
        assert again.status_code == 409

    play_office(room, database, scene)
    bodies = [decode(bytes(one)) for (one,) in room.admin.execute("select body from journal.entry where kind = 5")]
    assert [(line.act, line.reference) for line in bodies] == [(Act.STAFF_ALERT_ASIDE, 77)]


def test_what_a_professional_was_e_mailed_of_is_read_and_that_nothing_left(room: Room, database: Database) -> None:
    tell = b"select notice.tell_own(501, 3::smallint, 'Cabinet', null, null)"
    room.admin.execute("delete from directory.contact where professional = 501")
    room.admin.execute(tell)
    room.admin.execute(tell)
    room.admin.commit()

    async def scene(site: Site) -> None:
        page = plain(await site.http.get("/accounts/501"))
        assert "2 codes d'assistant · pas d'adresse" in page
        assert "ce professionnel n'a pas été prévenu" in page
        room.admin.execute("update notice.own_mail set email = 'c@m.example', ended = null, how = null")
        room.admin.commit()
        page = plain(await site.http.get("/accounts/501"))
        assert "2 codes d'assistant · attend de partir" in page
        assert "c@m.example" not in page
        assert "pas été prévenu" not in page

    play_office(room, database, scene)


def test_an_assistant_is_ended_with_a_reason_and_its_line(room: Room, database: Database) -> None:
    room.admin.execute(
        "insert into directory.activity (id, professional, establishment, profession) overriding system value"
        " values (91, 501, 601, 1) on conflict do nothing;"
        "insert into access.assistant (id, professional, establishment, activity, family_name, given_name, handle,"
        " until_day, login, device) overriding system value select 71, 501, 601, id, 'Belkacem', 'Nadia',"
        " decode(repeat('00', 16), 'hex'), gate.today() + 90, 701, 66 from directory.activity"
        " where professional = 501 and establishment = 601 limit 1;"
        f"update access.session set assistant = 71 where id = {SESSION}"
    )
    room.admin.commit()

    async def scene(site: Site) -> None:
        page = plain(await site.http.get("/accounts/501"))
        assert "1 assistant désigné" in page
        assert "Assistant n° 71, Nadia Belkacem" in page
        path = "/accounts/501/assistants/71/end"
        assert "Ses sessions se ferment aussitôt" in plain(await site.http.get(path))
        assert (await site.http.post(path, data=form_of(site))).status_code == 422, "a reason is asked for"
        said = {**form_of(site), "reason": "Clé d'accès partagée."}
        other = await site.http.post("/accounts/502/assistants/71/end", data=said)
        assert other.status_code == 409, "another account's"
        assert (await site.http.post(path, data=said)).status_code == 303
        assert (await site.http.post(path, data=said)).status_code == 409
        assert (await site.http.get(path)).status_code == 404

    play_office(room, database, scene)
    assert rows(room, "select ended_by, ended_why from access.assistant") == [
        ("Hélène Vasseur", "Clé d'accès partagée.")
    ]
    assert rows(room, "select revoked_why from access.session") == [("assistant ended",)]
    ((body,),) = rows(room, "select body from journal.entry where kind = 5")
    assert isinstance(body, bytes)
    assert (decode(body).act, decode(body).reference) == (Act.STAFF_ASSISTANT_END, 71)
