"""What `validate` has to say: how much is declared, and what was noticed (R-TZ-1, R-PHONE-2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reconciler.core.desired import Notice
from reconciler.errors import Fault
from reconciler.manifests.lists import ColumnsRead
from reconciler.manifests.load import LoadedManifests
from reconciler.manifests.resolve import Examination
from reconciler.spec.registry import KINDS


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of documents per kind, in order of dependence, and of contacts per (organization, campaign).

    The campaign is None for ad hoc contacts. `faults` are errors; `bad_rows` and `warnings` are not.
    `columns` says how each list's CSV file was read.
    """

    kinds: Mapping[str, int]
    contacts: Mapping[tuple[str, str | None], int]
    faults: Sequence[Fault]
    bad_rows: Sequence[Fault]
    warnings: Sequence[Notice]
    columns: Sequence[ColumnsRead] = ()


def summarise(loaded: LoadedManifests, examination: Examination) -> Summary:
    """Count what was declared and gather what was noticed."""
    counted = Counter[str](document.manifest.kind for document in loaded.documents)
    return Summary(
        {kind: counted[kind] for kind in KINDS if counted[kind]},
        Counter((contact.org, contact.campaign) for contact in examination.desired.contacts),
        examination.faults,
        examination.bad_rows,
        [notice for notice in examination.desired.notices if notice.notice == "warning"],
        examination.columns,
    )
