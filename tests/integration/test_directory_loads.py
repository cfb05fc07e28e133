"""The directory's public files: taken whole or not at all, kept with their days, and obeyed at the next ask."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from tests.forks import tierce
from tests.integration.conftest import Connect
from tests.integration.feeding import Importer, make_importer
from tests.settings_file import settings_text
from tierce.directory.loads.columns import FINESS_PLACES, NATIONAL
from tierce.directory.loads.errors import AbnormalDifferenceError
from tierce.directory.model import Actor, Kind
from tierce.directory.service import Clients
from tierce.directory.store import versions
from tierce.journal.service import Appender
from tierce.kernel.clock import FixedClock, SystemClock, paris_day
from tierce.kernel.feed import names
from tierce.kernel.ids import SessionId, StaffId
from tierce.lab.country.identifiers import luhn, make_finess, make_rpps
from tierce.registry.errors import FeedRefusedError
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.keys import Keyring

PEOPLE = 120
ROWS = dict[str, str]


def national(number: int, **other: str) -> ROWS:
    """A general practitioner of her own practice, as the national extraction tells her."""
    rpps, finess = make_rpps(number), make_finess(number)
    return dict.fromkeys(names(NATIONAL), "") | {
        "Type d'identifiant PP": "8",
        "Identifiant PP": rpps,
        "Identification nationale PP": f"8{rpps}",
        "Nom d'exercice": f"MORVAN {number}",
        "Prénom d'exercice": "CLAIRE",
        "Code profession": "10",
        "Code catégorie professionnelle": "C",
        "Code savoir-faire": "SM53",
        "Code mode exercice": "L",
        "Code secteur d'activité": "SA07",
        "Numéro FINESS site": finess,
        "Identifiant technique de la structure": f"R{finess}",
        "Raison sociale site": f"CABINET {number}",
        "Libellé commune (coord. structure)": "Valbrume",
        "Code genre activité": "GENR01",
    } | other  # fmt: skip


def write(path: Path, rows: list[ROWS]) -> Path:
    """Write rows as the extraction does: every line ends with the separator, and there are columns we do not read."""
    columns = ["Libellé civilité", *names(NATIONAL), "Adresse e-mail (coord. structure)", ""]
    lines = ["|".join(columns), *("|".join(row.get(name, "") for name in columns) for row in rows)]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def write_finess(path: Path, rows: list[ROWS]) -> Path:
    """Write establishments as FINESS does: no header, a first line that says what it is, other records between."""
    lines = ["finess;etalab;96;2026-11-23"]
    for row in rows:
        lines.append(";".join(({"structureet": "structureet"} | row).get(name, "") for name in FINESS_PLACES))
        lines.append(f"geolocalisation;{row['nofinesset']};1;2")
    path.write_bytes("".join(f"{line}\n" for line in lines).encode("latin-1"))
    return path


def place(number: int) -> ROWS:
    """One establishment of the extraction."""
    return {
        "nofinesset": make_finess(number), "nofinessej": make_finess(900 + number), "rs": f"CAB {number}",
        "rslongue": f"CABINET MÉDICAL {number}" if number else "", "ligneacheminement": "99000 PORT-SÉRAC CEDEX",
        "categetab": "603", "siret": luhn(luhn(f"999{number:05d}") + "0001"),
    }  # fmt: skip


@pytest.fixture
def importer(connect: Connect, key_directory: Path) -> Importer:
    return make_importer(connect("tierce_feed"), key_directory)


@pytest.fixture
def admin(connect: Connect) -> psycopg.Connection:
    return connect(SUPERUSER, autocommit=True)


@pytest.fixture
def office(connect: Connect, keyring: Keyring) -> tuple[Clients, psycopg.Connection]:
    clients = Clients(Appender.enrol(connect("tierce_office"), "office", keyring.instance("office")), SystemClock())
    return clients, connect("tierce_office", autocommit=True)


def count(admin: psycopg.Connection, query: str) -> int:
    row = admin.execute(query.encode()).fetchone()
    assert row is not None
    return int(row[0])


LISTED = "select count(*) from directory.activity where listed"


def test_the_national_extraction_is_read_by_header_name_and_twice_changes_nothing(
    importer: Importer, admin: psycopg.Connection, tmp_path: Path
) -> None:
    rows = [national(number) for number in range(1, 7)] + [
        national(7, **{"Code profession": "93", "Code savoir-faire": ""}),
        national(8, **{name: "" for name in names(NATIONAL) if "site" in name or "structure" in name}),
        national(9, **{"Numéro FINESS site": "", "Numéro SIRET site": luhn(luhn("99900001") + "0001")}),
        national(10, **{"Code mode exercice": "S", "Code secteur d'activité": "SA01"}),
        national(10, **{"Numéro FINESS site": make_finess(1), "Code genre activité": "GENR02"}),
    ]  # fmt: skip
    path = write(tmp_path / "PS_LibreAcces_Personne_activite.txt", rows)
    assert importer.directory(path).counts.taken == len(rows), importer.rejections
    found = admin.execute(
        "select substr(p.national_id, 5, 7)::integer, p.profession, a.profession, t.place_key, a.listed, a.active"
        " from directory.professional p left join directory.activity a on a.professional = p.id"
        " left join directory.establishment t on t.id = a.establishment order by p.national_id, a.id"
    ).fetchall()
    by_number = {number: [row[1:] for row in found if row[0] == number] for number in range(1, 11)}
    assert by_number[1] == [(1, 1, f"F{make_finess(1)}", True, False)]
    assert by_number[7][0][:2] == (0, 0), "a profession that is not served is kept"
    assert by_number[8] == [(1, None, None, None, None)], "no structure: the professional alone"
    assert by_number[9][0][2] == "S" + luhn(luhn("99900001") + "0001")
    assert [row[1] for row in by_number[10]] == [11, 0], "employed in a hospital; a substitute's place opens nothing"
    before = count(admin, "select count(*) from directory.past")
    again = importer.directory(path)
    assert (again.counts.taken, again.counts.unchanged) == (0, len(rows))
    assert count(admin, "select count(*) from directory.past") == before == 0


def test_struck_off_is_refused_at_the_next_ask_and_who_was_she_is_still_told(
    importer: Importer,
    admin: psycopg.Connection,
    office: tuple[Clients, psycopg.Connection],
    tmp_path: Path,
    connect: Connect,
    key_directory: Path,
) -> None:
    clients, at = office
    today = paris_day(SystemClock().now())
    ahead = FixedClock(SystemClock().now() + timedelta(days=30))
    later = make_importer(connect("tierce_feed"), key_directory, clock=ahead).intake
    rows = [national(number) for number in range(PEOPLE)]
    importer.intake.directory(write(tmp_path / "a.txt", rows), importer.listener(), day=today - 40)
    clients.enrol_listed(at, Actor("Hélène", StaffId(1), SessionId(1)), contract="", reason="premier jour")
    active = "select count(*) from directory.activity where active"
    assert count(admin, active) == PEOPLE
    moved = national(2, **{"Raison sociale site": "MAISON DE SANTE", "Nom d'exercice": "MORVAN-DUBOIS"})
    day = write(tmp_path / "b.txt", [moved if number == 2 else row for number, row in enumerate(rows) if number != 1])
    later.directory(day, importer.listener(), day=today + 10)
    assert count(admin, active) == PEOPLE - 1
    gone = clients.find(at, f"8{make_rpps(1)}")
    assert not gone.active
    then, now = clients.standing(at, gone, today + 9), clients.standing(at, gone, today + 10)
    before = clients.standing(at, gone, today - 1)
    assert (before.active, [one.could_ask for one in before.worked]) == (True, [False]), "enrolled only today"
    assert (then.active, [one.could_ask for one in then.worked]) == (True, [True])
    assert (now.active, [one.listed for one in now.worked]) == (False, [False])
    renamed = clients.find(at, f"8{make_rpps(2)}")
    names_ = [clients.standing(at, renamed, today + day_).family_name for day_ in (-41, -40, 9, 10, 30)]
    assert names_ == ["", "MORVAN 2", "MORVAN 2", "MORVAN-DUBOIS", "MORVAN-DUBOIS"]
    place = clients.find_place(at, make_finess(2))
    told = [(one.said["name"], one.until_day) for one in versions(at, Kind.ESTABLISHMENT, [place.id])]
    assert told == [("CABINET 2", today + 10), ("MAISON DE SANTE", None)]
    # She comes back: the same row, and what the operator decided of her.
    later.directory(write(tmp_path / "c.txt", rows), importer.listener(), day=today + 20)
    assert count(admin, active) == PEOPLE


def test_no_file_is_of_a_day_to_come_and_an_older_one_waits_for_its_number(
    importer: Importer, admin: psycopg.Connection, tmp_path: Path
) -> None:
    intake, listener, today = importer.intake, importer.listener(), paris_day(SystemClock().now())
    rows = [national(number) for number in range(10)]
    path = write(tmp_path / "a.txt", rows)
    with pytest.raises(FeedRefusedError, match="à venir"):
        intake.directory(path, listener, day=today + 1)
    assert count(admin, "select count(*) from registry.feed") == 0
    intake.directory(write(tmp_path / "b.txt", rows[1:]), listener, day=today - 1)
    # The file of the day before still names somebody who was struck off since.
    with pytest.raises(AbnormalDifferenceError, match="est déjà pris"):
        intake.directory(path, listener, day=today - 2, dry_run=True)
    with pytest.raises(AbnormalDifferenceError, match="est déjà pris") as caught:
        intake.directory(path, listener, day=today - 2)
    assert count(admin, LISTED) == 9
    # Another layout has its own days.
    places = write_finess(tmp_path / "f.csv", [place(number) for number in range(10)])
    assert intake.directory(places, listener, day=today - 30).counts.taken == 10
    number = int(str(caught.value).rsplit(" ", 1)[1])
    intake.directory(path, listener, day=today - 2, confirmed=number)
    assert count(admin, LISTED) == 10
    # The last day is still the later one's; and the same day again is no older.
    with pytest.raises(AbnormalDifferenceError):
        intake.directory(path, listener, day=today - 2)
    intake.directory(path, listener, day=today - 1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: rows[:50], "would end"),
        (lambda rows: [row | {"Nom d'exercice": "X" + row["Nom d'exercice"]} for row in rows], "change their name"),
        (lambda rows: rows + [national(1000 + number) for number in range(80)], "would be new"),
        (lambda rows: [row | ({"Identifiant PP": "1"} if number < 60 else {}) for number, row in enumerate(rows)],
         "cannot be read"),
    ],
    ids=["ended", "renamed", "new", "unreadable"],
)  # fmt: skip
def test_an_abnormal_difference_stops_the_file_until_its_number_is_repeated(
    importer: Importer,
    admin: psycopg.Connection,
    tmp_path: Path,
    change: Callable[[list[ROWS]], list[ROWS]],
    said: str,
) -> None:
    rows = [national(number) for number in range(PEOPLE)]
    importer.directory(write(tmp_path / "a.txt", rows))
    before = admin.execute("select * from directory.activity order by id").fetchall()
    path = write(tmp_path / "b.txt", change(rows))
    with pytest.raises(AbnormalDifferenceError, match=said) as caught:
        importer.directory(path)
    assert admin.execute("select * from directory.activity order by id").fetchall() == before
    assert count(admin, "select count(*) from directory.past") == 0
    refused = "select count(*) from journal.entry where get_byte(body, 1) = 8 and get_byte(body, 4) = 8"
    assert count(admin, refused) == 1, "the journal says that it was refused"
    number = int(str(caught.value).rsplit(" ", 1)[1])
    for wrong in (number - 1, number + 1):
        with pytest.raises(AbnormalDifferenceError):
            importer.intake.directory(path, importer.listener(), confirmed=wrong)
    report = importer.intake.directory(path, importer.listener(), confirmed=number)
    assert report.counts.read == len(change(rows))


def test_a_dry_run_says_all_and_writes_nothing(importer: Importer, admin: psycopg.Connection, tmp_path: Path) -> None:
    rows = [national(number) for number in range(20)]
    rows[3]["Identifiant PP"] = "99900000099"
    report = importer.intake.directory(write(tmp_path / "a.txt", rows), importer.listener(), dry_run=True)
    assert (report.counts.taken, report.counts.rejected) == (19, 1)
    assert [(one.line, one.field) for one in importer.rejections] == [(5, "Identifiant PP")]
    assert count(admin, "select count(*) from directory.professional") == 0


def test_a_refused_line_ends_nothing_of_whom_it_names(
    importer: Importer, admin: psycopg.Connection, tmp_path: Path
) -> None:
    rows = [national(number) for number in range(20)]
    importer.directory(write(tmp_path / "a.txt", rows))
    rows[4]["Numéro FINESS site"] = "990000000"
    rows[5]["Libellé commune (coord. structure)"] = "x" * 81
    importer.directory(write(tmp_path / "b.txt", [row for number, row in enumerate(rows) if number != 6]))
    assert {one.field for one in importer.rejections} == {"Numéro FINESS site", "Libellé commune (coord. structure)"}
    assert count(admin, LISTED) == 19, "the one who is not named at all, alone"


def test_while_a_line_names_nobody_nothing_ends_unlooked_at(
    importer: Importer, admin: psycopg.Connection, tmp_path: Path
) -> None:
    rows = [national(number) for number in range(20)]
    importer.directory(write(tmp_path / "a.txt", rows))
    lines = write(tmp_path / "b.txt", rows).read_bytes().splitlines(keepends=True)
    cut, latin = lines[3][:-3] + b"\n", lines[4].replace(b"CLAIRE", b"CL\xe9O")
    nul = lines[5].replace(f"|8{make_rpps(4)}|".encode(), b"|8\x00|")
    spoiled = tmp_path / "c.txt"
    spoiled.write_bytes(b"".join([*lines[:3], cut, latin, nul, *lines[6:]]))
    with pytest.raises(
        AbnormalDifferenceError, match="2 refused lines name nobody that can be told, and 4 rows"
    ) as caught:
        importer.directory(spoiled)
    assert count(admin, LISTED) == 20
    number = int(str(caught.value).rsplit(" ", 1)[1])
    importer.intake.directory(spoiled, importer.listener(), confirmed=number)
    assert count(admin, LISTED) == 18
    # A line added that names nobody holds nothing up while nothing ends.
    spoiled.write_bytes(b"".join([*lines, cut]))
    assert importer.directory(spoiled).counts.rejected == 1
    assert count(admin, LISTED) == 20


def test_one_file_does_not_end_what_another_source_names(
    importer: Importer, admin: psycopg.Connection, tmp_path: Path
) -> None:
    importer.directory(write(tmp_path / "a.txt", [national(number) for number in range(10)]))
    own = tmp_path / "own.csv"
    columns = ("Type d'identifiant PP", "Identifiant PP", "Identification nationale PP", "Nom d'exercice",
               "Prénom d'exercice", "Numéro FINESS site", "Raison sociale site", "Libellé commune (coord. structure)",
               "Profession Tierce")  # fmt: skip
    rpps = make_rpps(77)
    cells = ("8", rpps, f"8{rpps}", "PETIT", "LUC", make_finess(77), "Ambulances du Parc", "Valbrume", "TRANSPORT")
    own.write_text("|".join(columns) + "\n" + "|".join(cells) + "\n", encoding="utf-8")
    importer.directory(own)
    assert count(admin, LISTED) == 11
    importer.directory(write(tmp_path / "b.txt", [national(number) for number in range(10)]))
    assert count(admin, LISTED) == 11


def test_a_place_that_gains_its_finess_number_keeps_its_clients(
    importer: Importer, admin: psycopg.Connection, tmp_path: Path
) -> None:
    importer.directory(write(tmp_path / "a.txt", [national(1, **{"Numéro FINESS site": ""})]))
    before = admin.execute("select id, place_key from directory.establishment").fetchall()
    importer.directory(write(tmp_path / "b.txt", [national(1)]))
    after = admin.execute("select id, place_key from directory.establishment").fetchall()
    assert before == [(after[0][0], f"TR{make_finess(1)}")]
    assert after == [(before[0][0], f"F{make_finess(1)}")]
    assert count(admin, LISTED) == 1


def test_finess_names_places_closes_them_and_keeps_what_they_were(
    importer: Importer, admin: psycopg.Connection, tmp_path: Path
) -> None:
    importer.directory(write(tmp_path / "a.txt", [national(number) for number in range(5)]))
    places = [place(number) for number in range(8)]
    assert importer.directory(write_finess(tmp_path / "f.csv", places)).counts.taken == 8, importer.rejections
    row = admin.execute(
        "select name, town, legal_finess, registered from directory.establishment where finess = %s",
        (make_finess(1),),
    ).fetchone()
    assert row == ("CABINET MÉDICAL 1", "PORT-SÉRAC CEDEX", make_finess(901), True)
    # The other register does not take the name back.
    assert importer.directory(write(tmp_path / "a.txt", [national(number) for number in range(5)])).counts.taken == 0
    importer.directory(write_finess(tmp_path / "g.csv", places[1:]))
    assert count(admin, "select count(*) from directory.establishment where not active") == 1
    closed = "select count(*) from directory.establishment where not active"
    unnamed = write_finess(tmp_path / "h.csv", [*places[1:7], places[7] | {"nofinesset": "990000000"}])
    with pytest.raises(AbnormalDifferenceError, match="1 refused lines name nobody"):
        importer.directory(unnamed)
    assert [one.field for one in importer.rejections] == ["nofinesset"]
    assert count(admin, closed) == 1
    named = write_finess(tmp_path / "i.csv", [*places[1:7], places[7] | {"ligneacheminement": ""}])
    assert importer.directory(named).counts.rejected == 1
    assert count(admin, closed) == 1, "the place that a refused line names is not closed"


def test_an_abnormal_difference_of_finess_stops_it_too(
    importer: Importer, admin: psycopg.Connection, tmp_path: Path
) -> None:
    places = [place(number) for number in range(PEOPLE)]
    importer.directory(write_finess(tmp_path / "f.csv", places))
    closed = "select count(*) from directory.establishment where not active"
    short = write_finess(tmp_path / "g.csv", places[:50])
    with pytest.raises(AbnormalDifferenceError, match="70 of 120 professionals or places would leave") as caught:
        importer.directory(short)
    assert count(admin, closed) == 0
    number = int(str(caught.value).rsplit(" ", 1)[1])
    importer.intake.directory(short, importer.listener(), confirmed=number)
    assert count(admin, closed) == 70


def test_skills_are_kept_beside_the_professional(
    importer: Importer, admin: psycopg.Connection, tmp_path: Path
) -> None:
    importer.directory(write(tmp_path / "a.txt", [national(number) for number in range(3)]))
    path = tmp_path / "PS_LibreAcces_SavoirFaire.txt"
    columns = ["Type d'identifiant PP", "Identifiant PP", "Identification nationale PP", "Code savoir-faire", ""]
    rows = [("8", make_rpps(1), f"8{make_rpps(1)}", code, "") for code in ("SM53", "CEX22")]
    path.write_text("".join("|".join(line) + "\n" for line in [columns, *rows]), encoding="utf-8")
    assert importer.directory(path).counts.taken == 2
    assert importer.directory(path).counts.unchanged == 2
    assert count(admin, "select cardinality(skill_codes) from directory.professional where rpps = '"
                 + make_rpps(1) + "'") == 2  # fmt: skip
    assert importer.directory(tmp_path / "a.txt").counts.taken == 0, "the day's file does not take skills away"


SPOILS: list[tuple[str, str]] = [
    (name, value)
    for name, values in {
        "Type d'identifiant PP": ("", "9", "RPPS", "８", "8 "),
        "Identifiant PP": ("", "1", "99900000019", "9990000001８", "abc", "999000000180", " 99900000018", "-1"),
        "Identification nationale PP": ("", "8", "099900000018", "8999000000181", "x" * 5000),
        "Nom d'exercice": ("", "  ", "x" * 81, "A\x00B", "A\x07B", "\u200b"),
        "Prénom d'exercice": ("", "y" * 200, "\x1b[31m", "\u2028"),
        "Code profession": ("di x", "1|0", "x" * 13, "é", "10;20"),
        "Code catégorie professionnelle": ("catégorie", "C C", "x" * 40),
        "Code savoir-faire": ("SM 53", "médecine", "'--"),
        "Code mode exercice": ("libéral", "L L", "\x00"),
        "Numéro SIRET site": ("1", "99999999999999", "9999999999999x", "9" * 15, "999 000 010 00014"),
        "Numéro FINESS site": ("1", "990000000", "99000001", "9900000101", "9C0000010", "99000001０"),
        "Numéro FINESS établissement juridique": ("1", "990000000", "abcdefghi"),
        "Identifiant technique de la structure": ("R 1", "x" * 21, "é", "<script>", "R1'"),
        "Raison sociale site": ("x" * 201, "A\x00B", "A\x85B"),
        "Libellé commune (coord. structure)": ("x" * 81, "A\x00B"),
        "Code secteur d'activité": ("SA 07", "x" * 13, "secteur 7"),
        "Code section tableau pharmaciens": ("A,D", "section A"),
        "Code rôle": ("rôle", "x" * 13, "FON 1"),
        "Code genre activité": ("genre un", "x" * 13),
    }.items()
    for value in values
]
RAW: list[bytes] = [
    b"8|\xff\xfe|\n", b"8|99900000018\n", b"\x00\n", b"|" * 300 + b"\n", b"x" * 9000 + b"\n", b'8|"99900000018|\n',
    b"8\r|99900000018\n", b"\xef\xbb\xbf8|1\n", b"8,99900000018,899900000018\n", b"{}\n", b"8" * 8192 + b"\n",
    b"\n8|\n", b"'; drop table directory.activity; --|\n", b"|\n", b"8|99900000018|899900000018|\n",
    b"\xc3|\n", b"\xed\xa0\x80|\n", b"8|" + b"9" * 8000 + b"|\n", b"\t\n", b'"\n',
]  # fmt: skip


def test_a_hundred_spoiled_lines_are_each_explained_and_nothing_else_is_lost(
    importer: Importer, admin: psycopg.Connection, tmp_path: Path
) -> None:
    good = [national(number) for number in range(40)]
    path = write(tmp_path / "spoiled.txt", good)
    header, *lines = path.read_bytes().splitlines(keepends=True)
    order = header.decode().rstrip("\n").split("|")
    spoiled = []
    for field, value in SPOILS:
        row = national(18) | {field: value}
        spoiled.append(("|".join(row.get(name, "") for name in order) + "\n").encode())
    assert len(spoiled) + len(RAW) >= 90
    mixed = [*lines[:20], *spoiled, *RAW, *lines[20:]]
    path.write_bytes(header + b"".join(mixed))
    with pytest.raises(AbnormalDifferenceError) as caught:
        importer.directory(path)
    assert count(admin, "select count(*) from directory.professional") == 0
    number = int(str(caught.value).rsplit(" ", 1)[1])
    report = importer.intake.directory(path, importer.listener(), confirmed=number)
    assert report.counts.taken == 40
    assert report.counts.rejected >= len(spoiled) + len(RAW) - 2, "blank lines alone are skipped"
    assert count(admin, LISTED) == 40
    told = json.dumps([(one.field, one.reason.fr, one.remedy.fr, one.reason.en) for one in importer.rejections])
    for value in ("drop table", "script", "999000000180", "médecine", "médecine".encode().decode("latin-1")):
        assert value not in told, "a refused value is never repeated"
    assert all(one.reason.fr and one.remedy.fr and one.line > 1 for one in importer.rejections)


@pytest.mark.parametrize("first", [b"", b"\xff\xff\n", b"nofinesset;rs\n", b"a|b|c\n", b"Profession Tierce|x\n"])
def test_a_file_that_is_none_of_the_directory_s_is_refused_before_anything(
    importer: Importer, admin: psycopg.Connection, tmp_path: Path, first: bytes
) -> None:
    path = tmp_path / "other.csv"
    for take in (importer.directory, importer.insurers):
        with pytest.raises(FeedRefusedError, match=r"other\.csv : illisible"):
            take(path)
    path.write_bytes(first + b"x|y|z\n")
    with pytest.raises(FeedRefusedError):
        importer.directory(path)
    assert count(admin, "select count(*) from directory.professional") == 0


def test_the_command_takes_a_file_stops_and_goes_on_when_told(
    tmp_path: Path, database: Database, key_directory: Path
) -> None:
    settings = tmp_path / "tierce.toml"
    settings.write_text(settings_text(database, key_directory, operator="Rive Claire"), encoding="utf-8")
    rows = [national(number) for number in range(PEOPLE)]
    told = ("--settings", settings, "--json", "-")
    first = tierce("feed", "directory", write(tmp_path / "a.txt", rows), "--on", "2026-11-23", *told)
    assert first.returncode == 0, first.stderr
    assert json.loads(first.stdout)["taken"] == PEOPLE
    short = write(tmp_path / "b.txt", rows[:10])
    stopped = tierce("feed", "directory", short, *told)
    assert (stopped.returncode, stopped.stdout) == (3, "")
    assert "110 of 120 would end" in stopped.stderr
    number = stopped.stderr.split("--confirm ")[1].split()[0]
    assert tierce("feed", "directory", short, "--confirm", number, *told).returncode == 0
