"""What stops calls: holds, breakers, suppression."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field

from reconciler.store.columns import Json, UtcDateTime
from reconciler.store.tables.base import BIG_SERIAL, Table, core_table
from reconciler.store.tables.storage import REWRITTEN_IN_PLACE


class Hold(Table, table=True):
    """No new calls over a scope, until released (R-HOLD-1). No apply locks or writes this table.

    `scope` is all, org, campaign, agent, caller_id, gateway or country; `value` names what is held, as text.
    `cause` is person, breaker or config_error; `hang_up` says which calls in its scope end now: none,
    unanswered or all; `detail` holds the agent and caller ID that a config_error
    blames: once the campaign uses others, the hold covers nothing any more.
    """

    __table_args__ = (Index("ix_hold_standing", "seq", sqlite_where=text("released_at IS NULL"),
                            postgresql_where=text("released_at IS NULL")),)  # fmt: skip

    seq: int | None = Field(default=None, primary_key=True, sa_type=BIG_SERIAL)
    id: UUID = Field(unique=True)
    org_id: UUID | None = None
    scope: str
    value: str
    cause: str
    reason: str
    actor: str
    hang_up: str = "none"
    detail: dict[str, Any] | None = Field(default=None, sa_type=Json)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    released_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    released_by: str | None = None


class Breaker(Table, table=True):
    """The breaker of a gateway or an agent (R-RETRY-4), and a gateway's back-off. Runtime."""

    __table_args__ = ({"postgresql_with": REWRITTEN_IN_PLACE},)

    scope: str = Field(primary_key=True)
    org_id: UUID = Field(primary_key=True)
    value: str = Field(primary_key=True)
    state: dict[str, Any] = Field(sa_type=Json)


class Suppression(Table, table=True):
    """A number that an organization must not call: from a list (`list_id`) or the ledger (NULL).

    Ledger rows are never deleted: `removed_at` says that a person lifted one (R-SUP-2).
    """

    __table_args__ = (
        Index("ix_suppression_number", "number", "org_id"),
        Index("ix_suppression_expiry", "expires_at",
              sqlite_where=text("expires_at IS NOT NULL AND removed_at IS NULL"),
              postgresql_where=text("expires_at IS NOT NULL AND removed_at IS NULL")),
        Index("uq_suppression_list_number", "list_id", "number", unique=True,
              sqlite_where=text("list_id IS NOT NULL"), postgresql_where=text("list_id IS NOT NULL")),
    )  # fmt: skip

    id: UUID = Field(primary_key=True)
    org_id: UUID
    number: str
    list_id: UUID | None = None
    reason: str | None = None
    actor: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    removed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


hold = core_table(Hold)
breaker = core_table(Breaker)
suppression = core_table(Suppression)
