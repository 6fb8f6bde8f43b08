"""Several phone numbers in one cell, as CRMs write them."""

from __future__ import annotations

import re

_SEPARATOR = re.compile(r";(?!\s*ext=)|[,/|\r\n]|\s+or\s+", re.IGNORECASE)


def split_numbers(cell: str) -> list[str]:
    """Take a cell apart at `;`, `/`, `|`, `,`, line ends and ` or `; `;ext=` belongs to its number."""
    if not cell or cell.isdecimal():
        return [cell] if cell else []
    return [part for piece in _SEPARATOR.split(cell) if (part := piece.strip())]
