"""`dialctl schema`: the JSON Schemas that editors check manifests by."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.terminal import print_lines
from reconciler.errors import DialctlError


def schema(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where the schemas stand.")],
    *,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if a file differs.")] = False,
) -> None:
    """Write the JSON Schemas of all kinds."""
    from reconciler.manifests.schemas import schema_files

    files = schema_files()
    differing = [name for name, text in files.items() if _read(directory / name) != text]
    if check and differing:
        places = ", ".join(str(directory / name) for name in differing)
        raise DialctlError(f"differs from the models: {places}", hint=f"dialctl schema {directory}")
    if check:
        print_lines([f"{len(files)} schemas in {directory} are current"])
        return
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name in differing:
            (directory / name).write_text(files[name], encoding="utf-8")
    except OSError as error:
        raise DialctlError(f"{directory}: cannot be written: {error.strerror}") from error
    print_lines([f"{len(files)} schemas in {directory}, {len(differing)} of them written anew"])


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
