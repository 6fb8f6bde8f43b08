"""examples/broken says of every file what the tool says; examples/messy shows what is read all the same."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from support.age import VARIABLES

from reconciler.cli.main import main
from reconciler.core.existing import OFFLINE
from reconciler.core.phones import mask_numbers_in
from reconciler.errors import FaultsFound
from reconciler.manifests.data_file import MAX_ROW
from reconciler.manifests.load import load_manifests
from reconciler.manifests.resolve import examine

ROOT = Path(__file__).parents[2]
BROKEN = ROOT / "examples" / "broken"
MESSY = ROOT / "examples" / "messy"
GUIDE = ROOT / "docs" / "errors.md"
CAMPAIGN = "campaign.yaml"
EXAMPLE_NUMBER = "+12125550123"
"""The number that messages show as an example of E.164."""

CONSOLE = re.compile(
    r"In `(?P<folder>[^`]+)`[^\n]*:\n\n```console\n\$ dialctl (?P<command>[^\n]+)\n(?P<says>.*?)```",
    re.DOTALL,
)
TABLE_ROW = re.compile(
    r"^\| \[(?P<name>[^]]+)\]\((?P<link>[^)]+)\) \| (?P<title>.+?) \|(?: `(?P<says>.+)` \|)?$", re.MULTILINE
)


@pytest.fixture(autouse=True)
def _no_key(monkeypatch):
    """What encrypted lists say where nobody has a key."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def cases(folder):
    """Every case of a folder: a manifest that is a case by itself, or a folder."""
    return [p for p in sorted(folder.iterdir()) if p.is_dir() or (p.suffix == ".yaml" and p.name != CAMPAIGN)]


def name_of(case):
    return case.name if case.is_dir() else case.stem


def expected(case):
    """The lines that stand beside a case."""
    file = case / "expected" if case.is_dir() else case.with_suffix(".expected")
    return file.read_text(encoding="utf-8").splitlines()


def examined(folder, *paths, monkeypatch):
    monkeypatch.chdir(folder)
    return examine(load_manifests(paths, stdin=io.BytesIO()), OFFLINE, b"a key")


def lines(faults):
    return [str(fault) for fault in FaultsFound(faults).faults]


def arguments(case):
    """The folder to stand in, and what to name there."""
    if case.parent.name == "yaml":
        return (case, ["."]) if case.is_dir() else (case.parent, [case.name])
    return case.parent, [CAMPAIGN, case.name]


YAML, FILES, ROWS = (cases(BROKEN / folder) for folder in ("yaml", "files", "rows"))


@pytest.mark.parametrize("case", YAML + FILES, ids=name_of)
def test_what_is_broken_is_refused_with_the_lines_beside_it(case, monkeypatch):
    """R-MAN-1, R-MAN-2: every fault, its place and what to do, to the letter."""
    folder, paths = arguments(case)
    examination = examined(folder, *paths, monkeypatch=monkeypatch)
    assert lines(examination.faults) == expected(case)
    assert not examination.bad_rows


@pytest.mark.parametrize("case", ROWS, ids=name_of)
def test_a_bad_row_is_left_out_with_the_lines_beside_it_and_a_good_one_is_read(case, monkeypatch):
    """R-PHONE-2: a bad row never stops a good one, and nothing bad becomes a contact."""
    folder, paths = arguments(case)
    examination = examined(folder, *paths, monkeypatch=monkeypatch)
    assert not examination.faults
    assert lines(examination.bad_rows) == expected(case)
    assert examination.desired.contacts or name_of(case) == "035-json-trailing-comma"
    bad_lines = {fault.line for fault in examination.bad_rows}
    if name_of(case) != "021-one-number-of-two":
        assert not bad_lines & {contact.origin.line for contact in examination.desired.contacts}


@pytest.mark.parametrize("case", cases(MESSY), ids=name_of)
def test_a_mess_with_one_reading_is_read(case, monkeypatch):
    """R-MAN-4, R-PHONE-1: it becomes the contacts beside it, with the warnings beside it, and no fault."""
    examination = examined(MESSY, CAMPAIGN, case.name, monkeypatch=monkeypatch)
    assert (examination.faults, examination.bad_rows) == ([], [])
    contacts = [{"external_id": c.external_id, **c.fields} for c in examination.desired.contacts]
    beside = (case / "expected.jsonl").read_text(encoding="utf-8")
    assert contacts == [json.loads(line) for line in beside.splitlines()]
    warnings = case / "expected.warnings"
    told = warnings.read_text(encoding="utf-8").splitlines() if warnings.exists() else []
    assert [notice.detail for notice in examination.desired.notices] == told


def test_a_row_above_one_mebibyte_is_refused(tmp_path, monkeypatch):
    """R-MAN-1: told at the line where it starts; made here, since nobody wants to read it."""
    text = (BROKEN / "files" / CAMPAIGN).read_text(encoding="utf-8")
    listed = (BROKEN / "files" / "001-empty-file" / "list.yaml").read_text(encoding="utf-8")
    (tmp_path / "all.yaml").write_text(f"{text}---\n{listed}", encoding="utf-8")
    (tmp_path / "contacts.csv").write_text(f'external_id,phone\n1001,"{"x" * MAX_ROW}"\n', encoding="utf-8")
    examination = examined(tmp_path, ".", monkeypatch=monkeypatch)
    assert lines(examination.faults) == [
        "contacts.csv:2: has a row longer than 1 MiB (is a quote left open on this line?)"
    ]


def test_there_are_examples_of_everything():
    """At least 40 faults of YAML, 30 of CSV and a few of JSON Lines."""
    data = [next(case.glob("contacts.*")).suffix for case in FILES + ROWS]
    assert len(YAML) >= 40
    assert data.count(".csv") >= 30
    assert data.count(".jsonl") >= 5


@pytest.mark.parametrize("case", YAML + FILES + ROWS, ids=name_of)
def test_no_line_shows_a_number(case):
    """R-PLAN-8: numbers are masked in every error."""
    for line in expected(case):
        said = line.partition(": ")[2].replace(EXAMPLE_NUMBER, "")
        assert mask_numbers_in(said) == said


def first_message(case, monkeypatch):
    folder, paths = arguments(case)
    examination = examined(folder, *paths, monkeypatch=monkeypatch)
    return FaultsFound([*examination.faults, *examination.bad_rows]).faults[0].message


def test_the_table_of_broken_examples_lists_each_once_with_its_message(monkeypatch):
    """The README tells what people do and what it says, and leaves nothing out."""
    rows = list(TABLE_ROW.finditer((BROKEN / "README.md").read_text(encoding="utf-8")))
    assert [row["link"] for row in rows] == [
        case.relative_to(BROKEN).as_posix() for case in YAML + FILES + ROWS
    ]
    for case, row in zip(YAML + FILES + ROWS, rows, strict=True):
        assert row["name"] == name_of(case)
        assert row["says"].replace("\\|", "|") == first_message(case, monkeypatch)


def test_the_table_of_messy_examples_lists_each_once():
    """The README tells what is read, and leaves nothing out."""
    rows = list(TABLE_ROW.finditer((MESSY / "README.md").read_text(encoding="utf-8")))
    assert [row["link"] for row in rows] == [case.name for case in cases(MESSY)]


SHOWN = list(CONSOLE.finditer(GUIDE.read_text(encoding="utf-8")))


def test_the_guide_shows_examples_of_manifests_files_and_rows():
    """docs/errors.md: one of each sort, so that the next test has something to prove."""
    assert [example["folder"].rpartition("/")[2] for example in SHOWN] == ["yaml", "files", "rows"]


@pytest.mark.parametrize("example", SHOWN, ids=[example["folder"] for example in SHOWN])
def test_the_guide_shows_what_the_command_says(example, monkeypatch, capsys):
    """interface.md: errors go to stderr as `file:line:col: message`, results to stdout."""
    monkeypatch.chdir(ROOT / example["folder"])
    code = main(example["command"].split())
    out, err = capsys.readouterr()
    assert out + err == example["says"]
    assert code == (0 if example["folder"].endswith("rows") else 1)


@pytest.mark.parametrize("case", [YAML[0], YAML[19], YAML[-1], FILES[0], ROWS[0], ROWS[-1]], ids=name_of)
def test_the_command_prints_the_lines_beside_a_case_and_nothing_else(case, monkeypatch, capsys):
    """interface.md: exit 1 and every fault on stderr; bad rows are faults under --strict."""
    folder, paths = arguments(case)
    monkeypatch.chdir(folder)
    assert main(["validate", "--strict", *paths]) == 1
    out, err = capsys.readouterr()
    assert (out, err.splitlines()) == ("", expected(case))
