"""Accounts in the database."""

from psycopg import Connection

from tierce.billing.bank.model import AccountState, Stored


def account_in_force(connection: Connection, establishment: int) -> Stored | None:
    """The account to which what is due to an establishment is sent; None while it has none."""
    row = connection.execute(
        "select id, establishment, sealed, country, tail, holder, since from bank.account"
        " where establishment = %s and state = %s",
        (establishment, AccountState.IN_FORCE),
    ).fetchone()
    return None if row is None else Stored(row[0], row[1], bytes(row[2]), *row[3:])
