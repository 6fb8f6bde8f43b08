"""Changes of contacts, be it a million: planned one by one, read at will, and never held all at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from reconciler.core.plan.change import Action, ContactChange

PlainRow = tuple[Any, ...]
"""A row of texts, numbers, truth values, None, and tuples of them."""


class ContactChanges(Protocol):
    """The changes of a plan's contacts, in the order of place and external id, in which they were added."""

    def add(self, change: ContactChange) -> None:
        """Add the next one."""
        ...

    def __len__(self) -> int:
        """Count them."""
        ...

    def __iter__(self) -> Iterator[ContactChange]:
        """Give all of them in order."""
        ...

    def creations(self) -> Iterator[ContactChange]:
        """Give the new contacts in file order, which is dialing order (R-DIAL-2)."""
        ...

    def others(self) -> Iterator[ContactChange]:
        """Give the contacts that are there already, in order."""
        ...

    def set_aside(self, rows: Iterable[PlainRow]) -> Iterable[PlainRow]:
        """Keep rows that were made of these changes, where the changes are; once, for the apply."""
        ...


class FewChanges:
    """Changes that memory may hold."""

    def __init__(self) -> None:
        self._changes: list[ContactChange] = []

    def add(self, change: ContactChange) -> None:
        """Add the next one."""
        self._changes.append(change)

    def __len__(self) -> int:
        return len(self._changes)

    def __iter__(self) -> Iterator[ContactChange]:
        return iter(self._changes)

    def creations(self) -> Iterator[ContactChange]:
        """Sort them."""
        new = (change for change in self._changes if change.action is Action.CREATE)
        return iter(sorted(new, key=lambda change: change.position))

    def others(self) -> Iterator[ContactChange]:
        """Leave the new ones out."""
        return (change for change in self._changes if change.action is not Action.CREATE)

    def set_aside(self, rows: Iterable[PlainRow]) -> Iterable[PlainRow]:
        """Make them all."""
        return list(rows)
