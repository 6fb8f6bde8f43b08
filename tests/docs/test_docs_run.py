"""Every console block of the documentation is run, and prints what the page says that it prints."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from docs.console import Session, agrees, is_run
from docs.pages import blocks, name_of, pages
from support.age import VARIABLES as AGE_VARIABLES

from reconciler.cli.revision import CI_VARIABLES

UPDATE = "DIALCTL_UPDATE_GOLDEN"
OURS = ("DIALCTL_DATABASE_URL", "DIALCTL_GATEWAY", "DIALCTL_SIMULATOR", "DIALCTL_LOG_FORMAT", "COLUMNS", "CI")
RUN = [page for page in pages() if any(is_run(block) for block in blocks(page.read_text(encoding="utf-8")))]


@pytest.fixture
def session(tmp_path, monkeypatch):
    """A folder of its own, in which a person named ana types; no git repository says which revision."""
    for name in (*OURS, *AGE_VARIABLES, *CI_VARIABLES):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DIALCTL_ACTOR", "ana")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    return Session(tmp_path)


@pytest.mark.parametrize("page", RUN, ids=name_of)
def test_a_page_shows_what_its_commands_print(page: Path, session):
    """Every `$ dialctl …` of a console block runs, and what it prints is what stands below it."""
    text = page.read_text(encoding="utf-8")
    wrong = []
    for one, printed in session.follow(text):
        if not agrees(one.says, printed, to_the_letter=one.is_repeatable):
            wrong.append((one, printed))
    if wrong and os.environ.get(UPDATE):
        lines = text.split("\n")
        for one, printed in reversed(wrong):
            lines[one.first : one.last] = printed
        page.write_text("\n".join(lines), encoding="utf-8")
        wrong = []
    assert (
        "\n".join(f"{name_of(page)}:{one.first}: $ {one.command}\n" + "\n".join(p) for one, p in wrong) == ""
    )


def test_the_pages_on_life_are_among_those_that_are_run():
    """The test above has something to prove."""
    assert {"docs/life-of-a-contact.md", "docs/life-of-a-manifest.md", "docs/commands.md"} <= set(
        map(name_of, RUN)
    )


@pytest.mark.parametrize(
    ("says", "printed", "same"),
    [
        (["at 2026-03-02 14:00"], ["at 2027-01-05 09:30"], True),
        (["a 1", "…"], ["a 1", "b", "c"], True),
        (["a", "…"], ["a"], True),
        (["…", "c"], ["a", "b", "c"], True),
        (["a", "…", "c"], ["a", "b"], False),
        (["a … c"], ["a b c"], True),
        (["a … c"], ["a b", "c"], False),
        (["4 completed"], ["3 completed"], False),
        (["a"], ["a", "b"], False),
        ([], ["a"], False),
    ],
)
def test_what_counts_as_the_same_output(says, printed, same):
    """Times may differ, and `…` leaves out; nothing else passes."""
    assert agrees(says, printed, to_the_letter=False) is same


def test_a_simulated_time_must_be_the_same():
    """A simulation can be repeated to the letter, so its times count."""
    assert not agrees(["2026-03-02 14:00"], ["2026-03-02 14:01"], to_the_letter=True)
