"""The simulation: the same dialer on a virtual clock and a scratch database in memory.

manifests ─▶ plan ─▶ apply to the scratch database ─▶ step, jump to the next wake-up, step, …
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from reconciler.clock import VirtualClock
from reconciler.collector import collector_rare
from reconciler.controller.dialer import Dialer, Identity, StepResult
from reconciler.controller.planning import Planned, Source, plan_source
from reconciler.core.plan.guards import GUARDS
from reconciler.core.plan.plan import PlanOptions
from reconciler.gateways.behaviour import Behaviour
from reconciler.gateways.simulator import SimulatedCarrier
from reconciler.ids import Uuid7
from reconciler.store.apply import apply
from reconciler.store.engine import Database, open_database
from reconciler.store.events import Actor
from reconciler.store.schema import KEY_BYTES, create_scratch

ONE_LEASE = timedelta(days=4000)
"""Nobody competes in a simulation: one lease lasts for all of it."""

STUCK = 1000
"""So many steps at one instant cannot be: the simulation would never end."""

Progress = Callable[[datetime, int], None]
"""Told the virtual time and how many calls have been started."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """What to simulate: from when, for how long, with which seed; wake-ups are rounded up to `tick`."""

    start: datetime
    length: timedelta
    seed: int = 0
    tick: timedelta = timedelta(seconds=1)
    behaviour: Behaviour = field(default_factory=Behaviour)

    @property
    def end(self) -> datetime:
        """The instant at which the simulation stops."""
        return self.start + self.length


@dataclass(frozen=True, slots=True)
class Simulated:
    """A finished simulation: the scratch database, and how much was done in it."""

    database: Database
    planned: Planned
    calls: int
    steps: int
    ended_at: datetime


class Simulation:
    """One world on a virtual clock. `database`, `clock` and `dialer` are open to tests."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.clock = VirtualClock(scenario.start)
        self.ids = Uuid7(Random(scenario.seed))  # noqa: S311 - a simulation is to be repeatable
        self.database = open_database("sqlite://")
        key = Random(scenario.seed).randbytes(KEY_BYTES)  # noqa: S311 - as above
        create_scratch(self.database, self.ids, self.clock.now(), key)
        self.gateway = SimulatedCarrier(self.clock, scenario.seed, scenario.behaviour, quiet_progress=True)
        self.dialer = Dialer(
            self.database, self.gateway, self.clock, self.ids, Identity("simulation", 0), lease=ONE_LEASE
        )
        self.calls = 0
        self.steps = 0
        self._steps_at_this_instant = 0

    def load(self, source: Source) -> Planned:
        """Apply manifests to the scratch database, whatever the guards say: nothing real can happen."""
        now = self.clock.now()
        options = PlanOptions(now=now, allowed=frozenset(GUARDS), simulated=True)
        with self.database.read() as connection:
            planned = plan_source(connection, source, options)
        apply(self.database, planned.plan, Actor("simulation", "cli"), self.clock, self.ids)
        return planned

    def step(self) -> StepResult:
        """Let the dialer do what is to be done now."""
        result = self.dialer.step()
        self.calls += result.started
        self.steps += 1
        return result

    def run_until(self, end: datetime, progress: Progress | None = None) -> None:
        """Step and jump from wake-up to wake-up until an instant, which is left to the next run."""
        with collector_rare():
            while (wake := self._next_wake(self.step())) < end:
                self._jump(wake)
                if progress is not None:
                    progress(wake, self.calls)
        self.clock.move_to(end)

    def _next_wake(self, result: StepResult) -> datetime:
        """Give the next wake-up on the grid of ticks; a campaign's pace is kept to the instant."""
        event_at = self.gateway.next_event_at()
        wake = self._round_up(min(result.next_wake, event_at or result.next_wake))
        return min(wake, result.paced_at or wake)

    def _round_up(self, instant: datetime) -> datetime:
        ticks = -((self.scenario.start - instant) // self.scenario.tick)
        return self.scenario.start + ticks * self.scenario.tick

    def _jump(self, wake: datetime) -> None:
        if wake > self.clock.now():
            self.clock.move_to(wake)
            self._steps_at_this_instant = 0
            return
        self._steps_at_this_instant += 1
        if self._steps_at_this_instant > STUCK:
            raise RuntimeError(f"the dialer makes no headway at {self.clock.now().isoformat()}")


def simulate(source: Source, scenario: Scenario, progress: Progress | None = None) -> Simulated:
    """Simulate what these manifests would do. Raises FaultsFound and PlanRefused."""
    world = Simulation(scenario)
    planned = world.load(source)
    world.run_until(scenario.end, progress)
    return Simulated(world.database, planned, world.calls, world.steps, world.clock.now())
