"""The storm: faults and acts at moments drawn from a seed, and what undoes them a while later."""

from __future__ import annotations

import heapq
import itertools
import logging
import time
from random import Random

from sqlalchemy import func, select
from torture.faults import FAULTS, KILLS

from reconciler.errors import DialctlError
from reconciler.store.tables import open_attempt, organization

FULL = 300
"""Kills of a full storm; in a shorter one, everything else happens in proportion, but at least once."""

SECONDS_PER_KILL = 1.9
FEWEST_SECONDS = 14.0
TICK, LOOK_EVERY, REPORT_EVERY = 0.05, 0.25, 30.0
STILL_AFTER, SLOWER = 3.0, 0.25
"""So many seconds after the last call was placed, the storm goes on at this share of its pace: it is to hit a
system at work, which takes longer to start again on a machine that is busy."""
LATE = 0.8
"""From this share of the storm on, clocks are set wrong by more than the dialers are made for."""

LOG = logging.getLogger("torture")


class Storm:
    """A storm over a scene; `samples` are looks at the calls that are open: instant, all, by organization."""

    def __init__(self, scene, journal, operator, *, kills: int, seed: int) -> None:
        self.scene, self.journal, self.operator = scene, journal, operator
        self.luck = Random(seed)
        self.samples: list[tuple[float, int, dict]] = []
        self._length = max(kills * SECONDS_PER_KILL, FEWEST_SECONDS)
        self._count = itertools.count()
        self._later: list = []
        self._recorded = (0.0, 0)
        self._planned = self._plan(kills)

    def rage(self) -> None:
        """Let it happen, and undo it all."""
        raged = 0.0
        begun = last = looked = reported = time.monotonic()
        while self._planned or self._later:
            now = time.monotonic()
            raged, last = raged + (now - last) * self._pace(now), now
            while self._planned and self._planned[0][0] <= raged:
                _, _, fault = heapq.heappop(self._planned)
                fault(self)
            while self._later and self._later[0][0] <= now:
                heapq.heappop(self._later)[2]()
            if now - looked > LOOK_EVERY:
                looked = now
                self._look()
            if now - reported > REPORT_EVERY:
                reported = now
                self._report(now - begun)
            self.scene.supervise()
            time.sleep(TICK)

    def _pace(self, now):
        """Give how fast the storm goes on."""
        recorded = self.scene.calls_recorded()
        if recorded != self._recorded[1]:
            self._recorded = (now, recorded)
        return 1 if now - self._recorded[0] < STILL_AFTER else SLOWER

    def after(self, seconds: float, act) -> None:
        """Do something in a while."""
        heapq.heappush(self._later, (time.monotonic() + seconds, next(self._count), act))

    def _plan(self, kills):
        """Draw when everything happens: as many kills as were asked for, and the rest in proportion."""
        planned = []
        engine = self.scene.engine
        weights = {fault: fault.often[engine] for fault in KILLS if fault.often[engine]}
        chosen = list(weights)[:kills]
        chosen += self.luck.choices(list(weights), list(weights.values()), k=kills - len(chosen))
        for fault in FAULTS:
            if fault.often[engine] and (self.scene.disk.is_real or not fault.needs_real_disk):
                chosen += [fault] * max(1, round(fault.often[engine] * kills / FULL))
        for fault in chosen:
            earliest = LATE if fault.late else 0
            planned.append((self.luck.uniform(earliest, 1) * self._length, next(self._count), fault))
        heapq.heapify(planned)
        return planned

    def _look(self):
        joined = open_attempt.join(organization, organization.c.id == open_attempt.c.org_id)
        counted = select(organization.c.name, func.count()).select_from(joined).group_by(organization.c.name)
        try:
            with self.scene.reader.read() as connection:
                rows = connection.execute(counted).all()
        except DialctlError:
            return  # the server is down, or was cut off: nothing is seen
        by_org = dict(map(tuple, rows))
        self.samples.append((time.time(), sum(by_org.values()), by_org))

    def _report(self, seconds):
        done = self.journal.counted()
        kills = sum(count for what, count in done.items() if what.startswith("kill"))
        rings = self.scene.ledger.read_bytes().count(b'"ring"')
        LOG.info("%3.0f s: %d killed, %d other acts, %d rings", seconds, kills, done.total() - kills, rings)
