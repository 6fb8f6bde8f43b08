"""What was applied, what became of it, and who did what."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, PrimaryKeyConstraint, UniqueConstraint
from sqlmodel import Field

from reconciler.store.columns import Json, UtcDateTime
from reconciler.store.tables.base import BIG_SERIAL, Table, core_table

EVENT_SEQ = "uq_event_seq_at"


class Source(Table, table=True):
    """What became of the last reconciliation of each source: a condition that `status` shows.

    `condition` is Synced, Refused (a guard or the planner refuses) or Faulty (the manifests have faults, or
    cannot be read); `detail` says why, without personal data.
    """

    name: str = Field(primary_key=True)
    revision: str | None = None
    condition: str
    detail: str | None = None
    looked_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime)


class Inventory(Table, table=True):
    """What each source applied last: the memory of the three-way comparison, and of who owns what (R-PLAN-5).

    `campaign` is '' for kinds that live in none. Contacts are not listed here: they carry `source`,
    `list_id` and their hashes themselves. `file_known` is what is remembered of a list's data file, or of its
    manifest with the contacts in it (store/known_files.py).
    """

    __table_args__ = (UniqueConstraint("kind", "org_id", "campaign", "name"),)

    id: UUID = Field(primary_key=True)
    source: str = Field(index=True)
    kind: str
    org_id: UUID
    campaign: str = ""
    name: str
    object_id: UUID | None = None
    document: str
    text_hash: str
    applied: dict[str, Any] = Field(sa_type=Json)
    file_known: dict[str, Any] | None = Field(default=None, sa_type=Json)


class Event(Table, table=True):
    """The log: who changed what, when, from which revision. Never holds personal data (R-PLAN-8).

    A server keeps a partition for each month, which only lets be unique what says the month, too. `seq` comes
    from one sequence, so that it is unique all the same.
    """

    __table_args__ = (
        PrimaryKeyConstraint("seq").ddl_if(dialect="sqlite"),
        Index(EVENT_SEQ, "seq", "at", unique=True).ddl_if(dialect="postgresql"),
        Index("ix_event_object", "object_id", "seq"),
        {"postgresql_partition_by": "RANGE (at)"},
    )

    seq: int | None = Field(default=None, primary_key=True, sa_type=BIG_SERIAL)
    at: datetime = Field(sa_type=UtcDateTime)
    org_id: UUID | None = None
    apply_id: UUID | None = None
    actor_kind: str
    actor: str
    source: str | None = None
    revision: str | None = None
    action: str
    kind: str
    object_id: UUID | None = None
    name: str
    campaign: str | None = None
    fields: list[Any] | None = Field(default=None, sa_type=Json)
    count: int = 1
    reason: str | None = None


source_state = core_table(Source)
inventory = core_table(Inventory)
event = core_table(Event)
