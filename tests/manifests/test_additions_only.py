"""campaigns/v1 changes only by additions: what was once accepted stays accepted."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from reconciler.spec.registry import KINDS

BASELINE = Path(__file__).parents[1] / "golden" / "campaigns-v1-fields.txt"


def fields_of(schema: dict, definitions: dict, path: str) -> Iterator[str]:
    """Yield each field with what it takes: `Campaign.spec.status? active|paused|closed`."""
    schema = definitions[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    required = schema.get("required", [])
    for name, field in schema.get("properties", {}).items():
        inner = f"{path}.{name}"
        yield f"{inner}{'' if name in required else '?'} {taken(field, definitions)}".rstrip()
        for option in (field, field.get("items", {}), *field.get("anyOf", ())):
            if "$ref" in option or "properties" in option:
                yield from fields_of(option, definitions, inner)


def taken(field: dict, definitions: dict) -> str:
    """Give the words of an enumeration, which may only grow."""
    if "$ref" in field:
        field = definitions[field["$ref"].rpartition("/")[2]]
    words = field.get("enum", [field["const"]] if "const" in field else [])
    return "|".join(map(str, words))


def current() -> list[str]:
    """Give every field of every kind."""
    lines: list[str] = []
    for kind, model in KINDS.items():
        schema = json.loads(json.dumps(model.model_json_schema()))
        lines += fields_of(schema, schema.get("$defs", {}), kind)
    return list(dict.fromkeys(lines))


def test_no_field_or_word_is_ever_taken_back_and_none_becomes_required():
    """R-MAN-5: each field of the baseline is still there, no stricter, with every word that it took.

    `DIALCTL_UPDATE_GOLDEN=1` adds what is new to the baseline; nothing else ever changes it.
    """
    now = dict(line.partition(" ")[::2] for line in current())
    before = dict(line.partition(" ")[::2] for line in BASELINE.read_text().splitlines())
    gone = [field for field in before if field not in now and f"{field}?" not in now]
    narrower = [
        field
        for field, words in before.items()
        if field in now and not set(words.split("|")) <= set(now[field].split("|"))
    ]
    demanded = [
        field
        for field in now
        if not field.endswith("?") and field not in before and parent_was(field, before)
    ]
    assert (gone, narrower, demanded) == ([], [], [])
    if os.environ.get("DIALCTL_UPDATE_GOLDEN"):
        BASELINE.write_text("".join(f"{line}\n" for line in current()))
    assert set(now) <= set(before), "new fields: add them with DIALCTL_UPDATE_GOLDEN=1"


def parent_was(field: str, before: dict[str, str]) -> bool:
    """Tell whether the mapping that a field stands in was there before: then it may not demand more now.

    A mapping that may stand where only a text could is new, and may demand what it needs.
    """
    parent = field.rpartition(".")[0]
    return any(known.startswith(f"{parent}.") for known in before)
