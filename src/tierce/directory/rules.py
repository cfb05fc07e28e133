"""Pure rules of enrolment and substitution: which step may follow which, bounded days, what staff may type."""

from collections.abc import Mapping, Sequence
from typing import Final

from tierce.directory.errors import SubstitutionRefusedError
from tierce.directory.model import Place, Standing, Status, Version, Worked
from tierce.kernel.care import Profession
from tierce.kernel.errors import FieldError
from tierce.kernel.ids import EstablishmentId
from tierce.kernel.labels import holds_nir
from tierce.kernel.language import Phrase
from tierce.policy.enrolment import SUBSTITUTION_AHEAD_DAYS_MAX, SUBSTITUTION_DAYS_MAX

MOVES: Final[Mapping[Status, frozenset[Status]]] = {
    Status.APPLIED: frozenset({Status.ENROLLED, Status.ENDED}),
    Status.ENROLLED: frozenset({Status.SUSPENDED, Status.ENDED}),
    Status.SUSPENDED: frozenset({Status.ENROLLED, Status.ENDED}),
    Status.ENDED: frozenset({Status.ENROLLED}),
}
"""From each status, those that may follow. Nothing is deleted: a client who comes back is enrolled again."""

REASON_CHARACTERS_MAX: Final = 400
CONTRACT_CHARACTERS_MAX: Final = 60


def may_follow(present: Status | None, wanted: Status) -> bool:
    """Tell whether an enrolment may go from `present` (None: there is none yet) to `wanted`."""
    return wanted is Status.ENROLLED if present is None else wanted in MOVES[present]


def check_reason(text: str) -> str:
    """Give back what staff wrote of why, on one line; refuse nothing, too much, or what may be a NIR.

    Raises:
        FieldError: with the remedy; what was typed is not repeated.
    """
    return _check("reason", text, REASON_CHARACTERS_MAX, needed=True)


def check_contract(text: str) -> str:
    """Give back the reference of the contract, perhaps empty; refused as `check_reason` does."""
    return _check("contract", text, CONTRACT_CHARACTERS_MAX, needed=False)


def choose_lent(wanted: Profession | None, served: Sequence[Profession]) -> Profession:
    """Choose which of the professions that a client exercises at a place is lent; staff say which of several.

    Raises:
        SubstitutionRefusedError: none was said of several, or another one.
    """
    if wanted in served or (wanted is None and len(served) == 1):
        return wanted or served[0]
    named = ", ".join(one.name for one in served)
    raise SubstitutionRefusedError(
        "profession",
        Phrase(f"la personne remplacée exerce ici : {named}.", f"whom she replaces exercises here: {named}."),
        Phrase("Dites laquelle est prêtée (--as) ; une déclaration pour chacune.",
               "Say which is lent (--as); one declaration for each."),
    )  # fmt: skip


def _check(field: str, text: str, length_max: int, *, needed: bool) -> str:
    said = " ".join(text.split())
    if needed and not said:
        raise FieldError(field, Phrase("rien n’est écrit.", "nothing is written."),
                         Phrase("Dites pourquoi en une phrase.", "Say why in a sentence."))  # fmt: skip
    if len(said) > length_max or not said.isprintable():
        raise FieldError(field, Phrase("trop long, ou caractère non imprimable.", "too long, or not printable."),
                         Phrase(f"Écrivez {length_max} caractères au plus.",
                                f"Write {length_max} characters at most."))  # fmt: skip
    if holds_nir(said):
        raise FieldError(field, Phrase("cela ressemble à un numéro de sécurité sociale.",
                                       "this looks like a social security number."),
                         Phrase("Ne nommez aucune personne assurée.", "Name no person covered."))  # fmt: skip
    return said


def check_days(from_day: int, until_day: int, today: int) -> None:
    """Refuse the days of a substitution that are past, reversed, too far or too long.

    Raises:
        SubstitutionRefusedError: names the day at fault.
    """
    if from_day < today:
        raise SubstitutionRefusedError(
            "from",
            Phrase("ce jour est passé.", "that day is over."),
            Phrase("Commencez aujourd’hui ou plus tard.", "Begin today or later."),
        )
    if from_day > today + SUBSTITUTION_AHEAD_DAYS_MAX:
        raise SubstitutionRefusedError(
            "from", Phrase("ce jour est trop loin.", "that day is too far ahead."),
            Phrase(f"Déclarez au plus {SUBSTITUTION_AHEAD_DAYS_MAX} jours à l’avance.",
                   f"Declare at most {SUBSTITUTION_AHEAD_DAYS_MAX} days ahead."))  # fmt: skip
    if not from_day <= until_day < from_day + SUBSTITUTION_DAYS_MAX:
        raise SubstitutionRefusedError(
            "until", Phrase("ce jour précède le premier, ou en est trop loin.",
                            "that day is before the first, or too far from it."),
            Phrase(f"Un remplacement dure de 1 à {SUBSTITUTION_DAYS_MAX} jours.",
                   f"A substitution lasts 1 to {SUBSTITUTION_DAYS_MAX} days."))  # fmt: skip


def standing(
    day: int, persons: Sequence[Version], activities: Sequence[Version], places: Sequence[Version]
) -> Standing:
    """Put together what was known on `day` of a professional, from all versions of her, her activities and places.

    A version holds from its first day until the day before the next one's. A place is named as on that day, or as it
    was first known when it was loaded later.
    """
    person = _on(day, persons)
    worked = []
    for activity in _each_on(day, activities):
        said = activity.said
        named = [one for one in places if one.subject == int(said["establishment"])]
        place = _on(day, named) or named[0]
        code = int(said["profession"])
        worked.append(
            Worked(
                place=Place(
                    EstablishmentId(place.subject),
                    str(place.said["finess"] or place.said["siret"] or place.said["structure"] or ""),
                    str(place.said["name"]),
                    str(place.said["town"]),
                ),
                profession=Profession(code) if code else None,
                listed=bool(said["listed"]),
                could_ask=bool(said["active"]) and int(said["from_day"]) <= day <= int(said["until_day"]),
                substitution=None if said["substitution"] is None else int(said["substitution"]),
            )
        )
    return Standing(
        day=day,
        known=person is not None,
        family_name=str(person.said["family_name"]) if person else "",
        given_name=str(person.said["given_name"]) if person else "",
        active=bool(person and person.said["active"]),
        worked=tuple(worked),
    )


def _on(day: int, versions: Sequence[Version]) -> Version | None:
    """The version in force on a day: the last that began by then and had not ended."""
    held = [one for one in versions if one.from_day <= day and (one.until_day is None or day < one.until_day)]
    return held[-1] if held else None


def _each_on(day: int, versions: Sequence[Version]) -> list[Version]:
    found = (_on(day, [one for one in versions if one.subject == subject]) for subject in
             dict.fromkeys(one.subject for one in versions))  # fmt: skip
    return [one for one in found if one is not None]
