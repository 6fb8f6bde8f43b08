"""Every table. Rows are written with Core statements on these; nothing loads them as objects.

Three rules hold throughout:

* `org_id` stands on every row, and `campaign_key` is never NULL: the organization's `adhoc_key` stands for
  "no campaign", so that uniqueness binds ad hoc contacts too.
* Runtime columns (marked so) are written by the dialer only; an apply touches them by guarded status alone.
* Evidence (`attempt`, `conversation`, `event`) only grows. What is open lives in the small `open_attempt`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import BigInteger, Index, Integer, MetaData, UniqueConstraint, literal_column, text
from sqlalchemy import Table as SqlTable
from sqlmodel import Field, SQLModel

from reconciler.store.columns import Json, UtcDateTime, VersionText

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Table(SQLModel):
    """Base of all tables, with one naming convention so that migrations can name every constraint."""

    metadata = MetaData(naming_convention=NAMING)


BIG_SERIAL = BigInteger().with_variant(Integer, "sqlite")
LIVE = text("deleted_at IS NULL")
PENDING = text("status = 'pending'")


class Installation(Table, table=True):
    """The one row of the installation: kind Dialer, the stamp, the serial, the key of keyed hashes."""

    id: int = Field(default=1, primary_key=True)
    environment: str
    state_serial: int = Field(sa_type=BigInteger)
    hash_key: bytes
    global_concurrency_limit: int
    labels: dict[str, str] = Field(sa_type=Json)
    created_at: datetime = Field(sa_type=UtcDateTime)


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

    __table_args__ = (UniqueConstraint("org_id", "external_id"),)

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


class Contact(Table, table=True):
    """A person to call. From `status` on, the columns are runtime.

    `due_at` is when the contact may be claimed at the earliest; a parked contact (`parked`) waits at the end
    of time until what it waits for is gone. `attempts` counts used attempts for ever, `attempts_forgiven`
    those that a requeue no longer counts. No foreign keys: this is the hot table, and no parent row is ever
    deleted.
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

    org_id: UUID = Field(primary_key=True)
    number: str = Field(primary_key=True)
    contact_id: UUID = Field(primary_key=True, index=True)


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

    campaign_key: UUID = Field(primary_key=True)
    name: str = Field(primary_key=True)
    org_id: UUID
    count: int = Field(sa_type=BigInteger)


class Attempt(Table, table=True):
    """Evidence: one call placed to one number. Carries no constraint but its id, which grows with time."""

    __table_args__ = (
        Index("ix_attempt_contact", "contact_id", "id"),
        Index("ix_attempt_campaign", "campaign_key", "id"),
    )

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
    outcome: str | None = None
    disposition: str | None = None
    used: bool | None = None
    reason: str | None = None
    carrier_code: str | None = None
    not_after: datetime | None = Field(default=None, sa_type=UtcDateTime)
    intent_at: datetime = Field(sa_type=UtcDateTime)
    placing_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    placed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ringing_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    cost_micros: int | None = None
    cost_currency: str | None = None
    conversation_id: UUID | None = None
    dialer_id: UUID


class OpenAttempt(Table, table=True):
    """What is open now: gone when the call is settled. Limits count these rows (R-DIAL-3).

    `free_at` is set on an `unknown` call: until then it counts as active.
    """

    __tablename__ = "open_attempt"
    __table_args__ = (
        UniqueConstraint("contact_id"),
        UniqueConstraint("number", "org_id"),
        Index("ix_open_attempt_usage", "org_id", "campaign_key", "agent_id", "agent_number",
              "state", "free_at"),
        Index("ix_open_attempt_gives_up", "gives_up_at", sqlite_where=text("free_at IS NULL"),
              postgresql_where=text("free_at IS NULL")),
        Index("ix_open_attempt_free", "free_at", sqlite_where=text("free_at IS NOT NULL"),
              postgresql_where=text("free_at IS NOT NULL")),
    )  # fmt: skip

    attempt_id: UUID = Field(primary_key=True)
    org_id: UUID
    campaign_key: UUID
    contact_id: UUID
    number: str
    agent_id: str | None = None
    agent_number: str | None = None
    country: str
    gateway: str
    dialer_id: UUID = Field(index=True)
    epoch: int
    state: str
    placing_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    gives_up_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    free_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Conversation(Table, table=True):
    """What a call produced; made when the gateway accepts the call (R-ATT-2)."""

    __table_args__ = (Index("ix_conversation_campaign", "campaign_key", "id"),)

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

    id: UUID = Field(primary_key=True)
    epoch: int
    lease_until: datetime = Field(sa_type=UtcDateTime)
    started_at: datetime = Field(sa_type=UtcDateTime)
    gateway: str
    host: str
    pid: int
    confirmed_hold: int = Field(default=0, sa_type=BigInteger)
    stopped_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


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


class Source(Table, table=True):
    """What became of the last reconciliation of each source: a condition that `status` shows.

    `condition` is Synced, Refused (a guard or the planner refuses), Faulty (the manifests have faults) or
    Unreachable (they cannot be read); `detail` says why, without personal data.
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
    `list_id` and their hashes themselves. `orphaned` marks a document that is gone from the manifests.
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


class Event(Table, table=True):
    """The log: who changed what, when, from which revision. Never holds personal data (R-PLAN-8)."""

    __table_args__ = (Index("ix_event_object", "object_id", "seq"),)

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


def core_table(model: type[SQLModel]) -> SqlTable:
    """Give the SQLAlchemy table of a model, for Core statements: `contact.c.status`."""
    return cast(SqlTable, model.__table__)  # type: ignore[attr-defined] # SQLModel leaves it untyped


installation = core_table(Installation)
organization = core_table(Organization)
configuration = core_table(Configuration)
campaign = core_table(Campaign)
contact = core_table(Contact)
contact_number = core_table(ContactNumber)
lane = core_table(Lane)
tally = core_table(Tally)
attempt = core_table(Attempt)
open_attempt = core_table(OpenAttempt)
conversation = core_table(Conversation)
dialer = core_table(Dialer)
hold = core_table(Hold)
breaker = core_table(Breaker)
suppression = core_table(Suppression)
source_state = core_table(Source)
inventory = core_table(Inventory)
event = core_table(Event)

IS_PENDING = contact.c.status == literal_column("'pending'")
"""Written out, for a bound value would not match the partial indexes on pending contacts."""
