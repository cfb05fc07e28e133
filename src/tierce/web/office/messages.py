"""Messages to people: whom they go to in counts that add up, what they say, who approved, where each one stands."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from psycopg import Connection

from tierce.incidents.cohorts.model import COHORT_LABELS
from tierce.incidents.errors import FreeTextError
from tierce.incidents.model import Incident
from tierce.incidents.rules import incident_reference
from tierce.kernel.digits import number_in
from tierce.kernel.errors import TierceError
from tierce.kernel.ids import IncidentId
from tierce.kernel.language import Phrase
from tierce.notices.audience import store as audiences
from tierce.notices.audience.model import STATE_LABELS, WHY_LABELS, Audience, Counts
from tierce.notices.counted.service import counts_shown
from tierce.notices.deliveries import store as deliveries
from tierce.notices.errors import (
    AlreadyApprovedError,
    AudienceStaleError,
    BatchMissingError,
    BatchTakenError,
    IncidentNotAwareError,
    MessageChangedError,
    MessageMissingError,
    SendingStoppedError,
)
from tierce.notices.messages import store
from tierce.notices.messages.model import APPROVALS_NEEDED, Approval, Kept, Specimen
from tierce.notices.messages.rules import specimens
from tierce.notices.messages.service import Messages, newest_text
from tierce.policy.acts import Act
from tierce.web.office.publishing import out_for_all
from tierce.web.office.site import OfficeSite, Visit
from tierce.web.office.writing import Typed, writer
from tierce.web.visit import AnyRequest

_PATH = "/incidents/{number:int}/messages"


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything the page shows of one incident's messages."""

    incident: Incident
    reference: str
    revision: int
    audience: Audience | None
    counts: Counts | None
    counted: datetime | None
    """When, of an audience too large to be counted for a page."""
    kept: Kept | None
    published: datetime | None
    texts: tuple[Specimen, ...]
    approvals: tuple[Approval, ...]
    stopped: tuple[str, str] | None
    batches: tuple[deliveries.Batch, ...]

    @property
    def of_one_list(self) -> bool:
        """Whether audience and text are both of the newest list: only these can be approved."""
        return bool(
            self.audience
            and self.kept
            and self.revision <= min(self.audience.revision, self.kept.message.facts.revision)
        )

    @property
    def approved(self) -> bool:
        """Whether enough different people approved."""
        return len({one.staff for one in self.approvals}) >= APPROVALS_NEEDED


def message_handlers(site: OfficeSite, messages: Messages, letters: Path) -> list[HTTPRouteHandler]:
    """Make the routes; batches of letters are read from the folder `letters`."""

    @get(_PATH, opt={"act": Act.STAFF_AUDIENCE})
    async def page(request: AnyRequest, number: FromPath[int]) -> Response[str]:
        return await _page(site, await site.visit(request), IncidentId(number), None)

    @get(f"{_PATH}/texts/{{place:int}}", opt={"act": Act.STAFF_AUDIENCE})
    async def text(request: AnyRequest, number: FromPath[int], place: FromPath[int]) -> Response[str]:
        visit = await site.visit(request)

        def read(connection: Connection) -> Specimen:
            found = specimens(newest_text(connection, IncidentId(number)).message)
            if not 0 <= place < len(found):
                raise MessageMissingError
            return found[place]

        one = await site.rows.read(read)
        return site.page(visit, "message_text.html", {"document": one.document, "number": number, "specimen": True})

    @post(f"{_PATH}/batches/{{batch:int}}", status_code=200, opt={"act": Act.STAFF_LETTERS_TAKE})
    async def take(request: AnyRequest, number: FromPath[int], batch: FromPath[int]) -> Response[Any]:
        visit = await site.visit(request)
        again = (await site.sign_in.check_form(request)).get("again") == "1"
        try:
            content = await site.rows.read(
                lambda connection: messages.take_letters(
                    connection, visit.caller, IncidentId(number), letters, batch, again=again
                )
            )
        except (BatchMissingError, BatchTakenError, SendingStoppedError) as problem:
            return await _page(site, visit, IncidentId(number), problem)
        named = {"content-disposition": f'attachment; filename="lettres-{number}-{batch:04d}.zip"'}
        return Response(content, media_type="application/zip", headers=named)

    return [page, text, take, *_writing(site, messages)]


def _writing(site: OfficeSite, messages: Messages) -> list[HTTPRouteHandler]:
    """The routes that write, and come back to the page."""

    async def again(visit: Visit, number: IncidentId, _: Typed, problem: TierceError) -> Response[str]:
        return await _page(site, visit, number, problem)

    writes = writer(site, "/messages", tuple(TOLD), again)

    def approve(connection: Connection, visit: Visit, number: IncidentId, typed: Typed) -> object:
        audience, read = _digest(typed, "audience"), _digest(typed, "text")
        return messages.approve(connection, visit.caller, number, audience, read)

    def stop(connection: Connection, visit: Visit, number: IncidentId, typed: Typed) -> object:
        messages.stop(connection, visit.caller, number, typed.get("reason", ""))
        return number

    def resume(connection: Connection, visit: Visit, number: IncidentId, _: Typed) -> object:
        messages.go_on(connection, visit.caller, number)
        return number

    def posted(connection: Connection, visit: Visit, number: IncidentId, typed: Typed) -> object:
        return messages.posted(connection, visit.caller, number, _number(typed))

    return [
        writes("write", Act.STAFF_MESSAGE_WRITE, lambda c, v, n, _: messages.write(c, v.caller, n)),
        writes("approve", Act.STAFF_MESSAGE_APPROVE, approve),
        writes("stop", Act.STAFF_MESSAGE_STOP, stop),
        writes("resume", Act.STAFF_MESSAGE_STOP, resume),
        writes("posted", Act.STAFF_LETTERS_POSTED, posted),
    ]


TOLD: dict[type[TierceError], Phrase] = {
    AlreadyApprovedError: Phrase(
        "Vous avez déjà approuvé : la seconde approbation est celle d’une autre personne.",
        "You have approved already: the second approval is another person’s.",
    ),
    MessageChangedError: Phrase(
        "Destinataires ou texte ont changé depuis votre lecture : relisez-les ici, puis approuvez.",
        "The audience or the text has changed since you read them: read them again here, then approve.",
    ),
    AudienceStaleError: Phrase(
        "Une liste plus récente existe : figez de nouveau les destinataires, puis le texte.",
        "A newer list exists: freeze the recipients again, then the text.",
    ),
    MessageMissingError: Phrase(
        "Aucun texte n’est figé, ou le programme l’écrirait autrement : figez-le de nouveau.",
        "No text is frozen, or the program would write another one: freeze it again.",
    ),
    IncidentNotAwareError: Phrase(
        "La violation n’est pas encore établie : écrivez d’abord quand et pourquoi, sur la page de l’incident.",
        "The breach is not established yet: write first when and why, on the incident’s page.",
    ),
    BatchMissingError: Phrase(
        "Ce lot n’est pas là, est déjà posté, ou son fichier a changé : imprimez-le de nouveau.",
        "This batch is not there, was posted already, or its file has changed: print it again.",
    ),
    BatchTakenError: Phrase(
        "Ce lot a été pris entre-temps : sa ligne dit par qui. Deux copies feraient deux lettres à chacun.",
        "This batch was taken meanwhile; its row says by whom. Two copies would make two letters to each.",
    ),
    SendingStoppedError: Phrase(
        "Les messages sont arrêtés : aucun lot de lettres n’est remis avant qu’ils reprennent.",
        "Messages are stopped: no batch of letters is handed out before they go on.",
    ),
    FreeTextError: Phrase(
        "Dites pourquoi en une phrase, sans nommer personne.", "Say why in a sentence, and name nobody."
    ),
}
"""What staff are told, on the page itself, of what was refused there."""


def _digest(typed: Typed, name: str) -> bytes:
    try:
        return bytes.fromhex(typed.get(name, ""))
    except ValueError:
        return b""


def _number(typed: Typed) -> int:
    return number_in(typed.get("batch", ""), 6) or 0


def _read(site: OfficeSite, connection: Connection, number: IncidentId) -> Standing:
    incident = site.incidents.incident(connection, number)
    audience = audiences.newest(connection, number)
    try:
        kept = newest_text(connection, number)
    except MessageMissingError:
        kept = None
    shown = counts_shown(connection, audience) if audience else (None, None)
    return Standing(
        incident=incident,
        reference=incident_reference(incident.id, incident.day),
        revision=audiences.last_changed(connection, number),
        audience=audience,
        counts=shown[0],
        counted=shown[1],
        kept=kept,
        published=out_for_all(site, connection, number),
        texts=specimens(kept.message) if kept else (),
        approvals=tuple(store.approvals(connection, audience, kept.digest)) if audience and kept else (),
        stopped=store.stopped(connection, number),
        batches=tuple(deliveries.batches(connection, audience)) if audience else (),
    )


async def _page(site: OfficeSite, visit: Visit, number: IncidentId, problem: TierceError | None) -> Response[str]:
    standing = await site.rows.read(lambda connection: _read(site, connection, number))
    values = {
        "m": standing,
        "states": STATE_LABELS,
        "whys": WHY_LABELS,
        "cohorts": COHORT_LABELS,
        "needed": APPROVALS_NEEDED,
        "mine": any(one.staff == visit.caller.staff for one in standing.approvals),
        "problem": TOLD[type(problem)] if problem else None,
    }
    return site.page(visit, "messages.html", values, status=409 if problem else 200)
