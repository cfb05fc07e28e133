"""Puts a row in every empty table of a database, whatever its version, from what the catalogue says of its columns.

A migration that only ever met empty tables was never tried. A value is the plainest one that the column's type, its
references and its checks allow; where that is not read from the catalogue, `GIVEN` says it.
"""

import re
from collections.abc import Mapping, Set
from typing import Final

import psycopg

GIVEN: Final[Mapping[str, str]] = {
    "registry.insurer.amc": "'99000001'",
    "registry.printed.amc": "'99000001'",
    "registry.printed.csr": "'003'",
    "access.client.id": "'merle'",
    "access.passkey.credential": "sha256('x')",
    "access.passkey.public_key": "sha256('x')",
    "incident.scope.revision": "2",
    "journal.segment.end_idx": "2",
    "notice.recipient.recipient": "'age1' || repeat('a', 58)",
    "notice.item_pair.why": "1",
    "notice.wish.sealed": "'sealed'",
    "upkeep.policy.digest": "substr(sha256('x'), 1, 16)",
    "care.invoice.engagement": "1",
    "care.invoice_line.item": "'XA'",
    "care.agreement.until_day": "1",
    "care.agreement_line.item": "'XA'",
    "care.agreement_document.kind": "2",
    "registry.tariff.item": "'XA'",
    "registry.remote.url": "'https://droits.example/'",
    "bank.reply.code": "'AC04'",
    "bank.account.country": "'FR'",
    "bank.account.tail": "'0172'",
    "bank.account.sealed": "'sealed'",
    "bank.account.holder": "'SELARL'",
}
"""By column, a value as SQL."""
_PLAIN: Final = {
    "bigint": "1", "integer": "1", "smallint": "1", "text": "'x'", "boolean": "false", "uuid": "gen_random_uuid()",
    "timestamp with time zone": "now()", "date": "current_date", "bytea": "sha256('x')", "double precision": "1",
    "real": "1", "numeric": "1", "jsonb": "'{}'", "xid8": "'3'", "pg_snapshot": "'3:3:'", "inet": "'127.0.0.1'",
    "name": "'x'", "interval": "interval '1 second'",
}  # fmt: skip
_CHECKS: Final = (
    (r"octet_length\({0}\) = (\d+)", "substring(sha512('x') || sha512('y') || sha512('z') for {0})"),
    (r"\({0} = ANY \(ARRAY\[('[^']*'::text)", "{0}"),
    (r"\({0} = ANY \(ARRAY\[(\d+)", "{0}"),
    (r"\({0} >= (\d+)", "{0}"),
    (r"length\({0}\) = (\d+)", "repeat('x', {0})"),
    (r"length\({0}\) >= (\d+)", "repeat('x', {0})"),
)
Column = tuple[str, str, bool]


def fill_empty(admin: psycopg.Connection, known: Set[str]) -> set[str]:
    """Give every empty table but the known ones a row, those referred to first; returns all tables that have one."""
    names = [
        name
        for (name,) in admin.execute(
            "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema', 'registry_meta')"
            " order by c.oid"
        )
    ]
    filled = set(known) & set(names)
    waiting = [name for name in names if name not in filled]
    while waiting:
        ready = [name for name in waiting if {to for to, _, _ in _references(admin, name)} - {name} <= filled]
        assert ready, f"tables refer to each other in a circle: {waiting}"
        for name in ready:
            if admin.execute(f"select 1 from {name} limit 1".encode()).fetchone() is None:
                _fill(admin, name)
            filled.add(name)
            waiting.remove(name)
    return filled


def _fill(admin: psycopg.Connection, table: str) -> None:
    checks = " and ".join(
        one for (one,) in admin.execute(
            "select pg_get_constraintdef(oid) from pg_constraint where conrelid = %s::regclass and contype = 'c'",
            (table,),
        )
    )  # fmt: skip
    values = {
        name: _value(table, name, kind, checks)
        for name, kind, needed in _columns(admin, table)
        if needed or f"{table}.{name}" in GIVEN
    }
    for to, own, theirs in _references(admin, table):
        if to != table:
            values |= {
                mine: f"(select {their} from {to} order by {', '.join(theirs)} limit 1)"
                for mine, their in zip(own, theirs, strict=True)
                if mine in values
            }
    names, made = ", ".join(f'"{name}"' for name in values), ", ".join(values.values())
    row = f"({names}) overriding system value values ({made})" if values else "default values"
    said = f"insert into {table} {row}"
    try:
        admin.execute(said.encode())
    except psycopg.Error as error:
        msg = f"{table}: {error}\n{said}\n{checks}"
        raise AssertionError(msg) from None


def _columns(admin: psycopg.Connection, table: str) -> list[Column]:
    """Name, type, and whether a row needs a value of ours."""
    return admin.execute(
        "select attname, format_type(atttypid, atttypmod), attnotnull and not atthasdef and attidentity = ''"
        " from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped and attgenerated = ''",
        (table,),
    ).fetchall()


def _references(admin: psycopg.Connection, table: str) -> list[tuple[str, list[str], list[str]]]:
    """Which tables a table refers to, by which columns of its own and of theirs."""
    return admin.execute(
        "select confrelid::regclass::text,"
        " array(select attname::text from unnest(conkey) with ordinality k(n, o) join pg_attribute"
        "       on attrelid = conrelid and attnum = k.n order by o),"
        " array(select attname::text from unnest(confkey) with ordinality k(n, o) join pg_attribute"
        "       on attrelid = confrelid and attnum = k.n order by o)"
        " from pg_constraint where conrelid = %s::regclass and contype = 'f'",
        (table,),
    ).fetchall()


def _value(table: str, column: str, kind: str, checks: str) -> str:
    if (given := GIVEN.get(f"{table}.{column}")) is not None:
        return given
    for pattern, made in _CHECKS:
        if found := re.search(pattern.format(column), checks):
            return made.format(found[1])
    return "'{}'" if kind.endswith("[]") else _PLAIN.get(kind, f"no value of type {kind}")
