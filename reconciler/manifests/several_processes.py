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
from contextlib import suppress
from itertools import chain, islice
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, Generic, TypeVar

Portion = TypeVar("Portion")
Result = TypeVar("Result")

ENOUGH = 8
"""So many portions, before others are asked to help."""


def in_order(work: Callable[[Portion], Result], portions: Iterable[Portion]) -> Iterator[Result]:
    """Do the work of each portion, and give the results in order; raises what the work raises."""
    left = iter(portions)
    first = list(islice(left, ENOUGH))
    cores = os.cpu_count() or 1
    if len(first) < ENOUGH or cores == 1 or not _may_fork():
        yield from map(work, chain(first, left))
        return
    helpers: deque[_Helper[Portion, Result]] = deque()
    for _ in range(cores):
        helpers.append(_Helper(work, helpers))
    try:
        for portion in chain(first, left):
            if helpers[0].is_busy:
                yield helpers[0].result()
            helpers[0].begin(portion)
            helpers.rotate(-1)
        for helper in helpers:
            if helper.is_busy:
                yield helper.result()
    finally:
        for helper in helpers:
            helper.dismiss()


class _Helper(Generic[Portion, Result]):
    """A process that does one portion at a time; while it does, its parent prepares the next ones."""

    def __init__(self, work: Callable[[Portion], Result], others: Iterable[_Helper[Portion, Result]]) -> None:
        context = get_context("fork")
        self._work = work
        self._mine, its = context.Pipe()
        parents = [self._mine, *(other._mine for other in others)]  # noqa: SLF001 - of this class
        self._process = context.Process(target=_serve, args=(work, its, parents), daemon=True)
        self._process.start()
        its.close()
        self._portion: list[Portion] = []

    @property
    def is_busy(self) -> bool:
        return bool(self._portion)

    def begin(self, portion: Portion) -> None:
        self._portion.append(portion)
        with suppress(OSError):  # it died: the result says so
            self._mine.send(portion)

    def result(self) -> Result:
        """Give what became of the portion; where the process died, do it here."""
        portion = self._portion.pop()
        try:
            result, fault = self._mine.recv()
        except (EOFError, OSError):
            return self._work(portion)
        if fault is not None:
            raise fault
        return result  # type: ignore[no-any-return] # what the work gave

    def dismiss(self) -> None:
        self._mine.close()
        if self.is_busy:
            self._process.terminate()
        self._process.join()


def _may_fork() -> bool:
    return sys.platform == "linux" and threading.active_count() == 1


def _serve(work: Callable[[Any], Any], mine: Connection, parents: Iterable[Connection]) -> None:
    """Work until nobody asks any more; Ctrl-C is for the parent to heed.

    The ends of the parent, which a fork has too, are closed: when the parent is gone, nobody else holds them.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for end in parents:
        end.close()
    with suppress(EOFError, OSError):
        while True:
            portion = mine.recv()
            answer: tuple[Any, Exception | None]
            try:
                answer = work(portion), None
            except Exception as fault:  # noqa: BLE001 - the parent raises it
                answer = None, fault
            mine.send(answer)
