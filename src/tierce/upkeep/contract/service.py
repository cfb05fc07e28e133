"""The end of a contract as its steps, each with its journal line in the same commit."""

from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg import Connection

from tierce.incidents.rules import check_free_text
from tierce.journal.model import Entry, EntryKind
from tierce.journal.service import Appender
from tierce.kernel.clock import PARIS, Clock, micros
from tierce.notices.contacts.service import sign
from tierce.policy.acts import Act, Outcome
from tierce.policy.digest import policy_digest
from tierce.policy.kept import Kept
from tierce.policy.retention import RETENTION
from tierce.upkeep.contract import store
from tierce.upkeep.contract.errors import (
    DeletedError,
    FileRunningError,
    KeysHeldError,
    NotEndedError,
    ObstaclesError,
    UnknownInsurerError,
)
from tierce.upkeep.contract.model import Ending, Insurer

Step = Callable[[str], None]
"""Called with the name of the step about to begin; tests of crashes stop there."""


BY_MAX, WHY_MAX = 100, 300
"""Characters, as the table holds them."""


def no_step(_name: str) -> None:
    """Do nothing: production."""


class Contracts:
    """Ends contracts, takes an end back, and deletes what an insurer had stored."""

    def __init__(self, connection: Connection, appender: Appender, key: Ed25519PrivateKey, clock: Clock) -> None:
        """Use a connection as tierce_upkeep, not in autocommit; certificates are signed by `key`, the appender's."""
        self._connection, self._appender, self._key, self._clock = connection, appender, key, clock

    def insurer(self, amc: str) -> Insurer:
        """The insurer of this AMC number.

        Raises:
            UnknownInsurerError: none has it.
        """
        found = store.insurer(self._connection, amc)
        if found is None:
            raise UnknownInsurerError
        return found

    def ending(self, one: Insurer) -> Ending | None:
        """How the contract of this insurer ended; None when it goes on."""
        return next(iter(store.endings(self._connection, one.id)), None)

    def end(self, one: Insurer, by: str, why: str) -> bool:
        """Write that the contract has ended: none of its files of rights is taken in any more; False when it had.

        Raises:
            FreeTextError: who says so, or why, is empty or too long.
            FileRunningError: a file is being taken in, or one of its own was interrupted.
        """
        by, why = _said(by, why)
        if self.ending(one) is not None:
            return False
        if not store.no_import_runs(self._connection) or store.has_running_file(self._connection, one.id):
            raise FileRunningError
        store.end(self._connection, one.id, by, why)
        self._write(Act.CONTRACT_END, one)
        return True

    def resume(self, one: Insurer, by: str, why: str) -> None:
        """Take the end back, or begin a new contract with an insurer of which all was deleted.

        Raises:
            FreeTextError: who says so, or why, is empty or too long.
            NotEndedError: it has not ended, or its deletion is under way.
        """
        by, why = _said(by, why)
        if not store.resume(self._connection, one.id, by, why):
            raise NotEndedError
        self._write(Act.CONTRACT_RESUME, one)

    def deletable(self, one: Insurer) -> Ending:
        """The end after which the deletion may begin, or go on.

        Raises:
            NotEndedError: the contract goes on.
            ObstaclesError: something still needs what it had stored.
            DeletedError: all is deleted already.
        """
        ending = self.ending(one)
        if ending is None:
            raise NotEndedError
        if ending.deleted is not None:
            raise DeletedError
        if ending.deleting is None and (found := store.obstacles(self._connection, one.id)):
            raise ObstaclesError(found)
        return ending

    def delete(self, one: Insurer, progress: Callable[[int], None], step: Step = no_step) -> str:
        """Delete its copies of people and their cover, destroy its keys, and give the certificate.

        Stopped at any moment, it goes on where it was when it is run again. The keys go last, in the transaction that
        looks that nothing is left, with the line and the certificate.

        Raises:
            NotEndedError: the contract goes on.
            ObstaclesError: something still needs what it had stored.
            DeletedError: all is deleted already.
            KeysHeldError: another command replaces one of its keys, or deletes.
        """
        if not store.hold_data(self._connection, one.id):
            raise KeysHeldError
        try:
            return self._delete(one, progress, step)
        finally:
            if not self._connection.closed:
                self._connection.rollback()
                store.let_data_go(self._connection, one.id)
                self._connection.commit()

    def _delete(self, one: Insurer, progress: Callable[[int], None], step: Step) -> str:
        ending = self.deletable(one)
        if ending.deleting is None:
            store.begin_deletion(self._connection, one.id)
            self._connection.commit()
        behind: int | None = 0
        while behind is not None:
            step("lot")
            removed, behind = store.delete_next(self._connection, one.id, behind)
            self._connection.commit()
            progress(removed)
        step("finish")
        return self._finish(one, ending, step)

    def _finish(self, one: Insurer, ending: Ending, step: Step) -> str:
        done = store.finish(self._connection, one.id)
        (seq,) = self._appender.write(self._connection, [self._line(Act.CONTRACT_DELETE, one, done.people)])
        now, backups = self._clock.now(), RETENTION[Kept.BACKUPS].keep
        assert backups is not None
        said: dict[str, object] = {
            "certificate": "tierce-contract-deleted-v1",
            "insurer": one.amc,
            "contract_ended_at": done.ended.isoformat(),
            "reason": ending.why,
            "copies_of_people_deleted": done.people,
            "periods_of_cover_deleted": done.periods,
            "records_left": 0,
            "key_versions_destroyed": list(done.keys),
            "at": now.isoformat(),
            "backups_hold_it_until": (now + backups).astimezone(PARIS).date().isoformat(),
            "journal_entry": str(seq),
            "signed_by": self._appender.instance,
        }
        text = sign(said, self._key)
        store.keep_certificate(self._connection, one.id, text)
        step("commit")
        self._connection.commit()
        return text

    def _write(self, act: Act, one: Insurer) -> None:
        self._appender.write(self._connection, [self._line(act, one, 0)])
        self._connection.commit()

    def _line(self, act: Act, one: Insurer, reference: int) -> Entry:
        return Entry(
            kind=EntryKind.KEY_OR_POLICY_CHANGE if act is Act.CONTRACT_DELETE else EntryKind.UPKEEP,
            act=act,
            outcome=Outcome.DONE,
            time_us=micros(self._clock.now()),
            professional=self._appender.instance,
            insurer=one.id,
            policy=policy_digest(),
            reference=reference,
        )


def _said(by: str, why: str) -> tuple[str, str]:
    return check_free_text("by", by, most=BY_MAX), check_free_text("reason", why, most=WHY_MAX)
