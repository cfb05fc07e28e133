"""Sign-ins begin so many a second in one process, whoever begins them: nobody has an account yet to count by."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.integration.conftest import Connect
from tests.integration.signin_world import Desk, Play
from tierce.identity.errors import SignInReason, SignInRefusedError
from tierce.identity.oidc import Realm
from tierce.identity.rules import STARTS_A_SECOND
from tierce.identity.service import SignInDoor
from tierce.kernel.clock import FixedClock, SystemClock
from tierce.storage.cluster import SUPERUSER
from tierce.web.api.signin import identity_problem

pytestmark = pytest.mark.integration


def test_what_is_beyond_the_second_s_number_leaves_no_row_and_the_next_second_is_free(
    play: Play, connect: Connect
) -> None:
    async def scene(desk_: Desk) -> None:
        now = SystemClock().now()
        door = SignInDoor(desk_.pool, desk_.provider(Realm.PSC), FixedClock(now))
        door.starts.second, door.starts.begun = int(now.timestamp()), STARTS_A_SECOND - 1
        await door.start("/")
        for _ in range(3):
            with pytest.raises(SignInRefusedError) as refused:
                await door.start("/")
            assert refused.value.reason is SignInReason.BUSY
            assert identity_problem(refused.value).status == 503
        await replace(door, clock=FixedClock(now + timedelta(seconds=1))).start("/")

    play(scene)
    assert connect(SUPERUSER).execute("select count(*) from access.pending").fetchone() == (2,)
