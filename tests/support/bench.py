"""A bench for the dialer: manifests as YAML on a real SQLite database, a virtual clock, dialers that step."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from random import Random
from textwrap import indent

from databases import scratch_url
from sqlalchemy import func, select, update
from support.carrier import ScriptedCarrier
from support.history import count_used, every_attempt

from reconciler.clock import VirtualClock
from reconciler.controller.dialer import Dialer, Identity
from reconciler.controller.planning import Source, plan_source
from reconciler.core.holds import Hold, HoldCause, HoldScope
from reconciler.core.plan.guards import GUARDS
from reconciler.core.plan.plan import PlanOptions
from reconciler.ids import Uuid7
from reconciler.store import tables
from reconciler.store.apply import apply
from reconciler.store.dialect import ALL_LOCKS, use_write_ahead_log
from reconciler.store.engine import open_database
from reconciler.store.events import Actor
from reconciler.store.holds import place_hold
from reconciler.store.schema import create_scratch

MONDAY = datetime(2026, 3, 2, 15, tzinfo=UTC)
"""10:00 in New York."""

SECOND, MINUTE, HOUR, DAY = (timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours", "days"))
HASH_KEY = b"0123456789abcdef0123456789abcdef"
ANA = Actor("ana", "cli")
ALWAYS = '{default_windows: [{days: [mon, tue, wed, thu, fri, sat, sun], start: "00:00", end: "24:00"}]}'
OFFICE = '{default_windows: [{days: [mon, tue, wed, thu, fri], start: "09:00", end: "17:00"}]}'
KEPT = ("used_attempts", "unused_attempts")


def document(kind, name, spec, **metadata):
    """Write one manifest; `spec` is YAML, in flow or block style."""
    names = "".join(f", {key}: {value}" for key, value in metadata.items())
    body = f" {spec}" if spec.startswith("{") else "\n" + indent(spec, "  ")
    return f"apiVersion: campaigns/v1\nkind: {kind}\nmetadata: {{name: {name}{names}}}\nspec:{body}\n"


def installation(global_limit=50):
    return document("Dialer", "default", f"{{global_concurrency_limit: {global_limit}}}")


def organization(name="default", limit=50, caller_ids="[]"):
    return document("Organization", name, f"{{concurrency_limit: {limit}, caller_ids: {caller_ids}}}")


def configuration(name="hours", org="default", *, dialing="{}", schedule=ALWAYS, agent="agent-a", also=""):
    spec = f"schedule: {schedule}\ndialing: {dialing}\n"
    spec += f"agent_id: {agent}\n" if agent else ""
    return document("Configuration", name, spec + also, org=org)


def campaign(name="spring", org="default", config="hours", also=""):
    return document("Campaign", name, f"configuration: {config}\n{also}", org=org)


def contact(name, number=None, campaign="spring", org="default", also=""):
    """Declare one contact; `number` is one or a list, by default one that follows from the name."""
    given = number or number_of(name)
    numbers = ", ".join(f'"{one}"' for one in (given if isinstance(given, list) else [given]))
    return document("Contact", name, f"phone_numbers: [{numbers}]\n{also}", org=org, campaign=campaign)


def number_of(name):
    """Give a number of New York that is reserved for fiction: `c7` has +12125550107."""
    digits = int("".join(filter(str.isdigit, str(name))) or sum(map(ord, str(name))))
    return f"+1{(212, 646, 917, 718, 347)[digits // 100 % 5]}55501{digits % 100:02d}"


def crowd(count, campaign="spring", org="default", first=0):
    """Declare contacts c0, c1, … in one list."""
    rows = "".join(
        f'  - {{external_id: c{n}, phone_numbers: ["{number_of(n)}"]}}\n' for n in range(first, first + count)
    )
    return document("ContactList", f"list-{first}", f"contacts:\n{rows}", org=org, campaign=campaign)


class Bench:
    """One installation, and the dialers that work on it."""

    def __init__(self, *manifests, url=None, seed=7, start=MONDAY, engine_hook=None):
        self.clock = VirtualClock(start)
        self.ids = Uuid7(Random(seed))
        self.url = url or scratch_url()
        self.database = open_database(self.url)
        if engine_hook is not None:
            engine_hook(self.database.engine)
        if url is not None:
            with self.database.engine.connect() as connection:
                use_write_ahead_log(connection)
        create_scratch(self.database, self.ids, start, HASH_KEY)
        self.carrier = ScriptedCarrier(self.clock)
        self.manifests = ""
        if manifests:
            self.apply(*manifests)
        self._dialer = None

    def plan(self, *manifests, allowed=()):
        """Plan manifests in place of those before."""
        source = Source(["-"], io.BytesIO("---\n".join(manifests).encode()), "default")
        options = PlanOptions(now=self.clock.now(), allowed=frozenset(allowed))
        with self.database.read() as connection:
            return plan_source(connection, source, options).plan

    def apply(self, *manifests):
        """Apply manifests in place of those before, whatever the guards say; gives the plan."""
        self.manifests = "---\n".join(manifests)
        made = self.plan(*manifests, allowed=GUARDS)
        apply(self.database, made, Actor("ci", "cli", revision="r1"), self.clock, self.ids)
        return made

    def join(self, carrier=None, clock=None, database=None, **options):
        """Let a dialer join; `database` is that of a second process on the same file."""
        return Dialer(
            database or self.database,
            carrier or self.carrier,
            clock or self.clock,
            self.ids,
            Identity("bench", 1),
            **options,
        )

    @property
    def dialer(self):
        """The dialer of tests that need only one."""
        if self._dialer is None:
            self._dialer = self.join()
        return self._dialer

    def step(self, after=None):
        """Let the dialer step, now or after a while."""
        if after is not None:
            self.clock.advance(after)
        return self.dialer.step()

    def rows(self, table, *where):
        with self.database.read() as connection:
            return connection.execute(select(table).where(*where).order_by(*table.primary_key)).all()

    def contact(self, name):
        (row,) = self.rows(tables.contact, tables.contact.c.external_id == name)
        return row

    def campaign(self, name="spring"):
        (row,) = self.rows(tables.campaign, tables.campaign.c.external_id == name)
        return row

    def attempts(self, name=None):
        """Give all attempts in order, or those of a contact."""
        with self.database.read() as connection:
            rows = every_attempt(connection)
        return [row for row in rows if name is None or row.contact_id == self.contact(name).id]

    def attempt(self, name):
        return self.attempts(name)[-1]

    def open(self):
        return self.rows(tables.open_attempt)

    def statuses(self):
        """Give name and status of every contact."""
        return {row.external_id: row.status for row in self.rows(tables.contact)}

    def edit_contact(self, name, **values):
        """Change columns of a contact that no tally counts."""
        with self.database.write() as connection:
            connection.execute(
                update(tables.contact).where(tables.contact.c.external_id == name).values(**values)
            )

    def edit_campaign(self, name="spring", **values):
        """Change a campaign by hand, with a new serial."""
        with self.database.write() as connection:
            connection.execute(
                update(tables.campaign).where(tables.campaign.c.external_id == name).values(**values)
            )
            serial = tables.installation.c.state_serial
            connection.execute(update(tables.installation).values(state_serial=serial + 1))

    def hold(self, scope, value="", org=None, locks=ALL_LOCKS, **fields):
        """Set a hold as a person does; gives it."""
        new = Hold(
            self.ids(self.clock.now()), 0, HoldScope(scope), value, HoldCause.PERSON, "complaints", "ana",
            self.clock.now(), org_id=org, **fields,
        )  # fmt: skip
        with self.database.write(locks) as connection:
            place_hold(connection, new, ANA)
        return new

    def meanwhile(self, action, dialer=None):
        """Let something happen once, between the commit of the next claim and the admission."""
        dialer = dialer or self.dialer
        admit = dialer._admit

        def act_and_admit(claimed):
            dialer._admit = admit
            action()
            return admit(claimed)

        dialer._admit = act_and_admit

    def assert_sound(self):
        """R-CONTACT-1, R-CONTACT-4, R-DIAL-3: what holds after every step, whatever happened."""
        with self.database.read() as connection:
            columns = (tables.contact.c.campaign_key, tables.contact.c.status)
            counted = {
                (key, status): count
                for key, status, count in connection.execute(
                    select(*columns, func.count()).group_by(*columns)
                )
            }
            counted |= count_used(connection)
            kept = {
                (row.campaign_key, row.name): row.count
                for row in connection.execute(select(tables.tally))
                if row.count
            }
            assert kept == counted
            self._assert_open_is_open(connection)

    def _assert_open_is_open(self, connection):
        statuses = dict(connection.execute(select(tables.contact.c.id, tables.contact.c.status)).all())
        rows = [row for row in every_attempt(connection) if row.state != "ended"]
        opened = {row.id for row in connection.execute(select(tables.open_attempt))}
        by_state = {"intent": "locked", "unknown": "unknown"}
        for row in rows:
            assert statuses[row.contact_id] == by_state.get(row.state, "in_progress")
            assert row.state == "unknown" or row.id in opened
        assert opened <= {row.id for row in rows}
        called = {"locked", "in_progress", "unknown"}
        concerned = select(func.count()).where(tables.contact.c.status.in_(called))
        assert connection.execute(concerned).scalar_one() == len(rows)
