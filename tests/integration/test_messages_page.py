"""The office's page of messages: counts, texts, two approvals by two people, the stop, the letters."""

import asyncio
import re

import httpx
import pytest

from tests.integration.conftest import Connect
from tests.integration.logs import segments_folder
from tests.integration.messages_world import MessagesRoom, client_contact, lend, open_world
from tests.integration.rooms import HELENE, OAK
from tests.integration.sites_world import Site, office_site
from tests.integration.test_incidents_register import REASONS, end_duties, fill_register
from tierce.incidents.register.export import row_text
from tierce.kernel.clock import PARIS
from tierce.notices.contacts.model import Contact
from tierce.notices.deliveries.letters import batch_file
from tierce.notices.messages.rules import notice_digest, public_notice
from tierce.notices.messages.service import approved, newest_text
from tierce.storage.database import Database
from tierce.storage.keys import Keyring
from tierce.web.office.writing import MINUTE
from tierce.web.signin_site import FORM_FIELD

pytestmark = pytest.mark.integration


@pytest.fixture
def world(database: Database, connect: Connect, keyring: Keyring) -> MessagesRoom:
    made = open_world(database, connect, keyring, ((1, 1), (2, 1), (3, 1)))
    lend(made, OAK, {1: Contact("Paul Lenoir", None, ("12 rue des Genêts", "99120 Saint-Ourle"))})
    client_contact(connect, 501, "cabinet@morvan.example")
    return made


def hidden(page: str) -> dict[str, str]:
    """The digests that the form of approval carries."""
    return dict(re.findall(r'name="(audience|text)" value="([0-9a-f]+)"', page))


async def get(site: Site, path: str) -> httpx.Response:
    found = await site.http.get(path)
    assert found.status_code == 200, path
    return found


def plain(page: httpx.Response) -> str:
    return page.text.replace("\u202f", " ").replace("\u00a0", " ")


async def post(site: Site, path: str, typed: dict[str, str]) -> httpx.Response:
    return await site.http.post(path, data={**typed, FORM_FIELD: site.csrf})


def test_two_people_approve_what_they_have_read_and_one_stops_it(world: MessagesRoom, database: Database) -> None:
    path = f"/incidents/{world.incident}/messages"

    async def walk(site: Site) -> None:
        page = await get(site, path)
        assert "Personne n’est encore choisi" in page.text
        world.freeze()
        assert "figez maintenant le texte" in (await get(site, path)).text, "the list has not changed"
        assert (await post(site, f"{path}/write", {})).status_code == 303
        page = await get(site, path)
        assert "4 adultes à prévenir, pas encore approuvés par deux personnes" in plain(page)
        assert "Tout s’additionne" in page.text
        assert "Lenoir" not in page.text
        for place in range(3):
            text = await get(site, f"{path}/texts/{place}")
            assert text.status_code == 200
        assert f'href="{path}/public/text"' in (await get(site, f"{path}/public")).text
        public = (await get(site, f"{path}/public/text")).text
        assert "ne pouvons pas joindre autrement" in public
        assert "À publier tel quel" in public, "it is no specimen"
        digests = hidden(page.text)
        assert (await post(site, f"{path}/approve", {**digests, "text": "00"})).status_code == 409
        assert (await post(site, f"{path}/approve", digests)).status_code == 303
        assert (await post(site, f"{path}/approve", digests)).status_code == 409
        world.approve(bytes.fromhex(digests["audience"]), bytes.fromhex(digests["text"]), HELENE)
        assert "Approbations : 2 sur 2" in plain(await get(site, path))
        assert approved(world.room.office, world.incident)
        assert (await post(site, f"{path}/stop", {"reason": ""})).status_code == 409
        assert (await post(site, f"{path}/stop", {"reason": "Une erreur."})).status_code == 303
        assert "Les messages sont arrêtés" in (await get(site, path)).text
        assert (await post(site, f"{path}/resume", {})).status_code == 303
        folder = segments_folder(database).parent / "letters"
        rename = "update registry.insurer set name = replace(name, %s, %s) where id = %s"
        world.room.admin.execute(rename, ("Mutuelle", "www.mutuelle", OAK))
        world.room.admin.commit()
        assert world.outbox.print_letters(world.notices, world.incident, folder, processes=1) == []
        page = await get(site, path)
        assert "Lettre mise de côté, texte refusé" in page.text
        assert "Cette commande, à blanc, dit pourquoi" in page.text
        world.room.admin.execute(rename, ("www.mutuelle", "Mutuelle", OAK))
        world.room.admin.commit()
        world.outbox.print_letters(world.notices, world.incident, folder, processes=1)
        taken = await post(site, f"{path}/batches/1", {})
        assert taken.content[:2] == b"PK"
        file = batch_file(folder, world.audience().id, 1)
        assert taken.content == file.read_bytes()
        twice = await post(site, f"{path}/batches/1", {})
        assert twice.status_code == 409
        assert "Pris par Hélène Vasseur" in twice.text
        assert (await post(site, f"{path}/batches/1", {"again": "1"})).content == taken.content
        file.write_bytes(b"PK something else")
        assert (await post(site, f"{path}/batches/1", {})).status_code == 409
        assert (await post(site, f"{path}/posted", {"batch": "1"})).status_code == 303
        file.write_bytes(taken.content)
        assert (await post(site, f"{path}/batches/1", {})).status_code == 409, "what was posted is not given again"
        assert f"{path}/batches/1" not in (await get(site, path)).text
        assert (await post(site, f"{path}/posted", {"batch": "1"})).status_code == 409
        world.room.admin.execute("update notice.item set state = 3 where state = 1")
        world.room.admin.commit()
        said = (await get(site, path)).text
        assert "les autres attendent l’annonce publique" in said, "nobody publishes it but us"

    async def main() -> None:
        async with office_site(world.room, database) as site:
            await walk(site)

    asyncio.run(main())


def test_i7_who_decided_the_public_notice_where_and_when_it_came_out_are_in_the_register(
    world: MessagesRoom, database: Database
) -> None:
    world.freeze()
    world.write()
    room, number = world.room, world.incident
    why = "Trois organismes n'ont prêté aucune adresse, deux relances ont échoué, et l'annonce est lue par tous."
    out = room.clock.now().astimezone(PARIS).strftime(MINUTE)
    fill_register(room.clocks, room, number)
    end_duties(room, number)

    async def main() -> None:
        async with office_site(room, database) as site:
            path = f"/incidents/{number}/messages/public"

            async def not_closed() -> None:
                answer = await post(site, f"/incidents/{number}/duties/close", {"closing": REASONS})
                assert (answer.status_code, 'id="closing-error"' in answer.text) == (422, True)
                assert "sur la page de l’annonce, décidez-la" in answer.text

            await not_closed()
            page = plain(await get(site, path))
            assert "Décidez d’une annonce publique" in page
            assert "C’est le responsable du traitement qui décide" in page
            assert (await post(site, f"{path}/out", {"where": "Le Courrier", "out_at": out})).status_code == 422
            generic = await post(site, f"{path}/decide", {"why": "Toutes les mesures nécessaires."})
            assert (generic.status_code, 'id="why-error"' in generic.text) == (422, True)
            assert (await post(site, f"{path}/decide", {"why": why})).status_code == 303
            await not_closed()
            assert "Publiez l’annonce, puis dites où et quand" in plain(await get(site, path))
            assert "Publier l’annonce" in plain(await get(site, f"/incidents/{number}/duties"))
            nowhere = await post(site, f"{path}/out", {"where": "", "out_at": out})
            assert (nowhere.status_code, 'id="where-error"' in nowhere.text) == (422, True)
            duty = {"clock": "9-0", "done_at": out}
            assert (await post(site, f"/incidents/{number}/duties/done", duty)).status_code == 422
            for where in ("https://riveclaire.example/annonce", "Le Courrier de Port-Sérac, page 3"):
                assert (await post(site, f"{path}/out", {"where": where, "out_at": out})).status_code == 303
            page = plain(await get(site, path))
            assert "Annonce parue" in page
            assert page.index("riveclaire.example/annonce") < page.index("Le Courrier de Port-Sérac, page 3")
            assert "annonce publique" not in plain(await get(site, f"{path}?lang=en")).lower()
            assert "Annonce parue" in plain(await get(site, f"/incidents/{number}/messages?lang=fr"))
            closed = await post(site, f"/incidents/{number}/duties/close", {"closing": REASONS})
            assert closed.status_code == 422
            assert "2 messages ou lettres à finir" in plain(closed), "the notice told whom nothing else reaches alone"

    asyncio.run(main())
    decided, first, second = room.clocks.register.rows(room.office, number)[-3:]
    assert (decided.by, decided.facts["why"]) == ("Hélène Vasseur", why)
    text = public_notice(newest_text(room.office, number).message, world.counts().public)
    assert {first.facts["text"], second.facts["text"]} == {notice_digest(text)}
    assert row_text(first).fr.startswith("Publier l’annonce : paru ")


def test_what_was_read_of_an_older_list_is_not_approved_and_the_page_says_so(
    world: MessagesRoom, database: Database
) -> None:
    world.freeze()
    world.write()

    async def main() -> None:
        async with office_site(world.room, database) as site:
            path = f"/incidents/{world.incident}"
            digests = hidden((await get(site, f"{path}/messages")).text)
            assert (await post(site, f"{path}/scope", {})).status_code == 303
            refused = await post(site, f"{path}/messages/approve", digests)
            assert refused.status_code == 409
            assert "Une liste plus récente existe" in refused.text

    asyncio.run(main())
