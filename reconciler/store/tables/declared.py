"""What manifests declare, apart from contacts: the installation, organizations, configurations, campaigns."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlmodel import Field

from reconciler.store.columns import Json, UtcDateTime, VersionText
from reconciler.store.tables.base import LIVE, Table, core_table
from reconciler.store.tables.storage import REWRITTEN_IN_PLACE


class Installation(Table, table=True):
    """The one row of the installation: kind Dialer, the stamp, the serial, the key of keyed hashes.

    `suppressions_freed_until` is runtime: the dialer has looked after the contacts of every suppression that
    ran out by then (R-SUP-1).
    """

    id: int = Field(default=1, primary_key=True)
    environment: str
    state_serial: int = Field(sa_type=BigInteger)
    hash_key: bytes
    global_concurrency_limit: int
    labels: dict[str, str] = Field(sa_type=Json)
    created_at: datetime = Field(sa_type=UtcDateTime)
    suppressions_freed_until: datetime = Field(sa_type=UtcDateTime)


class Organization(Table, table=True):
    """A tenant."""

    id: UUID = Field(primary_key=True)
    name: str = Field(unique=True)
    adhoc_key: UUID = Field(unique=True)
    concurrency_limit: int
    caller_ids: list[Any] = Field(sa_type=Json)
    labels: dict[str, str] = Field(sa_type=Json)
    serial: int = Field(sa_type=BigInteger)
    created_at: datetime = Field(sa_type=UtcDateTime)


class Configuration(Table, table=True):
    """A reusable bundle; `spec` is the canonical JSON of its ConfigurationSpec, `revision` its digest."""

    __table_args__ = (
        Index("uq_configuration_live_name", "org_id", "external_id", unique=True, sqlite_where=LIVE,
              postgresql_where=LIVE),
    )  # fmt: skip

    id: UUID = Field(primary_key=True)
    org_id: UUID = Field(foreign_key="organization.id")
    external_id: str
    spec: dict[str, Any] = Field(sa_type=Json)
    revision: str
    source_revision: str | None = None
    labels: dict[str, str] = Field(sa_type=Json)
    serial: int = Field(sa_type=BigInteger)
    created_at: datetime = Field(sa_type=UtcDateTime)
    deleted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Campaign(Table, table=True):
    """A dialing job. `next_start_at` is runtime: the pacing instant (R-DIAL-5).

    `source_revision` is the git revision that changed the row last.
    """

    __table_args__ = (
        UniqueConstraint("org_id", "external_id"),
        {"postgresql_with": REWRITTEN_IN_PLACE},
    )

    id: UUID = Field(primary_key=True)
    org_id: UUID = Field(foreign_key="organization.id")
    external_id: str
    configuration_id: UUID = Field(foreign_key="configuration.id", index=True)
    status: str
    priority: int
    agent_id: str | None = None
    agent_version: int | str | None = Field(default=None, sa_type=VersionText)
    agent_number: str | None = None
    start_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    end_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    source_revision: str | None = None
    labels: dict[str, str] = Field(sa_type=Json)
    serial: int = Field(sa_type=BigInteger)
    created_at: datetime = Field(sa_type=UtcDateTime)
    next_start_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


installation = core_table(Installation)
organization = core_table(Organization)
configuration = core_table(Configuration)
campaign = core_table(Campaign)
