"""What has happened to the charger lately, as it tells a technician in its diagnostics."""

from __future__ import annotations

from collections import deque
from datetime import datetime

ENTRIES_LIMIT = 2_000
"""How many entries are kept; the oldest give way."""

SHOWN_SIGNS = 120
"""How much of a text of somebody else is shown in a line."""


def shown(text: str, limit: int = SHOWN_SIGNS) -> str:
    """Give a text of somebody else in one line and of a limited length."""
    plain = "".join(sign if sign.isprintable() else "?" for sign in text[: limit + 1])
    return plain if len(plain) <= limit else f"{plain[:limit]}..."


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
