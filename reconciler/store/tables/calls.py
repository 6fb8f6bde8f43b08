"""Calls: the evidence of attempts, the few that are open, conversations, and who dials."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, UniqueConstraint, literal_column, text
from sqlmodel import Field

from reconciler.store.columns import Json, UtcDateTime, VersionText
from reconciler.store.tables.base import UNKNOWN, Table, core_table
from reconciler.store.tables.storage import EMPTIED_ALL_THE_TIME, REWRITTEN_IN_PLACE


class Evidence(Table):
    """What is written down of an attempt before and while its phone rings (R-ATT-1)."""

    id: UUID = Field(primary_key=True)
    org_id: UUID
    campaign_key: UUID
    contact_id: UUID
    number: str
    number_hash: str
    attempt: int | None = None
    agent_id: str | None = None
    agent_version: int | str | None = Field(default=None, sa_type=VersionText)
    agent_number: str | None = None
    gateway: str
    gateway_ref: str | None = None
    configuration_revision: str | None = None
    source_revision: str | None = None
    timezone: str | None = None
    timezone_source: str
    window: str | None = None
    state: str
    used: bool | None = None
    not_after: datetime | None = Field(default=None, sa_type=UtcDateTime)
    intent_at: datetime = Field(sa_type=UtcDateTime)
    placing_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    placed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ringing_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    conversation_id: UUID | None = None
    dialer_id: UUID


class Attempt(Evidence, table=True):
    """Evidence of a call that is over, or whose fate stayed unknown: history, which only grows.

    Carries no constraint but its id, which grows with time: a server keeps a partition for each month.
    """

    __table_args__ = (
        Index("ix_attempt_contact", "contact_id", "id"),
        Index("ix_attempt_campaign", "campaign_key", "id"),
        Index("ix_attempt_number", "number", "id"),
        Index("ix_attempt_unknown", "id", sqlite_where=UNKNOWN, postgresql_where=UNKNOWN),
        {"postgresql_partition_by": "RANGE (id)"},
    )

    outcome: str | None = None
    disposition: str | None = None
    reason: str | None = None
    carrier_code: str | None = None
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    cost_micros: int | None = Field(default=None, sa_type=BigInteger)
    cost_currency: str | None = None


class OpenAttempt(Evidence, table=True):
    """What is open now, with its evidence; it moves to `attempt` when the call is settled.

    Limits count these rows (R-DIAL-3), so this table stays as small as the number of calls at a time.
    `free_at` is set on an `unknown` call: until then it counts as active, and then it becomes history.
    """

    __tablename__ = "open_attempt"
    __table_args__ = (
        UniqueConstraint("contact_id"),
        UniqueConstraint("number", "org_id"),
        Index("ix_open_attempt_usage", "org_id", "campaign_key", "agent_id", "agent_number",
              "placing_at", "free_at"),
        Index("ix_open_attempt_gives_up", "gives_up_at", sqlite_where=text("free_at IS NULL"),
              postgresql_where=text("free_at IS NULL")),
        Index("ix_open_attempt_free", "free_at", sqlite_where=text("free_at IS NOT NULL"),
              postgresql_where=text("free_at IS NOT NULL")),
        {"postgresql_with": EMPTIED_ALL_THE_TIME},
    )  # fmt: skip

    country: str
    epoch: int
    gives_up_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    free_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Conversation(Table, table=True):
    """What a call produced; made when the gateway accepts the call (R-ATT-2)."""

    __table_args__ = (
        Index("ix_conversation_campaign", "campaign_key", "id"),
        {"postgresql_partition_by": "RANGE (id)"},
    )

    id: UUID = Field(primary_key=True)
    org_id: UUID
    campaign_key: UUID
    contact_id: UUID
    attempt_id: UUID
    status: str
    transcript: list[Any] | None = Field(default=None, sa_type=Json)
    recording_url: str | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Dialer(Table, table=True):
    """One heartbeat row per dialing process: its lease, and the newest hold that it obeys."""

    __table_args__ = ({"postgresql_with": REWRITTEN_IN_PLACE},)

    id: UUID = Field(primary_key=True)
    epoch: int
    lease_until: datetime = Field(sa_type=UtcDateTime)
    started_at: datetime = Field(sa_type=UtcDateTime)
    gateway: str
    host: str
    pid: int
    confirmed_hold: int = Field(default=0, sa_type=BigInteger)
    stopped_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


attempt = core_table(Attempt)
open_attempt = core_table(OpenAttempt)
conversation = core_table(Conversation)
dialer = core_table(Dialer)

IS_UNKNOWN = attempt.c.state == literal_column("'unknown'")
"""Written out, for a bound value would not match the partial index on attempts whose fate is unknown."""
