"""Settles whose each line of a chunk is, and what it changes. The register is only read here.

Every set of identifiers of a line must lead to nobody or to one person; a line that would make one person of two, or
two of one, is refused. Lines are settled in the order of the file.
"""

from collections.abc import Iterable, Mapping
from typing import NoReturn, Protocol

from tierce.kernel.errors import FieldError
from tierce.kernel.feed import Rejection
from tierce.kernel.ids import new_id
from tierce.policy.feeds import EFFECTIVE_AHEAD_DAYS
from tierce.registry.likeness import may_be_one, traits_of
from tierce.registry.periods import Fate, Period, after, ends_a_right, place
from tierce.registry.prepared import ELSEWHERE, NOBODY, Linked, Prepared, Settled, ints
from tierce.registry.records import CivilRecord, decode_civil
from tierce.registry.rules import refuse

Key = bytes


class Register(Protocol):
    """What is asked of the register; keys and member numbers are keyed, 16 bytes each."""

    def find_keys(self, keys: Iterable[Key]) -> dict[Key, int]:
        """Map identifiers to people."""

    def find_members(self, numbers: Iterable[Key]) -> dict[Key, int]:
        """Map this insurer's member numbers to people."""

    def find_periods(self, persons: Iterable[int]) -> dict[int, list[Period]]:
        """Map people to what this insurer told of them."""

    def find_traits(self, pairs: Iterable[tuple[int, Key]]) -> dict[tuple[int, Key], bool]:
        """Tell which people have which keyed traits, and whether these open their space."""


class Copies(Protocol):
    """What is asked of sealed records, of few people: those whose traits are told otherwise."""

    def find_copies(self, persons: Iterable[int]) -> dict[int, list[CivilRecord]]:
        """Map people to every insurer's copy of their civil status."""

    def told_elsewhere(self, keys: Iterable[tuple[int, Key]]) -> set[tuple[int, Key]]:
        """Tell which identifiers of people are in another insurer's copy."""


class Settler:
    """Settles one chunk against the register as it is."""

    def __init__(
        self,
        chunk: Prepared,
        register: Register,
        copies: Copies,
        told: int,
        *,
        today: int,
        puts_off: bool,
        only_day: int | None,
    ) -> None:
        """`told` marks the file; with `puts_off`, a line that ends a running right is put off to the end.

        A whole file describes one day: with `only_day`, a line of another is refused.
        """
        self._today = today
        self._only_day = only_day
        self._chunk = chunk
        self._told = told
        self._puts_off = puts_off
        self._row_keys: list[list[Key]] = [[] for _ in range(len(chunk))]
        for row, key in zip(chunk.key_rows.tolist(), _keys(chunk.keys), strict=True):
            self._row_keys[row].append(key)
        self._numbers = _keys(chunk.members)
        formers = [identity for identity, _card in chunk.corrects.values()]
        far = [*chunk.holders.far.values(), *chunk.representatives.far.values()]
        self._people = register.find_keys({key for keys in self._row_keys for key in keys} | set(formers))
        self._stay = copies.told_elsewhere((self._people[key], key) for key in formers if key in self._people)
        self._members = register.find_members({*self._numbers, *far})
        self._periods = register.find_periods({*self._people.values(), *self._members.values()})
        again = {person for person, known in self._periods.items() if any(one.told == told for one in known)}
        self._trait_keys = _keys(chunk.traits)
        weighed = [
            (person, row)
            for row in range(len(chunk))
            for person in self._named(row)
            if person in again or self._numbers[row] not in self._members
        ]
        traits = register.find_traits((person, self._trait_keys[row]) for person, row in weighed)
        self._traits, self._opening = set(traits), {pair for pair, opens in traits.items() if opens}
        self._copies = copies.find_copies({
            person
            for person, row in weighed
            if person not in self._periods and (person, self._trait_keys[row]) not in self._opening
        })  # fmt: skip

    def _named(self, row: int) -> set[int]:
        """Find whom the identifiers of a line lead to, those that it corrects included."""
        keys = self._row_keys[row]
        former = self._chunk.corrects.get(row, (None,))[:1]
        return {self._people[key] for key in (*keys, *former) if key in self._people}

    def settle(self) -> Settled:
        """Settle every line in order."""
        done = Settled(ints([]), ints([]), ints([]), ints([]))
        taken: list[tuple[int, int, int, int]] = []
        for row in range(len(self._chunk)):
            try:
                settled = self._settle(row, done)
            except FieldError as error:
                done.rejections.append(Rejection.of(int(self._chunk.lines[row]), error))
                continue
            if settled:
                taken.append((row, *settled))
        if taken:
            done.rows, done.persons, done.holders, done.representatives = (
                ints(one) for one in zip(*taken, strict=True)
            )
        return done

    def _settle(self, row: int, done: Settled) -> tuple[int, int, int] | None:
        """Return person, holder and representative (0 for none) of a line that is taken, else None."""
        chunk = self._chunk
        if self._only_day is not None and chunk.effective[row] != self._only_day:
            refuse_other_day()
        if chunk.effective[row] > self._today + EFFECTIVE_AHEAD_DAYS:
            refuse_far_day()
        keys, number = self._row_keys[row], self._numbers[row]
        person = whose(keys, chunk.corrects.get(row, (None,))[0], number, self._people, self._members)
        holder = self._other(chunk.holders, row, number, person, "holder_member_number")
        representative = self._other(chunk.representatives, row, number, person, "representative_member_number")
        line = Period(
            int(chunk.since[row]), int(chunk.until[row]), int(chunk.effective[row]), self._told,
            chunk.digests[row].tobytes(), int(chunk.domains[row]),
        )  # fmt: skip
        known = self._periods.get(person, [])
        trait = self._trait_keys[row]
        if (person, trait) not in self._traits:
            if any(one.told == self._told for one in known):
                _refuse_other_traits()
            if known and number not in self._members and row not in chunk.corrects:
                _refuse_new_number()
        if not known and number not in self._members and (person, trait) not in self._opening:
            self._check_alike(row, person)
        if self._puts_off and ends_a_right(known, line, ended=bool(chunk.ended[row]), today=self._today):
            done.later.append((int(chunk.lines[row]), True))
            return None
        placed = place(known, line)
        self._periods[person] = after(known, line, placed)
        self._traits.add((person, trait))
        self._members[number] = person
        former = chunk.corrects.get(row, (None,))[0]
        if former is not None and (person, former) not in self._stay:
            self._people.pop(former, None)
        self._people |= dict.fromkeys(keys, person)
        if placed.fate is not Fate.TAKEN:
            done.unchanged += 1
            done.outdated += placed.fate is Fate.OUTDATED
            same = next((one for one in known if one.since == line.since), line)
            if placed.fate is Fate.UNCHANGED and (same.told, same.effective) != (line.told, line.effective):
                done.again.append((person, line.since, line.effective))
            return None
        done.cut.extend((person, one.since, line.since - 1) for one in placed.cut)
        done.removed.extend((person, one.since) for one in placed.removed)
        return person, holder, representative

    def _check_alike(self, row: int, person: int) -> None:
        """Refuse to join a line to somebody whom this insurer never told of, and every other describes otherwise."""
        copies = self._copies.get(person)
        if copies is None:
            return
        told = traits_of(decode_civil(self._chunk.civil.one(row)))
        if not any(may_be_one(told, traits_of(copy)) for copy in copies):
            _refuse_somebody_else()

    def _other(self, linked: Linked, row: int, number: Key, person: int, field: str) -> int:
        """Find the holder or the representative of a line; 0 when it names none."""
        place_ = int(linked.rows[row])
        if place_ == NOBODY:
            return 0
        key = linked.far[row] if place_ == ELSEWHERE else self._numbers[place_]
        if key == number:
            return person
        if key not in self._members:
            refuse_stranger(field)
        return self._members[key]


def whose(
    keys: list[Key], corrects: Key | None, number: Key, people: Mapping[Key, int], members: Mapping[Key, int]
) -> int:
    """Find the one person of a line, or draw a new one.

    Raises:
        FieldError: the identifiers are those of two people, or do not agree with the member number.
    """
    found = {people[key] for key in keys if key in people}
    corrected = people.get(corrects) if corrects else None
    if corrected is not None:
        found.add(corrected)
    if len(found) > 1:
        refuse("right_holder_nir", "les identifiants de cette ligne sont ceux de deux personnes.",
               "the identifiers of this line are those of two people.",
               "Vérifiez NIR, dates et rangs, ceux des cartes compris.",
               "Check NIR, dates and ranks, those of the cards included.")  # fmt: skip
    if corrects and not found:
        refuse("corrects_nir", "personne n’est connu sous les identifiants à corriger.",
               "nobody is known under the identifiers to correct.",
               "Vérifiez-les, ou envoyez « current ».", "Check them, or send “current”.")  # fmt: skip
    numbered = members.get(number)
    if numbered is not None and numbered not in found:
        refuse("member_number", "ce numéro d’adhérent est celui d’une personne aux autres identifiants.",
               "this member number is that of somebody with other identifiers.",
               "Envoyez une correction qui nomme les anciens identifiants, ou provisional_nir.",
               "Send a correction that names the former identifiers, or provisional_nir.")  # fmt: skip
    return found.pop() if found else new_id()


def refuse_stranger(field: str) -> NoReturn:
    """Refuse a line that names a member nobody has told of yet."""
    refuse(field, "personne n’a ce numéro d’adhérent jusqu’ici.", "nobody has this member number so far.",
           "Placez la ligne de cette personne avant celles de sa famille.",
           "Put that person's line before those of the family.")  # fmt: skip


def refuse_other_day() -> NoReturn:
    """Refuse a line of a whole file that describes another day than the first."""
    refuse("effective_on", "un fichier complet décrit un seul jour, celui de sa première ligne.",
           "a whole file describes one day, that of its first line.",
           "Donnez le même jour à toutes les lignes.", "Give every line the same day.")  # fmt: skip


def refuse_far_day() -> NoReturn:
    """Refuse a line that describes a day too far ahead: no file of a day before it could mend what it says."""
    refuse("effective_on", "ce jour est trop loin.", "this day is too far ahead.",
           f"Donnez le jour que le fichier décrit : au plus {EFFECTIVE_AHEAD_DAYS} jours après aujourd’hui.",
           f"Give the day that the file describes: at most {EFFECTIVE_AHEAD_DAYS} days from today.")  # fmt: skip


def _refuse_other_traits() -> NoReturn:
    refuse("birth_rank", "une autre ligne du fichier porte les mêmes identifiants.",
           "another line of the file has the same identifiers.",
           "Une seule ligne par personne et période ; pour des jumeaux, donnez le rang.",
           "One line a person and period; for twins, give the rank.")  # fmt: skip


def _refuse_new_number() -> NoReturn:
    """Refuse somebody's identifiers under another member number and another name: a twin, most often."""
    refuse("birth_rank", "ces identifiants sont ceux d’un autre adhérent, aux autres noms.",
           "these identifiers are those of another member, of other names.",
           "Pour des jumeaux, donnez le rang ; sinon, envoyez d’abord son nouveau nom sous son ancien numéro.",
           "For twins, give the rank; else send her new name under her former number first.")  # fmt: skip


def _refuse_somebody_else() -> NoReturn:
    """Refuse a line that would give one person's cover to another; which trait differs is the other insurer's."""
    refuse("right_holder_nir", "ces identifiants mènent à quelqu’un que les autres organismes décrivent autrement.",
           "these identifiers lead to somebody whom the other insurers describe otherwise.",
           "Vérifiez NIR, date, rang (des jumeaux ont chacun le leur), cartes, sexe et prénoms ; s’ils sont exacts, "
           "dites-le à l’exploitant : la ligne d’un autre organisme est à corriger.",
           "Check NIR, date, rank (twins have one each), cards, sex and given names; if they are right, "
           "tell the operator: another insurer's line is to be corrected.")  # fmt: skip


def _keys(matrix: object) -> list[Key]:
    raw = matrix.tobytes()  # type: ignore[attr-defined]  # a matrix of bytes, 16 a row
    return [raw[place_ : place_ + 16] for place_ in range(0, len(raw), 16)]
