"""DKIM signatures (RFC 6376): relaxed header and body, RSA-SHA256, one key loaded once.

RSA of 2048 bits alone: every receiver verifies it (RFC 8301), while Ed25519 (RFC 8463) is still ignored by many, and
a second signature would be a second key to publish and replace for nothing gained. The arithmetic is OpenSSL's: a
signer in pure Python takes several milliseconds a message. The tests verify with dkimpy, which is not ours.
"""

import base64
import hashlib
import re
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from tierce.notices.deliveries.errors import DkimKeyError

KEY_BITS: Final = 2048
SIGNED: Final = ("from", "to", "subject", "date", "message-id", "mime-version", "content-type", "auto-submitted")
"""Every header that we write; From is named twice, so that a second one breaks the signature."""

_SPACES: Final = re.compile(rb"[ \t]+")


class Signer:
    """Signs messages of one domain with one selector's key."""

    def __init__(self, key: rsa.RSAPrivateKey, domain: str, selector: str) -> None:
        """Sign as `selector`._domainkey.`domain`."""
        self._key = key
        named = ":".join((*SIGNED, "from"))
        self._head = f"v=1; a=rsa-sha256; c=relaxed/relaxed; d={domain}; s={selector}; h={named}; "

    @classmethod
    def load(cls, path: Path, domain: str, selector: str) -> "Signer":
        """Load a PEM key.

        Raises:
            DkimKeyError: it cannot be read, or is no RSA key of 2048 bits or more.
        """
        try:
            key = load_pem_private_key(path.read_bytes(), None)
        except (OSError, ValueError, TypeError) as error:
            raise DkimKeyError from error
        if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < KEY_BITS:
            raise DkimKeyError
        return cls(key, domain, selector)

    def sign(self, message: bytes) -> bytes:
        """Give a message with its signature on top; `message` has CRLF line ends."""
        head, _, body = message.partition(b"\r\n\r\n")
        digest = base64.b64encode(hashlib.sha256(relaxed_body(body)).digest()).decode()
        value = f"{self._head}bh={digest}; b="
        headers = _headers(head)
        lines = [headers[name] for name in SIGNED if name in headers]
        lines.append(_relaxed(b"DKIM-Signature", value.encode()))
        made = self._key.sign(b"\r\n".join(lines), padding.PKCS1v15(), hashes.SHA256())
        signature = base64.b64encode(made).decode()
        folded = "\r\n ".join(signature[at : at + 72] for at in range(0, len(signature), 72))
        return f"DKIM-Signature: {_folded(value)}{folded}\r\n".encode() + message


def _headers(head: bytes) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for line in re.sub(rb"\r\n(?=[ \t])", b"", head).split(b"\r\n"):
        name, _, value = line.partition(b":")
        found[name.decode("ascii").casefold()] = _relaxed(name, value)
    return found


def _relaxed(name: bytes, value: bytes) -> bytes:
    return name.lower().strip() + b":" + _SPACES.sub(b" ", value).strip()


def relaxed_body(body: bytes) -> bytes:
    """The body as RFC 6376 §3.4.4 has it: spaces at line ends gone, runs of them one, no empty line at the end."""
    narrow = _SPACES.sub(b" ", body).replace(b" \r\n", b"\r\n")
    whole = narrow.removesuffix(b" ").rstrip(b"\r\n")
    return whole + b"\r\n" if whole else b""


def _folded(value: str) -> str:
    """Fold between tags, where the relaxed form sees one space either way."""
    return value.replace("; ", ";\r\n ")


def make_key() -> tuple[bytes, str]:
    """Draw a key: its PEM, and the DNS TXT record that publishes it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return pem, f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"
