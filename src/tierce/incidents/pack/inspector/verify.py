#!/usr/bin/env python3
"""Vérifier un dossier de preuves de Tierce, sans réseau et sans nous. / Check an evidence pack, offline, without us.

    python3 verify.py                         dans le dossier décompressé / in the unpacked folder
    python3 verify.py dossier.zip             depuis le fichier / from the file
    python3 verify.py dossier.zip --keys cles.txt       clés reçues par une autre voie / keys that came another way
    python3 verify.py dossier.zip --earlier ancien.zip  rien n’a été retiré depuis / nothing was taken away since

Python 3.9 ou plus récent, rien d’autre. Sortie 0 : tout tient ; 1 : quelque chose ne tient pas, et c’est nommé.
/ Python 3.9 or newer, nothing else. Exit 0: everything holds; 1: something does not, and is named.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tierce.incidents.pack.inspector.proofs import (
        UNREADABLE,
        Keys,
        Pack,
        WrongError,
        check_consistency,
        drawn,
        head_of,
        insist,
        leaf_hash,
        list_head,
        parsed,
        read_keys,
        root_from,
        signers,
    )
else:  # in a pack, both files are side by side
    from proofs import (
        UNREADABLE,
        Keys,
        Pack,
        WrongError,
        check_consistency,
        drawn,
        head_of,
        insist,
        leaf_hash,
        list_head,
        parsed,
        read_keys,
        root_from,
        signers,
    )

FORMAT = "tierce-evidence-pack-v1"
MANIFEST = "manifest.txt"
Row = dict[str, Any]
Pair = tuple[int, int]
SEVERITY, FORM, MOVE = 7, 10, 13
RELEASED, ANSWERS, TOLD = 1, {1, 4}, {3, 5, 6}


class Checked:
    """The pack while it is checked: what earlier checks found serves later ones."""

    def __init__(self, pack: Pack, keys: Keys) -> None:
        """Begin."""
        self.pack, self.keys = pack, keys
        self.size, self.root = 0, b""
        self.trees: dict[int, bytes] = {}
        self.lines: dict[int, bytes] = {}
        self.register: list[Any] = []
        self.head: dict[str, str] = {}

    def manifest(self) -> str:
        """Every file is what the signed list says, none is missing, none was added."""
        text = insist(MANIFEST, self.pack.text(MANIFEST), self.keys, "office")
        listed: dict[str, tuple[str, int]] = {}
        rows = text.splitlines()
        if rows[0] != FORMAT:
            raise WrongError(f"{MANIFEST} : format inconnu / unknown format")
        for row in rows[1:]:
            word, _, rest = row.partition(" ")
            if word == "file":
                digest, size, name = rest.split(" ", 2)
                listed[name] = digest, int(size)
            else:
                self.head[word] = rest
        names = self.pack.names()
        for name in sorted(set(listed) ^ (set(names) - {MANIFEST})):
            raise WrongError(f"{name} : {'absent / missing' if name in listed else 'en trop / added'}")
        if len(names) != len(set(names)):
            raise WrongError("un nom deux fois dans le fichier / a name twice in the file")
        for name, (expected, length) in listed.items():
            counted, found = 0, hashlib.sha256()
            with self.pack.open(name) as file:
                try:
                    while some := file.read(1 << 20):
                        counted += len(some)
                        found.update(some)
                except UNREADABLE:
                    raise WrongError(f"{name} : octets changés / bytes changed") from None
            if (counted, found.hexdigest()) != (length, expected):
                raise WrongError(f"{name} : octets changés / bytes changed")
        return f"{len(listed)} fichiers, liste signée / files, signed list"

    def checkpoint(self) -> str:
        """The journal's checkpoint is signed, cosigned, and every earlier one is a prefix of it."""
        where = "journal/checkpoint.txt"
        note = self.pack.text(where)
        text = insist(where, note, self.keys, "log")
        self.size, self.root = head_of(where, text)
        if self.head.get("tree") != f"{self.size} {self.root.hex()}":
            raise WrongError(f"{where} : ce n’est pas celui du manifeste / not the manifest's")
        witnesses = signers(where, note, self.keys, "witness")[1]
        earlier = 0
        # A key that the log had before may vouch for what is a prefix of this checkpoint, and for nothing else.
        log = {"log": self.keys.get("log", []) + self.keys.get("earlier-log", [])}
        for row in self.pack.rows("journal/earlier.jsonl"):
            name = f"journal/earlier.jsonl, {row['size']}"
            size, root = head_of(name, insist(name, row["note"], log, "log"))
            if size != row["size"]:
                raise WrongError(f"{name} : taille fausse / wrong size")
            check_consistency(size, root, self.size, self.root, [bytes.fromhex(one) for one in row["path"]])
            self.trees[size], earlier = root, earlier + 1
        self.trees[self.size] = self.root
        return (
            f"{self.size} lignes, {len(witnesses)} témoins, {earlier} états antérieurs, qui en sont le début"
            f" / lines, {len(witnesses)} witnesses, {earlier} earlier states that are its beginning"
        )

    def proofs(self) -> str:
        """Each journal line of the pack is in the tree of the checkpoint, at its place."""
        for row in self.pack.rows("journal/lines.jsonl"):
            where = f"journal/lines.jsonl, {row['seq']}"
            entry = bytes.fromhex(row["entry"])
            path = [bytes.fromhex(one) for one in row["path"]]
            try:
                found = root_from(leaf_hash(entry), row["index"], self.size, path)
            except WrongError as error:
                raise WrongError(f"{where} : {error}") from None
            if found != self.root or len(entry) != 128:
                raise WrongError(f"{where} : n’est pas dans le journal / is not in the journal")
            if row["seq"] in self.lines:
                raise WrongError(f"{where} : deux fois / twice")
            self.lines[row["seq"]] = entry
        return f"{len(self.lines)} lignes prouvées / lines proved"

    def chain(self) -> str:
        """No row of the register was changed, taken out or moved, and the journal bears each one's digest."""
        incident, before = int(self.head["incident"].split(" ")[1]), ""
        for place, row in enumerate(self.pack.rows("register/rows.jsonl"), start=1):
            where = f"register/rows.jsonl, {place}"
            said = f"{incident} {place} {row['kind']} {row['at_us']}\n{row['by']}\n{row['facts']}\n"
            digest = hashlib.sha256(f"tierce-register-v1\n{before}\n{said}".encode()).hexdigest()
            if (row["number"], row["digest"]) != (place, digest):
                raise WrongError(f"{where} : ne suit pas la ligne d’avant / does not follow the row before")
            entry = self.lines.get(row["entry"])
            if entry is None:
                raise WrongError(f"{where} : sa ligne du journal manque / its journal line is missing")
            borne = field(entry, 40, 8), field(entry, 48, 4), field(entry, 112, 8)
            if borne != (int(digest[:16], 16) >> 1, place, incident):
                raise WrongError(f"{where} : le journal dit autre chose / the journal says otherwise")
            before = digest
            self.register.append({**row, "facts": parsed(where, row["facts"])})
        return f"{len(self.register)} lignes du registre, enchaînées / rows of the register, chained"

    def severity(self) -> str:
        """Each score of the register is what its own terms give."""
        count = 0
        for row in self.register:
            if row["kind"] != SEVERITY:
                continue
            facts, count = row["facts"], count + 1
            steps = self.pack.json(f"severity/{facts['key']}-{row['number']}.json")
            losses = sum(map(Decimal, (facts["confidentiality"], facts["integrity"], facts["availability"])))
            losses += Decimal("0.5") if facts["malicious"] else Decimal(0)
            for which in ("alone", "coupled"):
                terms = [Decimal(one["value"]) for one in steps[which]["steps"]]
                if terms[0] < facts["class"] + sum(by for by, _ in facts["adjustments"]) or sum(terms[2:]) != losses:
                    raise WrongError(f"registre/register {row['number']}, {which} : termes faux / wrong terms")
                value = terms[0] * terms[1] + sum(terms[2:], Decimal(0))
                if value != Decimal(str(facts["result"][which])):
                    raise WrongError(
                        f"registre/register {row['number']}, {which} : {value} ≠ {facts['result'][which]}"
                    )
        return f"{count} cotations recalculées / scores computed again"

    def clocks(self) -> str:
        """Each due time is its start plus its hours; what was late has its reasons."""
        found = self.pack.json("clocks.json")
        for clock in found:
            where = f"clocks.json, {clock['duty']} {clock['insurer']}"
            if clock["hours"] is not None and clock["started_us"] is not None:
                due = clock["started_us"] + clock["hours"] * 3_600_000_000
                if due != clock["due_us"]:
                    raise WrongError(f"{where} : échéance fausse / wrong due time")
            if clock["done_us"] is not None and clock["due_us"] is not None:
                late = clock["done_us"] > clock["due_us"]
                if late is not (clock["state"] == "done late") or (late and not clock["reasons"]):
                    raise WrongError(f"{where} : en retard sans motifs / late without reasons")
        return f"{len(found)} délais recalculés / delays computed again"

    def scopes(self) -> str:
        """Each list has its digest, its sums and its differences; the last rests on the journal's lines."""
        revisions = self.pack.json("scope/revisions.json")
        self.check_revisions(revisions)
        lines = self.released()
        looked: dict[Pair, str] = {}
        for place, one in enumerate(revisions):
            self.check_list(one, lines if place == len(revisions) - 1 else {}, looked)
            if place:
                self.check_differences(revisions[place - 1]["file"], one)
        if revisions and revisions[-1]["whole"]:
            for pair in sorted(drawn(revisions[-1]["digest"], self.confirmed(revisions[-1])) - set(lines)):
                raise WrongError(f"liste/list, {pair[0]} {pair[1]} : ses lignes manquent / its lines are missing")
        for pair, entries in lines.items():
            at, categories = [field(entry, 8, 8) for entry in entries], 0
            for entry in entries:
                categories |= field(entry, 88, 4)
            said = f"{pair[0]} {pair[1]} {categories} {min(at)} {max(at)} {len(entries)} "
            if not looked.get(pair, "").startswith(said):
                raise WrongError(
                    f"liste/list, {pair[0]} {pair[1]} : le journal dit autre chose / the journal differs"
                )
        whole = sum(one["whole"] for one in revisions)
        return (
            f"{len(revisions)} révisions, entières : {whole} ; {len(looked)} paires de la dernière relues"
            " dans le journal / revisions, whole ones; pairs of the last read in the journal"
        )

    def check_revisions(self, revisions: list[Row]) -> None:
        """Every list that the register names is there, by that digest, none between two; each under a known tree."""
        where = "scope/revisions.json"
        digests = {one["revision"]: one["digest"] for one in revisions}
        if [one["revision"] for one in revisions] != list(range(1, len(revisions) + 1)):
            raise WrongError(f"{where} : une liste manque / a list is missing")
        for row in self.register:
            said = row["facts"].get("digest") if row["kind"] == MOVE else None
            if said is not None and digests.get(row["facts"]["revision"]) != said:
                raise WrongError(f"{where} : le registre nomme une autre liste / the register names another list")
        for one in revisions:
            size, root = one["tree"]
            if self.trees.get(size) != bytes.fromhex(root):
                raise WrongError(f"{where}, {one['revision']} : arbre inconnu / unknown tree")

    def confirmed(self, revision: Row) -> Iterator[Pair]:
        """The pairs that a list confirms."""
        return (pair for pair, line in self.list_rows(revision["file"]) if line.endswith(" confirmed"))

    def released(self) -> dict[Pair, list[bytes]]:
        """The lines behind the last list, by person and insurer; each of them shows something."""
        found: dict[Pair, list[bytes]] = {}
        for seq in self.pack.json("scope/lines.json"):
            entry = self.lines.get(seq)
            if entry is None:
                raise WrongError(f"scope/lines.json, {seq} : ligne absente / missing line")
            shows = field(entry, 88, 4) if entry[1] in TOLD else entry[1] in ANSWERS and entry[4] == RELEASED
            if not shows:
                raise WrongError(f"scope/lines.json, {seq} : ne montre rien / shows nothing")
            found.setdefault((field(entry, 80, 8), field(entry, 60, 2)), []).append(entry)
        return found

    def check_list(self, revision: Row, wanted: dict[Pair, list[bytes]], looked: dict[Pair, str]) -> None:
        """Digest, sums and insurers' parts of one list, read once; keeps the rows of the pairs that are wanted."""
        where, digest, head, last = f"scope/revisions.json, {revision['revision']}", hashlib.sha256(), True, -1
        persons, entries, before = 0, 0, ""
        parts: dict[int, list[Any]] = {}
        with self.pack.open(revision["file"]) as file:
            for raw in file:
                digest.update(raw)
                line = raw.decode().rstrip("\n")
                if not head and line.endswith(" confirmed"):
                    numbers = line.split(" ")
                    person, insurer = pair = int(numbers[0]), int(numbers[1])
                    persons, entries, last = persons + (person != last), entries + int(numbers[5]), person
                    part = parts.setdefault(insurer, [0, 0, hashlib.sha256()])
                    if not part[0]:
                        part[2].update(f"tierce-slice-v1\n{revision['digest']} {insurer}\n".encode())
                    part[0], part[1] = part[0] + 1, part[1] + int(numbers[5])
                    part[2].update(raw)
                    if pair in wanted:
                        looked[pair] = line
                before += f"{line}\n" if head else ""
                head = head and not line.startswith("unattributed ")
        if revision["whole"] and digest.hexdigest() != revision["digest"]:
            raise WrongError(f"{revision['file']} : l’empreinte est fausse / the digest is wrong")
        if revision["whole"] and before != list_head(revision):
            raise WrongError(f"{where} : la liste répond à une autre question / the list answers another question")
        if (persons, entries + revision["unattributed"]) != (revision["persons"], revision["entries"]):
            raise WrongError(f"{where} : compte faux / wrong count")
        said = {one["insurer"]: [one["persons"], one["entries"], one["slice"]] for one in revision["insurers"]}
        if said != {insurer: [count, sum_, part.hexdigest()] for insurer, (count, sum_, part) in parts.items()}:
            raise WrongError(f"{where} : les parts des organismes sont fausses / insurers' parts are wrong")

    def check_differences(self, before: str, revision: Row) -> None:
        """What changed between two lists is what their rows say; both are sorted by person and insurer."""
        left, right = self.list_rows(before), self.list_rows(revision["file"])
        one, other, made = next(left, None), next(right, None), hashlib.sha256()
        while one is not None or other is not None:
            if other is None or (one is not None and one[0] < other[0]):
                assert one is not None
                made.update(f"- {one[1]}\n".encode())
                one = next(left, None)
            elif one is None or other[0] < one[0]:
                made.update(f"+ {other[1]}\n".encode())
                other = next(right, None)
            else:
                made.update(b"" if one[1] == other[1] else f"~ {other[1]}\n".encode())
                one, other = next(left, None), next(right, None)
        with self.pack.open(revision["differences"]) as file:
            if made.hexdigest() != hashlib.sha256(file.read()).hexdigest():
                raise WrongError(f"{revision['differences']} : ce n’est pas la différence / not the difference")

    def list_rows(self, name: str) -> Iterator[tuple[Pair, str]]:
        """The rows of a list."""
        head = True
        with self.pack.open(name) as file:
            for raw in file:
                line = raw.decode().rstrip("\n")
                if not head:
                    person, insurer, _ = line.split(" ", 2)
                    yield (int(person), int(insurer)), line
                head = head and not line.startswith("unattributed ")

    def forms(self) -> str:
        """The newest version of each form is what the register's rows make of it."""
        made: dict[int, dict[str, Any]] = {}
        for row in self.register:
            if row["kind"] == FORM:
                made.setdefault(row["facts"]["controller"], {}).update(row["facts"]["changed"])
        for controller, values in made.items():
            name = f"forms/{controller}.json"
            said = self.pack.json(name)["values"]
            for key, value in values.items():
                if said.get(key) != value:
                    raise WrongError(f"{name}, {key} : le registre dit autre chose / the register says otherwise")
        return f"{len(made)} formulaires tels que le registre les a / forms as the register has them"

    def counts(self) -> str:
        """Numbers that must add up do."""
        found = self.pack.json("counts.json")
        for one in found:
            if one["whole"] != sum(part["count"] for part in one["parts"]):
                raise WrongError(f"counts.json, {one['what']} : la somme est fausse / the sum is wrong")
        told = self.pack.json("told.json")
        for one in told:
            if one["entry"] not in self.lines:
                raise WrongError(f"told.json, {one['what']} {one['entry']} : ligne absente / missing line")
        return f"{len(found)} sommes justes, {len(told)} actes au journal / sums right, acts in the journal"

    def policy(self) -> str:
        """Each text of rules has the digest that names it, and the manifest's is there."""
        texts = {name[7:-5] for name in self.pack.names() if name.startswith("policy/") and name.endswith(".json")}
        for name in sorted({str(self.head.get("policy")), *texts}):
            with self.pack.open(f"policy/{name}.json") as file:
                if hashlib.sha256(file.read()).hexdigest()[:32] != name:
                    raise WrongError(f"policy/{name}.json : un autre texte / another text")
        known = sum(entry[96:112].hex() in texts for entry in self.lines.values())
        return f"{known} lignes sur/lines of {len(self.lines)} sous ces règles / under these rules ({len(texts)})"

    def controls(self) -> str:
        """The snapshot of controls is signed by the worker, and its journal line bears its digest."""
        found = self.pack.json("controls/index.json")
        for one in found:
            note = self.pack.text(one["file"])
            text = insist(one["file"], note, self.keys, "controls")
            entry = self.lines.get(one["entry"])
            number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
            if entry is None or entry[1] != 10 or field(entry, 112, 8) != number:
                raise WrongError(f"{one['file']} : le journal dit autre chose / the journal says otherwise")
        return f"{len(found)} relevés des mesures / snapshots of controls"

    def follows(self, earlier: Checked) -> None:
        """Nothing that an earlier pack held was taken away or changed."""
        if earlier.head["incident"] != self.head["incident"]:
            raise WrongError("--earlier : un autre incident / another incident")
        if earlier.size > self.size or self.trees.get(earlier.size, earlier.root) != earlier.root:
            raise WrongError("--earlier : le journal a reculé / the journal went back")
        kept = self.register[: len(earlier.register)]
        if [row["digest"] for row in kept] != [row["digest"] for row in earlier.register]:
            raise WrongError("--earlier : le registre a perdu ou changé une ligne / lost or changed a row")


def field(entry: bytes, at: int, width: int) -> int:
    """A number of a journal line (docs/reference/journal-entry-v1.md)."""
    return int.from_bytes(entry[at : at + width], "big")


CHECKS: tuple[tuple[str, Callable[[Checked], str]], ...] = (
    ("fichiers / files", Checked.manifest),
    ("journal", Checked.checkpoint),
    ("preuves / proofs", Checked.proofs),
    ("registre / register", Checked.chain),
    ("gravité / severity", Checked.severity),
    ("délais / clocks", Checked.clocks),
    ("listes / lists", Checked.scopes),
    ("formulaires / forms", Checked.forms),
    ("sommes / sums", Checked.counts),
    ("politique / policy", Checked.policy),
    ("mesures / controls", Checked.controls),
)


def run(path: Path, keys: Path | None, say: Callable[[str], None]) -> Checked | None:
    """Run every check in order; the first that fails ends it, since later ones rest on it."""
    try:
        pack = Pack(path)
        checked = Checked(pack, read_keys(keys.read_text("utf-8") if keys else pack.text("keys.txt")))
        for name, check in CHECKS:
            say(f"✓ {name} : {check(checked)}")
    except (WrongError, LookupError, TypeError, AttributeError, ValueError, ArithmeticError, RuntimeError) as error:
        say(f"✗ {error if isinstance(error, WrongError) else f'illisible / unreadable ({type(error).__name__})'}")
        return None
    return checked


def main(arguments: list[str]) -> int:
    """Check the pack that the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pack", nargs="?", type=Path, default=Path(__file__).parent)
    parser.add_argument("--keys", type=Path)
    parser.add_argument("--earlier", type=Path)
    given = parser.parse_args(arguments)

    def say(line: str) -> None:
        sys.stdout.write(f"{line}\n")

    checked = run(given.pack, given.keys, say)
    if checked is None:
        return 1
    if given.earlier is not None:
        earlier = run(given.earlier, given.keys, lambda _line: None)
        try:
            if earlier is None:
                raise WrongError("--earlier : il ne se vérifie pas / it does not verify")
            checked.follows(earlier)
        except WrongError as error:
            say(f"✗ {error}")
            return 1
        say("✓ rien n’a été retiré depuis l’ancien dossier / nothing was taken away since the earlier pack")
    if given.keys is None:
        say("! clés du dossier lui-même : comparez keys.txt / keys are the pack's own: compare keys.txt")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
