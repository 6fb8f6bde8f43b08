"""Batches of contacts that came beside git: of feeds, and by hand."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, UniqueConstraint, literal_column, text
from sqlmodel import Field

from reconciler.store.columns import Json, UtcDateTime
from reconciler.store.tables.base import Table, core_table

_APPLIED = text("state = 'applied'")


class FeedBatch(Table, table=True):
    """What became of one batch. Its content is not kept: it is personal, and stays where it arrived.

    `source` owns the contacts of the batch (R-PLAN-5), and numbers its batches from 1: two controllers cannot
    both write down the same one. `feed` is None for what came by hand and belongs to no feed. `digest` is a
    keyed one of the content, None where nobody read it; `version` changes with the content, without its being
    read; `contract` is the digest of the contract that it was judged by. `state` is applied, quarantined or
    passed_over; `report` says why, masked.
    """

    __tablename__ = "feed_batch"
    __table_args__ = (
        UniqueConstraint("source", "number"),
        Index("ix_feed_batch_name", "source", "name", "number"),
        Index("ix_feed_batch_applied", "source", "arrived_at", "name",
              sqlite_where=_APPLIED, postgresql_where=_APPLIED),
    )  # fmt: skip

    id: UUID = Field(primary_key=True)
    org_id: UUID
    campaign: str
    feed: str | None = None
    source: str
    number: int = Field(sa_type=BigInteger)
    name: str
    version: str | None = None
    digest: str | None = None
    contract: str
    state: str
    row_count: int = Field(sa_type=BigInteger)
    report: dict[str, Any] = Field(sa_type=Json)
    apply_id: UUID | None = None
    actor: str
    arrived_at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)
    decided_at: datetime = Field(sa_type=UtcDateTime)


feed_batch = core_table(FeedBatch)

IS_APPLIED = feed_batch.c.state == literal_column("'applied'")
"""Written out, for a bound value would not match the partial index."""
