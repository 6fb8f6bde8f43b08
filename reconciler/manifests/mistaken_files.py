"""What lies where a data file should: a spreadsheet, a web page, a pointer, a secret, an unfinished merge."""

from __future__ import annotations

import re

from reconciler.manifests.age_format import looks_encrypted

_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_MARKUP = (b"<!doctype", b"<html", b"<?xml")
_LFS_POINTER = b"version https://git-lfs."
IN_CONFLICT = ("has a mark of a merge conflict", "resolve the conflict")
"""Message and hint for a file with a line of `conflict_line`."""

_CONFLICT_MARKS = (b"<<<<<<< ", b">>>>>>> ")
_MERGE_CONFLICT = re.compile(rb"^(?:<{7}|>{7}) ", re.MULTILINE)


def mistaken_for(content: bytes) -> tuple[int | None, str, str] | None:
    """Give line, message and hint where the content is no data at all, whatever its name says."""
    if content.startswith(_SPREADSHEETS):
        return None, "is a spreadsheet or an archive", "save the sheet as 'CSV UTF-8'"
    if content.removeprefix(b"\xef\xbb\xbf").lstrip()[:16].lower().startswith(_MARKUP):
        return 1, "is a web page or XML", "did the download need a login?"
    if content.startswith(_LFS_POINTER):
        return 1, "is a pointer of Git LFS, not the file itself", "run: git lfs pull"
    if looks_encrypted(content):
        return 1, "is encrypted with age", "let its name end in .age, and that in from: too"
    if (line := conflict_line(content)) is not None:
        return line, *IN_CONFLICT
    return None


def conflict_line(content: bytes) -> int | None:
    """Give the first line that marks a merge conflict."""
    if not any(mark in content for mark in _CONFLICT_MARKS):  # ten times as fast as the pattern
        return None
    conflict = _MERGE_CONFLICT.search(content)
    return None if conflict is None else content.count(b"\n", 0, conflict.start()) + 1
