"""A zip file whose bytes depend on its content alone: no times, no compression, files in the order given."""

import hashlib
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tierce.incidents.pack.errors import PackExistsError
from tierce.incidents.pack.model import MANIFEST, Part
from tierce.kernel.durable import name_new

_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_MODE = 0o644


def write_archive(
    parts: Iterable[Part],
    out: Path,
    sign: Callable[[list[tuple[str, bytes, int]]], str],
    note: Callable[[bytes], None],
) -> tuple[bytes, int]:
    """Write a pack, streamed; give its SHA-256 and how many files it has, the manifest included.

    The file is whole or not there. Stored rather than compressed: what compresses differs from one version of its
    library to the next, and the bytes would too.

    Args:
        parts: the files, in their order.
        out: where; nothing may be there.
        sign: makes the signed manifest from name, SHA-256 and length of each.
        note: told the digest before the file has its name; what it raises leaves no file.

    Raises:
        PackExistsError: something is there.
        OSError: the disk refused.
    """
    if out.exists():
        raise PackExistsError
    part_file = out.with_name(f".{out.name}.{os.getpid()}.part")
    listed: list[tuple[str, bytes, int]] = []
    try:
        with part_file.open("xb") as raw, zipfile.ZipFile(raw, "w") as archive:
            listed.extend(_write(archive, part.name, part.chunks()) for part in parts)
            _write(archive, MANIFEST, iter([sign(listed).encode()]))
        with part_file.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").digest()
            os.fsync(file.fileno())
        note(digest)
        name_new(part_file, out)  # never over a file that came in between
    except FileExistsError:
        raise PackExistsError from None
    finally:
        part_file.unlink(missing_ok=True)
    return digest, len(listed) + 1


def _write(archive: zipfile.ZipFile, name: str, chunks: Iterator[bytes]) -> tuple[str, bytes, int]:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.create_system, info.external_attr = _UNIX, _MODE << 16
    digest, size = hashlib.sha256(), 0
    with archive.open(info, "w", force_zip64=True) as file:
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
            file.write(chunk)
    return name, digest.digest(), size
