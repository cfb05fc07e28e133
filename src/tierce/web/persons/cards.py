"""Her dynamic card: the place's code, the name of the place to agree to, then the QR code, made anew each minute."""

import io
from collections.abc import Mapping
from typing import Final

import segno
from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery

from tierce.identity.errors import SessionReason, SessionRefusedError
from tierce.policy.acts import Act
from tierce.policy.presence import CARD_RENEW_SECONDS
from tierce.presence.rules import read_place_code, spaced
from tierce.web.persons.desk import CardDesk, CardRefusedError
from tierce.web.persons.site import PersonsSite, Visit
from tierce.web.visit import AnyRequest

CODE_CHARS_MAX: Final = 20


def qr_svg(token: str) -> str:
    """The QR code of a card, to stand in the page: black on white in any theme, its margin included."""
    out = io.BytesIO()
    segno.make(token, error="m", boost_error=False, micro=False).save(
        out, kind="svg", xmldecl=False, svgns=False, nl=False, border=4, omitsize=True, dark="#000", light="#fff",
        svgclass="qr", lineclass=None,
    )  # fmt: skip
    return out.getvalue().decode("ascii")


def card_handlers(site: PersonsSite) -> list[HTTPRouteHandler]:
    """Make the routes of her card."""

    def form(visit: Visit, code: str = "", wrong: str = "", status: int = 200) -> Response[str]:
        if wrong == "bearer":
            raise SessionRefusedError(SessionReason.UNKNOWN)
        values = {"code": code, "wrong": wrong, "offered": site.cards is not None}
        return site.page(visit, "card.html", values, status=status)

    async def submitted(request: AnyRequest) -> tuple[Visit, CardDesk | None, str]:
        visit = await site.visit(request)
        fields: Mapping[str, str] = await site.sign_in.check_form(request)
        return visit, site.cards, fields.get("place", "")[:CODE_CHARS_MAX].strip()

    @get("/card", opt={"act": Act.NONE})
    async def ask(request: AnyRequest, place: FromQuery[str] = "") -> Response[str]:
        visit = await site.visit(request)
        code = read_place_code(place[:CODE_CHARS_MAX])
        return form(visit, "" if code is None else spaced(code))

    @post("/card", status_code=200, opt={"act": Act.NONE})
    async def agree(request: AnyRequest) -> Response[str]:
        visit, desk, code = await submitted(request)
        if desk is None:
            return form(visit, status=404)
        if read_place_code(code) is None:
            return form(visit, code, "place", 422)
        try:
            found = await desk.place(site.sign_in.handle(request), code)
        except CardRefusedError as error:
            return form(visit, code, error.code, 422)
        return site.page(visit, "card_agree.html", {"code": code, "place": found.full})

    @post("/card/show", status_code=200, opt={"act": Act.PRESENCE_CARD})
    async def show(request: AnyRequest) -> Response[str]:
        visit, desk, code = await submitted(request)
        if desk is None:
            return form(visit, status=404)
        try:
            card = await desk.card(site.sign_in.handle(request), code)
        except CardRefusedError as error:
            return form(visit, code, error.code, 422)
        values = {
            "code": code, "place": card.full, "qr": qr_svg(card.token), "token": card.token, "spoken": card.spoken,
            "seconds": card.seconds, "renew": CARD_RENEW_SECONDS,
        }  # fmt: skip
        return site.page(visit, "card_show.html", values)

    return [ask, agree, show]
