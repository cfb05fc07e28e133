"""What a row of the retention table says: which class of data, how it ends, by whose hand."""

from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum, StrEnum

from tierce.kernel.language import Phrase


class Kept(IntEnum):
    """A class of data. Numbers are written in the journal by the job: never moved, never reused."""

    PROOFS = 1
    PENDING = 2
    SESSIONS = 3
    STAFF_SESSIONS = 4
    PERSON_SESSIONS = 5
    DEVICES = 6
    OPEN_PAIRS = 7
    PROVED_PAIRS = 8
    LABELS = 9
    ENGAGEMENTS = 10
    COVERAGE = 11
    PERSONS = 12
    LADDER = 13
    IMPORTS = 14
    REPORTS = 15
    JOURNAL = 16
    JOURNAL_HOT = 33
    INCIDENTS = 17
    DIRECTORY = 18
    BACKUPS = 19
    PROCESS_LOGS = 20
    REJECTS = 21
    DEPOSITS = 22
    DEPOSIT_ROWS = 40
    SOFTWARE = 41
    COUNTS = 42
    INSURER_SESSIONS = 23
    TRACES = 26
    UNEXPLAINED = 27
    APPEALS = 28
    ALERTS = 29
    CARDS_USED = 30
    ANSWERS = 31
    PROVED = 32
    RIGHTS_REQUESTS = 60
    WISHES = 61
    BILLED = 62
    MESSAGES = 43
    CLIENT_CONTACTS = 44
    LETTERS = 45
    RECEIVED = 46
    VOUCHED = 70
    CONTRACTS_ENDED = 71
    INVOICES = 72
    ACCOUNTS_ENDED = 73
    ACCOUNTS_REFUSED = 74
    TRANSFERS = 75
    AGREEMENTS = 77
    QUOTES = 78
    ASSISTANTS = 79
    IMPORTS_LEFT = 80
    REVIEWS_READ = 81
    OWN_MAILS = 82


class End(StrEnum):
    """What happens once the duration has passed."""

    DELETED = "deleted"
    BLANKED = "blanked"
    """The row stays and loses the field."""
    KEPT = "kept"
    """Nothing is removed: said in the page, with why."""


class Hand(StrEnum):
    """Who carries it out."""

    WORKER = "worker"
    JOB = "job"
    """`tierce retention`, whose durations the database holds too."""
    SEALER = "sealer"
    """`tierce journal seal`, likewise."""
    BACKUP = "backup"
    """`tierce backup take --forget-old`, once the new one is whole: the last one is never removed."""
    CONTRACT = "contract"
    """`tierce contract delete`, which somebody runs; the database holds the duration too."""
    OPERATOR = "operator"
    """Files outside the database: deploy/ and the runbooks say how."""
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table."""

    what: Phrase
    where: str
    keep: timedelta | None
    since: Phrase
    end: End
    hand: Hand
    ground: Phrase
    held: bool = False
    """Whether an incident on record suspends the end."""
