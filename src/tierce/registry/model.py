"""What a line of an insurer's file says, once read."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from tierce.kernel.card import MemberNumber, Routing, normalise_card
from tierce.kernel.ids import InsurerId
from tierce.kernel.nir import BirthDate, Nir, Rank, normalise


class Relationship(IntEnum):
    """What a beneficiary is to the contract's holder. Numbers are stored."""

    HOLDER = 1
    SPOUSE = 2
    PARTNER = 3
    CHILD = 4
    ASCENDANT = 5
    OTHER = 6


class Status(IntEnum):
    """The state of a right on the day the line describes. Numbers are stored."""

    ACTIVE = 1
    ENDED = 2
    FUTURE = 3


class People(StrEnum):
    """Whom an installation may hold: real people in production, invented ones everywhere else, never both."""

    REAL = "real"
    INVENTED = "invented"


@dataclass(frozen=True, slots=True)
class Identity:
    """One set of identifiers under which somebody asks for a person."""

    nir: Nir
    birth_date: BirthDate
    rank: Rank

    def canonical(self) -> bytes:
        """Return the bytes of which the keyed index is made."""
        return normalise(self.nir, self.birth_date, self.rank)


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class RightsLine:
    """One beneficiary of one insurer, as one line of its rights feed tells her.

    Days count from 1970-01-01; `domains` is the set of bits of `Domain.bit`; `traits` are the canonical bytes of
    the pivot identity; `told` is the line without its dates of sending, for the digest that spots what changed.
    """

    line: int
    effective_day: int
    member_number: str
    holder_member_number: str
    representative_member_number: str
    contract_number: str
    product_code: str
    relationship: Relationship
    identity: Identity
    own_nir: Nir | None
    card: Identity | None
    vitale: Identity | None
    corrects: Identity | None
    provisional: Nir | None
    ins_oid: str
    sex: str
    family_name: str
    used_name: str
    given_names: str
    birth_place: str
    domains: int
    from_day: int
    until_day: int
    priority: int
    status: Status
    is_former: bool
    left_day: int | None
    card_amc: str
    convention: str
    csr: str
    traits: bytes
    told: bytes

    def identities(self) -> list[Identity]:
        """List every distinct set of identifiers that must lead to this person, the canonical one first.

        Card and carte Vitale may tell others than the feed, and whoever holds either must be answered; her own
        NIR, where known, is one more and is what joins the copies of two insurers; a provisional number goes on
        leading to her once the final one is known.
        """
        known = [self.identity]
        if self.own_nir is not None:
            known.append(Identity(self.own_nir, self.identity.birth_date, _FIRST))
        known.extend(one for one in (self.card, self.vitale) if one is not None)
        if self.provisional is not None:
            known.append(Identity(self.provisional, self.identity.birth_date, self.identity.rank))
        return list(dict.fromkeys(known))

    def is_borrowed(self) -> bool:
        """Tell whether she is told of under somebody else's number alone, or one that may change.

        Another insurer may then tell of her under another number, and she is two people in the register.
        """
        if self.own_nir is None:
            return self.relationship is not Relationship.HOLDER or self.identity.nir.is_provisional()
        return self.own_nir.is_provisional()

    def cards(self, amc: str) -> list[bytes]:
        """List the canonical bytes of her card, one for each distinct birth date that it may bear."""
        return list(dict.fromkeys(self.card_of(amc, one) for one in self.identities()))

    def card_of(self, amc: str, identity: Identity) -> bytes:
        """Give the canonical bytes of her card, with the birth date of one of her identities."""
        return normalise_card(amc, MemberNumber.parse(self.member_number), identity.birth_date)

    def __repr__(self) -> str:
        return f"RightsLine(line {self.line})"


_FIRST = Rank.parse(1)


@dataclass(frozen=True, slots=True)
class Product:
    """A product of the register and the set of domains it has a guarantee for."""

    id: int
    code: str
    domains: int


@dataclass(frozen=True, slots=True)
class Sender:
    """The insurer whose file is being read, with what its lines are checked against."""

    id: InsurerId
    amc: str
    products: dict[str, Product]
    people: People
    routing: Routing
    """Of every insurer: what a line says of its card must lead to the sender."""
