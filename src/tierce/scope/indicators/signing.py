"""The signature under an answer: Ed25519 over a context, a line feed, and the answer as JSON with its keys sorted."""

import base64
import binascii
from hashlib import sha256

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tierce.journal.note import parse_verifier_key, verifier_key
from tierce.scope.errors import AnswerRefusedError
from tierce.scope.indicators.model import Answer
from tierce.scope.indicators.rules import ANSWER_FORMAT

_CONTEXT = f"{ANSWER_FORMAT}\n".encode()


class _Signed(msgspec.Struct, forbid_unknown_fields=True):
    answer: Answer
    key: str
    signature: str


def sign(answer: Answer, key: Ed25519PrivateKey) -> bytes:
    """Give the file that is sent back: the answer, the public key's line and the signature."""
    signature = base64.b64encode(key.sign(_message(answer))).decode()
    signed = _Signed(answer, verifier_key(answer.operator, key.public_key()), signature)
    return msgspec.json.format(msgspec.json.encode(signed), indent=1) + b"\n"


def check(raw: bytes, key_line: str, question: bytes | None) -> Answer:
    """Read an answer, with the key line that came by another way and, where it is at hand, the file that was sent.

    Raises:
        KeyFormatError: the key line is not one.
        AnswerRefusedError: another key signed it, it was changed, or it answers another question.
    """
    name, key = parse_verifier_key(key_line)
    try:
        read = msgspec.json.decode(raw, type=_Signed)
        key.verify(base64.b64decode(read.signature, validate=True), _message(read.answer))
    except (msgspec.DecodeError, UnicodeDecodeError, binascii.Error, InvalidSignature):
        raise AnswerRefusedError from None
    answer = read.answer
    other = question is not None and sha256(question).hexdigest() != answer.question
    if other or (answer.format, answer.operator) != (ANSWER_FORMAT, name):
        raise AnswerRefusedError
    return answer


def _message(answer: Answer) -> bytes:
    return _CONTEXT + msgspec.json.encode(answer, order="sorted")
