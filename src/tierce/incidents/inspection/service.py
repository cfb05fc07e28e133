"""What the page of one incident says to an inspector."""

from psycopg import Connection

from tierce.incidents import store as incident_rows
from tierce.incidents.inspection import rules, store
from tierce.incidents.inspection.model import Inspected, InsurerLine
from tierce.incidents.model import Incident
from tierce.kernel.ids import InsurerId


def inspected(connection: Connection, incident: Incident) -> Inspected:
    """Shares and delays of one incident, from awareness, or from the first signal before it is established.

    Call in a transaction that has just begun.
    """
    since = incident.aware_at or incident.signal_at
    exposed = store.exposed(connection, incident.id)
    said, later = store.reported(connection, incident.id, since), store.since_reported(connection, incident.id)
    reported = rules.of_earlier_lists(exposed, said, later)
    ours, as_of = store.told(connection, incident.id, since)
    told = rules.once(ours, reported)
    warned = store.warned(connection, incident.id)
    shares = rules.by_insurer(exposed, told)
    names = incident_rows.insurer_names(connection, [one for one in shares if one])
    return Inspected(
        whole=rules.whole(exposed, told),
        cohorts=tuple(rules.by_cohort(exposed, told).items()),
        insurers=tuple(
            InsurerLine(insurer, names.get(insurer, ""), share, *warned.get(InsurerId(insurer), (None, None)))
            for insurer, share in shares.items()
        ),
        messages=tuple(store.messages(connection, incident.id)),
        as_of=as_of,
    )
