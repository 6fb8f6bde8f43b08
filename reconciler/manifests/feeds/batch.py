"""A batch → manifests of its own: one ContactList, read as every data file is (R-MAN-4)."""

from __future__ import annotations

from pathlib import Path

from reconciler.core.canonical import canonical_json
from reconciler.core.desired import ObjectKey
from reconciler.manifests.discovery import DataInHand, SourceFile
from reconciler.manifests.feeds.places import named_by_format
from reconciler.manifests.load import Document, LoadedManifests, text_hash
from reconciler.manifests.places import Place
from reconciler.spec.contact_feed import ContactFeedSpec
from reconciler.spec.contact_list import ContactList
from reconciler.spec.model import API_VERSION

ITS_BATCHES = "batches"
"""What such a list says that its contacts come from: the same for every batch, which is then no change."""


def batch_manifests(list_: ObjectKey, spec: ContactFeedSpec, name: str, content: bytes) -> LoadedManifests:
    """Give the manifests that a batch stands for; `name` is what faults call it.

    Faults of the batch as a whole, such as too few rows, stand at its first character.
    """
    data = DataInHand(named_by_format(name, content, spec.format), content)
    said = {
        "from": ITS_BATCHES,
        "columns": spec.columns,
        "mode": spec.mode,
        "key": spec.key,
        "expect_rows": spec.expect_rows,
    }
    manifest = ContactList.model_validate(
        {
            "apiVersion": API_VERSION,
            "kind": "ContactList",
            "metadata": {"name": list_.name, "org": list_.org, "campaign": list_.campaign},
            "spec": said,
        }
    )
    text = canonical_json(manifest.model_dump(mode="json", by_alias=True))
    file = SourceFile(data.name, b"", Path(), Path(), data)
    document = Document(file, 1, 1, Place(data.name, 1, ""), text_hash(text), manifest)
    return LoadedManifests([document], [], list_.org)
