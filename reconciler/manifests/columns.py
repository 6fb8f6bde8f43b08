"""Which column of a data file holds what: by `columns:`, else by well-known headers (R-MAN-4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from reconciler.core.phones import mask_numbers_in
from reconciler.core.suggestions import did_you_mean
from reconciler.manifests.number_headers import fold, names_numbers
from reconciler.spec.contact_list import Columns

_SHOWN_HEADERS = 20
_SHOWN_LETTERS = 40
_FIELD_HEADERS: Mapping[str, Sequence[str]] = {
    "external_id": ("externalid", "id", "contactid"),
    "timezone": ("timezone", "tz"),
    "scheduled_at": ("scheduledat",),
    "expires_at": ("expiresat",),
    "agent_id": ("agentid",),
    "agent_version": ("agentversion",),
    "agent_number": ("agentnumber",),
    "initial_context": ("initialcontext",),
}


class Cells(NamedTuple):
    """The cells of a row by role, as (field or header, index): all but the id, and those without a header."""

    fields: Sequence[tuple[str, int]]
    numbers: Sequence[tuple[str, int]]
    data: Sequence[tuple[str, int]]
    nameless: Sequence[int]


@dataclass(frozen=True)
class Layout:
    """The roles of a file's columns, by index: fields (one column each), numbers in order, and the rest."""

    headers: tuple[str, ...]
    fields: Mapping[str, int]
    numbers: tuple[int, ...]
    rest: tuple[int, ...]

    @cached_property
    def column_names(self) -> Mapping[str, str]:
        """Field → header of its column."""
        names = {field: self.headers[index] for field, index in self.fields.items()}
        if self.numbers:
            names["phone_numbers"] = self.headers[self.numbers[0]]
        return names

    @cached_property
    def cells(self) -> Cells:
        """Give what is taken of a row, cell by cell."""
        return Cells(
            [(field, index) for field, index in self.fields.items() if field != "external_id"],
            [(self.headers[index], index) for index in self.numbers],
            [(self.headers[index], index) for index in self.rest],
            [index for index, header in enumerate(self.headers) if not header],
        )

    @property
    def recognised(self) -> int:
        """How many columns have a role of their own."""
        return len(self.fields) + len(self.numbers)


def reading(layout: Layout) -> str:
    """Say how columns are read: `external_id ← "CRM Id", phone_numbers ← "Mobile"; data: plan` (R-MAN-4)."""
    fields = [(field, (layout.fields[field],)) for field in layout.fields]
    roles = [*fields, ("phone_numbers", layout.numbers)]
    read = ", ".join(f"{field} \N{LEFTWARDS ARROW} {_quoted(layout, at)}" for field, at in roles)
    data = ", ".join(_shown(layout.headers[at]) for at in layout.rest)
    return f"{read}; data: {data}" if data else read


def lay_out(headers: Sequence[str], columns: Columns) -> Layout:
    """Give every header its role; a field that `columns:` maps is looked for nowhere else."""
    index_of = {header: index for index, header in reversed(list(enumerate(headers)))}
    mapped = columns.model_dump(exclude_none=True)
    numbers = [index_of[name] for name in mapped.pop("phone_numbers", ()) if name in index_of]
    fields = {field: index_of[name] for field, name in mapped.items() if name in index_of}
    folded = [fold(header) for header in headers]
    taken = {*numbers, *fields.values()}
    for field, known in _FIELD_HEADERS.items():
        if field in mapped:
            continue
        found = [folded.index(name) for name in known if name in folded]
        free = [index for index in found if index not in taken]
        if free:
            fields[field] = free[0]
            taken.add(free[0])
    if columns.phone_numbers is None:
        numbers = [i for i, name in enumerate(folded) if i not in taken and names_numbers(name)]
        taken.update(numbers)
    rest = tuple(index for index in range(len(headers)) if index not in taken and headers[index])
    return Layout(tuple(headers), fields, tuple(dict.fromkeys(numbers)), rest)


def missing_columns(headers: Sequence[str], columns: Columns) -> list[str]:
    """Say which columns `columns:` names that the file does not have."""
    mapped = columns.model_dump(exclude_none=True)
    named = [*mapped.pop("phone_numbers", ()), *mapped.values()]
    return [
        f"there is no column '{name}'{did_you_mean(name, headers)}; {present_columns(headers)}"
        for name in named
        if name not in headers
    ]


def is_data(headers: Sequence[str]) -> bool:
    """Whether a first line without known columns is a row of data: it holds a phone number."""
    return any(mask_numbers_in(header) != header for header in headers)


def present_columns(headers: Sequence[str]) -> str:
    """List the columns for an error."""
    named = [f"'{_shown(header)}'" for header in headers if header]
    return f"the columns are {', '.join(named[:_SHOWN_HEADERS])}{', …' * (len(named) > _SHOWN_HEADERS)}"


def _quoted(layout: Layout, indexes: Sequence[int]) -> str:
    return ", ".join(f'"{_shown(layout.headers[at])}"' for at in indexes)


def _shown(header: str) -> str:
    return mask_numbers_in(header[:_SHOWN_LETTERS])
