"""The page that ends a simulation: calls over time, outcomes, and when each campaign would be finished."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from rich.text import Text

from reconciler.cli.rendering.words import counted, minute
from reconciler.core.forecast import Outlook, per_slot

BLOCKS = " ▁▂▃▄▅▆▇█"
GOOD = frozenset({"completed", "transferred"})
BAD = frozenset({"provider_fault", "agent_fault", "config_error", "quota"})
SLOTS = (
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=2),
    timedelta(hours=3),
    timedelta(hours=4),
    timedelta(hours=6),
    timedelta(hours=12),
    timedelta(days=1),
    timedelta(days=7),
)
SHOWN_REASONS = 6
_LONGEST_BAR = 40
_WIDEST = 160


def forecast_page(found: Sequence[Outlook], begin: datetime, end: datetime, width: int) -> Iterator[Text]:
    """Give the lines of the page, for a screen so many characters wide."""
    if not found:
        yield Text("nobody to call: the manifests declare no contacts")
        return
    width = min(width, _WIDEST)
    yield from _over_time(found, begin, end, width)
    yield Text("")
    yield from _outcomes(found, width)
    yield Text("")
    yield from _forecast(found, end)


def _over_time(found: Sequence[Outlook], begin: datetime, end: datetime, width: int) -> Iterator[Text]:
    """Draw one row of blocks per campaign; a campaign's tallest block is its busiest slot."""
    names = max(len(one.campaign) for one in found)
    last = max((start for one in found for start in one.starts), default=begin)
    until = min(end, last + timedelta(hours=1))
    columns = max(10, width - names - 14)
    slot = next((size for size in SLOTS if (until - begin) / size <= columns), SLOTS[-1])
    slots = min(columns, max(1, -(-(until - begin) // slot)))
    yield Text(f"Calls started per {_span(slot)} (UTC)", style="bold")
    yield _axis(begin, slot, slots, names)
    for one in found:
        counts = per_slot(one.starts, begin, slot, slots)
        most = max(counts)
        blocks = "".join(_block(count, most) for count in counts)
        yield Text.assemble(f"{one.campaign:<{names}}  ", (blocks, "cyan"), (f"  max {most:,}", "dim"))


def _axis(begin: datetime, slot: timedelta, slots: int, names: int) -> Text:
    """Write the days, or within two days the hours, above the blocks."""
    by_hour = slot * slots <= timedelta(days=2)
    line = [" "] * slots
    free_from = 0
    for index in range(slots):
        at = begin + index * slot
        before = at - slot
        new = at.hour != before.hour and at.hour % 6 == 0 if by_hour else at.date() != before.date()
        label = f"{at:%H:%M}" if by_hour else f"{at:%d %b}"
        if (new or index == 0) and index >= free_from and index + len(label) <= slots:
            line[index : index + len(label)] = label
            free_from = index + len(label) + 1
    return Text(" " * (names + 2) + "".join(line), style="dim")


def _block(count: int, most: int) -> str:
    """Give a block for a count; a call is never rounded away to nothing."""
    if not count:
        return BLOCKS[0]
    return BLOCKS[max(1, round(count / most * (len(BLOCKS) - 1)))]


def _outcomes(found: Sequence[Outlook], width: int) -> Iterator[Text]:
    totals: Counter[str] = Counter()
    for one in found:
        totals.update(one.outcomes)
    calls = sum(totals.values())
    yield Text("Outcomes", style="bold")
    if not calls:
        yield Text("no call was made")
        return
    names = max(len(name) for name in totals)
    longest = min(_LONGEST_BAR, max(10, width - names - 20))
    most = max(totals.values())
    for name, count in totals.most_common():
        style = "green" if name in GOOD else "red" if name in BAD else "yellow"
        drawn = "█" * max(1, round(longest * count / most))
        yield Text.assemble(
            f"{name:<{names}}  ",
            (f"{drawn:<{longest}}", style),
            f" {count:>7,}  {100 * count / calls:4.1f} %",
        )


def _forecast(found: Sequence[Outlook], end: datetime) -> Iterator[Text]:
    names = max(len("CAMPAIGN"), *(len(one.campaign) for one in found))
    yield Text("Forecast", style="bold")
    yield Text(
        f"{'CAMPAIGN':<{names}}  {'FINISHED (UTC)':<16}  CONTACTS  REACHED   CALLS   MINUTES", style="dim"
    )
    for one in found:
        finished = minute(one.finished_at) if one.finished_at else "not by the end"
        yield Text(
            f"{one.campaign:<{names}}  {finished:<16}  {one.contacts:>8,}  {one.reached:>7,}"
            f"  {one.calls:>6,}  {one.minutes:>8,.0f}"
        )
    for one in found:
        if one.unreached:
            yield Text("")
            yield from _unreached(one, end)


def _unreached(one: Outlook, end: datetime) -> Iterator[Text]:
    total = sum(one.unreached.values())
    by = "" if one.finished_at else f" by {minute(end)} UTC"
    yield Text(f"{one.campaign}: {counted(total, 'contact')} not reached{by}")
    shown = one.unreached.most_common(SHOWN_REASONS)
    for reason, count in shown:
        yield Text(f"  {count:>6,}  {reason}", style="dim")
    rest = total - sum(count for _, count in shown)
    if rest:
        yield Text(f"  {rest:>6,}  for other reasons", style="dim")


def _span(slot: timedelta) -> str:
    if slot >= timedelta(days=1):
        return "day" if slot.days == 1 else f"{slot.days} days"
    if slot >= timedelta(hours=1):
        hours = int(slot / timedelta(hours=1))
        return "hour" if hours == 1 else f"{hours} hours"
    return f"{int(slot / timedelta(minutes=1))} minutes"
