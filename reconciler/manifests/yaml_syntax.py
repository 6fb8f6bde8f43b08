"""What libyaml says of broken YAML → where the mistake is, what it is, and what to do about it."""

from __future__ import annotations

import re
from dataclasses import dataclass

import yaml


@dataclass(frozen=True, slots=True)
class TreeFault:
    """Something wrong in one document; `line` and `column` count from 0, inside the document's text."""

    line: int
    column: int
    message: str
    hint: str | None = None


_MERGE_CONFLICT = re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE)
_INDENT_HINT = "is it indented as its neighbours are, and is every text above it quoted right?"
_ESCAPE = (
    "no escape of double quotes starts like this",
    r"write \\ for a backslash, or use single quotes",
)
_AT_THE_PROBLEM = {
    "mapping values are not allowed": (
        "a colon with a blank after it cannot stand here",
        "indent the field as its neighbours are, or quote a text that holds a colon",
    ),
    "did not find expected key": ("no field can start here", _INDENT_HINT),
    "did not find expected '-' indicator": ("no list item starts here", "write '- ' before each item"),
    "did not find expected <document start>": (
        "the document has ended, and something follows",
        "write --- between two documents",
    ),
    "block sequence entries are not allowed": (
        "no list can start here",
        "write the first '- ' on a line of its own, below the field's name",
    ),
    "unknown escape character": _ESCAPE,
    "did not find expected hexdecimal number": _ESCAPE,
    "did not find expected alphabetic or numeric": ("* and & need a name after them", "quote the text"),
    "found undefined alias": (
        "there is no anchor of this name in the document",
        "write &name before the value that is meant, or quote a text that starts with *",
    ),
    "found duplicate anchor": ("an anchor of this name stands above", "give each anchor its own name"),
    "did not find expected node content": ("no value starts like this", "write the value, or quote the text"),
    "did not find expected comment or line break": (
        "after | and > the text starts on the next line",
        "quote a text that starts with them",
    ),
    "found a tab character": ("a tab stands here", "indent with spaces"),
}
_AT_THE_START = {
    "found unexpected end of stream": ("a quote is opened here and never closed", "close it"),
    "could not find expected ':'": (
        "a line that is neither a field nor a list item",
        "write 'name: value' with a blank after the colon, or '- ' before an item",
    ),
}
"""Faults that libyaml notices later than where they are: its context is where the part in question starts."""

_UNCLOSED = {"',' or ']'": "[", "',' or '}'": "{"}


def syntax_fault(fault: yaml.MarkedYAMLError, text: str) -> TreeFault:
    """Say what a parser's fault means, at the place where somebody has to type."""
    if conflict := _MERGE_CONFLICT.search(text):
        line = text.count("\n", 0, conflict.start())
        return TreeFault(line, 0, "a mark of a merge conflict stands here", "resolve the conflict")
    problem = str(fault.problem or fault.context or "is no YAML")
    here, start = fault.problem_mark or fault.context_mark, fault.context_mark or fault.problem_mark
    if here is None or start is None:
        return TreeFault(0, 0, f"YAML syntax: {problem}")
    if "cannot start any token" in problem:
        return _stray_character(here.line, here.column, text)
    for known, bracket in _UNCLOSED.items():
        if known in problem:
            return _unclosed(here, start, bracket)
    for known, (message, hint) in _AT_THE_PROBLEM.items():
        if known in f"{problem} {fault.context}":
            return TreeFault(here.line, here.column, message, hint)
    for known, (message, hint) in _AT_THE_START.items():
        if known in problem:
            return TreeFault(start.line, start.column, message, hint)
    context = f" ({fault.context})" if fault.context and fault.problem else ""
    return TreeFault(here.line, here.column, f"YAML syntax: {problem}{context}")


def _stray_character(line: int, column: int, text: str) -> TreeFault:
    character = "".join(text.split("\n")[line : line + 1])[column : column + 1]
    if character == "\t":
        return TreeFault(line, column, "a tab stands here", "indent with spaces")
    return TreeFault(line, column, f"no plain text starts with {character}", "quote the text")


def _unclosed(here: yaml.Mark, start: yaml.Mark, bracket: str) -> TreeFault:
    if here.line == start.line:
        return TreeFault(here.line, here.column, f"a comma is missing here, or the end of the {bracket}")
    message = f"the {bracket} that stands here is never closed, or a comma is missing after one of its items"
    return TreeFault(start.line, start.column, message)
