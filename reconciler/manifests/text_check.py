"""Looks through a data file that must be text before its rows are read: faults of all of it come first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.errors import Fault
from reconciler.manifests.data_file import MAX_ROW, BrokenDataFile, DataFile
from reconciler.manifests.mistaken_files import IN_CONFLICT, conflict_line, mistaken_for

_BLOCK = 1024 * 1024
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(slots=True)
class CheckedText:
    """What was seen of a text: how it begins (at most 1 MiB), and whether formulas may stand in it."""

    beginning: str = ""
    has_formulas: bool = False


def checked_text(file: DataFile) -> CheckedText:
    """Make sure that a data file is text: UTF-8, with or without a byte order mark. Raises BrokenDataFile."""
    seen, line = CheckedText(), 1
    faults: list[Fault] = []
    for block in _blocks(file):
        if line == 1:
            _refuse_mistaken(file, block)
            seen.beginning = (
                block[: 4 * MAX_ROW].removeprefix(_BYTE_ORDER_MARK).decode(errors="ignore")[:MAX_ROW]
            )
        if (conflict := conflict_line(block)) is not None:
            raise BrokenDataFile(Fault(file.name, line - 1 + conflict, None, *IN_CONFLICT))
        faults += _faults(file, block, line) if not faults else ()
        seen.has_formulas |= b'="' in block
        line += block.count(b"\n")
    if line == 1 and not seen.beginning and not faults and _is_empty(file):
        hint = "to empty the list, leave the header alone in it"
        raise BrokenDataFile(Fault(file.name, None, None, "has 0 bytes", hint))
    if faults:
        raise BrokenDataFile(faults[0])
    return seen


def _blocks(file: DataFile) -> Iterator[bytes]:
    """Give whole lines, about a mebibyte at a time: no mark that is looked for reaches over a line's end."""
    with file.open() as content:
        while block := content.read(_BLOCK):
            yield block + content.readline()


def _is_empty(file: DataFile) -> bool:
    with file.open() as content:
        return not content.read(1)


def _refuse_mistaken(file: DataFile, beginning: bytes) -> None:
    if (mistake := mistaken_for(beginning)) is not None:
        line, message, hint = mistake
        raise BrokenDataFile(Fault(file.name, line, None, message, hint))
    if beginning.startswith(_UTF_16):
        raise BrokenDataFile(Fault(file.name, 1, None, "is UTF-16, not UTF-8", "save it as 'CSV UTF-8'"))


def _faults(file: DataFile, block: bytes, line: int) -> Iterator[Fault]:
    """Yield what is wrong with the characters of a block, which starts on a line: each sort once."""
    try:
        block.decode()
    except UnicodeDecodeError as fault:
        at = line + block.count(b"\n", 0, fault.start)
        hint = "it looks like Windows-1252 or Latin-1; save it as 'CSV UTF-8'"
        yield Fault(file.name, at, None, f"is not UTF-8: byte 0x{block[fault.start]:02x}", hint)
    if (nul := block.find(b"\0")) >= 0:
        at = line + block.count(b"\n", 0, nul)
        yield Fault(file.name, at, None, "has a NUL character", "export the file again")
