"""The pages of `describe`: headings, and lines of a name and a value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from reconciler.cli.rendering.colours import coloured
from reconciler.cli.rendering.documents import Record
from reconciler.cli.rendering.words import minute, text_of

NAME_WIDTH = 16


def heading(title: str, beside: str = "") -> Iterator[Text]:
    """Give an empty line and a heading."""
    yield Text("")
    yield Text.assemble((title, "bold"), f"  {beside}" if beside else "")


def hanging(lead: str | Text, body: Text) -> RenderableType:
    """Give a line whose text, where it is too long, goes on below itself."""
    start = Text(lead) if isinstance(lead, str) else lead
    grid = Table.grid(padding=0)
    grid.add_column(width=start.cell_len, no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(start, body)
    return grid


def entry(name: str, value: Any, beside: str = "") -> RenderableType:  # noqa: ANN401 - whatever a record holds
    """Give a line with a name, a value in its colour, and a remark."""
    body = Text.assemble(coloured(text_of(value)), f"  {beside}" if beside else "")
    return hanging(f"  {name:<{NAME_WIDTH}}", body)


def entries(record: Mapping[str, Any], names: Iterable[str]) -> Iterator[RenderableType]:
    """Give a line for each of these fields that is set."""
    for name in names:
        if record[name] not in (None, "", [], {}):
            yield entry(name, record[name])


def event_lines(events: Iterable[Record]) -> Iterator[RenderableType]:
    """Give a line for each event."""
    for event in events:
        origin = f" from {event['source']}" if event["source"] else ""
        at_revision = f"@{event['revision'][:8]}" if event["source"] and event["revision"] else ""
        reason = f": {event['reason']}" if event["reason"] else ""
        count = f" ({event['count']:,})" if event["count"] > 1 else ""
        what = f"{event['action']} {event['kind']} {event['name']}{count}"
        body = f"{event['actor']}  {what}{origin}{at_revision}{reason}"
        yield hanging(f"  {minute(event['at'])}  ", Text(body))
