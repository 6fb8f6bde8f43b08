"""JSON Schemas for editors, generated from the models: one per kind, and one for files of any kind."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from reconciler.spec.registry import ANY_MANIFEST, KINDS

DIALECT = "https://json-schema.org/draft/2020-12/schema"
BASE_ID = "urn:dialctl:campaigns-v1"
ANY_KIND = "all.json"


def schema_files() -> dict[str, str]:
    """Give file name → text, the same to the byte on every run, each with a line end at the end."""
    files = {
        f"{kind}.json": _text(_with_head(kind, kind, model.model_json_schema()))
        for kind, model in KINDS.items()
    }
    files[ANY_KIND] = _text(_with_head("all", "Manifest of any kind", ANY_MANIFEST.json_schema()))
    return files


def _with_head(name: str, title: str, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    head = {"$schema": DIALECT, "$id": f"{BASE_ID}:{name}", "title": title}
    return {**head, **{key: value for key, value in schema.items() if key not in head}}


def _text(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
