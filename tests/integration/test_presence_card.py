"""Dynamic cards at the counter: each way to lie with one is refused, and one that stands opens one person alone."""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.integration.desk import LATER, PAUL, STRANGER, UNCOVERED, Counter, counter
from tests.integration.presenting import OTHER, Presenting, presenting
from tests.integration.world import World, enrol
from tierce.kernel.clock import SystemClock, paris_day
from tierce.kernel.ids import PersonId
from tierce.policy.acts import Act, Outcome, Presence
from tierce.policy.presence import CARD_SECONDS, SKEW_SECONDS
from tierce.policy.seats import DAY_LIMITS, new_line, pack
from tierce.presence.model import Card
from tierce.presence.rules import HANDLE_BYTES, NONCE_BYTES, named, pack_card, write_card
from tierce.presence.signing import sign_card, signing_key
from tierce.storage.keys import SIGNER_KEY, Keyring, Purpose

pytestmark = pytest.mark.integration
Scene = Callable[[Counter, Presenting], Awaitable[object]]


def play(world: World, keyring: Keyring, scene: Scene) -> object:
    async def whole() -> object:
        async with counter(world, keyring) as desk:
            with presenting(world, keyring) as cards:
                return await scene(desk, cards)

    return asyncio.run(whole())


def shown(token: str) -> dict[str, str]:
    return {"means": "card", "proof": token}


def forged(cards: Presenting, desk: Counter, signer: int, insurer: int, *, person: int = 1, seconds: int = 0) -> str:
    """A card made by whoever holds one signer's key and the key of handles, and writes what he likes."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    place = desk.caller.establishment
    handle = cards.keyring.hash(Purpose.CARD).digest(named(nonce, PersonId(person), place))[:HANDLE_BYTES]
    issued = int(SystemClock().now().timestamp()) + seconds
    payload = pack_card(Card(signer, place, handle, issued, CARD_SECONDS, nonce))
    key = signing_key(cards.keyring.raw(SIGNER_KEY), signer, OTHER if insurer == OTHER else type(OTHER)(insurer))
    return write_card(payload, sign_card(key, payload))


def seats_taken(world: World) -> object:
    return world.scalar("select 5 - journal.u16(body, 62) from journal.entry order by seq desc limit 1")


def test_a_card_opens_the_answer_and_takes_no_seat(world: World, keyring: Keyring) -> None:
    async def scene(desk: Counter, cards: Presenting) -> tuple[bool, object]:
        made = cards.card(1, desk.caller.establishment)
        return (await desk.ask(PAUL, presence=shown(made.token))).json()["shown"], seats_taken(world)

    assert play(world, keyring, scene) == (True, 0)
    lines = world.scalar(
        "select array_agg(array[kind::integer, get_byte(body, 2), get_byte(body, 5)] order by seq) from journal.entry"
        " where person = 1 and kind <> 14"
    )
    assert lines == [[18, Act.PRESENCE_CARD, 0], [1, Act.RIGHTS_ASK, Presence.VERIFIED]]


def test_eight_digits_said_aloud_stand_for_the_card(world: World, keyring: Keyring) -> None:
    async def scene(desk: Counter, cards: Presenting) -> list[Any]:
        made = cards.card(1, desk.caller.establishment)
        first = await desk.ask(PAUL, presence=shown(made.spoken))
        again = await desk.ask(PAUL, presence=shown(made.spoken))
        wrong = await desk.ask(PAUL, presence=shown("0000 0000"))
        return [first.json()["shown"], again.json()["code"], (wrong.status_code, wrong.json()["code"])]

    assert play(world, keyring, scene) == [True, "proof_refused", (403, "proof_refused")]
    lines = "select array_agg(get_byte(body, 4) order by seq) from journal.entry where kind = 2"
    assert world.scalar(lines) == [Outcome.PROOF_REFUSED] * 2, "digits that stand for nothing have their line too"


def test_digits_are_tried_no_oftener_than_the_day_s_attempts(world: World, keyring: Keyring) -> None:
    async def scene(desk: Counter, _cards: Presenting) -> list[Any]:
        left = DAY_LIMITS[desk.caller.profession].attempts - 2
        today = paris_day(SystemClock().now())
        state = pack(replace(new_line(desk.caller.profession, today), attempts=left))
        world.run(f"update access.line set state = '\\x{state.hex()}' where id = {desk.caller.line}")
        told = [await desk.ask(PAUL, presence=shown(f"0000 000{n}")) for n in range(4)]
        return [(one.json()["code"], 0 < int(one.headers.get("retry-after", 0)) <= 90_000) for one in told]

    expected = [("proof_refused", False)] * 2 + [("out_of_attempts", True)] * 2
    assert play(world, keyring, scene) == expected, (
        "and a program is told how long it must wait: until Paris's midnight"
    )


def test_replay_a_card_serves_once_whoever_shows_it_again(world: World, keyring: Keyring) -> None:
    async def scene(desk: Counter, cards: Presenting) -> list[Any]:
        token = cards.card(1, desk.caller.establishment).token
        both = await asyncio.gather(*(desk.ask(PAUL, presence=shown(token)) for _ in range(8)))
        late = await desk.ask(PAUL, presence=shown(token))
        return [sorted(one.status_code for one in both), late.json()["code"]]

    assert play(world, keyring, scene) == [[200] + [403] * 7, "proof_refused"]


def test_wrong_audience_a_card_for_another_place_is_refused(world: World, keyring: Keyring) -> None:
    elsewhere = enrol(world).establishment

    async def scene(desk: Counter, cards: Presenting) -> tuple[int, str, str]:
        told = await desk.ask(PAUL, presence=shown(cards.card(1, elsewhere).token))
        return told.status_code, told.json()["field"], told.json()["reason"]["en"]

    assert play(world, keyring, scene) == (422, "presence", "the card was made for another place")
    assert world.scalar("select count(*) from journal.entry where kind <= 4") == 0


@pytest.mark.parametrize(
    ("ahead", "taken"),
    [
        (-CARD_SECONDS - SKEW_SECONDS - 5, False),
        (-CARD_SECONDS - SKEW_SECONDS + 10, True),
        (SKEW_SECONDS - 5, True),
        (SKEW_SECONDS + 20, False),
    ],
)
def test_expiry_and_clock_skew(world: World, keyring: Keyring, ahead: int, taken: bool) -> None:
    async def scene(desk: Counter, cards: Presenting) -> bool:
        there = cards.at(SystemClock().now() + timedelta(seconds=ahead))
        told = await desk.ask(PAUL, presence=shown(forged(there, desk, 1, 1, seconds=ahead)))
        assert taken or told.json()["field"] == "presence"
        return told.status_code == 200

    assert play(world, keyring, scene) is taken


def test_revoked_key_serves_no_more_even_where_it_was_known(world: World, keyring: Keyring) -> None:
    async def scene(desk: Counter, cards: Presenting) -> list[Any]:
        before = await desk.ask(PAUL, presence=shown(cards.card(1, desk.caller.establishment).token))
        token = cards.card(1, desk.caller.establishment).token
        world.run("update presence.signer set revoked = now(), revoked_why = 'copied'")
        after = await desk.ask(PAUL, presence=shown(token))
        return [before.status_code, after.json()["code"]]

    assert play(world, keyring, scene) == [200, "proof_refused"]


def test_card_minted_for_another_person_says_the_same_whoever_was_asked_for(world: World, keyring: Keyring) -> None:
    async def scene(desk: Counter, cards: Presenting) -> list[bytes]:
        place = desk.caller.establishment
        return [
            (await desk.ask(nir, presence=shown(cards.card(2, place).token))).content
            for nir in (PAUL, STRANGER, UNCOVERED)
        ]

    told = play(world, keyring, scene)
    assert isinstance(told, list)
    assert {json.loads(one)["code"] for one in told} == {"proof_of_another"}
    assert len(set(told)) == 1
    codes = "select array_agg(array[get_byte(body, 4), get_byte(body, 5), person]) from journal.entry where kind = 2"
    assert world.scalar(codes) == [[Outcome.PROOF_OF_ANOTHER, 0, 0]] * 3
    assert world.scalar("select count(*) from access.pair") == 0


def test_card_of_another_insurer_s_signer_proves_nothing(world: World, keyring: Keyring) -> None:
    """Whoever stole one insurer's signing key makes cards of that insurer's people, and of nobody else."""

    async def scene(desk: Counter, cards: Presenting) -> list[str]:
        good = await desk.ask(LATER, presence=shown(forged(cards, desk, 1, 1, person=2)))
        stolen = await desk.ask(PAUL, presence=shown(forged(cards, desk, 2, OTHER)))
        return [str(good.json()["shown"]), stolen.json()["code"]]

    assert play(world, keyring, scene) == ["True", "proof_refused"]


def test_signature_of_another_key_or_another_text_is_refused(world: World, keyring: Keyring) -> None:
    async def scene(desk: Counter, cards: Presenting) -> list[str]:
        token = cards.card(1, desk.caller.establishment).token
        bent = token[:30] + ("A" if token[30] != "A" else "B") + token[31:]
        tries = (bent, forged(cards, desk, 1, OTHER), forged(cards, desk, 9, 1), token[:-1], "carte", "")
        told = [await desk.ask(PAUL, presence=shown(one)) for one in tries]
        assert {one.status_code for one in told} == {422}
        assert not any(token[:20] in one.text for one in told)
        return [one.json()["reason"]["en"] for one in told]

    wrong, form = "the card's signature is not right", "this is not a dynamic card"
    no_key = "the key that signed the card does not count here"
    assert play(world, keyring, scene) == [wrong, wrong, no_key, form, form, form]


@pytest.mark.parametrize(
    "claim",
    [
        {"means": "card", "proof": "", "grade": "A"},
        {"grade": 4},
        {"means": "VERIFIED"},
        {"means": "reported", "proof": "4"},
        4,
        "VERIFIED",
    ],
)
def test_lying_provenance_field_is_refused_and_raises_nothing(world: World, keyring: Keyring, claim: object) -> None:
    async def scene(desk: Counter, _cards: Presenting) -> int:
        return (await desk.ask(PAUL, presence=claim)).status_code

    assert play(world, keyring, scene) == 422
    assert world.scalar("select count(*) from journal.entry where kind <= 4") == 0


def test_the_reason_is_told_to_whoever_reads_her_card(world: World, keyring: Keyring) -> None:
    async def scene(desk: Counter, cards: Presenting) -> dict[str, Any]:
        token = cards.card(41, desk.caller.establishment).token
        body: dict[str, Any] = (await desk.ask(UNCOVERED, presence=shown(token))).json()
        return body

    told = play(world, keyring, scene)
    assert isinstance(told, dict)
    assert told["shown"] is False
    assert told["reason"]["code"] == "not_eligible"


def test_presence_of_one_person_shows_nobody_else(world: World, keyring: Keyring) -> None:
    """A line without seats left is opened by a card for its bearer, and stays shut for all the rest."""

    async def scene(desk: Counter, cards: Presenting) -> list[Any]:
        for _ in range(3):
            await desk.ask(STRANGER[:-2] + "00")
        world.run("update access.line set state = set_byte(set_byte(state, 18, 0), 19, 99)")  # today's draws: full
        token = cards.card(1, desk.caller.establishment).token
        return [
            (await desk.ask(PAUL)).json()["shown"],
            (await desk.ask(LATER, presence=shown(token))).status_code,
            (await desk.ask(PAUL, presence=shown(cards.card(1, desk.caller.establishment).token))).json()["shown"],
            (await desk.ask(LATER)).json()["shown"],
        ]

    assert play(world, keyring, scene) == [False, 403, True, False]
