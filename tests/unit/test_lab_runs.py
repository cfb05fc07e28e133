"""Scenarios played: what is learned, under which bound, and that a run tells the same twice."""

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tierce.kernel.care import Profession
from tierce.lab.arena.commons import Commons, common_constants
from tierce.lab.arena.parts import ALL, Parts, without
from tierce.lab.arena.place import Place
from tierce.lab.arena.post import Asked, Post
from tierce.lab.arena.theft import Loot, Sight
from tierce.lab.attackers.protocol import Thief
from tierce.lab.attackers.scenario import Scenario, load_scenario, names
from tierce.lab.errors import BoundExceededError, LabError
from tierce.lab.runs.figures import Figures, Run, figures_of
from tierce.lab.runs.runner import Options, play
from tierce.policy.acts import Outcome
from tierce.policy.evidence import worth
from tierce.policy.ladder import Level, Rung
from tierce.policy.seats import cap_of

ISSUED = {
    "enumeration", "list-replay", "own-list", "own-files", "boundary", "aitm", "cookie", "amelipro-2022", "gps-1500",
    "vendor", "insider", "poisoning", "dormant", "hospital-desk", "pool-crowding", "adversary", "honest-year",
}  # fmt: skip
KEYS = {
    "people_learned_total", "people_learned_per_identity_median", "people_learned_per_identity_p95",
    "people_learned_per_identity_max", "learned_first", "learned_known_pair", "learned_present", "negatives",
    "bound_total", "queries_to_hold_median", "false_holds", "account_years", "alpha", "step_ups_per_1000",
}  # fmt: skip
GP = {Profession.GP: 2}


def small(name: str, stolen: dict[Profession, int] | None = None) -> Scenario:
    """A scenario with few identities and no honest desks beside."""
    return replace(load_scenario(name), stolen=stolen or GP, honest={})


def played(scenario: Scenario, parts: Parts = ALL, seeds: int = 2) -> Run:
    return play(scenario, Options(seeds=seeds, parts=parts), lambda _done, _total: None)


def learned(scenario: Scenario, parts: Parts = ALL) -> int:
    return sum(loot.people for loot in played(scenario, parts).every)


def test_every_scenario_is_there_and_can_be_read() -> None:
    assert set(names()) >= ISSUED
    for name in names():
        assert load_scenario(name).title.fr != load_scenario(name).title.en


@pytest.mark.parametrize("name", sorted(ISSUED - {"honest-year", "gps-1500", "poisoning"}))
def test_nobody_learns_more_than_the_bound(name: str) -> None:
    run = played(small(name, {Profession.GP: 1, Profession.NURSE: 1}))
    for loot in run.every:
        assert loot.people <= loot.bound
        assert loot.by_day == sorted(loot.by_day)
    assert figures_of(run).people_learned_total <= figures_of(run).bound_total


def test_a_run_tells_the_same_bytes_twice_and_with_two_processes() -> None:
    scenario = replace(small("enumeration"), honest={Profession.NURSE: 2})
    options = Options(seeds=2, honest_days=20)
    said = [
        msgspec.json.encode(figures_of(play(scenario, replace(options, processes=n), lambda *_: None)))
        for n in (1, 1, 2)
    ]
    assert said[0] == said[1] == said[2]


def test_the_figures_have_exactly_the_keys_that_are_documented() -> None:
    told = msgspec.to_builtins(figures_of(played(small("list-replay"))))
    assert set(told) == KEYS
    assert set(told["step_ups_per_1000"]) == {"gp", "pharmacy", "dentist", "nurse", "physio", "optician", "hospital"}
    assert {field.name for field in msgspec.structs.fields(Figures)} == KEYS


def test_a_run_past_its_bound_fails_loudly() -> None:
    with pytest.raises(BoundExceededError, match="the bound is 3"):
        figures_of(Run([[Loot("gp", first=4, bound=3)]]))


def test_a_cookie_without_its_key_learns_nobody_and_a_relayed_sign_in_a_handful() -> None:
    assert learned(small("cookie")) == 0
    assert all(loot.people <= 5 for loot in played(small("aitm")).every)


def test_a_robot_is_held_after_few_asks_and_goes_on_without_the_tests() -> None:
    scenario = small("enumeration", {Profession.HOSPITAL: 1})
    with_tests = played(scenario)
    assert all(0 < loot.hold_ask < 60 for loot in with_tests.every)
    alone = learned(scenario, Parts(evidence=False))
    assert alone > 5 * sum(loot.people for loot in with_tests.every)


def test_each_part_left_out_gives_a_thief_no_less() -> None:
    scenario = small("own-list", {Profession.DENTIST: 2})
    places = Parts(evidence=False)
    whole = learned(scenario, places)
    assert learned(scenario, replace(places, thirty_days=False)) > whole
    assert learned(scenario, replace(places, seats=False)) > 10 * whole
    first_day = sum(loot.by_day[0] for loot in played(scenario, places).every)
    assert sum(loot.by_day[0] for loot in played(scenario, replace(places, day_cap=False)).every) > first_day
    with pytest.raises(LabError, match="no part"):
        without("luck")


def test_whoever_asks_for_nobody_new_is_counted_apart() -> None:
    run = played(small("own-files"))
    assert sum(loot.known for loot in run.every) > 100
    assert sum(loot.first for loot in run.every) == 0
    present = played(small("insider"))
    assert all(loot.present > 20 for loot in present.every)


def test_a_contract_that_ended_takes_a_place_and_is_no_number_made_up() -> None:
    post = Post(Profession.GP, 20_000)
    assert post.ask(20_000, Asked(found=False, ended=True)) is Outcome.ENDED
    assert post.ask(20_000, Asked(found=False)) is Outcome.UNKNOWN
    assert post.line.open == 2
    assert post.evidence.seen[:2] == (2, 1), "two unfamiliar asks, one of them a miss"


@pytest.mark.parametrize(("again", "opened"), [(True, False), (False, True), (True, True)])
def test_whoever_asks_again_about_one_person_wears_no_evidence_down(again: bool, opened: bool) -> None:
    post = Post(Profession.GP, 20_000)
    for _ in range(2):
        post.ask(20_000, Asked(found=False))
    before = post.evidence
    assert post.ask(20_000, Asked(known=True, again=again, opened=opened)) is Outcome.RELEASED
    assert post.evidence == before
    post.ask(20_000, Asked(known=True))
    assert worth(post.evidence) < worth(before)


def test_repeating_whom_he_was_shown_gains_a_thief_nobody() -> None:
    scenario = small("enumeration", {Profession.OPTICIAN: 6})
    repeating = replace(scenario, options={**scenario.options, "repeats": 3.0})
    assert learned(repeating) <= learned(scenario)


def test_whoever_is_missing_from_the_operators_own_list_was_covered() -> None:
    sight = Sight(Post(Profession.GP, 20_000), home=1)
    for told in (True, False):
        thief = Thief(Profession.GP, 0, np.random.default_rng(1), {"ended": float(told)}, 10, sight)
        missing, covered = thief.listed(0.0), thief.listed(1.0)
        assert (missing.found, missing.ended) == (False, told)
        assert (covered.found, covered.ended) == (True, False)


def test_a_rung_stands_for_its_day_at_least() -> None:
    post = Post(Profession.GP, 20_000)
    while post.rung < Rung.STEP_UP:
        post.ask(20_000, Asked(found=False))
    for _ in range(9):
        post.known_asks(20_000, 9)
    assert worth(post.evidence) < 1
    same_day = post.rung
    post.known_asks(20_001, 1)
    assert (same_day, post.rung) == (Rung.STEP_UP, Rung.NONE), (
        "known people do not take it down before the day is over"
    )
    assert post.since == 20_000


def test_a_human_who_is_fooled_gives_a_thief_more_and_never_more_than_the_bound() -> None:
    scenario = small("enumeration", {Profession.PHARMACY: 2, Profession.OPTICIAN: 2})
    once, never = (
        played(replace(scenario, options={**scenario.options, "fooled": times})).every for times in (1.0, 0.0)
    )
    assert sum(loot.people for loot in never) < sum(loot.people for loot in once)
    assert all(loot.people <= loot.bound for loot in once)
    assert max(loot.people for loot in once) < 40


def test_twins_are_decoys_when_they_are_on() -> None:
    scenario = small("enumeration", {Profession.OPTICIAN: 4})
    assert learned(scenario, Parts(twins=True)) < learned(scenario)


def test_a_wrong_scenario_is_refused_with_what_is_wrong(tmp_path: Path) -> None:
    for text, said in (
        ("days = 0", "field days"),
        ('attacker = "nobody"', "field attacker"),
        ('device = "moon"', "field device"),
        ("[stolen]\nbaker = 1", "baker"),
        ("luck = 7", "luck"),
        ("days = ", "not TOML"),
    ):
        file = tmp_path / "mine.toml"
        file.write_text(text)
        with pytest.raises(LabError, match=said):
            load_scenario(str(file))
    with pytest.raises(LabError, match="no scenario"):
        load_scenario("nothing")


def together(**changes: object) -> Scenario:
    """Six robbed nurses of one vendor, with two who are not."""
    base = replace(small("list-replay", {Profession.NURSE: 6}), together={Profession.NURSE: 2}, days=10)
    return replace(base, **changes)  # type: ignore[arg-type]  # fields of a scenario


def test_those_who_share_lines_learn_no_more_than_the_bound_of_all() -> None:
    run = played(together(one_place=True), seeds=1)
    [bound] = run.bounds
    assert bound is not None
    assert sum(loot.people for loot in run.every) <= bound <= sum(loot.bound for loot in run.every)
    assert figures_of(run).bound_total == bound
    assert set(run.neighbours) == {"nurse"}
    assert run.neighbours["nurse"].asks > 0


def test_a_bound_of_all_that_is_passed_fails_loudly() -> None:
    with pytest.raises(BoundExceededError, match="in all, the bound is 3"):
        figures_of(Run([[Loot("gp", first=4, bound=9)]], bounds=[3]))


def test_a_common_line_that_is_full_stops_who_has_places_of_her_own() -> None:
    nurse, gp = Profession.NURSE, Profession.GP
    place = Place(nurse, 1, 20_000)
    post = Post(nurse, 20_000, place=place)
    post.settle(20_000, (0.0, 0.0), ([0] * 30, [0] * 30))
    assert post.ask(20_000, Asked()) is Outcome.RELEASED
    crowd = Post(nurse, 20_000, place=place)
    crowd.settle(20_000, (0.0, 0.0), ([0] * 30, [0] * 30))
    told = [crowd.ask(20_000, Asked()) for _ in range(8)]
    assert Outcome.PLACE_FULL in told, "one desk's places, used by two"
    assert Outcome.PLACE_FULL in [post.ask(20_000, Asked())]
    post.prove([20_000], card=False)
    place.roll(20_001)
    assert post.ask(20_001, Asked()) is Outcome.RELEASED
    vendor = Commons({gp: 1}, 20_000)
    drawn = 0
    while vendor.room():
        vendor.took()
        vendor.proved(20_000)
        drawn += 1
    assert drawn == cap_of(common_constants(Level.VENDOR, {gp: 1}).a), "proof gives no place of the day back"
    assert drawn < common_constants(Level.CELL, {gp: 1}).a == vendor.shared()["CELL"].limit
    vendor.begin(20_001)
    assert vendor.room()
