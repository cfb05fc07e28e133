"""Reading what to close and for how long, in words; what is narrower; pure."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from tierce.closings.errors import ClosingError
from tierce.closings.model import Closing, Hindered, Target
from tierce.kernel.care import DOMAIN_LABELS, Domain
from tierce.kernel.language import Phrase
from tierce.kernel.saying import count, say_instant
from tierce.policy.acts import Act, Site
from tierce.policy.ladder import CLOSABLE, CLOSE_FOR_MAX, Level

ACTS: Final[Mapping[str, Act]] = {"ask": Act.RIGHTS_ASK, "revisit": Act.RIGHTS_REVISIT}
"""Acts that can be closed: those that the gate is asked for."""
SITES: Final[Mapping[str, Site]] = {"portal": Site.PORTAL, "api": Site.API}
ACT_LABELS: Final[Mapping[Act, Phrase]] = {
    Act.RIGHTS_ASK: Phrase("les demandes de droits", "questions about rights"),
    Act.RIGHTS_REVISIT: Phrase("la réouverture d’une réponse", "opening an answer again"),
}
SITE_LABELS: Final[Mapping[Site, Phrase]] = {
    Site.PORTAL: Phrase("le portail", "the portal"),
    Site.API: Phrase("l’accès des logiciels", "access by software"),
}
REASON_CHARS: Final = (10, 300)
LEVELS: Final[Mapping[str, Level]] = {level.name.lower(): level for level in sorted(CLOSABLE)}
_FOR: Final = re.compile(r"([1-9][0-9]{0,3})(m|h|d)", re.ASCII)
_UNITS: Final = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def _refuse(field: str, reason: tuple[str, str], remedy: tuple[str, str]) -> ClosingError:
    return ClosingError(field, Phrase(*reason), Phrase(*remedy))


def read_target(level: str, subject: str, insurer: Callable[[str], int | None]) -> Target:
    """Read what to close: `nation`, `portal portal`, `act ask`, `domain OPTI`, `insurer 99100001`.

    Args:
        level: name of a level that closes whole.
        subject: which one; empty for the nation.
        insurer: finds an insurer's number by its AMC number.

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
    if found is Level.INSURER:
        number = insurer(subject)
        if number is None:
            raise _refuse(
                "subject",
                ("aucun organisme n’a ce numéro AMC.", "no insurer has this AMC number."),
                ("Recopiez le numéro de la liste des organismes.", "Copy the number from the list of insurers."),
            )
        return Target(found, number)
    names: Mapping[str, int] = {
        Level.PORTAL: SITES,
        Level.ACT: ACTS,
        Level.DOMAIN: Domain.__members__,
    }[found]  # fmt: skip
    if subject not in names:
        allowed = ", ".join(names)
        raise _refuse(
            "subject",
            ("il n’y a rien de ce nom à cet échelon.", "nothing has this name at this level."),
            (f"Choisissez : {allowed}.", f"Choose one of: {allowed}."),
        )
    return Target(found, int(names[subject]))


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
    return reason


def name_of(target: Target, insurers: Mapping[int, str]) -> Phrase:
    """What is closed, in words; an insurer by its name."""
    match target.level:
        case Level.PORTAL:
            return SITE_LABELS[Site(target.subject)]
        case Level.ACT:
            return ACT_LABELS[Act(target.subject)]
        case Level.DOMAIN:
            label = DOMAIN_LABELS[Domain(target.subject)]
            return Phrase(f"le domaine « {label.fr} »", f"the domain “{label.en}”")
        case Level.INSURER:
            name = insurers.get(target.subject, str(target.subject))
            return Phrase(f"l’organisme {name}", f"the insurer {name}")
        case _:
            return Phrase("tout le service", "the whole service")


def narrower(target: Target) -> tuple[Level, ...]:
    """The levels that would hinder fewer people, the narrowest last."""
    return {
        Level.NATION: (Level.PORTAL, Level.DOMAIN, Level.INSURER, Level.DEVICE),
        Level.PORTAL: (Level.ACT, Level.DOMAIN, Level.DEVICE),
        Level.ACT: (Level.DOMAIN, Level.DEVICE),
        Level.DOMAIN: (Level.ESTABLISHMENT, Level.DEVICE),
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


def say_closing(closing: Closing, insurers: Mapping[int, str], now: datetime) -> Phrase:
    """One line: what, since when, until when."""
    what, since, until = name_of(closing.target, insurers), say_instant(closing.since), say_instant(closing.until)
    ended = closing.until <= now
    return Phrase(
        f"{what.fr} : fermé {since.fr}, {'terminé' if ended else 'jusqu’à nouvel avis ou'} {until.fr} au plus tard",
        f"{what.en}: closed {since.en}, {'ended' if ended else 'until told otherwise or'} {until.en} at the latest",
    )
