"""A page's console blocks, run: every command as a reader would type it, in a folder of the page's own.

    A ```console block is run, any other is not. Lines that start with `$ ` are commands, the others are what
    they print. A block under "`NAME`:" is the content of a file, which is written first. A console block
    under "In `FOLDER`:" is run in that folder of the repository.

What differs with every run (times, lengths of calls, ids, digests) is compared by its shape only, except
where nothing may differ: what `simulate` and `validate` print, and what stands in a file, is compared to the
letter. `…` stands for anything; on a line of its own, for any lines.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

from docs.pages import ROOT, Block, blocks

from reconciler.cli.main import main

PROMPT, CONTINUED = "$ ", "> "
REPEATABLE = {"simulate", "validate"}
SHELL = {"cat", "cp", "cut", "echo", "grep", "head", "mkdir", "mv", "rm", "sed", "sort"}
"""Other programs that a page may use beside `dialctl`."""

_FILE = re.compile(r"^`(?P<name>[\w./-]+\.\w+)`[^`]*:$")
_FOLDER = re.compile(r"^In `(?P<name>[^`]+)`[^`]*:$")
_ASSIGNMENT = re.compile(r"^(\w+)=(.*)$")
_DAY = r"(?i)(?:\b(?:mon|tue|wed|thu|fri|sat|sun) )?\b20\d\d-\d\d-\d\d"
_TIME = r"(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?"
_VARIES = (
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}(-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})?\b"), "ID"),
    (re.compile(_DAY + _TIME), "TIME"),
    (re.compile(r"\bsha256:[0-9a-f]{64}\b"), "DIGEST"),
    (re.compile(r"\b\d+ s\b"), "LENGTH"),
)


@dataclass(frozen=True)
class Exchange:
    """One command of a page, what the page says that it prints, and on which of its lines that stands."""

    command: str
    says: tuple[str, ...]
    first: int
    last: int

    @property
    def is_repeatable(self) -> bool:
        """Tell whether the command prints the same to the letter each time."""
        words = set(self.command.split())
        return "dialctl" not in words or not REPEATABLE.isdisjoint(words)


def exchanges(block: Block):
    """Give the commands of a console block in order."""
    at = 0
    while at < len(block.lines):
        command, at = block.lines[at].removeprefix(PROMPT), at + 1
        while command.endswith("\\") and at < len(block.lines):
            command, at = command[:-1] + block.lines[at].removeprefix(CONTINUED), at + 1
        end = at
        while end < len(block.lines) and not block.lines[end].startswith(PROMPT):
            end += 1
        yield Exchange(command, block.lines[at:end], block.first + at, block.first + end)
        at = end


def is_run(block: Block) -> bool:
    """Tell whether a block is a session with `dialctl`, and not, say, of `make` alone."""
    return block.word == "console" and any(_program(one.command) == "dialctl" for one in exchanges(block))


def agrees(says, printed, *, to_the_letter):
    """Tell whether lines are what a page says, but for what differs with every run."""
    wanted, found = "\n".join(says), "\n".join(printed)
    if not to_the_letter:
        wanted, found = (_without_what_varies(text) for text in (wanted, found))
    pattern = re.escape(wanted)
    pattern = re.sub(r"\\\n…\Z", lambda _: "(?s:\n.*)?", pattern)
    pattern = re.sub(r"(?m)^…(?:\\\n|\Z)", lambda _: "(?s:.*?)", pattern).replace("…", "[^\n]*")
    return re.fullmatch(pattern, found) is not None


class Session:
    """What a reader of one page does, from its first block to its last."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.code = 0
        (folder / "examples").symlink_to(ROOT / "examples")

    def follow(self, text: str):
        """Do what the page says; yields each exchange with what was really printed."""
        for block in blocks(text):
            file, folder = _FILE.match(block.above), _FOLDER.match(block.above)
            if is_run(block):
                os.chdir(ROOT / folder["name"] if folder else self.folder)
                for one in exchanges(block):
                    yield one, self.run(one.command).splitlines()
            elif file and block.word != "console":
                path = self.folder / file["name"]
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text("\n".join((*block.lines, "")), encoding="utf-8")

    def run(self, command: str) -> str:
        """Run one command; gives all that it prints, on either stream, in order."""
        program = _program(command)
        if program == "dialctl" and not re.search(r"[|>;&]", command):
            return self._dialctl(shlex.split(command))
        assert program in SHELL | {"dialctl"}, f"a console block is run: mark it ```sh, or teach it {program}"
        script = f"(exit {self.code}); {command}"
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
        self.code = done.returncode
        return done.stdout + done.stderr

    def _dialctl(self, words: list[str]) -> str:
        output = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
        before = dict(os.environ)
        while assignment := _ASSIGNMENT.match(words[0]):
            os.environ[assignment[1]] = assignment[2]
            words = words[1:]
        try:
            with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
                self.code = main(words[1:])
        finally:
            os.environ.clear()
            os.environ.update(before)
        output.seek(0)
        return output.read()


def _program(command: str) -> str:
    words = [word for word in command.split() if not _ASSIGNMENT.match(word)]
    return Path(words[0]).name if words else ""


def _without_what_varies(text: str) -> str:
    for pattern, name in _VARIES:
        text = pattern.sub(name, text)
    return text
