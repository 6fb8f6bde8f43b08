"""The page of `describe feed`."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from reconciler.cli.rendering.documents import Record
from reconciler.cli.rendering.pages import entries, entry, hanging, heading
from reconciler.cli.rendering.words import minute
from reconciler.core.plan.counting import counted

_DONE = {"create": "created", "adopt": "adopted", "update": "updated", "withdraw": "withdrawn"}


def feed_page(view: Record) -> Iterator[RenderableType]:
    """Give the lines of the page; times are UTC."""
    yield Text(f"ContactFeed {view['org']}/{view['campaign']}/{view['name']}", style="bold")
    yield from entries(view, ("id",))
    yield entry("contract", view["document"], f"of source {view['source']}")
    if view["spec"]:
        yield from _contract(view["spec"])
    yield from heading("Looks", "(UTC)")
    if view["looked_at"] is None:
        yield entry("condition", "not looked at yet", "dialctl run looks, where it reconciles the manifests")
    else:
        since = f"since {minute(view['changed_at'])}" if view["changed_at"] else ""
        yield entry("condition", view["condition"], since)
        yield from entries(view, ("detail",))
        yield entry("looked at", minute(view["looked_at"]))
    if view["last_batches"]:
        yield from heading("Last batches", "(UTC)")
    for batch in view["last_batches"]:
        yield from _batch(batch)
    if view["quarantined"]:
        yield from heading("Quarantine")
        yield hanging("  ", Text(_way_out(view, view["quarantined"]["batch"])))


def _contract(spec: Record) -> Iterator[RenderableType]:
    yield from entries(spec, ("from", "format", "mode", "key", "interval"))
    bounds = [f"{name} {value:,}" for name, value in spec["expect_rows"].items() if value is not None]
    if bounds:
        yield entry("expect_rows", ", ".join(bounds))
    columns = [
        f"{name} \N{LEFTWARDS ARROW} {_listed(value)}" for name, value in spec["columns"].items() if value
    ]
    if columns:
        yield entry("columns", "; ".join(columns))
    if spec["strict"]:
        yield entry("strict", "true")
    if spec["allow"]:
        yield entry("allow", ", ".join(spec["allow"]))


def _batch(batch: Record) -> Iterator[RenderableType]:
    report = batch["report"]
    done = [f"{report['changes'][name]:,} {words}" for name, words in _DONE.items() if _count(report, name)]
    rows = f", {counted(batch['rows'], 'row')}" if batch["rows"] else ""
    applied = f": {', '.join(done) or 'no changes'}" if batch["status"] == "applied" else ""
    lead = f"  #{batch['batch']}  {minute(batch['decided_at'])}  "
    yield hanging(lead, Text(f"{batch['name']}  {_words(batch)}{rows}{applied}, by {batch['actor']}"))
    for line in _report(report):
        yield hanging("      ", Text(line))


def _words(batch: Record) -> str:
    return str(batch["status"]).replace("_", " ")


def _report(report: Record) -> Iterator[str]:
    faults = report.get("faults", [])
    yield from faults
    if report.get("fault_count", 0) > len(faults):
        yield f"and {report['fault_count'] - len(faults):,} more faults"
    yield from report.get("refused", "").splitlines()
    for guard in report.get("guards", []):
        yield f"{guard['guard']}: {guard['detail']}"
    for guard in report.get("passed", []):
        yield f"passed {guard['guard']}: {guard['detail']}"
    for row in report.get("bad_rows", []):
        yield f"left out: {row}"
    more = report.get("bad_row_count", 0) - len(report.get("bad_rows", []))
    if more > 0:
        yield f"and {more:,} more bad rows"


def _count(report: Record, action: str) -> int:
    return int(report.get("changes", {}).get(action, 0))


def _listed(value: str | list[str]) -> str:
    return value if isinstance(value, str) else ", ".join(value)


def _way_out(view: Record, number: int) -> str:
    """Say what lets the last batch out of quarantine."""
    batch = next((one for one in view["last_batches"] if one["batch"] == number), None)
    report = batch["report"] if batch else {}
    if report.get("faults"):
        return f"batch #{number} is faulty: send it again when it is mended, or change the contract in git"
    flags = "".join(
        f" --allow {name}" for name in dict.fromkeys(one["guard"] for one in report.get("guards", []))
    )
    command = f"dialctl import --campaign {view['campaign']} --feed {view['name']} --batch {number}{flags}"
    return f"to apply batch #{number} all the same: {command}"
