"""What ties a form to the session of the page that it is on."""

import hmac

from tierce.identity.dpop import encode_b64


def form_token(handle: str) -> str:
    """The token that a form of this session carries, so that no other site can submit it in its name."""
    return encode_b64(hmac.digest(handle.encode(), b"tierce-form-v1", "sha256"))


def form_token_fits(handle: str, token: str) -> bool:
    """Compare a submitted form's token with the session's."""
    return hmac.compare_digest(form_token(handle).encode(), token.encode())
