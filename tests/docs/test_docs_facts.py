"""What the pages name is there: files, headings, commands, options, rules, variables, states, outcomes."""

from __future__ import annotations

import re
from functools import cache

import pytest
from docs.pages import ROOT, anchors, blocks, links, name_of, pages, prose
from typer.main import get_command

from reconciler import __version__
from reconciler.cli.main import COMMANDS, FAMILIES, make_app
from reconciler.controller.traces import RANK
from reconciler.core.outcomes import Outcome
from reconciler.core.plan.guards import GUARDS
from reconciler.core.settlement import ContactStatus
from reconciler.store.conditions import Condition

PAGES = pytest.mark.parametrize("page", pages(), ids=name_of)
NAMES = [*COMMANDS, *(f"{family} {name}" for family, (_, commands) in FAMILIES.items() for name in commands)]
COMMAND_PAGE = ROOT / "docs" / "commands.md"
OF_ALL_COMMANDS = {"--debug", "--help", "--version"}
RULE = re.compile(r"\bR-[A-Z]+-\d+\b")
VARIABLE = re.compile(r"\bDIALCTL_[A-Z_]+\b")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
FILE = re.compile(r"`((?:[\w.-]+/)+[\w.-]*)`")
"""A path with a slash, in backticks."""

OUR_FOLDERS = {"reconciler", "tests", "examples", "docs", "schemas", "benchmarks", ".ci"}
OUR_ROOMS = {path.name for path in (ROOT / "reconciler").iterdir() if path.is_dir()}


@cache
def sources():
    """Everything that is code or set-up, as one text; what only these tests say is no evidence."""
    files = [*(ROOT / "reconciler").rglob("*.py"), *(ROOT / "tests").rglob("*.py"), ROOT / "Makefile"]
    return "\n".join(path.read_text(encoding="utf-8") for path in files if path.parent.name != "docs")


@cache
def program():
    return get_command(make_app())


@cache
def options_of(name):
    """The options that a command takes."""
    command = program()
    for word in name.split():
        command = command.commands[word]
    return {option for parameter in command.params for option in parameter.opts} | OF_ALL_COMMANDS


def command_lines(text):
    """The words of every command line with `dialctl` in a page, in blocks and between backticks."""
    shown = [
        line.removeprefix("$ ")
        for block in blocks(text)
        if block.word in ("console", "sh")
        for line in block.lines
    ]
    for line in [*shown, *re.findall(r"`([^`\n]+)`", prose(text))]:
        found = re.match(r"(?:[A-Z_]+=\S+ )*(?:[\w./]+/)?dialctl (.+)", line)
        if found:
            yield found[1].split("|")[0].split()


def sections(text):
    """The sections of the page of commands, by the command that each is about."""
    parts = re.split(r"^### dialctl (.+)$", text, flags=re.MULTILINE)
    return dict(
        zip(
            parts[1::2], (re.split(r"^## ", part, flags=re.MULTILINE)[0] for part in parts[2::2]), strict=True
        )
    )


@PAGES
def test_every_link_leads_somewhere(page):
    """Relative links resolve, to a heading, too."""
    text = page.read_text(encoding="utf-8")
    broken = []
    for link in links(text):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if not target.exists() or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
            broken.append(link)
    assert broken == []


@PAGES
def test_every_file_that_is_named_exists(page):
    """`reconciler/core/gates.py`, `core/gates.py` and `examples/broken` are where a page says."""
    for path in FILE.findall(prose(page.read_text(encoding="utf-8"))):
        first = path.split("/")[0]
        if first in OUR_FOLDERS:
            assert (ROOT / path).exists(), path
        elif first in OUR_ROOMS and path.endswith(".py"):
            assert (ROOT / "reconciler" / path).exists(), path


@PAGES
def test_every_rule_that_is_named_is_one_that_the_code_names(page):
    """A rule's number leads from a page to the code and the tests that keep it."""
    assert set(RULE.findall(page.read_text(encoding="utf-8"))) <= set(RULE.findall(sources()))


@PAGES
def test_every_variable_that_is_named_is_read(page):
    """`DIALCTL_…`: the environment that a page promises is the one that is looked at."""
    assert set(VARIABLE.findall(page.read_text(encoding="utf-8"))) <= set(VARIABLE.findall(sources()))


@PAGES
def test_every_command_line_is_one_that_the_program_takes(page):
    """Commands and their options exist, also where a block is not run; and so do guards."""
    for words in command_lines(page.read_text(encoding="utf-8")):
        name = next((name for name in NAMES if words[: len(name.split())] == name.split()), None)
        if name is None:
            assert words[0].startswith("-") or words[0] in FAMILIES or words[0].isupper(), " ".join(words)
            continue
        given = {option for word in words for option in OPTION.findall(word) if word.startswith("--")}
        assert given <= options_of(name), " ".join(words)
        allowed = {words[at + 1] for at, word in enumerate(words[:-1]) if word == "--allow"}
        assert allowed <= {*GUARDS, "GUARD"}


def test_every_command_has_its_section():
    """docs/commands.md: one section for each command, and for nothing else."""
    assert sorted(sections(COMMAND_PAGE.read_text(encoding="utf-8"))) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_section_shows_its_command_and_names_options_of_it(name):
    """docs/commands.md: a run example of each command, and no option that it does not have."""
    section = sections(COMMAND_PAGE.read_text(encoding="utf-8"))[name]
    (block, *_) = [block for block in blocks(section) if block.word == "console"]
    assert any(f"dialctl {name}" in line for line in block.lines)
    assert set(OPTION.findall(prose(section))) <= options_of(name)


def test_the_table_of_targets_is_the_makefile():
    """CONTRIBUTING.md names every target of make, and no other."""
    (phony,) = re.findall(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^\| `make ([\w-]+)` \|", text, re.MULTILINE)) == sorted(phony.split())


def test_the_life_of_a_contact_names_every_state():
    """R-CONTACT-1: its tables hold every status, every state of an attempt, and every outcome."""
    text = (ROOT / "docs" / "life-of-a-contact.md").read_text(encoding="utf-8")
    statuses, rest = text.split("## The states of an attempt")
    states, rest = rest.split("## Four people", maxsplit=1)
    defaults = rest.split("### The defaults")[1].split("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", statuses, re.MULTILINE) == [status.value for status in ContactStatus]
    assert {word for word in RANK if re.search(rf"\b{word}\b", states)} == set(RANK)
    first_cells = re.findall(r"^\| (`.+?) \|", defaults, re.MULTILINE)
    named = [outcome for cell in first_cells for outcome in re.findall(r"`(\w+)`", cell)]
    assert sorted(named) == sorted(outcome.value for outcome in Outcome)


def test_the_life_of_a_manifest_names_every_condition():
    """What may become of a reconciliation is in its table, and nothing else."""
    text = (ROOT / "docs" / "life-of-a-manifest.md").read_text(encoding="utf-8")
    (table,) = re.findall(r"\| Condition \| Means \|\n((?:\|.*\n)+)", text)
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == [condition.value for condition in Condition]


def test_the_index_lists_every_page():
    """docs/README.md leads to every page beside it."""
    index = ROOT / "docs" / "README.md"
    found = {link for link in links(index.read_text(encoding="utf-8")) if "/" not in link}
    assert found == {path.name for path in index.parent.glob("*.md")} - {index.name}


def test_the_changelog_has_this_version():
    """Keep a Changelog: what is released, and what will be next."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## \[(.+?)\]", text, re.MULTILINE)[:2] == ["Unreleased", __version__]
