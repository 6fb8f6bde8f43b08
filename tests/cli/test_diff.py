"""`dialctl diff`: exit codes, formats, and that it touches nothing."""

from __future__ import annotations

import io
import json
import sqlite3
from contextlib import closing

import pytest
from support.present_database import ON_BOTH, change

from reconciler.cli.terminal import colour_by_marker, shows_colours

SUMMARY = "Plan: 6 to create; 0 unchanged."
CHANGED = "external_id,phone\nada,+12125550142\nbob,+12125550143\ncyd,+12125550145\n"


@ON_BOTH
def test_a_missing_database_is_an_empty_one(dialctl, spring, tmp_path):
    """Diff against a database that does not exist shows every creation, exits 2, and creates no file."""
    before = sorted(tmp_path.iterdir())
    finished = dialctl("diff", spring)
    assert (finished.code, finished.err) == (2, "")
    assert finished.out.endswith(f"{SUMMARY}\n")
    assert sorted(tmp_path.iterdir()) == before


def test_an_empty_file_is_an_empty_database(dialctl, spring, tmp_path):
    """A file of 0 bytes, and a SQLite database without a table, hold nothing, and stay so."""
    (tmp_path / "dialctl.db").touch()
    assert SUMMARY in dialctl("diff", spring).out
    assert (tmp_path / "dialctl.db").read_bytes() == b""
    with closing(sqlite3.connect("bare.db")) as connection, connection:
        connection.execute("PRAGMA user_version = 7")
    before = (tmp_path / "bare.db").read_bytes()
    assert SUMMARY in dialctl("diff", spring, "--database-url", "sqlite:///bare.db").out
    assert (tmp_path / "bare.db").read_bytes() == before


@ON_BOTH
def test_in_sync_exits_0(dialctl, applied):
    """R-PLAN-1: after an apply, there is nothing to change."""
    finished = dialctl("diff", applied)
    assert (finished.code, finished.out, finished.err) == (0, "No changes: 6 unchanged.\n", "")


def test_a_diff_writes_nothing(dialctl, applied, tmp_path):
    """Diff opens the database read-only: not a byte of it changes, and a read-only file will do."""
    (applied / "crm.csv").write_text(CHANGED)
    database = tmp_path / "dialctl.db"
    before = database.read_bytes()
    database.chmod(0o444)
    assert dialctl("diff", applied).code == 2
    assert database.read_bytes() == before


def test_exit_zero(dialctl, spring):
    """--exit-zero: changes are no failure; errors still are."""
    assert dialctl("diff", spring, "--exit-zero").code == 0
    assert dialctl("diff", "nowhere", "--exit-zero").code == 1


@ON_BOTH
def test_a_guard_exits_3_and_says_how_to_pass(dialctl, applied):
    """R-PLAN-6: a plan that a guard would refuse exits 3; --allow lets it pass, and says what passed."""
    (applied / "crm.csv").write_text("external_id,phone\nada,+12125550142\n")
    refused = dialctl("diff", applied)
    assert (refused.code, refused.err) == (3, "")
    assert "  ! withdraw: " in refused.out
    assert "--allow withdraw" in refused.out
    allowed = dialctl("diff", applied, "--allow", "withdraw")
    assert allowed.code == 2
    assert "! withdraw" not in allowed.out
    assert allowed.err.startswith("passed by --allow withdraw: ")
    assert dialctl("diff", applied, "--exit-zero").code == 0


def test_an_unknown_guard_is_wrong_usage(dialctl, spring):
    """A guard that does not exist is a typing error: the known ones are listed."""
    finished = dialctl("diff", spring, "--allow", "withdrawal")
    assert finished.code == 64
    assert finished.err.startswith(
        "--allow withdrawal: there is no such guard\nhint: guards: withdraw, close, "
    )


@pytest.mark.parametrize("release", ["spring", "campaign/", "contact/ada"])
def test_what_is_released_is_a_campaign(dialctl, spring, release):
    """--release takes campaign/NAME and nothing else."""
    finished = dialctl("diff", spring, "--release", release)
    assert finished.code == 64
    assert finished.err.endswith("hint: write campaign/NAME\n")


def test_releasing_what_does_not_exist_is_refused(dialctl, applied):
    """R-HOLD-2: a release names a campaign that exists."""
    finished = dialctl("diff", applied, "--release", "campaign/autumn")
    assert finished.code == 1
    assert finished.err.startswith("--release campaign/autumn: ")


@ON_BOTH
def test_json_has_the_promised_shape(dialctl, applied):
    """The keys of interface.md, one change, its field masked (R-PLAN-8) and its place."""
    (applied / "crm.csv").write_text(CHANGED)
    finished = dialctl("diff", applied, "--format", "json")
    found = json.loads(finished.out)
    assert finished.code == 2
    assert list(found) == [
        "format_version", "in_sync", "source", "serial", "digest", "summary", "guards", "changes", "notices",
    ]  # fmt: skip
    assert (found["format_version"], found["in_sync"], found["source"], found["serial"]) == (
        1,
        False,
        "main",
        1,
    )
    assert found["summary"]["update"] == 1
    (change,) = found["changes"]
    assert change["name"] == "cyd"
    assert change["origin"] == {"file": str(applied / "crm.csv"), "line": 4}
    assert change["fields"] == [
        {"path": "spec.phone_numbers", "before": ["+1********44"], "after": ["+1********45"]}
    ]


@pytest.mark.parametrize("output", ["text", "json", "markdown"])
def test_numbers_are_masked_unless_asked_for(dialctl, spring, output):
    """R-PLAN-8: no format shows a number, unless --show-pii asks for it."""
    assert "2125550142" not in dialctl("diff", spring, "--format", output).out
    if output != "markdown":
        assert "2125550142" in dialctl("diff", spring, "--format", output, "--show-pii").out


def test_markdown_is_a_comment(dialctl, spring):
    """--format markdown begins with a heading, for a pull request."""
    finished = dialctl("diff", spring, "--format", "markdown")
    assert finished.out.startswith("### dialctl plan for source `main`\n")


@ON_BOTH
def test_another_source_does_not_own_these(dialctl, applied):
    """R-PLAN-5: --source tells whose manifests these are; the owner is named."""
    finished = dialctl("diff", applied, "--source", "other")
    assert finished.code == 1
    assert "belongs to source 'main'" in finished.err


def test_a_database_that_is_not_ours(dialctl, spring):
    """A SQLite file with somebody else's tables is not touched."""
    with closing(sqlite3.connect("other.db")) as connection, connection:
        connection.execute("CREATE TABLE bird (name TEXT)")
    for command in (["diff"], ["apply", "--yes"]):
        finished = dialctl(*command, spring, "--database-url", "sqlite:///other.db")
        assert finished.code == 1
        assert finished.err == (
            "this database holds tables, but none of dialctl's\nhint: point DIALCTL_DATABASE_URL elsewhere\n"
        )


@ON_BOTH
def test_a_schema_that_needs_another_release(dialctl, applied):
    """A newer schema that does not carry this release is refused by every command, with what to do."""
    change("INSERT INTO schema_revision VALUES ('9999', '9999')")
    for command in (["diff", applied], ["apply", applied, "--yes"], ["db", "check"], ["db", "environment"]):
        finished = dialctl(*command)
        assert (finished.code, finished.out) == (1, "")
        assert finished.err == (
            "the schema needs a release of dialctl that knows version 9999; this one knows 0002\n"
            "hint: install the release that upgraded the schema, or a newer one\n"
        )


def test_a_file_that_is_no_database(dialctl, spring, tmp_path):
    """A text file in the database's place is told plainly."""
    (tmp_path / "dialctl.db").write_text("hello")
    finished = dialctl("diff", spring)
    assert (finished.code, finished.out) == (1, "")
    assert finished.err == (
        "sqlite:///dialctl.db: file is not a database\n"
        "hint: --database-url or DIALCTL_DATABASE_URL names another file\n"
    )


def test_a_database_in_a_folder_that_does_not_exist(dialctl, spring):
    """Everything is read and planned; then the hint says what is missing."""
    finished = dialctl("apply", spring, "--yes", "--database-url", "sqlite:///nowhere/dialctl.db")
    assert finished.code == 1
    assert finished.err == (
        "sqlite:///nowhere/dialctl.db: unable to open database file\n"
        "hint: its folder must exist, and you must be allowed to write there\n"
    )


@pytest.mark.parametrize("url", ["nonsense", "mysql://localhost/x"])
def test_a_url_that_is_none(dialctl, spring, url):
    """A database URL that we do not speak is an error with an example."""
    finished = dialctl("diff", spring, "--database-url", url)
    assert finished.code == 1
    assert "hint: write sqlite:///dialctl.db" in finished.err


def test_the_environment_names_the_database(dialctl, applied, monkeypatch):
    """DIALCTL_DATABASE_URL names the database; a flag wins over it."""
    monkeypatch.setenv("DIALCTL_DATABASE_URL", "sqlite:///elsewhere.db")
    assert dialctl("diff", applied).code == 2
    assert dialctl("diff", applied, "--database-url", "sqlite:///dialctl.db").code == 0


def test_standard_input(dialctl, applied):
    """`-` is a path too."""
    text = (applied / "spring.yaml").read_text().partition("---\n")[0]
    finished = dialctl("diff", "-", stdin=text)
    assert finished.code == 0
    assert "orphan: Campaign default/spring" in finished.out


@pytest.mark.parametrize(
    ("line", "colour"),
    [("  + create X", "32"), ("  ~ update X", "33"), ("    - 2 withdrawn:", "31"), ("  ! close: …", "35")],
)
def test_lines_are_coloured_by_their_marker(line, colour):
    """+ green, ~ yellow, - red, a guard's ! magenta."""
    assert colour_by_marker(line) == f"\033[{colour}m{line}\033[0m"


@pytest.mark.parametrize("line", ["Changes:", "        - ada", "      spec.status: + → -", ""])
def test_other_lines_are_not_coloured(line):
    """Only a marker in its place counts, not one in a name or a value."""
    assert colour_by_marker(line) == line


def test_colours_are_for_terminals(at_terminal, dialctl, spring):
    """A terminal gets colours; a pipe never does."""
    assert "\033[32m  + create Configuration default/hours" in at_terminal("diff", spring).out
    assert "\033[" not in dialctl("diff", spring).out


def test_colours_can_be_declined(monkeypatch):
    """NO_COLOR, and a terminal that knows none, get none; an empty NO_COLOR says nothing."""

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "")
    assert shows_colours(Terminal())
    assert not shows_colours(io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not shows_colours(Terminal())
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not shows_colours(Terminal())
