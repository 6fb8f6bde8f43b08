"""The log of `run`: what the loops tell, as text or as JSON, one line each on standard error."""

from __future__ import annotations

import json
import sys
import threading
from typing import TYPE_CHECKING, Literal

from reconciler.clock import SystemClock

if TYPE_CHECKING:
    from reconciler.controller.telling import Tell

LogFormat = Literal["text", "json"]


def teller(log_format: LogFormat) -> Tell:
    """Make what writes the log; lines of several threads never mix."""
    lock = threading.Lock()

    def tell(happening: str, /, **values: object) -> None:
        line = _json(happening, values) if log_format == "json" else _text(happening, values)
        with lock:
            sys.stderr.write(line + "\n")
            sys.stderr.flush()

    return tell


def _json(happening: str, values: dict[str, object]) -> str:
    return json.dumps({"at": _now(), "event": happening, **values}, default=str, ensure_ascii=False)


def _text(happening: str, values: dict[str, object]) -> str:
    told = " ".join(f"{name}={_word(value)}" for name, value in values.items() if value is not None)
    return f"{_now()} {happening}{f' {told}' if told else ''}"


def _word(value: object) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if not text or any(c.isspace() for c in text) else text


def _now() -> str:
    return SystemClock().now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
