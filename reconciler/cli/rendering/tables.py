"""The tables of `get`: which columns each kind has, and what stands in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.table import Table

from reconciler.cli.rendering.colours import coloured
from reconciler.cli.rendering.documents import Record
from reconciler.cli.rendering.words import NOTHING, SHORT_ID, labels_text, minute, second, short_id, text_of

Cell = Callable[[Record], str]

CAMPAIGN = "CAMPAIGN"
MINUTE, SECOND, WORD, READABLE = 16, 19, 6, 10
"""Widths below which an instant, a status, a text could not be read any more."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title, and what stands in it; `folds`: long text goes on in the next line.

    `least` is how narrow it may become.
    """

    title: str
    cell: Cell
    folds: bool = False
    right: bool = False
    least: int | None = None


def table_of(kind: str, records: Iterable[Record], now: datetime, *, one_campaign: bool = False) -> Table:
    """Lay records out as the kind's table, as of `now`; a column that would say nothing is left out."""
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
    table = Table(box=None, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(
            column.title,
            justify="right" if column.right else "left",
            no_wrap=not column.folds,
            overflow="fold" if column.folds else "ellipsis",
            min_width=column.least,
        )
    for row in rows:
        table.add_row(*(coloured(column.cell(row)) for column in columns))
    return table


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
        Column("SERIAL", _field("state_serial"), right=True),
        Column("RUNNING", _running, right=True),
    ),
    "organizations": (
        Column("NAME", _field("name")),
        Column("LIMIT", _field("concurrency_limit"), right=True),
        Column(
            "CALLER IDS",
            _caller_ids,
            folds=True,
        ),
        Column("LABELS", lambda record: labels_text(record["labels"]), folds=True, least=READABLE),
    ),
    "configurations": (
        Column("NAME", _field("external_id")),
        Column("ZONE", _windows),
        Column("AGENT", lambda record: _agent(record["spec"])),
        Column("USED BY", _field("open_campaigns"), right=True),
        Column("LABELS", lambda record: labels_text(record["labels"]), folds=True, least=READABLE),
    ),
    "campaigns": (
        Column("NAME", _field("external_id")),
        Column("STATUS", _field("status"), least=WORD),
        Column("SYNC", _field("sync"), least=WORD),
        Column("PRIORITY", _field("priority"), right=True),
        Column("CONFIGURATION", _field("configuration")),
        Column("SOURCE", _field("source")),
    ),
    "contacts": (
        Column("NAME", _contact_name),
        Column(CAMPAIGN, _campaign_name),
        Column("STATUS", _field("status"), least=WORD),
        Column("NUMBERS", _numbers),
        Column("TRIES", _field("attempts"), right=True),
        Column("DUE (UTC)", _due, least=MINUTE),
        Column("REASON", _field("reason"), folds=True, least=READABLE),
    ),
    "attempts": (
        Column("STARTED (UTC)", lambda record: second(record["started_at"]), least=SECOND),
        Column(CAMPAIGN, _campaign_name),
        Column("CONTACT", _field("contact")),
        Column("NUMBER", _field("number")),
        Column("#", _field("attempt"), right=True),
        Column("OUTCOME", _outcome),
        Column("LASTED", _lasted, right=True),
    ),
    "conversations": (
        Column("STARTED (UTC)", lambda record: second(record["created_at"]), least=SECOND),
        Column(CAMPAIGN, _campaign_name),
        Column("CONTACT", _field("contact")),
        Column("STATUS", _field("status"), least=WORD),
        Column("LASTED", _lasted, right=True),
        Column("TURNS", lambda record: str(len(record["transcript"])), right=True),
    ),
    "holds": (
        Column("ID", lambda record: short_id(record["id"]), least=SHORT_ID),
        Column("SCOPE", _scope, folds=True, least=READABLE),
        Column("BY", _field("actor")),
        Column("UNTIL (UTC)", _ends),
        Column("REASON", _field("reason"), folds=True, least=READABLE),
    ),
    "suppressions": (
        Column("NUMBER", _field("number")),
        Column("FROM", lambda record: record["list"] or "ledger"),
        Column("UNTIL (UTC)", _suppressed_until),
        Column("BY", _field("actor")),
        Column("REASON", _field("reason"), folds=True, least=READABLE),
    ),
    "events": (
        Column("SEQ", lambda record: str(record["seq"]), right=True),
        Column("AT (UTC)", _at("at"), least=MINUTE),
        Column("ACTOR", _field("actor")),
        Column("ACTION", _field("action")),
        Column("OBJECT", _object, folds=True, least=READABLE),
        Column("COUNT", _field("count"), right=True),
        Column("FROM", _where_from),
        Column("APPLY", lambda record: short_id(record["apply_id"])),
    ),
}
"""The columns of each kind, from left to right."""
