"""Work done by as many processes as there are cores, its results in order: reading is most of a large plan.

The processes are forks of this one, made when there is enough to do: what they work with need not be sent to
them. A process with several threads, or on a system where a fork may not go on, works by itself.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import chain, islice
from multiprocessing import get_context
from typing import Any, TypeVar

Portion = TypeVar("Portion")
Result = TypeVar("Result")

ENOUGH = 8
"""So many portions, before others are asked to help."""

_born_with: list[Callable[[Any], Any]] = []
"""What a process was forked to do."""


def in_order(work: Callable[[Portion], Result], portions: Iterable[Portion]) -> Iterator[Result]:
    """Do the work of each portion, and give the results in order; raises what the work raises."""
    left = iter(portions)
    first = list(islice(left, ENOUGH))
    cores = os.cpu_count() or 1
    if len(first) < ENOUGH or cores == 1 or not _may_fork():
        yield from map(work, chain(first, left))
        return
    _born_with.append(work)
    pool = ProcessPoolExecutor(cores, get_context("fork"), _leave_interrupts_to_the_parent)
    try:
        waiting: deque[Future[Result]] = deque()
        for portion in chain(first, left):
            waiting.append(pool.submit(_do, portion))
            if len(waiting) > 2 * cores:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        _born_with.pop()
        pool.shutdown(cancel_futures=True)


def _may_fork() -> bool:
    return sys.platform == "linux" and threading.active_count() == 1


def _do(portion: Any) -> Any:  # noqa: ANN401 - of the kinds above
    return _born_with[-1](portion)


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
