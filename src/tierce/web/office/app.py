"""The office as an application."""

from pathlib import Path
from typing import Final

from litestar import Litestar
from litestar.types import ControllerRouterHandler

from tierce.billing.bank.errors import AccountMissingError, AccountMovedError
from tierce.billing.refusing.errors import UndecidedMissingError, UndecidedMovedError
from tierce.billing.settlement.errors import BatchMissingError, BatchMovedError, SaidError
from tierce.billing.settlement.recoveries.errors import RecoveryMissingError, RecoveryMovedError
from tierce.closings.service import Closings
from tierce.directory.errors import EnrolmentMissingError, EnrolmentMoveError, NotServedError
from tierce.directory.service import Clients
from tierce.identity.local import StaffSessions
from tierce.identity.service import SignInDoor
from tierce.incidents.alerts.errors import AlertMovedError
from tierce.incidents.clocks.service import Clocks
from tierce.incidents.errors import (
    CeilingReachedError,
    CeilingSoonError,
    FormError,
    IncidentMissingError,
    ListShrinksError,
    PersonNotExposedError,
    ScopeMissingError,
    SmallerRefusedError,
)
from tierce.incidents.form.service import Forms
from tierce.incidents.holds.errors import HoldMissingError
from tierce.incidents.holds.service import Holds
from tierce.incidents.pack.errors import CheckpointMissingError
from tierce.incidents.pack.service import Packs
from tierce.incidents.register.errors import RegisterBrokenError, RegisterClosedError
from tierce.incidents.secrecy.errors import SecrecyRefusedError
from tierce.incidents.secrecy.service import Secrecies
from tierce.incidents.service import Incidents
from tierce.incidents.severity.service import Severity
from tierce.journal.errors import NotSequencedError
from tierce.journal.segments.sealed import SealedLog
from tierce.journal.tiles.folder import LogFolder
from tierce.kernel.clock import Clock
from tierce.notices.errors import (
    AudienceMissingError,
    IncidentNotAwareError,
    MessageMissingError,
    SliceMissingError,
    TextRefusedError,
)
from tierce.notices.messages.service import Messages
from tierce.notices.service import Notices
from tierce.peer_alerts.telling.service import Teller
from tierce.persons.errors import AnswerRefusedError
from tierce.scope.errors import CriteriaError, JournalBehindError, SegmentsMissingError
from tierce.web.error_pages import Told
from tierce.web.look import pages_of
from tierce.web.office.alerts import alert_handlers, telling_others_handlers
from tierce.web.office.appeals import appeal_handlers
from tierce.web.office.aside import aside_handlers
from tierce.web.office.assistants import assistant_handlers
from tierce.web.office.bank import bank_handlers
from tierce.web.office.breaches import breach_handlers
from tierce.web.office.closing import closing_handlers
from tierce.web.office.criteria import criteria_handlers
from tierce.web.office.directory import directory_handlers
from tierce.web.office.documents import document_handlers
from tierce.web.office.duties import duty_handlers
from tierce.web.office.evidence import evidence_handlers
from tierce.web.office.feeds import feed_handlers
from tierce.web.office.forms import form_handlers
from tierce.web.office.holds import hold_handlers
from tierce.web.office.incidents import incident_handlers
from tierce.web.office.inspection import inspection_handlers
from tierce.web.office.journal import journal_handlers
from tierce.web.office.live import live_handlers
from tierce.web.office.messages import message_handlers
from tierce.web.office.packs import pack_handlers
from tierce.web.office.payments import payment_handlers
from tierce.web.office.pools import pool_handlers
from tierce.web.office.publishing import publishing_handlers
from tierce.web.office.recoveries import recovery_handlers
from tierce.web.office.refusals import refusal_handlers
from tierce.web.office.requests import request_handlers
from tierce.web.office.secrecy import secrecy_handlers
from tierce.web.office.severity import severity_handlers
from tierce.web.office.site import HERE, OfficeSite, RoleRefusedError, office_sign_in
from tierce.web.office.stages import stage_handlers
from tierce.web.office.telling import telling_handlers
from tierce.web.site_app import site_app
from tierce.web.visit import Pool, Rows

FORM_BYTES_MAX: Final = 65_536
TOLD: Final[Told] = {
    IncidentMissingError: ("missing", 404),
    ScopeMissingError: ("missing", 404),
    AnswerRefusedError: ("answered", 409),
    PersonNotExposedError: ("not_listed", 404),
    SliceMissingError: ("not_listed", 404),
    AudienceMissingError: ("missing", 404),
    MessageMissingError: ("missing", 404),
    IncidentNotAwareError: ("not_aware", 409),
    JournalBehindError: ("behind", 409),
    CheckpointMissingError: ("behind", 409),
    NotSequencedError: ("behind", 409),
    SegmentsMissingError: ("unreadable", 500),
    TextRefusedError: ("text_refused", 500),
    FormError: ("form", 422),
    CriteriaError: ("form", 422),
    RegisterClosedError: ("closed_event", 409),
    RegisterBrokenError: ("register_broken", 500),
    CeilingReachedError: ("ceiling", 429),
    CeilingSoonError: ("ceiling_soon", 429),
    AccountMissingError: ("missing", 404),
    AccountMovedError: ("account_moved", 409),
    BatchMissingError: ("missing", 404),
    BatchMovedError: ("batch_moved", 409),
    RecoveryMissingError: ("missing", 404),
    RecoveryMovedError: ("recovery_moved", 409),
    UndecidedMissingError: ("missing", 404),
    UndecidedMovedError: ("undecided_moved", 409),
    SaidError: ("batch_said", 409),
    NotServedError: ("unknown_client", 409),
    EnrolmentMoveError: ("unknown_client", 409),
    EnrolmentMissingError: ("unknown_client", 409),
    HoldMissingError: ("moved", 409),
    AlertMovedError: ("moved", 409),
    SecrecyRefusedError: ("secrecy", 409),
    SmallerRefusedError: ("smaller", 409),
    ListShrinksError: ("shrinks", 409),
    RoleRefusedError: ("role", 403),
}
"""Which words tell of an error, and under which status."""


def create_office(
    *,
    door: SignInDoor,
    sessions: StaffSessions,
    pool: Pool,
    inspected: Pool,
    incidents: Incidents,
    clocks: Clocks,
    forms: Forms,
    notices: Notices,
    messages: Messages,
    letters: Path,
    holds: Holds,
    clients: Clients,
    closings: Closings,
    packs: Packs,
    teller: Teller | None,
    log_key: str,
    log: LogFolder,
    sealed: SealedLog,
    clock: Clock,
    secure: bool,
    sign_in_origins: tuple[str, ...] = (),
) -> Litestar:
    """Make the office.

    Args:
        door: sign-in through the operator's own provider.
        sessions: staff sessions.
        pool: connections of role tierce_office in autocommit mode.
        inspected: connections of role tierce_inspector in autocommit mode.
        incidents: the incident slice.
        clocks: the legal clocks, on the register of breaches.
        forms: the drafts of the CNIL form, on the same register.
        notices: the notices slice.
        messages: the messages to people.
        letters: the folder of batches of letters.
        holds: what moves the ladder by a person's hand.
        clients: enrolments and substitutions.
        closings: the closings slice.
        packs: what makes an incident's evidence pack.
        teller: what signs alerts to other operators; None where none can be sent.
        log_key: the journal's public key line, `name+id+base64`.
        log: the folder of its tiles.
        sealed: its older lines.
        clock: the present.
        secure: whether the public address has https.
        sign_in_origins: addresses that the sign-in leads to.
    """
    site = OfficeSite(
        pages=(pages := pages_of(HERE)),
        rows=Rows(pool),
        inspected=Rows(inspected),
        sessions=sessions,
        sign_in=office_sign_in(pages, door, sessions, secure=secure),
        incidents=incidents, clocks=clocks, notices=notices, holds=holds, clients=clients,
        log_key=log_key, log=log, sealed=sealed, clock=clock,
    )  # fmt: skip
    return site_app(
        site.sign_in,
        [
            *_handlers(site, closings, forms, packs),
            *message_handlers(site, messages, letters),
            *publishing_handlers(site),
            *telling_others_handlers(site, teller),
        ],
        TOLD,
        form_bytes=FORM_BYTES_MAX,
        sign_in_origins=sign_in_origins,
    )


def _handlers(site: OfficeSite, closings: Closings, forms: Forms, packs: Packs) -> list[ControllerRouterHandler]:
    return [
        *live_handlers(site),
        *closing_handlers(site, closings),
        *incident_handlers(site),
        *journal_handlers(site),
        *inspection_handlers(site),
        *pack_handlers(site, packs),
        *hold_handlers(site),
        *assistant_handlers(site),
        *aside_handlers(site),
        *alert_handlers(site),
        *evidence_handlers(site),
        *pool_handlers(site),
        *appeal_handlers(site),
        *request_handlers(site),
        *feed_handlers(site),
        *directory_handlers(site),
        *bank_handlers(site),
        *payment_handlers(site),
        *recovery_handlers(site),
        *refusal_handlers(site),
        *document_handlers(site),
        *telling_handlers(site),
        *duty_handlers(site),
        *form_handlers(site, forms),
        *severity_handlers(site, Severity(site.clocks.register)),
        *stage_handlers(site),
        *criteria_handlers(site),
        *secrecy_handlers(site, Secrecies(site.holds.appender, site.holds.clock)),
        *breach_handlers(site),
    ]
