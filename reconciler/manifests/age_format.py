"""What tells a file of age from others: the end of its name, and its first bytes."""

from __future__ import annotations

import base64
import binascii
from contextlib import suppress

ENCRYPTED_SUFFIX = ".age"

_BINARY = b"age-encryption.org/"
_ARMORED = b"-----BEGIN AGE ENCRYPTED FILE-----"
_PASSPHRASE = b"\n-> scrypt "
_ARMORED_LINE = 64
"""Characters; decoded they hold the first line of a header, and the start of the second."""


def is_encrypted(name: str) -> bool:
    """Tell whether a file is encrypted, as its name has it."""
    return name.casefold().endswith(ENCRYPTED_SUFFIX)


def unencrypted_name(name: str) -> str:
    """Give the name that the same file had in the clear: its end says what it holds."""
    return name[: -len(ENCRYPTED_SUFFIX)] if is_encrypted(name) else name


def looks_encrypted(content: bytes) -> bool:
    """Tell whether this is a file of age, binary or armored, whatever its name says."""
    return content.startswith(_BINARY) or content.lstrip().startswith(_ARMORED)


def asks_for_a_passphrase(content: bytes) -> bool:
    """Tell whether a file of age opens with a passphrase, and not with a key."""
    return _PASSPHRASE in _start_of_header(content)


def _start_of_header(content: bytes) -> bytes:
    if content.startswith(_BINARY):
        return content[:_ARMORED_LINE]
    with suppress(binascii.Error, IndexError):
        return base64.b64decode(content.lstrip()[len(_ARMORED) :].split(None, 1)[0][:_ARMORED_LINE])
    return b""
