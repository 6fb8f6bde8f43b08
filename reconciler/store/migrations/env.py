"""Alembic's entry: runs the migrations on the connection that reconciler.store.schema hands over."""

from __future__ import annotations

from alembic import context

from reconciler.store.tables import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    render_as_batch=True,
    transactional_ddl=True,
    transaction_per_migration=False,
)
context.run_migrations()
