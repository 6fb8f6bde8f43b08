"""Several phone numbers in one cell, as CRMs write them."""

from __future__ import annotations

import re

_SEPARATOR = re.compile(r";(?!\s*ext=)|[,|\r\n]|\s+or\s+", re.IGNORECASE)
_NO_NUMBER = frozenset({"", "-", "--", "\u2013", "\u2014", "n/a", "na", "none", "null", "nil"})
_MIN_DIGITS = 7
"""Fewer digits beside a slash are an area code: `030/23125001` is one number, and halves of it are others."""


def split_numbers(cell: str) -> list[str]:
    """Take a cell apart at `;`, `,`, `|`, line ends and ` or `, and at `/` between whole numbers.

    `;ext=` belongs to its number. `n/a`, `none`, `null`, `-` and the like say that there is none. An
    apostrophe in front is how spreadsheets mark a text.
    """
    if cell[1:].isdecimal() and (cell[0] == "+" or cell[0].isdecimal()):
        return [cell]
    if not cell:
        return []
    pieces = [piece.strip() for piece in _SEPARATOR.split(cell)]
    return [number for piece in pieces for number in _at_slashes(piece)]


def _at_slashes(piece: str) -> list[str]:
    if piece.casefold() in _NO_NUMBER:
        return []
    parts = [part.strip() for part in piece.split("/")]
    if piece.startswith("#") or any(0 < _digits(part) < _MIN_DIGITS for part in parts):
        parts = [piece]
    return [number for part in parts if (number := part.removeprefix("'").lstrip())]


def _digits(text: str) -> int:
    return sum(character.isdecimal() for character in text)
