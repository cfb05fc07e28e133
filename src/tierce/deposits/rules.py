"""From the words of a deposit to a deposit, and what it is worth; pure.

Nothing here knows the register of persons.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from tierce.deposits.errors import DepositFieldError
from tierce.deposits.model import Insurer, Signer, Typed, Worth
from tierce.kernel.bodies import UNREADABLE, decoded, fault_of
from tierce.kernel.card import AMC, Routing, parse_csr
from tierce.kernel.care import Domain
from tierce.kernel.clock import day_of, paris_day, read_date
from tierce.kernel.errors import FieldError
from tierce.kernel.labels import looks_like
from tierce.kernel.language import Phrase
from tierce.kernel.nir import BirthDate, Nir, Rank
from tierce.policy.allowed import DOMAINS
from tierce.policy.deposits import (
    AMOUNT_MAX,
    CARE_BEFORE_DAYS,
    GUARANTEED_A_DAY,
    SESSION_FOR,
    UP_TO_MAX,
    DepositReason,
    DepositState,
)

CARE_PAST: Final = timedelta(days=60)
LABEL_MAX: Final = 40
_AMOUNT: Final = re.compile(r"([0-9]{1,6})(?:[.,]([0-9]{2}))?", re.ASCII)
_MEMBER: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z ./-]{0,19}", re.ASCII)
_REQUEST: Final = re.compile(r"[0-9A-Za-z_-]{8,64}", re.ASCII)


class DepositBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The JSON body of `POST /v1/deposits`."""

    nir: str
    birth_date: str
    amc: str
    member: str
    valid_until: str
    domain: str
    care_date: str
    amount: str
    request: str
    """Drawn by the sender for each deposit: the same body sent again gives the same receipt."""
    rank: int = 1
    csr: str | None = None
    label: str | None = None


_decoder = msgspec.json.Decoder(DepositBody)

_BODY_REMEDY: Final = Phrase(
    "Envoyez un objet JSON, en UTF-8, avec nir, birth_date, amc, member, valid_until, domain, care_date, amount et "
    "request ; au besoin rank, csr et label. rank est un nombre, le reste des textes, amount compris.",
    "Send a JSON object, in UTF-8, with nir, birth_date, amc, member, valid_until, domain, care_date, amount and "
    "request; if needed, rank, csr and label. rank is a number, the rest is text, amount too.",
)


def _refuse(field: str, reason: tuple[str, str], remedy: tuple[str, str]) -> DepositFieldError:
    return DepositFieldError(field, Phrase(*reason), Phrase(*remedy))


def parse_deposit(body: bytes, today: date) -> Typed:
    """Read a deposit, or raise DepositFieldError naming the field and the remedy, never the value."""
    try:
        raw = decoded(_decoder, body)
    except UNREADABLE:
        # The decoder's own message may quote a value: it is not repeated.
        field, reason = fault_of(body, DepositBody)
        raise DepositFieldError(field, reason, _BODY_REMEDY) from None
    try:
        nir, birth, rank = Nir.parse(raw.nir), BirthDate.parse(raw.birth_date), Rank.parse(raw.rank)
        csr = parse_csr(raw.csr or "")
    except FieldError as error:
        raise DepositFieldError(error.field, error.reason, error.remedy) from None
    if _REQUEST.fullmatch(raw.request) is None:
        raise _refuse(
            "request",
            ("le numéro de l’envoi n’a pas la bonne forme.", "the number of the sending has not the right form."),
            (
                "Tirez 8 à 64 lettres et chiffres pour chaque dépôt.",
                "Draw 8 to 64 letters and digits for each deposit.",
            ),
        )
    return Typed(
        nir=nir,
        birth_date=birth,
        rank=rank,
        amc=_shaped("amc", raw.amc, AMC, ("8 à 10 chiffres, comme sur la carte", "8 to 10 digits, as on the card")),
        member=_shaped(
            "member", raw.member, _MEMBER, ("le numéro d’adhérent de la carte", "the card's member number")
        ),
        valid_until=_day("valid_until", raw.valid_until, today - timedelta(days=800), today + timedelta(days=3_700)),
        domain=_domain(raw.domain),
        care_date=_day("care_date", raw.care_date, today - CARE_PAST, today),
        amount=_amount(raw.amount),
        label=_label(raw.label),
        csr=csr,
    )


def _shaped(field: str, text: str, shape: re.Pattern[str], what: tuple[str, str]) -> str:
    compact = text.strip()
    if shape.fullmatch(compact) is None:
        raise _refuse(
            field,
            ("ce numéro n’a pas la bonne forme.", "this number has not the right form."),
            (f"Écrivez {what[0]}.", f"Write {what[1]}."),
        )
    return compact.upper()


def _domain(text: str) -> Domain:
    if text not in Domain.__members__:
        allowed = ", ".join(Domain.__members__)
        raise _refuse(
            "domain",
            ("ce domaine n’existe pas.", "there is no such domain."),
            (f"Choisissez parmi {allowed}.", f"Choose one of {allowed}."),
        )
    return Domain[text]


def _day(field: str, text: str, first: date, last: date) -> date:
    try:
        value: date | None = read_date(text)
    except ValueError:
        value = None
    if value is None or not first <= value <= last:
        remedies = {
            "care_date": ("Donnez le jour des soins : aujourd’hui, ou au plus deux mois avant.",
                          "Give the day of care: today, or at most two months before."),
            "valid_until": ("Recopiez la date de fin de validité de la carte.",
                            "Copy the card's last day of validity."),
        }  # fmt: skip
        raise _refuse(field, ("cette date ne convient pas.", "this date will not do."), remedies[field])
    return value


def _amount(text: str) -> int:
    match = _AMOUNT.fullmatch("".join(text.replace("€", "").split()))
    cents = int(match[1]) * 100 + int(match[2] or 0) if match else 0
    if not 1 <= cents <= AMOUNT_MAX:
        most = AMOUNT_MAX // 100
        raise _refuse(
            "amount",
            ("ce montant ne convient pas.", "this amount will not do."),
            (f"Écrivez la part de l’organisme en euros, par exemple 59,90 ; {most} au plus.",
             f"Write the insurer's share in euros, such as 59.90; at most {most}."),
        )  # fmt: skip
    return cents


def _label(text: str | None) -> str | None:
    label = (text or "").strip()
    digits = sum(character.isdigit() for character in label)
    if len(label) > LABEL_MAX or not label.isprintable() or digits >= 13:
        raise _wrong_label()
    return label or None


def _wrong_label() -> DepositFieldError:
    return _refuse(
        "label",
        ("ce repère ne convient pas.", "this label will not do."),
        (
            "Quarante caractères au plus, sans nom, NIR ni date de naissance.",
            "Forty characters at most; no name, NIR or birth date.",
        ),
    )


def check_label(typed: Typed) -> None:
    """Refuse a label that looks like a NIR or a birth date, as those of asks are: it is kept in clear.

    At the counter alone: what was taken once is judged, never thrown away for its label.

    Raises:
        DepositFieldError: it does.
    """
    if typed.label is not None and looks_like(typed.label) is not None:
        raise _wrong_label()


def insurer_of(typed: Typed, insurers: Mapping[str, Insurer]) -> Insurer | None:
    """The insurer that the card's AMC number and CSR lead to; None for no one of the operator's, or for several."""
    owners = Routing({amc: one.printed for amc, one in insurers.items()}).owners(typed.amc, typed.csr)
    return insurers[owners[0]] if len(owners) == 1 else None


def promise(typed: Typed, received: datetime, insurers: Mapping[str, Insurer], *, signed: bool) -> Worth:
    """What a deposit is worth by what was typed alone: the first thing that takes the guarantee away, or nothing."""
    insurer = insurer_of(typed, insurers)
    today, care = paris_day(received), day_of(typed.care_date)
    if insurer is None:
        return _on_card(DepositReason.INSURER_UNKNOWN)
    if typed.valid_until < typed.care_date:
        return _on_card(DepositReason.CARD_ENDED)
    if not today - CARE_BEFORE_DAYS <= care <= today:
        return _on_card(DepositReason.CARE_DATE)
    chosen = [one for one in insurer.choices if one.domain is typed.domain and one.from_day <= care <= one.until_day]
    if not chosen:
        return _on_card(DepositReason.NO_CHOICE)
    up_to = [min(one.up_to, UP_TO_MAX) for one in chosen if today - care <= one.days_before]
    if not up_to:
        return _on_card(DepositReason.CARE_DATE)
    if typed.amount > max(up_to):
        return _on_card(DepositReason.ABOVE)
    if not signed:
        return _on_card(DepositReason.UNSIGNED)
    return Worth(DepositState.GUARANTEED, DepositReason.NONE)


@dataclass(frozen=True, slots=True)
class Case:
    """One deposit with all that its resolution may depend on; the register of persons is not among it."""

    typed: Typed
    received: datetime
    promised: Worth
    proved: bool
    """The proof in the deposit fits it and is by the key that the session is bound to."""
    signer: Signer | None
    guaranteed_today: int
    repeated: bool
    """The establishment left another deposit about the same care."""


Check = Callable[[Case], DepositReason]


def check_session(case: Case) -> DepositReason:
    """The session is known, stood at the time for an activity that ran, and its own key signed."""
    signer = case.signer
    stood = (
        signer is not None
        and case.proved
        and signer.at_work
        and signer.created <= case.received <= signer.created + SESSION_FOR
        and (signer.revoked is None or signer.revoked > case.received)
    )
    return DepositReason.NONE if stood else DepositReason.SESSION


def check_held(case: Case) -> DepositReason:
    """Nobody who was held on the ladder at the time is guaranteed anything."""
    return DepositReason.HELD if case.signer is not None and case.signer.held else DepositReason.NONE


def check_profession(case: Case) -> DepositReason:
    """The domain is one that her profession may ask about."""
    signer = case.signer
    allowed = signer is not None and case.typed.domain in DOMAINS.get(signer.profession, ())
    return DepositReason.NONE if allowed else DepositReason.NOT_ALLOWED


def check_repeated(case: Case) -> DepositReason:
    """The same care is guaranteed once."""
    return DepositReason.REPEATED if case.repeated else DepositReason.NONE


def check_day(case: Case) -> DepositReason:
    """A line of seats has a number of guaranteed deposits a day."""
    signer = case.signer
    most = GUARANTEED_A_DAY[signer.profession] if signer is not None else 0
    return DepositReason.NONE if case.guaranteed_today < most else DepositReason.DAY_FULL


CHECKS: tuple[Check, ...] = (check_session, check_held, check_profession, check_repeated, check_day)


def judge(case: Case) -> Worth:
    """Resolve one deposit: what was promised, unless something takes it away; nothing ever adds."""
    if case.promised.state is not DepositState.GUARANTEED:
        return case.promised
    for check in CHECKS:
        reason = check(case)
        if reason is not DepositReason.NONE:
            return _on_card(reason)
    return case.promised


def _on_card(reason: DepositReason) -> Worth:
    return Worth(DepositState.ON_CARD, reason)
