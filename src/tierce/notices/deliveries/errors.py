"""What stops a sending."""

from tierce.kernel.errors import TierceError


class DeliveryError(TierceError):
    """Messages cannot leave."""


class DkimKeyError(DeliveryError):
    """The DKIM key cannot be read, or is no RSA key of 2048 bits: make one with `tierce notice mail-key`."""


class MailServerError(DeliveryError):
    """The mail server cannot be reached, or refuses us: nothing was sent on that connection."""


class TlsMissingError(DeliveryError):
    """The mail server offers no STARTTLS, or its certificate does not verify: nothing personal is sent in clear."""


class LoginRefusedError(DeliveryError):
    """The mail server does not take our name and password (`mail.user`, `mail.password_file`): nothing was sent."""
