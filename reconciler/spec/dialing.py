"""The dialing policy: how often, how fast and how long."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from reconciler.spec.model import SpecModel
from reconciler.spec.scalars import Duration, Number, Text, WholeNumber

Then = Literal["retry", "next_number", "complete", "exhaust"]
AdjustableOutcome = Literal[
    "completed",
    "transferred",
    "machine",
    "no_answer",
    "busy",
    "rejected",
    "agent_fault",
    "invalid_number",
    "blocked",
    "provider_fault",
    "quota",
    "cancelled",
]
MAX_DELAY = timedelta(days=90)
Delay = Annotated[Duration, Field(ge=timedelta(0), le=MAX_DELAY)]
Attempts = Annotated[WholeNumber, Field(ge=1, le=100)]


class OutcomeRule(SpecModel):
    """What follows an attempt that counted as used and ended in one outcome (R-RETRY-2)."""

    delay: Delay | None = Field(None, description="Base of the wait before the retry.")
    max_attempts: Attempts | None = Field(
        None, description="The attempt that ends in this outcome for the k-th time is the contact's last."
    )
    then: Then | None = Field(None, description="What follows.")


class DialingPolicy(SpecModel):
    """Retries, pacing and limits of the campaigns that use a configuration."""

    max_attempts: Attempts = Field(3, description="Used attempts of one contact, over all its numbers.")
    retry_delay: Delay = Field(
        timedelta(hours=1),
        description="Wait after an attempt that is retried; after machine and agent_fault it is a day, "
        "unless outcomes says otherwise.",
    )
    backoff: Literal["fixed", "linear", "exponential"] = Field("fixed", description="How the wait grows.")
    max_delay: Delay = Field(timedelta(hours=24), description="Longest wait that backoff may reach.")
    outcomes: dict[AdjustableOutcome, OutcomeRule] = Field(
        default_factory=dict, description="Per-outcome overrides."
    )
    on_machine: Literal["retry", "complete"] = Field("retry", description="What follows a voicemail.")
    default_country: Annotated[Text, Field(pattern=r"^[A-Z]{2}$")] = Field(
        "US", description="ISO 3166 region of numbers without a plus."
    )
    ring_timeout: Annotated[Duration, Field(ge=timedelta(seconds=1), le=timedelta(minutes=10))] = Field(
        timedelta(seconds=30), description="How long to let it ring."
    )
    max_call_duration: Annotated[Duration, Field(ge=timedelta(seconds=1), le=timedelta(hours=24))] = Field(
        timedelta(minutes=30), description="The gateway ends the call then."
    )
    calls_per_second: Annotated[Number, Field(gt=0, le=1000)] | None = Field(
        None, description="Calls started per second by one campaign; fractions allowed."
    )
    max_concurrent_calls: Annotated[WholeNumber, Field(ge=1, le=10_000)] | None = Field(
        None, description="Calls in flight of one campaign."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        machine = self.outcomes.get("machine")
        if self.on_machine == "complete" and machine is not None and machine.then not in (None, "complete"):
            raise ValueError("on_machine says complete, but outcomes.machine.then says otherwise")
        return self
