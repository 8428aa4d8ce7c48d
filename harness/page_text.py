"""
Words on a page: escaped, cut, dated; and the mark of each outcome.

What comes from outside is escaped, and signs that are not seen but do something (marks that turn
the reading direction, controls) are written out.
"""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime

from harness.outcomes import Outcome
from harness.tables import UNSEEN, seen

CLASSES = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "failed",
    Outcome.ERROR: "error",
    Outcome.EXPECTED_FAILURE: "expected",
    Outcome.NOT_APPLICABLE: "na",
    Outcome.NOT_YET_COVERED: "uncovered",
    Outcome.NOT_ASKED: "unasked",
}


def escaped(text: str) -> str:
    """Escape for the content of an element, with the unseen signs written out."""
    escaped = html.escape(text.replace("\r\n", "\n"), quote=False)
    return UNSEEN.sub(_unseen, escaped)


def _unseen(found: re.Match[str]) -> str:
    sign = found[0]
    return sign if sign in "\n\t" else f'<span class="ctl">&lt;U+{ord(sign):04X}&gt;</span>'


def attribute(text: str) -> str:
    """Escape for an attribute's value, or a title, where no element can stand."""
    return html.escape(seen(text))


def mark(outcome: Outcome) -> str:
    """Give the drawing that stands for an outcome; the page holds each once, as a symbol."""
    return (
        f'<svg class="m o-{CLASSES[outcome]}" role="img" aria-label="{outcome}">'
        f'<use href="#m-{CLASSES[outcome]}"/></svg>'
    )


def cut(text: str, limit: int) -> str:
    """Give the begin of a text, and say how much of it is left out."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}\n… {len(text) - limit:,} more characters, not shown"


def day_of(instant: datetime) -> str:
    """Give the day of an instant in UTC, ``2 March 2026``."""
    instant = instant.astimezone(UTC)
    return f"{instant.day} {instant:%B %Y}"


def span_of(seconds: float) -> str:
    """Tell a span of time in days, hours and minutes."""
    minutes = round(seconds / 60)
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "min")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or f"{seconds:.0f} s"
