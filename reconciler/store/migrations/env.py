"""Alembic's entry: runs the migrations on the connection that reconciler.store.schema hands over.

Every migration says in its `oldest_release` which releases work with what it leaves, and that is written down
with it, for releases that do not have the file.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from alembic import context
from alembic.runtime.migration import MigrationContext, MigrationInfo
from sqlalchemy import insert

from reconciler.store.migrations.comparing import is_compared
from reconciler.store.tables import Table, schema_revision


def _record(
    ctx: MigrationContext,  # noqa: ARG001 - Alembic names what it passes
    step: MigrationInfo,
    heads: Collection[Any],  # noqa: ARG001 - as above
    run_args: Mapping[str, Any],  # noqa: ARG001 - as above
) -> None:
    """Write down what a migration says of itself, right after it ran."""
    migration = context.script.get_revision(step.up_revision_ids[0])
    row = {"revision": migration.revision, "oldest_release": migration.module.oldest_release}
    context.get_bind().execute(insert(schema_revision), row)


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    include_object=is_compared,
    render_as_batch=True,
    transactional_ddl=True,
    transaction_per_migration=False,
    on_version_apply=_record,
)
context.run_migrations()
