"""Requests, hers and staff's: each step with its journal line, in one transaction with what it changes."""

from psycopg import Connection

from tierce.identity.lines import staff_line
from tierce.identity.model import PersonCaller, StaffCaller
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock
from tierce.kernel.ids import InsurerId, new_id
from tierce.persons.errors import AnswerRefusedError, RequestRefusedError
from tierce.persons.requests import store
from tierce.persons.requests.model import ReportOutcome, RightsRequest
from tierce.persons.requests.rules import check_answer, kind_asked, month_after
from tierce.persons.rules import own_line
from tierce.policy.acts import Act


class Requests:
    """A person's own requests; connections of role tierce_persons in autocommit mode."""

    def __init__(self, appender: Appender, clock: Clock) -> None:
        """Write lines through `appender`, of the persons' instance."""
        self._appender = appender
        self._clock = clock

    def listed(self, connection: Connection, caller: PersonCaller, handle: bytes) -> list[RightsRequest]:
        """Her requests, the newest first: they name her insurers, so the journal first says that she reads them."""
        with connection.transaction():
            self._appender.write(connection, [own_line(caller, Act.PERSON_HISTORY, self._clock.now())])
        return store.of_person(connection, handle)

    def make(
        self,
        connection: Connection,
        caller: PersonCaller,
        handle: bytes,
        subject: str,
        insurers: tuple[InsurerId, ...],
    ) -> RightsRequest:
        """Keep a request with its clock of one month; a second one about the same waits for the first's answer.

        Raises:
            RequestRefusedError: the form offers no such subject, or one like it waits.
        """
        kind, now = kind_asked(subject), self._clock.now()
        made = RightsRequest(new_id(), kind, subject, insurers, now, month_after(now), None, None, None)
        with connection.transaction():
            self._appender.write(connection, [own_line(caller, Act.PERSON_REQUEST, now, made.id)])
            if not store.insert(connection, handle, made):
                raise RequestRefusedError
        return made


class RequestDesk:
    """The office's side; connections of role tierce_office in autocommit mode."""

    def __init__(self, appender: Appender, clock: Clock) -> None:
        """Write lines through `appender`, of the office's instance."""
        self._appender = appender
        self._clock = clock

    def answer_report(self, connection: Connection, caller: StaffCaller, number: int, word: str) -> None:
        """Answer a report by a written outcome, once.

        Raises:
            AnswerRefusedError: no such outcome, or it was answered meanwhile.
        """
        outcome = next((one for one in ReportOutcome if one.value == word), None)
        now = self._clock.now()
        with connection.transaction():
            line = staff_line(caller, Act.STAFF_REPORT_ANSWER, now, reference=number)
            self._appender.write(connection, [line])
            if outcome is None or not store.answer_report(connection, number, outcome, now, caller.name):
                raise AnswerRefusedError

    def forward(self, connection: Connection, caller: StaffCaller, number: int) -> None:
        """Write that a request went to the insurers, who are the controllers.

        Raises:
            AnswerRefusedError: there is no such request, or it went already.
        """
        now = self._clock.now()
        with connection.transaction():
            found = store.request(connection, number)
            if found is None or found.forwarded or found.answered:
                raise AnswerRefusedError
            line = staff_line(caller, Act.STAFF_REQUEST_ANSWER, now, reference=number)
            self._appender.write(connection, [line])
            if not store.forward(connection, number, now, caller.name):
                raise AnswerRefusedError

    def answer(self, connection: Connection, caller: StaffCaller, number: int, word: str) -> None:
        """Answer a request by a written outcome, once.

        Raises:
            AnswerRefusedError: no such request or outcome, answered already, or not forwarded yet.
        """
        now = self._clock.now()
        with connection.transaction():
            found = store.request(connection, number)
            if found is None or found.answered:
                raise AnswerRefusedError
            outcome = check_answer(found.kind, word, forwarded=found.forwarded is not None)
            line = staff_line(caller, Act.STAFF_REQUEST_ANSWER, now, reference=number)
            self._appender.write(connection, [line])
            if not store.answer(connection, number, outcome, now, caller.name):
                raise AnswerRefusedError
