"""What a storm leaves behind, read as plainly as can be: the carrier's ledger, the recorder, the database."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select
from support.history import count_used, every_attempt

from reconciler.store import tables

RACE = 5.0
"""Seconds: further apart, a clock was set between the moment of a call and its record, or not corrected."""


@dataclass
class Call:
    """One attempt: its row, and what the carrier's ledger and the recorder say of it.

    Instants are seconds by a clock that is right: `started` is when it was marked as placing. `wrong_by`: by
    how much its dialer was mistaken about the time then.
    """

    id: str
    org: str
    campaign: str
    contact: str
    number: str
    caller_id: str | None
    state: str
    outcome: str | None
    disposition: str | None
    used: bool | None
    attempt: int | None
    placed: bool
    accepted: bool
    contact_id: object
    started: float | None = None
    wrong_by: float = 0.0
    orders: list = field(default_factory=list)
    rings: list = field(default_factory=list)
    ends: list = field(default_factory=list)
    fenced: bool = False

    def __str__(self):
        return f"call {self.id} of {self.org}/{self.campaign}/{self.contact} to {self.number}"

    @property
    def taken(self) -> bool:
        """Tell whether the carrier placed it."""
        return bool(self.orders) and not self.fenced

    @property
    def ended_at(self) -> float | None:
        return self.ends[0]["true"] if self.ends else None


@dataclass
class Evidence:
    """All of it. `kept` and `counted`: contacts per status, and attempts, by tallies and by rows."""

    calls: list[Call]
    strangers: list[str]
    contacts: list
    conversations: list
    open_attempts: int
    suppressed: set
    journal: list
    samples: list
    logs: list[Path]
    by_server: bool
    kept: dict
    counted: dict

    def started(self):
        """Give the calls that were marked as placing, in order."""
        return sorted((call for call in self.calls if call.started is not None), key=lambda c: c.started)


def collect(scene, journal, storm) -> Evidence:
    """Read everything, and keep the database's tables as files beside the ledger."""
    by_server = scene.server is not None
    with scene.reader.read() as connection:

        def rows(table):
            return connection.execute(select(table)).all()

        orgs = {row.id: row.name for row in rows(tables.organization)}
        campaigns = {row.id: row.external_id for row in rows(tables.campaign)}
        contacts = rows(tables.contact)
        names = {row.id: row.external_id for row in contacts}
        calls = {str(row.id): _call(row, orgs, campaigns, names) for row in every_attempt(connection)}
        found = {
            "contacts": [(orgs[row.org_id], campaigns[row.campaign_key], row) for row in contacts],
            "conversations": [str(row.attempt_id) for row in rows(tables.conversation)],
            "open_attempts": len(rows(tables.open_attempt)),
            "suppressed": {
                (orgs[row.org_id], row.number) for row in rows(tables.suppression) if row.removed_at is None
            },
            "kept": {(row.campaign_key, row.name): row.count for row in rows(tables.tally) if row.count},
            "counted": {
                **Counter((row.campaign_key, row.status) for row in contacts),
                **count_used(connection),
            },
        }
        _keep(connection, scene.folder / "database")
    strangers = _read_ledger(scene.ledger, calls)
    _read_record(scene.folder / "calls.jsonl", calls, by_server=by_server)
    return Evidence(
        calls=list(calls.values()),
        strangers=strangers,
        journal=journal.entries,
        samples=storm.samples,
        logs=sorted(scene.folder.glob("*.log")),
        by_server=by_server,
        **found,
    )


def _call(row, orgs, campaigns, names):
    return Call(
        str(row.id), orgs[row.org_id], campaigns[row.campaign_key], names[row.contact_id], row.number,
        row.agent_number, row.state, row.outcome, row.disposition, row.used, row.attempt,
        row.placing_at is not None, row.conversation_id is not None, row.contact_id,
    )  # fmt: skip


def _read_ledger(path, calls):
    strangers = []
    for line in map(json.loads, path.read_text().splitlines()):
        call = calls.get(line["id"])
        if call is None:
            strangers.append(line["id"])
        elif line["what"] == "fence":
            call.fenced = True
        else:
            {"order": call.orders, "ring": call.rings, "end": call.ends}[line["what"]].append(line)
    return strangers


def _read_record(path, calls, *, by_server):
    """Read when calls were marked as placing; the mark of a transaction that was undone counts for nothing.

    Who writes to a database server goes by its clock, whatever the machine's says.
    """
    for line in map(json.loads, path.read_text().splitlines()):
        call = calls.get(line["id"])
        if call is None or not call.placed:
            continue
        wrong_by = 0.0 if by_server else line["wrong_by"]
        call.started = line["at"] - wrong_by
        call.wrong_by = wrong_by
        if abs(call.started - line["true"]) > RACE:
            call.started, call.wrong_by = line["true"], line["at"] - line["true"]


def _keep(connection, folder):
    folder.mkdir(exist_ok=True)
    for table in (
        tables.contact, tables.attempt, tables.open_attempt, tables.hold, tables.dialer, tables.suppression,
        tables.breaker, tables.campaign, tables.configuration, tables.event, tables.tally,
    ):  # fmt: skip
        with (folder / f"{table.name}.jsonl").open("w", encoding="utf-8") as file:
            for row in connection.execute(select(table)):
                file.write(json.dumps(row._asdict(), default=str) + "\n")
