"""What a client does for colleagues: substitutes, and as a manager the enrolment of one who applied.

Every route takes the proof by the session's key; none tells anything of a person covered.
"""

from datetime import date
from typing import Annotated

import msgspec
from litestar import post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from tierce.identity.colleagues import Colleagues
from tierce.policy.acts import Act
from tierce.web.api.signin import NO_TICKET, AnyRequest, handle_of, received, wiring_of

NationalId = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]


class SubstituteBody(msgspec.Struct, forbid_unknown_fields=True):
    """Who stands in, by national identifier, and the days, both included."""

    substitute: NationalId
    first_day: date
    last_day: date


class SubstituteAnswer(msgspec.Struct):
    """The substitution's number, by which it can be ended."""

    number: int


class EnrolBody(msgspec.Struct, forbid_unknown_fields=True):
    """The colleague, by national identifier."""

    colleague: NationalId


@post("/v1/substitutions", status_code=201, opt={"act": Act.SUBSTITUTE_DECLARE, **NO_TICKET})
async def declare_substitute(request: AnyRequest, data: JSONBody[SubstituteBody]) -> SubstituteAnswer:
    """Declare a substitute at the session's own activity, for bounded days; she signs in as herself."""
    wiring = wiring_of(request)
    number = await Colleagues(wiring.sessions).declare_substitute(
        handle_of(request), await received(request, wiring.url), data.substitute, data.first_day, data.last_day
    )
    return SubstituteAnswer(number)


@post("/v1/substitutions/{number:int}/end", status_code=204, opt={"act": Act.SUBSTITUTE_END, **NO_TICKET})
async def end_substitute(request: AnyRequest, number: FromPath[int]) -> None:
    """End a substitution from today on: its next ask is refused."""
    wiring = wiring_of(request)
    await Colleagues(wiring.sessions).end_substitute(handle_of(request), await received(request, wiring.url), number)


@post("/v1/enrolments", status_code=204, opt={"act": Act.ENROLMENT_MOVE, **NO_TICKET})
async def enrol_colleague(request: AnyRequest, data: JSONBody[EnrolBody]) -> None:
    """As an enrolled manager, enrol a colleague who signed in and applied at this establishment."""
    wiring = wiring_of(request)
    await Colleagues(wiring.sessions).enrol(handle_of(request), await received(request, wiring.url), data.colleague)


COLLEAGUE_ROUTES: list[HTTPRouteHandler] = [declare_substitute, end_substitute, enrol_colleague]
