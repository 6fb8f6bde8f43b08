"""The words that say how something stands, in their colours: green is well, red needs a person."""

from __future__ import annotations

from collections.abc import Mapping

from rich.text import Text

_COLOURS: Mapping[str, str] = {
    "active": "green",
    "in_sync": "green",
    "open": "green",
    "running": "green",
    "completed": "green",
    "in_progress": "cyan",
    "locked": "cyan",
    "paused": "yellow",
    "unmanaged": "yellow",
    "out_of_sync": "yellow",
    "exhausted": "yellow",
    "unknown": "red",
    "held": "red",
    "error": "red",
    "shut": "red",
    "expired": "red",
    "closed": "dim",
    "withdrawn": "dim",
}


def coloured(word: str) -> Text:
    """Give a word in its colour, if it has one; markup in it is not read."""
    return Text(word, style=_COLOURS.get(word.strip(), ""))
