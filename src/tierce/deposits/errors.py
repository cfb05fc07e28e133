"""Why a deposit is not taken, or a receipt not read."""

from tierce.kernel.errors import FieldError, TierceError


class DepositFieldError(FieldError):
    """A field of the deposit is missing or malformed; the message never repeats its value."""


class DepositError(TierceError):
    """The deposit was not taken."""


class SpoolFullError(DepositError):
    """There is no room for one more deposit."""


class SpoolBusyError(DepositError):
    """Every slot of the spool folder is taken: too many `api` processes write there."""

    in_french = "Toutes les places du dossier des dépôts sont prises : trop de processus `api` y écrivent."


class TooManyDepositsError(DepositError):
    """This session, or all sessions together, deposit too fast."""


class NotClosedError(DepositError):
    """Nothing is closed: the question is to be asked, not deposited."""


class ReceiptUnknownError(TierceError):
    """No receipt of this establishment has this number."""
