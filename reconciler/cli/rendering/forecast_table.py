"""The figures of a forecast, one line for each campaign, as many of them as the screen has room for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from reconciler.cli.rendering.words import clipped, minute
from reconciler.core.forecast import Outlook

_FINISHED = 16
_WIDTHS = {"CONTACTS": 8, "REACHED": 7, "CALLS": 6, "MINUTES": 8}
_LEFT_OUT = ("MINUTES", "CALLS", "CONTACTS", "REACHED")
"""What goes first where a screen is too narrow for a campaign's name beside all figures."""

WIDTH_BESIDE_NAMES = 2 + _FINISHED + sum(2 + width for width in _WIDTHS.values())


def forecast_table(found: Sequence[Outlook], names: Sequence[str], width: int) -> Iterator[Text]:
    """Give a title, and the figures under these names."""
    longest = max(len("CAMPAIGN"), *map(len, names))
    shown, room = dict(_WIDTHS), width - WIDTH_BESIDE_NAMES
    for title in _LEFT_OUT:
        if longest > room:
            room += 2 + shown.pop(title)
    name_width = min(longest, max(len("CAMPAIGN"), room))
    titles = "".join(f"  {title:>{size}}" for title, size in shown.items())
    yield Text(f"{'CAMPAIGN':<{name_width}}  {'FINISHED (UTC)':<{_FINISHED}}{titles}", style="dim")
    for name, one in zip(names, found, strict=True):
        figures = _figures(one)
        row = "".join(f"  {figures[title]:>{size},.0f}" for title, size in shown.items())
        yield Text(f"{clipped(name, name_width):<{name_width}}  {_finished(one):<{_FINISHED}}{row}")


def _figures(one: Outlook) -> dict[str, float]:
    return {"CONTACTS": one.contacts, "REACHED": one.reached, "CALLS": one.calls, "MINUTES": one.minutes}


def _finished(one: Outlook) -> str:
    if one.left:
        return "not by the end"
    return minute(one.finished_at) if one.finished_at else "nobody to call"
