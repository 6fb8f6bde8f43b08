"""Work in several processes: results in order, faults raised, and nobody left behind.

Each case is a process of its own, for one with several threads, as a test runner is, works by itself.
"""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent

import pytest

BEGIN = """\
import os, multiprocessing
from reconciler.manifests import several_processes
from reconciler.manifests.several_processes import in_order
several_processes.os.cpu_count = lambda: 3
me = os.getpid()
def elsewhere():
    return os.getpid() != me
"""
CASES = {
    "in order, and by others": """
        results = list(in_order(lambda n: (n * n, elsewhere()), range(50)))
        assert [square for square, _ in results] == [n * n for n in range(50)]
        assert all(by_others for _, by_others in results)
    """,
    "large answers and large portions": """
        portions = [bytes(1_000_000) for _ in range(20)]
        assert list(in_order(lambda portion: portion, portions)) == portions
    """,
    "too little to do": """
        assert list(in_order(lambda n: elsewhere(), range(several_processes.ENOUGH - 1))) == [False] * 7
    """,
    "a fault": """
        def work(n):
            if n == 30:
                raise LookupError(n)
            return n
        seen = []
        try:
            for result in in_order(work, range(50)):
                seen.append(result)
        except LookupError as fault:
            assert fault.args == (30,)
        assert seen == list(range(30))
    """,
    "a helper that dies": """
        def work(n):
            if n == 20 and elsewhere():
                os._exit(9)
            return n
        assert list(in_order(work, range(50))) == list(range(50))
    """,
    "given up amid work": """
        results = in_order(lambda n: n, iter(range(1000)))
        assert next(results) == 0
        results.close()
    """,
    "portions that cannot be made": """
        def portions():
            yield from range(20)
            raise LookupError
        try:
            list(in_order(lambda n: n, portions()))
        except LookupError:
            pass
        else:
            raise AssertionError("it went on")
    """,
}
END = """
assert multiprocessing.active_children() == []
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere one process reads")
@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_work_in_several_processes(case):
    """Whatever happens, the results are those of one process, and no process is left."""
    script = BEGIN + dedent(case) + END
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
