"""What the API says of the establishment's bank account, as the portal reads it."""

from typing import Final

from tierce.identity.sites.model import Held
from tierce.web.answers import AccountAnswer
from tierce.web.portal.api import Api, Signed

ACCOUNT: Final = "/v1/account"
ACCOUNT_STOP: Final = "/v1/account/stop"


async def read_accounts(api: Api, held: Held) -> AccountAnswer:
    """Read where one's establishment is paid, masked."""
    return await api.read(ACCOUNT, held, AccountAnswer)


async def ask_account(api: Api, held: Held, signed: Signed) -> None:
    """Relay an ask for another account."""
    await api.relay(ACCOUNT, held, signed)


async def stop_account(api: Api, held: Held, signed: Signed) -> None:
    """Relay that an ask is taken back, or objected to."""
    await api.relay(ACCOUNT_STOP, held, signed)
