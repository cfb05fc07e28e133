"""Invoiced care that a peer reports: it gives the seat back, once, and makes nobody known who was not asked about."""

import asyncio
import csv
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.integration.desk import BIRTH, LATER, PAUL, Counter, counter
from tests.integration.presenting import presenting
from tests.integration.world import World
from tierce.feeds.commands import open_intake
from tierce.feeds.intake import Report
from tierce.journal.encoding import decode
from tierce.journal.service import Appender
from tierce.kernel.clock import PARIS, SystemClock
from tierce.kernel.feed import Rejection
from tierce.policy.acts import Act
from tierce.policy.seats import SEATS, unpack
from tierce.policy.seats import settle as settle_line
from tierce.presence import store
from tierce.presence.errors import FileUnsignedError, PeerUnknownError
from tierce.presence.settling import Settler
from tierce.registry.model import People
from tierce.registry.service import Listener
from tierce.storage.cluster import SUPERUSER
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration
TODAY = SystemClock().now().astimezone(PARIS).date()
OCT, INSURER = "oct-merle", "mutuelle-du-test"
Line = dict[str, str]


class Peers:
    """Two peers with their keys, and what they send."""

    def __init__(self, world: World, keys: Path, folder: Path) -> None:
        self.world, self.keys, self.folder = world, keys, folder
        self.key = Ed25519PrivateKey.generate()
        with world.database.connect(SUPERUSER) as admin:
            for name, insurer in ((OCT, None), (INSURER, "99000002")):
                assert store.add_peer(admin, name, insurer, self.key.public_key().public_bytes_raw())

    def send(
        self,
        *lines: Line,
        peer: str = OCT,
        key: Ed25519PrivateKey | None = None,
        dry_run: bool = False,
        chunk_lines: int = 1_000,
        on_lines: Callable[[int], None] = lambda _lines: None,
    ) -> tuple[Report, list[Rejection]]:
        """Write a file, sign it, and take it in as the command does."""
        file = self.folder / "invoices.csv"
        columns = ("evidence", "kind", "finess", "nir", "birth_date", "rank", "care_date")
        with file.open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, columns, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(lines)
        signature = self.folder / "invoices.csv.sig"
        signature.write_bytes((key or self.key).sign(file.read_bytes()))
        refused: list[Rejection] = []
        listener = Listener(refused.append, on_lines)
        with closing(open_intake(self.world.database, self.keys, People.INVENTED, chunk_lines)) as intake:
            return intake.presence(file, signature, peer, listener, dry_run=dry_run), refused

    def settle(self, keyring: Keyring) -> int:
        """The worker's turn."""
        with self.world.database.connect("tierce_worker") as connection:
            appender = Appender.enrol(connection, "worker", keyring.instance("worker"))
            return Settler(connection, appender, SystemClock(), bytes(16)).step()


def proof(desk: Counter, evidence: str = "FSE-1", nir: str = PAUL, days_ago: int = 0) -> Line:
    return {
        "evidence": evidence,
        "kind": "proof",
        "finess": str(desk.caller.establishment),
        "nir": nir,
        "birth_date": BIRTH,
        "rank": "1",
        "care_date": (TODAY - timedelta(days=days_ago)).isoformat(),
    }


def withdrawal(evidence: str = "FSE-1") -> Line:
    return {"evidence": evidence, "kind": "withdrawal"}


def seats(world: World, desk: Counter) -> tuple[int, int]:
    """Open seats and proofs of the running week, as the next ask will find them."""
    with world.database.connect(SUPERUSER) as admin:
        row = admin.execute("select state, owed from access.line where id = %s", (desk.caller.line,)).fetchone()
    assert row is not None
    line, constants = unpack(bytes(row[0])), SEATS[desk.caller.profession]
    if row[1]:
        line = settle_line(line, constants, bytes(row[1]))
    return line.open, line.freed_week


def play(world: World, keyring: Keyring, scene: Callable[[Counter], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with counter(world, keyring) as desk:
            with presenting(world, keyring):
                await scene(desk)

    asyncio.run(whole())


@pytest.fixture
def peers(world: World, key_directory: Path, tmp_path: Path) -> Peers:
    with world.database.connect(SUPERUSER) as admin:
        admin.execute("insert into registry.insurer (id, amc, name) values (2, '99000002', 'Prévoyance du Test')")
    return Peers(world, key_directory, tmp_path)


def test_an_invoice_gives_the_seat_back_and_is_in_her_history(world: World, keyring: Keyring, peers: Peers) -> None:
    async def scene(desk: Counter) -> None:
        assert (await desk.ask(PAUL)).json()["shown"]
        assert seats(world, desk) == (1, 0)
        report, refused = peers.send(proof(desk))
        assert (report.counts.taken, refused) == (1, [])
        assert seats(world, desk) == (1, 0), "nothing before the worker's turn"
        assert peers.settle(keyring) == 1
        assert seats(world, desk) == (0, 1)

    play(world, keyring, scene)
    assert world.scalar("select array_agg(state::integer) from access.pair") == [2]
    line = "select array_agg(array[get_byte(body, 2), get_byte(body, 5), person]) from journal.entry where kind = 19"
    assert world.scalar(line) == [[Act.PRESENCE_PROVED, 3, 1]]


def test_double_delivery_counts_once(world: World, keyring: Keyring, peers: Peers) -> None:
    async def scene(desk: Counter) -> None:
        await desk.ask(PAUL)
        peers.send(proof(desk), proof(desk))
        peers.settle(keyring)
        report, _ = peers.send(proof(desk))
        assert (report.counts.taken, report.counts.unchanged) == (0, 1)
        assert peers.settle(keyring) == 0
        assert seats(world, desk) == (0, 1)

    play(world, keyring, scene)
    assert world.scalar("select count(*) from journal.entry where kind = 19") == 1


def test_withdrawn_proof_takes_the_seat_again_and_its_number_stays_used(
    world: World, keyring: Keyring, peers: Peers
) -> None:
    async def scene(desk: Counter) -> None:
        await desk.ask(PAUL)
        peers.send(proof(desk))
        peers.settle(keyring)
        report, _ = peers.send(withdrawal(), withdrawal("never-sent"))
        assert (report.counts.taken, report.counts.unchanged) == (1, 1)
        peers.settle(keyring)
        assert seats(world, desk) == (1, 0)
        peers.send(proof(desk))
        assert peers.settle(keyring) == 0
        assert seats(world, desk) == (1, 0)

    play(world, keyring, scene)
    acts = "select array_agg(get_byte(body, 2) order by seq) from journal.entry where kind = 19"
    assert world.scalar(acts) == [Act.PRESENCE_PROVED, Act.PRESENCE_WITHDRAWN]


def test_a_proof_withdrawn_before_it_was_settled_never_counts(world: World, keyring: Keyring, peers: Peers) -> None:
    async def scene(desk: Counter) -> None:
        await desk.ask(PAUL)
        peers.send(proof(desk), withdrawal())
        assert peers.settle(keyring) == 0
        assert seats(world, desk) == (1, 0)

    play(world, keyring, scene)


def test_an_invoice_withdrawn_before_anybody_asked_never_comes_back(
    world: World, keyring: Keyring, peers: Peers
) -> None:
    async def scene(desk: Counter) -> None:
        assert peers.send(proof(desk))[0].counts.unchanged == 1, "nobody asked about him"
        assert peers.send(withdrawal())[0].counts.taken == 1
        assert (await desk.ask(PAUL)).json()["shown"]
        report, _ = peers.send(proof(desk))
        assert (report.counts.taken, report.counts.unchanged) == (0, 1), "the number stays used"
        assert peers.settle(keyring) == 0
        assert seats(world, desk) == (1, 0)
        assert peers.send(proof(desk, evidence="FSE-2"))[0].counts.taken == 1

    play(world, keyring, scene)


def test_invoice_for_a_pair_that_never_was_makes_nobody_known(world: World, keyring: Keyring, peers: Peers) -> None:
    """Whoever writes invoices for a stolen account's list makes no pair known, and so opens nothing."""

    async def scene(desk: Counter) -> None:
        report, _ = peers.send(proof(desk), proof(desk, "FSE-2", LATER))
        assert (report.counts.taken, report.counts.unchanged) == (0, 2)
        assert peers.settle(keyring) == 0
        await desk.ask(PAUL)
        assert seats(world, desk) == (1, 0)
        assert peers.send(proof(desk))[0].counts.taken == 1, "its number was not used up"

    play(world, keyring, scene)


def test_late_proof_marks_the_pair_proved_and_counts_once(world: World, keyring: Keyring, peers: Peers) -> None:
    async def scene(desk: Counter) -> None:
        await desk.ask(PAUL)
        world.run("update access.pair set day = day - 40")
        peers.send(proof(desk, days_ago=40))
        peers.settle(keyring)
        assert seats(world, desk)[1] == 1

    play(world, keyring, scene)
    assert world.scalar("select array_agg(state::integer) from access.pair") == [2]


@pytest.mark.parametrize(("care_ago", "known_since"), [(690, 650), (20, 20)])
def test_an_invoice_makes_known_from_its_care_and_not_from_when_it_was_sent(
    world: World, keyring: Keyring, peers: Peers, care_ago: int, known_since: int
) -> None:
    async def scene(desk: Counter) -> None:
        await desk.ask(PAUL)
        peers.send(proof(desk))
        peers.settle(keyring)
        world.run("update access.pair set day = day - 650")
        assert peers.send(proof(desk, "FSE-OLD", days_ago=care_ago))[0].counts.taken == 1
        assert peers.settle(keyring) == 1

    play(world, keyring, scene)
    assert world.scalar("select gate.today() - day from access.pair") == known_since


def test_provenance_is_who_signed_the_file(world: World, keyring: Keyring, peers: Peers) -> None:
    async def scene(desk: Counter) -> None:
        await desk.ask(PAUL)
        with pytest.raises(FileUnsignedError):
            peers.send(proof(desk), key=Ed25519PrivateKey.generate())
        with pytest.raises(PeerUnknownError):
            peers.send(proof(desk), peer="oct-inconnu")
        # The peer of an insurer that holds no record of her says nothing of her.
        assert peers.send(proof(desk), peer=INSURER)[0].counts.taken == 0
        # One peer takes back its own proofs alone.
        assert peers.send(proof(desk))[0].counts.taken == 1
        assert peers.send(withdrawal(), peer=INSURER)[0].counts.taken == 0
        with world.database.connect(SUPERUSER) as admin:
            assert store.revoke_peer(admin, OCT, "contract ended")
        with pytest.raises(PeerUnknownError):
            peers.send(withdrawal())

    play(world, keyring, scene)


def test_a_dry_run_writes_nothing_and_bad_lines_name_field_line_and_remedy(
    world: World, keyring: Keyring, peers: Peers
) -> None:
    async def scene(desk: Counter) -> None:
        await desk.ask(PAUL)
        good = proof(desk)
        bad = [
            {**good, "evidence": "a b"},
            {**good, "kind": "maybe"},
            {**good, "finess": "000000000"},
            {**good, "nir": "1"},
            {**good, "birth_date": "x"},
            {**good, "care_date": (TODAY + timedelta(days=3)).isoformat()},
            {**good, "care_date": "hier"},
        ]
        report, refused = peers.send(good, *bad, dry_run=True)
        assert (report.counts.taken, report.counts.rejected) == (1, len(bad))
        fields = ["evidence", "kind", "nir", "birth_date", "care_date", "care_date", "finess"]
        assert [one.field for one in refused] == fields
        assert sorted(one.line for one in refused) == list(range(3, 10))
        assert all(one.remedy.fr and one.remedy.en for one in refused)
        assert peers.settle(keyring) == 0
        assert peers.send(good, *bad)[0].counts.taken == 1

    play(world, keyring, scene)


def test_a_card_for_somebody_already_seen_gives_her_seat_back(world: World, keyring: Keyring, peers: Peers) -> None:
    async def whole() -> None:
        async with counter(world, keyring) as desk:
            with presenting(world, keyring) as cards:
                await desk.ask(PAUL)
                assert seats(world, desk) == (1, 0)
                token = cards.card(1, desk.caller.establishment).token
                assert (await desk.ask(PAUL, presence={"means": "card", "proof": token})).json()["shown"]
                peers.settle(keyring)
                assert seats(world, desk) == (0, 1)

    asyncio.run(whole())
    assert world.scalar("select count(*) from journal.entry where kind = 19") == 0


def test_a_file_that_was_interrupted_goes_on_behind_its_last_chunk(
    world: World, keyring: Keyring, peers: Peers
) -> None:
    reached: list[int] = []

    def dies_behind_the_third_chunk(lines: int) -> None:
        reached.append(lines)
        if lines == 9:
            raise KeyboardInterrupt

    async def scene(desk: Counter) -> None:
        assert (await desk.ask(PAUL)).json()["shown"]
        lines = [withdrawal(f"FSE-{n}") for n in range(5)] + [proof(desk, "FSE-P"), withdrawal("bad number")]
        lines += [withdrawal(f"FSE-{n}") for n in range(10, 13)]
        with pytest.raises(KeyboardInterrupt):
            peers.send(*lines, chunk_lines=2, on_lines=dies_behind_the_third_chunk)
        with world.database.connect(SUPERUSER) as admin:
            row = admin.execute(
                "select state, lines_read, taken from registry.feed where kind = 'presence'"
            ).fetchone()
        assert row == ("running", 6, 1), "three chunks of two good lines are there, the fourth is undone"
        report, refused = peers.send(*lines, chunk_lines=2, on_lines=reached.append)
        assert (report.counts.read, report.counts.taken, report.counts.rejected) == (10, 1, 1)
        assert [(one.line, one.field) for one in refused] == [(8, "evidence")]

    play(world, keyring, scene)
    assert (reached[:4], reached[-2:]) == ([2, 4, 6, 9], [9, 10])
    assert world.scalar("select array_agg(state) from registry.feed where kind = 'presence'") == ["done"]
    with world.database.connect(SUPERUSER) as admin:
        told = admin.execute("select body from journal.entry where kind = 8 order by seq").fetchall()
    assert [decode(bytes(body)).act for (body,) in told][-3:] == [
        Act.FEED_PRESENCE,
        Act.FEED_RESUME,
        Act.FEED_PRESENCE,
    ]
