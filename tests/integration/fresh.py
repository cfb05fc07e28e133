"""Fresh databases: copies of one that was migrated once."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

from tierce.storage.cluster import SUPERUSER, Cluster
from tierce.storage.database import Database
from tierce.storage.roles import ROLES

_numbers = itertools.count()


@contextmanager
def fresh_database(cluster: Cluster, template: Database) -> Iterator[Database]:
    """A copy of `template`, dropped at the end of the block, whoever is still connected."""
    fresh = template.named(f"tierce_test_{next(_numbers)}")
    with cluster.database("postgres").connect(SUPERUSER, autocommit=True) as admin:
        admin.execute(f"create database {fresh.name} template {template.name} owner tierce_owner".encode())
        # Grants on the database itself are not copied from the template.
        admin.execute(f"revoke all on database {fresh.name} from public".encode())
        admin.execute(f"grant connect on database {fresh.name} to {', '.join(ROLES)}".encode())
        admin.execute(f"grant temporary on database {fresh.name} to tierce_feed, tierce_notices".encode())
    try:
        yield fresh
    finally:
        with cluster.database("postgres").connect(SUPERUSER, autocommit=True) as admin:
            admin.execute(f"drop database {fresh.name} with (force)".encode())
