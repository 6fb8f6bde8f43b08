"""One file's bytes → the texts of its documents, so that one broken document hides no fault of another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from reconciler.errors import Fault

_MARKER = re.compile(r"^(?:---|\.\.\.)(?=[ \t\n]|\Z)", re.MULTILINE)
_UNPRINTABLE = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_PREAMBLE = re.compile(r"(?:[ \t]*(?:#[^\n]*)?(?:\n|\Z)|%YAML [^\n]*(?:\n|\Z))*\Z")
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class DocumentText(NamedTuple):
    """The text of one document; `first_line` (from 1) is the line of the file on which the text starts."""

    number: int
    first_line: int
    text: str


def decode(name: str, content: bytes) -> str | Fault:
    """Read bytes as UTF-8, with or without a byte order mark, with line feeds only; or say what is wrong."""
    if content.startswith(_UTF16_MARKS):
        return Fault(name, 1, 1, "is UTF-16, not UTF-8", "save it as UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line_start = content.rfind(b"\n", 0, fault.start) + 1
        column = len(content[line_start : fault.start].decode("utf-8", "replace")) + 1
        line = content.count(b"\n", 0, fault.start) + 1
        message = f"is not UTF-8: byte 0x{content[fault.start]:02x} at offset {fault.start}"
        if b"\0" in content:
            return Fault(name, None, None, "is binary, not a text", "a manifest is YAML, saved as UTF-8")
        return Fault(name, line, column, message, "save it as UTF-8")
    text = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    found = _UNPRINTABLE.search(text)
    if found is None:
        return text
    line = text.count("\n", 0, found.start()) + 1
    column = found.start() - text.rfind("\n", 0, found.start())
    message = f"has a character that no manifest may have: U+{ord(found[0]):04X}"
    return Fault(name, line, column, message, "write it as an escape in double quotes, or remove it")


def split_documents(text: str) -> Iterator[DocumentText]:
    """Yield the documents of a stream, comments and blank stretches left out, numbered from 1.

    YAML gives `---` and `...` at the start of a line no other meaning, wherever they stand.
    """
    starts = [match.start() for match in _MARKER.finditer(text)]
    line, number = 1, 0
    for start, end in zip([0, *starts], [*starts, len(text)], strict=True):
        chunk = text[start:end]
        body = "   " + chunk[3:] if chunk.startswith("...") else chunk
        if not _is_blank(body):
            number += 1
            yield DocumentText(number, line, body)
        line += chunk.count("\n")


def _is_blank(chunk: str) -> bool:
    if chunk[4:5].isalpha() and chunk.startswith("---\n"):  # as nearly every document of a large file begins
        return False
    return _PREAMBLE.match(chunk.removeprefix("---")) is not None
