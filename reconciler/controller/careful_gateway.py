"""A gateway that keeps its own faults to itself: one that raises stops neither the dialer nor other calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID

from reconciler.controller.telling import Tell
from reconciler.ports import Call, Gateway, GatewayEvent, Inquiry, hands_over

T = TypeVar("T")


class CarefulGateway:
    """Passes everything on to a gateway, and tells what it raises instead of passing that back.

    A `submit` that raised may have sent its calls or not: they stay open, and are asked about once they
    should be over (R-CRASH-2). They are never sent again.
    """

    def __init__(self, gateway: Gateway, tell: Tell) -> None:
        self.name = gateway.name
        self.hands_over = hands_over(gateway)
        self._gateway = gateway
        self._tell = tell

    def submit(self, calls: Sequence[Call]) -> None:
        """Place these calls."""
        self._carefully("submit", lambda: self._gateway.submit(calls), None)

    def ask(self, inquiries: Sequence[Inquiry]) -> None:
        """Find out what became of these, if there are any."""
        if inquiries:
            self._carefully("ask", lambda: self._gateway.ask(inquiries), None)

    def hang_up(self, attempt_ids: Sequence[UUID]) -> None:
        """End these calls, if there are any."""
        if attempt_ids:
            self._carefully("hang_up", lambda: self._gateway.hang_up(attempt_ids), None)

    def events(self) -> Sequence[GatewayEvent]:
        """Take what has happened; nothing where the gateway raises."""
        return self._carefully("events", self._gateway.events, ())

    def _carefully(self, member: str, act: Callable[[], T], otherwise: T) -> T:
        try:
            return act()
        except Exception as error:  # noqa: BLE001 - somebody else's code: whatever it raises, dialing goes on
            # The text of the error may hold a number, so only its type is told (R-PLAN-8).
            self._tell("gateway failed", member=member, error=type(error).__name__)
            return otherwise
