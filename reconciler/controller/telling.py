"""How the loops say what they do: a few words and named values, never personal data."""

from __future__ import annotations

from typing import Protocol


class Tell(Protocol):
    """Takes one happening; the command decides whether it becomes text, JSON or nothing."""

    def __call__(self, happening: str, /, **values: object) -> None:
        """Say that something happened."""
        ...


def silent(_happening: str, /, **_values: object) -> None:
    """Say nothing."""
