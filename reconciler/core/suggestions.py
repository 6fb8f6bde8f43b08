"""Did you mean …?"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Give ` — did you mean '…'?` for the nearest known word, or nothing where none is near."""
    by_fold = {name.casefold().replace("-", "_"): name for name in known}
    near = get_close_matches(word[:100].casefold().replace("-", "_"), by_fold, n=1, cutoff=0.6)
    return f" — did you mean '{by_fold[near[0]]}'?" if near else ""
