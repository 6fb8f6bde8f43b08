"""Warnings of one data file: numbers that nobody dials, rows most of which are bad (R-PHONE-2, R-MAN-4)."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from reconciler.core.phones import mask_numbers_in
from reconciler.errors import Fault
from reconciler.manifests.campaign_rules import CampaignRules
from reconciler.manifests.columns import Layout
from reconciler.manifests.contacts import read_numbers
from reconciler.manifests.data_file import DataRow, Row
from reconciler.manifests.number_cells import split_numbers
from reconciler.spec.contact_list import Columns

_MOST_NAMED = 3
_FEWEST_ROWS = 4
"""Of fewer rows no share says anything."""
_WRITTEN_LIKE_A_NUMBER = re.compile(r"[+(]?[\d\s().\-/]{7,25}")
_QUOTED = re.compile(r"'[^']*'")
_PLAIN_IN_A_LIST = re.compile(r"[^\W_][\w ()./-]*(?<! )")


class FirstRows:
    """The rows at the top of a file, which say what its columns hold."""

    def __init__(self) -> None:
        self._sample: list[DataRow] = []
        self.layout: Layout | None = None

    def see(self, row: Row, *, is_at_the_top: bool) -> None:
        """Take the next row that is read, as those at the top always are."""
        if not is_at_the_top and self.layout is not None:
            return
        read = row.read()
        if isinstance(read, DataRow):
            self.layout = self.layout or read.layout
            if is_at_the_top:
                self._sample.append(read)

    def warnings(
        self, rows: int, bad: Sequence[Fault], columns: Columns, rules: CampaignRules
    ) -> Iterator[str]:
        """Yield what is probably not meant; `bad` are those of the `rows` that are left out.

        Whoever maps `phone_numbers` has said which numbers to dial, and is not told of others.
        """
        undialled = self._undialled_columns(rules)
        if columns.phone_numbers is None:
            yield from _undialled_text(undialled, self._dialled_columns())
        yield from _mostly_bad_text(rows, bad, undialled)

    def _undialled_columns(self, rules: CampaignRules) -> list[str]:
        """Give the columns that land in `data` though most of their cells read as numbers."""
        filled, numbers = Counter[str](), Counter[str]()
        for row in self._sample:
            for column, cell in row.data.items():
                if isinstance(cell, str) and cell.strip():
                    filled[column] += 1
                    numbers[column] += _reads_as_number(cell, rules)
        return [column for column, cells in filled.items() if numbers[column] * 2 > cells]

    def _dialled_columns(self) -> Sequence[str]:
        """Give the columns of numbers: of a CSV file all, of JSON lines those of the first rows."""
        if self.layout is not None:
            return [self.layout.headers[at] for at in self.layout.numbers]
        return list(dict.fromkeys(column for row in self._sample for column, _ in row.numbers))


def _undialled_text(columns: Sequence[str], dialled: Sequence[str]) -> Iterator[str]:
    for column in columns[:_MOST_NAMED]:
        mapped = ", ".join(_in_a_list(name) for name in (*dialled, column))
        yield (
            f"column '{mask_numbers_in(column)}' looks like phone numbers and is not dialled; "
            f"map it: columns: {{phone_numbers: [{mapped}]}}"
        )


def _mostly_bad_text(rows: int, bad: Sequence[Fault], undialled: Sequence[str]) -> Iterator[str]:
    """Say that more than half of the rows are bad, of which sort most are, and what that points to."""
    if rows < _FEWEST_ROWS or len(bad) * 2 <= rows:
        return
    sorts = Counter((fault.column, _QUOTED.sub("'…'", fault.message)) for fault in bad)
    (column, message), count = sorts.most_common(1)[0]
    where = f"{column}: " if column else ""
    text = f"most rows are bad, {len(bad):,} of {rows:,}; {count:,} of them for this: {where}{message}"
    yield text + _likeliest_cause(message, undialled)


def _likeliest_cause(message: str, undialled: Sequence[str]) -> str:
    if undialled:
        return f"; is column '{mask_numbers_in(undialled[0])}' the one to dial?"
    if "is not a valid phone number in " in message:
        return "; are these numbers of another country? dialing: {default_country: …} says which"
    return ""


def _reads_as_number(cell: str, rules: CampaignRules) -> bool:
    texts = split_numbers(cell)
    written = bool(texts) and all(_WRITTEN_LIKE_A_NUMBER.fullmatch(text) for text in texts)
    return written and len(read_numbers(texts, rules).good) > 0


def _in_a_list(name: str) -> str:
    """Write a column's name as YAML takes it inside of brackets."""
    shown = mask_numbers_in(name)
    return shown if _PLAIN_IN_A_LIST.fullmatch(shown) else json.dumps(shown, ensure_ascii=False)
