"""Accounts on pages: asked for and stopped on the portal, confirmed and refused in the office; masked everywhere."""

import json
import re

import httpx
import pytest

from tests.integration.accounts_world import HOLDER, IBAN, Offices, known
from tests.integration.conftest import Connect
from tests.integration.rooms import Room, open_room
from tests.integration.signin_world import API, Desk, Play
from tests.integration.sites_world import Site, play_office
from tests.integration.test_office_site import form_of, plain
from tests.integration.tickets import held_cookies
from tests.unit.portal_samples import HOTLINE
from tierce.billing.bank.model import AccountState
from tierce.policy.staff import StaffRole
from tierce.storage.database import Database
from tierce.storage.keys import Keyring
from tierce.web.portal.app import create_app
from tierce.web.portal.settings import PortalSettings
from tierce.web.portal.site import form_token

pytestmark = pytest.mark.integration
WRONG = IBAN[:-1] + "3"
NUMBER = 51


def shows_none(*pages: httpx.Response) -> None:
    """No page holds an account, whatever stands between its characters."""
    for page in pages:
        for text in (page.text, str(page.headers)):
            compact = re.sub(r"[^A-Za-z0-9]", "", text)
            assert IBAN not in compact
            assert IBAN[4:-4] not in compact
            assert WRONG not in compact


def test_it_is_asked_for_on_the_portal_shown_to_everybody_there_and_taken_back(
    play: Play, connect: Connect, keyring: Keyring
) -> None:
    offices = Offices.open_(connect, keyring)

    async def scene(desk_: Desk) -> None:
        morvan = await known(desk_, offices.admin)
        settings = PortalSettings("http://127.0.0.1:9", API, API, HOTLINE)
        app = create_app(settings, transport=desk_.transport)
        cookies = held_cookies(morvan.handle, desk_.tickets[morvan.handle])
        token = {"form_token": form_token(morvan.handle)}

        async def post(web: httpx.AsyncClient, path: str, act: str, body: dict[str, str]) -> httpx.Response:
            sent = json.dumps(body)
            proof = morvan.key.proof(
                "POST", API + act, handle=morvan.handle, at=desk_.clock.now().timestamp(), body=sent.encode()
            )
            return await web.post(path, data={**token, "body": sent, "proof": proof.decode()})

        wire = httpx.ASGITransport(app=app)  # type: ignore[arg-type]  # Litestar’s own names for the ASGI callables
        async with httpx.AsyncClient(transport=wire, base_url="http://127.0.0.1:9", cookies=cookies) as web:
            empty = await web.get("/account")
            assert "Aucun compte pour l'instant" in plain(empty)
            wrong = await post(web, "/account", "/v1/account", {"iban": WRONG, "holder": HOLDER})
            assert (wrong.status_code, HOLDER in wrong.text) == (422, True)
            assert "deux chiffres de contrôle" in wrong.text
            asked = await post(web, "/account", "/v1/account", {"iban": IBAN, "holder": HOLDER})
            assert (asked.status_code, asked.headers["location"]) == (303, "/account?done=asked")
            page, help_ = await web.get("/account?done=asked"), await web.get("/help")
            assert "FR •••• 0172" in plain(page)
            assert "Retirer ma demande" in plain(page)
            assert "Un autre compte bancaire est demandé" in plain(help_)
            forged = await web.post("/account/stop", data={"form_token": "x", "body": "{}"})
            assert forged.status_code == 403
            stopped = await post(web, "/account/stop", "/v1/account/stop", {})
            assert stopped.headers["location"] == "/account?done=withdrawn"
            after = await web.get("/account?done=withdrawn&lang=en")
            assert "taken back" in plain(after)
            assert "Un autre compte" not in plain(await web.get("/help?lang=fr"))
            shows_none(empty, wrong, asked, page, help_, stopped, after)

    play(scene)


@pytest.fixture
def room(connect: Connect, keyring: Keyring) -> Room:
    """An office where an account waits, another is in force, and a third was refused."""
    opened = open_room(connect, keyring)
    opened.admin.execute(
        "insert into bank.account (id, establishment, sealed, country, tail, holder, state, origin, professional,"
        " due, since, ended, why, said, ended_by) values"
        " (%s, 601, 's', 'FR', '0172', 'SELARL des Tilleuls', 2, 1, 501, now() + interval '3 days', null, null, 0,"
        " null, null),"
        " (52, 601, 's', 'FR', '0273', 'Dr Claire Morvan', 3, 2, null, now(), now(), null, 0, null, null),"
        " (53, 601, null, 'FR', '0374', null, 5, 1, 501, now(), null, now(), 1, 'Personne ne le connaît.', 'Bruno')",
        (NUMBER,),
    )
    opened.admin.commit()
    return opened


CALLED = {"number_from": "2", "spoken_with": "Claire Morvan, gérante", "said": "Elle a dit 0172."}


def test_staff_read_what_is_odd_confirm_once_with_whom_they_spoke_and_refuse(room: Room, database: Database) -> None:
    async def scene(site: Site) -> None:
        queue = await site.http.get("/bank")
        assert "1 compte bancaire demandé" in plain(queue)
        page = await site.http.get(f"/bank/{NUMBER}")
        assert "Aucun message n'est parti" in plain(page)
        assert "Personne ne le connaît." in plain(page)
        for missing in CALLED:
            refused = await site.http.post(f"/bank/{NUMBER}/confirm", data=form_of(site, **(CALLED | {missing: ""})))
            assert refused.status_code == 422
        holding = await site.http.post(f"/bank/{NUMBER}/confirm", data=form_of(site, **CALLED | {"said": IBAN}))
        assert holding.status_code == 422
        assert "IBAN : n’en écrivez aucun" in holding.text.replace("\u00a0", " ")
        shows_none(holding)
        assert (await site.http.post(f"/bank/{NUMBER}/confirm", data=form_of(site, **CALLED))).status_code == 303
        page = await site.http.get(f"/bank/{NUMBER}")
        assert "Vous avez confirmé. Une autre personne appelle aussi." in plain(page)
        again = await site.http.post(f"/bank/{NUMBER}/confirm", data=form_of(site, **CALLED))
        assert (again.status_code, "n’attend plus" in again.text) == (409, True)
        said = form_of(site, said="On n’a joint personne.")
        assert (await site.http.post(f"/bank/{NUMBER}/refuse", data=said)).status_code == 303
        assert (await site.http.post(f"/bank/{NUMBER}/refuse", data=said)).status_code == 409
        assert "On n'a joint personne." in plain(await site.http.get(f"/bank/{NUMBER}"))
        assert "Aucun compte bancaire demandé" in plain(await site.http.get("/bank"))
        found = plain(await site.http.get("/bank", params={"place": "990000601"}))
        assert [one for one in ("0172", "0273", "0374", "effacé, sa durée est passée") if one not in found] == []
        assert "ne connaît pas ce numéro" in plain(await site.http.get("/bank", params={"place": "x" * 30}))
        assert (await site.http.get("/bank/999")).status_code == 404

    play_office(room, database, scene, StaffRole.OPERATIONS)
    rows = room.admin.execute("select state, ended_by from bank.account where id = 51").fetchone()
    assert rows == (AccountState.REFUSED, "Hélène Vasseur")


def test_who_holds_no_role_for_it_reads_them_masked_and_decides_nothing(room: Room, database: Database) -> None:
    async def scene(site: Site) -> None:
        page = await site.http.get(f"/bank/{NUMBER}")
        assert "Confirmer après un appel" not in plain(page)
        for path in ("confirm", "refuse"):
            assert (await site.http.post(f"/bank/{NUMBER}/{path}", data=form_of(site, **CALLED))).status_code == 403

    play_office(room, database, scene, StaffRole.DPO)
