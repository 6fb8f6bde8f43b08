"""Calling windows: when a contact may be called, in the contact's local wall-clock time."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from reconciler.spec.model import SpecModel
from reconciler.spec.scalars import MINUTES_PER_DAY, CalendarDate, Flag, Text, TimeOfDay

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NonEmpty = Field(min_length=1)


class TimeWindow(SpecModel):
    """A half-open daily window; one whose start is after its end crosses midnight (R-WIN-1, R-WIN-2)."""

    days: Annotated[tuple[Day, ...], NonEmpty] = Field(description="Weekdays on which the window starts.")
    start: TimeOfDay = Field(description="First minute inside, HH:MM.")
    end: TimeOfDay = Field(description="First minute outside, HH:MM; 24:00 is the end of the day.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.start == MINUTES_PER_DAY:
            raise ValueError("start must be before 24:00; 24:00 is an end only")
        if self.start == self.end:
            raise ValueError("start and end must differ; write 00:00 to 24:00 for a whole day")
        if len(set(self.days)) != len(self.days):
            raise ValueError("a day is listed twice")
        return self


Windows = tuple[TimeWindow, ...]


class Override(SpecModel):
    """Windows that replace the default ones in some zones."""

    timezones: Annotated[tuple[Text, ...], NonEmpty] = Field(
        description="IANA zones; links mean their target."
    )
    windows: Windows = Field(description="Calling windows in these zones; an empty list means no calls.")


class Holidays(SpecModel):
    """Public holidays on which no window opens."""

    country: Annotated[Text, Field(pattern=r"^[A-Z]{2}$")] = Field(description="ISO 3166 country code.")
    subdivision: Text | None = Field(
        None, description="State or province, as the `holidays` package names it."
    )


class Blackout(SpecModel):
    """Days on which no window opens, both ends included (R-WIN-2)."""

    start: CalendarDate = Field(description="First day.")
    end: CalendarDate = Field(description="Last day.")
    reason: Text | None = Field(None, description="Why.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.end < self.start:
            raise ValueError("end is before start")
        return self


class Schedule(SpecModel):
    """All calling windows of a configuration."""

    default_timezone: Text = Field("America/New_York", description="IANA zone of contacts that carry none.")
    infer_timezone: Flag = Field(
        default=False,
        description="Without a zone of its own, a contact takes the zones of its number; all must be open.",
    )
    default_windows: Windows = Field((), description="Windows of regular contacts, and of all retries.")
    overrides: tuple[Override, ...] = Field((), description="Per-zone windows that replace the default ones.")
    scheduled_windows: Windows | None = Field(
        None, description="Windows of contacts scheduled for the first time; null: as default_windows."
    )
    scheduled_overrides: tuple[Override, ...] | None = Field(
        None, description="Per-zone windows of contacts scheduled for the first time; null: as overrides."
    )
    holidays: Holidays | None = Field(None, description="Public holidays on which no window opens.")
    blackouts: tuple[Blackout, ...] = Field((), description="Days on which no window opens.")
