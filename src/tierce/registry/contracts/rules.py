"""Reads one line of the contracts' file, or says which field is wrong and what to do about it."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from tierce.kernel.card import parse_amc
from tierce.kernel.care import Domain, Profession
from tierce.kernel.clock import day_of, read_date
from tierce.policy.acts import Act
from tierce.policy.allowed import may_ask
from tierce.registry.contracts.model import ContractLine, Party
from tierce.registry.rules import refuse

NO_END: Final = day_of(date.max)
_PARTIES: Final = {party.name.lower(): party for party in Party}
_NUMBER_MAX: Final = 20


def read_contract(row: Mapping[str, str], line: int) -> ContractLine:
    """Read one line; `row` holds every column, empty where the file had none.

    Raises:
        FieldError: the first field that cannot be accepted, with a remedy; never with the value.
    """
    amc = parse_amc(row["amc"])
    party = _PARTIES.get(row["party"])
    if party is None:
        allowed = ", ".join(_PARTIES)
        refuse("party", "valeur inconnue.", "unknown value.", f"Écrivez : {allowed}.", f"Write one of: {allowed}.")
    domain = Domain.__members__.get(row["domain"])
    if domain is None:
        allowed = " ".join(Domain.__members__)
        refuse("domain", "domaine inconnu.", "unknown domain.", f"Écrivez : {allowed}.", f"Write one of: {allowed}.")
    number = row["number"]
    if not 1 <= len(number) <= _NUMBER_MAX:
        refuse("number", "vide ou trop long.", "empty or too long.",
               "Donnez le code de la profession, le FINESS ou l’identifiant national.",
               "Give the profession's code, the FINESS number or the national identifier.")  # fmt: skip
    if party is Party.PROFESSION:
        profession = Profession.__members__.get(number)
        if profession is None:
            allowed = " ".join(Profession.__members__)
            refuse("number", "profession inconnue.", "unknown profession.",
                   f"Écrivez : {allowed}.", f"Write one of: {allowed}.")  # fmt: skip
        if not may_ask(profession, Act.RIGHTS_ASK, domain):
            refuse("domain", "cette profession ne demande pas ce domaine.", "this profession does not ask about it.",
                   "Voyez la table des décisions.", "See the decision table.")  # fmt: skip
    since = _day(row, "contracted_from")
    until = _day(row, "contracted_until") if row["contracted_until"] else NO_END
    if until < since:
        refuse("contracted_until", "la fin précède le début.", "the end comes before the beginning.",
               "Corrigez l’une des deux dates.", "Correct one of the two dates.")  # fmt: skip
    return ContractLine(line, amc, party, number, domain, since, until)


def _day(row: Mapping[str, str], field: str) -> int:
    try:
        return day_of(read_date(row[field]))
    except ValueError:
        pass
    refuse(field, "ce n’est pas une date.", "this is not a date.",
           "Écrivez une date du calendrier : AAAA-MM-JJ.", "Write a calendar date: YYYY-MM-DD.")  # fmt: skip
