"""Who asks, told to her insurer alone: a slip with her member number, encrypted to the insurer's own key."""

import json

import pyrage
from psycopg import Connection

from tierce.kernel.alone import EachAlone
from tierce.kernel.ids import InsurerId
from tierce.notices.slices.model import Member
from tierce.notices.slices.store import Cover
from tierce.persons.requests import store
from tierce.persons.requests.rules import receipt
from tierce.persons.requests.store import SlipToMake

AT_MOST = 200
FORMAT = "tierce-request-v1"


def make_slips(connection: Connection, cover: Cover) -> int:
    """Make the slip of every request sent on to an insurer that registered a key; how many."""
    found, alone = store.slips_to_make(connection, AT_MOST), EachAlone(connection)
    for one in found:
        with alone.one():
            sealed = pyrage.encrypt(_text(connection, cover, one), [pyrage.x25519.Recipient.from_str(one.recipient)])
            store.keep_slip(connection, one, bytes(sealed))
    alone.done()
    return len(found)


def _text(connection: Connection, cover: Cover, one: SlipToMake) -> bytes:
    insurer = InsurerId(one.insurer)
    ((_, (member, rank)),) = cover.opened(connection, insurer, [Member(one.person, 0, 0, 0, 0, one.sealed)])
    said = {
        "format": FORMAT,
        "receipt": receipt(one.request),
        "member_number": member,
        "rank": rank,
        "kind": one.kind,
        "subject": one.subject,
        "made": one.made.isoformat(),
        "due": one.due.isoformat(),
    }
    return json.dumps(said, ensure_ascii=False, indent=1).encode()
