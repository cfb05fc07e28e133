"""What a drill leaves and what it refuses: somebody's own folder, a disk too small, another insurer's key."""

from pathlib import Path

import pyrage
import pytest
from typer.testing import CliRunner

from tierce.kernel.errors import FieldError
from tierce.kernel.language import Language
from tierce.lab.commands import app as lab
from tierce.lab.drill import kept
from tierce.lab.drill.commands import app

pytestmark = pytest.mark.integration

OAK, CAPES = "99100001", "99100002"
RIGHTS = "member_number,birth_rank\nM1,1\nM2,1\n"
LIST = """tierce-hand-over-v1
records: 2

reference,member_number,rank,cohort,entries
A-B,M1,1,insured,1
C-D,M2,1,insured,1
"""


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """A folder as a drill leaves it, with one insurer told."""
    folder = tmp_path / "exercice"
    kept.prepare(folder)
    insurers = folder / "insurers"
    insurers.mkdir()
    key = pyrage.x25519.Identity.generate()
    (insurers / f"{OAK}.key").write_text(f"{key}\n")
    (insurers / f"{OAK}.age").write_bytes(pyrage.encrypt(LIST.encode(), [key.to_public()]))
    (insurers / f"{OAK}-rights.csv").write_text(RIGHTS)
    (insurers / f"{OAK}-report.csv").write_text("row,value,count,hour\noutcome,matched,2,\n")
    return folder


def test_a_folder_of_somebody_else_is_never_emptied(tmp_path: Path) -> None:
    own = tmp_path / "photos"
    own.mkdir()
    (own / "été.jpg").write_bytes(b"x")
    said = CliRunner().invoke(app, ["--keep", str(own), "--home", str(tmp_path / "home"), "--lang", "fr"])
    assert said.exit_code == 2
    assert "--keep" in said.output
    assert [one.name for one in own.iterdir()] == ["été.jpg"]


def test_what_an_earlier_drill_left_makes_way_for_the_next(left: Path) -> None:
    kept.prepare(left)
    assert [one.name for one in left.iterdir()] == [kept.MARK]


def test_a_disk_too_small_and_a_place_that_is_no_folder_are_said_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(FieldError, match="--people"):
        kept.check_room(tmp_path, 10**9)
    (tmp_path / "file").write_text("")
    for place in (kept.prepare, lambda path: kept.check_room(path, 1)):
        with pytest.raises(FieldError, match="cannot be written"):
            place(tmp_path / "file" / "below")


def test_the_end_says_where_each_thing_is_and_its_next_command(left: Path) -> None:
    (left / "letters").mkdir()
    (left / "letters" / "lettres-7-0001.zip").write_bytes(b"")
    for language in Language:
        said = kept.where(left, language)
        for part in (
            "lettres-7-0001.zip",
            "mailbox/new",
            f"lab insurer {left} {OAK}",
            f"notification-{OAK}.pdf",
            "verify.py",
        ):
            assert part in said


def test_an_insurer_opens_its_list_matches_it_and_compares_with_its_report(left: Path) -> None:
    run = CliRunner().invoke(lab, ["insurer", str(left), OAK])
    assert run.exit_code == 0, run.output
    assert "✓ 2 enregistrements" in run.output
    (left / "insurers" / f"{OAK}-report.csv").write_text("row,value,count,hour\noutcome,matched,1,\n")
    assert CliRunner().invoke(lab, ["insurer", str(left), OAK]).exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [((CAPES,), "Organismes prévenus : 99100001"), ((OAK,), "n’ouvre pas cette liste")],
)
def test_a_wrong_number_and_a_wrong_key_are_named(left: Path, arguments: tuple[str], said: str) -> None:
    (left / "insurers" / f"{OAK}.key").write_text(f"{pyrage.x25519.Identity.generate()}\n")
    run = CliRunner().invoke(lab, ["insurer", str(left), *arguments])
    assert (run.exit_code, said in run.output) == (2, True), run.output


def test_a_folder_that_no_drill_left_is_named(tmp_path: Path) -> None:
    run = CliRunner().invoke(lab, ["insurer", str(tmp_path), OAK])
    assert run.exit_code == 2
    assert "n’est pas le dossier d’un exercice" in run.output
