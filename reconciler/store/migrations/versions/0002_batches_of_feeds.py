"""Batches of feeds, and data files that are known as a whole.

Revision 0002, after 0001.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from reconciler.store.columns import Json, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None
oldest_release = "0001"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "feed_batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("campaign", sa.String(), nullable=False),
        sa.Column("feed", sa.String(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=True),
        sa.Column("digest", sa.String(), nullable=True),
        sa.Column("contract", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("report", Json, nullable=False),
        sa.Column("apply_id", sa.Uuid(), nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("arrived_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("seen_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("decided_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed_batch")),
        sa.UniqueConstraint("source", "number", name=op.f("uq_feed_batch_source_number")),
    )
    op.create_index("ix_feed_batch_name", "feed_batch", ["source", "name", "number"])
    op.add_column("inventory", sa.Column("file_known", Json, nullable=True))
    applied = sa.text("state = 'applied'")
    op.create_index(
        "ix_feed_batch_applied", "feed_batch", ["source", "arrived_at", "name"],
        sqlite_where=applied, postgresql_where=applied,
    )  # fmt: skip
