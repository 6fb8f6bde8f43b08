"""What `validate` has to say: how much is declared, and what was noticed (R-TZ-1, R-PHONE-2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reconciler.core.desired import DesiredState, Notice, ObjectKey, RedialList
from reconciler.errors import Fault
from reconciler.manifests.list_content import ColumnsRead
from reconciler.manifests.resolve import Examination
from reconciler.spec.registry import KINDS


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of documents per kind, in order of dependence, and of contacts per (organization, campaign).

    The campaign is None for ad hoc contacts; one that has lists, but nobody in them, counts 0. `empty_lists`
    are those without a row. `redials` are those whose contacts only a database tells. `faults` are errors;
    `bad_rows` and `warnings` are not.
    `columns` says how each list's CSV file was read.
    """

    kinds: Mapping[str, int]
    contacts: Mapping[tuple[str, str | None], int]
    faults: Sequence[Fault]
    bad_rows: Sequence[Fault]
    warnings: Sequence[Notice]
    columns: Sequence[ColumnsRead] = ()
    empty_lists: Sequence[ObjectKey] = ()
    redials: Sequence[RedialList] = ()


def summarise(examination: Examination) -> Summary:
    """Count what was declared and gather what was noticed."""
    desired = examination.desired
    counted = Counter[str](document.manifest.kind for document in examination.documents)
    counted["Contact"] = examination.contact_documents
    return Summary(
        {kind: counted[kind] for kind in KINDS if counted[kind]},
        _contacts(desired),
        examination.faults,
        examination.bad_rows,
        [notice for notice in desired.notices if notice.notice == "warning"],
        examination.columns,
        [key for key, content in desired.lists.items() if not content.rows and key not in desired.redials],
        list(desired.redials.values()),
    )


def _contacts(desired: DesiredState) -> Mapping[tuple[str, str | None], int]:
    counted = {(key.org, key.campaign): 0 for key in desired.lists}
    counted |= {
        (org, campaign or None): count for (org, campaign), count in desired.contacts.places().items()
    }
    return counted
