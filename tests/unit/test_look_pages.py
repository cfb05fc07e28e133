"""Which entry of the navigation says where we are, and where the link to the other language leads."""

import asyncio
import re
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest

from tests.unit.portal_samples import HOTLINE
from tierce.kernel.language import Language
from tierce.web.insurers.site import LINKS as OF_INSURERS
from tierce.web.look import Frame, Link, Pages
from tierce.web.office.site import INSPECTOR_LINKS
from tierce.web.office.site import LINKS as OF_OFFICE
from tierce.web.persons.site import LINKS as OF_PERSONS
from tierce.web.portal.app import create_app
from tierce.web.portal.settings import PortalSettings
from tierce.web.portal.site import LINKS as OF_PORTAL


@pytest.mark.parametrize(
    ("links", "path", "said"),
    [
        (OF_OFFICE, "/", {"/": "page"}),
        (OF_OFFICE, "/accounts/12", {"/": "true"}),
        (OF_OFFICE, "/ladder", {"/ladder": "page"}),
        (OF_OFFICE, "/pools/4/12", {"/limits": "true"}),
        (OF_OFFICE, "/register/new", {"/incidents": "true"}),
        (OF_OFFICE, "/incidents/3/duties", {"/incidents": "true"}),
        (OF_OFFICE, "/laddering", {}),
        (INSPECTOR_LINKS, "/inspection/controls", {"/inspection/controls": "page"}),
        (INSPECTOR_LINKS, "/inspection/incidents/3", {"/inspection": "true"}),
        (OF_PORTAL, "/deposit", {"/ask": "true"}),
        (OF_PERSONS, "/letters", {"/concerned": "true"}),
        (OF_INSURERS, "/key", {"/incidents": "true"}),
        ((), "/", {}),
    ],
)
def test_one_entry_at_most_says_where_we_are(links: tuple[Link, ...], path: str, said: dict[str, str]) -> None:
    frame = Frame(Language.FR, path, links)
    assert {link.href: frame.here(link) for link in links if frame.here(link)} == said


def test_a_page_is_what_it_was_when_the_process_began_whatever_an_upgrade_puts_beside_it(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "words.toml").write_text('["site.name"]\nfr = "Essai"\nen = "Trial"\n', "utf-8")
    page = tmp_path / "templates" / "page.html"
    page.write_text("{{ lang }} {{ said }}", "utf-8")
    pages = Pages(tmp_path)
    page.write_text("{{ said_by_the_next_version }}", "utf-8")
    said = [pages.render("page.html", Frame(language, "/"), {"said": "dit"}) for language in Language]
    assert said == ["fr dit", "en dit"]


@pytest.mark.parametrize("path", ["//elsewhere.example/x", "/\\elsewhere.example", "/", "/help?x=1"])
def test_the_other_language_is_never_on_another_site(path: str) -> None:
    ours = "https://portail.example"
    app: Any = create_app(PortalSettings(ours, "http://127.0.0.1:1", "https://api.example", HOTLINE))

    async def shown() -> str:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=ours) as browser:
            return (await browser.get(ours + path)).text

    (link,) = re.findall(r'class="switch" href="([^"]*)"', asyncio.run(shown()))
    assert urljoin(ours + path, link).startswith(ours + "/")
