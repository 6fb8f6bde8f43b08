"""Filled databases: each is filled once, and every run gets a copy, so that all begin alike."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import psycopg


class SqliteStock:
    """Files in a folder."""

    engine = "sqlite"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def copy(self, depth: int, history: int = 0, name: str = "copy") -> str:
        """Give the URL of a copy of the database with so much in it; the one of that name before is gone."""
        original = self._folder / f"{depth}-{history}.db"
        if not original.exists():
            _fill(f"sqlite:///{original}", depth, history)
        copy = self._folder / f"{name}.db"
        for left in self._folder.glob(f"{name}.db*"):
            left.unlink()
        shutil.copy(original, copy)
        return f"sqlite:///{copy}"

    def empty(self) -> str:
        """Give the URL of a database that has nothing in it."""
        for left in self._folder.glob("empty.db*"):
            left.unlink()
        return f"sqlite:///{self._folder / 'empty.db'}"


class PostgresStock:
    """Databases on a server, copied by the server itself."""

    engine = "postgresql"

    def __init__(self, server: str) -> None:
        self._server = server
        self._made: set[str] = set()

    def copy(self, depth: int, history: int = 0, name: str = "copy") -> str:
        """Give the URL of a copy of the database with so much in it; the one of that name before is gone."""
        original = f"bench_{depth}_{history}"
        if original not in self._made:
            self._create(original)
            _fill(f"{self._server}/{original}", depth, history)
            self._made.add(original)
        return self._create(f"bench_{name}", original)

    def empty(self) -> str:
        """Give the URL of a database that has nothing in it."""
        return self._create("bench_empty")

    def _create(self, name: str, template: str = "template0") -> str:
        with psycopg.connect(f"{self._server}/postgres", autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
            connection.execute("CHECKPOINT")  # so that what is measured does not write what was copied
        return f"{self._server}/{name}"


Stock = SqliteStock | PostgresStock


def _fill(url: str, depth: int, history: int) -> None:
    command = [sys.executable, "-m", "benchmarks.dialing.depth", url, "--depth", str(depth)]
    subprocess.run([*command, "--history", str(history)], check=True)
