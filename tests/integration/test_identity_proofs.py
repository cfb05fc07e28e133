"""A proof by a key serves once, whatever becomes of the act that it signed, through a crash of the database too."""

import json
from datetime import timedelta

from tests.integration.conftest import Connect
from tests.integration.signin_world import API, Desk, Play, reason
from tests.integration.test_identity_continuing import At, at, settled
from tests.integration.test_vendor_access import merle, origin, register, scene
from tests.integration.vendor_play import ABSENT, Software
from tierce.lab.standins.browser_key import BrowserKey
from tierce.storage.cluster import SUPERUSER

__all__ = ["merle", "origin", "register", "scene"]
CONFIRM = "/v1/devices/confirm"


def crash(connect: Connect) -> None:
    """What a crash of the database does to proofs: the unlogged table is emptied."""
    connect(SUPERUSER, autocommit=True).execute("truncate access.proof")


async def confirm_with(desk_: Desk, who: At, code: str, proof: bytes | None = None) -> tuple[bytes, str]:
    """Confirm a code with a given proof or one made now; the proof, and the machine code of the refusal."""
    body = json.dumps({"code": code}).encode()
    now = desk_.clock.now().timestamp()
    proof = proof or who.key.proof("POST", API + CONFIRM, handle=who.handle, at=now, body=body)
    answer = await desk_.send("POST", CONFIRM, who.handle, who.key, body, proof=proof)
    return proof, "done" if answer.status_code == 200 else reason(answer)


def test_a_refused_act_uses_its_proof_up(play: Play, connect: Connect) -> None:
    async def acts(desk_: Desk) -> None:
        old = await settled(desk_, connect)
        proof, told = await confirm_with(desk_, old, "12345678")
        assert told == "device_code"
        assert (await confirm_with(desk_, old, "12345678", proof))[1] == "proof_replayed"

    play(acts)


def test_a_proof_of_before_a_crash_serves_no_act_and_one_of_after_it_does(play: Play, connect: Connect) -> None:
    async def acts(desk_: Desk) -> None:
        old = await settled(desk_, connect)
        used, told = await confirm_with(desk_, old, "12345678")
        assert told == "device_code"
        crash(connect)
        for _ in range(2):
            assert (await confirm_with(desk_, old, "12345678", used))[1] == "proof_iat"
        desk_.clock.shift = timedelta(seconds=2)
        new = await at(desk_, await desk_.open_session())
        code = await desk_.send("POST", "/v1/devices/code", new.handle, new.key, b"{}")
        assert (await confirm_with(desk_, old, code.json()["code"]))[1] == "done"

    play(acts)


def test_an_assertion_of_before_a_crash_opens_nothing(scene: Play, merle: Software, connect: Connect) -> None:
    async def played(found: Desk) -> None:
        async def code(assertion: str) -> str:
            told = await merle.exchange(found, key=BrowserKey(), client_assertion=assertion)
            return str(told.json()["code"])

        now = found.clock.now().timestamp()
        used = merle.assertion(now)
        assert await code(used) == "activity_wanted"
        crash(connect)
        assert await code(used) == "client_replayed"
        # One that does not say when it was made may be as old as its end allows.
        assert await code(merle.assertion(now, iat=ABSENT)) == "client_replayed"
        found.clock.shift = timedelta(seconds=2)
        later = found.clock.now().timestamp()
        assert await code(merle.assertion(later)) == "activity_wanted"
        assert await code(merle.assertion(later, iat=ABSENT, exp=int(later) + 300)) == "activity_wanted"

    scene(played)
