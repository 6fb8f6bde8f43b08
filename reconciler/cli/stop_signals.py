"""SIGTERM, Ctrl-C and a closed terminal, for a command that ends in good order: once asks, twice insists."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue

STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_NO_MORE = 0


@contextmanager
def stop_signals() -> Iterator[tuple[threading.Event, threading.Event]]:
    """Give two events: the first signal sets `stop`, the second one `give_up`.

    A thread of its own sets them: a handler runs amid whatever the main thread does, and would wait for ever
    for a lock that the main thread holds just then. Only the queue's `put` is made for handlers.

    A signal that is ignored stays so: `nohup` means it. SIGHUP never insists: a closed terminal sends it, and
    its shell once more.
    """
    stop, give_up = threading.Event(), threading.Event()
    came: SimpleQueue[int] = SimpleQueue()

    def obey() -> None:
        asked = False
        while (number := came.get()) != _NO_MORE:
            if asked and number != signal.SIGHUP:
                give_up.set()
            asked = True
            stop.set()

    thread = threading.Thread(target=obey, name="signals")
    thread.start()
    obeyed = [number for number in STOPPING if signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, lambda number, _: came.put(number)) for number in obeyed}
    try:
        yield stop, give_up
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        came.put(_NO_MORE)
        thread.join()
