"""Contacts, and what finds them: their numbers, their lanes, their tallies."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DDL, BigInteger, Index, UniqueConstraint, event, literal_column, text
from sqlmodel import Field

from reconciler.store.columns import Json, UtcDateTime, VersionText
from reconciler.store.tables.base import PENDING, Table, core_table
from reconciler.store.tables.forgetting import FORGET_TEXT
from reconciler.store.tables.storage import CHANGED_WITH_EVERY_CALL, REWRITTEN_IN_PLACE


class Contact(Table, table=True):
    """A person to call. From `status` on, the columns are runtime.

    `due_at` is when the contact may be claimed at the earliest; a parked contact (`parked`) waits at the end
    of time until what it waits for is gone. `attempts` counts used attempts for ever, `attempts_forgiven`
    those that a requeue no longer counts. `text_hash` stands for the row of the data file that the contact
    was applied from; whoever edits what a row says takes it away (FORGET_TEXT). No foreign keys: this is the
    hot table, and no parent row is ever deleted.
    """

    __table_args__ = (
        UniqueConstraint("org_id", "campaign_key", "external_id"),
        Index("ix_contact_lane_due", "lane_id", "due_at", "id",
              sqlite_where=PENDING, postgresql_where=PENDING),
        Index("ix_contact_expires", "expires_at",
              sqlite_where=text("status = 'pending' AND expires_at IS NOT NULL"),
              postgresql_where=text("status = 'pending' AND expires_at IS NOT NULL")),
        Index("ix_contact_list", "list_id", sqlite_where=text("list_id IS NOT NULL"),
              postgresql_where=text("list_id IS NOT NULL")),
        {"postgresql_with": CHANGED_WITH_EVERY_CALL},
    )  # fmt: skip

    id: UUID = Field(primary_key=True)
    org_id: UUID
    campaign_key: UUID
    external_id: str | None = None
    phone_numbers: list[str] = Field(sa_type=Json)
    data: dict[str, Any] | None = Field(default=None, sa_type=Json)
    timezone: str | None = None
    scheduled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    agent_id: str | None = None
    agent_version: int | str | None = Field(default=None, sa_type=VersionText)
    agent_number: str | None = None
    agent_config: dict[str, Any] | None = Field(default=None, sa_type=Json)
    initial_context: str | None = None
    labels: dict[str, str] | None = Field(default=None, sa_type=Json)
    source: str | None = None
    list_id: UUID | None = None
    source_hash: str | None = None
    applied_hash: str | None = None
    text_hash: int | None = Field(default=None, sa_type=BigInteger)
    serial: int = Field(sa_type=BigInteger)
    created_at: datetime = Field(sa_type=UtcDateTime)

    status: str
    reason: str | None = None
    lane_id: UUID
    due_at: datetime = Field(sa_type=UtcDateTime)
    retry_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    parked: str | None = None
    attempts: int = 0
    attempts_forgiven: int = 0
    unused_streak: int = 0
    outcome_counts: dict[str, int] | None = Field(default=None, sa_type=Json)
    last_number: str | None = None
    last_outcome: str | None = None
    dropped_numbers: list[str] | None = Field(default=None, sa_type=Json)
    callback: str | None = None
    withdraw_requested: bool = False


class ContactNumber(Table, table=True):
    """Which contacts a number belongs to: for suppression, and for one call per number."""

    __tablename__ = "contact_number"
    __table_args__ = ({"sqlite_with_rowid": False},)  # it is all key

    org_id: UUID = Field(primary_key=True)
    number: str = Field(primary_key=True)
    contact_id: UUID = Field(primary_key=True)


class Lane(Table, table=True):
    """What contacts that may be called at the same times have in common; see core/lanes.py."""

    __table_args__ = (
        UniqueConstraint(
            "campaign_key",
            "class_",
            "zone_key",
            "caller_id_key",
            "agent_key",
            "country_key",
            name="uq_lane_key",
        ),
    )

    id: UUID = Field(primary_key=True)
    org_id: UUID
    campaign_key: UUID
    class_: str
    zone_key: str
    caller_id_key: str
    agent_key: str
    country_key: str


class Tally(Table, table=True):
    """How many contacts of a campaign are in each status, and how many attempts it made."""

    __table_args__ = ({"postgresql_with": REWRITTEN_IN_PLACE},)

    campaign_key: UUID = Field(primary_key=True)
    name: str = Field(primary_key=True)
    org_id: UUID
    count: int = Field(sa_type=BigInteger)


contact = core_table(Contact)
for _engine, _statements in FORGET_TEXT.items():
    for _statement in _statements:
        _ddl = DDL(_statement)  # type: ignore[no-untyped-call] # SQLAlchemy leaves it untyped
        event.listen(contact, "after_create", _ddl.execute_if(dialect=_engine))
contact_number = core_table(ContactNumber)
lane = core_table(Lane)
tally = core_table(Tally)

IS_PENDING = contact.c.status == literal_column("'pending'")
"""Written out, for a bound value would not match the partial indexes on pending contacts."""
