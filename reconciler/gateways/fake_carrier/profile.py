"""What a profile of the fake carrier may hold: what the simulator's holds, and faults of a network."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from reconciler.gateways.behaviour import Behaviour, Range, Share


class CarrierProfile(Behaviour):
    """How calls go, how the carrier misbehaves, and what the network in between does."""

    lost_answers: Share = 0
    """Requests that are carried out, and whose answer gets lost."""
    lost_orders: Share = 0
    """Requests that get lost on their way, after the connection was made: they are not carried out."""
    answer_seconds: Range = (0, 0)
    """How long an answer takes, once a request has been carried out."""
    requests_per_second: Annotated[int, Field(ge=1)] | None = None
    """Requests with orders beyond so many in one second are refused as a whole, with 429."""
    forgets_ids: bool = False
    """A carrier without idempotency, as most are: an id that is ordered twice rings twice."""
