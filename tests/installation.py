"""A scratch installation for tests: a real SQLite database in memory, a virtual clock, ids from a seed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from databases import scratch_url
from sqlalchemy import func, insert, select, update

from reconciler.clock import VirtualClock
from reconciler.core.holds import Blamed, Hold, HoldCause, HoldScope
from reconciler.core.plan.guards import GUARDS
from reconciler.core.plan.plan import PlanOptions
from reconciler.core.plan.planner import plan
from reconciler.ids import Uuid7
from reconciler.store import tables
from reconciler.store.apply import apply
from reconciler.store.engine import open_database
from reconciler.store.events import Actor, EventRecord, write_events
from reconciler.store.holds import place_hold
from reconciler.store.observe import observe
from reconciler.store.schema import create_scratch
from reconciler.store.tallies import TallyChange

START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
HASH_KEY = b"0123456789abcdef0123456789abcdef"
ALL_GUARDS = frozenset(GUARDS)
ANA = Actor("ana", "cli")


class Installation:
    """One database and the few things that people and dialers do to it."""

    def __init__(self, url=None, seed=7):
        self.clock = VirtualClock(START)
        self.ids = Uuid7(Random(seed))
        self.url = url or scratch_url()
        self.database = open_database(self.url)
        create_scratch(self.database, self.ids, START, HASH_KEY)

    def plan(self, desired, *, source="main", prune=False, releases=(), allowed=ALL_GUARDS):
        options = PlanOptions(self.clock.now(), source, prune, frozenset(releases), frozenset(allowed))
        with self.database.read() as connection:
            return plan(desired, observe(connection, desired, source, self.clock.now()), options)

    def apply_plan(self, made, revision="r1"):
        apply_id = UUID(int=self.ids(self.clock.now()).int)
        actor = Actor("ci", "cli", apply_id, made.source, revision)
        return apply(self.database, made, actor, self.clock, self.ids)

    def apply(self, desired, **options):
        """Plan, apply, move on by a minute; gives the plan."""
        made = self.plan(desired, **options)
        self.apply_plan(made)
        self.clock.advance(timedelta(minutes=1))
        return made

    def rows(self, table, *where):
        with self.database.read() as connection:
            return connection.execute(select(table).where(*where)).all()

    def contact(self, name):
        (row,) = self.rows(tables.contact, tables.contact.c.external_id == name)
        return row

    def campaign(self, name="spring"):
        (row,) = self.rows(tables.campaign, tables.campaign.c.external_id == name)
        return row

    def edit_campaign(self, name="spring", actor=ANA, **values):
        """Change a campaign by hand, as the API does: with an event, and a new serial."""
        row = self.campaign(name)
        with self.database.write() as connection:
            connection.execute(update(tables.campaign).where(tables.campaign.c.id == row.id).values(**values))
            record = EventRecord("update", "Campaign", name, org_id=row.org_id, object_id=row.id)
            write_events(connection, actor, self.clock.now(), [record])
            self._raise_serial(connection)

    def pause(self, name="spring", reason="complaints"):
        """Pause a campaign as a person does: its status, and a hold on it (R-HOLD-2)."""
        row = self.campaign(name)
        self.edit_campaign(name, status="paused")
        hold = Hold(
            self.ids(self.clock.now()), 0, HoldScope.CAMPAIGN, str(row.id), HoldCause.PERSON, reason, "ana",
            self.clock.now(), org_id=row.org_id,
        )  # fmt: skip
        with self.database.write() as connection:
            place_hold(connection, hold, ANA)

    def hold_for_config_error(self, agent_id, name="spring"):
        """Hold a campaign as the dialer does when a gateway refuses its agent."""
        row = self.campaign(name)
        hold = Hold(
            self.ids(self.clock.now()), 0, HoldScope.CAMPAIGN, str(row.id), HoldCause.CONFIG_ERROR,
            "unknown agent", "dialer", self.clock.now(), org_id=row.org_id,
            blamed=Blamed(agent_id, None, None),
        )  # fmt: skip
        with self.database.write() as connection:
            place_hold(connection, hold, ANA)

    def edit_contact(self, name, **values):
        """Change a contact's row: by hand, or as a dialer does; tallies follow its status."""
        row = self.contact(name)
        with self.database.write() as connection:
            connection.execute(update(tables.contact).where(tables.contact.c.id == row.id).values(**values))
            if "status" in values:
                for status, by in ((row.status, -1), (values["status"], 1)):
                    self._count(connection, row, status, by)

    def remember_call(self, number, ago, campaign="spring"):
        """Write down a call that nobody answered, so long ago: history as a dialer leaves it."""
        row, at = self.campaign(campaign), self.clock.now() - ago
        evidence = {
            "id": Uuid7(Random(int(number)))(at), "org_id": row.org_id, "campaign_key": row.id,
            "contact_id": row.id, "dialer_id": row.id, "number": number, "number_hash": number, "attempt": 1,
            "gateway": "simulator", "timezone_source": "default", "state": "ended", "used": True,
            "intent_at": at, "placing_at": at, "outcome": "no_answer", "ended_at": at,
        }  # fmt: skip
        with self.database.write() as connection:
            connection.execute(insert(tables.attempt), evidence)

    def tallies(self):
        """Give the kept tallies of statuses, without zeros."""
        return {(row.campaign_key, row.name): row.count for row in self.rows(tables.tally) if row.count}

    def counted(self):
        """Count what the tallies should say."""
        columns = (tables.contact.c.campaign_key, tables.contact.c.status)
        with self.database.read() as connection:
            rows = connection.execute(select(*columns, func.count()).group_by(*columns))
            return {(key, status): count for key, status, count in rows}

    def serial(self):
        (row,) = self.rows(tables.installation)
        return row.state_serial

    def _raise_serial(self, connection):
        serial = tables.installation.c.state_serial
        connection.execute(update(tables.installation).values(state_serial=serial + 1))

    def _count(self, connection, row, status, by):
        change = TallyChange()
        change.add(row.org_id, row.campaign_key, status, by)
        change.write(connection)
