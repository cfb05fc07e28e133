"""When a device is held: the evidence of policy/evidence.py, over journal lines; pure.

Whoever empties a list asks for people never seen, misses some, and goes on when she is refused a seat: each of these
is a sign against her, and the signs add up. A count of refusals alone holds nobody, for a busy desk whose line is
full refuses many honest people in a day (docs/adr/0046). A hold demands presence on that device only: the
professional's other devices, and her patients who are present, are not hindered.
"""

from tierce.journal.model import Entry, EntryKind
from tierce.kernel.clock import from_micros, paris_day
from tierce.kernel.ids import DeviceId, ProfessionalId
from tierce.kernel.language import Phrase
from tierce.policy.acts import Outcome, Presence
from tierce.policy.evidence import HINT_AGAIN, HINT_FIRST, HOLD_AT, Indicator, Observation, State
from tierce.policy.ladder import Rung
from tierce.watch.model import Hold, Looked

MISSES = frozenset({Outcome.UNKNOWN, Outcome.NOT_COVERED})
"""Identifiers that name nobody covered. Rights that ended, or another domain, are honest surprises and no miss."""


def is_proved(entry: Entry) -> bool:
    """Whether presence was proved to us or reported by somebody other than the asker."""
    return entry.presence >= Presence.CONFIRMED


def observation_of(looked: Looked) -> Observation | None:
    """What a line says to the tests; None for a reading, proved or declared, when nobody was decided about, or again.

    Readings that certified software declares have a line of seats of their own and other habits: beside them the
    caps of unproven asks would call every pharmacy a thief.
    """
    entry, hint = looked.entry, looked.hint
    if entry.presence is not Presence.NONE or hint & HINT_AGAIN:
        return None
    day, area, prefix = paris_day(from_micros(entry.time_us)), area_of(hint), hint & 0xFFFF
    if entry.kind is EntryKind.REFUSAL:
        return Observation(day, True, False, area, prefix) if entry.outcome is Outcome.OUT_OF_SEATS else None
    miss = entry.kind is EntryKind.MISS and entry.outcome in MISSES
    return Observation(day, bool(hint & HINT_FIRST) and not miss, miss, area, prefix)


def area_of(hint: int) -> int:
    """The keyed place of birth of a hint; 0 when it has none."""
    return hint >> 16 & 0xFF


def is_unexplained(looked: Looked) -> bool:
    """A person never seen there was shown, and nobody but the asker says that she was present."""
    entry = looked.entry
    return (
        entry.kind is EntryKind.DISCLOSURE
        and not is_proved(entry)
        and looked.hint & HINT_FIRST != 0
        and looked.line != 0
    )


def is_full(looked: Looked) -> bool:
    """Whether a line of seats had no place left, before or after this ask."""
    entry = looked.entry
    return looked.line != 0 and (entry.outcome is Outcome.OUT_OF_SEATS or entry.seats_after == 0)


def say_evidence(state: State, worth: float) -> Phrase:
    """One sentence for whoever must decide: what was asked lately, and how unlikely it is of an honest account."""
    asked, unfamiliar, misses = state.events, state.seen[Indicator.UNFAMILIAR], state.seen[Indicator.MISS]
    fr = f"Sur {asked} demande{'s' if asked > 1 else ''} sans preuve de présence"
    en = f"Of {asked} request{'' if asked == 1 else 's'} without proof of presence"
    fr = f"{fr}, {unfamiliar} pour {'des personnes jamais vues' if unfamiliar > 1 else 'une personne jamais vue'} ici"
    en = f"{en}, {unfamiliar} for {'a person' if unfamiliar == 1 else 'people'} never seen here"
    if misses:
        fr, en = f"{fr}, dont {misses} inconnue{'s' if misses > 1 else ''}", f"{en}, {misses} of them unknown"
    if state.decoys:
        return Phrase(f"{fr} ; leurres demandés : {state.decoys}.", f"{en}; decoys asked for: {state.decoys}.")
    if worth < 2:
        return Phrase(f"{fr} : rien d’inhabituel.", f"{en}: nothing unusual.")
    least = min(int(worth), 10 * HOLD_AT)
    apart = f"{least:,}".replace(",", "\u202f")
    return Phrase(
        f"{fr} : un compte honnête n’en arrive là qu’une année sur {apart} au plus.",
        f"{en}: an honest account comes to this in one year of {least:,} at most.",
    )


def hold_of(device: DeviceId, professional: ProfessionalId, state: State, rung: int, worth: float) -> Hold:
    """The hold that evidence asks for, with its sentence."""
    return Hold(device, professional, Rung(rung), say_evidence(state, worth))
