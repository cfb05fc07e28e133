"""Reads one line of the insurers' file."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tierce.kernel.card import AMC, ROUTE_WORD, Routing
from tierce.kernel.care import Domain
from tierce.kernel.mailbox import is_mailbox
from tierce.policy.rights import ENGAGEMENT_DAYS_MAX
from tierce.registry.rules import CODE, YES_NO, refuse

_DAYS: Final = re.compile(r"[0-9]{1,3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class InsurerLine:
    """One guarantee of one product of one insurer."""

    amc: str
    name: str
    contact_email: str | None
    operator_sends: bool
    product_code: str
    product_name: str
    responsible: bool
    domain: Domain
    formula_fr: str
    formula_en: str
    card_amc: str = ""
    csrs: tuple[str, ...] = ()
    engagement_days: int | None = None
    """Days within which an engagement of its own guarantees, fewer than the domain's; None for the domain's."""
    unsaid: frozenset[str] = frozenset()
    """Columns that the file does not have: what they would say stays as it is."""

    def printed(self, before: Sequence[tuple[str, str]] = ()) -> list[tuple[str, str]]:
        """What its cards print, (AMC number, CSR), where that is more than its own number; `before`, until now."""
        card_amc, csrs = self.card_amc, self.csrs
        if "card_amc" in self.unsaid and before:
            card_amc = before[0][0]
        if "csr" in self.unsaid:
            csrs = tuple(csr for _, csr in before if csr)
        if card_amc in {"", self.amc} and not csrs:
            return []
        return [(card_amc or self.amc, csr) for csr in csrs or ("",)]


class Said:
    """What earlier lines of a file said of an insurer, a product and a guarantee."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._said: dict[tuple[str, ...], tuple[object, ...]] = {}

    def agree(self, line: InsurerLine) -> None:
        """Refuse a line that says otherwise than an earlier one: who writes to people is in it, and their guarantees.

        Raises:
            FieldError: names the field that differs.
        """
        insurer, product = (line.amc,), (line.amc, line.product_code)
        self._same(insurer, name=line.name, contact_email=line.contact_email, operator_sends=line.operator_sends,
                   card_amc=line.card_amc, csr=line.csrs, engagement_days=line.engagement_days)  # fmt: skip
        self._same(product, product_name=line.product_name, responsible=line.responsible)
        self._same((*product, line.domain.name), formula_fr=line.formula_fr, formula_en=line.formula_en)

    def _same(self, about: tuple[str, ...], **told: object) -> None:
        before = self._said.setdefault(about, tuple(told.values()))
        for field, value, earlier in zip(told, told.values(), before, strict=True):
            if value != earlier:
                refuse(field, "une ligne précédente dit autre chose du même organisme ou de la même formule.",
                       "an earlier line says otherwise of the same insurer or product.",
                       "Écrivez partout la même chose.", "Write the same everywhere.")  # fmt: skip


def refuse_disputed(lines: Iterable[InsurerLine], known: Mapping[str, list[tuple[str, str]]]) -> None:
    """Refuse a file after which a card could be of two insurers; `known` is what each one's cards print until now.

    Raises:
        FieldError: two insurers print one AMC number with the same CSR, or both without any.
    """
    told = {line.amc: line.printed(known.get(line.amc, ())) for line in lines}
    if Routing({**known, **told}).disputed:
        refuse("csr", "deux organismes impriment le même numéro AMC et le même CSR.",
               "two insurers print the same AMC number and the same CSR.",
               "Donnez à chacun les CSR de ses cartes, ou son propre numéro.",
               "Give each the CSRs of its cards, or its own number.")  # fmt: skip


def read_insurer(row: Mapping[str, str], absent: frozenset[str] = frozenset()) -> InsurerLine:
    """Read one line of the insurers' file; `absent` are the columns that the file does not have.

    Raises:
        FieldError: the first field that cannot be accepted, with a remedy.
    """
    if row["domain"] not in Domain.__members__:
        allowed = " ".join(Domain.__members__)
        refuse("domain", "domaine inconnu.", "unknown domain.", f"Écrivez : {allowed}.", f"Write one of: {allowed}.")
    if row["contact_email"] and not is_mailbox(row["contact_email"]):
        refuse("contact_email", "ce n’est pas une adresse électronique.", "this is not an e-mail address.",
               "Corrigez-la ou laissez vide.", "Correct it, or leave it empty.")  # fmt: skip
    return InsurerLine(
        amc=_shaped(row, "amc", AMC, "8 à 10 chiffres", "8 to 10 digits"),
        name=_filled(row, "name", 120),
        contact_email=row["contact_email"] or None,
        operator_sends=_yes(row, "operator_sends"),
        product_code=_shaped(row, "product_code", CODE, "1 à 12 caractères A-Z 0-9", "1 to 12 of A-Z 0-9"),
        product_name=_filled(row, "product_name", 120),
        responsible=_yes(row, "responsible"),
        domain=Domain[row["domain"]],
        formula_fr=_filled(row, "formula_fr", 200),
        formula_en=_filled(row, "formula_en", 200),
        card_amc=_shaped(row, "card_amc", AMC, "8 à 10 chiffres", "8 to 10 digits") if row["card_amc"] else "",
        csrs=_csrs(row),
        engagement_days=_days(row),
        unsaid=absent,
    )


def _csrs(row: Mapping[str, str]) -> tuple[str, ...]:
    told = row["csr"].split()
    if any(ROUTE_WORD.fullmatch(one) is None for one in told):
        refuse("csr", "la forme n’est pas la bonne.", "the form is not right.",
               "Écrivez des codes de 1 à 10 caractères A-Z 0-9 -, séparés par une espace.",
               "Write codes of 1 to 10 of A-Z 0-9 -, separated by a space.")  # fmt: skip
    return tuple(dict.fromkeys(told))


def _days(row: Mapping[str, str]) -> int | None:
    told = row["engagement_days"]
    if told and (_DAYS.fullmatch(told) is None or int(told) > ENGAGEMENT_DAYS_MAX):
        refuse("engagement_days", "ce n’est pas un nombre de jours.", "this is not a number of days.",
               f"Écrivez un nombre de 0 à {ENGAGEMENT_DAYS_MAX}, ou laissez vide.",
               f"Write a number from 0 to {ENGAGEMENT_DAYS_MAX}, or leave it empty.")  # fmt: skip
    return int(told) if told else None


def _shaped(row: Mapping[str, str], field: str, shape: re.Pattern[str], fr: str, en: str) -> str:
    if shape.fullmatch(row[field]) is None:
        refuse(field, "la forme n’est pas la bonne.", "the form is not right.", f"Écrivez {fr}.", f"Write {en}.")
    return row[field]


def _filled(row: Mapping[str, str], field: str, length_max: int) -> str:
    if not 1 <= len(row[field].strip()) <= length_max or not row[field].isprintable():
        refuse(field, "vide, trop long ou caractère non imprimable.", "empty, too long or not printable.",
               f"Écrivez 1 à {length_max} caractères.", f"Write 1 to {length_max} characters.")  # fmt: skip
    return row[field].strip()


def _yes(row: Mapping[str, str], field: str) -> bool:
    if row[field] not in YES_NO:
        refuse(field, "valeur inconnue.", "unknown value.", "Écrivez yes ou no.", "Write yes or no.")
    return YES_NO[row[field]]
