"""The page of `describe campaign`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from rich.console import RenderableType
from rich.text import Text

from reconciler.cli.rendering.documents import Record
from reconciler.cli.rendering.pages import entries, entry, event_lines, hanging, heading
from reconciler.cli.rendering.words import NOTHING, in_both, labels_text, minute, short_id, text_of
from reconciler.core.windows.tz_database import time_zone
from reconciler.store.reads.progress import BUCKETS

SHOWN_ZONES = 4


def campaign_page(view: Record) -> Iterator[RenderableType]:
    """Give the lines of the page; times are UTC unless a zone stands beside them."""
    zone = view["schedule"]["default_timezone"]
    yield Text(f"Campaign {view['org']}/{view['external_id']}", style="bold")
    yield entry("id", str(view["id"]))
    yield entry("status", view["status"])
    yield from entries(view, ("priority", "configuration"))
    for name in ("start_at", "end_at"):
        if view[name]:
            yield entry(name, in_both(view[name], zone))
    if view["labels"]:
        yield entry("labels", labels_text(view["labels"]))
    for name, field in view["agent"].items():
        if field["value"] is not None:
            yield entry(name, str(field["value"]), f"(from the {field['from']})")
    yield from _sync(view)
    yield from _holds(view)
    yield from _schedule(view, zone)
    yield from _progress(view)
    if view["events"]:
        yield from heading("Last events", "(UTC)")
        yield from event_lines(view["events"])


def _sync(view: Record) -> Iterator[RenderableType]:
    yield from heading("Manifests")
    owner = f"owned by source {view['source']}, {view['document']}" if view["source"] else "no source owns it"
    yield entry("sync", view["sync"], owner)
    for one in view["drift"]:
        yield entry("drift", f"{one['path']}: {text_of(one['applied'])} applied, {text_of(one['live'])} live")


def _holds(view: Record) -> Iterator[RenderableType]:
    if not view["holds"]:
        return
    yield from heading("Holds")
    for hold in view["holds"]:
        until = f", until {minute(hold['expires_at'])} UTC" if hold["expires_at"] else ""
        since = f"since {minute(hold['created_at'])} UTC{until}"
        yield hanging("  ", Text(f"{hold['scope']}, by {hold['actor']} {since}: {hold['reason']}"))
        yield Text(f"    lift it with: dialctl release {short_id(hold['id'])}")


def _schedule(view: Record, zone: str) -> Iterator[RenderableType]:
    schedule = view["schedule"]
    yield from heading("Calling windows", f"today in {zone}")
    spans = (
        f"{_clock(span['start'], zone)}\N{EN DASH}{_clock(span['end'], zone, ends=True)}"
        for span in schedule["windows_today"]
    )
    yield entry("today", ", ".join(spans) or "none")
    verb = "closes" if schedule["open_now"] else "opens"
    changes = f"{verb} {in_both(schedule['changes_at'], zone)}" if schedule["changes_at"] else ""
    yield entry("now", "open" if schedule["open_now"] else "shut", changes)
    if schedule["other_zones"]:
        yield entry("other zones", _other_zones(schedule["other_zones"]))
    callable_at = view["next_callable_at"]
    stopped = view["status"] != "active" or view["sync"] == "held"
    yield entry(
        "next callable",
        in_both(callable_at, view["next_callable_timezone"])
        if callable_at
        else "no contact waits for its time",
        "if it were not stopped" if stopped and callable_at else "",
    )


def _other_zones(is_open: Mapping[str, bool]) -> str:
    """Write in which zones of waiting contacts the windows are open now, and in which not."""
    parts = []
    for state, wanted in (("open", True), ("shut", False)):
        zones = [zone for zone, one in is_open.items() if one is wanted]
        more = f" and {len(zones) - SHOWN_ZONES:,} more" if len(zones) > SHOWN_ZONES else ""
        if zones:
            parts.append(f"{state} in {', '.join(zones[:SHOWN_ZONES])}{more}")
    return "; ".join(parts)


def _clock(at: datetime, zone: str, *, ends: bool = False) -> str:
    """Write a time of the wall clock; a day ends at 24:00."""
    local = f"{at.astimezone(time_zone(zone)):%H:%M}"
    return "24:00" if ends and local == "00:00" else local


def _progress(view: Record) -> Iterator[RenderableType]:
    contacts, limits = view["contacts"], view["limits"]
    yield from heading("Progress")
    yield entry("contacts", contacts["total"])
    for name in BUCKETS:
        if contacts[name]:
            yield entry(f"  {name}", f"{contacts[name]:,}")
    average = view["attempts"]["average_per_contact"]
    yield entry("attempts", view["attempts"]["total"], f"{average:.2f} per contact")
    most = [
        f"{limits[name]:,} {words}"
        for name, words in (("campaign", "of this campaign"), ("organization", "of its organization"),
                            ("global", "in all"))
        if limits[name] is not None
    ]  # fmt: skip
    yield entry("active calls", f"{view['active_calls']:,}", f"at most {', '.join(most)}")
    if limits["calls_per_second"]:
        yield entry("pace", f"{limits['calls_per_second']:g} calls per second")
    for one in view["conditions"]:
        yield entry(one["condition"], "yes" if one["status"] else "no")
    if view["status"] == "closed":
        yield entry("closed", NOTHING, "its contacts keep their status and are never called")
