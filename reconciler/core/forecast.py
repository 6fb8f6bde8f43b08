"""What a stretch of dialing came to, per campaign: calls, minutes, who stays unreached and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

BUSY = frozenset({"pending", "locked", "in_progress", "unknown"})
ON_THE_PHONE = frozenset({"locked", "in_progress"})
REACHED = "completed"
FOR_EVER = "every number is suppressed for ever"
"""The reason of a contact that waits, and is not called however long one waits."""


@dataclass(frozen=True, slots=True)
class CallMade:
    """One call that was sent: when it started, how long somebody was on the line, what came of it."""

    campaign: str
    started_at: datetime
    ended_at: datetime | None
    talked: timedelta
    outcome: str | None
    used: bool


@dataclass(slots=True)
class Outlook:
    """One campaign's figures. `finished_at` is when its last call ended, once no contact is left to call.

    `left` counts the contacts that are still to be called, or on the phone; `suppressed` those that wait, and
    are never called. `starts` are those of all calls
    that were sent; `calls` those that used an attempt; `outcomes` add up to them, save for calls whose fate
    is unknown. `unreached` counts the contacts that no conversation was completed with, by status and
    reason.
    """

    campaign: str
    contacts: int = 0
    reached: int = 0
    left: int = 0
    suppressed: int = 0
    calls: int = 0
    talked: timedelta = timedelta(0)
    finished_at: datetime | None = None
    outcomes: Counter[str] = field(default_factory=Counter)
    unreached: Counter[str] = field(default_factory=Counter)
    starts: list[datetime] = field(default_factory=list)

    @property
    def minutes(self) -> float:
        """Minutes on the line."""
        return self.talked.total_seconds() / 60


def outlooks(
    calls: Iterable[CallMade], contacts: Mapping[str, Mapping[tuple[str, str | None], int]]
) -> list[Outlook]:
    """Sum up, per campaign, in the order of `contacts`: counts of contacts by status and reason."""
    found = {name: _of_contacts(name, counts) for name, counts in contacts.items()}
    last_end: dict[str, datetime] = {}
    for call in calls:
        one = found[call.campaign]
        one.starts.append(call.started_at)
        one.calls += call.used
        one.talked += call.talked
        if call.outcome is not None and call.used:
            one.outcomes[call.outcome] += 1
        if call.ended_at is not None:
            last_end[call.campaign] = max(call.ended_at, last_end.get(call.campaign, call.ended_at))
    for name, one in found.items():
        if not one.left:
            one.finished_at = last_end.get(name)
    return list(found.values())


def per_slot(starts: Iterable[datetime], begin: datetime, slot: timedelta, slots: int) -> list[int]:
    """Count calls in consecutive slots of time from `begin` on."""
    counts = [0] * slots
    for start in starts:
        index = (start - begin) // slot
        if 0 <= index < slots:
            counts[index] += 1
    return counts


def _of_contacts(name: str, counts: Mapping[tuple[str, str | None], int]) -> Outlook:
    one = Outlook(name, contacts=sum(counts.values()))
    for (status, reason), count in counts.items():
        if status == REACHED:
            one.reached += count
        else:
            one.unreached[_why(status, reason)] += count
            if status in BUSY:
                one.suppressed += count if reason == FOR_EVER else 0
                one.left += 0 if reason == FOR_EVER else count
    return one


def _why(status: str, reason: str | None) -> str:
    if status in ON_THE_PHONE:
        return "its call was still going on"
    if status in BUSY:
        return reason or "time ran out before its next call"
    return f"{status}: {reason}" if reason else status
