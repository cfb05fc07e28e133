"""Tickets for sessions of professionals that a test wrote by itself, as if their browser had just signed."""

from psycopg import Connection

from tierce.identity.oidc import digest
from tierce.web.api.callers import TICKET


def ticket_of(handle: str) -> str:
    """The ticket that `give_ticket` gives beside this handle."""
    return f"t-{handle}"


def give_ticket(admin: Connection, session: int, handle: str) -> None:
    """Give a session a ticket that outlives the test."""
    admin.execute(
        "insert into access.ticket (ticket, realm, session, until)"
        " values (%s, 'psc', %s, now() + interval '3 hours')",
        (digest(ticket_of(handle)), session),
    )


def held_headers(handle: str) -> dict[str, str]:
    """What a portal sends the API for a browser that holds both."""
    return {"authorization": f"DPoP {handle}", TICKET: ticket_of(handle)}


def held_cookies(handle: str, ticket: str) -> dict[str, str]:
    """What a browser holds of the portal's."""
    return {"tierce-portal": handle, "tierce-portal-ticket": ticket}


def cookie_of(handle: str) -> str:
    """The header with which it sends them."""
    return "; ".join(f"{name}={value}" for name, value in held_cookies(handle, ticket_of(handle)).items())
