"""How a PostgreSQL server stores the tables that change with every call; SQLite needs none of it.

A new version of a row costs no index entry, and the old one goes without a vacuum, where no indexed column
changes and its page has room (a HOT update). Room is what a fill factor leaves: it is given where updates
change no indexed column, and nowhere else. A contact is claimed and settled by its status, lane and due time,
all of them indexed, so that room would only make its table larger; it is vacuumed in time instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

Storage = Mapping[str, int | str]

REWRITTEN_IN_PLACE: Final[Storage] = {"fillfactor": 50}
"""Few rows, each written again and again by columns that no index holds: heartbeats, counters, states."""

CHANGED_WITH_EVERY_CALL: Final[Storage] = {
    "autovacuum_vacuum_scale_factor": "0.05",
    "autovacuum_analyze_scale_factor": "0.05",
}
"""Millions of rows, of which calls change some: a fifth of them dead, as by default, would slow the lanes."""

EMPTIED_ALL_THE_TIME: Final[Storage] = {
    "fillfactor": 50,
    "autovacuum_vacuum_scale_factor": "0",
    "autovacuum_vacuum_threshold": 500,
    "vacuum_truncate": "false",
}
"""As many rows as there are calls, each new, changed and gone within minutes.

The counting of limits reads them all, dead ones too. Giving back its last pages would lock the table, for the
next calls to ask for them again.
"""
