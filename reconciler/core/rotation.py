"""Which number of a contact is dialled next (R-CONTACT-2)."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def rotation(numbers: Sequence[str], dropped: Collection[str], last_number: str | None) -> tuple[str, ...]:
    """Give the numbers that may still be dialled, the next one first.

    Tried in order, beginning after the one dialled last (used attempts only) and going round; after an edit
    that removed it, from the first. Numbers that turned out invalid or wrong (`dropped`) are left out.
    """
    start = numbers.index(last_number) + 1 if last_number in numbers else 0
    ordered = (*numbers[start:], *numbers[:start])
    return tuple(number for number in ordered if number not in dropped) if dropped else ordered


def next_number(numbers: Sequence[str], dropped: Collection[str], last_number: str | None) -> str | None:
    """Give the number to dial next, or None when none is left."""
    return next(iter(rotation(numbers, dropped, last_number)), None)
