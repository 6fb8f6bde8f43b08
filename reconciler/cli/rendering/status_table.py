"""The table of `status`: two lines for each campaign, as much of it as the screen has room for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import RenderableType
from rich.text import Text

from reconciler.cli.rendering.colours import coloured
from reconciler.cli.rendering.pages import hanging
from reconciler.cli.rendering.words import clipped, counted, without_shared_organization
from reconciler.store.reads.progress import BUCKETS, NOT_YET, CampaignProgress

_WIDEST_BAR = 40
_STATUS, _SYNC, _SHARE, _AVERAGE, _CALLS = 8, 13, 4, 7, 9
"""What columns take, with the space beside them."""

_SEGMENTS = (
    ("\N{FULL BLOCK}", "green", "completed", ("completed",)),
    ("\N{DARK SHADE}", "yellow", "given up", ("exhausted", "expired", "withdrawn")),
    ("\N{MEDIUM SHADE}", "cyan", "on the phone", ("in_progress",)),
    ("\N{LIGHT SHADE}", "dim", "left", ("pending", "error", "unknown")),
)
"""What the bar is drawn of, from the left."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """What is shown of a campaign; `least_bar` is how short its bar may become, 0 where there is none."""

    organization: bool = False
    average: bool = False
    sync: bool = False
    least_bar: int = 0

    def beside(self) -> int:
        """Give the columns beside the name and the bar."""
        taken = 2 + _STATUS + _SHARE + _CALLS + bool(self.least_bar)
        return taken + _SYNC * self.sync + _AVERAGE * self.average


_SHAPES = (
    _Shape(organization=True, average=True, sync=True, least_bar=8),
    _Shape(average=True, sync=True, least_bar=8),
    _Shape(sync=True, least_bar=4),
    _Shape(sync=True),
    _Shape(least_bar=4),
    _Shape(),
)
"""From wide screens to narrow ones: the name of a campaign is the last to be cut."""


def status_table(campaigns: Sequence[CampaignProgress], width: int) -> Iterator[RenderableType]:
    """Give the lines of the table and its legend."""
    full = [f"{one.org}/{one.campaign or 'default'}" for one in campaigns]
    short = without_shared_organization(full)
    for shape in _SHAPES:
        names = full if shape.organization else short
        longest = max(len("CAMPAIGN"), *map(len, names))
        if longest + shape.beside() + shape.least_bar <= width:
            break
    name_width = max(len("CAMPAIGN"), min(longest, width - shape.beside() - shape.least_bar))
    length = min(_WIDEST_BAR, width - shape.beside() - name_width) if shape.least_bar else 0
    yield _title(shape, name_width, length)
    for name, one in zip(names, campaigns, strict=True):
        yield _row(one, clipped(name, name_width).ljust(name_width), shape, length)
        yield hanging("  ", Text(_buckets(one), style="dim"))
    yield from _legend(shape)


def bar(one: CampaignProgress, length: int) -> Text:
    """Draw how the contacts of a campaign stand; what there is at all is never rounded away to nothing."""
    text, drawn, counted_up = Text(), 0, 0
    for block, style, _, buckets in _SEGMENTS:
        counted_up += sum(one.contacts[bucket] for bucket in buckets)
        end = length * counted_up // one.total if one.total else 0
        text.append(block * (end - drawn), style=style)
        drawn = end
    return text.append(" " * (length - drawn))


def done(one: CampaignProgress) -> int:
    """Count the contacts that are in a final status."""
    return one.total - sum(one.contacts[bucket] for bucket in NOT_YET)


def _title(shape: _Shape, name_width: int, length: int) -> Text:
    titles = (
        f"{'CAMPAIGN':<{name_width}}  {'STATUS':<{_STATUS}}",
        f"{'SYNC':<{_SYNC}}" if shape.sync else "",
        f"{'PROGRESS':<{length + 1 + _SHARE}}" if shape.least_bar else "DONE",
        f"{'AVG':>{_AVERAGE}}" if shape.average else "",
        f"{'CALLS':>{_CALLS}}",
    )
    return Text("".join(titles), style="bold")


def _row(one: CampaignProgress, name: str, shape: _Shape, length: int) -> Text:
    share = f"{100 * done(one) // one.total}%" if one.total else "-"
    return Text.assemble(
        f"{name}  ",
        coloured(f"{one.status:<{_STATUS}}"),
        coloured(f"{one.sync.value:<{_SYNC}}") if shape.sync else "",
        *((bar(one, length), " ") if shape.least_bar else ()),
        f"{share:>{_SHARE}}",
        f"{one.average:>{_AVERAGE}.2f}" if shape.average else "",
        f"{f'{one.active_calls}/{one.calls_at_most}':>{_CALLS}}",
    )


def _buckets(one: CampaignProgress) -> str:
    counts = [f"{one.contacts[name]:,} {name.replace('_', ' ')}" for name in BUCKETS if one.contacts[name]]
    complete = "; Complete" if one.complete else ""
    return f"{counted(one.total, 'contact')}{': ' if counts else ''}{', '.join(counts)}{complete}"


def _legend(shape: _Shape) -> Iterator[Text]:
    blocks = [f"{block} {meaning}" for block, _, meaning, _ in _SEGMENTS] if shape.least_bar else []
    average = ["AVG: attempts per contact"] if shape.average else []
    if blocks or average:
        yield Text("  ".join([*blocks, *average]), style="dim")
