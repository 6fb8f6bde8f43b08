"""The page of `status`: two lines for each campaign, and below them whatever keeps calls from being made."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from rich.console import RenderableType
from rich.text import Text

from reconciler.cli.rendering.colours import coloured
from reconciler.cli.rendering.pages import hanging
from reconciler.cli.rendering.words import clipped, counted, minute, second
from reconciler.store.reads.contacts import Record
from reconciler.store.reads.overview import Overview
from reconciler.store.reads.progress import BUCKETS, NOT_YET, CampaignProgress

WIDEST = 120
_LEAST_BAR, _WIDEST_BAR = 8, 40
_FIXED = 47
"""What a line takes beside the campaign's name and its bar."""

_SEGMENTS = (
    ("\N{FULL BLOCK}", "green", ("completed",)),
    ("\N{DARK SHADE}", "yellow", ("exhausted", "expired", "withdrawn")),
    ("\N{MEDIUM SHADE}", "cyan", ("in_progress",)),
    ("\N{LIGHT SHADE}", "dim", ("pending", "error", "unknown")),
)
"""What the bar is drawn of, from the left: called, given up, on the phone, waiting."""

_STATES = {"running": "green", "stopped": "yellow", "expired": "red"}


def status_page(overview: Overview, width: int) -> Iterator[RenderableType]:
    """Give the lines of the page, for a screen so many characters wide."""
    if overview.campaigns:
        yield from _campaigns(overview, min(width, WIDEST))
    else:
        yield Text("no campaigns")
    yield Text("")
    yield from _below(overview)


def summary(overview: Overview) -> str:
    """Sum everything up in one line."""
    total = sum(one.total for one in overview.campaigns)
    done = sum(_done(one) for one in overview.campaigns)
    active = sum(one.active_calls for one in overview.campaigns)
    running = sum(one["state"] == "running" for one in overview.dialers)
    return (
        f"{done:,}/{total:,} contacts done, {counted(active, 'active call')}, "
        f"{counted(running, 'dialer')}, {counted(len(overview.holds), 'hold')}"
    )


def bar(one: CampaignProgress, length: int) -> Text:
    """Draw how the contacts of a campaign stand; what there is at all is never rounded away to nothing."""
    text, drawn, counted_up = Text(), 0, 0
    for block, style, buckets in _SEGMENTS:
        counted_up += sum(one.contacts[bucket] for bucket in buckets)
        end = length * counted_up // one.total if one.total else 0
        text.append(block * (end - drawn), style=style)
        drawn = end
    return text.append(" " * (length - drawn))


def _campaigns(overview: Overview, width: int) -> Iterator[Text]:
    longest = max(len(_name(one)) for one in overview.campaigns)
    name_width = max(len("CAMPAIGN"), min(longest, width - _FIXED - _LEAST_BAR))
    length = max(_LEAST_BAR, min(_WIDEST_BAR, width - _FIXED - name_width))
    yield Text(
        f"{'CAMPAIGN':<{name_width}}  STATUS  SYNC         {'PROGRESS':<{length}}        AVG  {'CALLS':>7}",
        style="bold",
    )
    for one in overview.campaigns:
        share = f"{100 * _done(one) // one.total}%" if one.total else "-"
        calls = f"{one.active_calls}/{one.calls_at_most}"
        yield Text.assemble(
            f"{clipped(_name(one), name_width):<{name_width}}  ",
            coloured(f"{one.status:<6}"),
            "  ",
            coloured(f"{one.sync.value:<11}"),
            "  ",
            bar(one, length),
            f" {share:>4}  {one.average:>5.2f}  {calls:>7}",
        )
        yield Text(f"  {_buckets(one)}", style="dim")


def _buckets(one: CampaignProgress) -> str:
    counts = [f"{one.contacts[name]:,} {name.replace('_', ' ')}" for name in BUCKETS if one.contacts[name]]
    complete = "; Complete" if one.complete else ""
    return f"{counted(one.total, 'contact')}{': ' if counts else ''}{', '.join(counts)}{complete}"


def _below(overview: Overview) -> Iterator[RenderableType]:
    for scope, reason in overview.holds:
        yield _line("hold", "red", f"{scope}: {reason}")
    for breaker in overview.breakers:
        yield _line("breaker", "red", _breaker(breaker))
    for dialer in overview.dialers:
        yield _line("dialer", _STATES[dialer["state"]], _dialer(dialer, overview.now))
    if not any(dialer["state"] == "running" for dialer in overview.dialers):
        yield _line("dialer", "yellow", "none runs, so no call is made; start one with dialctl run")
    if overview.abandoned:
        calls = counted(overview.abandoned, "call")
        text = f"{calls} of dialers that died; the next one finds out what became of them"
        yield _line("orphans", "red", text)
    for source in overview.sources:
        if source["condition"] != "Synced":
            detail = f": {source['detail']}" if source["detail"] else ""
            since = f"{source['condition']} since {minute(source['changed_at'])} UTC"
            yield _line("source", "yellow", f"{source['name']} is {since}{detail}")


def _line(about: str, colour: str, text: str) -> RenderableType:
    return hanging(Text(f"{about:<9}", style=colour), Text(text))


def _breaker(record: Record) -> str:
    what = f"{record['scope']} {record['value']}"
    if record["alone_until"]:
        return f"{what} is left alone until {second(record['alone_until'])} UTC"
    if record["calls_allowed"]:
        return f"{what} is tried again, {counted(record['calls_allowed'], 'call')} at a time"
    return f"{what} gets no call until {second(record['open_until'])} UTC"


def _dialer(record: Record, now: datetime) -> str:
    where = f"{record['state']} {record['host']}:{record['pid']} on {record['gateway']}"
    if record["state"] == "stopped":
        left = f"{counted(record['left_calls'], 'call')} left to the next start"
        return f"{where} since {second(record['stopped_at'])} UTC, {left}"
    calls = counted(record["open_calls"], "open call")
    if record["state"] == "expired":
        return f"{where}, {calls}, lease ended {second(record['lease_until'])} UTC"
    lease = f"lease {(record['lease_until'] - now).total_seconds():,.0f} s"
    obeys = "obeys all holds" if record["obeys_all_holds"] else "newest hold not confirmed yet"
    return f"{where}, {calls}, {lease}, {obeys}"


def _name(one: CampaignProgress) -> str:
    return f"{one.org}/{one.campaign or 'default'}"


def _done(one: CampaignProgress) -> int:
    return one.total - sum(one.contacts[bucket] for bucket in NOT_YET)
