"""« Suis-je concerné ? »: every answer leaves with one size, at one of a few set times after its question.

An eavesdropper who sees when and how many bytes must learn nothing, whether the answer is yes, not established or no.
So a page is filled up to a size that depends on the number of incidents alone, and it waits for its turn.
"""

import asyncio
from typing import Final

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler

from tierce.kernel.categories import DataCategory, each
from tierce.kernel.language import Phrase
from tierce.persons.concerned.advice import advice
from tierce.persons.concerned.model import Told
from tierce.persons.concerned.service import Concerned
from tierce.policy.acts import Act
from tierce.web.persons.said import SAID
from tierce.web.persons.site import PersonsSite
from tierce.web.visit import AnyRequest

FRAME_BYTES: Final = 16_384
INCIDENT_BYTES: Final = 12_288
"""More than the longest answer for one incident; a test makes the longest."""
TURN_SECONDS: Final = 0.25
"""Answers leave at multiples of this after their question; the work takes far less, so nearly always at the first."""


def concerned_handlers(site: PersonsSite, concerned: Concerned) -> list[HTTPRouteHandler]:
    """Make the routes of the question and of its answer."""

    @get("/concerned", opt={"act": Act.NONE})
    async def question(request: AnyRequest) -> Response[str]:
        return site.page(await site.visit(request), "concerned.html", {"told": None})

    @post("/concerned", status_code=200, opt={"act": Act.PERSON_CONCERNED})
    async def answer(request: AnyRequest) -> Response[str]:
        loop = asyncio.get_running_loop()
        began = loop.time()
        visit = await site.visit(request)
        await site.sign_in.check_form(request)
        told = await site.rows.read(lambda connection: concerned.ask(connection, visit.caller, visit.handle))
        values = {
            "told": told,
            "said": {one.incident: shown_words(one) for one in told},
            "advice": advice(all_shown(told)),
        }
        page = site.page(visit, "concerned.html", values)
        page.content = filled(page.content, len(told))
        turns = (loop.time() - began) // TURN_SECONDS + 1
        await asyncio.sleep(began + turns * TURN_SECONDS - loop.time())
        return page

    return [question, answer]


def shown_words(told: Told) -> list[list[Phrase]]:
    """What was shown of her, a list of words for each insurer."""
    return [[SAID[category] for category in each(one.categories)] for one in told.shown]


def all_shown(told: tuple[Told, ...]) -> DataCategory:
    """Every category that any incident showed of her."""
    found = DataCategory.NONE
    for one in told:
        for shown in one.shown:
            found |= shown.categories
    return found


def filled(page: str, incidents: int) -> str:
    """Fill a page up with spaces to the size of every answer about this number of incidents."""
    step = FRAME_BYTES + INCIDENT_BYTES * incidents
    missing = -len(page.encode()) % step
    return page + " " * missing
