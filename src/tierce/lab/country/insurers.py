"""Eighty-four invented insurers and what they sell."""

import unicodedata
from dataclasses import dataclass
from typing import Final

from tierce.kernel.care import Domain
from tierce.kernel.language import Phrase
from tierce.lab.country.names import word_list

_NAMES: Final = word_list("insurers")

AMC_FIRST: Final = 99_100_001
"""AMC numbers of the country follow each other from here; they are invented, and no free list exists to compare."""


def _share(percent: int) -> Phrase:
    """A percentage of the base tariff; it says that the compulsory scheme's part is in it."""
    return Phrase(
        f"{percent} % du tarif de base, part obligatoire comprise",
        f"{percent}% of the base tariff, compulsory part included",
    )


_BASE: Final = (_share(100),) * 4
_FORMULAS: Final[dict[Domain, tuple[Phrase, ...]]] = {
    Domain.MEDG: (*_BASE[:2], _share(130), _share(170)),
    Domain.MEDS: (_BASE[0], _share(130), _share(170), _share(200)),
    Domain.DENT: (
        Phrase("100 % Santé ; autres prothèses 125 %", "100% Santé basket; other prostheses 125%"),
        Phrase("100 % Santé ; autres prothèses 200 %", "100% Santé basket; other prostheses 200%"),
        Phrase("100 % Santé ; autres prothèses 300 %", "100% Santé basket; other prostheses 300%"),
        Phrase("100 % Santé ; autres prothèses 400 %", "100% Santé basket; other prostheses 400%"),
    ),
    Domain.OPTI: (
        Phrase("100 % Santé ; sinon 50 € par équipement", "100% Santé basket; otherwise €50 a pair"),
        Phrase("100 % Santé ; sinon 150 € par équipement", "100% Santé basket; otherwise €150 a pair"),
        Phrase("100 % Santé ; sinon 250 € par équipement", "100% Santé basket; otherwise €250 a pair"),
        Phrase("100 % Santé ; sinon 400 € par équipement", "100% Santé basket; otherwise €400 a pair"),
    ),
    Domain.AUDI: (
        Phrase("100 % Santé", "100% Santé basket"),
        Phrase("100 % Santé ; sinon 300 € par oreille", "100% Santé basket; otherwise €300 an ear"),
        Phrase("100 % Santé ; sinon 600 € par oreille", "100% Santé basket; otherwise €600 an ear"),
        Phrase("100 % Santé ; sinon 900 € par oreille", "100% Santé basket; otherwise €900 an ear"),
    ),
}


@dataclass(frozen=True, slots=True)
class Product:
    """A product: its code, name, « responsable » or not, and the domains it covers."""

    code: str
    name: str
    responsible: bool
    domains: tuple[Domain, ...]
    level: int

    def formula(self, domain: Domain) -> Phrase:
        """What the product gives in one domain."""
        return _FORMULAS.get(domain, _BASE)[self.level]


_ALL: Final = tuple(Domain)
PRODUCTS: Final = (
    # A « responsable » contract pays the 100 % Santé basket, in optics, dental and hearing care.
    Product("ESSENTIEL", "Essentielle", responsible=True, domains=_ALL[:-1], level=0),
    Product("EQUILIBRE", "Équilibre", responsible=True, domains=_ALL[:-1], level=1),
    Product("CONFORT", "Confort", responsible=True, domains=_ALL, level=2),
    Product("SERENITE", "Sérénité", responsible=False, domains=_ALL, level=3),
)


@dataclass(frozen=True, slots=True)
class Insurer:
    """An invented insurer."""

    amc: str
    name: str
    contact_email: str
    operator_sends: bool


INSURERS_MAX: Final = len(_NAMES)
SHARED_AMC: Final = "99100900"
_ROUTES: Final = {1: (SHARED_AMC, "C1", "003"), 2: (SHARED_AMC, "C1", "017")}
"""Two insurers, counted from 0, print one AMC number, with a CSR each; the type of convention is invented."""


def route_of(insurer: int) -> tuple[str, str, str]:
    """What an insurer's cards print: AMC number where another than its own, type of convention, CSR."""
    return _ROUTES.get(insurer, ("", "", ""))


def _host(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.replace("’", " ")).encode("ascii", "ignore").decode().lower()
    words = [word for word in plain.split() if word not in {"du", "de", "des", "la", "le", "l", "d", "a"}]
    return "-".join(words)


def make_insurers(count: int) -> list[Insurer]:
    """List the first `count` insurers, 1 to 84, always the same; a third of them mandate the operator."""
    return [
        Insurer(
            amc=str(AMC_FIRST + number),
            name=name,
            contact_email=f"violations@{_host(name)}.example",
            operator_sends=number % 3 == 0,
        )
        for number, name in enumerate(_NAMES[:count])
    ]
