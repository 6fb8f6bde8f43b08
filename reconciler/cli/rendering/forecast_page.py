"""The page that ends a simulation: calls over time, outcomes, and when each campaign would be finished."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.text import Text

from reconciler.cli.rendering.forecast_table import WIDTH_BESIDE_NAMES, forecast_table
from reconciler.cli.rendering.timeline import timeline
from reconciler.cli.rendering.words import counted, minute, without_shared_organization
from reconciler.core.forecast import Outlook

GOOD = frozenset({"completed", "transferred"})
BAD = frozenset({"provider_fault", "agent_fault", "config_error", "quota"})
SHOWN_REASONS = 6
_LONGEST_BAR = 40
_WIDEST = 160


def forecast_page(found: Sequence[Outlook], begin: datetime, end: datetime, width: int) -> Iterator[Text]:
    """Give the lines of the page, for a screen so many characters wide."""
    if not found:
        yield Text("nobody to call: the manifests declare no contacts")
        return
    width = min(width, _WIDEST)
    names = [one.campaign for one in found]
    if max(map(len, names)) + WIDTH_BESIDE_NAMES > width:
        names = without_shared_organization(names)
    yield from timeline(found, names, begin, end, width)
    yield Text("")
    yield from _outcomes(found, width)
    yield Text("")
    yield Text("Forecast", style="bold")
    yield from forecast_table(found, names, width)
    for one in found:
        if one.unreached:
            yield Text("")
            yield from _unreached(one, end)


def _outcomes(found: Sequence[Outlook], width: int) -> Iterator[Text]:
    totals: Counter[str] = Counter()
    for one in found:
        totals.update(one.outcomes)
    calls = sum(totals.values())
    yield Text("Outcomes", style="bold")
    if not calls:
        yield Text(_why_none(sum(len(one.starts) for one in found)))
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


def _why_none(started: int) -> str:
    if not started:
        return "no call was made"
    return f"{counted(started, 'call')} started; none has an outcome that counts"


def _unreached(one: Outlook, end: datetime) -> Iterator[Text]:
    total = sum(one.unreached.values())
    by = f" by {minute(end)} UTC" if one.left else ""
    but = f"; finished but for {one.suppressed:,} suppressed" if one.finished_at and one.suppressed else ""
    yield Text(f"{one.campaign}: {counted(total, 'contact')} not reached{by}{but}")
    shown = one.unreached.most_common(SHOWN_REASONS)
    for reason, count in shown:
        yield Text(f"  {count:>6,}  {reason}", style="dim")
    rest = total - sum(count for _, count in shown)
    if rest:
        yield Text(f"  {rest:>6,}  for other reasons", style="dim")
