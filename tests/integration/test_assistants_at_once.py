"""A hold and an assistant's sign-in at one moment: whichever comes first, she is held."""

from hashlib import sha256

import pytest

from tests.integration.at_once import while_open
from tests.integration.world import World, enrol
from tierce.kernel.clock import SystemClock, paris_day

pytestmark = pytest.mark.integration

CREDENTIAL = b"a passkey of hers"
OPEN = (
    "select access.open_assistant_session(%s, 1, 77, sha256('handle'), 1::smallint, 1, '\\x00',"
    " now() + interval '1 hour', (select min(id) from access.device))"
)
HOLD = (
    "insert into access.ladder (id, level, subject, rung, since, until, by, reason)"
    " values (1, 2, %s, 2, now(), now() + interval '1 day', 'watch', 'r')"
)


@pytest.fixture(params=["named", "code"])
def device(world: World, request: pytest.FixtureRequest) -> int:
    """A professional with one assistant and her passkey; the device that named her, or that had its code made."""
    one, other = enrol(world), enrol(world)
    named, coded = (one.device, other.device) if request.param == "named" else (other.device, one.device)
    with world.database.connect("postgres") as admin:
        admin.execute(
            "insert into access.assistant (professional, establishment, activity, family_name, given_name, handle,"
            " until_day, login, device) values (%s, %s, %s, 'Aide', 'Nadia', %s, %s, %s, %s)",
            (
                one.professional,
                one.establishment,
                one.activity,
                sha256(b"her").digest()[:16],
                paris_day(SystemClock().now()) + 1,
                one.login,
                named,
            ),
        )
        admin.execute(
            "insert into access.passkey (credential, assistant, public_key, counter, login, device)"
            " select %s, id, %s, 0, login, %s from access.assistant",
            (CREDENTIAL, bytes(32), coded),
        )
    return one.device


def test_a_hold_placed_while_she_signs_in_ends_what_she_opened(world: World, device: int) -> None:
    with (
        world.database.connect("tierce_api") as api,
        world.database.connect("tierce_worker", autocommit=True) as watch,
    ):
        assert api.execute(OPEN, (CREDENTIAL,)).fetchone() != (None,)
        while_open(world.database, api, lambda: watch.execute(HOLD, (device,))).result()
    assert world.scalar("select revoked_why from access.session where id = 77") == "named by a device that is held"


def test_she_who_signs_in_while_a_hold_is_placed_is_refused(world: World, device: int) -> None:
    with (
        world.database.connect("tierce_worker") as watch,
        world.database.connect("tierce_api", autocommit=True) as api,
    ):
        watch.execute(HOLD, (device,))
        opened = while_open(world.database, watch, lambda: api.execute(OPEN, (CREDENTIAL,)).fetchone())
        assert opened.result() == (None,)
    assert world.scalar("select count(*) from access.session where id = 77") == 0
