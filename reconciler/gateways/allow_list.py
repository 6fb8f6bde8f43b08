"""Keeps a real gateway to a few numbers, so that a sandbox may dial its makers' own (R-ENV-1)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from reconciler.core.outcomes import Outcome
from reconciler.errors import GatewayUnusable
from reconciler.ports import Call, Clock, Ended, Gateway, GatewayEvent, Inquiry, hands_over
from reconciler.spec.scalars import E164_NUMBER

ALLOW_VARIABLE = "DIALCTL_ALLOW_NUMBERS"


class AllowListed:
    """A gateway that passes on the calls to its `allow_numbers` and blocks every other before it is sent."""

    simulated = False

    def __init__(self, gateway: Gateway, clock: Clock, allow_numbers: Collection[str]) -> None:
        self.name = gateway.name
        self.hands_over = hands_over(gateway)
        self.allow_numbers = frozenset(allow_numbers)
        self._gateway = gateway
        self._clock = clock
        self._blocked: list[GatewayEvent] = []

    def submit(self, calls: Sequence[Call]) -> None:
        """Place the calls to allowed numbers; every other ends as `blocked`, and its phone never rang."""
        self._gateway.submit([call for call in calls if call.number in self.allow_numbers])
        self._blocked += [
            Ended(
                call.attempt_id,
                self._clock.now(),
                Outcome.BLOCKED,
                rang=False,
                reason=f"the number is not on the allow-list ({ALLOW_VARIABLE})",
            )
            for call in calls
            if call.number not in self.allow_numbers
        ]

    def ask(self, inquiries: Sequence[Inquiry]) -> None:
        """Ask the gateway: it was given no call to any other number."""
        self._gateway.ask(inquiries)

    def hang_up(self, attempt_ids: Sequence[UUID]) -> None:
        """End these calls."""
        self._gateway.hang_up(attempt_ids)

    def events(self) -> Sequence[GatewayEvent]:
        """Take what has happened, blocked calls first."""
        blocked, self._blocked = self._blocked, []
        return [*blocked, *self._gateway.events()]

    def next_event_at(self) -> datetime | None:
        """When the next event comes; at once if a call was blocked."""
        return self._clock.now() if self._blocked else self._gateway.next_event_at()

    def close(self) -> None:
        """Close the gateway."""
        self._gateway.close()


def allowed_numbers(environ: Mapping[str, str]) -> frozenset[str] | None:
    """Read `DIALCTL_ALLOW_NUMBERS`: E.164 numbers, separated by commas or blanks; None if it is not set.

    Raises:
        GatewayUnusable: the variable is set, but holds no number, or something that is none. The text that
            is wrong is not repeated: it may be somebody's number.
    """
    text = environ.get(ALLOW_VARIABLE)
    if text is None:
        return None
    numbers = text.replace(",", " ").split()
    wrong = [str(position) for position, number in enumerate(numbers, 1) if not E164_NUMBER.match(number)]
    if wrong or not numbers:
        what = f"entry {', '.join(wrong)} is not a number in E.164" if wrong else "it holds no number"
        raise GatewayUnusable(
            f"{ALLOW_VARIABLE}: {what}", hint="write +12125550123,+442079460018, or unset it"
        )
    return frozenset(numbers)
