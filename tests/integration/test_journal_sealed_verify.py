"""The independent reader over sealed segments: intact as sealed, and each alteration found where it is."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.integration.conftest import Connect
from tests.integration.sealing import ALICE, BRUNO, LOG_LINE, Sealing, make_sealing
from tierce.journal.encoding import decode
from tierce.journal.verifier.check import Journal, verify
from tierce.journal.verifier.model import Report, Severity
from tierce.policy.segments import RedactionReason
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database

pytestmark = pytest.mark.integration


@pytest.fixture
def sealing(database: Database, connect: Connect, tmp_path: Path) -> Sealing:
    """Thirty entries, sealed, their hot rows dropped."""
    made = make_sealing(database, connect, tmp_path)
    job = made.job()
    job.run(now=True)
    made.age()
    assert job.run().dropped == 30
    job.close()
    return made


def check(sealing: Sealing, folder: Path | None = None) -> Report:
    where = sealing.folder if folder is None else folder
    return verify(Journal(sealing.database.dsn("tierce_office"), sealing.log.path, where), LOG_LINE)


def errors(report: Report) -> list[str]:
    return [one.code for one in report.findings if one.severity is Severity.ERROR]


def test_what_is_sealed_verifies_with_its_rows_gone(sealing: Sealing) -> None:
    report = check(sealing)
    assert report.intact, report.findings
    assert (report.sealed, report.redacted, report.entries, report.leaves) == (30, 0, 30, 30)
    assert report.signatures == 5
    assert "segments-unread" in errors(verify(Journal(sealing.database.dsn("tierce_office"), None), LOG_LINE))


def change(sealing: Sealing, edit: Callable[[pa.Table], pa.Table]) -> None:
    """Write the file of rows again, as somebody who holds the machine could, with the manifest's digest mended."""
    file = next(sealing.folder.glob("*.entries.parquet"))
    pq.write_table(edit(pq.read_table(file)), file)
    with sealing.database.connect(SUPERUSER, autocommit=True) as admin:
        admin.execute("update journal.segment set entries_sha256 = sha256(%s)", (file.read_bytes(),))


def other_person(rows: pa.Table) -> pa.Table:
    person = rows["person"].to_pylist()
    at = person.index(5)
    person[at] = 77
    return rows.set_column(rows.schema.get_field_index("person"), rows.schema.field("person"), [person])


def without_one(rows: pa.Table) -> pa.Table:
    return rows.slice(1)


def one_twice(rows: pa.Table) -> pa.Table:
    return pa.concat_tables([rows, rows.slice(3, 1)])


def redacted_in_secret(rows: pa.Table) -> pa.Table:
    return hide(rows, rows["person"].to_pylist().index(6), bytes(32))


def hide(rows: pa.Table, at: int, leaf: bytes) -> pa.Table:
    """Redact one row, keeping this as its hash."""
    for name, value in (("person", 0), ("salt", bytes(8)), ("leaf", leaf)):
        values = rows[name].to_pylist()
        values[at] = value
        place = rows.schema.get_field_index(name)
        rows = rows.set_column(place, rows.schema.field(name), [pa.array(values, rows.schema.field(name).type)])
    return rows


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (other_person, "entry-altered"),
        (without_one, "entry-removed"),
        (one_twice, "segment-altered"),
        (redacted_in_secret, "entry-altered"),
    ],
)
def test_a_changed_removed_doubled_or_hidden_entry_is_found(
    sealing: Sealing, edit: Callable[[pa.Table], pa.Table], code: str
) -> None:
    change(sealing, edit)
    assert code in errors(check(sealing))


def test_hiding_an_entry_behind_its_own_hash_is_found_unless_two_people_asked(sealing: Sealing) -> None:
    seq = next(seq for seq, body in sealing.full.items() if decode(body).person == 6)
    leaf = sealing.log.tile(0, 0, 30)
    assert leaf is not None
    place = list(sealing.full).index(seq)

    def hidden(rows: pa.Table) -> pa.Table:
        at = next(
            at
            for at, (block, where) in enumerate(
                zip(rows["block"].to_pylist(), rows["place"].to_pylist(), strict=True)
            )
            if block * 256 + where == seq
        )
        return hide(rows, at, leaf[place * 32 : place * 32 + 32])

    change(sealing, hidden)
    report = check(sealing)
    assert {"redaction-unlisted", "segment-altered"} <= set(errors(report))
    assert next(one.seq for one in report.findings if one.code == "redaction-unlisted") == seq


def test_a_redaction_that_two_people_asked_for_verifies(sealing: Sealing) -> None:
    seq = next(seq for seq, body in sealing.full.items() if decode(body).person == 6)
    for author in (ALICE, BRUNO):
        sealing.ask(seq, author, RedactionReason.ERASURE)
    job = sealing.job()
    assert job.run().redacted == 1
    sealing.sequencer.step()
    report = check(sealing)
    assert report.intact, report.findings
    assert (report.sealed, report.redacted, report.entries) == (30, 1, 32)
    job.run(now=True)  # the two lines that ask are sealed too, and dropped
    sealing.age()
    sealing.older(500, from_leaf=30)
    assert job.run().dropped == 2
    report = check(sealing)
    assert report.intact, report.findings
    assert (report.sealed, report.redacted) == (32, 1)


def test_a_swapped_or_missing_segment_is_found(sealing: Sealing) -> None:
    job = sealing.job()
    sealing.append([decode(body) for body in list(sealing.full.values())[:30]])
    job.run(now=True)
    assert check(sealing).intact
    first, second = sorted(sealing.folder.glob("*.entries.parquet"))
    one, other = first.read_bytes(), second.read_bytes()
    first.write_bytes(other)
    second.write_bytes(one)
    assert errors(check(sealing)).count("segment-altered") >= 2
    first.unlink()
    assert "segment-missing" in errors(check(sealing))


def test_the_end_of_a_segment_needs_its_line(sealing: Sealing) -> None:
    sealing.older(550)
    assert sealing.job().run().ended == 1
    sealing.sequencer.step()
    report = check(sealing)
    assert report.intact, report.findings
    assert "segment-ended" in [one.code for one in report.findings]
    with sealing.database.connect(SUPERUSER, autocommit=True) as admin:
        admin.execute("update journal.batch set at = now() - interval '1094 days' where block = 3")
        assert "ended-early" in errors(check(sealing))
        admin.execute("update journal.batch set at = now() - interval '1096 days' where block = 3")
        admin.execute("delete from journal.entry")
    assert {"end-unlisted", "entry-removed"} <= set(errors(check(sealing)))
