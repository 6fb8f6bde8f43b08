"""The page of `status`: the table of campaigns, and below it whatever keeps calls from being made."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from rich.console import RenderableType
from rich.text import Text

from reconciler.cli.rendering.pages import hanging
from reconciler.cli.rendering.status_table import done, status_table
from reconciler.cli.rendering.words import counted, minute, second
from reconciler.store.reads.contacts import Record
from reconciler.store.reads.overview import Overview

WIDEST = 120
_STATES = {"running": "green", "stopped": "yellow", "expired": "red"}


def status_page(overview: Overview, width: int) -> Iterator[RenderableType]:
    """Give the lines of the page, for a screen so many characters wide."""
    if overview.campaigns:
        yield from status_table(overview.campaigns, min(width, WIDEST))
    else:
        yield Text("no campaigns")
    yield Text("")
    yield from _below(overview)


def summary(overview: Overview) -> str:
    """Sum everything up in one line."""
    total = sum(one.total for one in overview.campaigns)
    final = sum(done(one) for one in overview.campaigns)
    active = sum(one.active_calls for one in overview.campaigns)
    running = sum(one["state"] == "running" for one in overview.dialers)
    return (
        f"{final:,}/{total:,} contacts done, {counted(active, 'active call')}, "
        f"{counted(running, 'dialer')}, {counted(len(overview.holds), 'hold')}"
    )


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
