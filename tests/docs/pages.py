"""The pages of the documentation: their fenced blocks, links, headings and names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^```(\w*)$")
_LINK = re.compile(r"(?<!!)\[[^]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_NO_SLUG = re.compile(r"[^\w\- ]")


@dataclass(frozen=True)
class Block:
    """A fenced block: the word after its fence, the line of prose above it, its lines, and where they start.

    `first` is the number of its first inner line, from 0, in the lines of the page.
    """

    word: str
    above: str
    lines: tuple[str, ...]
    first: int


def pages():
    """Every page that a reader may open."""
    own = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    return [*own, *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "examples").rglob("README.md"))]


def name_of(page):
    return page.relative_to(ROOT).as_posix()


def blocks(text):
    """Give the fenced blocks of a page in order."""
    lines = text.split("\n")
    above, start, word = "", None, ""
    for number, line in enumerate(lines):
        fence = _FENCE.match(line)
        if start is None and fence:
            start, word = number + 1, fence[1]
        elif start is not None and line == "```":
            yield Block(word, above, tuple(lines[start:number]), start)
            start, above = None, ""
        elif start is None and line.strip():
            above = line.strip()


def prose(text):
    """Give a page without its fenced blocks."""
    return re.sub(r"^```\w*\n.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def links(text):
    """Give the targets of the links of a page that lead to files of this repository."""
    return [link for link in _LINK.findall(prose(text)) if not re.match(r"[a-z]+:", link)]


def anchors(text):
    """Give the anchors that a page's headings have."""
    return {_NO_SLUG.sub("", title.lower()).replace(" ", "-") for title in _HEADING.findall(prose(text))}
