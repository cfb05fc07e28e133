"""What a deposit is worth: every limit and reason of "closed is not stopped", on one page.

A deposit is what an ask becomes while closed: the professional types what the card shows, nobody is looked up,
nothing is told. Its payment is *guaranteed* when the insurer chose so in writing, for that domain, day of care
and amount, and when the session that signed it stands. Everything else is *recorded on the card*. No answer
here depends on the register of persons, so that nothing can be learned of anybody by depositing (docs/adr).
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import IntEnum

from tierce.kernel.care import Profession
from tierce.kernel.language import Phrase
from tierce.policy.seats import DAY_LIMITS

AMOUNT_MAX = 5_000_00
"""The largest amount, in cents, that a deposit can name."""
UP_TO_MAX = 1_500_00
"""The largest guarantee, in cents, that an insurer's choice can give: the bound of one false deposit."""
CARE_BEFORE_DAYS = 3
"""A deposit is guaranteed for care of its own day or of the three days before, fewer where the insurer chose so."""
GUARANTEED_A_DAY: Mapping[Profession, int] = {
    profession: max(10, limits.known // 2) for profession, limits in DAY_LIMITS.items()
}
"""Deposits of one line of seats (one login, device and profession) that are guaranteed in a civil day."""
SESSION_FOR = timedelta(hours=24)
"""While the store is away no session can be renewed: one opened at most this long before still signs a guarantee."""
KEPT_DAYS = 90
"""What was typed is kept sealed for as long as an invoice may quote the receipt, then destroyed."""

BODY_BYTES_MAX = 2_048
SESSION_A_MINUTE = 12
SESSION_A_DAY = 400
STRANGERS_A_MINUTE = 240
"""Deposits a minute by sessions that this process has not seen alive since it started, all of them together."""
SPOOL_BYTES_MAX = 256 * 1024 * 1024
STRANGERS_BYTES_MAX = SPOOL_BYTES_MAX // 2
"""The share of the spool that strangers may fill: a flood of made-up sessions leaves half for those we know."""
GRACE = timedelta(minutes=15)
"""A deposit begun while closed is still taken this long after the opening."""


class DepositState(IntEnum):
    """Where a deposit stands. Numbers are stored."""

    RECEIVED = 1
    GUARANTEED = 2
    ON_CARD = 3
    REFUSED = 4


class DepositReason(IntEnum):
    """Why a deposit is not guaranteed, or refused. Numbers are stored; none says anything of the person."""

    NONE = 0
    NO_CHOICE = 1
    ABOVE = 2
    CARD_ENDED = 3
    CARE_DATE = 4
    UNSIGNED = 5
    SESSION = 6
    HELD = 7
    NOT_ALLOWED = 8
    DAY_FULL = 9
    REPEATED = 10
    INSURER_UNKNOWN = 11
    UNREADABLE = 20


STATE_LABELS: Mapping[DepositState, Phrase] = {
    DepositState.RECEIVED: Phrase("reçu, pas encore examiné", "received, not examined yet"),
    DepositState.GUARANTEED: Phrase("paiement garanti", "payment guaranteed"),
    DepositState.ON_CARD: Phrase("gardé sur la foi de la carte, sans garantie", "kept on the card, not guaranteed"),
    DepositState.REFUSED: Phrase("refusé", "refused"),
}
REASON_LABELS: Mapping[DepositReason, Phrase] = {
    DepositReason.NONE: Phrase(
        "L’organisme garantit ce montant pour ce domaine pendant une fermeture.",
        "The insurer guarantees this amount for this domain during a closing.",
    ),
    DepositReason.NO_CHOICE: Phrase(
        "L’organisme n’a pas choisi de garantir ce domaine à cette date pendant une fermeture.",
        "The insurer did not choose to guarantee this domain on that date during a closing.",
    ),
    DepositReason.ABOVE: Phrase(
        "Le montant dépasse ce que l’organisme garantit pendant une fermeture.",
        "The amount is above what the insurer guarantees during a closing.",
    ),
    DepositReason.CARD_ENDED: Phrase(
        "La carte n’est plus valable à la date des soins.", "The card is no longer valid on the date of care."
    ),
    DepositReason.CARE_DATE: Phrase(
        "La garantie vaut pour des soins du jour ou des jours d’avant : trois au plus, moins si l’organisme le veut.",
        "The guarantee holds for care of the day or of the days before: three at most, fewer if the insurer says so.",
    ),
    DepositReason.UNSIGNED: Phrase(
        "Le dépôt n’est pas signé par la clé de votre navigateur.", "The deposit is not signed by your browser’s key."
    ),
    DepositReason.SESSION: Phrase(
        "La session du dépôt n’est pas reconnue, ou elle avait pris fin.",
        "The session of the deposit is not recognised, or it had ended.",
    ),
    DepositReason.HELD: Phrase("Votre accès était freiné ce jour-là.", "Your access was held that day."),
    DepositReason.NOT_ALLOWED: Phrase(
        "Ce domaine n’est pas celui de votre profession.", "This domain is not your profession’s."
    ),
    DepositReason.DAY_FULL: Phrase(
        "Le nombre de dépôts garantis de la journée était atteint.",
        "The day’s number of guaranteed deposits was reached.",
    ),
    DepositReason.REPEATED: Phrase(
        "Un autre dépôt de votre établissement porte les mêmes soins.",
        "Another deposit of your establishment is about the same care.",
    ),
    DepositReason.INSURER_UNKNOWN: Phrase(
        "Aucun organisme de l’opérateur n’est désigné par ce numéro AMC et ce CSR.",
        "This AMC number and CSR name no insurer of the operator.",
    ),
    DepositReason.UNREADABLE: Phrase(
        "Le dépôt ne peut pas être relu ; appelez l’opérateur avec le numéro du reçu.",
        "The deposit cannot be read back; call the operator with the receipt’s number.",
    ),
}
