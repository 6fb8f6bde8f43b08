"""`dialctl validate`: what it prints, and when it fails."""

from __future__ import annotations

SUMMARY = """\
Valid: 1 Configuration, 1 Campaign, 1 ContactList.

Contacts:
  default/spring: 3

Columns:
  spring/crm.csv: external_id ← "external_id", phone_numbers ← "phone"
"""
MESSY = """\
external_id,phone
ada,+12125550142
bob,
cyd,+442079460018
"""
MESSY_SUMMARY = """\
Valid: 1 Configuration, 1 Campaign, 1 ContactList.

Contacts:
  default/spring: 2

Columns:
  spring/crm.csv: external_id ← "external_id", phone_numbers ← "phone"

Bad rows and numbers, left out (1; --strict refuses them):
  spring/crm.csv:3:phone: has no phone number

Warnings:
  Campaign default/spring: 1 contact has no zone, and a number of a country that does not use \
America/New_York (GB 1); set timezone, or infer_timezone  (spring/crm.csv:4)
"""


def test_what_is_valid_is_counted(dialctl, spring, tmp_path):
    """Counts by kind, contacts by campaign; no database is asked or made."""
    finished = dialctl("validate", "spring")
    assert (finished.code, finished.out, finished.err) == (0, SUMMARY, "")
    assert not (tmp_path / "dialctl.db").exists()


def test_bad_rows_and_warnings_are_shown_and_pass(dialctl, spring):
    """R-PHONE-2, R-TZ-1: a bad row of a data file is left out and named."""
    (spring / "crm.csv").write_text(MESSY)
    finished = dialctl("validate", "spring")
    assert (finished.code, finished.out, finished.err) == (0, MESSY_SUMMARY, "")


def test_a_list_without_rows_is_counted_too(dialctl, spring):
    """R-MAN-2: a header alone empties its list, and not without a word."""
    (spring / "crm.csv").write_text("external_id,phone\n")
    finished = dialctl("validate", "spring")
    assert finished.out == (
        "Valid: 1 Configuration, 1 Campaign, 1 ContactList.\n\n"
        "Contacts:\n  default/spring: 0\n    ContactList crm: no rows\n"
    )


def test_bad_rows_are_told_from_the_top_of_the_file(dialctl, spring):
    """R-PHONE-2: whatever is wrong with them, a bad number beside a good one included."""
    rows = "ada,+12125550142\nada,+12125550143\nbob,soon\ncyd,+12125550144; 555\ndan,\n,+12125550145\n"
    (spring / "crm.csv").write_text(f"external_id,phone\n{rows}")
    lines = dialctl("validate", "spring").out.splitlines()
    places = [line.partition(".csv:")[2][0] for line in lines if line.startswith("  spring/crm.csv:")]
    assert places[1:] == ["2", "3", "4", "5", "6", "7"]


def test_how_columns_are_read_is_said(dialctl, spring):
    """R-MAN-4: a column that no field knows lands in `data`, and not without a word; numbers are masked."""
    header = "CRM Id,id,Phone 1,Phone 2,notes,ring +12125550199"
    (spring / "crm.csv").write_text(f"{header}\n7,ada,+12125550142,,likes trains,\n")
    [line] = [line for line in dialctl("validate", "spring").out.splitlines() if "crm.csv" in line]
    assert line == (
        '  spring/crm.csv: external_id ← "id", phone_numbers ← "Phone 1", "Phone 2"; '
        "data: CRM Id, notes, ring +1********99"
    )


def test_strict_refuses_bad_rows(dialctl, spring):
    """R-PHONE-2: under --strict a bad row is an error like any other."""
    (spring / "crm.csv").write_text(MESSY)
    finished = dialctl("validate", "spring", "--strict")
    assert (finished.code, finished.out) == (1, "")
    assert finished.err == "spring/crm.csv:3:phone: has no phone number\n"


def test_standard_input_is_a_path(dialctl, spring):
    """`-` reads one file from standard input; `--org` is the organization of what names none."""
    text = "apiVersion: campaigns/v1\nkind: Organization\nmetadata: {name: acme}\nspec: {}\n---\n"
    text += "apiVersion: campaigns/v1\nkind: Configuration\nmetadata: {name: hours}\nspec: {}\n---\n"
    text += "apiVersion: campaigns/v1\nkind: Campaign\nmetadata: {name: s, org: acme}\n"
    text += "spec: {configuration: hours}\n"
    assert dialctl("validate", "-", "--org", "acme", stdin=text).code == 0
    finished = dialctl("validate", "-", stdin=text)
    assert finished.code == 1
    assert finished.err.startswith("<stdin>:14:23: configuration 'hours' does not exist")


def test_a_reference_into_the_database_is_hinted_at(dialctl, tmp_path):
    """An offline check cannot know what only the database has, and says so."""
    (tmp_path / "a.yaml").write_text(
        "apiVersion: campaigns/v1\nkind: Campaign\nmetadata: {name: s}\nspec: {configuration: hours}\n"
    )
    finished = dialctl("validate", "a.yaml")
    assert finished.err == (
        "a.yaml:4:23: configuration 'hours' does not exist "
        "(validate looks at files only; diff also looks in the database)\n"
    )
