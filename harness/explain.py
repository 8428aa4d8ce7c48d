"""
`isebench explain`: why an interval is what it is, told from a backend's database.

The database is read and never written, also while its backend runs.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from backend import Settings
from backend.adapters.clock import RealClock
from backend.adapters.explanations import explanation_of, find_point
from backend.adapters.store import is_served, read_once
from backend.core import days
from backend.core.explain import Explanation
from backend.core.sentences import COLUMNS, rows, sentences, title
from backend.errors import SettingsError
from harness.tables import Ink, Paper, inked, paper_of, table, wrapped


@dataclass(frozen=True, slots=True)
class Wish:
    """
    What is to be explained.

    Attributes:
        code: the metering code, or the identity of the station.
        instant: the end of the interval, or one within it, as a person writes it.
        as_json: whether a program reads the answer.
    """

    code: str
    instant: str
    as_json: bool = False


def explain(settings_file: Path, wish: Wish) -> str:
    """Tell why an interval is what it is, for who sits before standard output."""
    settings = Settings.from_file(settings_file)
    return explain_text(settings, wish, RealClock().now(), paper_of(sys.stdout, os.environ))


def explain_text(settings: Settings, wish: Wish, now: datetime, paper: Paper | None = None) -> str:
    """
    Tell why an interval is what it is.

    Raises:
        SettingsError: If the code or the instant cannot be explained.
        StoreError: If the database cannot be read.
    """
    point, instant = find_point(settings, wish.code), _instant(wish.instant)
    path = settings.backend.database

    def ask(connection: Connection) -> Explanation:
        return explanation_of(connection, point, instant, now, is_served=is_served(path))

    found = read_once(path, ask)
    if wish.as_json:
        # Only who asks for JSON waits for what it is written with.
        from backend.web.shapes import explanation

        return json.dumps(explanation(found), indent=2, ensure_ascii=False) + "\n"
    return _text(found, paper or Paper(width=10_000))


def _instant(text: str) -> datetime:
    try:
        found = days.instants_of(text)
    except ValueError as error:
        raise SettingsError(
            str(error), "instant", "write 2026-03-25 14:15, or 2026-03-25T14:15:00+01:00"
        ) from None
    if not found:
        what = f"{text!r} does not exist: the clock is put forward over it"
        raise SettingsError(what, "instant", "name an instant before or after")
    if len(found) > 1:
        both = " or ".join(days.to_iso_label(one) for one in found)
        raise SettingsError(f"{text!r} exists twice", "instant", f"write {both}")
    return found[0]


def _text(found: Explanation, paper: Paper) -> str:
    lines = [inked(title(found), Ink.STRONG, paper)]
    for sentence in sentences(found):
        first, *below = wrapped(sentence, paper.width - 2)
        lines += [f"  {first}", *(f"    {text}" for text in below)]
    text = "\n".join(lines) + "\n"
    if found_rows := rows(found):
        headings = [name.lower() for name in COLUMNS]
        text += "\n" + table(
            headings, found_rows, paper=paper, right=(2, 5), wrap=True, indent="  "
        )
    return text
