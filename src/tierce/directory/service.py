"""Use cases of the operator's staff: who is a client, who stands in for whom, and what was true on an earlier day.

Being in the national directory opens nothing. A professional asks at an establishment when three things meet: the
directory lists her there, the operator enrolled her there, and the provider vouches at sign-in for her and for the
place. What is public (a FINESS number, a name, a postcode) therefore activates nothing.

Each use case writes its journal line in the transaction of what it changes, and commits before it returns. Every
connection is one of role tierce_office in autocommit mode. A substitution ends by itself: the gate
reads its days at each ask.
"""

from typing import Final

from psycopg import Connection

from tierce.directory import store
from tierce.directory.errors import (
    EnrolmentMissingError,
    EnrolmentMoveError,
    NotServedError,
    PlaceUnknownError,
    ProfessionalUnknownError,
    SubstitutionMissingError,
    SubstitutionRefusedError,
)
from tierce.directory.model import (
    Actor,
    Enrolment,
    Kind,
    Place,
    Professional,
    Standing,
    Status,
    Substitution,
    Version,
)
from tierce.directory.rules import check_contract, check_days, check_reason, choose_lent, may_follow, standing
from tierce.journal.model import Entry, EntryKind
from tierce.journal.service import Appender
from tierce.kernel.care import Profession
from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import Clock, micros, paris_day
from tierce.kernel.errors import FieldError
from tierce.kernel.ids import EstablishmentId, ProfessionalId
from tierce.kernel.language import Phrase
from tierce.kernel.mailbox import is_mailbox
from tierce.policy.acts import Act, Outcome
from tierce.policy.digest import policy_digest
from tierce.policy.enrolment import SUBSTITUTES_AT_ONCE_MAX

POSTAL_LINES_MAX: Final = 7
LISTED_MAX: Final = 200
"""Rows that a list shows at once."""


class Clients:
    """The enrolments and substitutions of one operator, for the process that its staff use."""

    def __init__(self, appender: Appender, clock: Clock) -> None:
        """Write journal lines through `appender`, of the office's instance."""
        self._appender = appender
        self._clock = clock

    def find(self, connection: Connection, national_id: str) -> Professional:
        """Find a professional by her national identifier: 8 then RPPS, or 0 then ADELI.

        Raises:
            ProfessionalUnknownError: the directory has nobody under this number.
        """
        found = store.professional_by_number(connection, national_id)
        if found is None:
            raise ProfessionalUnknownError
        return found

    def find_place(self, connection: Connection, number: str) -> Place:
        """Find an establishment by FINESS number, SIRET, or the directory's own number of the structure.

        Raises:
            PlaceUnknownError: the directory has no such place.
        """
        found = store.place_by_number(connection, number)
        if found is None:
            raise PlaceUnknownError
        return found

    def enrolments(
        self,
        connection: Connection,
        *,
        professional: ProfessionalId | None = None,
        place: EstablishmentId | None = None,
        status: Status | None = None,
    ) -> list[Enrolment]:
        """List enrolments, the newest step first, at most LISTED_MAX; APPLIED ones are the waiting list."""
        return store.enrolments(connection, professional=professional, place=place, status=status, at_most=LISTED_MAX)

    def enrol(
        self,
        connection: Connection,
        actor: Actor,
        professional: Professional,
        place: Place,
        *,
        contract: str,
        reason: str,
        manager: bool = False,
    ) -> Enrolment:
        """Make a client of a professional at one place, for the first time, after an application or again.

        A manager may then enrol colleagues of that place who have signed in and applied.

        Raises:
            NotServedError: the directory lists no activity of hers there in a profession that the operator serves.
            EnrolmentMoveError: she is enrolled there already.
            FieldError: reason or contract cannot be kept as typed.
        """
        if not store.served_activities(connection, professional.id, place.id):
            raise NotServedError
        return self._move(
            connection, actor, professional, place, Status.ENROLLED, reason, contract=contract, manager=manager
        )

    def suspend(
        self, connection: Connection, actor: Actor, professional: Professional, place: Place, *, reason: str
    ) -> Enrolment:
        """Suspend an enrolment: its sessions end, and its next ask is refused.

        Raises:
            EnrolmentMissingError, EnrolmentMoveError, FieldError.
        """
        return self._move(connection, actor, professional, place, Status.SUSPENDED, reason)

    def end(
        self, connection: Connection, actor: Actor, professional: Professional, place: Place, *, reason: str
    ) -> Enrolment:
        """End an enrolment for good, or refuse an application; nothing of it is deleted.

        Raises:
            EnrolmentMissingError, EnrolmentMoveError, FieldError.
        """
        return self._move(connection, actor, professional, place, Status.ENDED, reason)

    def enrol_listed(self, connection: Connection, actor: Actor, *, contract: str, reason: str) -> int:
        """Enrol everybody whom the directory lists now and who has no enrolment; returns how many.

        For an operator whose own file of the directory is its file of clients, and for invented countries.

        Raises:
            FieldError: reason or contract cannot be kept as typed.
        """
        said, agreed = check_reason(reason), check_contract(contract)
        now = self._clock.now()
        with connection.transaction():
            made = store.enrol_listed(connection, contract=agreed, reason=said, by=actor.name, at=now)
            self._appender.write(connection, [self._line(actor, Act.ENROLMENT_MOVE, reference=made)])
        return made

    def _move(
        self,
        connection: Connection,
        actor: Actor,
        professional: Professional,
        place: Place,
        status: Status,
        reason: str,
        *,
        contract: str | None = None,
        manager: bool | None = None,
    ) -> Enrolment:
        said = check_reason(reason)
        agreed = None if contract is None else check_contract(contract)
        now = self._clock.now()
        with connection.transaction():
            present = store.enrolment(connection, professional.id, place.id, lock=True)
            if present is None and status is not Status.ENROLLED:
                raise EnrolmentMissingError
            if not may_follow(None if present is None else present.status, status):
                raise EnrolmentMoveError
            number = store.write_enrolment(
                connection,
                professional.id,
                place.id,
                status,
                manager=manager if manager is not None else bool(present and present.manager),
                contract=agreed if agreed is not None else (present.contract if present else ""),
                reason=said,
                by=actor.name,
                at=now,
            )
            if status is not Status.ENROLLED:
                store.live_sessions_ended(connection, professional.id, place.id, now)
            line = self._line(actor, Act.ENROLMENT_MOVE, place=place.id, reference=number)
            self._appender.write(connection, [line])
        found = store.enrolment(connection, professional.id, place.id)
        assert found is not None, "the enrolment was just written"
        return found

    def declare_substitute(
        self,
        connection: Connection,
        actor: Actor,
        substitute: Professional,
        replaced: Professional,
        place: Place,
        days: tuple[int, int],
        *,
        reason: str,
        profession: Profession | None = None,
    ) -> Substitution:
        """Let a substitute work in a client's stead, from the first to the last of `days` (both included).

        She signs in as herself, has seats of her own, and what she is shown is journalled under her name. Her
        activity ends by itself. `profession` is the one lent, to be said of a client who exercises several there.

        Raises:
            NotServedError: the professional replaced may not ask at this place.
            SubstitutionRefusedError: days, profession or number of substitutes; or which profession must be said.
            FieldError: the reason cannot be kept as typed.
        """
        said, today = check_reason(reason), paris_day(self._clock.now())
        check_days(*days, today)
        if substitute.id == replaced.id or not substitute.active or substitute.profession is not replaced.profession:
            raise SubstitutionRefusedError(
                "substitute",
                Phrase("ce n’est pas un autre professionnel en exercice de la même profession.",
                       "this is not another professional in practice of the same profession."),
                Phrase("Choisissez quelqu’un de l’annuaire, de la même profession.",
                       "Choose somebody of the directory, of the same profession."))  # fmt: skip
        with connection.transaction():
            present = store.enrolment(connection, replaced.id, place.id, lock=True)
            served = store.served_activities(connection, replaced.id, place.id)
            if present is None or present.status is not Status.ENROLLED or not served or not replaced.active:
                raise NotServedError
            lent = choose_lent(profession, served)
            if store.kept_out(connection, substitute.id, place.id):
                raise SubstitutionRefusedError(
                    "substitute",
                    Phrase("son inscription est suspendue, ou terminée à cet endroit.",
                           "her enrolment is suspended, or ended at this place."),
                    Phrase("Décidez d’abord de cette inscription.", "Decide about that enrolment first."),
                )  # fmt: skip
            if store.overlapping_substitutes(connection, replaced.id, *days) >= SUBSTITUTES_AT_ONCE_MAX:
                raise SubstitutionRefusedError(
                    "substitute",
                    Phrase("elle est déjà remplacée ces jours-là.", "she is already replaced on those days."),
                    Phrase("Terminez d’abord un des remplacements.", "End one of the substitutions first."),
                )  # fmt: skip
            number = store.open_substitution(
                connection,
                substitute=substitute.id,
                replaced=replaced.id,
                place=place.id,
                profession=lent,
                days=days,
                by=actor.name,
                reason=said,
            )
            line = self._line(actor, Act.SUBSTITUTE_DECLARE, place=place.id, reference=number)
            self._appender.write(connection, [line])
        return self.substitution(connection, number)

    def end_substitution(self, connection: Connection, actor: Actor, number: int) -> Substitution:
        """End a substitution from today on: its next ask is refused.

        Raises:
            SubstitutionMissingError: there is none of this number still to come or under way.
        """
        with connection.transaction():
            if not store.end_substitution(connection, number, actor.name):
                raise SubstitutionMissingError
            self._appender.write(connection, [self._line(actor, Act.SUBSTITUTE_END, reference=number)])
        return self.substitution(connection, number)

    def substitution(self, connection: Connection, number: int) -> Substitution:
        """Read one substitution.

        Raises:
            SubstitutionMissingError: there is none of this number.
        """
        found = store.substitution(connection, number)
        if found is None:
            raise SubstitutionMissingError
        return found

    def substitutions(
        self,
        connection: Connection,
        *,
        professional: ProfessionalId | None = None,
        place: EstablishmentId | None = None,
        over_too: bool = False,
    ) -> list[Substitution]:
        """List substitutions of a professional, on either side, or of a place; `over_too` adds those over."""
        today = 0 if over_too else paris_day(self._clock.now())
        return store.substitutions(
            connection, professional=professional, place=place, not_before=today, at_most=LISTED_MAX
        )

    def history(self, connection: Connection, professional: Professional) -> list[Version]:
        """Everything that the directory ever said of a professional, her activities and her enrolments."""
        found = store.versions(connection, Kind.PROFESSIONAL, [professional.id])
        found += store.versions(connection, Kind.ACTIVITY, store.activities_of(connection, professional.id))
        return found + store.versions(connection, Kind.ENROLMENT, store.enrolments_of(connection, professional.id))

    def standing(self, connection: Connection, professional: Professional, day: int) -> Standing:
        """Who a professional was and where she worked on a day, by what was known on that day."""
        persons = store.versions(connection, Kind.PROFESSIONAL, [professional.id])
        activities = store.versions(connection, Kind.ACTIVITY, store.activities_of(connection, professional.id))
        places = store.versions(
            connection, Kind.ESTABLISHMENT, {int(one.said["establishment"]) for one in activities}
        )
        return standing(day, persons, activities, places)

    def _line(self, actor: Actor, act: Act, *, place: EstablishmentId | None = None, reference: int) -> Entry:
        return Entry(
            kind=EntryKind.STAFF_ACT,
            act=act,
            outcome=Outcome.DONE,
            time_us=micros(self._clock.now()),
            professional=actor.staff,
            session=actor.session,
            establishment=place or EstablishmentId(0),
            categories=DataCategory.PROFESSIONAL_RECORD,
            policy=policy_digest(),
            reference=reference,
        )

    def write_contact(
        self,
        connection: Connection,
        actor: Actor,
        professional: Professional,
        *,
        email: str | None,
        postal: tuple[str, ...],
        language: str,
    ) -> None:
        """Keep how the operator writes to one of its own clients; the directory, which is public, has neither.

        Raises:
            FieldError: an address cannot be written to as it stands.
        """
        if email is not None and not is_mailbox(email):
            raise FieldError(
                "email",
                Phrase("Ce n’est pas une adresse électronique.", "This is not an e-mail address."),
                Phrase(
                    "Écrivez nom@domaine, sans accent, ou rien.", "Write name@domain, without accents, or nothing."
                ),
            )
        if len(postal) > POSTAL_LINES_MAX or not all(line.strip() and line.isprintable() for line in postal):
            raise FieldError(
                "postal",
                Phrase("Cette adresse postale ne s’imprime pas.", "This postal address cannot be printed."),
                Phrase("Donnez sept lignes au plus, aucune vide.", "Give seven lines at most, none empty."),
            )
        now = self._clock.now()
        with connection.transaction():
            store.write_contact(connection, professional.id, (email, postal, language), now, actor.name)
            self._appender.write(connection, [self._line(actor, Act.ENROLMENT_MOVE, reference=professional.id)])
