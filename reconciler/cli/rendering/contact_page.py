"""The page of `describe contact`: who, what was tried, every gate, and the one sentence that answers."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from reconciler.cli.rendering.colours import coloured
from reconciler.cli.rendering.documents import Record
from reconciler.cli.rendering.pages import entries, entry, event_lines, hanging, heading
from reconciler.cli.rendering.words import counted, in_both, labels_text, minute, second

_GATE_WIDTH = 20


def contact_page(view: Record) -> Iterator[RenderableType]:
    """Give the lines of the page; times are in UTC and in the contact's zone."""
    zone = view["effective_timezone"]
    name = view["external_id"] or view["id"]
    yield Text(f"Contact {view['org']}/{view['campaign'] or 'default'}/{name}", style="bold")
    yield entry("id", str(view["id"]))
    yield entry("status", view["status"], view["reason"] or "")
    yield entry("time zone", zone, f"(from the {view['timezone_source']})")
    for field in ("due_at", "scheduled_at", "expires_at"):
        if view[field]:
            yield entry(field, in_both(view[field], zone))
    yield from entries(view, ("agent_id", "agent_version", "agent_number", "data"))
    if view["labels"]:
        yield entry("labels", labels_text(view["labels"]))
    if view["source"]:
        yield entry("source", view["source"], f"list {view['list']}" if view["list"] else "")
    yield from _numbers(view)
    yield from _history(view)
    if view["events"]:
        yield from heading("Last events", "of the contact and its list (UTC)")
        yield from event_lines(view["events"])
    yield from _gates(view, zone)
    yield from heading("Answer")
    yield hanging("  ", Text(view["answer"], style="bold"))
    yield from _obstacles(view, zone)


def _numbers(view: Record) -> Iterator[RenderableType]:
    goes_on = any(one["state"] in {"next", "waiting"} for one in view["rotation"])
    yield from heading("Numbers", "in the order in which they are dialled" if goes_on else "")
    for one in view["rotation"]:
        yield entry(one["number"], one["state"], "; ".join(map(_suppression, one["suppressed_by"])))


def _suppression(record: Record) -> str:
    """Write who suppressed a number, why and until when."""
    by = f"by list {record['list']}" if record["list"] else "by the ledger"
    until = f" until {minute(record['expires_at'])} UTC" if record["expires_at"] else " for ever"
    reason = f": {record['reason']}" if record["reason"] else ""
    return f"{by}{until}{reason}"


def _history(view: Record) -> Iterator[RenderableType]:
    before = view["attempts_forgiven"]
    used = f"{view['attempts'] - before} used of {view['max_attempts']}"
    since = f" since its requeue; the {before} before do not count" if before else ""
    yield from heading("Attempts", f"{used}{since} (UTC)")
    if view["archived_attempts"]:
        yield Text(f"      {counted(view['archived_attempts'], 'earlier attempt')} archived, in files")
    for one in view["history"]:
        number = one["attempt"] if one["attempt"] is not None else "-"
        came_to = one["outcome"] or one["state"]
        parts = [
            came_to + (f", {one['disposition']}" if one["disposition"] else ""),
            "" if one["used"] is not False else "unused",
            one["reason"] or "",
            counted(one["transcript_turns"], "turn") if one["transcript_turns"] else "",
            f"window {one['window']}" if one["window"] else "",
        ]
        text = "; ".join(part for part in parts if part)
        yield hanging(f"  {number!s:>2}  {second(one['started_at'])}  {one['number']}  ", Text(text))


def _gates(view: Record, zone: str) -> Iterator[RenderableType]:
    yield from heading("Gates", "every one must be open for a call")
    for gate in view["gates"]:
        state = coloured("open" if gate["open"] else "shut")
        lead = Text.assemble("  ", state, f"  {gate['gate']:<{_GATE_WIDTH}}")
        yield hanging(lead, Text(gate["detail"]))
        if gate["changes_at"]:
            verb = "shuts" if gate["open"] else "opens"
            changes = Text(f"{verb} {in_both(gate['changes_at'], zone)}", style="dim")
            yield hanging(" " * lead.cell_len, changes)


def _obstacles(view: Record, zone: str) -> Iterator[RenderableType]:
    """List every shut gate of a contact that waits for several; the answer names the first."""
    shut = [gate for gate in view["gates"] if not gate["open"]]
    if view["status"] == "pending" and len(shut) > 1:
        yield Text("  All that stands in its way:")
        for gate in shut:
            opens = f"; opens {in_both(gate['changes_at'], zone)}" if gate["changes_at"] else ""
            yield hanging("    - ", Text(f"{gate['gate']}: {gate['detail']}{opens}"))
