"""The evidence pack: the same bytes for the same input, checked by its own script and by code that is not ours."""

import importlib
import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.integration.asks import AT, ORIGIN, ask, sequence, write_asks
from tests.integration.inspected import (
    EARLIER_DIGEST,
    EARLIER_RULES,
    Inspected,
    contents,
    forged,
    inspected,
    verify,
    witnessed,
    written,
)
from tests.integration.logs import log_of
from tests.integration.outside import built
from tests.integration.rooms import HELENE, PEOPLE
from tierce.incidents.errors import IncidentMissingError
from tierce.incidents.pack.errors import CheckpointMissingError, PackExistsError
from tierce.incidents.pack.service import Packs, Seal
from tierce.incidents.register.model import RowKind
from tierce.journal.note import signed_note, verifier_key
from tierce.kernel.ids import IncidentId
from tierce.policy.digest import policy_digest, policy_text
from tierce.policy.segments import HOT_DAYS
from tierce.storage.cluster import SUPERUSER, Cluster
from tierce.storage.database import Database

pymerkle: Any = importlib.import_module("pymerkle")  # it has no types; a plain import would want stubs

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def house(cluster: Cluster, template: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inspected]:
    with inspected(cluster, template, tmp_path_factory.mktemp("inspected")) as found:
        yield found


@pytest.fixture(scope="module")
def pack(house: Inspected, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return house.pack(tmp_path_factory.mktemp("pack") / "dossier.zip")


@pytest.fixture(scope="module")
def unpacked(pack: Path) -> Path:
    folder = pack.parent / "dossier"
    with zipfile.ZipFile(pack) as archive:
        archive.extractall(folder)
    return folder


def test_an_inspector_checks_every_claim_with_the_pack_s_own_script(pack: Path, unpacked: Path) -> None:
    code, said = verify(unpacked, "--keys", unpacked / "keys.txt")
    assert code == 0, said
    assert said.count("✓") == 11
    assert "1 témoins" in said
    assert "2 états antérieurs" in said
    # What was written into the first list's window after it has a time of before it: that list is given as stored.
    assert "2 révisions, entières : 1 ; 4 paires" in said
    assert "1 relevés des mesures" in said
    # The line written under earlier rules is among those whose rules are in the pack.
    assert "lines of 19 sous ces règles / under these rules (2)" in said
    assert (unpacked / f"policy/{EARLIER_DIGEST.hex()}.json").read_text() == EARLIER_RULES
    assert (unpacked / f"policy/{policy_digest().hex()}.json").read_text() == policy_text()
    code, again = verify(unpacked, pack, "--keys", unpacked / "keys.txt")
    assert (code, again) == (0, said)
    assert "comparez keys.txt" in verify(unpacked)[1]


def test_the_same_state_under_the_same_checkpoint_gives_the_same_bytes(
    house: Inspected, pack: Path, tmp_path: Path
) -> None:
    again = house.pack(tmp_path / "again.zip")
    assert again.read_bytes() == pack.read_bytes()
    with pytest.raises(PackExistsError):
        house.pack(again)
    with pytest.raises(CheckpointMissingError):
        house.pack(tmp_path / "never.zip", size=house.first_size + 10_000)
    with pytest.raises(IncidentMissingError):
        house.packs.make(house.room.office, IncidentId(4), tmp_path / "none.zip", lambda _digest: None)
    assert [file.name for file in tmp_path.iterdir()] == ["again.zip"]


def test_a_pack_is_not_out_unless_its_line_is_written(house: Inspected, tmp_path: Path) -> None:
    def refused(_digest: bytes) -> None:
        raise IncidentMissingError

    with pytest.raises(IncidentMissingError):
        house.packs.make(house.room.office, house.incident.id, tmp_path / "dossier.zip", refused)
    assert list(tmp_path.iterdir()) == []


def test_nobody_exposed_is_named_and_no_nir_is_there(pack: Path) -> None:
    everything = b"\n".join(contents(pack).values())
    for _, family_name, given_names, birth_date in PEOPLE:
        for word in (family_name, family_name.title(), given_names, birth_date):
            assert word.encode() not in everything
    assert b"\x00" * 16 not in everything


def test_one_byte_changed_anywhere_is_found_and_located(pack: Path, unpacked: Path, tmp_path: Path) -> None:
    files = contents(pack)
    for name, content in files.items():
        place = len(content) // 2
        changed = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
        wrong = written({**files, name: changed}, tmp_path / "wrong.zip")
        code, said = verify(unpacked, wrong, "--keys", unpacked / "keys.txt")
        assert code == 1, name
        assert f"✗ {name}" in said, said


def test_a_file_taken_out_or_put_in_is_found(pack: Path, unpacked: Path, tmp_path: Path) -> None:
    files = contents(pack)
    less = written({name: content for name, content in files.items() if name != "clocks.json"}, tmp_path / "less.zip")
    assert "✗ clocks.json : absent" in verify(unpacked, less)[1]
    more = written({**files, "scope/004.scope": b"x"}, tmp_path / "more.zip")
    assert "✗ scope/004.scope : en trop" in verify(unpacked, more)[1]


def _rows(files: dict[str, bytes], name: str) -> list[Any]:
    return [json.loads(line) for line in files[name].splitlines()]


def _lines(files: dict[str, bytes], name: str, rows: list[Any]) -> None:
    files[name] = b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def _drop_row(files: dict[str, bytes]) -> None:
    rows = _rows(files, "register/rows.jsonl")
    _lines(files, "register/rows.jsonl", [row for row in rows if row["number"] != 2])


def _rewrite_row(files: dict[str, bytes]) -> None:
    rows = _rows(files, "register/rows.jsonl")
    row = next(one for one in rows if "voleur" in one["facts"])
    row["facts"] = row["facts"].replace("voleur", "public")
    _lines(files, "register/rows.jsonl", rows)


def _swap_proofs(files: dict[str, bytes]) -> None:
    rows = _rows(files, "journal/lines.jsonl")
    rows[0]["path"], rows[1]["path"] = rows[1]["path"], rows[0]["path"]
    _lines(files, "journal/lines.jsonl", rows)


def _drop_line(files: dict[str, bytes]) -> None:
    entry = _rows(files, "register/rows.jsonl")[0]["entry"]
    rows = _rows(files, "journal/lines.jsonl")
    _lines(files, "journal/lines.jsonl", [row for row in rows if row["seq"] != entry])


def _earlier_tree(files: dict[str, bytes]) -> None:
    files["journal/checkpoint.txt"] = _rows(files, "journal/earlier.jsonl")[0]["note"].encode()


def _fork(files: dict[str, bytes]) -> None:
    rows = _rows(files, "journal/earlier.jsonl")
    rows[0]["path"][0] = "00" * 32
    _lines(files, "journal/earlier.jsonl", rows)


def _unlist(files: dict[str, bytes]) -> None:
    name = "scope/002.scope"
    files[name] = b"".join(line for line in files[name].splitlines(keepends=True) if not line.startswith(b"3 "))


def _fewer(files: dict[str, bytes]) -> None:
    rows = json.loads(files["scope/revisions.json"])
    rows[1]["insurers"][0]["persons"] -= 1
    files["scope/revisions.json"] = json.dumps(rows).encode()


def _revised(files: dict[str, bytes], change: Callable[[list[Any]], object]) -> None:
    rows = json.loads(files["scope/revisions.json"])
    change(rows)
    files["scope/revisions.json"] = json.dumps(rows).encode()


def _lost_list(files: dict[str, bytes]) -> None:
    _revised(files, lambda rows: rows.pop(0))


def _other_list(files: dict[str, bytes]) -> None:
    _revised(files, lambda rows: rows[0].update(whole=False, digest="00" * 32))


def _other_tree(files: dict[str, bytes]) -> None:
    _revised(files, lambda rows: rows[0]["tree"].__setitem__(1, "00" * 32))


def _other_question(files: dict[str, bytes]) -> None:
    _revised(files, lambda rows: rows[1]["criteria"].update(until_us=rows[1]["criteria"]["until_us"] + 1))


def _no_lines(files: dict[str, bytes]) -> None:
    files["scope/lines.json"] = b"[]"


def _unexplained(files: dict[str, bytes]) -> None:
    sums = json.loads(files["counts.json"])
    sums[0]["whole"] += 1
    files["counts.json"] = json.dumps(sums).encode()


def _other_difference(files: dict[str, bytes]) -> None:
    files["scope/002.differences"] = b""


def _in_time(files: dict[str, bytes]) -> None:
    clocks = json.loads(files["clocks.json"])
    for clock in clocks:
        clock["reasons"] = ""
    files["clocks.json"] = json.dumps(clocks).encode()


def _later_due(files: dict[str, bytes]) -> None:
    clocks = json.loads(files["clocks.json"])
    next(one for one in clocks if one["hours"] == 72)["due_us"] += 1
    files["clocks.json"] = json.dumps(clocks).encode()


def _lower_score(files: dict[str, bytes]) -> None:
    name = next(one for one in files if one.startswith("severity/"))
    files[name] = files[name].replace(b'"value": "1"', b'"value": "0.25"', 1)


def _other_form(files: dict[str, bytes]) -> None:
    form = json.loads(files["forms/1.json"])
    form["values"]["ongoing"]["content"] = True
    files["forms/1.json"] = json.dumps(form).encode()


def _other_policy(files: dict[str, bytes]) -> None:
    files[f"policy/{EARLIER_DIGEST.hex()}.json"] += b" "


def _no_policy(files: dict[str, bytes]) -> None:
    del files[f"policy/{policy_digest().hex()}.json"]


def _other_controls(files: dict[str, bytes]) -> None:
    index = json.loads(files["controls/index.json"])
    index[0]["entry"] = _rows(files, "register/rows.jsonl")[0]["entry"]
    files["controls/index.json"] = json.dumps(index).encode()


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (_drop_row, "register/rows.jsonl, 2"),
        (_rewrite_row, "register/rows.jsonl, "),
        (_swap_proofs, "journal/lines.jsonl"),
        (_drop_line, "register/rows.jsonl, 1"),
        (_earlier_tree, "journal/checkpoint.txt"),
        (_fork, "l’arbre n’a pas seulement grandi"),
        (_unlist, "scope/002.scope"),
        (_fewer, "scope/revisions.json, 2"),
        (_lost_list, "une liste manque"),
        (_other_list, "le registre nomme une autre liste"),
        (_other_tree, "scope/revisions.json, 1 : arbre inconnu"),
        (_other_question, "scope/revisions.json, 2 : la liste répond à une autre question"),
        (_no_lines, "ses lignes manquent"),
        (_unexplained, "counts.json"),
        (_other_difference, "scope/002.differences"),
        (_in_time, "clocks.json"),
        (_later_due, "clocks.json"),
        (_lower_score, "termes faux"),
        (_other_form, "forms/1.json"),
        (_other_policy, f"policy/{EARLIER_DIGEST.hex()}.json"),
        (_no_policy, f"policy/{policy_digest().hex()}.json"),
        (_other_controls, "controls/2026"),
    ],
)
def test_a_pack_altered_and_signed_again_by_the_operator_is_found(
    house: Inspected,
    pack: Path,
    unpacked: Path,
    tmp_path: Path,
    change: Callable[[dict[str, bytes]], None],
    found: str,
) -> None:
    wrong = forged(house, pack, tmp_path / "wrong.zip", change)
    code, said = verify(unpacked, wrong, "--keys", unpacked / "keys.txt")
    assert code == 1
    assert found in said.splitlines()[-1], said


def test_a_pack_signed_by_another_key_or_its_own_is_refused(pack: Path, unpacked: Path, tmp_path: Path) -> None:
    other = (unpacked / "keys.txt").read_text().replace("office ", "witness ")
    (tmp_path / "keys.txt").write_text(other)
    code, said = verify(unpacked, pack, "--keys", tmp_path / "keys.txt")
    assert code == 1
    assert "✗ manifest.txt : non signé" in said


def test_code_that_is_not_ours_checks_the_signatures_and_the_tree(unpacked: Path, tmp_path: Path) -> None:
    program = built("pack", tmp_path)
    done = subprocess.run([program, unpacked], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    lines = (unpacked / "journal/lines.jsonl").read_text().splitlines()
    assert done.stdout.split()[0] == str(len(lines))
    altered = tmp_path / "altered"
    shutil.copytree(unpacked, altered)
    _swap_on_disk(altered)
    assert subprocess.run([program, altered], capture_output=True, check=False, timeout=60).returncode == 1


def _swap_on_disk(folder: Path) -> None:
    files = {"journal/lines.jsonl": (folder / "journal/lines.jsonl").read_bytes()}
    _swap_proofs(files)
    (folder / "journal/lines.jsonl").write_bytes(files["journal/lines.jsonl"])


def test_openssl_checks_the_manifest_as_the_page_in_the_pack_says(unpacked: Path, tmp_path: Path) -> None:
    folder = tmp_path / "dossier"
    shutil.copytree(unpacked, folder)
    for page in ("LISEZMOI.md", "README.md"):
        text = (folder / page).read_text()
        script = text[text.index("    sed '/^$/,$d'") :].split("\n\n")[0]
        done = subprocess.run(["bash", "-e", "-c", script], cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "Signature Verified Successfully" in done.stdout


def test_the_pages_in_the_pack_say_from_when_acts_of_staff_are_in_it(unpacked: Path) -> None:
    for page, said in (("LISEZMOI.md", "plus de {} jours"), ("README.md", "more than {} days ago")):
        assert said.format(HOT_DAYS) in (unpacked / page).read_text()


def test_a_later_pack_follows_an_earlier_one_and_a_rolled_back_one_does_not(
    house: Inspected, pack: Path, unpacked: Path, tmp_path: Path
) -> None:
    room = house.room
    room.clocks.register.say(room.office, HELENE, house.incident.id, RowKind.ACTION, "Les accès sont changés.")
    later_at = AT + timedelta(days=9)
    someone = ask(3, at=later_at, professional=502, establishment=602, device=22, session=78)
    write_asks(room.admin, room.keyring, [someone], at=later_at)
    sequence(room.worker, room.keyring)
    witnessed(room)
    later = house.pack(tmp_path / "later.zip")
    keys = ("--keys", unpacked / "keys.txt")
    code, said = verify(unpacked, later, *keys, "--earlier", pack)
    assert (code, "rien n’a été retiré" in said) == (0, True), said
    code, said = verify(unpacked, pack, *keys, "--earlier", later)
    assert (code, "le journal a reculé" in said) == (1, True), said
    size = int(contents(pack)["manifest.txt"].decode().split("\ntree ")[1].split(" ")[0])
    assert house.pack(tmp_path / "again.zip", size=size).read_bytes() == pack.read_bytes()


def test_a_log_whose_key_was_replaced_between_two_lists_is_checked_with_both(
    house: Inspected, pack: Path, unpacked: Path, tmp_path: Path
) -> None:
    """The earlier key vouches for what this checkpoint continues, and for nothing else."""
    new = Ed25519PrivateKey.generate()
    (old,) = [line for line in contents(pack)["keys.txt"].decode().splitlines() if line.startswith("log ")]
    line = f"log {verifier_key(ORIGIN, new.public_key())}"

    def replaced(files: dict[str, bytes]) -> None:
        text = files["journal/checkpoint.txt"].decode().rpartition("\n\n")[0] + "\n"
        files["journal/checkpoint.txt"] = signed_note(text, ORIGIN, new).encode()

    after = forged(house, pack, tmp_path / "after.zip", replaced)
    others = [one for one in contents(pack)["keys.txt"].decode().splitlines() if one != old]

    def checked(file: Path, *lines: str) -> tuple[int, str]:
        keys = tmp_path / "keys.txt"
        keys.write_text("".join(f"{one}\n" for one in (*lines, *others)))
        return verify(unpacked, file, "--keys", keys)

    code, said = checked(after, line, f"earlier-{old}")
    assert (code, "2 états antérieurs" in said) == (0, True), said
    code, said = checked(after, line)
    assert (code, "journal/earlier.jsonl" in said) == (1, True), "as it was before: the pack named the new key alone"
    code, said = checked(pack, line, f"earlier-{old}")
    assert (code, "journal/checkpoint.txt" in said) == (1, True), "the earlier key signs no checkpoint any more"


def test_a_pack_names_the_keys_of_before_a_rotation(house: Inspected) -> None:
    seal = Seal(house.room.keyring.instance("office"), "now", (), ("before", "long before"))
    packs = Packs(house.room.clocks, log_of(house.room.admin), Path("none"), seal)
    with house.database.connect(SUPERUSER) as admin:
        (worker,) = [one for one in packs.public(admin) if one.startswith("controls ")]
        admin.execute("select upkeep.retire_instance('worker')")
        admin.execute(
            "insert into journal.instance (name, role, public_key) values ('worker', 'tierce_worker', %s)",
            (bytes(range(32)),),
        )
        lines = packs.public(admin)
        admin.rollback()
    assert [one for one in lines if "log " in one] == ["log now", "earlier-log before", "earlier-log long before"]
    assert worker in lines
    assert sum(one.startswith("controls ") for one in lines) == 2
