"""JSON Schemas for editors, generated from the models: one per kind, and one for files of any kind."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from reconciler.spec.registry import ANY_MANIFEST, KINDS
from reconciler.spec.scalars import format_duration

DIALECT = "https://json-schema.org/draft/2020-12/schema"
BASE_ID = "urn:dialctl:campaigns-v1"
ANY_KIND = "all.json"

_BOUNDS = {"ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}
"""What pydantic calls the bounds of our own number types, and what editors know them as."""

_RULE_IDS = re.compile(r" \(R-[A-Z]+-\d+(, R-[A-Z]+-\d+)*\)")
"""The ids of our own rules, which tell a person at an editor nothing."""


class _ForEditors(GenerateJsonSchema):
    def encode_default(self, dft: Any) -> Any:  # noqa: ANN401 - pydantic's own signature
        """Write a duration as manifests do: `1h`, never `PT1H`."""
        return format_duration(dft) if isinstance(dft, timedelta) else super().encode_default(dft)


def schema_files() -> dict[str, str]:
    """Give file name → text, the same to the byte on every run, each with a line end at the end."""
    files = {
        f"{kind}.json": _text(_with_head(kind, kind, model.model_json_schema(schema_generator=_ForEditors)))
        for kind, model in KINDS.items()
    }
    any_kind = ANY_MANIFEST.json_schema(schema_generator=_ForEditors)
    files[ANY_KIND] = _text(_with_head("all", "Manifest of any kind", any_kind))
    return files


def _with_head(name: str, title: str, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    head = {"$schema": DIALECT, "$id": f"{BASE_ID}:{name}", "title": title}
    return {**head, **{key: value for key, value in schema.items() if key not in head}}


def _text(schema: Mapping[str, Any]) -> str:
    return json.dumps(_in_words_of_editors(schema), indent=2, ensure_ascii=False) + "\n"


def _in_words_of_editors(node: Any) -> Any:  # noqa: ANN401 - JSON of any shape
    if isinstance(node, list):
        return [_in_words_of_editors(item) for item in node]
    if isinstance(node, Mapping):
        return {_BOUNDS.get(key, key): _in_words_of_editors(value) for key, value in node.items()}
    return _RULE_IDS.sub("", node) if isinstance(node, str) else node
