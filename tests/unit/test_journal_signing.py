"""Batch signatures and checkpoints."""

import base64

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tierce.journal.errors import EntryFieldError, KeyFormatError, NoteFormatError
from tierce.journal.merkle import leaf_hash
from tierce.journal.note import (
    NOTE_CHARACTERS_MAX,
    Checkpoint,
    checkpoint_note,
    checkpoint_text,
    note_text,
    parse_verifier_key,
    read_checkpoint,
    signed_note,
    verifier_key,
)
from tierce.journal.signing import batch_message, entry_seq, public_key, sign_batch

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
LEAVES = [leaf_hash(bytes([number])) for number in range(3)]
ORIGIN = "tierce.example/journal"
NOTE = checkpoint_note(ORIGIN, 3, LEAVES[0], KEY)


def test_the_signed_message_is_laid_out_as_specified() -> None:
    message = batch_message(2, 5, LEAVES)
    assert message == b"tierce-batch-v1\n" + bytes.fromhex("0002" + "0000000000000005" + "0003") + b"".join(LEAVES)


def test_a_batch_signature_holds_for_exactly_that_batch() -> None:
    key, signature = KEY.public_key(), sign_batch(KEY, 2, 5, LEAVES)
    key.verify(signature, batch_message(2, 5, LEAVES))
    for other in (
        batch_message(1, 5, LEAVES),
        batch_message(2, 6, LEAVES),
        batch_message(2, 5, LEAVES[:2]),
        batch_message(2, 5, [LEAVES[1], LEAVES[0], LEAVES[2]]),
    ):
        with pytest.raises(InvalidSignature):
            key.verify(signature, other)
    with pytest.raises(InvalidSignature):
        OTHER.public_key().verify(signature, batch_message(2, 5, LEAVES))


@pytest.mark.parametrize(
    ("instance", "block", "count"),
    [(1, 1, 0), (1, 1, 257), (1, -1, 1), (1, 2**55, 1), (-1, 1, 1), (2**15, 1, 1)],
)
def test_a_batch_that_cannot_be_is_refused(instance: int, block: int, count: int) -> None:
    with pytest.raises(EntryFieldError):
        batch_message(instance, block, LEAVES[:1] * count)


def test_a_leaf_hash_of_another_length_is_refused() -> None:
    with pytest.raises(EntryFieldError, match="32 bytes"):
        batch_message(1, 1, [b"short"])


def test_entry_numbers_are_block_and_place() -> None:
    assert entry_seq(3, 7) == 3 * 256 + 7


def test_a_public_key_of_another_length_is_refused() -> None:
    assert public_key(KEY.public_key().public_bytes_raw()) == KEY.public_key()
    with pytest.raises(KeyFormatError, match="these are 5"):
        public_key(b"short")


def test_a_checkpoint_reads_back() -> None:
    assert read_checkpoint(NOTE, ORIGIN, KEY.public_key()) == Checkpoint(ORIGIN, 3, LEAVES[0])
    lines = NOTE.split("\n")
    assert lines[:4] == [ORIGIN, "3", base64.b64encode(LEAVES[0]).decode(), ""]
    assert lines[4].startswith(f"— {ORIGIN} ")
    assert lines[5:] == [""]


def test_a_witness_signature_is_passed_over() -> None:
    witness = base64.b64encode(b"1234" + bytes(72)).decode()
    assert read_checkpoint(NOTE + f"— witness.example/w1 {witness}\n", ORIGIN, KEY.public_key()).size == 3


@pytest.mark.parametrize(
    ("note", "message"),
    [
        (NOTE.replace("\n3\n", "\n4\n"), "was altered"),
        (NOTE.replace("\n3\n", "\n03\n"), "plain decimal"),
        (NOTE.replace("\n3\n", "\n" + "9" * 5000 + "\n"), "plain decimal"),
        (NOTE.replace("\n3\n", "\n-3\n"), "plain decimal"),
        (NOTE.replace("\n3\n", "\n3\n!"), "third line"),
        (NOTE.replace("\n\n", "\n"), "blank line"),
        (NOTE.rstrip("\n"), "blank line"),
        (NOTE.replace("— ", "- "), "must read"),
        (NOTE[: NOTE.rindex(" ")] + " AAAA\n", "not base64"),
        ("a\nb\n\nc\n", "three lines"),
        ("x" * 70_000, "longer than"),
        (checkpoint_note(ORIGIN, 3, LEAVES[0], OTHER), "not signed by the given key"),
        (checkpoint_note("other.example/log", 3, LEAVES[0], KEY), "of log 'other.example/log'"),
    ],
)
def test_a_checkpoint_that_does_not_hold_is_refused(note: str, message: str) -> None:
    with pytest.raises(NoteFormatError, match=message):
        read_checkpoint(note, ORIGIN, KEY.public_key())


@pytest.mark.parametrize("origin", ["", "two words", "a+b", "line\nfeed"])
def test_a_log_name_that_would_break_the_note_is_refused(origin: str) -> None:
    with pytest.raises(NoteFormatError, match="cannot name a log"):
        checkpoint_note(origin, 3, LEAVES[0], KEY)


@pytest.mark.parametrize(("size", "root"), [(-1, LEAVES[0]), (3, LEAVES[0][:31]), (3, LEAVES[0] + b"0")])
def test_a_checkpoint_that_no_verifier_would_read_is_never_signed(size: int, root: bytes) -> None:
    with pytest.raises(NoteFormatError, match="a root of 32 bytes"):
        checkpoint_note(ORIGIN, size, root, KEY)


@pytest.mark.parametrize("size", ["²", "٣", "03", "+3", "9" * 21])
def test_a_size_that_is_no_plain_number_is_a_fault_of_the_note_not_of_who_reads_it(size: str) -> None:
    text = f"{ORIGIN}\n{size}\n{base64.b64encode(LEAVES[0]).decode()}\n"
    with pytest.raises(NoteFormatError, match="plain decimal number"):
        read_checkpoint(signed_note(text, ORIGIN, KEY), ORIGIN, KEY.public_key())


@pytest.mark.parametrize("suffix", ["\n", "x\n"])
def test_a_note_is_read_up_to_its_largest_length_and_no_further(suffix: str) -> None:
    note = NOTE + "— w " + "A" * (NOTE_CHARACTERS_MAX - len(NOTE) - 5) + suffix
    if len(note) == NOTE_CHARACTERS_MAX:
        assert note_text(note) == checkpoint_text(Checkpoint(ORIGIN, 3, LEAVES[0]))
    else:
        with pytest.raises(NoteFormatError, match="longer than"):
            note_text(note)


def test_the_verifier_key_follows_the_signed_note_format() -> None:
    """The key and its printed form are the example of Go's golang.org/x/mod/sumdb/note package."""
    printed = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    name, key = parse_verifier_key(printed)
    assert name == "PeterNeumann"
    assert verifier_key(name, key) == printed


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nothing", "must read"),
        ("name+00000000+AQ==", "must read"),
        ("name+00000000+AgAA", "not an Ed25519 key"),
        ("PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "is not that of the key"),
    ],
)
def test_a_verifier_key_of_another_shape_is_refused(text: str, message: str) -> None:
    with pytest.raises(KeyFormatError, match=message):
        parse_verifier_key(text)


def test_the_signed_note_of_the_go_documentation_holds() -> None:
    """Text, key and signature of the example of golang.org/x/mod/sumdb/note; its text is no checkpoint."""
    _name, key = parse_verifier_key("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    signed = base64.b64decode(
        "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    )
    assert signed[:4].hex() == "c74f20a3"
    key.verify(signed[4:], text.encode())
