"""
`isebench replay`: what a replay gave, as plain text for who chases a fault from the field.

First the log and what of it could not be used; then for each charger who it is, its energy as
a chart, its readings and registers, its sessions, what was read leniently, and what was
answered otherwise than then. As many lines of each kind as the constants say, and how many more
there are.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from pathlib import Path

from backend.adapters.records import StoredDeviation
from backend.core.days import local_day_of
from backend.core.intervals import Interval, Status
from backend.core.readings import ENERGY, Reading
from backend.core.sessions import Session
from harness.local_time import ZURICH, zone_of
from harness.recording import FieldLog, Form, read_file
from harness.replay import ChargerReplay, Difference, ReplayResult, replay
from harness.replay_away import Away, AwayResult, replay_away
from harness.shifted import begun_at, instant_from, since
from harness.tables import Cell, Column, Ink, Paper, column_chart, facts, inked, paper_of, table

READINGS_SHOWN = 24
DAYS_SHOWN = 7
ROWS_SHOWN = 40
SILENCES_SHOWN = 3


def render(result: ReplayResult, paper: Paper | None = None, zone: tzinfo = ZURICH) -> str:
    """
    Say in plain text what a replay gave.

    Parameters:
        result: of `replay`.
        paper: what the text may use of the place it goes to.
        zone: the zone in which times are told.
    """
    paper = paper or Paper()
    parts = [_log_text(result.log, paper, zone)]
    parts += [_charger_text(charger, paper, zone) for charger in result.chargers]
    return "\n".join(parts)


def render_away(result: AwayResult, paper: Paper | None = None, zone: tzinfo = ZURICH) -> str:
    """Say in plain text what a replay before a backend that is not ours gave."""
    paper = paper or Paper()
    parts = [_log_text(result.log, paper, zone)]
    for identity, script in result.scripts.items():
        differences = result.differences[identity]
        compared = sum(act.recorded is not None for act in script.acts)
        lines = [
            ("said", f"{result.said[identity]:,}"),
            ("left out", _counts(script.left_out.items())),
            ("compared", f"{compared:,} answers, {len(differences):,} of another kind"),
        ]
        head = inked(f"Charger {identity}", Ink.STRONG, paper) + "\n"
        head += facts([(key, value) for key, value in lines if value], paper=paper, indent="  ")
        section = _differences_text(differences, paper, zone)
        parts.append("\n".join([head, *([section] if section else [])]))
    return "\n".join(parts)


def _log_text(log: FieldLog, paper: Paper, zone: tzinfo) -> str:
    lines = [("form", _form_text(log)), ("frames", f"{len(log.frames):,}")]
    if log.frames:
        span = f"{_when(log.frames[0].at, zone)} – {_when(log.frames[-1].at, zone)}"
        lines.append(("from – to", f"{span} ({zone})"))
    text = facts(lines, paper=paper)
    text += "".join(inked(f"note: {note}", Ink.DOUBT, paper) + "\n" for note in log.notes)
    if log.counts:
        rows = [(reason, f"{count:,}", *_example(log, reason)) for reason, count in log.counts]
        text += "\n" + table(
            ("lines without a frame", "count", "first", "begins"), rows, paper=paper, right=(1, 2)
        )
    return text


def _form_text(log: FieldLog) -> str:
    text = str(log.form)
    if log.newest_first:
        text += ", newest line first"
    if log.form not in (Form.RECORDING, Form.CAPTURE):
        text += f", written by the {log.written_by}"
    return text


def _example(log: FieldLog, reason: str) -> tuple[str, str]:
    found = next((skip for skip in log.skipped if skip.reason == reason), None)
    return (f"{found.line:,}", found.text) if found else ("", "")


def _when(instant: datetime, zone: tzinfo) -> str:
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def _charger_text(charger: ChargerReplay, paper: Paper, zone: tzinfo) -> str:
    name = charger.profile.title or charger.profile.name
    lines = [
        ("vendor", charger.vendor),
        ("model", charger.model or "not said: no BootNotification is among the frames"),
        ("firmware", charger.firmware),
        ("read as", f"{name} ({charger.profile.name})"),
        ("said", _counts(charger.calls) or "nothing that a backend answers"),
        ("left out", _counts(charger.left_out)),
        ("line lost", _silences(charger.silences, zone)),
    ]
    head = inked(f"Charger {charger.identity}", Ink.STRONG, paper) + "\n"
    head += facts([(key, value) for key, value in lines if value], paper=paper, indent="  ")
    sections = [
        _energy_text(charger, paper, zone),
        _readings_text(charger.readings, paper, zone),
        _sessions_text(charger.sessions, paper, zone),
        _deviations_text(charger.deviations, paper, zone),
        _differences_text(charger.differences, paper, zone),
    ]
    return "\n".join([head, *(section for section in sections if section)])


def _counts(counts: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{count:,} {what}" for what, count in counts)


def _silences(silences: Sequence[tuple[datetime, datetime]], zone: tzinfo) -> str:
    shown = [
        f"{_when(start, zone)} – {_when(end, zone)}" for start, end in silences[:SILENCES_SHOWN]
    ]
    more = [f"{len(silences) - SILENCES_SHOWN} more"] if len(silences) > SILENCES_SHOWN else []
    return ", ".join(shown + more)


def _section(title: str, body: str, paper: Paper) -> str:
    return f"  {inked(title, Ink.STRONG, paper)}\n{body}"


def _energy_text(charger: ChargerReplay, paper: Paper, zone: tzinfo) -> str:
    if not charger.intervals:
        return ""
    days: dict[str, list[Interval]] = {}
    for interval in charger.intervals:
        days.setdefault(local_day_of(interval.start).isoformat(), []).append(interval)
    parts = [
        _section(f"Energy on {day}", _day_text(intervals, paper), paper)
        for day, intervals in list(days.items())[:DAYS_SHOWN]
    ]
    if len(days) > DAYS_SHOWN:
        parts.append(f"  {len(days) - DAYS_SHOWN} more days with readings\n")
    return "\n".join(parts)


def _day_text(intervals: Sequence[Interval], paper: Paper) -> str:
    columns = [
        Column(
            interval.energy_kwh,
            label=f"{local:%H:%M}" if local.minute == 0 else "",
            mark=" " if interval.status is Status.TRUE else str(interval.status),
        )
        for interval in intervals
        for local in (interval.start.astimezone(ZURICH),)
    ]
    known = [interval.energy_kwh for interval in intervals if interval.energy_kwh is not None]
    rules = Counter(f"× {interval.status} {interval.rule}" for interval in intervals)
    total = f"{sum(known, Decimal(0)):f} kWh" if known else "no energy known"
    told = f"  {total}, quarter hours: {_counts(rules.items())}\n"
    if not any(known):
        return told
    return column_chart(columns, unit="kWh a quarter hour", paper=paper, indent="  ") + told


def _readings_text(readings: Sequence[Reading], paper: Paper, zone: tzinfo) -> str:
    if not readings:
        return "  No reading came of it.\n"
    groups: dict[tuple[int, str, str, str], list[Reading]] = {}
    for one in readings:
        groups.setdefault((one.connector, one.measurand, one.phase or "", one.unit), []).append(one)
    rows = [_reading_row(key, group) for key, group in groups.items()]
    heads = (
        "connector",
        "measurand",
        "phase",
        "unit",
        "count",
        "first",
        "last",
        "lowest",
        "highest",
    )
    body = table(heads, rows, paper=paper, right=(0, 4, 5, 6, 7, 8), indent="  ")
    registers = [one for one in readings if one.measurand == ENERGY]
    return _section(f"Readings: {len(readings):,}", body, paper) + (
        "\n" + _register_text(registers, paper) if registers else ""
    )


def _reading_row(key: tuple[int, str, str, str], group: Sequence[Reading]) -> tuple[str, ...]:
    connector, measurand, phase, unit = key
    values = [one.value for one in group if one.value is not None]
    ends = (group[0].value, group[-1].value, min(values, default=None), max(values, default=None))
    return (str(connector), measurand, phase, unit, f"{len(group):,}", *map(_number, ends))


def _number(value: Decimal | None) -> str:
    return "–" if value is None else f"{value:f}"


def _register_text(registers: Sequence[Reading], paper: Paper) -> str:
    # In UTC to the millisecond, so that it can be found again in the frame.
    rows = [
        (
            one.instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            _number(one.value),
            f"{one.raw_value} {one.raw_unit or ''}".strip(),
            one.phase or "",
            one.context,
            "" if one.transaction is None else str(one.transaction),
        )
        for one in registers[:READINGS_SHOWN]
    ]
    heads = ("register at", "Wh", "as sent", "phase", "context", "transaction")
    text = table(heads, rows, paper=paper, right=(1, 2, 5), indent="  ")
    return text + _more(len(registers) - READINGS_SHOWN, "registers")


def _more(count: int, what: str) -> str:
    return f"  … {count:,} more {what}\n" if count > 0 else ""


def _sessions_text(sessions: Sequence[Session], paper: Paper, zone: tzinfo) -> str:
    if not sessions:
        return ""
    rows = [
        (
            str(one.id),
            str(one.connector),
            one.id_tag,
            _when(one.started, zone),
            _when(one.ended, zone) if one.ended else "open",
            _number(one.meter_start_wh),
            _number(one.meter_stop_wh),
            one.state,
            one.reason,
        )
        for one in sessions[:ROWS_SHOWN]
    ]
    heads = ("id", "connector", "card", "from", "until", "start Wh", "stop Wh", "state", "reason")
    text = table(heads, rows, paper=paper, right=(0, 1, 5, 6), indent="  ")
    text += _more(len(sessions) - ROWS_SHOWN, "sessions")
    return _section(f"Sessions: {len(sessions):,}", text, paper)


def _deviations_text(deviations: Sequence[StoredDeviation], paper: Paper, zone: tzinfo) -> str:
    if not deviations:
        return _section("Deviations from OCPP 1.6: none", "", paper)
    groups: dict[tuple[str, str, str], list[StoredDeviation]] = {}
    for one in deviations:
        where = re.sub(r"\[\d+\]", "[n]", one.leniency.where)
        groups.setdefault((one.leniency.rule, one.action, where), []).append(one)
    rows = [
        (
            Cell(rule, Ink.DOUBT),
            f"{len(group):,}",
            f"{action} {where}".strip(),
            _when(group[0].received, zone),
            f"{group[0].leniency.said} – {group[0].leniency.meaning}",
        )
        for (rule, action, where), group in list(groups.items())[:ROWS_SHOWN]
    ]
    heads = ("rule", "count", "where", "first at", "said – how it was read")
    text = table(heads, rows, paper=paper, right=(1,), wrap=True, indent="  ")
    text += _more(len(groups) - ROWS_SHOWN, "kinds")
    return _section(f"Deviations from OCPP 1.6: {len(deviations):,}", text, paper)


def _differences_text(differences: Sequence[Difference], paper: Paper, zone: tzinfo) -> str:
    if not differences:
        return ""
    rows = [
        (
            f"{one.frame.line:,}",
            _when(one.frame.at, zone),
            one.action,
            one.recorded,
            Cell(one.given, Ink.DOUBT),
        )
        for one in differences[:ROWS_SHOWN]
    ]
    heads = ("line", "at", "message", "answered then", "answered now")
    text = table(heads, rows, paper=paper, right=(0,), indent="  ")
    text += _more(len(differences) - ROWS_SHOWN, "answers")
    return _section(f"Answered otherwise: {len(differences):,}", text, paper)


# ------------------------------------------------------------------ the command


@dataclass(frozen=True, slots=True)
class Wishes:
    """
    How files are replayed.

    Attributes:
        zone: the zone of logs that write local time; also that of the times told.
        begin: what was before is left out, an instant; empty to begin with the first frame.
        start: when the first frame is to be, an instant or a day; empty for when it was.
        away: a backend that is not ours; None for the bundled one, on a clock of its own.
    """

    zone: str = "Europe/Zurich"
    begin: str = ""
    start: str = ""
    away: Away | None = None


def replay_files(files: Iterable[Path], wishes: Wishes = Wishes()) -> int:
    """
    Replay files one by one and tell what came of each; the command ``isebench replay``.

    Parameters:
        files: recordings, field logs, or packet captures.

    Returns:
        The exit code.

    Raises:
        UsageError: If a file cannot be read, holds no frames, there is no such zone, or the
            backend that is not ours cannot be reached.
    """
    place = zone_of(wishes.zone)
    paper = paper_of(sys.stdout, os.environ)
    for path in files:
        log = read_file(path, place)
        if wishes.begin:
            log = since(log, instant_from(wishes.begin, "--from", place))
        if wishes.start:
            log = begun_at(log, wishes.start, place)
        sys.stdout.write(inked(str(path), Ink.STRONG, paper) + "\n")
        if wishes.away is not None:
            sys.stdout.flush()
            told = render_away(asyncio.run(replay_away(log, wishes.away)), paper, place)
        else:
            told = render(asyncio.run(replay(log)), paper, place)
        sys.stdout.write(told + "\n")
    return 0
