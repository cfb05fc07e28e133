"""Write that an incident reached a stage, release its legal hold, say whether people live in other member states."""

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from psycopg import Connection

from tierce.incidents.borders.model import Residence
from tierce.incidents.borders.service import Borders, authority_named, residence_named
from tierce.incidents.errors import DismissedAloneError, FormError
from tierce.incidents.states.service import States
from tierce.kernel.ids import IncidentId
from tierce.kernel.language import Phrase
from tierce.policy.acts import Act
from tierce.web.office.incidents import incident_page
from tierce.web.office.night import stage_named
from tierce.web.office.site import OfficeSite, Visit
from tierce.web.office.writing import Typed, minute, writer


def stage_handlers(site: OfficeSite) -> list[HTTPRouteHandler]:
    """Make the routes that move an incident on; each answers with the incident's page."""
    states, borders = States(site.clocks.register), Borders(site.clocks.register)

    def move(connection: Connection, visit: Visit, number: IncidentId, typed: Typed) -> object:
        stage = stage_named(typed.get("stage", ""))
        if stage is None:
            raise FormError("stage", Phrase("Choisissez l’étape atteinte.", "Choose the stage reached."))
        happened = minute("happened", typed["happened"]) if typed.get("happened") else None
        why = typed.get("why", "")
        try:
            return states.move(connection, visit.caller, number, stage=stage, why=why, happened=happened)
        except DismissedAloneError as alone:
            site.incidents.ask_dismissal(connection, visit.caller, number, alone.gone, why)
            return None

    def release(connection: Connection, visit: Visit, number: IncidentId, typed: Typed) -> object:
        return states.release_hold(connection, visit.caller, number, typed.get("why", ""))

    def abroad(connection: Connection, visit: Visit, number: IncidentId, typed: Typed) -> object:
        residence = residence_named(typed.get("residence", ""))
        return borders.say(
            connection, visit.caller, number, residence=residence,
            countries=typed.get("countries", "") if residence is Residence.ABROAD else "",
            authority=authority_named(typed.get("authority", "")), why=typed.get("border_why", ""),
        )  # fmt: skip

    async def again(visit: Visit, number: IncidentId, typed: Typed, problem: FormError) -> Response[str]:
        return await incident_page(site, visit, number, typed=typed, problem=problem)

    writes = writer(site, "", (FormError,), again)
    return [
        writes("stages", Act.STAFF_INCIDENT_MOVE, move),
        writes("hold", Act.STAFF_HOLD_RELEASE, release),
        writes("borders", Act.STAFF_REGISTER, abroad),
    ]
