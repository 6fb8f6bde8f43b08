"""The tables of `get`: which columns each kind has, and what stands in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.table import Table

from reconciler.cli.rendering.documents import Record
from reconciler.cli.rendering.fitting import Cell, Column, fitted
from reconciler.cli.rendering.words import NOTHING, labels_text, minute, second, short_id, text_of

CAMPAIGN = "CAMPAIGN"
READABLE, NAME = 10, 24
"""Widths below which a text could not be read any more, and names be told apart."""


def table_of(
    kind: str, records: Iterable[Record], now: datetime, *, width: int, one_campaign: bool = False
) -> tuple[Table, list[str]]:
    """Lay records out as the kind's table, as of `now`; a column that would say nothing is left out.

    Gives the table, and the titles of the columns for which a screen of this width has no room.
    """
    rows = [{**record, "now": now} for record in records]
    columns = [
        column
        for place, column in enumerate(COLUMNS[kind])
        if not place
        or (
            any(column.cell(row) != NOTHING for row in rows)
            and not (one_campaign and column.title == CAMPAIGN)
        )
    ]
    return fitted(columns, rows, width)


def _field(name: str) -> Cell:
    return lambda record: text_of(record[name])


def _at(name: str) -> Cell:
    return lambda record: minute(record[name])


def _numbers(record: Record) -> str:
    first, *others = record["phone_numbers"]
    return f"{first} +{len(others)}" if others else str(first)


def _contact_name(record: Record) -> str:
    return str(record["external_id"] or record["id"])


def _campaign_name(record: Record) -> str:
    return record["campaign"] or NOTHING


def _agent(record: Mapping[str, Any]) -> str:
    version = record["agent_version"]
    return text_of(record["agent_id"]) + (f"@{version}" if version is not None else "")


def _outcome(record: Record) -> str:
    outcome = record["outcome"] or record["state"]
    return f"{outcome}, {record['disposition']}" if record["disposition"] else str(outcome)


def _lasted(record: Record) -> str:
    begun, ended = record.get("started_at") or record.get("created_at"), record["ended_at"]
    return f"{(ended - begun).total_seconds():,.0f} s" if begun and ended else NOTHING


def _due(record: Record) -> str:
    """Write when a contact may be called by due time and windows; a due time alone may be long past."""
    due_at, callable_at, now = record["due_at"], record["callable_at"], record["now"]
    if callable_at is not None:
        return "now" if callable_at <= now else minute(callable_at)
    if due_at is None or due_at <= now:
        return NOTHING if due_at is None or record["reason"] else "never"
    return minute(due_at)


def _scope(record: Record) -> str:
    return f"{record['scope']} {record['value']}" if record["value"] else str(record["scope"])


def _ends(record: Record) -> str:
    if record["released_at"]:
        return f"released {minute(record['released_at'])}"
    return minute(record["expires_at"])


def _suppressed_until(record: Record) -> str:
    if record["removed_at"]:
        return f"lifted {minute(record['removed_at'])}"
    return minute(record["expires_at"]) if record["expires_at"] else "for ever"


def _object(record: Record) -> str:
    inside = f"{record['campaign']}/" if record["campaign"] and record["campaign"] != record["name"] else ""
    return f"{record['kind']} {inside}{record['name']}"


def _where_from(record: Record) -> str:
    if not record["source"]:
        return NOTHING
    return f"{record['source']}@{record['revision'][:8]}" if record["revision"] else str(record["source"])


def _place(record: Record) -> str:
    return str(record["spec"]["from"]) if record["spec"] else NOTHING


def _numbered(batch: Record | None) -> str:
    return f"#{batch['batch']} {batch['name']}" if batch else NOTHING


def _windows(record: Record) -> str:
    return str(record["spec"]["schedule"]["default_timezone"])


def _running(record: Record) -> str:
    return str(sum(one["state"] == "running" for one in record["dialers"]))


def _caller_ids(record: Record) -> str:
    limits = (f"{one['number']} (max {one['max_concurrent_calls']})" for one in record["caller_ids"])
    return ", ".join(limits) or NOTHING


COLUMNS: Mapping[str, Sequence[Column]] = {
    "dialer": (
        Column("NAME", _field("name")),
        Column("GLOBAL LIMIT", _field("global_concurrency_limit"), right=True),
        Column("ENVIRONMENT", _field("environment")),
        Column("SERIAL", _field("state_serial"), right=True, goes=1),
        Column("RUNNING", _running, right=True),
    ),
    "organizations": (
        Column("NAME", _field("name"), least=NAME),
        Column("LIMIT", _field("concurrency_limit"), right=True),
        Column("CALLER IDS", _caller_ids, folds=True, least=READABLE, goes=2),
        Column("LABELS", lambda record: labels_text(record["labels"]), folds=True, least=READABLE, goes=1),
    ),
    "configurations": (
        Column("NAME", _field("external_id"), least=NAME),
        Column("ZONE", _windows),
        Column("AGENT", lambda record: _agent(record["spec"]), least=NAME, goes=3),
        Column("USED BY", _field("open_campaigns"), right=True, goes=2),
        Column("LABELS", lambda record: labels_text(record["labels"]), folds=True, least=READABLE, goes=1),
    ),
    "campaigns": (
        Column("NAME", _field("external_id"), least=NAME),
        Column("STATUS", _field("status")),
        Column("SYNC", _field("sync")),
        Column("PRIORITY", _field("priority"), right=True, goes=3),
        Column("CONFIGURATION", _field("configuration"), least=NAME, goes=2),
        Column("SOURCE", _field("source"), least=NAME, goes=1),
    ),
    "contacts": (
        Column("NAME", _contact_name, least=NAME),
        Column(CAMPAIGN, _campaign_name, least=NAME, goes=2),
        Column("STATUS", _field("status")),
        Column("NUMBERS", _numbers, goes=3),
        Column("TRIES", _field("attempts"), right=True, goes=1),
        Column("DUE (UTC)", _due),
        Column("REASON", _field("reason"), folds=True, least=READABLE, goes=4),
    ),
    "attempts": (
        Column("STARTED (UTC)", lambda record: second(record["started_at"])),
        Column(CAMPAIGN, _campaign_name, least=NAME, goes=2),
        Column("CONTACT", _field("contact"), least=NAME),
        Column("NUMBER", _field("number"), goes=3),
        Column("#", _field("attempt"), right=True, goes=1),
        Column("OUTCOME", _outcome, folds=True, least=READABLE),
        Column("LASTED", _lasted, right=True, goes=4),
    ),
    "conversations": (
        Column("STARTED (UTC)", lambda record: second(record["created_at"])),
        Column(CAMPAIGN, _campaign_name, least=NAME, goes=2),
        Column("CONTACT", _field("contact"), least=NAME),
        Column("STATUS", _field("status")),
        Column("LASTED", _lasted, right=True, goes=3),
        Column("TURNS", lambda record: str(len(record["transcript"])), right=True, goes=1),
    ),
    "holds": (
        Column("ID", lambda record: short_id(record["id"])),
        Column("SCOPE", _scope, folds=True, least=READABLE),
        Column("BY", _field("actor"), least=NAME, goes=1),
        Column("UNTIL (UTC)", _ends, goes=2),
        Column("REASON", _field("reason"), folds=True, least=READABLE),
    ),
    "suppressions": (
        Column("NUMBER", _field("number")),
        Column("FROM", lambda record: record["list"] or "ledger", least=NAME, goes=3),
        Column("UNTIL (UTC)", _suppressed_until, goes=2),
        Column("BY", _field("actor"), least=NAME, goes=1),
        Column("REASON", _field("reason"), folds=True, least=READABLE),
    ),
    "events": (
        Column("SEQ", lambda record: str(record["seq"]), right=True),
        Column("AT (UTC)", _at("at")),
        Column("ACTOR", _field("actor"), least=NAME, goes=4),
        Column("ACTION", _field("action")),
        Column("OBJECT", _object, folds=True, least=READABLE),
        Column("COUNT", _field("count"), right=True, goes=3),
        Column("FROM", _where_from, least=NAME, goes=2),
        Column("APPLY", lambda record: short_id(record["apply_id"]), goes=1),
    ),
    "feeds": (
        Column("NAME", _field("name"), least=NAME),
        Column(CAMPAIGN, _campaign_name, least=NAME, goes=2),
        Column("FROM", _place, folds=True, least=READABLE, goes=3),
        Column("CONDITION", _field("condition")),
        Column("LOOKED (UTC)", _at("looked_at"), goes=1),
        Column("APPLIED", lambda record: _numbered(record["applied"]), least=NAME),
        Column("QUARANTINE", lambda record: _numbered(record["quarantined"]), least=NAME),
    ),
    "batches": (
        Column("BATCH", lambda record: f"#{record['batch']}", right=True),
        Column(CAMPAIGN, _campaign_name, least=NAME, goes=2),
        Column("FEED", _field("feed"), least=NAME),
        Column("NAME", _field("name"), folds=True, least=READABLE),
        Column("STATUS", _field("status")),
        Column("ROWS", lambda record: f"{record['rows']:,}", right=True, goes=3),
        Column("AT (UTC)", _at("decided_at"), goes=1),
        Column("BY", _field("actor"), least=NAME, goes=4),
    ),
    "archives": (
        Column("MONTH", _field("month")),
        Column("WHAT", _field("history")),
        Column("ROWS", lambda record: f"{record['rows']:,}", right=True),
        Column("AT (UTC)", _at("created_at"), goes=2),
        Column("BY", _field("actor"), least=NAME, goes=1),
        Column("FILE", _field("file"), folds=True, least=READABLE),
    ),
}
"""The columns of each kind, from left to right."""
