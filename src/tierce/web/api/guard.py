"""The guard of every route of the API behind the gate's own: what a session may carry out, by the policy's tables.

An assistant's session carries out what policy/assistants.py names; one whose account is suspended, what
policy/ladder.py names; and nothing else, a route that declares no act included.
"""

from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from tierce.identity.assistants.errors import AssistantReason, AssistantRefusedError
from tierce.identity.errors import SessionReason, SessionRefusedError
from tierce.identity.model import SessionState
from tierce.policy.acts import Act
from tierce.policy.assistants import may_assistant
from tierce.policy.ladder import may_suspended
from tierce.web.api.callers import handle_in
from tierce.web.api.signin import STATE_KEY, SignInWiring


async def only_open_acts(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Refuse what the tables do not open to this session, before the route is reached.

    What is open to everybody asks nothing of the database here: a store that hangs would keep waiting the very routes
    that say so. A handle that is none is the route's to refuse.
    """
    act = handler.opt.get("act")
    hers, left = (isinstance(act, Act) and may(act) for may in (may_assistant, may_suspended))
    handle = handle_in(connection.headers.get("authorization", "").encode("latin-1"))
    if handle is None or (hers and left):
        return
    wiring: SignInWiring = connection.app.state[STATE_KEY]
    reader, name = wiring.sessions.reader, handle.decode("latin-1")
    found = (await reader.read([name]))[name]
    if not isinstance(found, SessionState):
        return
    if found.assistant is not None and not hers:
        raise AssistantRefusedError(AssistantReason.NOT_ALLOWED)
    if not left and await reader.suspended(found.id):
        raise SessionRefusedError(SessionReason.SUSPENDED)
