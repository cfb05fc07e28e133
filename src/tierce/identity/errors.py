"""Errors of the identity slice."""

from enum import StrEnum

from tierce.kernel.errors import FieldError, TierceError


class IdentityError(TierceError):
    """The identity of the caller could not be established."""


class ProofReason(StrEnum):
    """Why a proof of possession (RFC 9449) is refused: fixed words, safe to answer, log and count."""

    MISSING = "missing"
    TOO_LONG = "too_long"
    NOT_A_JWT = "not_a_jwt"
    HEADER = "header"
    TYPE = "typ"
    ALGORITHM = "alg"
    KEY = "jwk"
    PRIVATE_KEY = "jwk_private"
    CLAIMS = "claims"
    METHOD = "htm"
    ADDRESS = "htu"
    ISSUED = "iat"
    IDENTIFIER = "jti"
    HANDLE = "ath"
    BODY = "bd"
    NOT_BOUND = "other_key"
    SIGNATURE = "signature"
    REPLAYED = "replayed"


class ProofRefusedError(IdentityError):
    """The proof by the browser's key is missing or does not fit this request."""

    def __init__(self, reason: ProofReason) -> None:
        """Keep the machine reason."""
        super().__init__(f"The proof by the browser's key is refused ({reason.value}).")
        self.reason = reason


class SignInReason(StrEnum):
    """Why a sign-in is refused: fixed words, safe to answer, log and count."""

    BUSY = "busy"
    STATE_UNKNOWN = "state_unknown"
    STATE_EXPIRED = "state_expired"
    OTHER_BROWSER = "other_browser"
    WRONG_ISSUER = "wrong_issuer"
    PROVIDER_REFUSED = "provider_refused"
    PROVIDER_DOWN = "provider_down"
    CODE_REFUSED = "code_refused"
    TOKEN_REFUSED = "token_refused"  # noqa: S105 - a word of refusal, not a secret
    TOKEN_EXPIRED = "token_expired"  # noqa: S105 - a word of refusal, not a secret
    NONCE = "nonce"
    AUTHENTICATED_LONG_AGO = "authenticated_long_ago"
    LEVEL_TOO_LOW = "level_too_low"
    NOT_PHISHING_RESISTANT = "not_phishing_resistant"
    IDENTITY_INCOMPLETE = "identity_incomplete"
    NOT_IN_DIRECTORY = "not_in_directory"
    NO_ACTIVITY = "no_activity"
    NOT_ENROLLED = "not_enrolled"
    NOT_STAFF = "not_staff"
    INSURER_UNKNOWN = "insurer_unknown"
    RETURN_ADDRESS = "return_address"
    TOO_MANY_TODAY = "too_many_today"
    TOO_OFTEN_TODAY = "too_often_today"


class SignInRefusedError(IdentityError):
    """The sign-in is refused."""

    def __init__(self, reason: SignInReason) -> None:
        """Keep the machine reason."""
        super().__init__(f"The sign-in is refused ({reason.value}).")
        self.reason = reason


class ColleagueReason(StrEnum):
    """Why an act for a colleague is refused."""

    NOT_FOUND = "not_found"
    SUBSTITUTE = "substitute"
    ENROLMENT = "enrolment"
    HELD = "held"
    DEVICE = "device"


class ColleagueRefusedError(IdentityError):
    """A substitution or an enrolment by a colleague is refused."""

    def __init__(self, reason: ColleagueReason) -> None:
        """Keep the machine reason."""
        super().__init__(f"The act for a colleague is refused ({reason.value}).")
        self.reason = reason


class ContinuingReason(StrEnum):
    """Why a new device does not go on with an older one."""

    NOT_NEW = "not_new"
    CODE = "code"
    OLD_IS_NEW = "old_is_new"
    NETWORK = "network"
    TOO_MANY = "too_many"
    HELD = "held"
    NOT_YOURS = "not_yours"


class ContinuingRefusedError(IdentityError):
    """A device asks for a code, confirms another or takes one off, and may not."""

    def __init__(self, reason: ContinuingReason) -> None:
        """Keep the machine reason."""
        super().__init__(f"The device does not go on with another ({reason.value}).")
        self.reason = reason


class LinkReason(StrEnum):
    """Why a person's identity is not linked to the register; one word for nobody and for homonyms' count."""

    NO_MATCH = "no_match"
    HOMONYMS = "homonyms"
    TRAITS_INCOMPLETE = "traits_incomplete"


class LinkRefusedError(IdentityError):
    """The pivot identity does not point to exactly one person of the register."""

    def __init__(self, reason: LinkReason) -> None:
        """Keep the machine reason."""
        super().__init__(f"No single person of the register fits this identity ({reason.value}).")
        self.reason = reason


class SessionReason(StrEnum):
    """Why a session cannot be used."""

    UNKNOWN = "unknown"
    EXPIRED = "expired"
    IDLE = "idle"
    REVOKED = "revoked"
    NOT_BOUND = "not_bound"
    ALREADY_BOUND = "already_bound"
    OTHER_ACTIVITY = "other_activity"
    SUSPENDED = "suspended"


class SessionRefusedError(IdentityError):
    """The session is unknown, over, or not usable for this."""

    def __init__(self, reason: SessionReason) -> None:
        """Keep the machine reason."""
        super().__init__(f"The session is refused ({reason.value}).")
        self.reason = reason


class NotHersError(IdentityError):
    """No live session, or no device, of the professional has this number; her own session stands."""


class ClientReason(StrEnum):
    """Why a piece of software is refused: fixed words, safe to answer, log and count."""

    UNKNOWN = "unknown"
    ASSERTION = "assertion"
    EXPIRED = "expired"
    REPLAYED = "replayed"


class ClientRefusedError(IdentityError):
    """The software did not prove that it is a registered one."""

    def __init__(self, reason: ClientReason, claim: str | None = None) -> None:
        """Keep the machine reason and the claim at fault, of an assertion that a registered key signed."""
        super().__init__(f"The software is refused ({reason.value}).")
        self.reason, self.claim = reason, claim


class AppealRefusedError(FieldError):
    """An appeal cannot be kept as it is; the message never repeats it."""


class NameRefusedError(FieldError):
    """A device's name cannot be accepted; the message never repeats it."""
