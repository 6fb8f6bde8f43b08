"""`dialctl encrypt`: a data file of contacts becomes one that may stand in git (R-MAN-4)."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.terminal import note, print_lines
from reconciler.errors import DialctlError, Fault, FaultsFound, UsageError

if TYPE_CHECKING:
    from reconciler.manifests.age_recipients import Recipient

RECIPIENTS = "DIALCTL_AGE_RECIPIENTS"
STDIN = "-"
STDIN_NAME = "<stdin>"
PART = ".part"


@dataclass(frozen=True, slots=True, kw_only=True)
class Readers:
    """Who can decrypt the file."""

    recipient: Annotated[
        list[str],
        typer.Option(
            "--recipient",
            "-r",
            help="Who can decrypt it: age1…, or a public SSH key; repeatable.",
            metavar="WHO",
        ),
    ] = field(default_factory=list)
    recipients_file: Annotated[
        list[Path],
        typer.Option(
            "--recipients-file", "-R", help="A file of recipients, one a line; repeatable.", metavar="FILE"
        ),
    ] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """Where the encrypted file goes, and how."""

    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Where it goes; by default FILE.age.", metavar="FILE"),
    ] = None
    armor: Annotated[bool, typer.Option("--armor", "-a", help="Write ASCII, not binary.")] = False
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False


def encrypt(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A data file, CSV or JSONL, or - for standard input.")
    ],
    *,
    readers: Readers,
    writing: Writing,
) -> None:
    """Encrypt a data file with age, so that no contact stands in git in the clear."""
    from reconciler.cli.rendering.words import counted

    target = _target(file, writing.output)
    if target.exists() and not writing.force:
        raise _taken(target)
    _require_age()
    from reconciler.manifests.age_recipients import encrypted

    recipients = _recipients(readers)
    content = encrypted(_content(file), recipients, armored=writing.armor)
    _write(target, content, replace=writing.force)
    print_lines([f"{target}: encrypted for {counted(len(recipients), 'recipient')}"])
    for line in _what_next(file, target):
        note(line)


def _target(file: str, output: Path | None) -> Path:
    """Give the name of the encrypted file. Raises UsageError where no list could be read from it."""
    from reconciler.manifests.age_format import ENCRYPTED_SUFFIX, is_encrypted
    from reconciler.manifests.data_file import SUFFIXES, is_data_file

    if file == STDIN and output is None:
        raise UsageError("standard input has no name", hint="say where it goes: --output contacts.csv.age")
    if file != STDIN and is_encrypted(file):
        raise UsageError(f"{file}: is encrypted already", hint="name the file in the clear")
    if file != STDIN and not is_data_file(file):
        raise UsageError(
            f"{file}: no list is read from such a file",
            hint=f"put contacts into one of {', '.join(SUFFIXES)}, and name that under from:",
        )
    target = output or Path(file + ENCRYPTED_SUFFIX)
    if not is_encrypted(target.name) or not is_data_file(target.name):
        ends = ", ".join(suffix + ENCRYPTED_SUFFIX for suffix in SUFFIXES)
        raise UsageError(f"--output {target}: no list is read from such a file", hint=f"let it end in {ends}")
    return target


def _require_age() -> None:
    from reconciler.manifests.encrypted_files import INSTALL, age_is_installed

    if not age_is_installed():
        raise DialctlError("what encrypts is not installed", hint=INSTALL)


def _recipients(readers: Readers) -> list[Recipient]:
    """Read all recipients, each once: those of the command line, or else those of the environment."""
    from reconciler.manifests.age_recipients import BadRecipient, recipient, recipients_in

    found: dict[str, Recipient] = {}
    try:
        for text in readers.recipient:
            found[text.strip()] = recipient(text.strip())
    except BadRecipient as fault:
        raise UsageError(f"--recipient: {fault}") from None
    try:
        for path in readers.recipients_file:
            found |= recipients_in(_text_of(path), str(path))
        if not readers.recipient and not readers.recipients_file:
            found = recipients_in(os.environ.get(RECIPIENTS, "").replace(",", "\n"), RECIPIENTS)
    except BadRecipient as fault:
        raise DialctlError(str(fault)) from None
    if not found:
        hint = f"--recipient age1…, --recipients-file FILE, or {RECIPIENTS}"
        raise UsageError("nobody could decrypt it: no recipient is given", hint=hint)
    return list(found.values())


def _text_of(path: Path) -> str:
    from reconciler.manifests.age_keys import holds_a_secret

    if holds_a_secret(str(path)):
        raise UsageError("--recipients-file: this is a secret key, not the name of a file")
    return _bytes_of(path).decode("utf-8-sig", errors="replace")


def _content(file: str) -> bytes:
    """Read what is to be encrypted. Raises FaultsFound where it is nothing that a list is read from."""
    from reconciler.manifests.mistaken_files import mistaken_for

    content = sys.stdin.buffer.read() if file == STDIN else _bytes_of(Path(file))
    name = STDIN_NAME if file == STDIN else file
    if not content:
        hint = "to empty a list, leave the header alone in its file"
        raise FaultsFound([Fault(name, None, None, "has 0 bytes", hint)])
    if (mistake := mistaken_for(content)) is not None:
        line, message, hint = mistake
        raise FaultsFound([Fault(name, line, None, message, hint)])
    return content


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DialctlError(f"{path}: cannot be read: {error.strerror}") from None


def _write(target: Path, content: bytes, *, replace: bool) -> None:
    """Write the file so that it stands under its name whole or not at all."""
    part = target.with_name(f".{target.name}.{os.getpid()}{PART}")
    try:
        try:
            with part.open("xb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            if replace:
                part.replace(target)
            else:
                target.hardlink_to(part)
        finally:
            part.unlink(missing_ok=True)
    except FileExistsError:
        raise _taken(target) from None
    except OSError as error:
        raise DialctlError(f"{target}: cannot be written: {error.strerror}") from None


def _taken(target: Path) -> DialctlError:
    return DialctlError(f"{target}: is there already", hint="replace it with --force; nothing was written")


def _what_next(file: str, target: Path) -> Iterator[str]:
    """Say how the encrypted file takes the place of the plain one."""
    yield f"next: name it in its list, as from: {target.name}"
    if file != STDIN:
        plain = shlex.quote(file)
        yield f"      take the plain file out of git: git rm --cached {plain}, and name it in .gitignore"
