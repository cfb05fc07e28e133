"""What holds a professional, and her appeal; nobody covered appears here."""

import msgspec
from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody

from tierce.identity.appeals.service import Appeals
from tierce.policy.acts import Act
from tierce.web.answers import HoldLine, HoldsAnswer
from tierce.web.api.signin import NO_TICKET, AnyRequest, handle_of, received, wiring_of


class AppealBody(msgspec.Struct, forbid_unknown_fields=True):
    """Why one should not be held; names no patient."""

    hold: str
    said: str


ON = {1: "account", 2: "device", 3: "establishment"}
REPLACED = "replaced"


@get("/v1/holds", opt={"act": Act.HOLDS_READ})
async def list_holds(request: AnyRequest) -> HoldsAnswer:
    """Tell what holds one's account, device or establishment, until when, and what became of one's appeal."""
    rows = await Appeals(wiring_of(request).sessions).holds(handle_of(request))
    return HoldsAnswer(
        [
            HoldLine(
                str(row.id), REPLACED if row.declarer else ON[row.level], row.rung, row.since, row.until,
                row.automatic, row.lifted, row.said, row.due, row.answered, row.answer,
            )
            for row in rows
        ]
    )  # fmt: skip


@post("/v1/holds/appeal", status_code=204, opt={"act": Act.APPEAL_MAKE, **NO_TICKET})
async def make_appeal(request: AnyRequest, data: JSONBody[AppealBody]) -> None:
    """Appeal a hold: another person than whoever placed it answers, with a reason; signed by a session that signs."""
    number = int(data.hold) if data.hold.isascii() and data.hold.isdecimal() and len(data.hold) <= 19 else 0
    wiring = wiring_of(request)
    await Appeals(wiring.sessions).appeal(handle_of(request), await received(request, wiring.url), number, data.said)


APPEAL_ROUTES: list[HTTPRouteHandler] = [list_holds, make_appeal]
