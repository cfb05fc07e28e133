"""Transfers on pages: approved and settled in the office by two people, read on the portal by whoever is paid."""

import re
from pathlib import Path

import httpx
import pytest

from tests.bank_files import Line, statement, written
from tests.integration.accounts_world import BRUNO, HELENE, IBAN, OTHER_IBAN, known
from tests.integration.conftest import Connect
from tests.integration.rooms import Room, open_room
from tests.integration.signin_world import API, Desk, Play
from tests.integration.sites_world import Site, play_office
from tests.integration.test_office_site import form_of, plain
from tests.integration.tickets import held_cookies
from tests.integration.transfers_world import PAYER_IBAN, Treasury
from tests.unit.portal_samples import HOTLINE
from tests.unit.test_bank_files import report
from tierce.billing.settlement.listing import read_list
from tierce.billing.settlement.model import Returned, Word
from tierce.billing.settlement.recoveries.desk import Typed
from tierce.billing.settlement.recoveries.model import Word as RecoveryWord
from tierce.billing.settlement.replies.service import Listener
from tierce.journal.model import Entry
from tierce.policy.acts import Act
from tierce.policy.staff import StaffRole
from tierce.storage.database import Database
from tierce.storage.keys import Keyring
from tierce.web.portal.app import create_app
from tierce.web.portal.settings import PortalSettings

pytestmark = pytest.mark.integration


def shows_none(*pages: httpx.Response) -> None:
    """No page holds an account, whatever stands between its characters."""
    for page in pages:
        compact = re.sub(r"[^A-Za-z0-9]", "", page.text)
        assert not [iban for iban in (IBAN, OTHER_IBAN) if iban[4:-4] in compact]


@pytest.fixture
def room(connect: Connect, keyring: Keyring) -> Room:
    return open_room(connect, keyring)


@pytest.fixture
def treasury(room: Room, connect: Connect, keyring: Keyring, tmp_path: Path) -> Treasury:
    room.admin.commit()
    made = Treasury.open_(connect, keyring, tmp_path / "payments", places=(604, 605))
    made.due(604, 4_000)
    made.due(605, 2_500)
    made.turn()
    return made


def test_one_of_the_staff_approves_what_another_approved_and_says_what_the_bank_did(
    room: Room, database: Database, treasury: Treasury
) -> None:
    batch = treasury.batch(1)
    at = f"/payments/{batch}"

    async def scene(site: Site) -> None:
        queue, page = await site.http.get("/payments"), await site.http.get(at)
        assert "1 lot de virements en cours" in plain(queue)
        assert "2 virements vers des comptes qui n'ont encore rien reçu d'ici" in plain(page)
        assert "Approuver 65,00 €" in plain(page).replace("\u00a0", " ").replace("\u202f", " ")
        wrong = await site.http.post(f"{at}/approve", data=form_of(site, what="approve", total="6501"))
        assert wrong.status_code == 409
        sent = form_of(site, what="approve", total="6500")
        assert (await site.http.post(f"{at}/approve", data=sent)).status_code == 303
        assert "une autre personne doit le dire" in plain(await site.http.get(at))
        assert (await site.http.post(f"{at}/approve", data=sent)).status_code == 409
        silent = await site.http.post(f"{at}/approve", data=form_of(site, what="refuse", said=""))
        assert silent.status_code == 422
        holding = await site.http.post(f"{at}/approve", data=form_of(site, what="refuse", said=IBAN))
        assert holding.status_code == 422
        assert (await site.http.post(f"{at}/list", data=form_of(site))).status_code == 409, "no file is written yet"
        treasury.say(batch, Word.APPROVE, BRUNO)
        treasury.turn()
        filed = await site.http.get(at)
        assert (await site.http.post(f"{at}/list", data={})).status_code == 401, "without the form's token"
        listed = await site.http.post(f"{at}/list", data=form_of(site))
        assert listed.headers["content-disposition"] == f'attachment; filename="virements-{batch:016x}.json"'
        assert {one.amount for one in read_list(listed.content).transfers} == {4_000, 2_500}
        shows_none(listed)
        assert f"virements-{batch:016x}.xml.age" in plain(filed)
        assert (await site.http.post(f"{at}/settle", data=form_of(site, what="executed"))).status_code == 303
        number = treasury.all("select id from bank.transfer where establishment = 604")[0][0]
        one = await site.http.get(f"/transfers/{number}")
        assert "Cabinet 604" in plain(one)
        nothing = await site.http.post(f"/transfers/{number}/returned", data=form_of(site))
        assert nothing.status_code == 422
        back = form_of(site, detail=str(Returned.ACCOUNT_CLOSED.value))
        assert (await site.http.post(f"/transfers/{number}/returned", data=back)).status_code == 303
        assert "compte clos" in plain(await site.http.get(f"/transfers/{number}")).lower()
        treasury.desk.say(
            treasury.office, BRUNO, batch, Word.RETURNED, subject=number, detail=str(Returned.ACCOUNT_CLOSED.value)
        )
        after = await site.http.get("/payments")
        assert "un virement à ce compte est revenu" in plain(after).lower()
        assert (await site.http.get("/payments/12345")).status_code == 404
        assert (await site.http.get("/transfers/12345")).status_code == 404
        shows_none(queue, page, holding, filed, one, after)

    play_office(room, database, scene, StaffRole.OPERATIONS)


def test_staff_read_what_the_bank_s_files_say_and_still_say_it_themselves(
    room: Room, database: Database, treasury: Treasury, tmp_path: Path
) -> None:
    batch = treasury.approve()
    treasury.turn()
    number = treasury.all("select id from bank.transfer where establishment = 604")[0][0]

    async def scene(site: Site) -> None:
        assert "Aucun fichier de la banque n'en parle." in plain(await site.http.get(f"/payments/{batch}"))
        silent = await site.http.get(f"/transfers/{number}")
        assert "demandez la preuve à la banque" in plain(silent)
        back = Line(4_000, credit=True, transfers=[(number, 4_000)], code="AC04")
        content = statement([Line(6_500, batch=batch), back], PAYER_IBAN)
        settling = treasury.settling
        listener = Listener(settling.appender, settling.clock, PAYER_IBAN, settling.opener)
        listener.hear(treasury.billing, written(tmp_path, content))
        page, one = await site.http.get(f"/payments/{batch}"), await site.http.get(f"/transfers/{number}?lang=en")
        assert "exécuté par la banque" in plain(page)
        assert "Selon la banque : revenu. À dire à deux." in plain(page)
        assert "closed account (AC04)" in plain(one)
        assert re.search(r'value="2"[^>]* checked', one.text), "the bank's reason is proposed"
        assert "demandez la preuve" not in plain(await site.http.get(f"/transfers/{number}"))
        assert "parti malgré ce rejet" not in plain(await site.http.get(f"/transfers/{number}"))
        again = statement([Line(6_500, batch=batch, entry="E-2")], PAYER_IBAN, name="2")
        listener.hear(treasury.billing, written(tmp_path, again))
        assert "il a peut-être été passé deux fois" in plain(await site.http.get(f"/payments/{batch}?lang=fr"))
        shows_none(page, silent, one)

    play_office(room, database, scene, StaffRole.OPERATIONS)


def test_one_of_the_staff_says_that_what_a_report_rejects_left_and_another_says_so_too(
    room: Room, database: Database, treasury: Treasury, tmp_path: Path
) -> None:
    batch = treasury.approve()
    treasury.turn()
    number = treasury.all("select id from bank.transfer where establishment = 604")[0][0]

    async def scene(site: Site) -> None:
        settling, at = treasury.settling, f"/transfers/{number}"
        listener = Listener(settling.appender, settling.clock, PAYER_IBAN, settling.opener)
        listener.hear(treasury.billing, written(tmp_path, report("PART", (number, "RJCT", "AC01"), of=batch)))
        treasury.say(batch, Word.EXECUTED)
        assert "parti malgré ce rejet" in plain(await site.http.get(at))
        holding = await site.http.post(f"{at}/left", data=form_of(site, said=f"Débit de {IBAN}"))
        assert holding.status_code == 422
        assert (await site.http.post(f"{at}/left", data=form_of(site, said="Débit lu."))).status_code == 303
        half = await site.http.get(at)
        assert "une autre personne doit le dire aussi" in plain(half)
        assert treasury.desk.left(treasury.office, BRUNO, number, "Lu aussi.")
        whole = await site.http.get(at)
        assert "malgré le rejet annoncé. Lu aussi." in plain(whole)
        assert "Selon la banque : rejeté" not in plain(await site.http.get(f"/payments/{batch}"))
        shows_none(holding, half, whole)

    play_office(room, database, scene, StaffRole.OPERATIONS)


def test_one_of_the_staff_opens_a_recovery_and_another_approves_it(
    room: Room, database: Database, treasury: Treasury
) -> None:
    batch = treasury.approve()
    treasury.turn()
    number = treasury.all("select id from bank.transfer where establishment = 604")[0][0]
    reference = treasury.all("select reference from care.invoice where establishment = 604")[0][0]

    async def scene(site: Site) -> None:
        at = f"/transfers/{number}/recover"
        assert "n'est pas payé" in plain(await site.http.get(at))
        treasury.say(batch, Word.EXECUTED)
        assert "Récupérer un indu de" in plain(await site.http.get(f"/transfers/{number}"))
        fields = {"reference": reference, "euros": "40,01", "reason": "2", "said": f"Droits finis. {IBAN}"}
        wrong = await site.http.post(at, data=form_of(site, **fields))
        assert (wrong.status_code, IBAN in wrong.text) == (422, False)
        fields["said"] = "Droits finis."
        assert (await site.http.post(at, data=form_of(site, **fields))).status_code == 422
        fields["euros"] = "40"
        made = await site.http.post(at, data=form_of(site, **fields))
        assert made.status_code == 303
        page = await site.http.get(made.headers["location"])
        assert "une autre personne doit le dire aussi" in plain(page)
        recovery = int(made.headers["location"].rpartition("/")[2])
        said = f"/recoveries/{recovery}/say"
        again = await site.http.post(said, data=form_of(site, what="approve", amount="4000"))
        assert again.status_code == 409
        desk = treasury.recoveries
        assert desk.say(treasury.office, BRUNO, recovery, RecoveryWord.APPROVE, seen_amount=4_000)
        assert "annoncé, peut être contesté" in plain(await site.http.get("/recoveries"))
        unsaid = await site.http.post(said, data=form_of(site, what="cancel"))
        assert unsaid.status_code == 422
        cancelled = await site.http.post(said, data=form_of(site, what="cancel", said="Contesté, à raison."))
        assert cancelled.status_code == 303
        treasury.admin.execute("update bank.recovery set due = due - interval '4000 days'")
        treasury.admin.execute("update bank.batch set prepared = prepared - interval '4000 days'")
        assert "1 lieu qu'aucun virement ne solde plus" in plain(await site.http.get("/payments"))
        listed = await site.http.get("/recoveries")
        assert "que le lieu doit" in plain(listed)
        assert listed.text.count(f'href="/recoveries/{recovery}"') == 2, "from its place, and from the newest"
        whole = await site.http.get(f"/recoveries/{recovery}?lang=en")
        assert "somebody else must say so too" in plain(whole)
        unread = await site.http.post(said, data=form_of(site, what="settle", amount="3999", said="Chèque."))
        assert unread.status_code == 409
        settled = await site.http.post(said, data=form_of(site, what="settle", amount="4000", said="Chèque."))
        assert settled.status_code == 303
        assert desk.say(treasury.office, BRUNO, recovery, RecoveryWord.SETTLE, said="Lu.", seen_amount=4_000)
        assert "ne solde plus" not in plain(await site.http.get("/payments"))
        whole = await site.http.get(f"/recoveries/{recovery}?lang=en")
        assert "somebody else must say so too" not in plain(whole), "what was said before counts no more"
        assert (await site.http.get("/recoveries/5")).status_code == 404

    play_office(room, database, scene, StaffRole.OPERATIONS)


def test_who_looks_after_neither_accounts_nor_files_moves_nothing(
    room: Room, database: Database, treasury: Treasury
) -> None:
    async def scene(site: Site) -> None:
        at = f"/payments/{treasury.batch(1)}"
        for path in ("approve", "settle"):
            sent = form_of(site, what="approve", total="6500")
            assert (await site.http.post(f"{at}/{path}", data=sent)).status_code == 403
        assert "Approuver 65" not in plain(await site.http.get(at))

    play_office(room, database, scene, StaffRole.DPO)


def test_whoever_is_paid_reads_her_own_transfers_and_nobody_else_s(
    play: Play, connect: Connect, keyring: Keyring, tmp_path: Path
) -> None:
    made: list[Treasury] = []

    async def scene(desk_: Desk) -> None:
        morvan = await known(desk_, connect("postgres", autocommit=True))
        treasury = Treasury.open_(connect, keyring, tmp_path / "payments", places=(602,))
        made.append(treasury)
        place = treasury.all("select a.establishment from access.session s join directory.activity a"
                             " on a.id = s.activity where s.device = %s", int(morvan.device))[0][0]  # fmt: skip
        treasury.admin.execute("insert into registry.insurer (id, amc, name) values (1, '99100001', 'Grand Chêne')"
                               " on conflict do nothing")  # fmt: skip
        treasury.account(place, IBAN)
        for cents in (4_000, 2_500):
            treasury.due(place, cents)
        treasury.due(602, 900)
        empty = await desk_.send("GET", "/v1/transfers", morvan.handle)
        assert empty.json() == {"rows": [], "cursor": None}
        treasury.filed()
        listed = await desk_.send("GET", "/v1/transfers", morvan.handle)
        (row,) = listed.json()["rows"]
        assert (row["amount"], row["invoices"], row["account"]) == (6_500, 2, "FR •••• 0172")
        whole = (await desk_.send("GET", f"/v1/transfers/{row['id']}", morvan.handle)).json()
        assert sorted(line["paid"] for line in whole["lines"]) == [2_500, 4_000]
        others = treasury.all("select id from bank.transfer where establishment = 602")[0][0]
        for number in (str(others), "0", "x", "9" * 19):
            missing = await desk_.send("GET", f"/v1/transfers/{number}", morvan.handle)
            assert (missing.status_code, missing.json()["code"]) == (404, "transfer_unknown")
        app = create_app(PortalSettings("http://127.0.0.1:9", API, API, HOTLINE), transport=desk_.transport)
        wire = httpx.ASGITransport(app=app)  # type: ignore[arg-type]  # Litestar’s own names for the ASGI callables
        cookies = held_cookies(morvan.handle, desk_.tickets[morvan.handle])
        async with httpx.AsyncClient(transport=wire, base_url="http://127.0.0.1:9", cookies=cookies) as web:
            pages = [await web.get("/transfers"), await web.get(f"/transfers/{row['id']}?lang=en")]
        assert (row["reference"] in plain(pages[1]), "FR •••• 0172" in plain(pages[0])) == (True, True)
        shows_none(listed, *pages)
        assert (await desk_.send("GET", "/v1/recoveries", morvan.handle)).json() == {"rows": []}
        treasury.say(treasury.batch(3), Word.EXECUTED)
        invoice, own = treasury.all("select id, reference from care.invoice where due = 4000")[0]
        desk = treasury.recoveries
        typed = Typed(own, "30", "2", "Les droits étaient finis.")
        opened = desk.open_(treasury.office, HELENE, int(row["id"]), typed)
        assert (await desk_.send("GET", "/v1/recoveries", morvan.handle)).json() == {"rows": []}, "one person is none"
        assert desk.say(treasury.office, BRUNO, opened, RecoveryWord.APPROVE, seen_amount=3_000)
        (told,) = (await desk_.send("GET", "/v1/recoveries", morvan.handle)).json()["rows"]
        assert (told["invoice"], told["state"]["code"], told["taken"]) == (str(invoice), "told", 0)
        async with httpx.AsyncClient(transport=wire, base_url="http://127.0.0.1:9", cookies=cookies) as web:
            page = await web.get("/recoveries")
        assert "Les droits étaient finis." in plain(page)
        assert str(opened) in plain(page)
        treasury.admin.execute("update bank.recovery set due = now()")
        treasury.admin.execute("update bank.batch set prepared = prepared - interval '1 day'")
        treasury.due(place, 1_000)
        treasury.filed()
        newest = (await desk_.send("GET", "/v1/transfers", morvan.handle)).json()["rows"][0]
        assert (newest["amount"], newest["recovered"]) == (700, 300)
        for caller in (HELENE, BRUNO):
            desk.say(treasury.office, caller, opened, RecoveryWord.SETTLE, said="Chèque.", seen_amount=2_700)
        (one,) = (await desk_.send("GET", "/v1/recoveries", morvan.handle)).json()["rows"]
        assert (one["state"]["code"], one["taken"], one["settled"]) == ("done", 300, 2_700)
        async with httpx.AsyncClient(transport=wire, base_url="http://127.0.0.1:9", cookies=cookies) as web:
            taking = await web.get(f"/transfers/{newest['id']}")
        assert "-3,00 €" in plain(taking).replace("−", "-")
        shows_none(page, taking)

    play(scene)
    read: list[Entry] = [line for line in made[0].lines() if line.act is Act.TRANSFER_READ]
    lists = [line.reference for line in read if line.reference == 0]
    assert lists == [0] * 6, "six lists that held something"
    assert all(line.person == 0 for line in read)
