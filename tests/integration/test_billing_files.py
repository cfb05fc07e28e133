"""Histories of money beside real files of rights: cover that opens, closes, changes product, leaves a whole file."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, note, seed, settings
from hypothesis import strategies as st

from tests.integration.billing_world import COVERED_DAYS, TODAY
from tests.integration.conftest import Connect
from tests.integration.feeding import FIRST, PLAN, Importer, rows_of, write_rows
from tests.integration.money_world import OTHER_AMC, Money, money
from tests.integration.test_billing_histories import EDGES, Histories
from tierce.feeds.commands import KEYS
from tierce.feeds.intake import Report
from tierce.kernel.clock import date_of, day_of, read_date
from tierce.storage.keys import Keyring, Purpose

__all__ = ["money"]
pytestmark = pytest.mark.integration
SEEDS = (20_260_301,)
ACTS = (
    "send", "send", "send", "send_child", "send_child", "ask_any", "send_granted", "decide", "rule", "take_back",
    "pay", "pay", "pay", "gather", "reject", "come_back", "recover_whole", "give_up",
    "line", "line", "line", "line", "line", "line", "whole", "whole",
)  # fmt: skip

Row = dict[str, str]


@dataclass
class Sending:
    """Files of two insurers, as the country wrote them, taken by the importer itself."""

    importer: Importer
    told: dict[str, list[Row]]
    keyring: Keyring
    folder: Path

    def about(self, histories: Histories, person: int, amc: str) -> list[Row]:
        """The lines of a file that are about somebody, found by her keyed member number as the importer finds it."""
        known = {
            idx for (idx,) in histories.run(
                "select m.idx from person.member m join registry.insurer i on i.id = m.insurer and i.amc = %s"
                " where person = %s", amc, person,
            )
        }  # fmt: skip
        feed = self.keyring.hash(Purpose.FEED)
        return [
            row for row in self.told[amc] if feed.uuid(f"member|1|{amc}|{row['member_number']}".encode()) in known
        ]

    def send(self, amc: str, rows: list[Row], *, whole: bool = False) -> Report:
        report = self.importer.rights(write_rows(self.folder / f"{amc}.csv", rows), amc, whole=whole)
        assert self.importer.rejections == []
        return report


def _stays(row: Row) -> Row:
    """The same line, told today: whoever is covered on the country's day stays so for weeks (`House`)."""
    since, until = (day_of(read_date(row[name])) for name in ("covered_from", "covered_until"))
    if since <= day_of(PLAN.on) <= until:
        until = max(until, TODAY + COVERED_DAYS)
    return _of_today(row, since, until)


def _of_today(row: Row, since: int, until: int) -> Row:
    status = "future" if since > TODAY else "ended" if until < TODAY else "active"
    return row | {
        "record_kind": "current", "effective_on": date_of(TODAY).isoformat(), "status": status,
        "covered_from": date_of(since).isoformat(), "covered_until": date_of(until).isoformat(),
    }  # fmt: skip


class Files(Histories):
    """The same people, of whom both insurers now send real files."""

    sending: Sending
    hers: list[tuple[str, list[Row]]]
    products: dict[str, list[tuple[str, list[str]]]]

    def begin_sending(self, sending: Sending) -> None:
        self.sending = sending
        self.hers = [
            (amc, mine) for amc in (FIRST, OTHER_AMC) for person in (self.both, self.alone, self.double)
            if (mine := sending.about(self, person, amc))
        ]  # fmt: skip
        assert len(self.hers) >= 4, [amc for amc, _ in self.hers]
        self.products = {
            amc: sorted({row["product_code"]: row["domains"].split() for row in rows}.items())
            for amc, rows in sending.told.items()
        }

    def line(self, number: int) -> None:
        """One insurer's line of one of them: other days, another product or contract, without optics or with."""
        amc, mine = self.hers[number % len(self.hers)]
        number //= len(self.hers)
        since = EDGES[number % len(EDGES)] - 30
        until = since + (20, 60, 400)[number // 7 % 3]
        products = self.products[amc]
        product, domains = products[number // 3 % len(products)]
        if number % 5 == 0:
            domains = [one for one in domains if one != "OPTI"]
        changed = _of_today(mine[-1], since, until) | {"domains": " ".join(domains), "product_code": product}
        if number % 7 == 0:
            changed["contract_number"] = f"C-{number % 3}"
        report = self.sending.send(amc, [changed])
        assert report.counts.taken + report.counts.unchanged == 1

    def whole(self, number: int) -> None:
        """An insurer's whole file, in which one of them is no more, or all are again."""
        amc, mine = self.hers[number % len(self.hers)]
        rows = [row for row in self.sending.told[amc] if number % 3 == 0 or row not in mine]
        assert self.sending.send(amc, rows, whole=True).counts.read == len(rows)


@pytest.fixture
def sending(money: Money, key_directory: Path, importer: Importer, country: Path, tmp_path: Path) -> Sending:
    told = {amc: [_stays(row) for row in rows_of(country / "rights" / f"{amc}.csv")] for amc in (FIRST, OTHER_AMC)}
    return Sending(importer, told, Keyring(key_directory, KEYS), tmp_path)


@pytest.fixture
def files(money: Money, connect: Connect, keyring: Keyring, sending: Sending) -> Files:
    made = Files(money, connect, keyring)
    made.begin_sending(sending)
    return made


@pytest.mark.parametrize("drawn", SEEDS)
def test_no_file_of_rights_has_a_care_paid_twice_or_a_cap_drawn_twice(files: Files, drawn: int) -> None:
    """What fails is printed with its seed, which is in the name of the test."""
    played: dict[str, int] = {}

    @seed(drawn)
    @settings(
        max_examples=8, phases=[Phase.generate], deadline=None, database=None, derandomize=False,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )  # fmt: skip
    @given(st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 999)), min_size=10, max_size=35))
    def play(drawn_acts: list[tuple[str, int]]) -> None:
        files.begin()
        for what, number in drawn_acts:
            note(f"{what} {number}")
            files.act(what, number)
            files.holds()
            played[what] = played.get(what, 0) + 1
        files.settle_all()

    play()
    assert min(played.get(one, 0) for one in ("line", "whole", "pay")) > 5, played
