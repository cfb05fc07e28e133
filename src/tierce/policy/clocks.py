"""The delays of the law as dated configuration: what starts each, how long it runs, and where that is written.

A delay that we could not read in its own text is *to confirm*, one that is only proposed has no day on which it
begins: neither is told as law in force, and a proposal is never chosen. To make one law, give it its first day
here and end the rule it replaces.
"""

from dataclasses import dataclass
from datetime import date
from enum import IntEnum, StrEnum

from tierce.kernel.language import Phrase


class Moment(StrEnum):
    """A time of an incident, each written apart, by whom and why."""

    SIGNAL = "signal"
    CHECK = "check"
    """The check of the signal began: it must begin at once."""
    AWARE = "aware"
    """Reasonable certainty that personal data were compromised."""
    NOTICE_SENT = "notice_sent"
    NOTICE_RECEIVED = "notice_received"
    CLASSIFIED = "classified"
    """The incident was classified as major under the financial sector's rules."""
    INITIAL = "initial"
    """A first notification was made."""
    PUBLIC = "public"
    """It was decided to tell by a public notice whoever could be written to by a disproportionate effort alone."""


MOMENT_LABELS: dict[Moment, Phrase] = {
    Moment.SIGNAL: Phrase("premier signal", "first signal"),
    Moment.CHECK: Phrase("début de la vérification", "start of the check"),
    Moment.AWARE: Phrase("connaissance de la violation", "awareness of the breach"),
    Moment.NOTICE_SENT: Phrase("notification à l’organisme, envoyée", "notice to the insurer, sent"),
    Moment.NOTICE_RECEIVED: Phrase("notification à l’organisme, reçue", "notice to the insurer, received"),
    Moment.CLASSIFIED: Phrase("classement en incident majeur", "classification as a major incident"),
    Moment.INITIAL: Phrase("notification initiale", "initial notification"),
    Moment.PUBLIC: Phrase("décision d’une annonce publique", "decision of a public notice"),
}


class Party(StrEnum):
    """Who owes a duty."""

    OPERATOR = "operator"
    INSURER = "insurer"


class Standing(StrEnum):
    """What may be said of a delay."""

    IN_FORCE = "in force"
    PRACTICE = "practice"
    """The authority asks for it where possible; no text makes it a duty."""
    TO_CONFIRM = "to confirm"
    """A known text whose wording we have not read: a cautious clock, not told as law."""
    PROPOSED = "proposed"


class Duty(IntEnum):
    """A legal duty with a clock; numbers are stored in the register of breaches."""

    NOTICE = 1
    AUTHORITY = 2
    COMPLEMENT = 3
    PERSONS = 4
    FINANCIAL_INITIAL = 5
    FINANCIAL_INTERMEDIATE = 6
    FINANCIAL_FINAL = 7
    COMPLAINT = 8
    PUBLIC = 9


class Risk(IntEnum):
    """What a person concluded about the risk to people."""

    NONE = 0
    RISK = 1
    HIGH = 2


@dataclass(frozen=True, slots=True)
class Start:
    """What a delay is counted from: so many hours or months after a moment; neither is *without undue delay*."""

    moment: Moment
    hours: int | None = None
    months: int | None = None


@dataclass(frozen=True, slots=True)
class ClockRule:
    """One delay: the earliest of its starts decides, and it holds from `begins` (none: never) until before `ends`."""

    duty: Duty
    label: Phrase
    text: Phrase
    """The provision."""
    source: str
    party: Party
    starts: tuple[Start, ...]
    from_risk: Risk
    standing: Standing
    begins: date | None
    ends: date | None = None


_GDPR_DAY = date(2018, 5, 25)
_DORA_DAY = date(2025, 1, 17)
_GDPR = "Regulation (EU) 2016/679, read at gdprhub.eu/Article_33_GDPR and Article_34_GDPR, 2026-11"
_CNIL = "cnil.fr/fr/notifier-une-violation-de-donnees-personnelles, read 2026-11"
_DORA = "acpr.banque-france.fr, FAQ on Regulation (EU) 2022/2554; delays of Delegated Regulation 2025/301 not re-read"
_OMNIBUS = "Commission proposal of 19 November 2025; adoption not found"

CLOCKS: tuple[ClockRule, ...] = (
    ClockRule(
        Duty.NOTICE,
        Phrase("Prévenir chaque organisme", "Tell each insurer"),
        Phrase("RGPD, article 33(2)", "GDPR, article 33(2)"),
        _GDPR, Party.OPERATOR, (Start(Moment.AWARE),), Risk.NONE, Standing.IN_FORCE, _GDPR_DAY,
    ),
    ClockRule(
        Duty.AUTHORITY,
        Phrase("Notifier la CNIL", "Notify the CNIL"),
        Phrase("RGPD, article 33(1)\u00a0: 72 heures", "GDPR, article 33(1): 72 hours"),
        _GDPR, Party.OPERATOR, (Start(Moment.AWARE, hours=72),), Risk.RISK, Standing.IN_FORCE, _GDPR_DAY,
    ),
    ClockRule(
        Duty.AUTHORITY,
        Phrase("L’organisme notifie la CNIL", "The insurer notifies the CNIL"),
        Phrase("RGPD, article 33(1)\u00a0: 72 heures", "GDPR, article 33(1): 72 hours"),
        _GDPR, Party.INSURER, (Start(Moment.NOTICE_RECEIVED, hours=72),), Risk.RISK, Standing.IN_FORCE, _GDPR_DAY,
    ),
    ClockRule(
        Duty.AUTHORITY,
        Phrase("Notifier l’autorité (proposition)", "Notify the authority (proposal)"),
        Phrase("Proposition omnibus\u00a0: 96 heures, risque élevé", "Omnibus proposal: 96 hours, high risk"),
        _OMNIBUS, Party.OPERATOR, (Start(Moment.AWARE, hours=96),), Risk.HIGH, Standing.PROPOSED, None,
    ),
    ClockRule(
        Duty.COMPLEMENT,
        Phrase("Compléter la notification", "Complete the notification"),
        Phrase(
            "RGPD, article 33(4)\u00a0; si possible dans les 72 heures de l’initiale",
            "GDPR, article 33(4); if possible within 72 hours of the first",
        ),
        _CNIL, Party.OPERATOR, (Start(Moment.INITIAL, hours=72),), Risk.RISK, Standing.PRACTICE, _GDPR_DAY,
    ),
    ClockRule(
        Duty.PERSONS,
        Phrase("Informer les personnes", "Tell the people"),
        Phrase("RGPD, article 34", "GDPR, article 34"),
        _GDPR, Party.OPERATOR, (Start(Moment.AWARE),), Risk.HIGH, Standing.IN_FORCE, _GDPR_DAY,
    ),
    ClockRule(
        Duty.PUBLIC,
        Phrase("Publier l’annonce", "Publish the public notice"),
        Phrase("RGPD, article 34(3)(c), une fois décidé", "GDPR, article 34(3)(c), once decided"),
        _GDPR, Party.OPERATOR, (Start(Moment.PUBLIC),), Risk.HIGH, Standing.IN_FORCE, _GDPR_DAY,
    ),
    ClockRule(
        Duty.FINANCIAL_INITIAL,
        Phrase("L’organisme alerte l’ACPR", "The insurer alerts the ACPR"),
        Phrase("DORA, notification initiale", "DORA, initial notification"),
        _DORA, Party.INSURER,
        (Start(Moment.CLASSIFIED, hours=4), Start(Moment.NOTICE_RECEIVED, hours=24)),
        Risk.NONE, Standing.TO_CONFIRM, _DORA_DAY,
    ),
    ClockRule(
        Duty.FINANCIAL_INTERMEDIATE,
        Phrase("L’organisme envoie son rapport intermédiaire", "The insurer sends its intermediate report"),
        Phrase("DORA, rapport intermédiaire", "DORA, intermediate report"),
        _DORA, Party.INSURER, (Start(Moment.INITIAL, hours=72),), Risk.NONE, Standing.TO_CONFIRM, _DORA_DAY,
    ),
    ClockRule(
        Duty.FINANCIAL_FINAL,
        Phrase("L’organisme envoie son rapport final", "The insurer sends its final report"),
        Phrase("DORA, rapport final", "DORA, final report"),
        _DORA, Party.INSURER, (Start(Moment.INITIAL, months=1),), Risk.NONE, Standing.TO_CONFIRM, _DORA_DAY,
    ),
    ClockRule(
        Duty.COMPLAINT,
        Phrase("Déposer plainte (assurance cyber)", "File a complaint (cyber insurance)"),
        Phrase("Code des assurances, article L. 12-10-1", "Code des assurances, article L. 12-10-1"),
        "cited from memory of the text; its wording was not re-read",
        Party.OPERATOR, (Start(Moment.AWARE, hours=72),), Risk.NONE, Standing.TO_CONFIRM, date(2023, 4, 24),
    ),
)  # fmt: skip
"""What the law gives, as far as it could be read; nothing here is legal advice."""
