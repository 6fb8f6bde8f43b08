"""Keys that open encrypted data files: from the environment only, and never shown.

What is wrong with a key is told by its place, such as `line 2 of DIALCTL_AGE_KEY`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pyrage
from pyrage import ssh, x25519

from reconciler.manifests.age_format import looks_encrypted

KEY = "DIALCTL_AGE_KEY"
KEY_FILE = "DIALCTL_AGE_KEY_FILE"

_START = "AGE-SECRET-KEY-1"
_SSH_START = "-----BEGIN "
_SECRET = re.compile(r"SECRET-KEY-|AGE-PLUGIN-|PRIVATE KEY", re.IGNORECASE)
_NONE_FITS = "No matching keys found"
_LOCKED = "ssh key must be decrypted first"
_SHOWN = 3
"""Of so many keys that do not fit, recipients are shown."""

Given = TypeVar("Given")
Parsed = TypeVar("Parsed")


class UnusableKeys(Exception):
    """No key opens the file. The text is half a sentence that never holds a key."""


class DamagedFile(Exception):
    """A file that no key opens, because it is not whole."""


class NotParsed(Exception):
    """A text that is no key, or no recipient."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key, and what may be shown of it: the recipient that files are encrypted for."""

    identity: x25519.Identity | ssh.Identity = field(repr=False)
    recipient: str
    where: str


def holds_a_secret(text: str) -> bool:
    """Tell whether a text is or holds a secret key, and so must not be repeated."""
    return _SECRET.search(text) is not None


def lines_of(text: str) -> Iterator[tuple[int, str]]:
    """Give the lines of a file of keys or recipients with their numbers, without comments and blank lines."""
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            yield number, stripped


def parsed(parse: Callable[[Given], Parsed], given: Given) -> Parsed:
    """Parse a key or a recipient. Raises NotParsed, with the library's reason."""
    try:
        return parse(given)
    except (pyrage.IdentityError, pyrage.RecipientError, UnicodeError) as fault:
        raise NotParsed(str(fault)) from None
    except BaseException as panic:  # what the library raises over some damaged SSH keys is no Exception
        if type(panic).__name__ != "PanicException":
            raise
        raise NotParsed from None


def keys_in(environ: Mapping[str, str]) -> list[Key]:
    """Read the keys that the environment holds, or whose files it names. Raises UnusableKeys."""
    found: list[Key] = []
    if environ.get(KEY, "").strip():
        found += _keys_of(environ[KEY], KEY)
    for name in environ.get(KEY_FILE, "").split(os.pathsep):
        if name.strip():
            found += _keys_of(_text_of(name), name)
    if not found:
        raise UnusableKeys(f"no key is given: set {KEY} to the key, or {KEY_FILE} to its file")
    return found


def opened(content: bytes, keys: Sequence[Key]) -> bytes:
    """Decrypt a file. Raises UnusableKeys where none of the keys fits, and DamagedFile."""
    try:
        armor_first = content.lstrip()  # blanks before it are allowed, and the library does not know that
        return pyrage.decrypt(armor_first, [key.identity for key in keys])
    except pyrage.DecryptError as fault:
        if str(fault) == _NONE_FITS:
            raise UnusableKeys(_why_none_fits(keys)) from None
        raise DamagedFile from None


def _why_none_fits(keys: Sequence[Key]) -> str:
    where = " and ".join(dict.fromkeys(key.where for key in keys))
    who = ", ".join(dict.fromkeys(key.recipient for key in keys[:_SHOWN]))
    more = f" and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else ""
    not_for = "not for the key" if len(keys) == 1 else f"for none of the {len(keys)} keys"
    also = "this recipient" if len(keys) == 1 else "one of these recipients"
    return (
        f"{not_for} in {where} ({who}{more}): "
        f"give the key that fits, or encrypt the list anew for {also}, too"
    )


def _text_of(name: str) -> str:
    """Read a file of keys. Raises UnusableKeys."""
    if holds_a_secret(name):
        raise UnusableKeys(f"{KEY_FILE} holds a key, not the name of a file: put the key into {KEY}")
    try:
        return Path(name).read_bytes().decode("utf-8-sig", errors="replace")
    except (OSError, ValueError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) else "its name holds a NUL character"
        raise UnusableKeys(f"its key file {name} cannot be read: {reason}") from None


def _keys_of(text: str, where: str) -> list[Key]:
    if looks_encrypted(text.encode(errors="replace")):
        raise UnusableKeys(f"the key in {where} is encrypted itself: decrypt that first")
    if _SSH_START in text:
        return [_ssh_key(text, where)]
    found = [_key(line, f"line {number} of {where}", where) for number, line in lines_of(text)]
    if not found:
        raise UnusableKeys(f"{where} holds no key: one begins with {_START}")
    return found


def _ssh_key(text: str, where: str) -> Key:
    try:
        identity = parsed(ssh.Identity.from_buffer, text[text.index(_SSH_START) :].encode(errors="replace"))
    except NotParsed as fault:
        if str(fault) == _LOCKED:
            what = "is locked with a passphrase, which nobody is there to type: take a key without one"
        else:
            what = "cannot be read: age takes whole keys of the sorts ed25519 and rsa"
        raise UnusableKeys(f"the SSH key in {where} {what}") from None
    return Key(identity, "an SSH key", where)


def _key(line: str, place: str, where: str) -> Key:
    try:
        identity = parsed(x25519.Identity.from_str, line)
    except NotParsed:
        raise UnusableKeys(f"{place} {_what_it_is(line, where)}") from None
    return Key(identity, str(identity.to_public()), where)


def _what_it_is(line: str, where: str) -> str:
    """Say what stands where a key should, without repeating it."""
    if line.startswith(_START):
        return "is a key that is damaged or cut off: copy it once more"
    if holds_a_secret(line):
        return f"is a key of a plugin, or of another sort than those that begin with {_START}"
    if line.startswith(("age1", "ssh-")):
        return f"is a recipient, for whom files are encrypted: the key begins with {_START}"
    elsewhere = f"; the name of a file belongs into {KEY_FILE}" if where == KEY else ""
    return f"is no key: one begins with {_START}{elsewhere}"
