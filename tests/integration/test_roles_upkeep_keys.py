"""What role tierce_upkeep may destroy by SQL alone: no key under which something is sealed, in any compartment."""

import psycopg
import pytest

from tests.integration.conftest import Connect
from tierce.storage.cluster import SUPERUSER

pytestmark = pytest.mark.integration


@pytest.fixture
def admin(connect: Connect) -> psycopg.Connection:
    return connect(SUPERUSER, autocommit=True)


def test_contact_data_lent_lose_their_key_by_their_deletion_alone(
    connect: Connect, admin: psycopg.Connection
) -> None:
    admin.execute("insert into registry.insurer (id, amc, name) values (1, '99100001', 'Oak')")
    for number in (1, 2):  # two incidents of one insurer: two versions of its key, each in use
        admin.execute("insert into incident.incident (id, title, signal_at) values (%s, 'Vol', now())", (number,))
        admin.execute(
            "insert into registry.insurer_key (insurer, compartment, version, wrapped) values (1, 3, %s, %s)",
            (number, bytes(48)),
        )
        admin.execute(
            "insert into contact.loan (incident, insurer, key_version) values (%s, 1, %s)",
            (number, number),
        )
        admin.execute("insert into contact.contact values (%s, 1, 7, %s)", (number, bytes((1, number))))
    upkeep = connect("tierce_upkeep", autocommit=True)
    with pytest.raises(psycopg.errors.CheckViolation):
        upkeep.execute("select upkeep.drop_key(1::smallint, 3::smallint, 1::smallint)")
    kept = admin.execute("select version from registry.insurer_key where compartment = 3 order by version").fetchall()
    assert kept == [(1,), (2,)]
