"""`dialctl carrier` as a process of the crash tests: killed, frozen, and started again on its ledger."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from datetime import datetime
from pathlib import Path

from crash.processes import PATIENCE, PROGRAM, Entry

CALLS = {
    "outcomes": {"completed": 6, "no_answer": 4}, "dispositions": {"success": 1},
    "accept_seconds": [0, 0.05], "dial_seconds": [0, 0.05], "ring_seconds": [0.1, 0.2],
    "no_answer_seconds": [0.1, 0.4], "talk_seconds": [0.1, 0.4],
}  # fmt: skip
"""Calls that ring, and are short; the judge takes a call for used if its phone rang."""

SECRET = "what callbacks are signed with"


class HttpCarrier:
    """The process, its ledger and its port, which stays the same; `host` is where it listens."""

    def __init__(self, directory: Path, host: str = "127.0.0.1", **profile: object) -> None:
        self.ledger = directory / "ledger.jsonl"
        self.ledger.touch()
        self._profile = directory / "profile.json"
        self._profile.write_text(json.dumps(CALLS | profile))
        self._log = (directory / "carrier.log").open("wb")
        self._place = f"{host}:0"
        self.start()

    @property
    def url(self) -> str:
        return f"http://{self._place}"

    def start(self) -> None:
        self.process = subprocess.Popen(
            [*PROGRAM, "carrier", str(self.ledger), "--listen", self._place, "--profile", str(self._profile)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._log, text=True,
            env={**os.environ, "DIALCTL_HTTP_SECRET": SECRET},
        )  # fmt: skip
        line = self.process.stdout.readline()
        assert "http://" in line, "the carrier did not start"
        self._place = line.split("http://")[1].split(";")[0]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def stop(self) -> int:
        """End it in good order; gives its exit code."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(PATIENCE)
        self.process.stdout.close()
        return code

    def lines(self) -> list[dict]:
        return [json.loads(line) for line in self.ledger.read_text().splitlines()]

    def entries(self, what: str = "ring") -> list[Entry]:
        """Read the ledger's rings, or its ends, in order."""
        lines = self.lines()
        orders = {line["id"]: line for line in lines if line["what"] == "order"}
        return [_entry(what, line["at"], orders[line["id"]]) for line in lines if line["what"] == what]

    def rings(self) -> int:
        return self.ledger.read_bytes().count(b'"ring"')

    def close(self) -> None:
        if self.process.poll() is None:
            self.kill()
        self._log.close()


def _entry(what: str, at: str, order: dict) -> Entry:
    seconds = datetime.fromisoformat(at).timestamp()
    return Entry(what, order["id"], order["number"], order["organization"], seconds, seconds)
