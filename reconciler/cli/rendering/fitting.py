"""A table on a screen of some width: what shrinks, and what is left out rather than cut."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.table import Table

from reconciler.cli.rendering.colours import coloured
from reconciler.cli.rendering.documents import Record

Cell = Callable[[Record], str]

_BETWEEN = 2


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title, and what stands in it; `folds`: long text goes on in the next line.

    `least` is how narrow it may become; None: it is never cut, as figures, numbers and instants are not.
    `goes` is its place among those that are left out for want of room, 1 first; None: it always stays.
    """

    title: str
    cell: Cell
    folds: bool = False
    right: bool = False
    least: int | None = None
    goes: int | None = None


def fitted(columns: Sequence[Column], rows: Sequence[Record], width: int) -> tuple[Table, list[str]]:
    """Lay rows out; gives the table, and the titles of the columns for which there is no room."""
    wanted = {column.title: _wanted(column, rows) for column in columns}
    shown, left_out = list(columns), []
    while _excess([_least(column, wanted[column.title]) for column in shown], width) > 0:
        leaving = [column for column in shown if column.goes is not None]
        if not leaving:
            break
        gone = min(leaving, key=lambda column: column.goes or 0)
        shown.remove(gone)
        left_out.append(gone.title)
    table = Table(box=None, show_edge=False, pad_edge=False, padding=(0, _BETWEEN, 0, 0), header_style="bold")
    for column, size in zip(shown, _widths(shown, wanted, width), strict=True):
        table.add_column(
            column.title,
            justify="right" if column.right else "left",
            no_wrap=not column.folds,
            overflow="fold" if column.folds else "ellipsis",
            width=size,
        )
    for row in rows:
        table.add_row(*(coloured(column.cell(row)) for column in shown))
    return table, left_out


def _wanted(column: Column, rows: Sequence[Record]) -> int:
    return max([len(column.title), *(len(column.cell(row)) for row in rows)])


def _least(column: Column, wanted: int) -> int:
    return wanted if column.least is None else min(wanted, max(column.least, len(column.title)))


def _excess(sizes: Sequence[int], width: int) -> int:
    return sum(sizes) + _BETWEEN * (len(sizes) - 1) - width


def _widths(shown: Sequence[Column], wanted: dict[str, int], width: int) -> list[int]:
    """Give each column what it wants; where that is too much, text that folds gives way before names do."""
    sizes = {column.title: wanted[column.title] for column in shown}
    for column in sorted(shown, key=lambda column: (not column.folds, -sizes[column.title])):
        excess = _excess(list(sizes.values()), width)
        spare = sizes[column.title] - _least(column, sizes[column.title])
        sizes[column.title] -= max(0, min(excess, spare))
    return list(sizes.values())
