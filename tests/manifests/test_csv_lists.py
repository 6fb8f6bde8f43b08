"""CSV files as real CRMs write them."""

import pytest

from reconciler.core.desired import ListRows
from reconciler.core.existing import OFFLINE
from reconciler.manifests.number_cells import split_numbers
from reconciler.manifests.resolve import examine

NEW_YORK = "America/New_York"


def contacts(examination):
    return {c.external_id: c.fields["phone_numbers"] for c in examination.desired.contacts}


def rows(examination):
    [found] = examination.desired.lists.values()
    return found


@pytest.mark.parametrize(
    "content",
    [
        "external_id,phone\nx,(212) 555-0142\n",
        "\ufeffexternal_id;phone\r\nx;(212) 555-0142\r\n",
        "\n\nExternal Id\tPhone Number\nx\t(212) 555-0142",
        "id,mobile\rx,2125550142\r",
        "sep=;\nphone_numbers;ID\n212-555-0142;x\n",
        '"Cell","external-id","note"\n\n"+1 212 555 0142","x",""\n,,\n',
        "id,tel,\nx,2125550142,\n",
    ],
)
def test_dialects_and_headers(contact_list, content):
    """R-MAN-4: marks, line ends, delimiters, order, case and blank lines do not matter."""
    examination = contact_list(content)
    assert (examination.faults, examination.bad_rows) == ([], [])
    assert contacts(examination) == {"x": ["+12125550142"]}


def test_several_numbers_in_cells_and_columns_keep_their_order(contact_list):
    """R-PHONE-1, R-MAN-4: split, normalised, without repetition, in column order."""
    content = (
        "id,phone1,phone2\n"
        '1,2125550142;212-555-0143,+1 212 555 0142\n2,"2125550142, 2125550143",\n'
        '3,"2125550142\n2125550143",\n4,2125550142 or 2125550143,\n5,2125550142 / 2125550143 | 2125550144,\n'
    )
    found = contacts(contact_list(content))
    two = ["+12125550142", "+12125550143"]
    assert found == {"1": two, "2": two, "3": two, "4": two, "5": [*two, "+12125550144"]}


def test_columns_map_and_the_rest_lands_in_data(contact_list):
    """R-MAN-4: mapped columns first, unmapped ones in `data` as texts, empty cells left out."""
    content = "CRM Id,Mobile,Office,Zone,phone,plan,age\n1,2125550142,2125550143,US/Pacific,x,gold,042\n"
    spec = "  columns: {external_id: CRM Id, phone_numbers: [Office, Mobile], timezone: Zone}\n"
    [contact] = contact_list(content, spec).desired.contacts
    assert contact.fields == {
        "phone_numbers": ["+12125550143", "+12125550142"],
        "timezone": "America/Los_Angeles",
        "data": {"phone": "x", "plan": "gold", "age": "042"},
    }


def test_rows_keep_file_order_and_their_physical_lines(contact_list):
    """R-DIAL-2, R-PLAN-2: the line is that on which the row starts, quoted line ends counted."""
    content = 'id,phone,note\n\nb,2125550142,"two\nlines"\na,2125550143,\n\n\nc,2125550144,\n'
    found = [(c.external_id, c.origin.line) for c in contact_list(content).desired.contacts]
    assert found == [("b", 3), ("a", 5), ("c", 8)]


def test_a_bad_row_is_skipped_counted_and_its_contact_kept(contact_list):
    """R-PHONE-2: one good number keeps the row; none skips it, and what it names stays as it is."""
    content = (
        "id,phone,tz,scheduled_at\n1,2125550142;555,,\n2,letters,,\n3,,,\n,2125550143,,\n"
        "5,2125550144,Mars,\n6,2125550145,,soon\n7,2125550146,,,extra\n8,2125550147,,2026-03-08T02:30\n"
    )
    examination = contact_list(content)
    assert contacts(examination) == {"1": ["+12125550142"]}
    assert rows(examination) == ListRows(8, 7, frozenset({"2", "3", "5", "6", "8"}), 2)
    assert [str(fault).split(";")[0] for fault in examination.bad_rows] == [
        "crm.csv:2:phone: '***' is not a valid phone number in US: too few digits",
        "crm.csv:3:phone: a text without digits stands here, not a phone number",
        "crm.csv:4:phone: has no phone number",
        "crm.csv:5:id: has no external id",
        "crm.csv:6:tz: the tz database has no zone 'Mars'",
        "crm.csv:7:scheduled_at: 'soon' is not a date and time",
        "crm.csv:8: has 5 cells, but the header names 4",
        f"crm.csv:9:scheduled_at: '2026-03-08T02:30:00' does not exist in {NEW_YORK}: the clocks skip it",
    ]
    assert [n.notice for n in examination.desired.notices] == ["bad-rows", "bad-rows", "warning"]
    assert "7 of 8 rows are skipped" in examination.desired.notices[0].detail
    one_bad = contact_list("external_id,phone\nada,+12125550142\nbob,soon\n")
    assert "1 of 2 rows is skipped" in one_bad.desired.notices[0].detail


def test_an_id_that_stands_twice_makes_both_rows_bad(contact_list):
    """R-ID-4: neither is known to be the right one, and the contact stays as it is."""
    examination = contact_list("id,phone\na,2125550142\nb,2125550143\na,2125550144\n")
    assert contacts(examination) == {"b": ["+12125550143"]}
    assert rows(examination) == ListRows(3, 2, frozenset({"a"}), 0)
    assert [str(f) for f in examination.bad_rows] == [
        "crm.csv:2:id: 'a' stands on several rows: also on line 4",
        "crm.csv:4:id: 'a' stands on several rows: also on line 2",
    ]


def test_key_phone_derives_ids_that_are_not_the_number(contact_list):
    """R-ID-4: a keyed hash of the first number; where that one is bad no id can be read."""
    content = "phone\n(212) 555-0142\n+1 212 555 0142; 2125550143\n"
    examination = contact_list(content, "  key: phone\n")
    assert rows(examination).bad == 2  # the same first number twice is the same id twice
    examination = contact_list("phone,name\n2125550142,a\nbad; 2125550143,b\n", "  key: phone\n")
    [contact] = examination.desired.contacts
    assert contact.external_id.startswith("phone-")
    assert len(contact.external_id) == 26
    assert "2125550142" not in contact.external_id
    assert rows(examination) == ListRows(2, 1, frozenset(), 1)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", "crm.csv: has 0 bytes (to empty the list, leave the header alone in it)"),
        ("id,phone\n1,x\nJ\u00fcrg,2\n".encode("cp1252"), "crm.csv:3: is not UTF-8: byte 0xfc "),
        ("id,phone\n".encode("utf-16"), "crm.csv:1: is UTF-16, not UTF-8"),
        (b"id,phone\n1,2\0\n", "crm.csv:2: has a NUL character"),
        ('id,phone\n1,2125550142\n2,"212\n3,212\n', "crm.csv:3: has a quote that is never closed"),
        (
            "id,phone,\n" + "1,2,\n" * 60 + '1,2,x\n2,"212\n',
            "crm.csv:62: has a value in column 3, which has no header",
        ),
        (f'id,phone\n1,"{"x" * 2**20}"\n', "crm.csv:2: has a row longer than 1 MiB"),
        ("id,phone,id\n", "crm.csv:1: has two columns 'id'"),
        ("id,phone,\n1,2125550142,x\n", "crm.csv:2: has a value in column 3, which has no header"),
        ("id,name\n", "crm.csv:1: has no column of phone numbers; the columns are 'id', 'name'"),
        ("phone,name\n", "crm.csv:1: has no column of external ids; the columns are 'phone', 'name'"),
        ("\n\n", "crm.csv:1: has no header"),
    ],
)
def test_a_broken_file_is_a_fault_and_nothing_of_it_is_taken(contact_list, content, line):
    """R-MAN-2: no plan from a file that cannot be trusted."""
    examination = contact_list(content)
    [fault] = examination.faults
    assert str(fault).startswith(line)
    assert not examination.desired.contacts


def test_a_mapped_column_that_is_not_there_is_a_fault_that_names_the_headers(contact_list):
    """R-MAN-4: a renamed column of an export is noticed."""
    [fault] = contact_list("Id,Mobil\n", "  columns: {external_id: Id, phone_numbers: Mobile}\n").faults
    assert fault.message == (
        "there is no column 'Mobile' — did you mean 'Mobil'?; the columns are 'Id', 'Mobil'"
    )


def test_a_header_alone_empties_the_list(contact_list):
    """R-MAN-2: under guard later; here it is an empty list, and no fault."""
    examination = contact_list("id,phone\n")
    assert (examination.faults, rows(examination).rows, rows(examination).bad) == ([], 0, 0)


def test_a_row_with_stray_quotes_is_unreadable_and_the_next_is_not(contact_list):
    """R-PHONE-2: where the id cannot be read, nothing is withdrawn from the list."""
    examination = contact_list('id,phone\n"a"b,2125550142\nc,2125550143\n')
    assert contacts(examination) == {"c": ["+12125550143"]}
    assert rows(examination).unreadable_ids == 1


@pytest.mark.parametrize(("expect", "faults"), [("{min: 3}", 1), ("{max: 1}", 1), ("{min: 2, max: 2}", 0)])
def test_an_implausible_number_of_rows_is_a_fault(contact_list, expect, faults):
    """R-MAN-4: expect_rows refuses a truncated export."""
    content = "id,phone\na,2125550142\nb,2125550143\n"
    assert len(contact_list(content, f"  expect_rows: {expect}\n").faults) == faults


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ("../out.csv", "is outside the directory of the manifests"),
        ("link.csv", "is outside the directory of the manifests"),
        ("/etc/hosts.csv", "cannot be read"),
        ("gone.csv", "cannot be read: No such file or directory"),
        ("rows.xls", "save it as one of .csv, .tsv, .txt, .jsonl, .ndjson, .parquet"),
        ("folder.csv", "is no regular file"),
    ],
)
def test_a_data_file_lies_beside_the_manifest_and_inside_the_root(load, examined, tmp_path, file, says):
    """R-MAN-4: never outside the manifest root, links included."""
    (tmp_path / "out.csv").write_text("id,phone\n")
    (tmp_path / "root" / "folder.csv").mkdir(parents=True)
    (tmp_path / "root" / "link.csv").symlink_to(tmp_path / "out.csv")
    text = (
        "apiVersion: campaigns/v1\nkind: ContactList\n"
        f"metadata: {{name: l, campaign: default}}\nspec: {{from: {file}}}\n"
    )
    [fault] = examine(load({"root/l.yaml": text}, "root"), OFFLINE, b"").faults
    assert (fault.file, fault.line) == ("root/l.yaml", 4)
    assert says in fault.message


@pytest.mark.parametrize(
    ("written", "near"),
    [("pannel.csv", "panel.csv"), ("lists/sprng.jsonl", "lists/spring.jsonl"), ("lists/panel.md", "")],
)
def test_a_data_file_that_is_not_there_may_be_another_one(examined, written, near):
    """R-MAN-4: the nearest data file of that folder is named, written as the manifest writes it."""
    text = (
        "apiVersion: campaigns/v1\nkind: ContactList\n"
        f"metadata: {{name: l, campaign: default}}\nspec: {{from: {written}}}\n"
    )
    files = {"l.yaml": text, "panel.csv": "id,phone\n", "lists/spring.jsonl": "", "lists/panel.mdx": ""}
    [fault] = examined(files).faults
    assert fault.message.endswith(f" — did you mean '{near}'?") == bool(near)


@pytest.mark.parametrize("outside", ["../pannel.csv", "../root-2/panell.csv", "link/pannel.csv"])
def test_what_lies_outside_of_the_root_is_not_told(load, tmp_path, outside):
    """R-MAN-4: neither beside it, nor behind a link."""
    text = (
        "apiVersion: campaigns/v1\nkind: ContactList\n"
        f"metadata: {{name: l, campaign: default}}\nspec: {{from: {outside}}}\n"
    )
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "link").symlink_to(tmp_path)
    loaded = load({"root/l.yaml": text, "panel.csv": "", "root-2/panel.csv": ""}, "root/l.yaml")
    [fault] = examine(loaded, OFFLINE, b"").faults
    assert fault.message.endswith("No such file or directory")


def test_errors_show_no_number(contact_list):
    """R-PLAN-8: whatever column a number strays into."""
    content = (
        "id,phone,tz,agent_number,scheduled_at\na,646555014299,,,\nb,2125550142,+1 646 555 0199,,\n"
        "c,2125550142,,6465550188,\nd,2125550142,,,(646) 555-0177\n"
    )
    said = " ".join(str(fault) for fault in contact_list(content).bad_rows)
    assert said.count("crm.csv:") == 4
    assert "646" not in said
    assert "6465" not in str(contact_list(content).desired.notices)


def test_a_wide_file_is_not_listed_whole(contact_list):
    """R-MAN-4: an export of 300 columns leaves the error readable."""
    headers = ",".join(f"field {n}" for n in range(300))
    [fault] = contact_list(f"id,{headers}\n").faults
    assert fault.message.endswith("'field 17', 'field 18', …")
    assert len(fault.message) < 400


@pytest.mark.parametrize(
    ("cell", "numbers"),
    [
        ("212/555-0142", ["212/555-0142"]),
        ("212-555-0142/43", ["212-555-0142/43"]),
        ("2125550142 / 2125550143", ["2125550142", "2125550143"]),
        ("#N/A", ["#N/A"]),
        ("n/a; 2125550142, -", ["2125550142"]),
        ("'2125550142", ["2125550142"]),
        ("2125550142;ext=7", ["2125550142;ext=7"]),
        ("", []),
    ],
)
def test_a_cell_is_cut_between_numbers_and_never_inside_one(cell, numbers):
    """R-PHONE-1: the halves of a number are other people's numbers."""
    assert split_numbers(cell) == numbers
