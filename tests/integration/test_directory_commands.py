"""The `tierce directory` commands, run as the operator's staff would."""

import json
from pathlib import Path

from tests.forks import tierce
from tests.integration.conftest import Connect
from tests.integration.world import enrol, make_world
from tierce.kernel.clock import SystemClock, date_of, paris_day
from tierce.storage.database import Database

WHO = ("--by", "Hélène Vasseur", "--reason", "convention signée")


def test_staff_enrol_suspend_substitute_and_look_back(database: Database, settings: Path, connect: Connect) -> None:
    world = make_world(database, people=1)
    first, second = enrol(world), enrol(world)
    numbers = [f"8{one.professional}" for one in (first, second)]
    place = str(first.establishment)
    day = date_of(paris_day(SystemClock().now())).isoformat()
    told = ("--settings", settings, "--json", "-")

    suspended = tierce("directory", "suspend", numbers[0], place, *WHO, *told)
    assert suspended.returncode == 0, suspended.stderr
    assert json.loads(suspended.stdout)["status"] == "suspended"
    again = tierce("directory", "suspend", numbers[0], place, *WHO, *told)
    assert (again.returncode, again.stdout) == (2, "")
    assert "does not go from its present status" in again.stderr
    back = tierce("directory", "enrol", numbers[0], place, "--contract", "C-7", "--manager", *WHO, *told)
    assert json.loads(back.stdout) | {"since": day} == {
        "national_id": numbers[0],
        "name": "Luce Testard",
        "profession": "GP",
        "active": True,
        "place": place,
        "place_name": "Cabinet",
        "status": "enrolled",
        "manager": True,
        "contract": "C-7",
        "reason": "convention signée",
        "by": "Hélène Vasseur (commande)",
        "since": day,
    }
    made = tierce(
        "directory", "substitute", numbers[1], numbers[0], place, "--from", day, "--until", day, *WHO, *told
    )
    assert made.returncode == 0, made.stderr
    number = str(json.loads(made.stdout)["number"])
    shown = json.loads(tierce("directory", "show", numbers[1], *told).stdout)
    assert [(one["place"], one["could_ask"], one["substitution"]) for one in shown["worked"]] == [
        (str(second.establishment), True, None),
        (place, True, int(number)),
    ]
    ended = tierce("directory", "end-substitute", number, "--by", "Hélène Vasseur", *told)
    assert json.loads(ended.stdout)["ended"] == day
    words = tierce("directory", "show", numbers[1], "--settings", settings).stdout
    assert "ne peut pas demander / may not ask" in words
    steps = json.loads(tierce("directory", "history", numbers[0], *told).stdout)["versions"]
    assert [one["said"]["status"] for one in steps if one["kind"] == "ENROLMENT"] == [2, 3, 2]
    listed = tierce("directory", "enrol-listed", *WHO, *told)
    assert json.loads(listed.stdout) == {"enrolled": 0}
    assert json.loads(tierce("directory", "waiting", *told).stdout) == {"waiting": []}


def test_how_to_write_to_a_client_is_kept_and_a_bad_address_is_refused(
    database: Database, settings: Path, connect: Connect
) -> None:
    number = f"8{enrol(make_world(database, people=1)).professional}"
    told = ("--by", "Hélène Vasseur", "--settings", settings)
    refused = tierce("directory", "contact", number, "--email", "cabinet", *told)
    assert refused.returncode == 2
    assert "cabinet" not in refused.stderr.replace("directory contact", "")
    kept = tierce("directory", "contact", number, "--email", "c@m.example", "--postal", "4 rue X", *told)
    assert kept.returncode == 0, kept.stderr
    row = connect("tierce_notices").execute("select email, postal, language from directory.contact").fetchone()
    assert row == ("c@m.example", ["4 rue X"], "fr")


def test_contacts_of_many_clients_are_taken_from_a_file_whole_or_not_at_all(
    database: Database, settings: Path, connect: Connect, tmp_path: Path
) -> None:
    number = f"8{enrol(make_world(database, people=1)).professional}"
    told = ("--by", "Hélène Vasseur", "--settings", settings)
    file, rejects = tmp_path / "clients.csv", tmp_path / "clients.csv.rejects.csv"
    good = f"{number},cabinet@m.example,4 rue X,99000 Y,en\n"
    head = "number,email,address_1,address_2,language\n"
    file.write_text(f"{head}{good}{number},cabinet,,,\n899999999999,a@m.example,,,\n{number},,,,\n", "utf-8")
    refused = tierce("directory", "contacts", str(file), *told)
    assert refused.returncode == 2, refused.stderr
    rows = [line.split(",")[:2] for line in rejects.read_text("utf-8").splitlines()[1:]]
    assert rows == [["3", "email"], ["4", "number"], ["5", "email"]]
    assert "cabinet" not in rejects.read_text("utf-8")
    with connect("tierce_notices") as role:
        assert role.execute("select count(*) from directory.contact").fetchone() == (0,)
    file.write_text("nom,email\nx,y\n", "utf-8")
    assert "address_1" in tierce("directory", "contacts", str(file), *told).stderr
    file.write_text(head + good, "utf-8")
    kept = tierce("directory", "contacts", str(file), "--json", "-", *told)
    assert (kept.returncode, json.loads(kept.stdout)) == (0, {"taken": 1}), kept.stderr
    assert not rejects.exists()
    row = connect("tierce_notices").execute("select email, postal, language from directory.contact").fetchone()
    assert row == ("cabinet@m.example", ["4 rue X", "99000 Y"], "en")
