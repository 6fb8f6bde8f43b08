"""A campaign that is there, written as the manifest of a new one: what `dialctl clone campaign` prints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reconciler.core.canonical import instant_text
from reconciler.core.desired import Json
from reconciler.spec.model import API_VERSION

LIST_NAME = "again"
_PERIOD = ("start_at", "end_at")


@dataclass(frozen=True, slots=True)
class Clone:
    """What is copied, and under which name. `at` is the instant of the copy."""

    org: str
    source: str
    target: str
    at: datetime


def campaign_document(clone: Clone, spec: Mapping[str, Json]) -> dict[str, Any]:
    """Give the manifest of the copy: paused, so that nobody is called by accident, and without a period.

    `spec` is the live canonical spec with `labels`; what is not set there is left out.
    """
    metadata: dict[str, Any] = {"name": clone.target, "org": clone.org}
    if spec["labels"]:
        metadata["labels"] = dict(spec["labels"])
    body = {
        name: value for name, value in spec.items() if name not in ("labels", *_PERIOD) and value is not None
    }
    return _envelope("Campaign", metadata, {**body, "status": "paused"})


def list_document(clone: Clone, statuses: Sequence[str], outcomes: Sequence[str]) -> dict[str, Any]:
    """Give the manifest of a list that calls contacts of the copied campaign again, as of now."""
    where = {"status": _one_or_many(statuses), "outcome": _one_or_many(outcomes)}
    chosen = {
        "campaign": clone.source,
        "where": {name: words for name, words in where.items() if words},
        "as_of": instant_text(clone.at),
    }
    metadata = {"name": LIST_NAME, "org": clone.org, "campaign": clone.target}
    return _envelope("ContactList", metadata, {"from": chosen})


def manifest_text(clone: Clone, spec: Mapping[str, Json], documents: Sequence[Mapping[str, Any]]) -> str:
    """Write the manifests, with what a person has to know of the first one above it."""
    import yaml

    texts = [
        yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110) for document in documents
    ]
    return "\n".join((*_comments(clone, spec), "---\n".join(texts)))


def _comments(clone: Clone, spec: Mapping[str, Json]) -> Iterator[str]:
    yield f"# A copy of campaign {clone.source} of organization {clone.org}, as of {instant_text(clone.at)}."
    yield "# It is paused: nobody is called until its status is active."
    period = [f"{name}: {spec[name]}" for name in _PERIOD if spec[name] is not None]
    if period:
        yield f"# Left out, for its time was that of {clone.source}: {', '.join(period)}"


def _one_or_many(words: Sequence[str]) -> str | list[str]:
    return words[0] if len(words) == 1 else list(words)


def _envelope(kind: str, metadata: Mapping[str, Any], spec: Mapping[str, Any]) -> dict[str, Any]:
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, "spec": spec}
