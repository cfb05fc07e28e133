"""Reads many rights lines at once: those that are plain beyond doubt; the rest is left to the rules, one by one.

A line is plain when every field passes a check that is at least as strict as that of rules.py. Fields of few values
are checked by the rules themselves, once for each distinct value; numbers of fifteen or eight digits, by arithmetic
on columns. Whatever is not plain here is not refused: `read_rights` reads it and has the last word, so that a
reason is never said twice in two ways. A property test holds both ways equal.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tierce.kernel.clock import date_of
from tierce.kernel.errors import FieldError
from tierce.kernel.nir import SYNTHETIC_COMMUNES, SYNTHETIC_DEPARTMENTS, YEAR_MAX, YEAR_MIN
from tierce.kernel.traits import name_words
from tierce.registry import rules
from tierce.registry.arrays import Bools, Bytes, Ints, Offsets
from tierce.registry.batch import Batch, Column, Spread
from tierce.registry.model import People, Relationship, Sender, Status
from tierce.registry.packing import fixed_text, join_bytes, pack_integers, pack_texts, pad_records, text_parts

Digits = Bytes
"""One row a place of a number, one column a line."""

_NIL: Final = pa.scalar(b"\xc0", pa.binary())
_RARE: Final = ("corrects_nir", "corrects_birth_date", "corrects_birth_rank", "provisional_nir")
_TRUTH: Final = pa.array([b"\xc2", b"\xc3"], pa.binary())
_RANKS: Final = list("123456789")
_MONTHS: Final = np.array([n in range(1, 13) or n in range(20, 43) or n >= 50 for n in range(100)])
_NUMBER: Final = np.isin(np.arange(256), list(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"))
_NUMBER_MAX: Final = 20
_DEPARTMENTS: Final = np.array([f"{n:02d}" in SYNTHETIC_DEPARTMENTS for n in range(100)])


def read_plain(table: pa.Table, lines: Ints, sender: Sender) -> tuple[Batch, Bools]:
    """Read the plain lines of a table that holds every column of the feed as text; also tell which they were."""
    looked = _Look(table, sender)
    kept = looked.plain
    if not kept.all():
        looked.keep(kept)
        lines = lines[kept]
    return looked.batch(lines), kept


@dataclass(slots=True)
class _Few:
    """A column of few values: what the rule made of each, which row has which, where it fits; what the cells say."""

    values: list[Any]
    codes: Ints
    fits: Bools
    cells: list[str] = field(default_factory=list)

    def keep(self, kept: Bools) -> None:
        """Forget the other rows."""
        self.codes, self.fits = self.codes[kept], self.fits[kept]

    def numbers(self) -> Ints:
        return np.array([0 if one is None else int(one) for one in self.values], dtype=np.int64)[self.codes]

    def texts(self) -> Column:
        return self.spread(pa.array([b"" if one is None else one for one in self.values], pa.binary()))

    def packed(self) -> Column:
        """The numbers, packed for a record."""
        return self.spread(pack_integers(0 if one is None else int(one) for one in self.values))

    def packed_cells(self) -> Column:
        """The cells as the file has them, packed for a record."""
        return self.spread(pack_texts(self.cells))

    def spread(self, values: Column) -> Column:
        return values.take(pa.array(self.codes))


@dataclass(slots=True)
class _Who:
    """One set of identifiers a row: where it is filled, where it fits, its canonical bytes and its birth date."""

    filled: Bools
    fits: Bools
    canonical: Column
    birth: Column

    def keep(self, kept: Bools) -> None:
        """Forget the other rows."""
        self.filled, self.fits = self.filled[kept], self.fits[kept]
        self.canonical = self.canonical.filter(pa.array(kept))
        self.birth = self.birth.filter(pa.array(kept))


class _Look:
    """One table looked at: every column checked, and `plain` where all fit."""

    def __init__(self, table: pa.Table, sender: Sender) -> None:
        self._table = table
        self._sender = sender
        self._rows = table.num_rows
        self._synthetic = sender.people is People.INVENTED
        self._read_small()
        self._read_names()
        self._read_people()
        self.plain = self._together()

    def _column(self, name: str) -> Column:
        column = self._table.column(name)
        return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column

    def _few(self, name: str, rule: Callable[[dict[str, str]], object], *, empty: object = None) -> _Few:
        """Run a rule once for each distinct value; with `empty`, an empty cell fits and stands for it."""
        coded = pc.dictionary_encode(self._column(name))
        values: list[object] = []
        fits: list[bool] = []
        cells = coded.dictionary.to_pylist()
        for text in cells:
            try:
                values.append(empty if empty is not None and not text else rule({name: text}))
                fits.append(True)
            except FieldError:
                values.append(None)
                fits.append(False)
        codes = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        return _Few(values, codes, np.array(fits, dtype=np.bool_)[codes], cells)

    def _read_small(self) -> None:
        choose, day = rules.choice, rules.day
        current = {"current": True}
        amc = {self._sender.amc: True}
        oids = {oid: True for oid, people in rules.OIDS.items() if people is self._sender.people}
        self.small = {
            "record_kind": self._few("record_kind", lambda row: choose(row, "record_kind", current)),
            "amc": self._few("amc", lambda row: choose(row, "amc", amc)),
            "ins_oid": self._few("ins_oid", lambda row: choose(row, "ins_oid", oids)),
            "sex": self._few("sex", lambda row: choose(row, "sex", rules.SEXES)),
            "priority": self._few("priority", lambda row: choose(row, "priority", rules.PRIORITIES)),
            "status": self._few("status", lambda row: choose(row, "status", rules.STATUSES)),
            "relationship": self._few("relationship", lambda row: choose(row, "relationship", rules.RELATIONSHIPS)),
            "former_member": self._few("former_member", lambda row: choose(row, "former_member", rules.YES_NO)),
            "effective_on": self._few("effective_on", lambda row: day(row, "effective_on")),
            "covered_from": self._few("covered_from", lambda row: day(row, "covered_from")),
            "covered_until": self._few("covered_until", lambda row: day(row, "covered_until")),
            "left_on": self._few("left_on", lambda row: day(row, "left_on"), empty=-1),
            "birth_place": self._few("birth_place", lambda row: rules.text(row, "birth_place", rules.PLACE).encode()),
            "product_code": self._few("product_code", lambda row: rules.product_of(row, self._sender).id),
        }  # fmt: skip
        self._read_domains()
        self.route = self._read_route()

    def _read_route(self) -> _Few:
        """What cards print of their way, checked once for each set that occurs, and packed."""
        cells = [self._column(name) for name in rules.ROUTE]
        coded = pc.dictionary_encode(pc.binary_join_element_wise(*cells, "\x1f"))
        values: list[object] = []
        told = coded.dictionary.to_pylist()
        for text in told:
            try:
                row = dict(zip(rules.ROUTE, text.split("\x1f"), strict=True))
                values.append(b"".join(msgspec.msgpack.encode(one) for one in rules.route(row, self._sender)))
            except (FieldError, ValueError):
                values.append(None)
        fits = np.array([one is not None for one in values], dtype=np.bool_)
        codes = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        return _Few(values, codes, fits[codes] if values else np.zeros(0, np.bool_), told)

    def _read_domains(self) -> None:
        """Domains are checked against the product: once for each pair that occurs."""
        domains = pc.dictionary_encode(self._column("domains"))
        products = pc.dictionary_encode(self._column("product_code"))
        texts, codes = domains.dictionary.to_pylist(), products.dictionary.to_pylist()
        pairs = domains.indices.to_numpy(zero_copy_only=False).astype(np.int64) * max(len(codes), 1)
        pairs += products.indices.to_numpy(zero_copy_only=False)
        distinct, where = np.unique(pairs, return_inverse=True)
        values: list[object] = []
        for pair in distinct.tolist():
            try:
                values.append(
                    rules.domains({"domains": texts[pair // len(codes)]}, self._sender, codes[pair % len(codes)])
                )
            except FieldError:
                values.append(None)
        fits = np.array([one is not None for one in values], dtype=np.bool_)
        self.small["domains"] = _Few(values, where, fits[where] if values else np.zeros(0, np.bool_))

    def _read_names(self) -> None:
        def given(row: dict[str, str]) -> bytes:
            return name_words(rules.name(row, "given_names", 100))[0].encode()

        def family(row: dict[str, str]) -> bytes:
            return "".join(name_words(rules.name(row, "family_name", 80))).encode()

        self.family = self._few("family_name", _no_letters_is_none(family))
        self.given = self._few("given_names", _no_letters_is_none(given))
        self.used = self._few("used_name", lambda row: rules.name(row, "used_name", 80), empty="")
        self.numbered = _is_number(self._column("representative_member_number"), 0)
        for name in ("member_number", "holder_member_number", "contract_number"):
            self.numbered &= _is_number(self._column(name), 1)

    def _read_people(self) -> None:
        self.identity = self._who("right_holder_nir", "birth_date", "birth_rank")
        self.rank = self._few("birth_rank", lambda row: int(row["birth_rank"]) if row["birth_rank"] in _RANKS else 0)
        own = self._column("own_nir")
        known = _lengths(own) > 0
        fits, synthetic = _check_nirs(own)
        canonical = join_bytes(b"1|", _without_key(own), b"|", self._column("birth_date"), b"|1")
        self.own = _Who(
            known, ~known | (fits & (synthetic == self._synthetic)), canonical, self._column("birth_date")
        )
        self.card = self._who("card_nir", "card_birth_date", "card_birth_rank")
        self.vitale = self._who("vitale_nir", "vitale_birth_date", "vitale_birth_rank")

    def _borrowed(self) -> Bools:
        """As `RightsLine.is_borrowed` has it."""
        hers: Bools = self.own.filled | (self.small["relationship"].numbers() == Relationship.HOLDER)
        number = pc.if_else(pa.array(self.own.filled), self._column("own_nir"), self._column("right_holder_nir"))
        lasting = _mask(pc.is_in(pc.utf8_slice_codeunits(number, 0, 1), pa.array(["1", "2"])))
        return ~(hers & lasting)

    def _who(self, nir: str, birth: str, rank: str) -> _Who:
        numbers, births, ranks = (self._column(name) for name in (nir, birth, rank))
        empty = (_lengths(numbers) == 0) & (_lengths(births) == 0) & (_lengths(ranks) == 0)
        if empty.all():
            return _Who(~empty, ~empty, births.cast(pa.binary()), births)
        fits, synthetic = _check_nirs(numbers)
        fits &= synthetic == self._synthetic
        fits &= _check_births(births)
        fits &= _mask(pc.is_in(ranks, pa.array(_RANKS)))
        canonical = join_bytes(b"1|", _without_key(numbers), b"|", births, b"|", ranks)
        return _Who(~empty, fits, canonical, births)

    def _together(self) -> Bools:
        plain = self.numbered & self.family.fits & self.given.fits & self.used.fits & self.route.fits
        for few in self.small.values():
            plain = plain & few.fits
        plain &= self.identity.fits & self.own.fits
        for who in (self.card, self.vitale):
            # A set that is told in part takes the rest from the line: that is for the rules.
            plain &= ~who.filled | who.fits
        for name in _RARE:
            plain &= _lengths(self._column(name)) == 0
        since, until, day = (self.small[one].numbers() for one in ("covered_from", "covered_until", "effective_on"))
        status = self.small["status"].numbers()
        agrees = np.select(
            [status == Status.ACTIVE, status == Status.ENDED, status == Status.FUTURE],
            [(since <= day) & (day <= until), until <= day, day < since],
            default=False,
        )
        plain &= agrees & (since <= until)
        days = self.small["effective_on"]
        years = days.spread(pa.array("" if one is None else rules.year_of(one) for one in days.values))
        plain &= _mask(pc.less_equal(pc.utf8_slice_codeunits(self._column("birth_date"), 0, 4), years))
        holds = self.small["relationship"].numbers() == Relationship.HOLDER
        plain &= holds == _mask(pc.equal(self._column("member_number"), self._column("holder_member_number")))
        former = self.small["former_member"].numbers() == 1
        plain &= ~former | (self.small["left_on"].numbers() >= 0)
        return plain

    def keep(self, kept: Bools) -> None:
        """Go on with the plain rows alone."""
        self._table = self._table.filter(pa.array(kept))
        self._rows = self._table.num_rows
        for few in (*self.small.values(), self.family, self.given, self.used, self.rank, self.route):
            few.keep(kept)
        for who in (self.identity, self.own, self.card, self.vitale):
            who.keep(kept)

    # -- columns of the batch; every row is plain from here on ------------------------------------------------

    def batch(self, lines: Ints) -> Batch:
        small = self.small
        born = self._column("birth_date")
        return Batch(
            lines=lines,
            effective=small["effective_on"].numbers(),
            since=small["covered_from"].numbers(),
            until=small["covered_until"].numbers(),
            domains=small["domains"].numbers(),
            priority=small["priority"].numbers(),
            ended=small["status"].numbers() == Status.ENDED,
            borrowed=self._borrowed(),
            members=self._column("member_number"),
            holders=self._column("holder_member_number"),
            representatives=self._representatives(),
            contracts=self._column("contract_number"),
            told=self._told(),
            traits=join_bytes(
                *(b"1|", self.family.texts(), b"|", self.given.texts(), b"|", born),
                *(b"|", self._column("sex"), b"|", self._column("birth_place")),
            ),
            civil=self._civil(),
            coverage=self._coverage(),
            identities=self._identities(),
            cards=self._cards(),
            corrects={},
        )

    def _told(self) -> Column:
        """As `told_of` has it; a plain line has no provisional number."""
        separator = pa.scalar(b"\x1f", pa.binary())
        told = pc.binary_join_element_wise(*(self._column(name).cast(pa.binary()) for name in rules.TOLD), separator)
        empty = "\x1f\x1f"
        if self.route.cells == [empty]:
            return told
        later = [b"" if one == empty else b"\x1f\x1f" + one.encode() for one in self.route.cells]
        return join_bytes(told, pa.array(later, pa.binary()).take(pa.array(self.route.codes)))

    def _representatives(self) -> Column:
        """A minor child without representative is represented by the holder."""
        few = self.small["effective_on"]
        limits = [date_of(one or 0) for one in few.values]
        limit = np.array([(one.year - 18) * 10_000 + one.month * 100 + one.day for one in limits], np.int64)
        born = self._column("birth_date").cast(pa.int64()).to_numpy(zero_copy_only=False)
        month, day = born // 100 % 100, born % 100
        # As `latest_birth` has it: a lunar date counts as the last day of its year.
        born = np.where((month >= 1) & (month <= 12) & (day >= 1) & (day <= 31), born, born // 10_000 * 10_000 + 1231)
        is_child = self.small["relationship"].numbers() == Relationship.CHILD
        is_minor = is_child & (born > limit[few.codes]) if self._rows else is_child
        named = self._column("representative_member_number")
        unnamed = pa.array(is_minor & (_lengths(named) == 0))
        return pc.if_else(unnamed, self._column("holder_member_number"), named)

    def _distinct(self) -> list[tuple[_Who, Bools]]:
        """Each set of identifiers, with the rows where it is filled and no earlier one says the same."""
        seen: list[tuple[_Who, Bools]] = []
        for who in (self.identity, self.own, self.card, self.vitale):
            new = who.filled.copy()
            for earlier, there in seen:
                new &= ~(there & _mask(pc.equal(who.canonical, earlier.canonical)))
            seen.append((who, new))
        return seen

    def _identities(self) -> Spread:
        return spread([(new, who.canonical) for who, new in self._distinct()])

    def _cards(self) -> Spread:
        """Her card once for each distinct birth date among her identities."""
        seen: list[tuple[Column, Bools]] = []
        for who in (self.identity, self.card, self.vitale):
            new = who.filled.copy()
            for births, there in seen:
                new &= ~(there & _mask(pc.equal(who.birth, births)))
            seen.append((who.birth, new))
        head = f"card|1|{self._sender.amc}|".encode()
        member = self._column("member_number")
        return spread([(new, join_bytes(head, member, b"|", births)) for births, new in seen])

    def _civil(self) -> Column:
        own, head = self._column("own_nir"), fixed_text(15)
        own_parts: tuple[Column, ...] = (head, own)
        if not self.own.filled.all():
            own_parts = (pc.if_else(pa.array(self.own.filled), join_bytes(head, own), _NIL),)
        return pad_records(
            b"\x9e\x01",
            *(one.packed_cells() for one in (self.family, self.used, self.given, self.small["sex"])),
            fixed_text(8),
            self._column("birth_date"),
            self.small["birth_place"].packed_cells(),
            head,
            self._column("right_holder_nir"),
            self.rank.packed(),
            *own_parts,
            self.small["ins_oid"].packed_cells(),
            self._other(self.card, "card"),
            self._other(self.vitale, "vitale"),
            _NIL,
        )

    def _other(self, who: _Who, kind: str) -> Column:
        """Pack another set of identifiers, or nil where it is none or the same as the line's own."""
        if not who.filled.any():
            return _NIL
        differs = pa.array(who.filled & ~_mask(pc.equal(who.canonical, self.identity.canonical)))
        ranks = self._few(f"{kind}_birth_rank", lambda row: int(row[f"{kind}_birth_rank"]), empty=0)
        told = (*text_parts(self._column(f"{kind}_nir")), *text_parts(self._column(f"{kind}_birth_date")))
        packed = join_bytes(b"\x93", *told, ranks.packed())
        return pc.if_else(differs, packed, _NIL)

    def _coverage(self) -> Column:
        small = self.small
        left = small["left_on"]
        # Read whenever it is filled, as the rules do.
        left_packed = _NIL
        if (left.numbers() >= 0).any():
            left_packed = pc.if_else(pa.array(left.numbers() >= 0), left.packed(), _NIL)
        former = _TRUTH.take(pa.array(small["former_member"].numbers() == 1).cast(pa.int8()))
        numbers = ("contract_number", "member_number", "holder_member_number")
        return pad_records(
            b"\xdc\x00\x13\x01",
            small["product_code"].packed(),
            small["product_code"].packed_cells(),
            *chain.from_iterable(text_parts(self._column(name)) for name in numbers),
            *(
                small[name].packed()
                for name in ("relationship", "domains", "covered_from", "covered_until", "priority", "status")
            ),
            former,
            left_packed,
            small["effective_on"].packed(),
            self.rank.packed(),
            self.route.texts(),
        )


def _no_letters_is_none(read: Callable[[dict[str, str]], bytes]) -> Callable[[dict[str, str]], bytes]:
    """Let a name without any Latin letter be no plain one."""

    def checked(row: dict[str, str]) -> bytes:
        try:
            found = read(row)
        except IndexError:
            found = b""
        return found or rules.text({"name": ""}, "name", rules.NEVER).encode()

    return checked


def _is_number(column: Column, least: int) -> Bools:
    """Tell which are member or contract numbers: `least` to 20 of A-Z, 0-9 and the hyphen."""
    lengths = _lengths(column)
    fits: Bools = (lengths >= least) & (lengths <= _NUMBER_MAX)
    if len(column):
        ends, data = _bounds(column), column.buffers()[2]
        raw = np.frombuffer(data, dtype=np.uint8, count=int(ends[-1])) if data is not None else np.zeros(0, np.uint8)
        wrong = np.flatnonzero(~_NUMBER[raw[ends[0] :]]) + int(ends[0])
        fits[np.searchsorted(ends, wrong, side="right") - 1] = False
    return fits


def _lengths(column: Column) -> Offsets:
    """The bytes of each text."""
    return np.diff(_bounds(column))


def _bounds(column: Column) -> Offsets:
    """Where each text of a column begins in its bytes, and where the last ends."""
    if not len(column):
        return np.zeros(1, np.int32)
    return np.frombuffer(column.buffers()[1], dtype=np.int32, count=column.offset + len(column) + 1)[column.offset :]


def _without_key(column: Column) -> Column:
    """The first thirteen characters of numbers of fifteen digits."""
    return pc.binary_slice(column.cast(pa.binary()), 0, 13)


def _mask(array: Column) -> Bools:
    return np.asarray(array.to_numpy(zero_copy_only=False), dtype=np.bool_)


def spread(several: list[tuple[Bools, Column]]) -> Spread:
    """Interleave columns by row, keeping the order of the columns in each row."""
    rows = [np.flatnonzero(new) for new, _column in several]
    values = [column.take(pa.array(there)) for there, (_new, column) in zip(rows, several, strict=True)]
    every = np.concatenate(rows)
    order = np.argsort(every, kind="stable")
    return Spread(every[order], pa.concat_arrays(values).take(pa.array(order)))


def _digits(column: Column, width: int) -> tuple[Bools, Digits]:
    """Return where a text is exactly `width` ASCII digits, and each place's digits (zeros where it is not)."""
    right = _lengths(column) == width
    digits = np.zeros((width, len(right)), dtype=np.uint8)
    kept = column if right.all() else column.filter(pa.array(right))
    if len(kept):
        start = int(_bounds(kept)[0])
        raw = np.frombuffer(kept.buffers()[2], dtype=np.uint8, count=len(kept) * width, offset=start)
        digits[:, right] = raw.reshape(-1, width).T - ord("0")
    right &= (digits <= 9).all(axis=0)
    digits[:, ~right] = 0
    return right, digits


def _number(digits: Digits, first: int, last: int) -> Ints:
    total: Ints = digits[first].astype(np.int64)
    for place in range(first + 1, last):
        total *= 10
        total += digits[place]
    return total


def _check_nirs(column: Column) -> tuple[Bools, Bools]:
    """Tell which are NIRs in digits alone (Corsica's letters are for the rules), and which of these are synthetic."""
    fits, digits = _digits(column, 15)
    month, place, commune = (_number(digits, *span) for span in ((3, 5), (5, 7), (7, 10)))
    fits &= (digits[0] >= 1) & (digits[0] <= 8) & _MONTHS[month] & (place > 0)
    fits &= 97 - _number(digits, 0, 13) % 97 == _number(digits, 13, 15)
    synthetic = _DEPARTMENTS[place] & (commune >= SYNTHETIC_COMMUNES.start) & (commune < SYNTHETIC_COMMUNES.stop)
    return fits, synthetic


def _check_births(column: Column) -> Bools:
    fits, digits = _digits(column, 8)
    year = _number(digits, 0, 4)
    return fits & (year >= YEAR_MIN) & (year <= YEAR_MAX)
