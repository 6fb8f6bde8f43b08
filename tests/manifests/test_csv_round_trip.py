"""Contacts written to CSV in any dialect read back the same."""

import csv
import io

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.text_hashes import TextHashes
from reconciler.manifests.csv_rows import DELIMITERS, read_csv
from reconciler.manifests.data_file import DataFile, DataRow
from reconciler.manifests.row_texts import RowTexts
from reconciler.spec.contact_list import Columns

# No lone carriage return: csv.writer leaves it unquoted, and so writes another file than it was given.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\ufeff"), max_size=12)
IDENTITY = TEXT.map(str.strip).filter(bool)
NUMBERS = st.lists(st.integers(10**6, 10**11).map(str), min_size=1, max_size=3)
DATA = st.fixed_dictionaries({"Plan, or tariff": TEXT, "note": TEXT, 'a "quoted" header': TEXT})
COLUMNS = ["External ID", "phone1", "phone2", "phone3", "Plan, or tariff", "note", 'a "quoted" header']
CONTACTS = st.lists(st.tuples(IDENTITY, NUMBERS, DATA), max_size=6)


@settings(max_examples=150)
@given(
    contacts=CONTACTS,
    dialect=st.fixed_dictionaries(
        {
            "delimiter": st.sampled_from(DELIMITERS),
            "lineterminator": st.sampled_from(["\n", "\r\n"]),
            "quoting": st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
        }
    ),
    mark=st.booleans(),
    order=st.permutations(COLUMNS),
)
def test_any_contacts_in_any_dialect_read_back_the_same(contacts, dialect, mark, order):
    """R-MAN-4: delimiter, line ends, quoting, byte order mark and order of columns do not matter."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, **dialect)
    writer.writerow(order)
    for identity, numbers, data in contacts:
        cells = {"External ID": identity, **data}
        cells |= {f"phone{i}": number for i, number in enumerate(numbers, start=1)}
        writer.writerow([cells.get(column, "") for column in order])
    content = (("\ufeff" if mark else "") + stream.getvalue()).encode()
    texts = RowTexts(TextHashes(), b"", None)
    rows = [row.read() for row in read_csv(DataFile("x.csv", content), Columns(), texts, needs_id=True)]
    assert all(isinstance(row, DataRow) for row in rows)
    phones = [column for column in order if column.startswith("phone")]
    assert [(r.external_id, [n for _, n in r.numbers], r.data) for r in rows] == [
        (
            identity,
            [numbers[int(column[-1]) - 1] for column in phones if int(column[-1]) <= len(numbers)],
            {name: text for name, text in data.items() if text},
        )
        for identity, numbers, data in contacts
    ]
    lines = io.StringIO(stream.getvalue(), newline="").readlines()
    assert all(row.line <= len(lines) for row in rows)
