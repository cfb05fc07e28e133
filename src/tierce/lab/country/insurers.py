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


SHARES: Final[dict[Domain, tuple[int, ...]]] = {
    Domain.MEDG: (100, 100, 130, 170),
    Domain.MEDS: (100, 130, 170, 200),
    Domain.DENT: (125, 200, 300, 400),
}
"""By level, the percentage of the base that a product gives, the compulsory scheme's part in it."""
PLAIN_SHARES: Final = (100,) * 4
"""The same, in every domain that is not named."""
PAIR_EUROS: Final = (50, 150, 250, 400)
"""By level, euros for a pair of glasses outside the 100 % Santé basket."""
EAR_EUROS: Final = (None, 300, 600, 900)
"""By level, euros for a hearing aid outside that basket; None: the basket alone."""


def _dental(percent: int) -> Phrase:
    return Phrase(f"100 % Santé ; autres prothèses {percent} %", f"100% Santé basket; other prostheses {percent}%")


def _optics(euros: int) -> Phrase:
    return Phrase(f"100 % Santé ; sinon {euros} € par équipement", f"100% Santé basket; otherwise €{euros} a pair")


def _hearing(euros: int | None) -> Phrase:
    if euros is None:
        return Phrase("100 % Santé", "100% Santé basket")
    return Phrase(f"100 % Santé ; sinon {euros} € par oreille", f"100% Santé basket; otherwise €{euros} an ear")


def _formula(domain: Domain, level: int) -> Phrase:
    """The words on cards and answers, of the numbers that `pricing.py` writes in the file of benefits."""
    if domain is Domain.DENT:
        return _dental(SHARES[domain][level])
    if domain is Domain.OPTI:
        return _optics(PAIR_EUROS[level])
    if domain is Domain.AUDI:
        return _hearing(EAR_EUROS[level])
    return _share(SHARES.get(domain, PLAIN_SHARES)[level])


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
        return _formula(domain, self.level)


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
