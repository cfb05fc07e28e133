"""What the drill's security officer writes of the breach, and the drafts of the authority's form made of it."""

from pathlib import Path
from typing import Final

from psycopg import Connection

from tierce.identity.model import StaffCaller
from tierce.incidents import store as incident_rows
from tierce.incidents.clocks.rules import OPERATOR
from tierce.incidents.form.printed import form_pdf
from tierce.incidents.form.rules import as_json
from tierce.incidents.form.service import Forms
from tierce.incidents.register.model import RowKind
from tierce.incidents.register.service import Register
from tierce.incidents.rules import incident_reference
from tierce.incidents.severity.model import Bridge, Cohort, Controller, Count, DataClass, Ease, Loss, Scoring
from tierce.incidents.severity.service import Severity
from tierce.kernel.categories import DataCategory
from tierce.kernel.ids import IncidentId, InsurerId
from tierce.policy.clocks import Risk

READ: Final = DataCategory.INSURER | DataCategory.GUARANTEES
EXACT: Final = "compte exact de la liste tirée du journal"
SCORING: Final = Scoring(
    data_class=DataClass.SIMPLE,
    class_reason="Le nom de la complémentaire et ce qu’elle prend en charge.",
    adjustments=(),
    ease=Ease.MAXIMUM,
    ease_reason="Le voleur tenait déjà le NIR et la date de naissance qu’il a tapés.",
    confidentiality=Loss.FULL,
    integrity=Loss.NONE,
    availability=Loss.NONE,
    malicious=True,
    circumstances_reason="Accès volé, destinataires inconnus.",
)
REASONING: Final = (
    "Le voleur tenait les identifiants de ces personnes et sait maintenant leur complémentaire et leurs droits : il"
    " peut se faire passer pour elle et demander un code ou un paiement. Il faut donc les prévenir, et la CNIL."
)
SAID: Final = {
    RowKind.FACTS: "L’accès d’un médecin, relayé puis pris sur son poste de l’hôpital, a servi à demander les droits"
    " de personnes dont le voleur tenait l’identité.",
    RowKind.EFFECTS: "Le voleur connaît la complémentaire et les droits de ces personnes : faux messages possibles.",
    RowKind.ACTION: "Les deux appareils sont suspendus ; la liste exacte est tirée du journal ; les organismes sont"
    " prévenus ; chaque personne l’est à son tour.",
}  # fmt: skip - one row of the register a line


def write_down(connection: Connection, register: Register, caller: StaffCaller, number: IncidentId) -> None:
    """Facts, effects and actions; the score of each controller's cohort, and what a person concludes of it."""
    for kind, text in SAID.items():
        register.say(connection, caller, number, kind, text)
    scope = incident_rows.last_scope(connection, number)
    assert scope is not None
    people, records = (Count(many, many, EXACT) for many in (scope.persons, scope.entries))
    one = Count(1, 1, EXACT)
    cohorts = (
        Cohort("assures", "Assurés", Controller.INSURERS, READ, people, records),
        Cohort("professionnels", "Professionnels", Controller.OPERATOR, DataCategory.PROFESSIONAL_RECORD, one, one),
    )
    severity = Severity(register)
    for cohort in cohorts:
        severity.score(connection, caller, number, cohort, SCORING)
        severity.conclude(connection, caller, number, Bridge(cohort.key, Risk.HIGH, REASONING, ""))


def draft_forms(
    connection: Connection,
    forms: Forms,
    caller: StaffCaller,
    number: IncidentId,
    insurers: dict[InsurerId, str],
    folder: Path,
) -> None:
    """The operator's draft for what it controls, and one for each of `insurers`, by AMC number: JSON and paper."""
    found = incident_rows.incident(connection, number)
    assert found is not None
    reference = incident_reference(number, found.day)
    names = incident_rows.insurer_names(connection, list(insurers))
    folder.mkdir(parents=True, exist_ok=True)
    for controller, amc in {OPERATOR: "", **insurers}.items():
        forms.save(connection, caller, number, controller, {})
        draft = forms.draft(connection, number, controller)
        stem = f"notification-{amc}" if amc else "notification"
        (folder / f"{stem}.json").write_bytes(as_json(draft, reference))
        paper = form_pdf(
            draft,
            whose=names.get(controller, forms.operator),
            reference=reference,
            at=forms.register.clock.now(),
            version=1,
        )
        (folder / f"{stem}.pdf").write_bytes(paper)
