"""Which proof proves what, and the sentence that is refused without one: pure."""

from collections.abc import Iterable, Mapping, Sequence

from tierce.incidents.cohorts.model import Cohort, CohortCount
from tierce.incidents.errors import FormError
from tierce.incidents.model import ScopeSummary
from tierce.incidents.statements.model import Privileges, Proof, ProofKind, Statement
from tierce.kernel.categories import LABELS, DataCategory, each
from tierce.kernel.language import Language, Phrase

D = DataCategory
COMPARTMENTS: Mapping[DataCategory, str] = {
    D.BANK: "bank",
    D.POSTAL_ADDRESS: "contact",
    D.PHONE: "contact",
    D.EMAIL: "contact",
}
"""The schema that alone holds a category, where a closed schema proves something of it."""
ANSWERING = "tierce_api"
"""The database role behind every page and answer that a professional gets; `portal` has none."""
DIGEST_BYTES = 32


class ProofMissingError(FormError):
    """“Not concerned” is said without a proof that can be opened."""


def prove(
    category: DataCategory,
    cohort: Cohort,
    kind: ProofKind | None,
    *,
    scope: ScopeSummary | None,
    counts: Sequence[CohortCount],
    privileges: Privileges,
) -> Proof:
    """Make the proof that a category was not concerned.

    Args:
        category: exactly one.
        cohort: of whom it is said.
        kind: which proof; None is refused.
        scope: the incident's newest list.
        counts: the cohorts of that list.
        privileges: what the roles may do now.

    Raises:
        ProofMissingError: there is none of this kind, or it shows the opposite.
        FormError: not exactly one category.
    """
    if len(each(category)) != 1:
        raise FormError("category", Phrase("Choisissez une seule donnée.", "Choose one kind of data."))
    own = next((one for one in counts if one.cohort is cohort), None)
    if own is not None and category in own.categories:
        label = LABELS[category]
        reason = Phrase(
            f"La liste montre l’inverse : {label.fr} a été montré.",
            f"The list shows the opposite: {label.en} was shown.",
        )
        raise ProofMissingError("category", reason)
    if kind is ProofKind.PRIVILEGES and (compartment := COMPARTMENTS.get(category)):
        if not privileges.may(ANSWERING, compartment):
            return Proof(kind, privileges.digest)
        reason = Phrase(
            "Le rôle qui répond aux professionnels atteint ce compartiment : ce n’est pas une preuve.",
            "The role that answers professionals reaches this compartment; that proves nothing.",
        )
        raise ProofMissingError("proof", reason)
    if kind is ProofKind.JOURNAL and scope is not None and own is not None:
        if not (scope.untold or scope.unattributed):
            return Proof(kind, scope.digest)
        reason = Phrase(
            "La liste a un trou, attend des lignes, ou laisse de côté des données : elle ne prouve rien du reste.",
            "The list has a hole, waits for lines, or leaves categories out; it proves nothing of the rest.",
        )
        raise ProofMissingError("proof", reason)
    reason = Phrase(
        "« Non concerné » ne s’écrit qu’avec sa preuve : la dernière liste, ou un compartiment fermé.",
        "“Not concerned” is only written with its proof: the newest list, or a closed compartment.",
    )
    raise ProofMissingError("proof", reason)


def standing(statements: Iterable[Statement], scope: ScopeSummary | None) -> list[Statement]:
    """The statements that still hold: a proof by the journal falls with the list it names."""
    return [
        one
        for one in statements
        if one.proof is not None
        and (one.proof.kind is ProofKind.PRIVILEGES or (scope is not None and one.proof.digest == scope.digest))
    ]


def sentence(cohort: Cohort, statements: Sequence[Statement], shown: DataCategory) -> Phrase | None:
    """What a text to a cohort may say of what was not concerned; None when nothing may be said.

    Args:
        cohort: whom the text is for.
        statements: those that stand.
        shown: what was shown of whoever reads it, or of the whole cohort.

    Raises:
        ProofMissingError: a statement has no proof, is not of one category, or is contradicted by what was shown.
    """
    own = [one for one in statements if one.cohort is cohort]
    for one in own:
        proven = one.proof is not None and len(one.proof.digest) == DIGEST_BYTES
        if not proven or len(each(one.category)) != 1 or one.category in shown:
            reason = Phrase(
                "Une donnée est dite non concernée sans preuve, ou contre la liste : le texte est refusé.",
                "Data is said not to be concerned without a proof, or against the list; the text is refused.",
            )
            raise ProofMissingError("statements", reason)
    said = DataCategory.NONE
    for one in own:
        said |= one.category
    if not said:
        return None
    fr, en = (", ".join(LABELS[one][language] for one in each(said)) for language in Language)
    return Phrase(
        f"N’étaient pas accessibles, et nous en avons la preuve : {fr}.",
        f"Not within reach, and we hold the proof: {en}.",
    )
