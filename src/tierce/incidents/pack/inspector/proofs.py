"""Signatures, proofs and files of a pack by the standard library alone: Ed25519 (RFC 8032), trees (RFC 6962), lists.

Given to an inspector beside verify.py, which is to be run; slow on purpose of being short enough to read.
"""

from __future__ import annotations

import base64
import hashlib
import heapq
import io
import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any


class WrongError(Exception):
    """Something in the pack does not hold: where, and what."""


# --- Ed25519, the verification of RFC 8032, section 5.1.7 ---

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]


def recover_x(y: int, sign: int) -> int | None:
    """The x of a point of the curve whose y is given, or None when there is none."""
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    return x if x & 1 == sign else P - x


def point(raw: bytes) -> Point | None:
    """Read 32 bytes as a point of the curve."""
    number = int.from_bytes(raw, "little")
    y = number & (1 << 255) - 1
    x = recover_x(y, number >> 255)
    return None if x is None else (x, y, 1, x * y % P)


def add(one: Point, other: Point) -> Point:
    """Add two points."""
    a = (one[1] - one[0]) * (other[1] - other[0]) % P
    b = (one[1] + one[0]) * (other[1] + other[0]) % P
    c, d = 2 * one[3] * other[3] * D % P, 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(number: int, of: Point) -> Point:
    """Multiply a point by a number."""
    total: Point = (0, 1, 1, 0)
    while number:
        if number & 1:
            total = add(total, of)
        of, number = add(of, of), number >> 1
    return total


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = recover_x(BASE_Y, 0) or 0
BASE: Point = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def signed_by(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether this 64-byte signature over the message is this 32-byte key's."""
    public, first = point(key), point(signature[:32])
    number = int.from_bytes(signature[32:], "little")
    if len(key) != 32 or len(signature) != 64 or public is None or first is None or number >= ORDER:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    left, right = times(number, BASE), add(first, times(challenge, public))
    return not ((left[0] * right[2] - right[0] * left[2]) % P or (left[1] * right[2] - right[1] * left[2]) % P)


# --- RFC 6962: a leaf leads to a root, an old root is a prefix of a new one ---


def leaf_hash(entry: bytes) -> bytes:
    """The hash of a leaf."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_from(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root to which an audit path leads (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size:
        raise WrongError("la place n’est pas dans l’arbre / the place is not in the tree")
    at, last, found = index, size - 1, leaf
    for node in path:
        if last == 0:
            raise WrongError("le chemin est trop long / the path is too long")
        if at & 1 or at == last:
            found = node_hash(node, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, node)
        at, last = at >> 1, last >> 1
    if last:
        raise WrongError("le chemin est trop court / the path is too short")
    return found


def check_consistency(old: int, old_root: bytes, size: int, root: bytes, path: list[bytes]) -> None:
    """Check that a tree only grew (RFC 9162, section 2.1.4.2)."""
    if old == size and not path and old_root == root:
        return
    if not 0 < old < size or not path:
        raise WrongError("l’arbre n’a pas seulement grandi / the tree did not only grow")
    nodes = path if old & (old - 1) else [old_root, *path]
    at, last = old - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = after = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            raise WrongError("la preuve est trop longue / the proof is too long")
        if at & 1 or at == last:
            before, after = node_hash(node, before), node_hash(node, after)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            after = node_hash(after, node)
        at, last = at >> 1, last >> 1
    if last or before != old_root or after != root:
        raise WrongError("l’arbre n’a pas seulement grandi / the tree did not only grow")


# --- Keys and signed notes (C2SP signed-note, tlog-cosignature) ---

COSIGNATURE = b"\x04"
Keys = dict[str, list[tuple[str, bytes, bytes]]]


def read_keys(text: str) -> Keys:
    """Read key lines: what it is for, then `name+identifier+base64`."""
    found: Keys = {}
    for line in text.splitlines():
        use, _, rest = line.strip().partition(" ")
        if not rest or use.startswith("#"):
            continue
        try:
            name, identifier, tagged = rest.split("+", 2)
            raw = base64.b64decode(tagged, validate=True)
        except ValueError:
            raise WrongError("clé : nom+identifiant+base64 / key: name+identifier+base64") from None
        if hashlib.sha256(name.encode() + b"\n" + raw).hexdigest()[:8] != identifier:
            raise WrongError(f"clé de/key of {name} : identifiant faux / wrong identifier")
        found.setdefault(use, []).append((name, bytes.fromhex(identifier), raw))
    return found


def note_text(where: str, note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """The text of a signed note (C2SP signed-note), and who signed what."""
    text, gap, signatures = note.rpartition("\n\n")
    if not gap:
        raise WrongError(f"{where} : aucune signature / no signature")
    found = []
    for line in signatures.splitlines():
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "—":
            raise WrongError(f"{where} : signature mal écrite / malformed signature")
        try:
            found.append((parts[1], base64.b64decode(parts[2], validate=True)))
        except ValueError:
            raise WrongError(f"{where} : signature mal écrite / malformed signature") from None
    return text + "\n", found


def signers(where: str, note: str, keys: Keys, use: str) -> tuple[str, list[str]]:
    """The text of a note, and the names of the keys of this use whose signature holds."""
    text, signatures = note_text(where, note)
    names = []
    for name, raw in signatures:
        for known, identifier, key in keys.get(use, []):
            if (name, raw[:4]) != (known, identifier):
                continue
            message, signature = text.encode(), raw[4:]
            if key[:1] == COSIGNATURE:
                message = f"cosignature/v1\ntime {int.from_bytes(raw[4:12], 'big')}\n".encode() + message
                signature = raw[12:]
            if not signed_by(key[1:], message, signature):
                raise WrongError(f"{where} : la signature de/of {name} est fausse / is false")
            names.append(name)
    return text, names


def insist(where: str, note: str, keys: Keys, use: str) -> str:
    """The text of a note that a key of this use has signed."""
    text, names = signers(where, note, keys, use)
    if not names:
        raise WrongError(f"{where} : non signé par une clé / not signed by a key « {use} »")
    return text


def head_of(where: str, text: str) -> tuple[int, bytes]:
    """The size and root of a checkpoint."""
    try:
        _, size, root = text.splitlines()[:3]
        return int(size), base64.b64decode(root, validate=True)
    except ValueError:
        raise WrongError(f"{where} : ce n’est pas un point de contrôle / not a checkpoint") from None


# --- Lists: what stands before one, and whose journal lines are given with it ---

LINES_MAX = 1_000
_NAMED = ("professionals", "devices", "sessions", "establishments", "software", "vendors", "staff")


def drawn(digest: str, pairs: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
    """The pairs whose lines must be there: all, or so many that the list's digest draws, and nobody chooses."""
    named = bytes.fromhex(digest)

    def weight(pair: tuple[int, int]) -> bytes:
        return hashlib.sha256(named + f"{pair[0]} {pair[1]}".encode()).digest()

    return set(heapq.nsmallest(LINES_MAX, pairs, key=weight))


def list_head(revision: dict[str, Any]) -> str:
    """What stands before a list whose question, tree and holes are as a revision tells them."""
    asked, (size, root) = revision["criteria"], revision["tree"]
    lines = ["tierce-scope-v2", f"tree {size} {root}"]
    lines.append(f"window {asked['from_us']} {asked['until_us']}{' ladder' if asked['ladder'] else ''}")
    lines += [f"{name.rstrip('s')} {number}" for name in _NAMED for number in asked[name]]
    lines += [f"network {one}" for one in asked["networks"]]
    lines += [f"{name} {asked[name]}" for name in ("evidence", "categories") if asked[name]]
    lines += [f"gap {first} {last} {missing} {kind}" for kind, first, last, missing in revision["gaps"]]
    lines.append(f"unattributed {revision['unattributed']}")
    return "".join(f"{line}\n" for line in lines)


# --- The files of a pack ---

TEXT_BYTES_MAX = 1 << 26
"""Of a file that is read whole: the list and the keys are, before any signature was checked, and a zip holds a
gigabyte in a few bytes."""
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)
"""What a zip ends in that was damaged, encrypted, or packed in another way."""


class Pack:
    """A pack, unpacked or not."""

    def __init__(self, path: Path) -> None:
        """Open it."""
        self.path = path
        try:
            self.zip = zipfile.ZipFile(path) if path.is_file() else None
        except (OSError, *UNREADABLE):
            raise WrongError(f"{path} : ce n’est pas un fichier zip / not a zip file") from None

    def names(self) -> list[str]:
        """Every file, by name; what Python leaves beside a script is not of the pack."""
        if self.zip is not None:
            return self.zip.namelist()
        found = (one.relative_to(self.path).as_posix() for one in sorted(self.path.rglob("*")) if one.is_file())
        return [one for one in found if not one.startswith("__pycache__/")]

    def open(self, name: str) -> IO[bytes]:
        """Open one file."""
        try:
            return self.zip.open(name) if self.zip is not None else (self.path / name).open("rb")
        except (KeyError, OSError, *UNREADABLE):
            raise WrongError(f"{name} : absent ou illisible / missing or unreadable") from None

    def text(self, name: str) -> str:
        """One file as text."""
        with self.open(name) as file:
            try:
                found = file.read(TEXT_BYTES_MAX + 1)
                text = found.decode()
            except (UnicodeDecodeError, *UNREADABLE):
                raise WrongError(f"{name} : illisible / unreadable") from None
        if len(found) > TEXT_BYTES_MAX:
            raise WrongError(f"{name} : trop long pour un dossier de preuves / too long for an evidence pack")
        return text

    def json(self, name: str) -> Any:  # noqa: ANN401 - JSON is anything
        """One file as JSON."""
        return parsed(name, self.text(name))

    def rows(self, name: str) -> Iterator[Any]:
        """The rows of a file with one JSON object a line."""
        with self.open(name) as file:
            for number, line in enumerate(io.TextIOWrapper(file, "utf-8"), start=1):
                yield parsed(f"{name}, ligne/line {number}", line)


def parsed(where: str, text: str) -> Any:  # noqa: ANN401 - JSON is anything
    """Read JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise WrongError(f"{where} : ce n’est pas du JSON / not JSON") from None
