"""Beat four at a small scale: the attack over real HTTP at both portals, counted twice, and the optician served."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest
from rich.console import Console

from tierce.kernel.clock import PARIS, SystemClock
from tierce.kernel.ids import ProfessionalId
from tierce.kernel.language import Language
from tierce.lab.demo import store
from tierce.lab.demo.attack import Attack, Side
from tierce.lab.demo.errors import BeatError
from tierce.lab.demo.result import Result, conclude
from tierce.lab.demo.show import played, told
from tierce.lab.demo.stage import OFFICER, Stage
from tierce.lab.demo.steps import Steps
from tierce.lab.demo.visitors import enter, open_incident
from tierce.lab.demo.wire import Wire

T = TypeVar("T")
TRIES = 600
ROLES = ("lucie_armand", "marie_dubreuil", "yamina_ouadrani_lunar", "thomas_garrigue_two_insurers")
"""People whom the hospital never asked about."""


def played_out(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end on a loop of its own: the browser of other tests keeps this thread's loop busy."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def run(stage: Stage, attack: Attack) -> Result:
    await played(stage, attack, SystemClock(), Steps(Console(quiet=True), Language.EN))
    with stage.database.connect("tierce_office", autocommit=True) as connection:
        return await conclude(connection, morvan(stage), attack)


def morvan(stage: Stage) -> ProfessionalId:
    with stage.database.connect("tierce_office") as connection:
        return store.professional_of(connection, stage.truth["story"]["claire_morvan"]["rpps"])


@pytest.fixture(scope="module")
def played_attack(stage: Stage, unprotected: None) -> tuple[Attack, Result]:
    attack = Attack(TRIES)
    return attack, played_out(run(stage, attack))


def test_tierce_tells_a_handful_and_its_journal_counts_the_same(played_attack: tuple[Attack, Result]) -> None:
    attack, result = played_attack
    assert result.tried == result.unprotected_tried == TRIES
    assert 0 < result.learned == result.learned_by_journal <= result.bound
    assert result.unprotected_learned > TRIES * 0.8
    assert set(attack.tierce.learned) < set(attack.unprotected.learned)


def test_the_device_is_held_and_the_optician_elsewhere_is_served(played_attack: tuple[Attack, Result]) -> None:
    attack, result = played_attack
    assert 0 <= result.held_seconds < 20
    assert attack.tierce.refused_from is not None, "once the day's attempts are used up, the thief is told so"
    assert result.optician_asked == result.optician_shown > 0


def test_the_officer_opens_the_list_of_that_device(stage: Stage, played_attack: tuple[Attack, Result]) -> None:
    attack, result = played_attack
    opened = played_out(open_incident(stage.url("office"), OFFICER, morvan(stage), attack.device, "Essai.", "fr"))
    assert opened.notice.startswith(opened.incident)
    assert opened.letter.startswith(opened.incident)
    assert str(result.learned) in told(result, Language.FR)


def test_a_sign_in_relayed_by_a_thief_starts_with_few_places(stage: Stage) -> None:
    """The push of January 2024: she accepts on her phone, and the thief's browser is a new device all the same."""

    async def ask_four() -> list[bool]:
        clock = SystemClock()
        doctor = stage.national_id("claire_morvan")
        thief = await enter(stage.url("api"), doctor, "Centre hospitalier de Valbrume", clock, relayed=True)
        told_of = []
        async with Wire(stage.url("api")) as wire:
            for role in ROLES:
                one = stage.person(role)
                who = (one["nir"], one["birth_date"], str(one["rank"]))
                told_of.append((await thief.ask(wire, who, "HOSP", clock.now().astimezone(PARIS).date())).shown)
        return told_of

    shown = played_out(ask_four())
    assert shown[3] is False, "a fourth person never seen by the hospital is not shown on a new device"
    assert any(shown[:3])


def test_a_person_whom_the_journal_does_not_count_fails_the_beat(
    stage: Stage, played_attack: tuple[Attack, Result]
) -> None:
    attack, _ = played_attack
    lied = Attack(TRIES, device=attack.device, began=attack.began, held=attack.held)
    lied.unprotected, lied.optician = attack.unprotected, attack.optician
    lied.tierce = Side(asked=1, learned={*attack.tierce.learned, ("nobody", "19000101", "1")})
    with (
        stage.database.connect("tierce_office", autocommit=True) as connection,
        pytest.raises(BeatError, match="the journal"),
    ):
        played_out(conclude(connection, morvan(stage), lied))
