"""examples/quickstart: valid, callable by nobody's phone, and as messy as its README says."""

from __future__ import annotations

import io
import re
from collections import Counter
from pathlib import Path
from zoneinfo import available_timezones

import pytest

from reconciler.core.existing import Existing
from reconciler.core.phones import BadNumber, parse_number, zones_of
from reconciler.core.text_hashes import TextHashes
from reconciler.manifests.csv_rows import read_csv
from reconciler.manifests.data_file import DataRow, open_data_file
from reconciler.manifests.jsonl_rows import read_jsonl
from reconciler.manifests.load import load_manifests
from reconciler.manifests.resolve import examine
from reconciler.manifests.row_texts import RowTexts
from reconciler.spec.registry import KINDS

ROOT = Path(__file__).parents[2]
QUICKSTART = ROOT / "examples" / "quickstart"
FICTION = re.compile(
    r"\+1[2-9]\d\d55501\d\d|\+4420794\d{5}|\+493023125\d{3}|\+33199\d{6}|\+6149157(0156|0157|0158)"
)
"""Ranges that the regulators of the US, the UK, Germany, France and Australia keep for films and examples."""
COUNTRY = {"us-business-hours": "US", "round-the-clock": "US", "europe-office-hours": "GB"}


@pytest.fixture(scope="module")
def loaded():
    return load_manifests([str(QUICKSTART)], stdin=io.BytesIO()).all_read()


@pytest.fixture(scope="module")
def documents(loaded):
    assert list(loaded.faults) == []
    return loaded.documents


def of_kind(documents, kind):
    return [document for document in documents if document.manifest.kind == kind]


@pytest.fixture(scope="module")
def rows(documents):
    """Name of each list with a data file → its rows, and the country of its numbers."""
    configuration = {
        document.manifest.metadata.name: document.manifest.spec.configuration
        for document in of_kind(documents, "Campaign")
    }
    found = {}
    for document in of_kind(documents, "ContactList"):
        spec, meta = document.manifest.spec, document.manifest.metadata
        if spec.from_ is not None:
            file = open_data_file(document.file, spec.from_)
            jsonl = file.name.endswith(".jsonl")
            texts = RowTexts(TextHashes(), b"", None)
            read = (
                read_jsonl(file, spec.columns, texts)
                if jsonl
                else read_csv(file, spec.columns, texts, needs_id=True)
            )
            found[meta.name] = [row.read() for row in read], COUNTRY[configuration[meta.campaign]]
    return found


def good_numbers(row: DataRow, country: str) -> list[str]:
    numbers = []
    for _, text in row.numbers:
        try:
            numbers.append(parse_number(text, country))
        except BadNumber:
            continue
    return list(dict.fromkeys(numbers))


def test_it_shows_what_the_tour_needs(documents):
    """R-MAN-1: every manifest is valid; two tenants, three configurations, four campaigns."""
    assert Counter(document.manifest.kind for document in documents) == {
        "Dialer": 1, "Organization": 2, "Configuration": 3, "Campaign": 4, "ContactList": 4, "Contact": 2,
        "SuppressionList": 2,
    }  # fmt: skip
    statuses = {d.manifest.metadata.name: d.manifest.spec.status for d in of_kind(documents, "Campaign")}
    assert [name for name, status in statuses.items() if status == "paused"] == ["win-back"]


def test_every_manifest_names_its_schema_for_editors():
    """Each file starts with the editor hint, and the hint leads to the folder of the schemas."""
    files = sorted(QUICKSTART.rglob("*.yaml"))
    for file in files:
        first = file.read_text(encoding="utf-8").splitlines()[0]
        hint = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)/(\w+)\.json", first)
        assert hint, file
        assert (file.parent / hint[1]).resolve() == ROOT / "schemas"
        assert hint[2] in {*KINDS, "all"}
    assert len(files) == 8


def test_every_number_is_one_of_fiction(documents, rows):
    """An example rings nobody, also if somebody dials it over a real carrier."""
    numbers = [
        number for found, country in rows.values() for row in found for number in good_numbers(row, country)
    ]
    for document in of_kind(documents, "Contact"):
        numbers += [parse_number(text, "GB") for text in document.manifest.spec.phone_numbers]
    for document in of_kind(documents, "ContactList"):
        inline = document.manifest.spec.contacts or ()
        numbers += [parse_number(text, "GB") for contact in inline for text in contact.phone_numbers]
    for document in of_kind(documents, "SuppressionList"):
        numbers += [entry.number for entry in document.manifest.spec.numbers]
    text = "".join(file.read_text(encoding="utf-8") for file in QUICKSTART.rglob("*.yaml"))
    numbers += re.findall(r"\+\d{8,}", text)
    assert len(numbers) > 700
    assert [number for number in numbers if not FICTION.fullmatch(number)] == []


def test_there_are_600_contacts_and_more(rows):
    """The data files hold the contacts that README and tour promise, under ids of their own."""
    callable_rows = {
        name: {row.external_id for row in found if good_numbers(row, country)}
        for name, (found, country) in rows.items()
    }
    assert {name: len(ids) for name, ids in callable_rows.items()} == {
        "crm-export": 298, "sign-ups": 200, "deliveries": 124,
    }  # fmt: skip


def test_the_crm_export_has_all_its_sins(rows):
    """R-PHONE-2, R-ID-4: eight bad rows, one row of which a number is kept, and one number under two ids."""
    found, country = rows["crm-export"]
    assert all(isinstance(row, DataRow) for row in found)
    ids = Counter(row.external_id for row in found)
    unfit = [row for row in found if not good_numbers(row, country)]
    nowhere = [row for row in found if row.fields.get("timezone", "UTC") not in available_timezones()]
    twice = [row for row in found if ids[row.external_id] > 1]
    assert (len(unfit), len(nowhere), len(twice)) == (5, 1, 2)
    assert any(0 < len(good_numbers(row, country)) < len(row.numbers) for row in found)
    owners = Counter(number for row in found if row not in twice for number in good_numbers(row, country))
    assert sorted(count for count in owners.values() if count > 1) == [2]
    raw = (QUICKSTART / "acme" / "contacts" / "crm-export.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert b"\r\n\r\n" in raw
    assert re.search(rb'"[^"\r]*\n[^"]*"\r\n', raw)
    assert any(column == "Mobile" and len(row.numbers) > 1 for row in found for column, _ in row.numbers[1:2])


def test_what_can_be_called_is_planned_and_what_cannot_is_named(loaded):
    """R-PHONE-2: no fault stops the plan; each bad row and each bad number has its place, all in one file."""
    examination = examine(loaded, Existing(), b"a key")
    assert list(examination.faults) == []
    assert len(list(examination.desired.contacts)) == 625
    assert len(examination.bad_rows) == 9
    assert {Path(fault.file).name for fault in examination.bad_rows} == {"crm-export.csv"}
    assert all(fault.line and fault.column for fault in examination.bad_rows)


def test_the_zones_of_the_deliveries_follow_from_their_numbers(rows):
    """R-TZ-1: with `infer_timezone`, each number of three countries gives exactly one zone."""
    found, country = rows["deliveries"]
    zones = {zones_of(number) for row in found for number in good_numbers(row, country)}
    assert zones == {("Europe/London",), ("Europe/Berlin",), ("Europe/Paris",)}


def test_the_suppression_lists_keep_somebody_from_being_called(documents, rows):
    """R-SUP-1: each organization suppresses numbers that its contacts have."""
    suppressed = {
        entry.number for d in of_kind(documents, "SuppressionList") for entry in d.manifest.spec.numbers
    }
    met = {
        name: sum(number in suppressed for row in found for number in good_numbers(row, country))
        for name, (found, country) in rows.items()
    }
    assert met == {"crm-export": 2, "sign-ups": 1, "deliveries": 1}
