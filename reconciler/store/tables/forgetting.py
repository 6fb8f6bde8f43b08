"""Whoever edits a contact has its text hash forgotten, be it by hand, in a psql.

While a contact has one, its row in a data file is not read again (manifests/row_texts.py); so the database
itself sees to it that there is none on a contact that differs from its row. An apply writes fields and hash
together. A dialer writes none of these columns, and so pays nothing.
"""

from __future__ import annotations

_SAID_BY_A_ROW = (
    "org_id, campaign_key, external_id, phone_numbers, data, timezone, scheduled_at, expires_at, agent_id, "
    "agent_version, agent_number, agent_config, initial_context, labels, source, list_id"
)

FORGET_TEXT = {
    "sqlite": (
        f"""
        CREATE TRIGGER contact_forget_text AFTER UPDATE OF {_SAID_BY_A_ROW} ON contact
        WHEN NEW.text_hash = OLD.text_hash
        BEGIN UPDATE contact SET text_hash = NULL WHERE id = NEW.id; END
        """,  # noqa: S608 - the columns above
    ),
    "postgresql": (
        """
        CREATE FUNCTION contact_forget_text() RETURNS trigger LANGUAGE plpgsql
        AS 'BEGIN NEW.text_hash := NULL; RETURN NEW; END'
        """,
        f"""
        CREATE TRIGGER contact_forget_text BEFORE UPDATE OF {_SAID_BY_A_ROW} ON contact
        FOR EACH ROW WHEN (NEW.text_hash = OLD.text_hash) EXECUTE FUNCTION contact_forget_text()
        """,
    ),
}
"""Statements that make it so, by engine."""
