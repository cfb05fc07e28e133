"""The `tierce feed` and `tierce lab population` commands, run as an operator would."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.forks import tierce
from tests.integration.conftest import Connect
from tests.integration.feeding import FIRST, rows_of, write_rows
from tests.settings_file import settings_text
from tierce.feeds.commands import people_of
from tierce.registry.model import People
from tierce.registry.runs.rules import COLUMNS
from tierce.settings import Mode
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database

pytestmark = pytest.mark.integration


def test_what_cannot_be_opened_is_said_in_one_line(
    tmp_path: Path, settings: Path, database: Database, key_directory: Path
) -> None:
    away = tmp_path / "away.toml"
    text = settings_text(replace(database, port=1), key_directory, operator="Rive Claire")
    away.write_text(text, encoding="utf-8")
    (tmp_path / "there.csv").write_text("x\n", encoding="utf-8")
    for kind, file, told, said in (
        ("insurers", "nowhere.csv", settings, "nowhere.csv : illisible"),
        ("directory", "nowhere.csv", settings, "nowhere.csv : illisible"),
        ("insurers", "there.csv", away, "la base ne répond pas"),
    ):
        failed = tierce("feed", kind, tmp_path / file, "--settings", told)
        *_bar, last = failed.stderr.splitlines()
        assert failed.returncode == 2
        assert last.startswith("✗ ")
        assert said in last
        assert "Traceback" not in failed.stderr


def test_a_country_is_made_and_taken_in_by_commands(tmp_path: Path, settings: Path, connect: Connect) -> None:
    out = tmp_path / "country"
    population = ("lab", "population", "--persons", "300", "--insurers", "3", "--seed", "5", "--on", "2026-11-23")
    made = tierce(*population, "--out", out, "--json", "-")
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["persons"] == 300
    assert tierce(*population, "--out", out).returncode == 2

    for kind in ("insurers", "directory"):
        done = tierce("feed", kind, out / f"{kind}.csv", "--settings", settings, "--json", "-")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["rejected"] == 0

    path = out / "rights" / f"{FIRST}.csv"
    rows = rows_of(path)
    rows[3]["birth_date"] = "19999"
    spoiled = write_rows(tmp_path / "spoiled.csv", rows)
    told = ("--insurer", FIRST, "--settings", settings, "--json", "-")
    dry = tierce("feed", "rights", spoiled, *told, "--dry-run")
    assert (dry.returncode, json.loads(dry.stdout)["taken"]) == (1, len(rows) - 1), dry.stderr
    done = tierce("feed", "rights", spoiled, *told)
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 1
    assert json.loads(done.stdout) | {"seconds": 0, "feed": "", "sha256": ""} == {
        "kind": "rights",
        "file": "spoiled.csv",
        "sha256": "",
        "amc": FIRST,
        "feed": "",
        "dry_run": False,
        "read": len(rows),
        "taken": len(rows) - 1,
        "unchanged": 0,
        "rejected": 1,
        "rejected_by_field": {"birth_date": 1},
        "outdated": 0,
        "ended": 0,
        "seconds": 0,
    }
    rejects = spoiled.with_name("spoiled.csv.rejects.csv")
    with rejects.open(encoding="utf-8", newline="") as file:
        header, refused = csv.reader(file)
    assert (tuple(header), refused[:2]) == (COLUMNS, ["5", "birth_date"])
    assert "19999" not in rejects.read_text(encoding="utf-8") + done.stdout + done.stderr

    left = rejects.read_bytes()
    rejects.unlink()
    rejects.symlink_to("/dev/full")
    full = tierce("feed", "rights", spoiled, *told)
    assert (full.returncode, "la liste des lignes refusées n’est pas entière" in full.stderr) == (2, True), (
        full.stderr
    )
    assert f"✗ {rejects}" in full.stderr
    rejects.unlink()
    assert tierce("feed", "rights", spoiled, *told).returncode == 1
    assert rejects.read_bytes() == left, "whole again, by the same command"
    typo = tierce("feed", "rights", spoiled, "--insurer", "99100002", "--settings", settings)
    assert (typo.returncode, rejects.read_bytes()) == (2, left), "another run's list is not this one's to remove"
    wrong = tierce("feed", "rights", path, "--insurer", "99100002", "--settings", settings)
    assert wrong.returncode == 2
    assert "another insurer" in wrong.stderr
    mended = tierce("feed", "rights", path, *told)
    assert (mended.returncode, json.loads(mended.stdout)["taken"]) == (0, 1)
    before = write_rows(tmp_path / "before.csv", [rows[0] | {"effective_on": "2026-11-22", "contract_number": "C-9"}])
    late = tierce("feed", "rights", before, *told)
    assert (late.returncode, json.loads(late.stdout)["outdated"]) == (0, 1)
    assert "1 inchangées" in late.stderr
    assert "1 antérieures, sans effet / outdated, without effect" in late.stderr
    with connect(SUPERUSER) as admin:
        assert admin.execute("select count(*) from coverage.coverage").fetchone() == (len(rows),)


def test_a_folder_of_all_insurers_is_taken_at_once(tmp_path: Path, settings: Path, connect: Connect) -> None:
    out = tmp_path / "country"
    made = tierce("lab", "population", "--persons", "300", "--insurers", "3", "--seed", "5", "--out", out)
    assert made.returncode == 0, made.stderr
    assert tierce("feed", "insurers", out / "insurers.csv", "--settings", settings).returncode == 0
    folder = out / "rights"
    files = sorted(folder.iterdir())
    rows = rows_of(files[1])
    rows[-1]["birth_date"] = "19999"
    write_rows(files[1], rows)
    told = ("feed", "first-load", folder, "--settings", settings, "--json", "-")
    done = tierce(*told)
    assert done.returncode == 1, done.stderr
    answer = json.loads(done.stdout)
    assert [one["file"] for one in answer["files"]] == [path.name for path in files]
    assert [one["rejected"] for one in answer["files"]] == [0, 1, 0]
    assert f"{files[1].name} : 1 refusées / refused" in done.stderr
    assert f"3 fichiers pris / files taken : {sum(one['taken'] for one in answer['files'])} lignes" in done.stderr
    assert (folder / f"{files[1].name}.rejects.csv").exists()
    with connect(SUPERUSER) as admin:
        states = admin.execute("select state, resumed from registry.feed where kind = 'rights'").fetchall()
    assert states == [("done", 0)] * 3

    again = tierce(*told)
    assert (again.returncode, json.loads(again.stdout)["taken_before"]) == (0, 3), again.stderr
    assert f"{files[0].name} : déjà pris / taken before" in again.stderr


def test_a_folder_that_cannot_be_taken_is_said_in_one_line(tmp_path: Path, settings: Path) -> None:
    empty, doubled, strange = (tmp_path / name for name in ("empty", "doubled", "strange"))
    for folder in (empty, doubled, strange):
        folder.mkdir()
    (empty / "99100001.csv.rejects.csv").write_text("line\n", encoding="utf-8")
    for name in ("99100001.csv", "99100001.parquet"):
        (doubled / name).write_text("amc\n", encoding="utf-8")
    (strange / "notes.csv").write_text("amc\n", encoding="utf-8")
    for folder, said in (
        (tmp_path / "none", "pas un dossier"),
        (empty, "aucun fichier de droits"),
        (doubled, "99100001.csv, 99100001.parquet : un organisme, deux fichiers"),
        (strange, "notes.csv : Aucun organisme"),
    ):
        failed = tierce("feed", "first-load", folder, "--settings", settings)
        assert failed.returncode == 2
        assert said in failed.stderr.splitlines()[-1]
        assert "Traceback" not in failed.stderr


def test_real_people_in_production_alone_and_nobody_invented_there() -> None:
    assert {mode: people_of(mode) for mode in Mode} == {Mode.DEMO: People.INVENTED, Mode.PRODUCTION: People.REAL}


def test_a_missing_settings_file_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "insurers.csv").write_text("amc\n", encoding="utf-8")
    done = tierce("feed", "insurers", tmp_path / "insurers.csv", "--settings", tmp_path / "none.toml")
    assert done.returncode == 2
    assert "n’existe pas : vérifiez le chemin / settings file" in done.stderr
    assert "does not exist: check the path" in done.stderr
    assert "Traceback" not in done.stderr
