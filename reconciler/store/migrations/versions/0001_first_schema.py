"""First schema.

Revision 0001.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from reconciler.store.columns import Json, UtcDateTime, VersionText

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None
oldest_release = "0001"


def upgrade() -> None:
    """Apply."""
    _create_archive()
    _create_attempt()
    _create_conversation()
    _create_event()
    _partition_history()
    _create_schema_revision()
    _create_breaker()
    _create_contact()
    _forget_text_on_edit()
    _create_contact_number()
    _create_dialer()
    _create_hold()
    _create_installation()
    _create_inventory()
    _create_lane()
    _create_open_attempt()
    _create_organization()
    _create_source()
    _create_suppression()
    _create_tally()
    _create_configuration()
    _create_campaign()


def _create_archive() -> None:
    op.create_table(
        "archive",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("history", sa.String(), nullable=False),
        sa.Column("month", sa.String(), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archive")),
        sa.UniqueConstraint("history", "month", "sha256", name=op.f("uq_archive_history_month_sha256")),
    )


def _create_attempt() -> None:
    op.create_table(
        "attempt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_key", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("number_hash", sa.String(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=True),
        sa.Column("agent_id", sa.String(), nullable=True),
        sa.Column("agent_version", VersionText(length=200), nullable=True),
        sa.Column("agent_number", sa.String(), nullable=True),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("gateway_ref", sa.String(), nullable=True),
        sa.Column("configuration_revision", sa.String(), nullable=True),
        sa.Column("source_revision", sa.String(), nullable=True),
        sa.Column("timezone", sa.String(), nullable=True),
        sa.Column("timezone_source", sa.String(), nullable=False),
        sa.Column("window", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("used", sa.Boolean(), nullable=True),
        sa.Column("not_after", UtcDateTime(timezone=True), nullable=True),
        sa.Column("intent_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("placing_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("placed_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("ringing_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("answered_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("dialer_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("disposition", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("carrier_code", sa.String(), nullable=True),
        sa.Column("ended_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("cost_micros", sa.BigInteger(), nullable=True),
        sa.Column("cost_currency", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
        postgresql_partition_by="RANGE (id)",
    )
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.create_index("ix_attempt_campaign", ["campaign_key", "id"], unique=False)
        batch_op.create_index("ix_attempt_contact", ["contact_id", "id"], unique=False)
        batch_op.create_index("ix_attempt_number", ["number", "id"], unique=False)
        batch_op.create_index(
            "ix_attempt_unknown",
            ["id"],
            unique=False,
            sqlite_where=sa.text("state = 'unknown'"),
            postgresql_where=sa.text("state = 'unknown'"),
        )


def _create_conversation() -> None:
    op.create_table(
        "conversation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_key", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("transcript", Json, nullable=True),
        sa.Column("recording_url", sa.String(), nullable=True),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("answered_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("ended_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversation")),
        postgresql_partition_by="RANGE (id)",
    )
    with op.batch_alter_table("conversation", schema=None) as batch_op:
        batch_op.create_index("ix_conversation_campaign", ["campaign_key", "id"], unique=False)


def _create_event() -> None:
    op.create_table(
        "event",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=True),
        sa.Column("apply_id", sa.Uuid(), nullable=True),
        sa.Column("actor_kind", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("revision", sa.String(), nullable=True),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("campaign", sa.String(), nullable=True),
        sa.Column("fields", Json, nullable=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_event")).ddl_if(dialect="sqlite"),
        postgresql_partition_by="RANGE (at)",
    )
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index("ix_event_object", ["object_id", "seq"], unique=False)
        if op.get_context().dialect.name == "postgresql":
            batch_op.create_index("uq_event_seq_at", ["seq", "at"], unique=True)


def _partition_history() -> None:
    if op.get_context().dialect.name == "postgresql":
        for history in ("attempt", "conversation", "event"):
            op.execute(f"CREATE TABLE {history}_default PARTITION OF {history} DEFAULT")


def _create_schema_revision() -> None:
    op.create_table(
        "schema_revision",
        sa.Column("revision", sa.String(), nullable=False),
        sa.Column("oldest_release", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("revision", name=op.f("pk_schema_revision")),
    )


def _create_breaker() -> None:
    op.create_table(
        "breaker",
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("state", Json, nullable=False),
        sa.PrimaryKeyConstraint("scope", "org_id", "value", name=op.f("pk_breaker")),
        postgresql_with={"fillfactor": 50},
    )


def _create_contact() -> None:
    op.create_table(
        "contact",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_key", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column("phone_numbers", Json, nullable=False),
        sa.Column("data", Json, nullable=True),
        sa.Column("timezone", sa.String(), nullable=True),
        sa.Column("scheduled_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("expires_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("agent_id", sa.String(), nullable=True),
        sa.Column("agent_version", VersionText(length=200), nullable=True),
        sa.Column("agent_number", sa.String(), nullable=True),
        sa.Column("agent_config", Json, nullable=True),
        sa.Column("initial_context", sa.String(), nullable=True),
        sa.Column("labels", Json, nullable=True),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("list_id", sa.Uuid(), nullable=True),
        sa.Column("source_hash", sa.String(), nullable=True),
        sa.Column("applied_hash", sa.String(), nullable=True),
        sa.Column("text_hash", sa.BigInteger(), nullable=True),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("lane_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("retry_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("parked", sa.String(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("attempts_forgiven", sa.Integer(), nullable=False),
        sa.Column("unused_streak", sa.Integer(), nullable=False),
        sa.Column("outcome_counts", Json, nullable=True),
        sa.Column("last_number", sa.String(), nullable=True),
        sa.Column("last_outcome", sa.String(), nullable=True),
        sa.Column("dropped_numbers", Json, nullable=True),
        sa.Column("callback", sa.String(), nullable=True),
        sa.Column("withdraw_requested", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
        sa.UniqueConstraint(
            "org_id", "campaign_key", "external_id", name=op.f("uq_contact_org_id_campaign_key_external_id")
        ),
        postgresql_with={
            "autovacuum_vacuum_scale_factor": "0.05",
            "autovacuum_analyze_scale_factor": "0.05",
        },
    )
    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.create_index(
            "ix_contact_expires",
            ["expires_at"],
            unique=False,
            sqlite_where=sa.text("status = 'pending' AND expires_at IS NOT NULL"),
            postgresql_where=sa.text("status = 'pending' AND expires_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_contact_lane_due",
            ["lane_id", "due_at", "id"],
            unique=False,
            sqlite_where=sa.text("status = 'pending'"),
            postgresql_where=sa.text("status = 'pending'"),
        )
        batch_op.create_index(
            "ix_contact_list",
            ["list_id"],
            unique=False,
            sqlite_where=sa.text("list_id IS NOT NULL"),
            postgresql_where=sa.text("list_id IS NOT NULL"),
        )


def _forget_text_on_edit() -> None:
    said_by_a_row = (
        "org_id, campaign_key, external_id, phone_numbers, data, timezone, scheduled_at, expires_at, agent_id, "
        "agent_version, agent_number, agent_config, initial_context, labels, source, list_id"
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER contact_forget_text AFTER UPDATE OF {said_by_a_row} ON contact "  # noqa: S608
            "WHEN NEW.text_hash = OLD.text_hash "
            "BEGIN UPDATE contact SET text_hash = NULL WHERE id = NEW.id; END"
        )
        return
    op.execute(
        "CREATE FUNCTION contact_forget_text() RETURNS trigger LANGUAGE plpgsql "
        "AS 'BEGIN NEW.text_hash := NULL; RETURN NEW; END'"
    )
    op.execute(
        f"CREATE TRIGGER contact_forget_text BEFORE UPDATE OF {said_by_a_row} ON contact "
        "FOR EACH ROW WHEN (NEW.text_hash = OLD.text_hash) EXECUTE FUNCTION contact_forget_text()"
    )


def _create_contact_number() -> None:
    op.create_table(
        "contact_number",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "number", "contact_id", name=op.f("pk_contact_number")),
        sqlite_with_rowid=False,
    )


def _create_dialer() -> None:
    op.create_table(
        "dialer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("lease_until", UtcDateTime(timezone=True), nullable=False),
        sa.Column("started_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("confirmed_hold", sa.BigInteger(), nullable=False),
        sa.Column("stopped_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dialer")),
        postgresql_with={"fillfactor": 50},
    )


def _create_hold() -> None:
    op.create_table(
        "hold",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=True),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("hang_up", sa.String(), nullable=False),
        sa.Column("detail", Json, nullable=True),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("released_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("released_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_hold")),
        sa.UniqueConstraint("id", name=op.f("uq_hold_id")),
    )
    with op.batch_alter_table("hold", schema=None) as batch_op:
        batch_op.create_index(
            "ix_hold_standing",
            ["seq"],
            unique=False,
            sqlite_where=sa.text("released_at IS NULL"),
            postgresql_where=sa.text("released_at IS NULL"),
        )


def _create_installation() -> None:
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("state_serial", sa.BigInteger(), nullable=False),
        sa.Column("hash_key", sa.LargeBinary(), nullable=False),
        sa.Column("global_concurrency_limit", sa.Integer(), nullable=False),
        sa.Column("labels", Json, nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("suppressions_freed_until", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )


def _create_inventory() -> None:
    op.create_table(
        "inventory",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("campaign", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=True),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("text_hash", sa.String(), nullable=False),
        sa.Column("applied", Json, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory")),
        sa.UniqueConstraint(
            "kind", "org_id", "campaign", "name", name=op.f("uq_inventory_kind_org_id_campaign_name")
        ),
    )
    with op.batch_alter_table("inventory", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_inventory_source"), ["source"], unique=False)


def _create_lane() -> None:
    op.create_table(
        "lane",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_key", sa.Uuid(), nullable=False),
        sa.Column("class_", sa.String(), nullable=False),
        sa.Column("zone_key", sa.String(), nullable=False),
        sa.Column("caller_id_key", sa.String(), nullable=False),
        sa.Column("agent_key", sa.String(), nullable=False),
        sa.Column("country_key", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lane")),
        sa.UniqueConstraint(
            "campaign_key",
            "class_",
            "zone_key",
            "caller_id_key",
            "agent_key",
            "country_key",
            name="uq_lane_key",
        ),
    )


def _create_open_attempt() -> None:
    op.create_table(
        "open_attempt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_key", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("number_hash", sa.String(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=True),
        sa.Column("agent_id", sa.String(), nullable=True),
        sa.Column("agent_version", VersionText(length=200), nullable=True),
        sa.Column("agent_number", sa.String(), nullable=True),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("gateway_ref", sa.String(), nullable=True),
        sa.Column("configuration_revision", sa.String(), nullable=True),
        sa.Column("source_revision", sa.String(), nullable=True),
        sa.Column("timezone", sa.String(), nullable=True),
        sa.Column("timezone_source", sa.String(), nullable=False),
        sa.Column("window", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("used", sa.Boolean(), nullable=True),
        sa.Column("not_after", UtcDateTime(timezone=True), nullable=True),
        sa.Column("intent_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("placing_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("placed_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("ringing_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("answered_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("dialer_id", sa.Uuid(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("gives_up_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("free_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_open_attempt")),
        sa.UniqueConstraint("contact_id", name=op.f("uq_open_attempt_contact_id")),
        sa.UniqueConstraint("number", "org_id", name=op.f("uq_open_attempt_number_org_id")),
        postgresql_with={
            "fillfactor": 50,
            "autovacuum_vacuum_scale_factor": "0",
            "autovacuum_vacuum_threshold": 500,
            "vacuum_truncate": "false",
        },
    )
    with op.batch_alter_table("open_attempt", schema=None) as batch_op:
        batch_op.create_index(
            "ix_open_attempt_free",
            ["free_at"],
            unique=False,
            sqlite_where=sa.text("free_at IS NOT NULL"),
            postgresql_where=sa.text("free_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_open_attempt_gives_up",
            ["gives_up_at"],
            unique=False,
            sqlite_where=sa.text("free_at IS NULL"),
            postgresql_where=sa.text("free_at IS NULL"),
        )
        batch_op.create_index(
            "ix_open_attempt_usage",
            ["org_id", "campaign_key", "agent_id", "agent_number", "placing_at", "free_at"],
            unique=False,
        )


def _create_organization() -> None:
    op.create_table(
        "organization",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("adhoc_key", sa.Uuid(), nullable=False),
        sa.Column("concurrency_limit", sa.Integer(), nullable=False),
        sa.Column("caller_ids", Json, nullable=False),
        sa.Column("labels", Json, nullable=False),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organization")),
        sa.UniqueConstraint("adhoc_key", name=op.f("uq_organization_adhoc_key")),
        sa.UniqueConstraint("name", name=op.f("uq_organization_name")),
    )


def _create_source() -> None:
    op.create_table(
        "source",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("revision", sa.String(), nullable=True),
        sa.Column("condition", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=True),
        sa.Column("looked_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("changed_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_source")),
    )


def _create_suppression() -> None:
    op.create_table(
        "suppression",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("list_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("removed_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppression")),
    )
    with op.batch_alter_table("suppression", schema=None) as batch_op:
        batch_op.create_index(
            "ix_suppression_expiry",
            ["expires_at"],
            unique=False,
            sqlite_where=sa.text("expires_at IS NOT NULL AND removed_at IS NULL"),
            postgresql_where=sa.text("expires_at IS NOT NULL AND removed_at IS NULL"),
        )
        batch_op.create_index("ix_suppression_number", ["number", "org_id"], unique=False)
        batch_op.create_index(
            "uq_suppression_list_number",
            ["list_id", "number"],
            unique=True,
            sqlite_where=sa.text("list_id IS NOT NULL"),
            postgresql_where=sa.text("list_id IS NOT NULL"),
        )


def _create_tally() -> None:
    op.create_table(
        "tally",
        sa.Column("campaign_key", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("campaign_key", "name", name=op.f("pk_tally")),
        postgresql_with={"fillfactor": 50},
    )


def _create_configuration() -> None:
    op.create_table(
        "configuration",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("spec", Json, nullable=False),
        sa.Column("revision", sa.String(), nullable=False),
        sa.Column("source_revision", sa.String(), nullable=True),
        sa.Column("labels", Json, nullable=False),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["org_id"], ["organization.id"], name=op.f("fk_configuration_org_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_configuration")),
    )
    with op.batch_alter_table("configuration", schema=None) as batch_op:
        batch_op.create_index(
            "uq_configuration_live_name",
            ["org_id", "external_id"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )


def _create_campaign() -> None:
    op.create_table(
        "campaign",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("configuration_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.String(), nullable=True),
        sa.Column("agent_version", VersionText(length=200), nullable=True),
        sa.Column("agent_number", sa.String(), nullable=True),
        sa.Column("start_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("end_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("source_revision", sa.String(), nullable=True),
        sa.Column("labels", Json, nullable=False),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("next_start_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["configuration_id"], ["configuration.id"], name=op.f("fk_campaign_configuration_id")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organization.id"], name=op.f("fk_campaign_org_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
        sa.UniqueConstraint("org_id", "external_id", name=op.f("uq_campaign_org_id_external_id")),
        postgresql_with={"fillfactor": 50},
    )
    with op.batch_alter_table("campaign", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_campaign_configuration_id"), ["configuration_id"], unique=False)
