"""The doctor on the road to the database: who could read it, and who could stand in the server's place."""

import pytest

from tierce.settings import DatabaseSettings
from tierce.upkeep.doctor.model import Grade
from tierce.upkeep.doctor.road import road


@pytest.mark.parametrize(
    ("host", "authority", "encrypted", "found"),
    [
        ("127.0.0.1", None, False, []),
        ("db1.internal", None, False, [("server-tls", Grade.BAD)]),
        ("db1.internal", None, True, [("server-unverified", Grade.WARNING)]),
        ("db1.internal", "/etc/ssl/tierce/bases.pem", True, []),
    ],
)
def test_a_server_over_the_network_is_held_to_its_certificate(
    host: str, authority: str | None, encrypted: bool, found: list[tuple[str, Grade]]
) -> None:
    given = DatabaseSettings(host, 5432, "tierce", "/etc/tierce/secrets", authority)
    assert [(one.code, one.grade) for one in road(given, encrypted=encrypted)] == found
