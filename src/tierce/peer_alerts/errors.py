"""Why a signed alert is not taken in."""

from enum import StrEnum

from tierce.kernel.errors import TierceError


class Err(StrEnum):
    """The codes of RFC 8935, section 2.4."""

    INVALID_REQUEST = "invalid_request"
    INVALID_KEY = "invalid_key"
    INVALID_ISSUER = "invalid_issuer"
    INVALID_AUDIENCE = "invalid_audience"


class SetRefusedError(TierceError):
    """A security event token that cannot be taken in: which code, and what to do; never a value that it held."""

    def __init__(self, code: Err, said: str) -> None:
        """Say `said` to whoever sent it, under `code`."""
        super().__init__(said)
        self.code = code


class PeerFullError(TierceError):
    """This peer sent as much as it may in a day."""

    in_french = "Cet opérateur a envoyé tout ce qu’il peut en un jour."


class PeerKeysError(TierceError):
    """The public keys given for a peer cannot be used."""
