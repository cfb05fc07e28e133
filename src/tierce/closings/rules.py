"""Reading what to close and for how long, in words; what is narrower; pure."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from tierce.closings.errors import ClosingError
from tierce.closings.model import Closing, Hindered, Target
from tierce.kernel.care import DOMAIN_LABELS, PROFESSION_LABELS, Domain, Profession
from tierce.kernel.labels import holds_nir
from tierce.kernel.language import Phrase
from tierce.kernel.saying import NBSP, count, say_instant
from tierce.policy.acts import Act, Site
from tierce.policy.ladder import (
    CLOSABLE,
    CLOSE_FOR_MAX,
    HELD_WHOLE,
    RUNG_LABELS,
    Level,
    Rung,
    cell_of,
    cell_profession,
    department_of,
)

ACTS: Final[Mapping[str, Act]] = {
    "ask": Act.RIGHTS_ASK,
    "revisit": Act.RIGHTS_REVISIT,
    "invoice": Act.INVOICE_SEND,
    "agreement": Act.AGREEMENT_ASK,
}
"""Acts that can be closed: those that the gate is asked for, the sending of invoices, the asking for agreements."""
SITES: Final[Mapping[str, Site]] = {"portal": Site.PORTAL, "api": Site.API}
ACT_LABELS: Final[Mapping[Act, Phrase]] = {
    Act.RIGHTS_ASK: Phrase("les demandes de droits", "questions about rights"),
    Act.RIGHTS_REVISIT: Phrase("la réouverture d’une réponse", "opening an answer again"),
    Act.INVOICE_SEND: Phrase("l’envoi de factures", "sending invoices"),
    Act.AGREEMENT_ASK: Phrase("les demandes de prise en charge", "asking for prior agreements"),
}
SITE_LABELS: Final[Mapping[Site, Phrase]] = {
    Site.PORTAL: Phrase("le portail", "the portal"),
    Site.API: Phrase("l’accès des logiciels", "access by software"),
}
REASON_CHARS: Final = (10, 300)
LEVELS: Final[Mapping[str, Level]] = {level.name.lower(): level for level in sorted(CLOSABLE | HELD_WHOLE)}
RUNGS: Final[Mapping[str, Rung]] = {
    "step-up": Rung.STEP_UP,
    "presence": Rung.PRESENCE_ONLY,
    "suspended": Rung.SUSPENDED,
}
_FOR: Final = re.compile(r"([1-9][0-9]{0,3})(m|h|d)", re.ASCII)
_UNITS: Final = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def _refuse(field: str, reason: tuple[str, str], remedy: tuple[str, str]) -> ClosingError:
    return ClosingError(field, Phrase(*reason), Phrase(*remedy))


def read_target(level: str, subject: str, find: Callable[[Level, str], int | None]) -> Target:
    """Read what to close or hold, such as `domain OPTI`, `insurer 99100001`, `cell 75:GP`, `software 12`, `nation`.

    Args:
        level: name of a level above one account.
        subject: which one; empty for the nation.
        find: finds the number of an insurer by AMC number, of an establishment by FINESS, of a software or a vendor.

    Raises:
        ClosingError: naming the field and what may be written.
    """
    found = LEVELS.get(level)
    if found is None:
        allowed = ", ".join(LEVELS)
        raise _refuse(
            "level",
            ("on ne ferme pas cet échelon.", "this level is not one that closes."),
            (f"Choisissez : {allowed}.", f"Choose one of: {allowed}."),
        )
    if found is Level.NATION:
        return Target(found, 0)
    if found is Level.CELL:
        return Target(found, _cell(subject))
    if found in FOUND:
        number = find(found, subject)
        if number is None:
            raise _refuse("subject", *FOUND[found])
        return Target(found, number)
    names: Mapping[str, int] = {
        Level.PORTAL: SITES,
        Level.ACT: ACTS,
        Level.DOMAIN: Domain.__members__,
        Level.PROFESSION: Profession.__members__,
    }[found]
    if subject not in names:
        raise _unknown(names)
    return Target(found, int(names[subject]))


FOUND: Final[Mapping[Level, tuple[tuple[str, str], tuple[str, str]]]] = {
    Level.INSURER: (
        ("aucun organisme n’a ce numéro AMC.", "no insurer has this AMC number."),
        ("Recopiez le numéro de la liste des organismes.", "Copy the number from the list of insurers."),
    ),
    Level.ESTABLISHMENT: (
        ("aucun établissement n’a ce numéro FINESS.", "no establishment has this FINESS number."),
        ("Recopiez le numéro de l’annuaire.", "Copy the number from the directory."),
    ),
    Level.SOFTWARE: (
        ("aucun logiciel n’a ce numéro.", "no software has this number."),
        ("Recopiez le numéro de la liste des logiciels.", "Copy the number from the list of software."),
    ),
    Level.VENDOR: (
        ("aucun éditeur n’a ce numéro.", "no vendor has this number."),
        ("Recopiez le numéro de la liste des logiciels.", "Copy the number from the list of software."),
    ),
}
"""Levels whose subject is looked for, and what is said when there is none."""


def _unknown(names: Iterable[str]) -> ClosingError:
    allowed = ", ".join(names)
    return _refuse(
        "subject",
        ("il n’y a rien de ce nom à cet échelon.", "nothing has this name at this level."),
        (f"Choisissez : {allowed}.", f"Choose one of: {allowed}."),
    )


def _cell(subject: str) -> int:
    department, _, profession = subject.partition(":")
    if profession not in Profession.__members__:
        raise _unknown(Profession.__members__)
    number = cell_of(department, Profession[profession])
    if not number:
        raise _refuse(
            "department",
            ("ce n’est pas un département.", "this is not a département."),
            (
                "Écrivez le département : 75, 2A, 974.",
                "Write the département: 75, 2A, 974.",
            ),
        )
    return number


def check_rung(target: Target, rung: Rung) -> None:
    """Refuse a rung that cannot stand at a level: one insurer's people are closed whole or not at all.

    A lower rung there would depend on the person asked for, and tell whose she is.
    """
    if rung < Rung.STEP_UP or (target.level is Level.INSURER and rung is not Rung.SUSPENDED):
        raise _refuse(
            "rung",
            ("cet échelon ne s’applique pas ici.", "this rung does not apply here."),
            ("Choisissez « plus rien n’est montré ».", "Choose “nothing is shown”."),
        )


def read_rung(text: str) -> Rung:
    """Read `step-up`, `presence` or `suspended`."""
    if text not in RUNGS:
        allowed = ", ".join(RUNGS)
        raise _refuse(
            "rung",
            ("cet échelon n’existe pas.", "there is no such rung."),
            (f"Choisissez : {allowed}.", f"Choose one of: {allowed}."),
        )
    return RUNGS[text]


def read_length(text: str) -> timedelta:
    """Read `30m`, `4h` or `2d`: how long, never longer than CLOSE_FOR_MAX."""
    match = _FOR.fullmatch(text)
    length = int(match[1]) * _UNITS[match[2]] if match else timedelta()
    if not timedelta() < length <= CLOSE_FOR_MAX:
        raise _refuse(
            "for",
            ("cette durée n’est pas acceptée.", "this length of time is not accepted."),
            (
                f"Écrivez 30m, 4h ou 2d, au plus {CLOSE_FOR_MAX.days} jours ; une fermeture plus longue se redécide.",
                f"Write 30m, 4h or 2d, at most {CLOSE_FOR_MAX.days} days; a longer closing is decided again.",
            ),
        )
    return length


def read_reason(text: str) -> str:
    """Read why: 10 to 300 printable characters. A person will read it at night."""
    reason = " ".join(text.split())
    if not REASON_CHARS[0] <= len(reason) <= REASON_CHARS[1] or not reason.isprintable():
        raise _refuse(
            "reason",
            ("il faut dire pourquoi.", "the reason must be said."),
            ("Écrivez une phrase de 10 à 300 caractères.", "Write a sentence of 10 to 300 characters."),
        )
    if holds_nir(reason):
        raise _refuse(
            "reason",
            ("cela ressemble à un numéro de sécurité sociale.", "this looks like a social security number."),
            ("Ne nommez aucune personne assurée.", "Name no person covered."),
        )
    return reason


def code_of(target: Target, codes: Mapping[Target, str]) -> str | None:
    """What is closed, as a program knows it: a domain's code, a site's or an act's name, an AMC number; else None."""
    match target.level:
        case Level.PORTAL:
            return next((name for name, site in SITES.items() if site == target.subject), None)
        case Level.ACT:
            return next((name for name, act in ACTS.items() if act == target.subject), None)
        case Level.DOMAIN:
            return Domain(target.subject).name
        case _:
            return codes.get(target)


def name_of(target: Target, names: Mapping[Target, str]) -> Phrase:
    """What is closed, in words; what has a name of its own by its name."""
    known = names.get(target, str(target.subject))
    match target.level:
        case Level.PORTAL:
            return SITE_LABELS[Site(target.subject)]
        case Level.ACT:
            return ACT_LABELS[Act(target.subject)]
        case Level.DOMAIN:
            label = DOMAIN_LABELS[Domain(target.subject)]
            return Phrase(f"le domaine «{NBSP}{label.fr}{NBSP}»", f"the domain “{label.en}”")
        case Level.INSURER:
            return Phrase(f"l’organisme {known}", f"the insurer {known}")
        case Level.ESTABLISHMENT:
            return Phrase(f"l’établissement {known}", f"the establishment {known}")
        case Level.SOFTWARE:
            return Phrase(f"le logiciel {known}", f"the software {known}")
        case Level.VENDOR:
            return Phrase(f"l’éditeur de {known}", f"the vendor of {known}")
        case Level.PROFESSION:
            label = PROFESSION_LABELS[Profession(target.subject)]
            return Phrase(f"la profession «{NBSP}{label.fr}{NBSP}»", f"the profession “{label.en}”")
        case Level.CELL:
            label = PROFESSION_LABELS[Profession(cell_profession(target.subject))]
            where = department_of(target.subject)
            return Phrase(
                f"la profession «{NBSP}{label.fr}{NBSP}» du département {where}",
                f"the profession “{label.en}” of département {where}",
            )
        case _:
            return Phrase("tout le service", "the whole service")


def narrower(target: Target) -> tuple[Level, ...]:
    """The levels that would hinder fewer people, the narrowest last."""
    return {
        Level.NATION: (Level.PORTAL, Level.DOMAIN, Level.INSURER, Level.DEVICE),
        Level.PORTAL: (Level.ACT, Level.DOMAIN, Level.DEVICE),
        Level.ACT: (Level.DOMAIN, Level.DEVICE),
        Level.DOMAIN: (Level.ESTABLISHMENT, Level.DEVICE),
        Level.PROFESSION: (Level.CELL, Level.ESTABLISHMENT, Level.DEVICE),
        Level.CELL: (Level.ESTABLISHMENT, Level.DEVICE),
        Level.VENDOR: (Level.SOFTWARE, Level.DEVICE),
        Level.SOFTWARE: (Level.ESTABLISHMENT, Level.DEVICE),
        Level.ESTABLISHMENT: (Level.DEVICE,),
        Level.INSURER: (Level.DEVICE,),
    }.get(target.level, ())


def say_hindered(hindered: Hindered) -> Phrase:
    """One sentence that counts who is hindered."""
    people = count(
        hindered.professionals, Phrase("professionnel connecté", "professional signed in"),
        Phrase("professionnels connectés", "professionals signed in"),
    )  # fmt: skip
    places = count(hindered.places, Phrase("lieu", "place"), Phrase("lieux", "places"))
    answers = count(
        hindered.answers, Phrase("réponse des 24 dernières heures", "answer of the last 24 hours"),
        Phrase("réponses des 24 dernières heures", "answers of the last 24 hours"),
    )  # fmt: skip
    return Phrase(
        f"{people.fr} dans {places.fr} ; {answers.fr} concernées.",
        f"{people.en} in {places.en}; {answers.en} concerned.",
    )


def say_closing(closing: Closing, names: Mapping[Target, str], now: datetime) -> Phrase:
    """One line: what, since when, until when."""
    what, since, until = name_of(closing.target, names), say_instant(closing.since), say_instant(closing.until)
    ended = closing.until <= now
    how = Phrase("fermé", "closed") if closing.rung is Rung.SUSPENDED else RUNG_LABELS[closing.rung]
    still = Phrase("terminé", "ended") if ended else Phrase("jusqu’à nouvel avis ou", "until told otherwise or")
    return Phrase(
        f"{what.fr} : {how.fr} {since.fr}, {still.fr} {until.fr} au plus tard",
        f"{what.en}: {how.en} {since.en}, {still.en} {until.en} at the latest",
    )
