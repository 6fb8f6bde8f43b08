"""The fake carrier itself: takes orders, rings on paper, and reports, as its profile says.

What becomes of a call follows from the seed and its id (fate.py), so that a carrier that was killed goes on
with its calls where its ledger says that they were.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from reconciler.core.outcomes import Outcome
from reconciler.gateways.fake_carrier.ledger import Ledger
from reconciler.gateways.fake_carrier.outbox import Outbox
from reconciler.gateways.fake_carrier.profile import CarrierProfile
from reconciler.gateways.http.wire import Order, Question
from reconciler.gateways.simulator import SimulatedCarrier
from reconciler.ports import Answered, Call, Clock, Ended, Fenced, GatewayEvent, Inquiry, Ringing

Route = tuple[str, str | None]
"""Who is told of a call: the client that ordered or asked, and the URL to call back, if there is one."""


class FakeCarrier:
    """Takes each id once, unless its profile says that it forgets them; keeps its word over restarts."""

    def __init__(self, ledger: Ledger, clock: Clock, profile: CarrierProfile, seed: int = 0) -> None:
        self._ledger = ledger
        self._clock = clock
        self.profile = profile
        self._exchange = SimulatedCarrier(clock, seed, profile)
        self._orders: dict[UUID, dict[str, Any]] = {}
        self._rung: set[UUID] = set()
        self._over: set[UUID] = set()
        self._fenced: set[UUID] = set()
        self._routes: dict[UUID, Route] = {}
        self.outboxes: defaultdict[Route, Outbox] = defaultdict(Outbox)
        self._remember()

    def submit(self, route: Route, calls: Sequence[Call]) -> tuple[list[UUID], list[Ended]]:
        """Take orders; gives the ids that are taken, and the ends of those that are refused."""
        taken: list[UUID] = []
        refused: list[Ended] = []
        for call in calls:
            now = self._clock.now()
            self._ledger.write("order", str(call.attempt_id), now, **_paper(call))
            if call.attempt_id in self._fenced or now >= call.not_after:
                self._fence(call.attempt_id)
                refused.append(
                    Ended(call.attempt_id, now, Outcome.RELEASED, rang=False, reason="not sent by not_after")
                )
                continue
            taken.append(call.attempt_id)
            self._routes[call.attempt_id] = route
            if call.attempt_id not in self._orders:
                self._orders[call.attempt_id] = _paper(call)
                self._exchange.submit([call])
            elif self.profile.forgets_ids:
                self._ring(call.attempt_id, now)
        return taken, refused

    def inquire(self, route: Route, inquiries: Sequence[Inquiry]) -> list[GatewayEvent]:
        """Answer inquiries: what is not known by now will not be placed any more."""
        known = [inquiry for inquiry in inquiries if inquiry.attempt_id in self._orders]
        self._routes |= {inquiry.attempt_id: route for inquiry in known}
        self._exchange.ask(known)
        answers = self._exchange.take_answers()
        unknown = [inquiry for inquiry in inquiries if inquiry.attempt_id not in self._orders]
        answers += [Fenced(inquiry.attempt_id, self._clock.now()) for inquiry in unknown]
        for answer in answers:
            if isinstance(answer, Fenced):
                self._fence(answer.attempt_id)
        return answers

    def hang_up(self, ids: Sequence[UUID]) -> None:
        """End calls."""
        self._exchange.hang_up(ids)

    def change(self, profile: CarrierProfile) -> None:
        """Behave in another way from now on; calls that are up go on as they would have."""
        self.profile = profile
        self._exchange.change(profile)

    def report(self) -> None:
        """Put what has happened into the outboxes; each ring is written down before anybody hears of it."""
        for event in self._exchange.events():
            if _tells_of_a_ring(event) and event.attempt_id not in self._rung:
                self._ring(event.attempt_id, event.at)
            if isinstance(event, Ended) and event.attempt_id not in self._over:
                self._over.add(event.attempt_id)
                self._ledger.write("end", str(event.attempt_id), event.at, outcome=event.outcome.value)
            route = self._routes.get(event.attempt_id)
            if route is not None:
                self.outboxes[route].put(event)

    def next_report_at(self) -> datetime | None:
        """When something happens next."""
        return self._exchange.next_event_at()

    def _ring(self, id_: UUID, at: datetime) -> None:
        self._rung.add(id_)
        paper = self._orders[id_]
        self._ledger.write("ring", str(id_), at, number=paper["number"], organization=paper["organization"])

    def _fence(self, id_: UUID) -> None:
        self._orders.pop(id_, None)
        if id_ not in self._fenced:
            self._fenced.add(id_)
            self._ledger.write("fence", str(id_), self._clock.now())

    def _remember(self) -> None:
        """Read the ledger of an earlier life, and go on with the calls that were up."""
        noted: dict[str, Callable[[UUID], None]] = {
            "ring": self._rung.add, "end": self._over.add, "fence": self._fenced.add,
        }  # fmt: skip
        for line in self._ledger.past:
            id_ = UUID(line["id"])
            if line["what"] == "order":
                self._orders.setdefault(id_, line)
            else:
                noted[line["what"]](id_)
        for id_ in self._fenced:
            self._orders.pop(id_, None)
        going_on = [
            Question.model_validate({**paper, "id": id_}).inquiry()
            for id_, paper in self._orders.items()
            if id_ not in self._over
        ]
        self._exchange.ask(going_on)
        self._exchange.take_answers()


def _tells_of_a_ring(event: GatewayEvent) -> bool:
    """Tell whether a phone rang, by whichever event says so first: some are told late, or backwards."""
    return isinstance(event, Ringing | Answered) or (isinstance(event, Ended) and event.rang)


_ON_PAPER = {
    "number", "organization", "campaign", "contact", "agent_number", "placing_at", "not_after",
    "ring_timeout", "max_call_duration",
}  # fmt: skip


def _paper(call: Call) -> dict[str, Any]:
    """Give what the ledger says of an order."""
    return Order.of(call).model_dump(mode="json", include=_ON_PAPER)
