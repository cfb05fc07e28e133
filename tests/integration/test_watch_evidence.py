"""The watch on a real journal: evidence that adds up, a hold within a second, what nothing explains."""

import asyncio
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from typer.testing import CliRunner

from tests.integration.asks import ORIGIN, appender
from tests.integration.conftest import Connect
from tests.integration.logs import log_of
from tests.integration.world import POLICY, World, enrol, make_world, question
from tests.settings_file import settings_text
from tierce.gate.model import Answer, StepUp
from tierce.identity.model import Caller
from tierce.journal.sequencer import Sequencer
from tierce.kernel.care import Profession
from tierce.kernel.clock import SystemClock
from tierce.kernel.ids import DeviceId, SessionId
from tierce.kernel.nir import BirthDate, Nir, Rank, nir_key, normalise
from tierce.policy.acts import Outcome, Presence
from tierce.policy.evidence import CAPS, hint_of, unpack, worth
from tierce.policy.ladder import AUTOMATIC_HOLDS_MAX, Rung
from tierce.storage.database import Database
from tierce.storage.keys import Keyring, Purpose
from tierce.upkeep.decoys import app as decoys_app
from tierce.watch.model import Hold
from tierce.watch.service import Watcher

pytestmark = pytest.mark.integration
HERE, ELSEWHERE = 7, 9


@pytest.fixture
def world(database: Database) -> World:
    return make_world(database)


class Night:
    """A worker at work on one test's database."""

    def __init__(self, world: World, log: psycopg.Connection, watched: psycopg.Connection, keyring: Keyring) -> None:
        self.world, self.watched, self.keyring = world, watched, keyring
        self._sequencer = Sequencer(log, ORIGIN, keyring.instance("worker"), log_of(log))
        self.watcher = self.fresh()

    def fresh(self) -> Watcher:
        """A watcher as a worker that starts makes it."""
        return Watcher(self.watched, appender(self.watched, self.keyring, "worker"), SystemClock(), POLICY)

    def turn(self) -> list[Hold]:
        """Sequence what is written and look at it."""
        while self._sequencer.step():
            pass
        return self.watcher.step()

    def ask(
        self, caller: Caller, people: list[UUID], *, hint: int = 0, presence: Presence = Presence.NONE
    ) -> list[Answer]:
        """Ask for people in turn, on a gate of its own."""

        async def run() -> list[Answer]:
            gate = self.world.gate()
            await gate.start()
            try:
                return [await gate.ask(replace(question(caller, person, presence), hint=hint)) for person in people]
            finally:
                await gate.stop()

        return asyncio.run(run())


@pytest.fixture
def night(world: World, connect: Connect, keyring: Keyring) -> Night:
    return Night(world, connect("tierce_worker"), connect("tierce_worker"), keyring)


def strangers(count: int) -> list[UUID]:
    """People whom the register does not know."""
    return [uuid4() for _ in range(count)]


def test_an_enumeration_is_held_by_evidence_and_its_next_ask_is_refused(night: Night) -> None:
    thief, neighbour = enrol(night.world, Profession.OPTICIAN), enrol(night.world, Profession.OPTICIAN)
    night.ask(thief, strangers(8), hint=hint_of(HERE, 44))
    night.ask(neighbour, night.world.covered[:2])
    holds = night.turn()
    assert [(hold.device, hold.rung) for hold in holds] == [(thief.device, Rung.PRESENCE_ONLY)]
    assert "8 pour des personnes jamais vues ici, dont 8 inconnues" in holds[0].reason.fr
    [refused] = night.ask(thief, night.world.covered[:1])
    assert refused.decision == StepUp(Outcome.HELD)
    [served] = night.ask(neighbour, night.world.covered[2:3])
    assert served.revealed is not None
    assert night.world.scalar("select count(*) from journal.entry where kind = 7") == 1


def test_known_people_and_a_few_strangers_hold_nobody(night: Night) -> None:
    caller = enrol(night.world, Profession.OPTICIAN)
    night.ask(caller, night.world.covered[:3] * 6 + strangers(1))
    assert night.turn() == []
    state = night.world.scalar("select state from access.evidence")
    assert isinstance(state, bytes)
    assert unpack(state).seen[:2] == (4, 1)
    assert worth(unpack(state)) < 1


def test_asking_again_about_somebody_shown_wears_no_evidence_down(night: Night) -> None:
    """Neither the same day nor the next ones: whom only an unproved ask made known is no sign of a practice."""
    caller, covered = enrol(night.world, Profession.OPTICIAN), night.world.covered
    night.ask(caller, [*covered[:1], *strangers(3)])
    night.turn()

    def evidence() -> object:
        return night.world.scalar("select (state, worth) from access.evidence")

    before = evidence()
    night.ask(caller, covered[:1] * 9)
    night.turn()
    assert evidence() == before
    night.world.run("update access.pair set day = day - 1, seen_day = seen_day - 1")
    night.ask(caller, covered[:1])
    night.turn()
    assert evidence() == before
    night.world.run("update access.pair set state = 2, seen_day = seen_day - 1")
    night.ask(caller, covered[:1] * 2)
    night.turn()
    state = night.world.scalar("select state from access.evidence")
    assert isinstance(state, bytes)
    assert unpack(state).events == 5, "once her presence was proved she is a familiar person, once a day"


def test_a_worker_that_starts_again_looks_at_no_line_twice(night: Night) -> None:
    caller = enrol(night.world, Profession.OPTICIAN)
    night.ask(caller, strangers(3))
    night.turn()
    before = night.world.scalar("select state from access.evidence")
    night.watcher = night.fresh()
    assert night.turn() == []
    assert night.world.scalar("select state from access.evidence") == before
    assert night.world.scalar("select count(*) from access.trace") == 0, "a trace is gone once the watch has looked"


def test_refusals_add_up_across_a_restart_and_hold_once(night: Night) -> None:
    caller = enrol(night.world)
    night.ask(caller, night.world.covered[:8])  # six places, then refusals
    assert night.turn() == []
    night.watcher = night.fresh()
    night.ask(caller, night.world.covered[6:13] * 3)
    [hold] = night.turn()
    assert hold.rung is Rung.PRESENCE_ONLY
    assert "29 pour des personnes jamais vues ici" in hold.reason.fr
    assert night.turn() == []


def test_a_first_person_without_proof_is_queued_until_a_proof_explains_her(night: Night) -> None:
    caller = enrol(night.world, Profession.OPTICIAN)
    night.ask(caller, night.world.covered[:2])
    night.ask(caller, night.world.covered[:1])  # known by now
    night.ask(caller, night.world.covered[2:3], presence=Presence.VERIFIED)
    night.turn()
    assert night.world.scalar("select count(*) from access.unexplained where explained is null") == 2
    night.world.run(
        "update access.pair set state = 2 where key = (select pair from care.engagement order by seq limit 1)"
    )
    night.watcher.tidy()
    assert night.world.scalar("select count(*) from access.unexplained where explained is null") == 1
    assert night.world.scalar("select count(*) from access.unexplained where explained is not null") == 1


def test_a_decoy_asks_for_proofs_a_second_one_holds_and_says_whose_list_it_is(night: Night) -> None:
    caller = enrol(night.world, Profession.OPTICIAN)
    night.world.run("insert into access.decoy values (1, 31, 'fichier', now()), (2, 31, 'fichier', now())")
    night.ask(caller, night.world.covered[:1] * 2)
    assert [hold.rung for hold in night.turn()] == [Rung.STEP_UP]
    known = night.ask(caller, night.world.covered[:2])
    assert known[0].revealed is not None, "a person known to the establishment is still shown"
    assert known[1].decision == StepUp(Outcome.HELD)
    assert [hold.rung for hold in night.turn()] == [Rung.PRESENCE_ONLY]
    assert night.world.scalar("select count(distinct person) from access.decoy_hit") == 2


def test_a_report_alone_holds_nobody_and_is_counted_once(night: Night) -> None:
    caller = enrol(night.world, Profession.OPTICIAN)
    [answer] = night.ask(caller, night.world.covered[:1])
    night.turn()
    night.world.run(f"insert into notice.person_report values (5, 1, {answer.seq}, now())")
    for _ in range(3):
        night.watcher.tidy()
    state = night.world.scalar("select state from access.evidence")
    assert isinstance(state, bytes)
    assert unpack(state).accusers == 1
    assert night.world.scalar("select rung from access.evidence") == Rung.OBSERVED
    assert night.world.scalar("select count(*) from access.ladder") == 0


def test_after_a_human_lifts_a_hold_the_evidence_begins_again(night: Night) -> None:
    caller = enrol(night.world, Profession.OPTICIAN)
    night.ask(caller, strangers(16))
    assert len(night.turn()) == 1
    night.world.run("update access.ladder set lifted = now()")
    [shown] = night.ask(caller, night.world.covered[:1])
    assert shown.revealed is not None
    assert night.turn() == []
    assert night.world.scalar("select rung from access.evidence") == Rung.NONE
    state = night.world.scalar("select state from access.evidence")
    assert isinstance(state, bytes)
    assert unpack(state).shares == CAPS[Profession.OPTICIAN].shares, "nobody vouches for numbers that find nobody"


@pytest.mark.parametrize("minutes", [-5, 5])
def test_a_lift_counts_once_whatever_the_clock_of_whoever_lifts(night: Night, minutes: int) -> None:
    caller = enrol(night.world, Profession.GP)
    night.ask(caller, [*night.world.covered[:5], *strangers(20)])
    assert len(night.turn()) == 1
    night.world.run(f"update access.ladder set lifted = now() + interval '{minutes} minutes'")
    assert night.turn() == []
    assert night.world.scalar("select rung from access.evidence") == Rung.NONE, "with no new line too"

    def caps() -> tuple[object, ...]:
        state = night.world.scalar("select state from access.evidence")
        assert isinstance(state, bytes)
        return unpack(state).shares, unpack(state).volume

    lifted = caps()
    assert lifted != (CAPS[Profession.GP].shares, CAPS[Profession.GP].volume)
    for _ in range(2):
        before = float(str(night.world.scalar("select worth from access.evidence")))
        night.ask(caller, strangers(2))
        night.turn()
        assert float(str(night.world.scalar("select worth from access.evidence"))) > before, "asks add up again"
    assert caps() == lifted, "no cap is raised twice"


def test_of_two_devices_on_one_line_the_one_that_asks_is_held_and_its_lift_is_theirs(night: Night) -> None:
    """A probation is shared, and so is the line of a device that continues another: who asks is not who began it."""
    owner, world = enrol(night.world, Profession.OPTICIAN), night.world
    device, session = owner.device + 1, owner.session + 1
    world.run(
        f"insert into access.device select {device}, sha256('other'), created from access.device"
        f" where id = {owner.device};"
        f" insert into access.session select (jsonb_populate_record(s, jsonb_build_object('id', {session},"
        f" 'device', {device}, 'handle', sha256('other')))).* from access.session s where s.id = {owner.session}"
    )
    thief = replace(owner, device=DeviceId(device), session=SessionId(session))
    night.ask(thief, strangers(16))
    assert [hold.device for hold in night.turn()] == [device]
    [served] = night.ask(owner, world.covered[:1])
    assert served.revealed is not None
    world.run("update access.ladder set lifted = now()")
    night.ask(thief, world.covered[1:2])
    assert night.turn() == []
    assert world.scalar("select rung from access.evidence") == Rung.NONE
    night.ask(thief, strangers(24), hint=hint_of(HERE, 44))
    assert [hold.device for hold in night.turn()] == [device], "what is asked after a lift is weighed the same day"


def test_the_lift_of_what_a_human_had_put_spends_no_evidence(night: Night) -> None:
    caller = enrol(night.world, Profession.OPTICIAN)
    night.ask(caller, strangers(3))
    night.turn()
    before = night.world.scalar("select worth from access.evidence")
    night.world.run(
        "insert into access.ladder (id, level, subject, rung, since, until, by, reason, lifted)"
        f" values (1, 2, {caller.device}, 1, now(), now() + interval '1 day', 'Hélène Vasseur', 'essai', now())"
    )
    night.ask(caller, strangers(1))
    night.turn()
    assert float(str(night.world.scalar("select worth from access.evidence"))) > float(str(before)) > 0


def test_a_hold_that_ends_by_itself_comes_back_a_few_times_and_then_waits_for_a_human(night: Night) -> None:
    caller = enrol(night.world, Profession.OPTICIAN)
    night.ask(caller, strangers(16))
    held = len(night.turn())
    for _ in range(AUTOMATIC_HOLDS_MAX + 2):
        night.world.run("update access.ladder set until = now()")
        night.ask(caller, strangers(1))
        held += len(night.turn())
    assert held == AUTOMATIC_HOLDS_MAX


def test_decoys_are_planted_whole_or_not_at_all_and_never_with_a_number_of_somebody(
    night: Night, key_directory: Path, tmp_path: Path
) -> None:
    settings, file = tmp_path / "tierce.toml", tmp_path / "leurres.csv"
    settings.write_text(settings_text(night.world.database, key_directory, operator="Rive Claire"))

    def planted(*lines: str) -> tuple[int, str]:
        file.write_text("\n".join(["nir,birth_date,rank", *lines]) + "\n")
        words = ["plant", str(file), "--vendor", "1", "--note", "essai", "--settings", str(settings)]
        done = CliRunner().invoke(decoys_app, words)
        return done.exit_code, done.output

    good = f"{with_key('1790441950014')},19790423,1"
    code, said = planted(good, f"{with_key('1790475056014')},19790423,1")
    assert code == 2
    assert "line 3" in said
    assert "1790475056014" not in said
    assert night.world.scalar("select count(*) from access.decoy") == 0
    assert planted(good)[0] == 0
    assert planted(good)[0] == 2, "already in the register"
    assert night.world.scalar("select count(*) from access.decoy") == 1
    assert night.world.scalar("select count(*) from coverage.coverage v join access.decoy using (person)") == 0


def test_twins_of_a_rights_file_are_decoys_until_a_number_becomes_somebody_s(
    night: Night, key_directory: Path, tmp_path: Path
) -> None:
    settings, file = tmp_path / "tierce.toml", tmp_path / "99000001.csv"
    settings.write_text(settings_text(night.world.database, key_directory, operator="Rive Claire"))
    adults = [with_key(body) for body in ("1790441950014", "2790441950015", "1490441950016", "1790499404017")]
    births = ("19790423", "19790423", "19490423", "19790423")
    child = f"{adults[1]},,20150101,1"
    rows = [f"{nir},{nir},{birth},1" for nir, birth in zip(adults, births, strict=True)]
    file.write_text("\n".join(["right_holder_nir,own_nir,birth_date,birth_rank", *rows, child, "x,x,x,x"]) + "\n")
    somebodys = normalise(Nir.parse(with_key("1790441950015")), BirthDate.parse("19790423"), Rank.parse("1"))
    index = night.keyring.hash(Purpose.INDEX)
    with night.world.database.connect("postgres") as admin:
        admin.execute("insert into person.key (idx, person) values (%s, 900)", (index.uuid(somebodys),))
    words = ["twins", str(file), "--one-in", "1", "--note", "essai", "--settings", str(settings)]
    assert night.world.scalar("select count(*) from access.decoy") == 0, "none before the command"
    for planted in (1, 0):
        done = CliRunner().invoke(decoys_app, words)
        assert (done.exit_code, done.output.split()[0]) == (0, str(planted))
    assert night.world.scalar("select count(*) from access.decoy where vendor = 0") == 1
    twin = index.uuid(normalise(Nir.parse(with_key("2790441950014")), BirthDate.parse("19790423"), Rank.parse("1")))
    thief, honest = enrol(night.world, Profession.OPTICIAN), enrol(night.world, Profession.OPTICIAN)
    [answer] = night.ask(thief, [twin])
    assert answer.decision == StepUp(Outcome.NOT_COVERED), "as anybody whom nobody covers"
    assert [hold.rung for hold in night.turn()] == [Rung.STEP_UP]
    night.world.run("insert into access.decoy values (1, 0, 'essai', now())")
    [shown] = night.ask(honest, night.world.covered[:1])
    assert shown.revealed is not None, "the number was given to somebody since"
    assert night.turn() == []


@pytest.mark.parametrize(
    ("words", "header", "missing"),
    [
        (("twins", "--one-in", "1"), "right_holder_nir,birth_date", "own_nir, birth_rank"),
        (("twins", "--one-in", "1"), "NIR|date", "right_holder_nir, own_nir, birth_date, birth_rank"),
        (("twins", "--one-in", "1"), "", "right_holder_nir, own_nir, birth_date, birth_rank"),
        (("plant", "--vendor", "3"), "numero,birth_date", "nir"),
    ],
)
def test_a_file_without_the_columns_of_decoys_is_refused_by_their_names(
    night: Night, key_directory: Path, tmp_path: Path, words: tuple[str, ...], header: str, missing: str
) -> None:
    """A file of other columns planted nobody, and said that it was done."""
    settings, file = tmp_path / "tierce.toml", tmp_path / "people.csv"
    settings.write_text(settings_text(night.world.database, key_directory, operator="Rive Claire"))
    file.write_text(f"{header}\n{with_key('1790441950014')},19790423\n" if header else "")
    told = ("--note", "essai", "--settings", str(settings))
    done = CliRunner().invoke(decoys_app, [words[0], str(file), *words[1:], *told])
    assert done.exit_code == 2
    assert f"missing columns: {missing}." in done.output
    assert with_key("1790441950014") not in done.output
    assert night.world.scalar("select count(*) from access.decoy") == 0


def with_key(body: str) -> str:
    """A NIR with its key."""
    return f"{body}{nir_key(body):02d}"
