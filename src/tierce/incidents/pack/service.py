"""Making a pack: everything an incident rests on, under one checkpoint, in one file."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from itertools import groupby
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg import Connection

from tierce.controls.service import SIGNER
from tierce.controls.store import between as snapshots_between
from tierce.controls.store import rules_text
from tierce.gate.matrix import render
from tierce.incidents.clocks.service import Clocks
from tierce.incidents.errors import IncidentMissingError
from tierce.incidents.form.rules import as_json as form_json
from tierce.incidents.form.rules import value_facts
from tierce.incidents.form.service import versions_in
from tierce.incidents.model import Incident, ScopeSummary
from tierce.incidents.pack import rules, store
from tierce.incidents.pack.archive import write_archive
from tierce.incidents.pack.errors import CheckpointMissingError
from tierce.incidents.pack.model import OFFICE_NAME, WORKER, Line, Made, Part, Under
from tierce.incidents.register.export import as_csv
from tierce.incidents.register.model import Row, RowKind
from tierce.incidents.rules import incident_reference
from tierce.incidents.severity.service import cohorts_in
from tierce.incidents.store import incident as incident_of
from tierce.journal.note import signed_note, verifier_key
from tierce.journal.segments.sealed import SealedLog
from tierce.journal.signing import public_key
from tierce.journal.tiles.folder import LogFolder
from tierce.journal.tiles.tree import TileTree
from tierce.kernel.clock import PARIS
from tierce.kernel.ids import IncidentId, InsurerId
from tierce.kernel.language import Language
from tierce.kernel.scratch import Scratch
from tierce.policy.digest import policy_digest, policy_text
from tierce.scope.engine.store import Said, write_list
from tierce.scope.files import differences, rows_of
from tierce.scope.rules import exposure_line
from tierce.scope.store import freeze

_CHUNK = 1 << 20
_POLICY_AT = slice(96, 112)  # of a journal line: the digest of the rules it was written under
_READERS = ("LISEZMOI.md", "README.md", "proofs.py", "verify.py")
Noted = Callable[[bytes], None]
"""Told the digest of a pack before it has its name: writes the journal line, or stops everything."""


@dataclass(frozen=True, slots=True, repr=False)
class Seal:
    """What signs a manifest, and the public lines of the log and of its witnesses."""

    key: Ed25519PrivateKey
    log_line: str
    witnesses: tuple[str, ...] = ()
    earlier: tuple[str, ...] = ()
    """The log's lines before a rotation: lists of that time were computed under checkpoints that they signed."""


class Packs:
    """Makes packs in one process; every connection is in autocommit mode."""

    def __init__(self, clocks: Clocks, log: LogFolder, segments: Path, seal: Seal) -> None:
        """Read tiles from `log` and segments from their folder; sign with `seal`."""
        self._clocks, self._log, self._segments, self._seal = clocks, log, segments, seal
        self._sealed = SealedLog(segments)

    def make(
        self,
        connection: Connection,
        number: IncidentId,
        out: Path,
        note: Noted,
        *,
        size: int | None = None,
        say: Said = lambda _what, _done, _of: None,
    ) -> Made:
        """Write the pack of an incident.

        The same state of the database under the same checkpoint gives the same bytes.

        Args:
            connection: as tierce_office.
            number: the incident.
            out: the file; nothing may be there.
            note: writes who took it out, before it is out.
            size: the checkpoint, by its size; the newest when left out.
            say: told how far it is.

        Raises:
            IncidentMissingError: there is no such incident.
            CheckpointMissingError: there is no such checkpoint.
            PackExistsError: the file is there already.
            RegisterBrokenError: the register was changed outside this program: nothing is packed.
        """
        with connection.transaction(), Scratch("tierce-pack.") as folder:
            freeze(connection)
            making = _Making(self, connection, number, size, folder.path, say)
            policy = policy_digest()

            def sign(listed: list[tuple[str, bytes, int]]) -> str:
                text = rules.manifest_text(making.incident, making.under, policy, listed)
                return signed_note(text, OFFICE_NAME, self._seal.key)

            digest, count = write_archive(making.parts(), out, sign, note)
        return Made(out, digest, count, making.under.size, len(making.lines))

    def under(self, connection: Connection, size: int | None) -> Under:
        """The checkpoint of a pack.

        Raises:
            CheckpointMissingError: there is none of this size.
        """
        found = store.under(connection, size)
        if found is None:
            raise CheckpointMissingError
        return found

    @property
    def clocks(self) -> Clocks:
        """The clocks, on the register."""
        return self._clocks

    @property
    def sealed(self) -> SealedLog:
        """The sealed lines."""
        return self._sealed

    @property
    def segments(self) -> Path:
        """Where they are."""
        return self._segments

    def tree(self, size: int) -> TileTree:
        """The tree of a checkpoint."""
        return TileTree(self._log, size)

    def public(self, connection: Connection) -> list[str]:
        """The public line of every key whose signature is in a pack, its use before it."""
        workers = store.instance_keys(connection, WORKER)
        return [
            f"log {self._seal.log_line}",
            *(f"earlier-log {line}" for line in self._seal.earlier),
            f"office {verifier_key(OFFICE_NAME, self._seal.key.public_key())}",
            *(f"controls {verifier_key(SIGNER, public_key(worker))}" for worker in workers),
            *(f"witness {line}" for line in self._seal.witnesses),
        ]


class _Making:
    """One pack while it is made."""

    def __init__(
        self, packs: Packs, connection: Connection, number: IncidentId, size: int | None, folder: Path, say: Said
    ) -> None:
        found = incident_of(connection, number)
        if found is None:
            raise IncidentMissingError
        self.incident: Incident = found
        self.under = packs.under(connection, size)
        self.lines: dict[int, Line] = {}
        self._packs, self._connection, self._folder, self._say = packs, connection, folder, say
        self._rows = self._register()

    def _register(self) -> list[Row]:
        """The register up to the first row whose journal line is not under the tree yet."""
        rows = self._packs.clocks.register.rows(self._connection, self.incident.id)
        self._add(self._numbered([row.entry for row in rows]))
        placed = [row.entry in self.lines for row in rows]
        return rows[: placed.index(False)] if False in placed else rows

    def _numbered(self, seqs: Sequence[int]) -> list[Line]:
        return store.numbered(self._connection, self._packs.sealed, seqs, self.under.size)

    def _add(self, lines: Iterable[Line]) -> None:
        self.lines.update((line.seq, line) for line in lines)

    def parts(self) -> Iterator[Part]:
        """Every file, those that need others' findings last."""
        here = files("tierce.incidents.pack") / "inspector"
        for name in _READERS:
            yield whole(name, (here / name).read_bytes())
        yield whole("keys.txt", "".join(f"{line}\n" for line in self._packs.public(self._connection)).encode())
        yield whole("incident.json", rules.as_json(rules.incident_facts(self.incident)))
        yield lined("register/rows.jsonl", (rules.json_line(rules.row_facts(row)) for row in self._rows))
        yield whole("register/registre.csv", as_csv(self._rows))
        yield from self._law()
        yield from self._scopes()
        yield from self._told()
        yield from self._controls()
        for language in Language:
            yield whole(f"policy/decisions.{language.value}.md", render(language).encode())
        yield from self._journal()
        yield from self._policy()

    def _law(self) -> Iterator[Part]:
        """Clocks, severity and forms, folded from the register's rows."""
        clocks = self._packs.clocks.at(self._connection, self.incident.id, self._rows, self.under.at)
        yield whole("clocks.json", rules.as_json([rules.clock_facts(one) for one in clocks]))
        for place, row in enumerate(self._rows, start=1):
            if row.kind is RowKind.SEVERITY:
                scored = cohorts_in([row])[0]
                yield whole(
                    f"severity/{scored.cohort.key}-{place}.json",
                    rules.as_json(rules.severity_facts(scored.cohort.label, scored.alone, scored.coupled)),
                )
        reference = incident_reference(self.incident.id, self.incident.day)
        written = {row.facts["controller"] for row in self._rows if row.kind is RowKind.FORM}
        for controller in sorted(InsurerId(one) for one in written if isinstance(one, int)):
            versions = versions_in(self._rows, controller)
            yield whole(f"forms/{controller}.json", form_json(versions[-1].draft, reference))
            told = [
                {
                    "version": one.number,
                    "at": one.at.isoformat(),
                    "by": one.by,
                    "changes": {change.field: value_facts(change.after) for change in one.changes},
                }
                for one in versions
            ]
            yield whole(f"forms/{controller}-versions.json", rules.as_json(told))

    def _scopes(self) -> Iterator[Part]:
        """Each revision's list, what changed, and the lines that the last one rests on."""
        told: list[dict[str, object]] = []
        before: Path | None = None
        found = store.revisions(self._connection, self.incident.id, self.under.size)
        for revision in found:
            path, exact = self._list(revision)
            name = f"scope/{revision.revision:03}.{'scope' if exact else 'stored'}"
            yield read_from(name, path)
            changed = ""
            if before is not None:
                changed = f"scope/{revision.revision:03}.differences"
                yield lined(changed, rules.difference_lines(differences(before, path)))
            told.append(self._revision(revision, path, file=name, whole=exact, differences=changed))
            before = path
        seqs = self._lines_of(found[-1], before) if found and before is not None else []
        yield whole("scope/lines.json", rules.as_json(seqs))
        yield whole("scope/revisions.json", rules.as_json(told))

    def _list(self, revision: ScopeSummary) -> tuple[Path, bool]:
        """The list computed again, or what was stored of it; and whether it is the list that the digest names."""
        folder = self._folder / str(revision.revision)
        with store.recomputed(self._connection, revision, self._packs.segments, self._say) as engine:
            if engine is not None:
                path, digest = write_list(engine, folder)
                if digest == revision.digest:
                    return path, True
        rows = store.stored(self._connection, revision)
        folder.mkdir(parents=True, exist_ok=True)
        plain = folder / "stored"
        with plain.open("wb") as file:
            file.write(f"stored\nunattributed {revision.unattributed}\n".encode())
            file.writelines(f"{exposure_line(one)}\n".encode() for one in rows)
        with plain.open("rb") as file:
            named = folder / f"{sha256(file.read()).hexdigest()}.scope"
        return plain.rename(named), False

    def _revision(
        self, revision: ScopeSummary, path: Path, *, file: str, whole: bool, differences: str
    ) -> dict[str, object]:
        counted = store.parts(self._connection, revision)
        digests = rules.slices(revision.digest, rows_of(path))
        parts = [(count, name, digests[count.insurer]) for count, name in counted]
        return rules.revision_facts(revision, file=file, whole=whole, differences=differences, parts=parts)

    def _lines_of(self, revision: ScopeSummary, path: Path) -> list[int]:
        """The released lines behind the list's rows, of every pair or of those drawn."""
        chosen = set(rules.drawn(revision.digest, rows_of(path)))
        seqs: list[int] = []
        for person, _pairs in groupby(sorted(chosen), key=lambda pair: pair[0]):
            lines = store.of_person(self._connection, self._packs.sealed, person, revision.tree.size)
            kept = [line for line in lines if rules.rests_on(revision.criteria, line, chosen)]
            self._add(kept)
            seqs += [line.seq for line in kept]
        return sorted(seqs)

    def _told(self) -> Iterator[Part]:
        """Notices made, and the sums that must be right."""
        made = store.notices(self._connection, self.incident.id)
        yield whole(
            "notices.json",
            rules.as_json(
                [
                    {
                        "insurer": int(one.insurer),
                        "revision": one.revision,
                        "at": one.at.isoformat(),
                        "persons": one.persons,
                        "slice": one.digest.hex(),
                    }
                    for one in made
                ]
            ),
        )  # fmt: skip - one notice, one object
        done = store.tellings(self._connection, self.incident.id)
        self._add(self._numbered([one.entry for one in done]))
        told = [
            {
                "what": one.what,
                "insurer": int(one.insurer),
                "at": one.at.isoformat() if one.at else None,
                "entry": one.entry,
            }
            for one in done
            if one.entry in self.lines
        ]  # fmt: skip - one act, one object
        yield whole("told.json", rules.as_json(told))
        yield whole("counts.json", rules.as_json(store.counts(self._connection, self.incident.id)))

    def _controls(self) -> Iterator[Part]:
        """How the promised measures stood on each day from the first signal on, and what each role may do now."""
        first, last = (at.astimezone(PARIS).date() for at in (self.incident.signal_at, self.under.at))
        snapshots = snapshots_between(self._connection, first, last)
        self._add(self._numbered([one.entry for one in snapshots]))
        told = []
        for one in snapshots:
            if one.entry in self.lines:
                name = f"controls/{one.day.isoformat()}.txt"
                told.append({"file": name, "entry": one.entry})
                yield whole(name, one.note.encode())
        yield whole("controls/index.json", rules.as_json(told))
        yield whole("controls/grants.txt", store.grants(self._connection).encode())

    def _policy(self) -> Iterator[Part]:
        """The rules in force, and those of before that its lines bear; each text is named by its digest."""
        texts = {policy_digest(): policy_text()}
        for digest in {line.body[_POLICY_AT] for line in self.lines.values()} - texts.keys():
            text = rules_text(self._connection, digest)
            if text is not None:
                texts[digest] = text
        for digest, text in sorted(texts.items()):
            yield whole(f"policy/{digest.hex()}.json", text.encode("ascii"))

    def _journal(self) -> Iterator[Part]:
        """The checkpoint, the earlier ones that lists were computed under, and the proof of every line."""
        self._add(store.acts(self._connection, self.incident.id, self.incident.signal_at, self.under.size))
        tree = self._packs.tree(self.under.size)
        yield whole("journal/checkpoint.txt", self.under.note.encode())
        sizes = {one.tree.size for one in store.revisions(self._connection, self.incident.id, self.under.size)}
        earlier = store.notes(self._connection, sizes - {self.under.size})
        yield lined(
            "journal/earlier.jsonl",
            (
                rules.json_line({"size": size, "note": note, "path": [node.hex() for node in tree.consistency(size)]})
                for size, note in earlier
            ),
        )
        yield lined(
            "journal/lines.jsonl",
            (
                rules.json_line(rules.line_facts(line, tree.inclusion(line.index)))
                for line in sorted(self.lines.values(), key=lambda line: line.index)
            ),
        )


def whole(name: str, content: bytes) -> Part:
    """A file that is in memory."""
    return Part(name, lambda: iter((content,)))


def lined(name: str, lines: Iterable[bytes]) -> Part:
    """A file made line by line."""
    return Part(name, lambda: iter(lines))


def read_from(name: str, path: Path) -> Part:
    """A file that is on the disk."""

    def chunks() -> Iterator[bytes]:
        with path.open("rb") as file:
            while some := file.read(_CHUNK):
                yield some

    return Part(name, chunks)
