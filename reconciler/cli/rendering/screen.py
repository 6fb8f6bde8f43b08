"""Where results are drawn: a terminal of some width and colours, or a pipe that cuts nothing off."""

from __future__ import annotations

import os
import sys

from rich.console import Console, RenderableType

from reconciler.cli.terminal import shows_colours

UNCUT = 1000
"""Width where nobody looks through a window: what reads the pipe gets every value whole."""


def result_console() -> Console:
    """Make the console that draws on standard output; `COLUMNS` says its width, else the terminal does."""
    seen = sys.stdout.isatty() or os.environ.get("COLUMNS")
    return Console(
        file=sys.stdout,
        width=None if seen else UNCUT,
        color_system="auto" if shows_colours(sys.stdout) else None,  # `no_color` leaves bold and dim
        highlight=False,
        markup=False,
        emoji=False,
    )


def draw(console: Console, *parts: RenderableType) -> None:
    """Draw on standard output, without white space at the ends of lines."""
    with console.capture() as captured:
        for part in parts:
            console.print(part)
    sys.stdout.writelines(f"{line.rstrip()}\n" for line in captured.get().splitlines())
