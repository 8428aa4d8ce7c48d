"""What has happened to the charger lately, as it tells a technician in its diagnostics."""

from __future__ import annotations

from collections import deque
from datetime import datetime

ENTRIES_LIMIT = 2_000
"""How many entries are kept; the oldest give way."""


class Journal:
    """Dated lines of plain ASCII; what is not ASCII is escaped."""

    def __init__(self) -> None:
        self._entries: deque[tuple[datetime, str]] = deque(maxlen=ENTRIES_LIMIT)

    def note(self, now: datetime, text: str) -> None:
        """Write a line."""
        self._entries.append((now, text.encode("ascii", "backslashreplace").decode("ascii")))

    def lines(self, start: datetime | None = None, stop: datetime | None = None) -> list[str]:
        """Give the lines from ``start`` to ``stop``, oldest first; None: no limit."""
        return [
            f"{at.isoformat(timespec='milliseconds')} {text}"
            for at, text in self._entries
            if (start is None or start <= at) and (stop is None or at <= stop)
        ]
