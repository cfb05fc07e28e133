"""The register of one event as files that an authority reads: JSON whole, CSV for a spreadsheet."""

import csv
import io
import json
from collections.abc import Sequence
from datetime import datetime

from tierce.incidents.borders.model import AUTHORITY_LABELS, RESIDENCE_LABELS, Authority, Residence
from tierce.incidents.clocks.model import Running
from tierce.incidents.cohorts.model import COHORT_LABELS, Cohort
from tierce.incidents.model import Incident
from tierce.incidents.register.model import ROW_LABELS, Row, RowKind
from tierce.incidents.rules import incident_reference
from tierce.incidents.states.model import STEPS, Stage
from tierce.kernel.categories import LABELS, DataCategory
from tierce.kernel.clock import from_micros
from tierce.kernel.language import Language, Phrase
from tierce.kernel.saying import say_instant
from tierce.policy.clocks import CLOCKS, MOMENT_LABELS, Moment

FORMAT = "tierce-breach-register-v1"
FR_MANY = 2
"""From how many on French takes a plural."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def _duty_text(row: Row) -> Phrase:
    """Which duty, of whom, and when it was fulfilled; or that it was not after all, or ends without that."""
    duty, insurer, at = row.whole("duty"), row.whole("insurer"), _instant(row, "at")
    label = next(rule.label for rule in CLOCKS if rule.duty == duty)
    of_fr, of_en = (f" (organisme {insurer})", f" (insurer {insurer})") if insurer else ("", "")
    reasons = str(row.facts["reasons"])
    if row.facts.get("undone"):
        return Phrase(
            f"{label.fr}{of_fr} : ce n’était pas fait. {reasons}", f"{label.en}{of_en}: it was not done. {reasons}"
        )
    if row.facts.get("ended"):
        return Phrase(
            f"{label.fr}{of_fr} : prend fin sans être fait. {reasons}",
            f"{label.en}{of_en}: ends without being done. {reasons}",
        )
    if row.facts.get("where"):
        where, text = row.facts["where"], row.facts["text"]
        return Phrase(
            f"{label.fr} : paru {at.fr}. {where}. Texte {text}", f"{label.en}: out {at.en}. {where}. Text {text}"
        )
    return Phrase(
        f"{label.fr}{of_fr} : fait {at.fr}. {f'Retard : {reasons}' if reasons else 'Dans le délai.'}",
        f"{label.en}{of_en}: done {at.en}. {f'Late: {reasons}' if reasons else 'In time.'}",
    )


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None


def as_json(incident: Incident, rows: Sequence[Row], clocks: Sequence[Running]) -> bytes:
    """The event's times, its clocks with their provisions, and every row with its digest."""
    found = {
        "format": FORMAT,
        "reference": incident_reference(incident.id, incident.day),
        "title": incident.title,
        "signal_at": _time(incident.signal_at),
        "aware_at": _time(incident.aware_at),
        "aware_by": incident.aware_by,
        "aware_why": incident.aware_why,
        "clocks": [
            {
                "duty": clock.rule.duty.name.lower(),
                "provision": clock.rule.text.fr,
                "standing": str(clock.rule.standing),
                "insurer": int(clock.insurer),
                "started": _time(clock.started),
                "due": _time(clock.due),
                "state": str(clock.state),
                "done_at": _time(clock.done.at) if clock.done and not clock.done.ended else None,
                "reasons": clock.done.reasons if clock.done else None,
            }
            for clock in clocks
        ],
        "rows": [
            {
                "number": row.number,
                "kind": row.kind.name.lower(),
                "at": _time(row.at),
                "by": row.by,
                "facts": row.facts,
                "digest": row.digest.hex(),
                "journal_entry": int(row.entry),
            }
            for row in rows
        ],
    }
    return (json.dumps(found, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()


def as_csv(rows: Sequence[Row]) -> bytes:
    """One line a row, in French; a text or a name that a spreadsheet would take for a formula is quoted as text."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(["numéro", "nature", "écrit le", "par", "texte", "empreinte", "ligne du journal"])
    for row in rows:
        by, text = (f"'{one}" if one.startswith(_FORMULA) else one for one in (row.by, row_text(row).fr))
        writer.writerow(
            [row.number, ROW_LABELS[row.kind].fr, row.at.isoformat(), by, text, row.digest.hex(), int(row.entry)]
        )
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def row_text(row: Row) -> Phrase:
    """What a row says, in one text for both languages where a person wrote it."""
    if row.kind is RowKind.TIME:
        label, why = MOMENT_LABELS[Moment(str(row.facts["moment"]))], str(row.facts["why"])
        at = _instant(row, "at")
        return Phrase(f"{label.fr}, {at.fr}. {why}", f"{label.en}, {at.en}. {why}")
    if row.kind is RowKind.DUTY:
        return _duty_text(row)
    if row.kind is RowKind.SEVERITY:
        result = row.facts["result"]
        assert isinstance(result, dict)
        scores, who = f"{result['alone']} / {result['coupled']}", row.facts["label"]
        return Phrase(f"{who} : {scores.replace('.', ',')}", f"{who}: {scores}")
    if row.kind is RowKind.BRIDGE:
        said = f"{row.facts['cohort']} : {row.facts['reasoning']} {row.facts['against_floor']}".strip()
        return Phrase(said, said)
    if row.kind is RowKind.NOT_CONCERNED:
        label = LABELS[DataCategory(row.whole("category"))]
        proof = f"{row.facts['proof']} {row.facts.get('digest', row.facts.get('reference', ''))}"
        cohort = COHORT_LABELS[Cohort(str(row.facts.get("cohort", Cohort.INSURED)))]
        return Phrase(f"{cohort.fr}, {label.fr} : {proof}", f"{cohort.en}, {label.en}: {proof}")
    if row.kind is RowKind.MOVE:
        stage, why = STEPS[Stage(str(row.facts["stage"]))].label, str(row.facts["why"])
        at, asked = _instant(row, "happened"), row.facts.get("asked_by")
        fr, en = (f" Demandé par {asked}.", f" Asked for by {asked}.") if asked else ("", "")
        return Phrase(f"{stage.fr}, {at.fr}. {why}{fr}".strip(), f"{stage.en}, {at.en}. {why}{en}".strip())
    if row.kind is RowKind.BORDER:
        return _border_text(row)
    if row.kind is RowKind.FORM:
        changed = row.facts["changed"]
        assert isinstance(changed, dict)
        count = len(changed)
        return Phrase(
            f"{count} {'champ écrit' if count < FR_MANY else 'champs écrits'}",
            f"{count} {'field' if count == 1 else 'fields'} written",
        )
    said = str(row.facts.get("text", ""))
    if row.kind is RowKind.JOINED:
        other = row.facts["reference"]
        return Phrase(f"{other} est clos comme doublon. {said}", f"{other} is closed as a duplicate. {said}")
    if row.facts.get("same_as"):
        other = row.facts["reference"]
        return Phrase(f"Doublon de {other}. {said}", f"Duplicate of {other}. {said}")
    return Phrase(said, said)


def _instant(row: Row, fact: str) -> Phrase:
    """An instant of a row, in a sentence, Paris time."""
    return say_instant(from_micros(row.whole(fact)))


def _border_text(row: Row) -> Phrase:
    where, leads = Residence(str(row.facts["residence"])), Authority(str(row.facts["authority"]))
    countries = row.facts["countries"]
    assert isinstance(countries, list)
    fr, en = (" ".join([RESIDENCE_LABELS[where][one], *countries]) for one in Language)
    why = str(row.facts["why"])
    return Phrase(f"{fr}. {AUTHORITY_LABELS[leads].fr}. {why}", f"{en}. {AUTHORITY_LABELS[leads].en}. {why}")
