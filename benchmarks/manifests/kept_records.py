"""A target for octoDNS whose records cost as little as can be: one JSON file, read at once."""

from __future__ import annotations

import json
import logging
from pathlib import Path

from octodns.provider.base import BaseProvider
from octodns.record import Record
from octodns.zone import Zone

TTL = 3600


class KeptRecords(BaseProvider):
    """Holds one zone, and is never written to."""

    SUPPORTS_GEO = SUPPORTS_DYNAMIC = SUPPORTS_ROOT_NS = False
    SUPPORTS = frozenset({"A"})

    def __init__(self, id: str, file: str) -> None:  # noqa: A002  octoDNS gives it under this name
        self.log = logging.getLogger(f"KeptRecords[{id}]")
        super().__init__(id)
        self._file = Path(file)

    # octoDNS says which arguments it takes, and how
    def populate(self, zone: Zone, target: bool = False, lenient: bool = False) -> bool:  # noqa: ARG002, FBT001, FBT002
        """Add every record, as providers do with what an API answers."""
        kept = json.loads(self._file.read_text())
        for name, data in kept.items():
            record = Record.new(zone, name, {"ttl": TTL, **data}, source=self, lenient=lenient)
            zone.add_record(record, lenient=lenient)
        self.log.info("populate:   found %s records", len(kept))
        return True
