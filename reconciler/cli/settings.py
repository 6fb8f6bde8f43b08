"""What every command is told by options and environment, in groups that a command takes whole.

A command names a group once, `where: Place`, and gets one option for each of its fields:

    def status(where: Place) -> None: ...

    app.command()(with_groups(status))       # dialctl status --database-url … --org …
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from typing import Annotated, Any, get_type_hints

import typer

DATABASE_URL = "DIALCTL_DATABASE_URL"
ACTOR = "DIALCTL_ACTOR"
DEFAULT_DATABASE_URL = "sqlite:///dialctl.db"

Command = Callable[..., None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a command works: the database, and the organization of what names none."""

    database_url: Annotated[
        str, typer.Option("--database-url", envvar=DATABASE_URL, help="The database.", metavar="URL")
    ] = DEFAULT_DATABASE_URL
    org: Annotated[
        str, typer.Option("--org", help="The organization of what names none.", metavar="NAME")
    ] = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who changes something; the log keeps it."""

    actor: Annotated[
        str | None,
        typer.Option("--actor", envvar=ACTOR, help="Who acts; by default the OS user.", metavar="NAME"),
    ] = None


Paths = Annotated[
    list[str],
    typer.Argument(
        metavar="PATH", help="Files, directories (searched for *.yaml and *.yml), or - for standard input."
    ),
]


def with_groups(command: Command) -> Command:
    """Give the command that Typer shall see: each group of options among its parameters is spread out."""
    hints = get_type_hints(command, include_extras=True)
    hints.pop("return", None)
    groups = {name: hint for name, hint in hints.items() if is_dataclass(hint) and isinstance(hint, type)}

    @functools.wraps(command)
    def spread(**values: Any) -> None:  # noqa: ANN401 - whatever Typer parsed
        gathered = {
            name: group(**{field.name: values.pop(field.name) for field in fields(group)})
            for name, group in groups.items()
        }
        command(**values, **gathered)

    spread.__signature__ = _spread_signature(command, hints, groups)  # type: ignore[attr-defined] # what Typer reads
    spread.__annotations__ = {}
    return spread


def _spread_signature(
    command: Command, hints: Mapping[str, Any], groups: Mapping[str, type]
) -> inspect.Signature:
    spread: list[inspect.Parameter] = []
    for parameter in inspect.signature(command).parameters.values():
        if parameter.name in groups:
            spread += _options_of(groups[parameter.name])
        else:
            spread.append(
                parameter.replace(
                    kind=inspect.Parameter.KEYWORD_ONLY, annotation=hints.get(parameter.name, parameter.empty)
                )
            )
    return inspect.Signature(spread)


def _options_of(group: type) -> list[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=_default_of(field),
            annotation=hints[field.name],
        )
        for field in fields(group)
    ]


def _default_of(field: Field[Any]) -> Any:  # noqa: ANN401 - a default may be anything
    if field.default_factory is not MISSING:
        return field.default_factory()
    return inspect.Parameter.empty if field.default is MISSING else field.default
