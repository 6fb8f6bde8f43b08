"""Runs one command, and prints what it took as JSON.

A process of its own, and a small one: the peak of a child begins with the memory of whoever starts it.

Usage: python launched.py OUTPUT COMMAND...
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

IN_MEGABYTES = 1024


def main() -> None:
    """Write what the command says to the first argument."""
    with Path(sys.argv[1]).open("wb") as output:
        began = time.perf_counter()
        process = subprocess.Popen(
            sys.argv[2:], stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    figures = {
        "wall_s": wall,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "peak_mb": usage.ru_maxrss / IN_MEGABYTES,
    }
    print(json.dumps({"exit_code": process.returncode, "figures": figures}))


if __name__ == "__main__":
    main()
