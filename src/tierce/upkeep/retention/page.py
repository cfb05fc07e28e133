"""The table of retention as a page for the DPO; a test compares docs/privacy/retention.md with it."""

from datetime import timedelta

from tierce.kernel.language import Language, Phrase
from tierce.policy.kept import End, Hand, Rule
from tierce.policy.retention import INCIDENT_LOOKS_BACK, RETENTION
from tierce.policy.segments import REDACTIONS, Redactable

_ENDS = {
    End.DELETED: Phrase("supprimé", "deleted"),
    End.BLANKED: Phrase("effacé, la ligne reste", "blanked, the row stays"),
    End.KEPT: Phrase("conservé", "kept"),
}
_HANDS = {
    Hand.WORKER: Phrase("le processus `worker`, chaque minute", "process `worker`, each minute"),
    Hand.JOB: Phrase("`tierce retention`, chaque nuit", "`tierce retention`, each night"),
    Hand.SEALER: Phrase("`tierce journal seal`, chaque nuit", "`tierce journal seal`, each night"),
    Hand.BACKUP: Phrase("`tierce backup take`, chaque nuit", "`tierce backup take`, each night"),
    Hand.CONTRACT: Phrase("`tierce contract delete`, par quelqu’un", "`tierce contract delete`, by somebody"),
    Hand.OPERATOR: Phrase("la machine de l’opérateur (`deploy/`)", "the operator's machine (`deploy/`)"),
    Hand.NOBODY: Phrase("personne", "nobody"),
}
_HEAD = """\
# Durées de conservation · Retention

<!-- Rendered by `tierce retention page` from policy/retention.py, which is what to change. -->

*En français.* Le tableau vient du programme : la base de données reçoit ces durées et refuse d’effacer plus tôt.
Chaque effacement laisse une ligne au journal, sans rien dire de personne. Un incident suspend, dès son ouverture,
la fin des données marquées ◆ : celles qui étaient encore en usage dans les {back} jours d’avant son signal, et
tout ce qui touche aux personnes de ses listes ; les droits et l’identité, aussi, de qui fut demandé, ou lu par le
personnel, depuis lors, qu’une liste peut encore nommer. Cette conservation ne finit qu’après sa clôture,
par quelqu’un, qui dit pourquoi.

*In English.* The table is the program's own: the database is given these durations and refuses to delete earlier.
Each removal leaves a journal line that tells of nobody. From its opening, an incident suspends the end of what
is marked ◆: data still in use in the {back} days before its signal, and everything about the people on its lists;
the cover and identity, too, of whoever was asked about, or read by staff, since then, whom a list may still name.
This hold ends only after its closing, by somebody and with reasons.
"""
_COLUMNS = Phrase(
    "| données | où | durée | à compter de | ensuite | par qui | fondement |",
    "| data | where | kept | counted from | then | by whom | ground |",
)
_TITLES = Phrase("Tableau", "Table")
_YES, _NO = Phrase("oui", "yes"), Phrase("non", "no")
_REDACTED = Phrase(
    "Une ligne du journal peut perdre sa personne et son sel, et rien d’autre ; son empreinte reste et l’arbre "
    "tient. Deux personnes le demandent, chacune par une ligne du journal :",
    "A journal line may lose its person and its salt, and nothing else; its hash stays and the tree holds. Two "
    "people ask for it, each by a line of the journal:",
)
_REDACTIONS = Phrase(
    "| raison | âge de la ligne | même si un incident retient la personne |",
    "| reason | age of the line | even if an incident holds the person |",
)


def render() -> str:
    """Render the whole page, French then English."""
    parts = [_HEAD.format(back=INCIDENT_LOOKS_BACK.days)]
    for language in Language:
        parts.append(f"## {_TITLES[language]}\n\n{_COLUMNS[language]}\n| --- | --- | --- | --- | --- | --- | --- |")
        parts += [_row(rule, language) for rule in RETENTION.values()]
        parts += ["", _REDACTED[language], "", _REDACTIONS[language], "| --- | --- | --- |"]
        parts += [_redaction(one, language) for one in REDACTIONS.values()]
        parts.append("")
    return "\n".join(parts).rstrip() + "\n"


def _redaction(rule: Redactable, language: Language) -> str:
    held = _YES[language] if rule.despite_hold else _NO[language]
    return f"| {rule.what[language]} | {_duration(rule.after)[language]} | {held} |"


def _row(rule: Rule, language: Language) -> str:
    kept = "—" if rule.keep is None else _duration(rule.keep)[language]
    cells = (
        rule.what[language] + (" ◆" if rule.held else ""),
        ", ".join(f"`{one}`" for one in rule.where.split(", ")),
        kept,
        rule.since[language],
        _ENDS[rule.end][language],
        _HANDS[rule.hand][language],
        rule.ground[language],
    )
    return f"| {' | '.join(cells)} |"


def _duration(value: timedelta) -> Phrase:
    """Say a duration in years when it is whole years, else in days or minutes."""
    days, minutes = value.days, value.seconds // 60
    if days == 0:
        return Phrase(f"{minutes} minutes", f"{minutes} minutes") if minutes else Phrase("aussitôt", "at once")
    years, rest = divmod(days, 365)
    if rest == 0:
        return Phrase("1 an", "1 year") if years == 1 else Phrase(f"{years} ans", f"{years} years")
    return Phrase(f"{days} jours", f"{days} days")
