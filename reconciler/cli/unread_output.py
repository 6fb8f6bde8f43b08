"""A log that nobody takes any more ends dialing in good order: no call is cut off, and none made unseen."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any, TextIO, cast


@contextmanager
def unread_output_stops(stop: threading.Event) -> Iterator[None]:
    """Set `stop` once the reader of either standard stream is gone, as a signal would; then write nowhere.

    Whatever keeps text from being written counts: a closed pipe, a closed terminal, a full disk. An exception
    instead would come amid a step, and leave its calls to the next start.
    """
    with redirect_stdout(_watched(sys.stdout, stop)), redirect_stderr(_watched(sys.stderr, stop)):
        yield


def _watched(stream: TextIO, stop: threading.Event) -> TextIO:
    return cast("TextIO", _Watched(stream, stop))


class _Watched:
    """A stream that raises no error of its file; all else is the stream's own."""

    def __init__(self, stream: TextIO, stop: threading.Event) -> None:
        self._stream = stream
        self._stop = stop

    def write(self, text: str) -> int:
        """Write, or give the file up."""
        try:
            return self._stream.write(text)
        except OSError:
            self._give_up()
        return len(text)

    def flush(self) -> None:
        """Flush, or give the file up."""
        try:
            self._stream.flush()
        except OSError:
            self._give_up()

    def writelines(self, lines: Iterator[str]) -> None:
        """Write, or give the file up."""
        self.write("".join(lines))

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the stream has
        return getattr(self._stream, name)

    def _give_up(self) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)
        self._stop.set()
