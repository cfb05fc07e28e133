"""The words of a report, French first."""

from typing import Final

from tierce.kernel.language import Language, Phrase

WORDS: Final = {
    "over": Phrase("Tierce · laboratoire · personnes inventées", "Tierce · laboratory · everybody is invented"),
    "curve": Phrase(
        "Combien de personnes les voleurs connaissent-ils après chaque jour ?",
        "How many people do the thieves know after each day?",
    ),
    "caption": Phrase(
        "Échelle logarithmique. La borne est prouvée : aucune stratégie ne la dépasse. Les deux courbes du haut sont"
        " calculées, à mille questions par seconde.",
        "Logarithmic scale. The bound is proved: no strategy passes it. The two upper curves are worked out, at a"
        " thousand asks a second.",
    ),
    "by_profession": Phrase(
        "Combien pour une identité volée, selon la profession ?", "How many for one stolen identity, by profession?"
    ),
    "bound_note": Phrase(
        "« Jamais » : plus de la moitié des identités n’ont pas été retenues. Une personne compte une fois, dès que"
        " la réponse diffère de celle faite pour un inconnu.",
        "“Never”: more than half of the identities were not held. A person counts once, as soon as the answer differs"
        " from that about somebody unknown.",
    ),
    "honest": Phrase("Qui la règle gêne-t-elle à tort ?", "Whom does the rule hinder wrongly?"),
    "doubt": Phrase("Ce qu’il faut savoir avant d’y croire", "What to know before believing it"),
    "doubts": Phrase(
        "Les comportements honnêtes sont inventés d’après des chiffres publics et des hypothèses, toutes écrites avec"
        " leur source. Ils donnent un ordre de grandeur. La borne, elle, n’en dépend pas.",
        "Honest behaviour is invented from public figures and assumptions, all written with their source. It gives an"
        " order of magnitude. The bound does not depend on it.",
    ),
}
HEADS: Final = (
    Phrase("Profession", "Profession"),
    Phrase("Identités", "Identities"),
    Phrase("Apprises, médiane", "Learned, median"),
    Phrase("p95", "p95"),
    Phrase("Au plus", "At most"),
    Phrase("Borne, médiane", "Bound, median"),
    Phrase("Questions avant d’être retenu, médiane", "Asks until held, median"),
)
HONEST_HEADS: Final = (
    Phrase("Profession", "Profession"),
    Phrase("Postes × années", "Login-device years"),
    Phrase("Preuves demandées pour 1 000 questions", "Proofs asked per 1,000 asks"),
    Phrase("dont appareils connus", "of which settled devices"),
    Phrase("Postes touchés", "Login-devices touched"),
    Phrase("Retenus à tort", "Held wrongly"),
)
LEAD: Final = Phrase(
    "{identities} identités volées, {days} jours : {people} personnes apprises au plus sur {seeds} tirages ; la borne"
    " est de {bound}.",
    "{identities} stolen identities, {days} days: {people} people learned at most over {seeds} draws; the bound is"
    " {bound}.",
)
LEAD_HONEST: Final = Phrase(
    "Personne n’est volé : {years} années de postes honnêtes.", "Nobody is robbed: {years} honest login-device years."
)
SETTINGS: Final = Phrase(
    "Scénario {name}, graines {first} à {last}, preuves de présence : {presence}, parties laissées : {left}.",
    "Scenario {name}, seeds {first} to {last}, presence: {presence}, parts left out: {left}.",
)
MIXES: Final = {
    "today": Phrase("comme aujourd’hui", "as today"),
    "half": Phrase("la moitié", "half"),
    "full": Phrase("presque toutes", "nearly all"),
}
NEVER: Final = Phrase("jamais", "never")
NONE: Final = Phrase("aucune", "none")
OURS: Final = Phrase("Tierce", "Tierce")
BOUND: Final = Phrase("borne prouvée", "proved bound")
NO_LIMIT: Final = Phrase("sans limite (2024)", "no limit (2024)")
MONTHLY: Final = Phrase("10 000 par mois et lieu", "10,000 a month a place")
DAYS: Final = Phrase("jours depuis le vol", "days since the theft")
PEOPLE: Final = Phrase("personnes apprises, toutes identités", "people learned, all identities")


def number(value: float, language: Language) -> str:
    """A number as the language writes it."""
    text = f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"
    return text.replace(",", "\u202f").replace(".", ",") if language is Language.FR else text
