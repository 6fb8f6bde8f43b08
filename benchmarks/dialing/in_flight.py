"""Ten thousand calls in flight in one process: its memory, its processor time while nothing changes, a pause.

Usage: python -m benchmarks.dialing.in_flight URL [--calls 10000] [--seconds 20]

URL is that of an empty database. `dialctl run` places the calls with the simulated carrier, whose people
talk for an hour. Once all talk, it is watched for so long; then a person pauses the campaign, and the time is
taken from the moment at which the pause can be seen in the database until the dialer has confirmed it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import text

from benchmarks.simulate import manifests
from reconciler.store.engine import Database, open_database

PROFILE = {
    "outcomes": {"completed": 1},
    "accept_seconds": [0.1, 0.5],
    "dial_seconds": [0.1, 0.5],
    "ring_seconds": [1, 5],
    "talk_seconds": [3600, 3600],
}
DIALCTL = [sys.executable, "-c", "import sys; from reconciler.cli.main import main; sys.exit(main())"]
TALKING = "SELECT count(*) FROM open_attempt WHERE answered_at IS NOT NULL"
PAUSED = "SELECT count(*) FROM hold"
OBEYED = "SELECT count(*) FROM dialer WHERE confirmed_hold = (SELECT max(seq) FROM hold)"
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def measure(url: str, calls: int, seconds: float, folder: Path) -> dict[str, object]:
    """Have so many calls talk, and watch the dialer for so long."""
    (folder / "campaign.yaml").write_text(
        manifests(calls, calls).replace("  agent_id:", "  dialing: {max_call_duration: 2h}\n  agent_id:")
    )
    (folder / "profile.json").write_text(json.dumps(PROFILE))
    environment = {
        **os.environ,
        "DIALCTL_DATABASE_URL": url,
        "DIALCTL_SIMULATOR": str(folder / "profile.json"),
    }
    apply = [*DIALCTL, "apply", str(folder), "--yes", "--allow", "callable", "--allow", "windows-legal"]
    subprocess.run(apply, env=environment, check=True, stdout=subprocess.DEVNULL)
    database = open_database(url)
    began = time.perf_counter()
    dialer = subprocess.Popen(
        [*DIALCTL, "run"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        ramp = _until(lambda: _count(database, TALKING) == calls, began)
        spent = _processor_seconds(dialer.pid)
        time.sleep(seconds)
        busy = (_processor_seconds(dialer.pid) - spent) / seconds
        person = subprocess.Popen(
            [*DIALCTL, "pause", "everybody", "--org", "bench"],
            env=environment,
            stdout=subprocess.DEVNULL,
        )
        _until(lambda: _count(database, PAUSED) == 1, time.perf_counter())
        noticed = _until(lambda: _count(database, OBEYED) == 1, time.perf_counter())
        person.wait()
        return {
            "calls": calls,
            "ramp_s": round(ramp, 1),
            "busy_share_of_a_core": round(busy, 3),
            "resident_mb": _memory(dialer.pid, "VmRSS"),
            "peak_mb": _memory(dialer.pid, "VmHWM"),
            "pause_noticed_s": round(noticed, 2),
        }
    finally:
        dialer.kill()
        dialer.wait()


def _count(database: Database, sql: str) -> int:
    with database.read() as connection:
        return int(connection.execute(text(sql)).scalar_one())


def _until(condition: Callable[[], bool], began: float) -> float:
    while not condition():
        time.sleep(0.01)
    return time.perf_counter() - began


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def _memory(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith(name)]
    return int(line.split()[1]) // 1024


def main() -> None:
    """Print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(options.url, options.calls, options.seconds, Path(folder))))


if __name__ == "__main__":
    main()
