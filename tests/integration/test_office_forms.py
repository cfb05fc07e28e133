"""The pages of severity and of the CNIL form over HTTP."""

import html
import io
import json
import re

import pytest
from pypdf import PdfReader

from tests.integration.asks import AT
from tests.integration.conftest import Connect
from tests.integration.rooms import Room, open_room
from tests.integration.sites_world import Site, play_office
from tests.integration.test_incidents_register import REASONS
from tests.integration.test_office_site import attack, form_of, opened, plain
from tierce.incidents.form.vocabulary import FIELDS, SECTIONS
from tierce.kernel.clock import PARIS
from tierce.kernel.saying import fixed_french
from tierce.policy.staff import StaffRole
from tierce.storage.database import Database
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration

COHORT = {
    "key": "assures", "label": "Assurés lus", "controller": "insurers", "category-1": "1", "category-4": "1",
    "people_least": "2", "people_most": "2", "people_method": "la liste", "records_least": "3", "records_most": "3",
    "records_method": "le journal", "class": "1", "class_reason": "identité", "step": "0", "ease": "1",
    "ease_reason": "NIR et nom", "confidentiality": "0.5", "integrity": "0", "availability": "0", "malicious": "1",
    "circumstances_reason": "compte hameçonné.",
}  # fmt: skip


@pytest.fixture
def room(connect: Connect, keyring: Keyring) -> Room:
    found = open_room(connect, keyring)
    attack(found)
    return found


def test_a_cohort_is_scored_step_by_step_and_concluded_by_a_person(room: Room, database: Database) -> None:
    async def scene(site: Site) -> None:
        path = await opened(site)
        empty = await site.http.get(f"{path}/severity")
        filled = await site.http.get(f"{path}{re.findall(r'/severity[?]of=insured', empty.text)[0]}")
        assert 'value="Assurés et leurs familles"' in filled.text
        assert re.search(r'name="people_most"[^>]*value="2"', filled.text), "nobody copies by hand what a list counts"
        assert 'name="ease_reason" type="text" value=""' in filled.text, "what is judged is judged"
        refused = await site.http.post(f"{path}/severity/score", data=form_of(site, **{**COHORT, "ease_reason": ""}))
        assert refused.status_code == 422
        assert 'value="compte hameçonné."' in refused.text
        assert (await site.http.post(f"{path}/severity/score", data=form_of(site, **COHORT))).status_code == 303
        page = plain(await site.http.get(f"{path}/severity"))
        assert "1 population attend votre conclusion" in page
        assert "compte hameçonné." in page
        assert "compte hameçonné.." not in page
        assert "Contexte × identification + circonstances = 2,0, niveau moyen" in page
        assert "Au moins importante le NIR ne se change pas" in page
        low = form_of(site, cohort="assures", risk="1", reasoning=REASONS, against_floor="")
        told = await site.http.post(f"{path}/severity/bridge", data=low)
        assert told.status_code == 422
        assert "Un risque élevé est présumé" in told.text
        high = form_of(site, cohort="assures", risk="2", reasoning=REASONS, against_floor="")
        assert (await site.http.post(f"{path}/severity/bridge", data=high)).status_code == 303
        assert "1 population, cotée et conclue" in plain(await site.http.get(f"{path}/severity"))

    play_office(room, database, scene, StaffRole.DPO)


def test_an_answer_typed_beside_not_known_yet_is_known_and_one_taken_back_is_not(
    room: Room, database: Database
) -> None:
    async def scene(site: Site) -> None:
        path = await opened(site)
        section = f"{path}/forms/0/sections/2"
        unknown = {f"{one.key}-is": "not known yet" for one in FIELDS if one.section == 2}
        typed = form_of(site, **{**unknown, "siren": "123456782"})
        assert (await site.http.post(section, data=typed)).status_code == 303
        assert 'value="123456782"' in (await site.http.get(section)).text, "what was typed is not dropped"
        assert (await site.http.post(section, data=typed)).status_code == 303
        assert 'value="123456782"' not in (await site.http.get(section)).text, "she chose: not known after all"

    play_office(room, database, scene, StaffRole.DPO)


def words_of(printed: bytes) -> str:
    """The text of a PDF, lines joined."""
    reader = PdfReader(io.BytesIO(printed))
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in reader.pages))


def test_n5_the_page_to_carry_has_every_field_in_the_service_s_order_and_versions_compare(
    room: Room, database: Database
) -> None:
    async def scene(site: Site) -> None:
        path = await opened(site)
        page = await site.http.get(f"{path}/forms/1/carry")
        assert html.unescape(page.text).count(f"{AT.astimezone(PARIS):%d/%m/%Y %H:%M}") >= 2, (
            "read then, not looked for"
        )
        shown = re.findall(r'<div class="carry" id="(\w+)">', page.text)
        assert shown == [field.key for field in FIELDS]
        text = html.unescape(page.text)
        assert all(f'<span lang="fr">{fixed_french(field.label.fr)}</span>' in text for field in FIELDS)
        assert 'data-copy="organisation-text"' in page.text
        assert (await site.http.get(f"{path}/forms/1/difference?before=0&after=1")).status_code == 404
        for value in ("oui", "non"):
            form = form_of(site, **{"ongoing-is": "known", "ongoing": value})
            assert (await site.http.post(f"{path}/forms/1/sections/6", data=form)).status_code == 303
        compared = plain(await site.http.get(f"{path}/forms/1/difference?before=1&after=2"))
        assert "De la version 1 à la version 2 : 1 champ" in compared
        assert "6. Est‑elle encore en cours ? Oui Non" in compared
        assert "Rien n'a changé" in plain(await site.http.get(f"{path}/forms/1/difference?before=2&after=2"))
        for wrong in ("before=1&after=3", "before=&after=1", "before=x&after=1", ""):
            assert (await site.http.get(f"{path}/forms/1/difference?{wrong}")).status_code == 404

    play_office(room, database, scene, StaffRole.DPO)


def test_a_form_is_filled_section_by_section_and_exported(room: Room, database: Database) -> None:
    async def scene(site: Site) -> None:
        path = await opened(site)
        listed = plain(await site.http.get(f"{path}/forms"))
        assert "3 responsables notifient la CNIL" in listed
        assert "Mutuelle du Grand Chêne" in listed
        for section in range(1, 15):
            plain(await site.http.get(f"{path}/forms/1/sections/{section}"))
        assert (await site.http.get(f"{path}/forms/1/sections/15")).status_code == 404
        wrong = form_of(site, **{"people_count-is": "known", "people_count-least": "deux", "people_count-most": "2"})
        refused = await site.http.post(f"{path}/forms/1/sections/8", data=wrong)
        assert refused.status_code == 422
        assert "Donnez deux nombres entiers." in refused.text
        form = form_of(
            site, **{"ongoing-is": "known", "ongoing": "non", "aware-is": "known", "aware": "2026-03-03T11:30"}
        )
        saved = await site.http.post(f"{path}/forms/1/sections/6", data=form)
        assert (saved.status_code, saved.headers["location"]) == (303, f"{path}/forms/1/sections/7")
        page = plain(await site.http.get(f"{path}/forms/1"))
        assert "Version 1, Hélène Vasseur" in page
        sent = await site.http.post(f"{path}/forms/1/export", data=form_of(site))
        draft = json.loads(sent.content)
        assert draft["values"]["ongoing"]["content"] is False
        assert draft["controller"] == 1
        printed = await site.http.post(f"{path}/forms/1/export", data=form_of(site, **{"as": "pdf"}))
        assert printed.headers["content-type"] == "application/pdf"
        words = words_of(printed.content)
        assert "Mutuelle du Grand Chêne" in words
        assert "Personne à contacter, Adresse électronique : Toujours exigé." in words, "two sections ask for one"
        assert all(f"{place}. {label.fr}" in words for place, label in enumerate(SECTIONS, start=1))

    play_office(room, database, scene, StaffRole.DPO)
