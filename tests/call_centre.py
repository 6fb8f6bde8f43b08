"""An installation at work, for tests of what people do to it: one database, a dialer, a scripted carrier.

On a database file, people act through a handle of their own, as another process would.
"""

from __future__ import annotations

from contextlib import contextmanager

from installation import ANA, Installation
from support.carrier import ScriptedCarrier

from reconciler.controller.dialer import Dialer, Identity
from reconciler.ports import Answered, CannotTell, Ringing
from reconciler.store.engine import open_database
from reconciler.store.identity import find_campaign, find_contact, find_organization
from reconciler.store.operations.operation import operating


class CallCentre(Installation):
    """One database with manifests applied, a dialer, and a person who acts on it."""

    def __init__(self, desired, url=None, seed=7):
        super().__init__(url, seed)
        self.desk = self.database if url is None else open_database(url)
        self.carrier = ScriptedCarrier(self.clock)
        self.apply(desired)
        self.dialer = self.hire()

    def hire(self, pid=4711):
        """Start another dialer on the same carrier."""
        return Dialer(self.database, self.carrier, self.clock, self.ids, Identity("host", pid))

    def step(self):
        """Let the dialer do what is to be done now; gives how many calls it started."""
        return self.dialer.step().started

    def called(self):
        """Give the contacts that were called, in order."""
        return [call.contact for call in self.carrier.submitted]

    def happens(self, kind, contact):
        """Let Ringing, Answered or CannotTell arrive of the newest call to a contact."""
        assert kind in (Ringing, Answered, CannotTell)
        self.carrier.tell(kind(self.carrier.call_to(contact).attempt_id, self.clock.now()))

    @contextmanager
    def person(self, actor=ANA):
        """Act as a person does, through their own handle."""
        with operating(self.desk, actor, self.clock, self.ids) as operation:
            yield operation

    def organization(self, name="default"):
        """Find an organization as a person names it."""
        with self.desk.read() as connection:
            return find_organization(connection, name)

    def place(self, name="spring", org="default"):
        """Find a campaign as a person names it."""
        with self.desk.read() as connection:
            return find_campaign(connection, find_organization(connection, org), name)

    def who(self, contact, campaign="spring"):
        """Find a contact as a person names it."""
        place = self.place(campaign)
        with self.desk.read() as connection:
            return find_contact(connection, place, contact)
