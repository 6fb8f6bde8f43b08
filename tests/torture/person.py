"""The operator: pauses, holds, suppresses and applies while everything breaks, one act after the other.

An act whose commit may have got lost is tried again; the journal has when it began first and when it was done
for certain, and the verdict leaves what lies between to either side.
"""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
import time

from torture.declared import CAMPAIGNS, GUARDS, Terms, write

from reconciler.clock import SystemClock
from reconciler.core.holds import HoldCause, HoldScope
from reconciler.errors import DatabaseUnusable, SomebodyElseIsApplying, TransitionRefused
from reconciler.ids import Uuid7
from reconciler.store.book import standing_holds
from reconciler.store.engine import open_database
from reconciler.store.events import Actor
from reconciler.store.identity import find_campaign, find_organization
from reconciler.store.operations import lifecycle, stopping, suppressing
from reconciler.store.operations.operation import operating

PROGRAM = [sys.executable, "-c", "import sys; from reconciler.cli.main import main; sys.exit(main())"]
TRIES = 200
"""Of an act, a third of a second apart: a database server that was killed is back long before."""


class Operator:
    """Acts in a thread of its own: an act waits for locks that a frozen dialer holds."""

    def __init__(self, scene, journal, first: Terms) -> None:
        self.last_tried = first
        self.gave_up: list[str] = []
        self.killed = 0
        self._scene, self._journal = scene, journal
        self._database = open_database(scene.url)
        self._ids = Uuid7()
        self._acts: queue.SimpleQueue = queue.SimpleQueue()
        self._waiting = 0
        self._thread = threading.Thread(target=self._work, name="operator", daemon=True)
        self._thread.start()

    def please(self, act, *arguments, **named) -> None:
        """Have something done, after what was asked for before: `please(operator.pause, "spring")`."""
        self._waiting += 1
        self._acts.put((act, arguments, named))

    @property
    def is_idle(self) -> bool:
        return self._waiting == 0

    def pause(self, campaign: str) -> None:
        def act(operation):
            lifecycle.pause(operation, self._campaign(operation, campaign), reason="torture")

        self._insist("pause", act, campaign=campaign)

    def start(self, campaign: str) -> None:
        def act(operation):
            lifecycle.start(operation, self._campaign(operation, campaign), reason="torture")

        self._insist("start", act, campaign=campaign)

    def hold(self, scope: str, value: str, org: str | None) -> None:
        def act(operation):
            org_id = None if org is None else find_organization(operation.connection, org).id
            stopping.stop(operation, stopping.StopOrder(HoldScope(scope), value, org_id, "torture"))

        self._insist("hold", act, scope=scope, value=value, org=org)

    def release(self) -> None:
        """Lift every hold of a person, save those of campaigns that are paused."""
        self._insist("release", lambda operation: _lift(operation, HoldCause.PERSON))

    def trust_the_carrier(self) -> None:
        """Lift the breaker's hold, once the carrier is up again: else nobody would dial most of the time."""
        self._insist("lift breaker", lambda operation: _lift(operation, HoldCause.BREAKER))

    def suppress(self, org: str, number: str) -> None:
        def act(operation):
            suppressing.suppress(operation, find_organization(operation.connection, org), number, "asked")

        self._insist("suppress", act, org=org, number=number)

    def apply(self, terms: Terms, *, kill_after: float | None = None, tries: int = 3) -> None:
        """Apply a version; with `kill_after`, once, and killed after so many seconds."""
        self.last_tried = terms
        write(terms, self._scene.folder / "manifests")
        entry = self._journal.begin("apply", terms=terms, kill_after=kill_after)
        for _ in range(1 if kill_after is not None else tries):
            code = self._run_apply(kill_after)
            if code == 0:
                self._journal.end(entry)
                return
            if code is None:
                self.killed += 1
                self._journal.fail(entry, "killed")
                return
            time.sleep(0.5)
        self._journal.fail(entry, f"exit code {code}")

    def close(self) -> None:
        self.please(None)
        self._thread.join(60)
        self._database.close()

    def _run_apply(self, kill_after):
        """Give the exit code; None if it was killed before it ended."""
        allowed = [word for guard in GUARDS for word in ("--allow", guard)]
        with (self._scene.folder / "apply.log").open("ab") as log:
            process = subprocess.Popen(
                [*PROGRAM, "apply", str(self._scene.folder / "manifests"), "--yes", *allowed],
                env=self._scene.environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
            try:
                return process.wait(kill_after)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                return None

    def _insist(self, what, act, **facts):
        entry = self._journal.begin(what, **facts)
        why = ""
        for _ in range(TRIES):
            try:
                with operating(self._database, Actor("ana", "cli"), SystemClock(), self._ids) as operation:
                    act(operation)
            except TransitionRefused:  # the try before had come about after all
                self._journal.end(entry)
                return
            except (DatabaseUnusable, SomebodyElseIsApplying) as error:
                why = str(error)
                time.sleep(0.3)
            else:
                self._journal.end(entry)
                return
        self._journal.fail(entry, why)
        self.gave_up.append(f"{what}: {why}")

    def _campaign(self, operation, campaign):
        org = find_organization(operation.connection, CAMPAIGNS[campaign])
        return find_campaign(operation.connection, org, campaign)

    def _work(self):
        while True:
            act, arguments, named = self._acts.get()
            if act is None:
                return
            try:
                act(*arguments, **named)
            except Exception as error:  # noqa: BLE001 - told by the verdict, not by a thread that is gone
                self.gave_up.append(f"{act.__name__}: {error!r}")
            self._waiting -= 1


def _lift(operation, cause):
    held = standing_holds(operation.connection)
    stopping.release(operation, [h for h in held if h.cause is cause and h.scope is not HoldScope.CAMPAIGN])
