"""What a drill found, as figures and as a table that a newcomer understands."""

from collections.abc import Mapping
from typing import Final

import msgspec
from rich.table import Table

from tierce.kernel.language import Language, Phrase

SECONDS_LEAST: Final = 0.05
"""Of a stage that is shorter, no rate is said."""


class DrillReport(msgspec.Struct, frozen=True):
    """The one JSON object. Pairs are (person, insurer); `exposed_true` is what the thief holds."""

    exposed_true: int
    listed: int
    recall: float
    false_confirmed: int
    insurer_sum_error: int
    insurers_told: int
    insurers_acknowledged: int
    records_handed_over: int
    records_matched: int
    adults: int
    adults_told_once: int
    emails: int
    letters: int
    public_notice: int
    unexplained: int
    seconds_signal_to_letters: float
    hours_to_told_p50: float
    hours_to_told_p95: float
    over_http: int
    in_bulk: int
    tries: int
    honest: int
    history: int
    pack_seconds: float
    pack_peak_mib: int
    verify_seconds: float
    verify_peak_mib: int
    other_operator: str
    seconds: dict[str, float]
    """Of each step."""

    @property
    def good(self) -> bool:
        """Whether everything that must hold holds."""
        return (
            self.recall == 1.0
            and not self.false_confirmed
            and not self.insurer_sum_error
            and self.adults == self.adults_told_once
            and not self.unexplained
            and self.records_matched == self.records_handed_over
            and self.insurers_told == self.insurers_acknowledged
        )


_ROWS: tuple[tuple[str, Phrase], ...] = (
    ("exposed_true", Phrase("lu par le voleur (personnes, par organisme)", "read by the thief (people, by insurer)")),
    ("over_http", Phrase("… montré par la garde, en direct", "… shown by the gate, live")),
    ("in_bulk", Phrase("… écrit sans la garde, pour le nombre", "… written without the gate, for the number")),
    ("honest", Phrase("réponses à des soignants pendant le vol", "answers to people at work meanwhile")),
    ("listed", Phrase("sur la liste tirée du journal", "on the list drawn from the journal")),
    ("recall", Phrase("part retrouvée (1 : tout)", "share found (1: everything)")),
    ("false_confirmed", Phrase("sur la liste sans avoir été lu", "on the list without having been read")),
    ("insurer_sum_error", Phrase("écart des comptes par organisme", "error of the counts by insurer")),
    ("insurers_told", Phrase("organismes prévenus", "insurers told")),
    ("insurers_acknowledged", Phrase("… qui ont accusé réception", "… that acknowledged")),
    ("records_handed_over", Phrase("lignes remises, chiffrées", "records handed over, encrypted")),
    ("records_matched", Phrase("… retrouvées par l’organisme", "… matched by the insurer")),
    ("adults", Phrase("adultes à prévenir par l’opérateur", "adults for the operator to tell")),
    ("adults_told_once", Phrase("… prévenus une fois et une seule", "… told once and only once")),
    ("emails", Phrase("messages dans la boîte locale", "messages in the local mailbox")),
    ("letters", Phrase("lettres en PDF", "letters in PDF")),
    ("public_notice", Phrase("restent à l’avis public", "left to the public notice")),
    ("unexplained", Phrase("sans explication", "unexplained")),
    ("seconds_signal_to_letters", Phrase("secondes, du signal aux lettres", "seconds, signal to letters")),
    ("hours_to_told_p50", Phrase("heures jusqu’au message, médiane", "hours to told, median")),
    ("hours_to_told_p95", Phrase("heures jusqu’au message, 95 %", "hours to told, 95%")),
)


def table(report: DrillReport, language: Language) -> Table:
    """The figures with their meaning."""
    title = Phrase("Ce que l’exercice a trouvé", "What the drill found")
    made = Table("", "", title=title[language], show_header=False)
    for name, words in _ROWS:
        value = getattr(report, name)
        made.add_row(words[language], f"{value:,}" if isinstance(value, int) else f"{value:g}")
    return made


def stages(report: DrillReport, words: Mapping[str, Phrase], language: Language) -> Table:
    """Each stage with its seconds, and how many pairs it did in one."""
    heads = (Phrase("étape", "stage"), Phrase("secondes", "seconds"), Phrase("paires/s", "pairs/s"))
    made = Table(*(head[language] for head in heads))
    for name, seconds in report.seconds.items():
        each = f"{report.exposed_true / seconds:,.0f}" if seconds >= SECONDS_LEAST else ""
        made.add_row(words[name][language], f"{seconds:.1f}", each)
    return made
