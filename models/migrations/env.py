"""Alembic's entry: runs inside the connection that `models.migrate` opened."""

from alembic import context

from models import metadata
from models.db import SCHEMA

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    version_table_schema=SCHEMA,
    compare_server_default=False,
)
with context.begin_transaction():
    context.run_migrations()
