"""Which proof proves what, and which statements still hold: pure."""

from collections.abc import Iterable, Mapping, Sequence

from tierce.incidents.cohorts.model import Cohort, CohortCount
from tierce.incidents.errors import FormError
from tierce.incidents.model import ScopeSummary
from tierce.incidents.statements.model import Privileges, Proof, ProofKind, Statement
from tierce.kernel.categories import LABELS, DataCategory, each
from tierce.kernel.language import Phrase

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
            "La liste a un trou, attend des lignes, laisse de côté des données, ou sa période n’était pas finie :"
            " elle ne prouve rien du reste.",
            "The list has a hole, waits for lines, leaves categories out, or its window was not over;"
            " it proves nothing of the rest.",
        )
        raise ProofMissingError("proof", reason)
    reason = Phrase(
        "« Non concerné » ne s’écrit qu’avec sa preuve : la dernière liste, ou un compartiment fermé.",
        "“Not concerned” is only written with its proof: the newest list, or a closed compartment.",
    )
    raise ProofMissingError("proof", reason)


def standing(
    statements: Iterable[Statement], scope: ScopeSummary | None, counts: Iterable[CohortCount]
) -> list[Statement]:
    """The statements that still hold under the newest list, whose cohorts are `counts`.

    A proof by the journal falls with the list it names; any statement falls when the list shows the opposite.
    """
    shown = {one.cohort: one.categories for one in counts}
    return [
        one
        for one in statements
        if one.proof is not None
        and one.category not in shown.get(one.cohort, DataCategory.NONE)
        and (one.proof.kind is ProofKind.PRIVILEGES or (scope is not None and one.proof.digest == scope.digest))
    ]
