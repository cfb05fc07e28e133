"""Every page of every site, each as a document that a browser can be given: a page that is added is among them.

Those of the office, the persons' space and the insurers' site are what every route of their routing tables answers,
on a filled installation in this process; the portal's are its templates in each of their states, which a unit test
keeps complete; the status page's are its states.
"""

import asyncio
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import psycopg

from tests.integration.conftest import INSTANCES
from tests.integration.fresh import fresh_database
from tests.integration.site_thief import SiteThief
from tests.integration.sites_world import Site, insurers_site, office_site, persons_site
from tests.integration.stolen_world import ASKED, TYPED, StolenWorld, make_stolen_world
from tests.unit.portal_samples import HOTLINE, cases
from tierce.closings.model import Closing, Target
from tierce.kernel.clock import FixedClock
from tierce.kernel.language import Language
from tierce.policy.ladder import Level
from tierce.settings import OperatorSettings
from tierce.storage.cluster import Cluster
from tierce.storage.database import Database
from tierce.storage.keys import EVERY_KEY, Keyring, create_keys
from tierce.web.insurers.site import HERE as INSURERS
from tierce.web.look import Pages
from tierce.web.look.pages import pages_of
from tierce.web.office.site import HERE as OFFICE
from tierce.web.persons.site import HERE as PERSONS
from tierce.web.portal.site import HERE as PORTAL
from tierce.web.status.answering import Answering
from tierce.web.status.page import HERE as STATUS
from tierce.web.status.page import Status, StatusPage

FOLDERS: Final = {"office": OFFICE, "persons": PERSONS, "insurers": INSURERS, "portal": PORTAL, "status": STATUS}
OPEN: Final[dict[str, Callable[..., AbstractAsyncContextManager[Site]]]] = {
    "office": office_site, "persons": persons_site, "insurers": insurers_site,
}  # fmt: skip
TAGS: Final = re.compile(r"<[^>]+>")
VALUES: Final = re.compile(r"""(?<!class)(?<!type)(?<!role)=("[^"]*"|'[^']*')""")
FEWEST: Final = 15
"""More pages than that has each filled site, in each language."""
ADDRESSES: Final = 2
"""Addresses of one route: what is open to it, and what is another's."""


@dataclass(frozen=True)
class Shown:
    """One page as it was answered."""

    site: str
    name: str
    language: Language
    html: str

    @property
    def shape(self) -> str:
        """Its elements with the names of their attributes, and their classes: what it is but for its words."""
        return VALUES.sub("", " ".join(TAGS.findall(self.html)))

    def asset(self, path: str) -> tuple[bytes, str]:
        """A static file that it asks for; KeyError when there is none."""
        found = pages_of(FOLDERS[self.site]).asset(path if self.site != "status" else f"look/{path}")
        return found.content, found.media_type


def of_site(world: StolenWorld, site: str) -> Iterator[Shown]:
    """Every page that a site's routes answer to somebody who holds every role, and to nobody: one of each status."""

    async def visit() -> list[SiteThief]:
        async with OPEN[site](world.room, world.database) as opened:
            if site == "office":
                world.room.admin.execute(
                    "update access.staff_session set roles = '{security,dpo,operations,inspector}'"
                )
                world.room.admin.commit()
            known = world.known(site)
            visitors = [
                SiteThief(opened, world.room.admin, known, TYPED, ASKED, ADDRESSES, language=str(language))
                for language in Language
            ]
            for one in visitors:  # before what a form of either language changes
                await one.see()
            for one in visitors:
                await one.fill()
                await one.see()
                await one.send(one.heard[0].route, "/", cookie=False)
                await one.send(one.heard[0].route, "/nowhere")
            return visitors

    with ThreadPoolExecutor(1) as thread:  # a browser's own loop may be running in this one
        visitors = thread.submit(asyncio.run, visit()).result()
    for language, visitor in zip(Language, visitors, strict=True):
        found = {
            f"{one.route.method} {one.route.path} {one.told.status}": one.told.text
            for one in reversed(visitor.heard)
            if one.told.text.startswith("<!DOCTYPE html>")
        }
        yield from (Shown(site, name, language, html) for name, html in sorted(found.items()))


def of_filled(site: str, cluster: Cluster, template: Database, folder: Path) -> list[Shown]:
    """The same on an installation of its own, filled for it; its keys are made in `folder`."""
    create_keys(folder / "keys", INSTANCES)
    with fresh_database(cluster, template) as database, ExitStack() as stack:

        def connect(role: str, *, autocommit: bool = False) -> psycopg.Connection:
            return stack.enter_context(database.connect(role, autocommit=autocommit))

        keyring = Keyring(folder / "keys", EVERY_KEY)
        return list(of_site(make_stolen_world(database, connect, keyring, posted=site == "persons"), site))


def missing(shown: list[Shown]) -> list[str]:
    """What shows that not every page of a filled site is here: too few, or one that opened in one language alone."""
    names = [{one.name for one in shown if one.language == language} for language in Language]
    assert sum(map(len, names)) == len(shown), "two pages of one name"
    opened = [{name for name in some if name.startswith("GET") and name.endswith("200")} for some in names]
    return [f"{len(some)} pages" for some in names if len(some) <= FEWEST] + sorted(opened[0] ^ opened[1])


def of_portal(language: Language) -> Iterator[Shown]:
    """Every template of the portal, in each of its states."""
    pages = Pages(PORTAL, HOTLINE)
    for name, template, frame, values in cases(language):
        yield Shown("portal", name, language, pages.render(template, frame, values))


def of_status() -> Iterator[Shown]:
    """The status page: all is well, a part is closed, the store, `api` or a site is away. Both languages at once."""
    now = datetime(2026, 3, 3, 9, 12, tzinfo=UTC)
    operator = OperatorSettings("Rive Claire Tiers Payant", "4 quai des Merles", "01 99 00 14 20", "M", "a@b.example")
    page = StatusPage(None, operator, FixedClock(now), Answering(1, FixedClock(now)))
    closing = Closing(1, Target(Level.DOMAIN, 6), now, now + timedelta(hours=2), "Hélène", "panne")
    for name, status in (
        ("open", Status(None, (), {})), ("partly", Status(None, (closing,), {})), ("away", Status(now, (), {})),
        ("silent", Status(None, (), {}, now)),
        ("insurers", Status(None, (), {}, not_answering=("Mutuelle du Lac", "Prévoyance des Dunes"))),
    ):  # fmt: skip
        yield Shown("status", name, Language.FR, page.render(status, now))
    yield Shown("status", "instead", Language.FR, page.render(Status(None, (), {}), now, instead=True))
