"""Reads one line of a rights feed, field by field, or says which field is wrong and what to do about it."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Final, NoReturn, TypeVar

from tierce.kernel.card import AMC, MEMBER, ROUTE_WORD
from tierce.kernel.care import Domain
from tierce.kernel.clock import date_of, day_of, read_date
from tierce.kernel.errors import FieldError, IdentifierError
from tierce.kernel.language import Phrase
from tierce.kernel.nir import BirthDate, Nir, Rank, latest_birth
from tierce.kernel.traits import normalise_traits
from tierce.registry.columns import RIGHTS
from tierce.registry.model import Identity, People, Product, Relationship, RightsLine, Sender, Status

OIDS: Final = {
    "1.2.250.1.213.1.4.8": People.REAL,
    "1.2.250.1.213.1.4.9": People.REAL,
    "1.2.250.1.213.1.4.10": People.INVENTED,
    "1.2.250.1.213.1.4.11": People.INVENTED,
}
"""INS domains: NIR, NIA, test, demonstration (FR Core profile of the INS identity)."""

CODE: Final = re.compile(r"[A-Z0-9_-]{1,12}", re.ASCII)
_NAME: Final = re.compile(r"[^\W\d_](?:[^\W\d_]|[ '’.-])*")
PLACE: Final = re.compile(r"[0-9][0-9AB][0-9]{3}", re.ASCII)
_DOMAIN_BITS: Final = {domain.name: domain.bit for domain in Domain}
RELATIONSHIPS: Final = {one.name.lower(): one for one in Relationship}
STATUSES: Final = {one.name.lower(): one for one in Status}
YES_NO: Final = {"yes": True, "no": False}
SEXES: Final = {"M": "M", "F": "F"}
PRIORITIES: Final = {"1": 1, "2": 2}
_SPREADSHEET: Final = re.compile(r"[0-9]([.,][0-9]+)?[Ee]\+?[0-9]+", re.ASCII)
"""A number of many digits as a spreadsheet writes it."""
NEVER: Final = re.compile(r"(?!)")
"""No text has this shape."""
_NOT_TOLD: Final = {"record_kind", "effective_on", "corrects_nir", "corrects_birth_date", "corrects_birth_rank"}
ROUTE: Final = ("card_amc", "convention", "csr")
_LATER: Final = {"provisional_nir", *ROUTE}
TOLD: Final = tuple(column.name for column in RIGHTS if column.name not in _NOT_TOLD | _LATER)
"""What makes two lines say the same. A column added later counts only where it is filled (see `told_of`)."""

Row = Mapping[str, str]
_Choice = TypeVar("_Choice")


def read_rights(row: Row, line: int, sender: Sender) -> RightsLine:
    """Read one line; `row` holds every column of the feed, empty where the file had none.

    Raises:
        FieldError: the first field that cannot be accepted, with a remedy; never with the value.
    """
    _check_sender(row["amc"], sender.amc)
    is_correction = choice(row, "record_kind", {"current": False, "correction": True})
    identity = _identity(row, "right_holder_nir", "birth_date", "birth_rank")
    effective, since, until = (day(row, column) for column in ("effective_on", "covered_from", "covered_until"))
    if identity.birth_date.reveal()[:4] > year_of(effective):
        refuse("birth_date", "cette naissance est d’une année à venir.", "this birth is of a year to come.",
               "Corrigez l’année de naissance, ou effective_on.",
               "Correct the year of birth, or effective_on.")  # fmt: skip
    status = choice(row, "status", STATUSES)
    _check_dates(status, effective, since, until)
    is_former = choice(row, "former_member", YES_NO)
    left = day(row, "left_on") if is_former or row["left_on"] else None
    own = _nir(row, "own_nir") if row["own_nir"] else None
    relationship = choice(row, "relationship", RELATIONSHIPS)
    product = text(row, "product_code", CODE)
    card_amc, convention, csr = route(row, sender)
    read = RightsLine(
        line=line,
        effective_day=effective,
        member_number=text(row, "member_number", MEMBER),
        holder_member_number=text(row, "holder_member_number", MEMBER),
        representative_member_number=_representative(row, relationship, identity, effective),
        contract_number=text(row, "contract_number", MEMBER),
        product_code=product,
        relationship=relationship,
        identity=identity,
        own_nir=own,
        card=_other_identity(row, "card", identity),
        vitale=_other_identity(row, "vitale", identity),
        corrects=_corrected(row) if is_correction else None,
        provisional=_provisional(row),
        ins_oid=row["ins_oid"],
        sex=choice(row, "sex", SEXES),
        family_name=name(row, "family_name", 80),
        used_name=name(row, "used_name", 80) if row["used_name"] else "",
        given_names=name(row, "given_names", 100),
        birth_place=text(row, "birth_place", PLACE),
        domains=domains(row, sender, product),
        from_day=since,
        until_day=until,
        priority=choice(row, "priority", PRIORITIES),
        status=status,
        is_former=is_former,
        left_day=left,
        card_amc=card_amc,
        convention=convention,
        csr=csr,
        traits=_traits(row, identity),
        told=told_of(row),
    )
    _check_people(read, sender.people)
    _check_holder(read)
    return read


def told_of(row: Row) -> bytes:
    """Return the line without its dates of sending; a column that came after version 1 only where it is filled."""
    told = [row[column] for column in TOLD]
    later = [row["provisional_nir"], *(row[column] for column in ROUTE)]
    if any(later[1:]):
        told += later
    elif later[0]:
        told += later[:1]
    return "\x1f".join(told).encode()


def route(row: Row, sender: Sender) -> tuple[str, str, str]:
    """Read what her card prints of its way: AMC number where another than the sender's, convention, CSR.

    Number and CSR must lead to the sender, as every question will read them (`Routing`).
    """
    amc = text(row, "card_amc", AMC) if row["card_amc"] else ""
    convention, csr = (text(row, field, ROUTE_WORD) if row[field] else "" for field in ("convention", "csr"))
    if (amc or csr) and sender.routing.owners(amc or sender.amc, csr) != (sender.amc,):
        refuse("csr" if csr else "card_amc", "ce numéro AMC et ce CSR ne mènent pas à cet organisme.",
               "this AMC number and CSR do not lead to this insurer.",
               "Déclarez-les d’abord dans le fichier des organismes.",
               "Declare them first in the insurers' file.")  # fmt: skip
    return amc, convention, csr


def refuse(field: str, fr: str, en: str, remedy_fr: str, remedy_en: str) -> NoReturn:
    """Raise a FieldError in both languages."""
    raise FieldError(field, Phrase(fr, en), Phrase(remedy_fr, remedy_en))


def choice(row: Row, field: str, choices: Mapping[str, _Choice]) -> _Choice:
    """Read one of a few words."""
    value = row[field]
    if value not in choices:
        allowed = ", ".join(choices)
        refuse(field, "valeur inconnue.", "unknown value.", f"Écrivez : {allowed}.", f"Write one of: {allowed}.")
    return choices[value]


def text(row: Row, field: str, shape: re.Pattern[str]) -> str:
    """Read a text of a given shape."""
    value = row[field]
    if shape.fullmatch(value) is None:
        refuse(field, "vide, trop long ou caractère non admis.", "empty, too long, or a character not allowed.",
               "Voyez la page du format ; gardez les zéros de tête, sans espace autour.",
               "See the page of the format; keep leading zeros, no space around.")  # fmt: skip
    return value


def name(row: Row, field: str, length_max: int) -> str:
    """Read a name of at most so many characters."""
    value = row[field]
    if len(value) > length_max or _NAME.fullmatch(value) is None:
        refuse(field, "un nom est fait de lettres, d’espaces, de traits d’union et d’apostrophes.",
               "a name is made of letters, spaces, hyphens and apostrophes.",
               f"Corrigez le nom ; {length_max} caractères au plus.",
               f"Correct the name; {length_max} characters at most.")  # fmt: skip
    return value


def day(row: Row, field: str) -> int:
    """Read a calendar date as days since 1970-01-01."""
    value = row[field]
    try:
        return day_of(read_date(value))
    except ValueError:
        pass
    refuse(field, "ce n’est pas une date.", "this is not a date.",
           "Écrivez une date du calendrier : AAAA-MM-JJ.", "Write a calendar date: YYYY-MM-DD.")  # fmt: skip


def _check_sender(amc: str, expected: str) -> None:
    if amc == expected:
        return
    if amc and amc == expected.lstrip("0"):
        refuse("amc", "les zéros de tête manquent.", "the leading zeros are missing.",
               "Exportez cette colonne en texte, non en nombre.",
               "Export this column as text, not as a number.")  # fmt: skip
    if not amc:
        refuse("amc", "vide.", "empty.", "Écrivez votre numéro AMC, ou ôtez la ligne.",
               "Write your AMC number, or remove the line.")  # fmt: skip
    refuse("amc", "cette ligne est d’un autre organisme.", "this line is another insurer's.",
           "Envoyez un fichier par organisme.", "Send one file per insurer.")  # fmt: skip


def year_of(day_number: int) -> str:
    """Say the year of a day, in four digits."""
    return f"{date_of(day_number).year:04d}"


def _nir(row: Row, field: str) -> Nir:
    if _SPREADSHEET.fullmatch(row[field]):
        refuse(field, "un tableur a arrondi ce numéro (forme 1,23E+14).",
               "a spreadsheet has rounded this number (as 1.23E+14).",
               "Exportez cette colonne en texte, non en nombre.",
               "Export this column as text, not as a number.")  # fmt: skip
    try:
        return Nir.parse(row[field])
    except IdentifierError as error:
        raise FieldError(field, error.reason, error.remedy) from None


def _identity(row: Row, nir: str, birth_date: str, rank: str, otherwise: Identity | None = None) -> Identity:
    """Read three columns; where one is empty, take it from `otherwise`."""
    read_nir = otherwise.nir if otherwise and not row[nir] else _nir(row, nir)
    if otherwise and not row[birth_date]:
        read_birth = otherwise.birth_date
    else:
        try:
            read_birth = BirthDate.parse(row[birth_date])
        except IdentifierError as error:
            raise FieldError(birth_date, error.reason, error.remedy) from None
    if otherwise and not row[rank]:
        return Identity(read_nir, read_birth, otherwise.rank)
    try:
        return Identity(read_nir, read_birth, Rank.parse(row[rank]))
    except IdentifierError as error:
        raise FieldError(rank, error.reason, error.remedy) from None


def _other_identity(row: Row, kind: str, identity: Identity) -> Identity | None:
    columns = (f"{kind}_nir", f"{kind}_birth_date", f"{kind}_birth_rank")
    if not any(row[column] for column in columns):
        return None
    other = _identity(row, *columns, otherwise=identity)
    return None if other == identity else other


def _provisional(row: Row) -> Nir | None:
    if not row["provisional_nir"]:
        return None
    number = _nir(row, "provisional_nir")
    if not number.is_provisional():
        refuse("provisional_nir", "ce numéro n’est pas provisoire.", "this number is not a provisional one.",
               "Pour un numéro transmis à tort, envoyez une correction.",
               "For a number sent by mistake, send a correction.")  # fmt: skip
    return number


def _corrected(row: Row) -> Identity:
    return _identity(row, "corrects_nir", "corrects_birth_date", "corrects_birth_rank")


def _check_dates(status: Status, effective: int, since: int, until: int) -> None:
    if since > until:
        refuse("covered_until", "la fin précède le début.", "the end comes before the beginning.",
               "Corrigez l’une des deux dates.", "Correct one of the two dates.")  # fmt: skip
    agrees = {
        Status.ACTIVE: since <= effective <= until,
        Status.ENDED: until <= effective,
        Status.FUTURE: effective < since,
    }
    if not agrees[status]:
        refuse("status", "l’état contredit les dates de couverture.", "the state contradicts the dates of cover.",
               "Corrigez l’état, ou les dates, à la date d’effet.",
               "Correct the state, or the dates, as of the effective day.")  # fmt: skip


def product_of(row: Row, sender: Sender) -> Product:
    """Read the product, which the insurers' file must have declared."""
    product = sender.products.get(row["product_code"])
    if product is None:
        refuse("product_code", "formule inconnue de cet organisme.", "this insurer has no such product.",
               "Déclarez-la d’abord dans le fichier des organismes.",
               "Declare it first in the insurers' file.")  # fmt: skip
    return product


def domains(row: Row, sender: Sender, product_code: str) -> int:
    """Read the domains covered, as bits; the product must have a guarantee for each."""
    product = product_of({"product_code": product_code}, sender)
    bits = 0
    for code in row["domains"].split():
        bits |= _DOMAIN_BITS.get(code, 0) or refuse(
            "domains", "domaine inconnu.", "unknown domain.",
            f"Écrivez : {' '.join(_DOMAIN_BITS)}.", f"Write: {' '.join(_DOMAIN_BITS)}.")  # fmt: skip
    if bits == 0 or bits & ~product.domains:
        refuse("domains", "un domaine n’a pas de garantie dans cette formule, ou aucun n’est donné.",
               "a domain has no guarantee in this product, or none is given.",
               "Donnez des domaines que la formule couvre.", "Give domains that the product covers.")  # fmt: skip
    return bits


def _representative(row: Row, relationship: Relationship, identity: Identity, effective: int) -> str:
    """Take the legal representative; a minor child without one is represented by the holder."""
    if row["representative_member_number"]:
        return text(row, "representative_member_number", MEMBER)
    if relationship is not Relationship.CHILD:
        return ""
    on = date.fromordinal(effective + date(1970, 1, 1).toordinal())
    is_minor = latest_birth(identity.birth_date.reveal()) > f"{on.year - 18}{on:%m%d}"
    return row["holder_member_number"] if is_minor else ""


def _traits(row: Row, identity: Identity) -> bytes:
    try:
        return normalise_traits(
            row["family_name"], row["given_names"], identity.birth_date.reveal(), row["sex"], row["birth_place"]
        )
    except ValueError:
        pass
    refuse("family_name", "les noms ne contiennent aucune lettre latine.", "the names hold no Latin letter.",
           "Transcrivez-les comme à l’état civil.", "Transcribe them as in the civil register.")  # fmt: skip


def _check_people(read: RightsLine, people: People) -> None:
    kind = OIDS.get(read.ins_oid)
    if kind is not people:
        refuse("ins_oid", "ce domaine d’identité n’est pas admis ici.", "this identity domain is not accepted here.",
               "Les personnes inventées n’entrent pas en production, ni les vraies ailleurs.",
               "Invented people never enter production, nor real ones anything else.")  # fmt: skip
    for identity in read.identities():
        if identity.nir.is_synthetic() is (people is People.REAL):
            refuse("right_holder_nir", "ce numéro n’est pas de la sorte que dit le domaine d’identité.",
                   "this number is not of the kind that the identity domain says.",
                   "Vérifiez ins_oid et les numéros.", "Check ins_oid and the numbers.")  # fmt: skip


def _check_holder(read: RightsLine) -> None:
    if (read.relationship is Relationship.HOLDER) != (read.member_number == read.holder_member_number):
        refuse("holder_member_number", "le titulaire, et lui seul, porte le numéro du titulaire.",
               "the holder, and nobody else, has the holder's number.",
               "Corrigez la qualité ou le numéro du titulaire.",
               "Correct the relationship or the holder's number.")  # fmt: skip
