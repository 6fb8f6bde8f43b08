"""What a simulation leaves behind: rows read by SQL, what the carrier was told and said, what was applied."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from simulation.declarations import Person
from sqlalchemy import select
from support.history import every_attempt

from reconciler.ports import Accepted, Ended
from reconciler.store import tables


@dataclass(frozen=True)
class Fact:
    """One attempt: its row, and what the carrier said of it; `settled_at`: when the dialer heard its end."""

    id: UUID
    contact: tuple
    number: str
    agent: tuple
    attempt: int | None
    state: str
    outcome: str | None
    disposition: str | None
    used: bool | None
    timezone: str | None
    timezone_source: str
    conversation_id: UUID | None
    intent_at: datetime
    placing_at: datetime | None
    ended_at: datetime | None
    settled_at: datetime | None
    rang: bool = False
    callback_at: datetime | None = None

    def __str__(self):
        return f"{'/'.join(map(str, self.contact))} call {self.attempt} to {self.number} at {self.placing_at}"

    @property
    def org(self):
        return self.contact[0]

    @property
    def campaign(self):
        return self.contact[1]


@dataclass(frozen=True)
class HoldFact:
    """One hold; `value` of a campaign's is its organization and name."""

    org: str | None
    scope: str
    value: object
    cause: str
    agent: str | None
    start: datetime
    end: datetime | None


@dataclass(frozen=True)
class Entry:
    """One entry of the ledger."""

    org: str
    number: str
    start: datetime
    end: datetime | None


@dataclass(frozen=True)
class Standing:
    """Where a contact stands in the end."""

    id: str
    status: str
    attempts: int
    created_at: datetime


@dataclass(frozen=True)
class Evidence:
    """All of it. `history` pairs the instant of each apply with what it declared."""

    start: datetime
    end: datetime
    tick: timedelta
    history: list
    facts: list
    standings: dict
    holds: list
    ledger: list
    statuses: dict
    steps: list
    calls: list
    accepted: frozenset

    def declared_at(self, at):
        """Give what was in force at an instant."""
        return [declared for since, declared in self.history if since <= at][-1]

    def placed(self):
        """Give the attempts that were sent."""
        return [fact for fact in self.facts if fact.placing_at is not None]


class Tape:
    """Records what goes to the carrier and what comes from it, with the instant of the step."""

    def __init__(self, world):
        self.steps, self.calls, self.ends, self.accepted = [], [], {}, set()
        submit, events = world.gateway.submit, world.gateway.events

        def taped_submit(calls):
            self.calls += calls
            submit(calls)

        def taped_events():
            now = world.clock.now()
            self.steps.append(now)
            told = events()
            for event in told:
                if isinstance(event, Ended):
                    self.ends.setdefault(event.attempt_id, (now, event))
                elif isinstance(event, Accepted):
                    self.accepted.add(event.attempt_id)
            return told

        world.gateway.submit, world.gateway.events = taped_submit, taped_events


def collect(world, tape, history):
    """Read the evidence of a world as it is now."""
    with world.database.read() as connection:

        def rows(table):
            return connection.execute(select(table).order_by(*table.primary_key)).all()

        orgs = {row.id: row.name for row in rows(tables.organization)}
        names = {row.id: row.external_id for row in rows(tables.campaign)}
        people = {
            row.id: (orgs[row.org_id], names.get(row.campaign_key), row.external_id)
            for row in rows(tables.contact)
        }
        return Evidence(
            world.scenario.start, world.clock.now(), world.scenario.tick, history,
            [_fact(row, people, tape) for row in every_attempt(connection)],
            {people[row.id]: Standing(row.id.hex, row.status, row.attempts, row.created_at)
             for row in rows(tables.contact)},
            [_hold(row, orgs, names) for row in rows(tables.hold)],
            [Entry(orgs[row.org_id], row.number, row.created_at, _first(row.expires_at, row.removed_at))
             for row in rows(tables.suppression) if row.list_id is None],
            _statuses(rows(tables.event), orgs, history),
            tape.steps, tape.calls, frozenset(tape.accepted),
        )  # fmt: skip


def people_of_rows(world):
    """Give contacts as their rows say, for manifests whose data files the judge cannot read."""
    with world.database.read() as connection:
        orgs = dict(connection.execute(select(tables.organization.c.id, tables.organization.c.name)).all())
        names = dict(connection.execute(select(tables.campaign.c.id, tables.campaign.c.external_id)).all())
        return {
            (orgs[row.org_id], names.get(row.campaign_key), row.external_id): Person(
                tuple(row.phone_numbers), row.timezone, row.scheduled_at, row.expires_at,
                (row.agent_id, row.agent_version, row.agent_number),
            )
            for row in connection.execute(select(tables.contact))
        }  # fmt: skip


def _fact(row, people, tape):
    heard_at, end = tape.ends.get(row.id, (row.ended_at, None))
    return Fact(
        row.id, people[row.contact_id], row.number, (row.agent_id, row.agent_version, row.agent_number),
        row.attempt, row.state, row.outcome, row.disposition, row.used, row.timezone, row.timezone_source,
        row.conversation_id, row.intent_at, row.placing_at, row.ended_at, heard_at,
        rang=end is not None and end.rang, callback_at=end.callback_at if end else None,
    )  # fmt: skip


def _hold(row, orgs, names):
    value = (orgs[row.org_id], names[UUID(row.value)]) if row.scope == "campaign" else row.value
    agent = row.detail["agent_id"] if row.detail else None
    return HoldFact(
        orgs.get(row.org_id), row.scope, value, row.cause, agent, row.created_at,
        _first(row.expires_at, row.released_at),
    )  # fmt: skip


def _first(*instants):
    return min((at for at in instants if at is not None), default=None)


def _statuses(events, orgs, history):
    """Give, per campaign, its statuses with the instant of each: as declared at first, then as logged."""
    found = {}
    for since, declared in history:
        for key, spec in declared.campaigns.items():
            found.setdefault(key, [(since, spec.get("status", "active"))])
    for event in events:
        if event.kind == "Campaign" and event.action != "create":
            for change in event.fields or ():
                if change["path"] == "spec.status":
                    found[orgs[event.org_id], event.name].append((event.at, change["after"]))
    return found
