"""Which releases the schema carries. No migration ever changes this table, for every release reads it."""

from __future__ import annotations

from sqlmodel import Field

from reconciler.store.tables.base import Table, core_table


class SchemaRevision(Table, table=True):
    """A migration that made this schema, and the oldest release that works with what it left.

    A release is named by the newest migration that it ships. The schema is at the highest `revision`, and
    carries the releases from the highest `oldest_release` on.
    """

    __tablename__ = "schema_revision"

    revision: str = Field(primary_key=True)
    oldest_release: str


schema_revision = core_table(SchemaRevision)
