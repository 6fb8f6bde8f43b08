"""Plays a world: manifests applied to a simulation, persons acting in between; gives the evidence."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from datetime import datetime

from simulation.declarations import read
from simulation.evidence import Tape, collect

from reconciler.controller.planning import Source
from reconciler.controller.simulation import Simulation
from reconciler.core.holds import HoldScope
from reconciler.errors import DialctlError
from reconciler.store.book import standing_holds
from reconciler.store.events import Actor
from reconciler.store.identity import find_campaign, find_organization
from reconciler.store.operations import lifecycle
from reconciler.store.operations.operation import operating
from reconciler.store.operations.stopping import StopOrder, release, stop
from reconciler.store.operations.suppressing import suppress, unsuppress

ANA = Actor("ana", "cli")


@dataclass(frozen=True)
class Act:
    """What a person does at an instant; `what` names a method of Stage."""

    at: datetime
    what: str
    with_: tuple = ()


class Stage:
    """A simulation on which persons act."""

    def __init__(self, scenario, documents):
        self.world = Simulation(scenario)
        self.tape = Tape(self.world)
        self.history = []
        self.done = []
        self.edit(documents)

    def play(self, acts):
        """Run to the end of the scenario, act by act; gives the evidence."""
        for act in sorted(acts, key=lambda act: act.at):
            self.world.run_until(act.at)
            try:
                getattr(self, act.what)(*act.with_)
            except DialctlError as error:
                self.done.append((act, str(error)))
            else:
                self.done.append((act, "done"))
        self.world.run_until(self.world.scenario.end)
        return collect(self.world, self.tape, self.history)

    def edit(self, documents):
        """Apply manifests in place of those before."""
        self.world.load(source_of(documents))
        self.history.append((self.world.clock.now(), read(documents)))

    def start(self, org, campaign):
        self._act(lambda operation: lifecycle.start(operation, self._campaign(operation, org, campaign)))

    def pause(self, org, campaign, hang_up="none"):
        self._act(
            lambda operation: lifecycle.pause(
                operation, self._campaign(operation, org, campaign), hang_up=hang_up
            )
        )

    def close(self, org, campaign):
        self._act(lambda operation: lifecycle.close(operation, self._campaign(operation, org, campaign)))

    def stop(self, scope, value, org, lasts=None):
        def place(operation):
            id_ = None if org is None else find_organization(operation.connection, org).id
            stop(operation, StopOrder(HoldScope(scope), value, id_, "complaints", lasts=lasts))

        self._act(place)

    def release(self):
        """Lift all holds of persons and of refused configurations."""

        def lift(operation):
            holds = [hold for hold in standing_holds(operation.connection) if hold.cause.value != "breaker"]
            release(operation, holds)

        self._act(lift)

    def suppress(self, org, number):
        self._act(
            lambda operation: suppress(
                operation, find_organization(operation.connection, org), number, "asked"
            )
        )

    def unsuppress(self, org, number):
        self._act(
            lambda operation: unsuppress(
                operation, find_organization(operation.connection, org), number, "asked again"
            )
        )

    def _act(self, what):
        with operating(self.world.database, ANA, self.world.clock, self.world.ids) as operation:
            what(operation)

    def _campaign(self, operation, org, campaign):
        return find_campaign(operation.connection, find_organization(operation.connection, org), campaign)


def source_of(documents):
    """Give documents as a source on standard input."""
    text = "\n---\n".join(json.dumps(document) for document in documents)
    return Source(["-"], io.BytesIO(text.encode()), "default")
