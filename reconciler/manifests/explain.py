"""What pydantic found, said in the words of the person who wrote the manifest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from reconciler.core.phones import mask_numbers_in
from reconciler.core.suggestions import did_you_mean
from reconciler.errors import Fault
from reconciler.manifests.places import Place
from reconciler.spec.scalars import format_duration

_QUOTED = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"")
_TIMEDELTA = re.compile(
    r"datetime\.timedelta\((?:0|(?:days=(?P<days>\d+))?(?:, )?(?:seconds=(?P<seconds>\d+))?)\)"
)
_SHOWN = 80
_OF_THE_FIELD = ("must ", "is ", "has ")
_BOUNDS = {
    "greater_than_equal": ("ge", "must be at least"),
    "less_than_equal": ("le", "must be at most"),
    "greater_than": ("gt", "must be above"),
    "less_than": ("lt", "must be below"),
}
_SHAPES = {
    "model_type": "must be a mapping",
    "dict_type": "must be a mapping",
    "tuple_type": "must be a list",
    "string_type": "must be a text",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "string_pattern_mismatch": "must be a country code of two capital letters, such as US",
}


def explain(error: ValidationError, model: type[BaseModel], place: Place) -> Iterator[Fault]:
    """Give each finding as a fault at its place, quoted texts cut short, numbers masked (R-PLAN-8)."""
    for found in error.errors(include_url=False):
        if found["type"] == "too_short" and found["input"]:
            continue  # empty only because each of its items is a fault, reported beside this one
        path = [step for step in found["loc"] if step != "[key]"]
        at_key = found["type"] in {"extra_forbidden", "missing"} or found["loc"][-1:] == ("[key]",)
        message, hint = describe(found, path, model)
        if found["type"] == "value_error" and message.split()[0].rstrip(":") in _fields_at(model, path):
            path.append(message.split()[0].rstrip(":"))  # what a whole mapping got wrong stands at that field
        yield place.fault(path, message, hint, key=at_key and found["type"] != "missing")


def describe(found: ErrorDetails, path: list[str | int], model: type[BaseModel]) -> tuple[str, str | None]:
    """Give the message and the hint of one finding, without its place."""
    message, hint = _message(found, path, model)
    if message.startswith(_OF_THE_FIELD):
        name = next((str(step) for step in reversed(path) if isinstance(step, str)), "the manifest")
        message = f"{name} {message}"
    return _QUOTED.sub(_presentable, message), hint


def _message(found: ErrorDetails, path: list[str | int], model: type[BaseModel]) -> tuple[str, str | None]:
    kind, context = found["type"], found.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown_field(str(path[-1]), path[:-1], model)
    if kind == "missing":
        return f"missing field '{path[-1]}'", None
    if kind == "literal_error":
        return _not_one_of(found["input"], str(context["expected"])), None
    if kind == "value_error":
        return str(context["error"]), None
    if kind in _BOUNDS:
        name, words = _BOUNDS[kind]
        return f"{words} {_bound(context[name])}", None
    if kind in _SHAPES:
        nothing = "; nothing stands here" if found["input"] is None else ""
        return _SHAPES[kind] + nothing, _shape_hint(kind, path, model)
    if kind in {"too_short", "string_too_short"}:
        return "must not be empty", None
    if kind in {"too_long", "string_too_long"}:
        unit = "characters" if isinstance(found["input"], str) else "items"
        return f"must have at most {context['max_length']:,} {unit}", None
    return found["msg"].replace("Input should be", "must be"), None


def _shape_hint(kind: str, path: list[str | int], model: type[BaseModel]) -> str | None:
    """Show how what is expected is written, where it is not a single value."""
    if kind == "tuple_type":
        return "write [one, two], or each item on a line of its own after a dash"
    fields = _fields_at(model, path) if kind == "model_type" else []
    return f"its fields: {', '.join(fields)}" if fields else None


def _unknown_field(name: str, parent: list[str | int], model: type[BaseModel]) -> tuple[str, str | None]:
    known = _fields_at(model, parent)
    elsewhere = [part for part in known if name in _fields_at(model, [*parent, part])]
    if parent == ["metadata"] and name in _fields_at(model, ["spec"]):
        elsewhere = ["spec"]
    if parent == ["spec"] and name in _fields_at(model, ["metadata"]):
        elsewhere = ["metadata"]
    if len(elsewhere) == 1:
        return f"unknown field '{name}' — it goes under {elsewhere[0]}:", None
    suggestion = did_you_mean(name, known)
    hint = None if suggestion else f"known here: {', '.join(known)}"
    return f"unknown field '{name}'{suggestion}", hint


def _not_one_of(value: object, expected: str) -> str:
    allowed = re.findall(r"'([^']*)'", expected)
    shown = f"'{value}'" if isinstance(value, str) else "this"
    suggestion = did_you_mean(value, allowed) if isinstance(value, str) else ""
    if len(allowed) == 1:
        return f"{shown} is not known; write {allowed[0]}"
    return f"{shown} is not one of {', '.join(allowed)}{suggestion}"


def _bound(value: object) -> object:
    """Write a bound as manifests do; pydantic gives that of a duration as the repr of a timedelta."""
    parts = _TIMEDELTA.fullmatch(str(value))
    if parts is None:
        return value
    return format_duration(timedelta(days=int(parts["days"] or 0), seconds=int(parts["seconds"] or 0)))


def _fields_at(model: type[BaseModel], path: Iterable[str | int]) -> list[str]:
    """Give the names of the fields that the model knows at a path."""
    current: type[BaseModel] | None = model
    for step in path:
        if current is None:
            return []
        fields = {field.alias or name: field for name, field in current.model_fields.items()}
        if isinstance(step, str) and step in fields:
            current = _model_inside(fields[step].annotation)
    return [field.alias or name for name, field in current.model_fields.items()] if current else []


def _model_inside(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 - annotations have no common type
    """Find the model in `Model`, `Model | None`, `tuple[Model, ...]` or `dict[str, Model]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((m for part in get_args(annotation) if (m := _model_inside(part)) is not None), None)


def _presentable(match: re.Match[str]) -> str:
    text = mask_numbers_in(match[0])
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…{text[-1]}"
