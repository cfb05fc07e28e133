"""How Alembic reaches the database: through the connection that storage.migrate gives it."""

from alembic import context
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from tierce.storage.version import ENDS_WITH_US

_attributes = context.config.attributes
_engine = create_engine("postgresql+psycopg://", creator=_attributes["connect"], poolclass=NullPool)
with _engine.connect() as _connection:
    _connection.execute(text(ENDS_WITH_US))
    _connection.execute(text(f'set role "{_attributes["owner"]}"'))
    _connection.execute(text("set lock_timeout = '4s'"))
    context.configure(connection=_connection, version_table="schema_version", version_table_schema="registry_meta")
    with context.begin_transaction():
        _connection.execute(text("create schema if not exists registry_meta"))
        context.run_migrations()
        if "then" in _attributes:
            _attributes["then"](_connection.connection.driver_connection)
    _connection.commit()
