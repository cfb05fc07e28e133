"""The guard of every route of the API behind the gate's own: whose handle is believed, and what a session may do.

The handle of a portal's session with a key is believed for five minutes after that key signed, by its ticket, and
that of software with the key's own proof: a copied one is told nothing. A route that verifies that proof by itself
says so (NO_TICKET); every other asks.
An assistant's session carries out what policy/assistants.py names; one whose account is suspended, what
policy/ladder.py names; and nothing else, a route that declares no act included.
"""

from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from tierce.identity.assistants.errors import AssistantReason, AssistantRefusedError
from tierce.identity.errors import SessionReason, SessionRefusedError
from tierce.identity.model import SessionState
from tierce.policy.acts import Act
from tierce.policy.assistants import may_assistant
from tierce.policy.ladder import may_suspended
from tierce.web.api.signin import STATE_KEY, SignInWiring, held_in, received


async def only_open_acts(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Refuse what the tables do not open to this session, before the route is reached.

    What no handle comes to asks nothing of the database here: a store that hangs would keep waiting the very routes
    that say so. A handle that is none is the route's to refuse.
    """
    act, held = handler.opt.get("act"), held_in(connection)
    if not held.handle:
        return
    wiring: SignInWiring = connection.app.state[STATE_KEY]
    reader = wiring.sessions.reader
    if not handler.opt.get("no_ticket"):
        assert isinstance(connection, Request), "the API has no other connections"
        await wiring.sessions.insist_hers(held, await received(connection, wiring.url))
    hers, left = (isinstance(act, Act) and may(act) for may in (may_assistant, may_suspended))
    if hers and left:
        return
    found = (await reader.read([held.handle]))[held.handle]
    if not isinstance(found, SessionState):
        return
    if found.assistant is not None and not hers:
        raise AssistantRefusedError(AssistantReason.NOT_ALLOWED)
    if not left and await reader.suspended(found.id):
        raise SessionRefusedError(SessionReason.SUSPENDED)
