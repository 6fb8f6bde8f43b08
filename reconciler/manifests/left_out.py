"""The text of a long inline list without its contacts: all that has to be read of a list that is known."""

from __future__ import annotations

import re

WORTH_LEAVING_OUT = 10_000
"""So many characters of contacts take longer to read than it takes to find out that they are known."""

_IS_A_LIST = re.compile(r"^kind: +ContactList *$", re.MULTILINE)
_CONTACTS = re.compile(r"^( *)contacts: *\n", re.MULTILINE)


def without_contacts(text: str) -> str | None:
    """Give the text of a document with an empty list for its contacts, and every other line in its place.

    None where it has none, or few. It goes by the look of the lines, and may be wrong: whoever uses it has to
    make sure that it says the same as the whole.
    """
    found = _CONTACTS.search(text) if len(text) > WORTH_LEAVING_OUT and _IS_A_LIST.search(text) else None
    if found is None:
        return None
    less_indented = re.compile(rf"^ {{0,{len(found[1])}}}[^ \n#-]", re.MULTILINE)
    behind = less_indented.search(text, found.end())
    end = behind.start() if behind else len(text)
    if end - found.end() < WORTH_LEAVING_OUT:
        return None
    empty_lines = "\n" * text.count("\n", found.end(), end)
    return f"{text[: found.end() - 1]} []\n{empty_lines}{text[end:]}"
