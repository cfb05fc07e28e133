"""What the API says of the establishment's bank account, as the portal reads it."""

from datetime import datetime
from typing import Final

import msgspec

from tierce.identity.sites.model import Held
from tierce.web.portal.api import Api, Guarantee, Signed

ACCOUNT: Final = "/v1/account"
ACCOUNT_STOP: Final = "/v1/account/stop"


class AccountLine(msgspec.Struct):
    """One bank account of the establishment, masked."""

    masked: str
    state: str
    label: Guarantee
    asked_at: datetime
    due_at: datetime
    holder: str | None = None
    why: Guarantee | None = None
    said: str | None = None
    since: datetime | None = None
    ended_at: datetime | None = None
    own: bool = False


class Accounts(msgspec.Struct):
    """The account in force, the ask under way, those that are over, and why this session may not ask."""

    over: list[AccountLine]
    in_force: AccountLine | None = None
    under_way: AccountLine | None = None
    stopped: str | None = None


async def read_accounts(api: Api, held: Held) -> Accounts:
    """Read where one's establishment is paid, masked."""
    return await api.read(ACCOUNT, held, Accounts)


async def ask_account(api: Api, held: Held, signed: Signed) -> None:
    """Relay an ask for another account."""
    await api.relay(ACCOUNT, held, signed)


async def stop_account(api: Api, held: Held, signed: Signed) -> None:
    """Relay that an ask is taken back, or objected to."""
    await api.relay(ACCOUNT_STOP, held, signed)
