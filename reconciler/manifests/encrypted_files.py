"""Data files that are encrypted with age: decrypted in memory, and never written (R-MAN-4).

The library that decrypts is an extra: it is not imported before a file asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from reconciler.manifests.age_format import asks_for_a_passphrase, looks_encrypted
from reconciler.manifests.mistaken_files import conflict_line, mistaken_for

INSTALL = "pip install 'dialctl[age]'"


class Undecryptable(Exception):
    """A file that cannot be decrypted. The text goes on after the file's name, and never holds a key."""


def age_is_installed() -> bool:
    """Tell whether the extra is there, and not only its type stubs."""
    found = find_spec("pyrage")
    return found is not None and found.origin is not None


def decrypted(content: bytes, environ: Mapping[str, str]) -> bytes:
    """Decrypt a file with the keys that the environment holds or names. Raises Undecryptable."""
    _require_openable(content)
    if not age_is_installed():
        raise Undecryptable(f"is encrypted, and what decrypts it is not installed: {INSTALL}")
    from reconciler.manifests.age_keys import (  # noqa: PLC0415 - imports the extra
        DamagedFile,
        UnusableKeys,
        keys_in,
        opened,
    )

    try:
        return opened(content, keys_in(environ))
    except UnusableKeys as why:
        raise Undecryptable(f"is encrypted, and {why}") from None
    except DamagedFile:
        raise Undecryptable(_damage(content)) from None


def _require_openable(content: bytes) -> None:
    """Raise Undecryptable where no key could open the file."""
    if not content:
        raise Undecryptable("has 0 bytes: write it with dialctl encrypt")
    if not looks_encrypted(content):
        if (mistake := mistaken_for(content)) is not None:
            _, message, hint = mistake
            raise Undecryptable(f"{message}; {hint}")
        raise Undecryptable("is not encrypted, whatever its name says: write it with dialctl encrypt")
    if asks_for_a_passphrase(content):
        raise Undecryptable(
            "is encrypted with a passphrase, which nobody is there to type: "
            "encrypt it for a key, with dialctl encrypt"
        )


def _damage(content: bytes) -> str:
    line = conflict_line(content)
    if line is not None:
        return f"has a mark of a merge conflict on line {line}: take one side whole, or encrypt the list anew"
    return "is damaged or cut off: take it from git once more, or encrypt the list anew"
