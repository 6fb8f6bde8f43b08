"""Rows that say nothing but an id, numbers and texts are read the short way, to the same result."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import PropertyMock, patch

from hypothesis import given, settings
from hypothesis import strategies as st
from manifests.conftest import CAMPAIGN

from reconciler.core.existing import OFFLINE
from reconciler.manifests.data_file import DataRow
from reconciler.manifests.load import load_manifests
from reconciler.manifests.resolve import examine

LIST = """\
---
apiVersion: campaigns/v1
kind: ContactList
metadata: {name: crm, campaign: spring}
spec: {from: crm.csv}
"""
cells = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n"), max_size=6)
rows = st.lists(
    st.tuples(
        st.sampled_from(["ada", "bob", " cyd ", "d\u200bd", "e" * 201, ""]) | cells,
        st.sampled_from(["+12125550142", "212 555 0143", "+442079460018; 212-555-0144", "+1 555", "", "x"]),
        cells,
        cells,
    ),
    max_size=6,
)


def read(folder):
    found = examine(load_manifests([folder], stdin=io.BytesIO()), OFFLINE, b"a key")
    return list(found.desired.contacts), found.desired.lists, found.bad_rows, found.faults


@settings(max_examples=200, deadline=None)
@given(rows)
def test_the_short_way_reads_what_the_long_one_does(declared):
    """R-MAN-4: contacts, hashes, bad rows and faults."""
    with TemporaryDirectory() as folder:
        Path(folder, "all.yaml").write_text(CAMPAIGN + LIST)
        with Path(folder, "crm.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("external_id", "phone", "city", "note"), *declared])
        short = read(folder)
        with patch.object(DataRow, "is_plain", PropertyMock(return_value=False)):
            assert read(folder) == short
