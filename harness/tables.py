"""
Small tables and charts for a terminal: plain text, aligned, no dependency.

Everything returns text and prints nothing; what the text may use of the terminal is said by a
`Paper`. What comes from outside (a charger's vendor string) is shown with its control signs
written out, so a log cannot move the cursor or turn the reading direction.
"""

from __future__ import annotations

import re
import shutil
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import groupby, zip_longest
from typing import TextIO

WIDTH_UNKNOWN = 100
"""How wide text is made that goes to a file or a pipe."""
WIDTH_MIN = 40
CELL_CHARS_MAX = 400

UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]"
)
"""Signs that are not seen but do something: controls, joiners, direction marks, half signs."""


class Ink(StrEnum):
    """What a colour means; the value is the terminal's code (ECMA-48 SGR)."""

    GOOD = "32"
    BAD = "31"
    DOUBT = "33"
    FAINT = "2"
    STRONG = "1"


@dataclass(frozen=True, slots=True)
class Paper:
    """
    What text may use of the place it goes to.

    Attributes:
        width: columns.
        colour: whether colour codes are understood and wanted.
        blocks: whether block elements and line drawing can be shown.
    """

    width: int = WIDTH_UNKNOWN
    colour: bool = False
    blocks: bool = True


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that bears a colour."""

    text: str
    ink: Ink | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """
    One column of a chart.

    Attributes:
        value: how high, not below 0; None where there is no value.
        label: what stands under it, as far as there is room.
        mark: one sign under it that says what is particular ("E" for estimated); the
            absence of a value is marked ``x`` anyway.
    """

    value: Decimal | None
    label: str = ""
    mark: str = " "


def paper_of(stream: TextIO, environ: Mapping[str, str]) -> Paper:
    """
    Tell what ``stream`` can show.

    Colour only on a terminal, and not where ``NO_COLOR`` is set to anything (no-color.org) or
    ``TERM`` is ``dumb``.
    """
    terminal = stream.isatty()
    width = shutil.get_terminal_size((WIDTH_UNKNOWN, 24)).columns if terminal else WIDTH_UNKNOWN
    encoding = (getattr(stream, "encoding", None) or "").lower()
    return Paper(
        width=max(WIDTH_MIN, width),
        colour=terminal and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb",
        blocks=encoding.startswith("utf"),
    )


def inked(text: str, ink: Ink | None, paper: Paper) -> str:
    """Give ``text`` in a colour, where there is colour."""
    return f"\x1b[{ink}m{text}\x1b[0m" if ink and paper.colour and text else text


def seen(text: str) -> str:
    """Write out the signs of ``text`` that are not seen but do something."""
    return UNSEEN.sub(lambda found: f"<U+{ord(found[0]):04X}>", text)


def shortened(text: str, limit: int) -> str:
    """Cut ``text`` to ``limit`` columns, with a sign that it was cut."""
    if columns_of(text) <= limit:
        return text
    while text and columns_of(text) > limit - 1:
        text = text[:-1]
    return text + "…"


def columns_of(text: str) -> int:
    """Count the terminal columns that ``text`` takes."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        for sign in text
    )


def _padded(text: str, width: int, *, right: bool) -> str:
    blank = " " * (width - columns_of(text))
    return blank + text if right else text + blank


def table(
    headings: Sequence[str],
    rows: Sequence[Sequence[str | Cell]],
    *,
    paper: Paper,
    right: Collection[int] = (),
    wrap: bool = False,
    indent: str = "",
) -> str:
    """
    Give a table: headings, a rule, a line a row.

    The last column is cut at the paper's edge, unless it holds numbers or is to be wrapped.

    Parameters:
        headings: one text a column.
        rows: one text or `Cell` a column; missing ones at the end are blank.
        right: the columns (from 0) that are aligned to the right: numbers.
        wrap: whether a long text in the last column goes on below, instead of being cut.
        indent: what stands before each line.
    """
    cells = [[_cell(cell) for cell in row] for row in rows]
    widths = [
        max([columns_of(heading), *(columns_of(row[i].text) for row in cells if i < len(row))])
        for i, heading in enumerate(headings)
    ]
    room = paper.width - len(indent) - sum(widths[:-1]) - 2 * (len(widths) - 1)
    if len(widths) - 1 not in right:  # half a number would be a wrong one
        widths[-1] = min(widths[-1], max(8, columns_of(headings[-1]), room))
    rule = "─" if paper.blocks else "-"
    head = [Cell(heading, Ink.STRONG) for heading in headings]
    lines: list[str] = [
        _line(head, widths, right, paper),
        "  ".join(inked(rule * width, Ink.FAINT, paper) for width in widths),
    ]
    for row in cells:
        parts = [row]
        if wrap and len(row) == len(widths):
            first, *below = wrapped(row[-1].text, widths[-1])
            parts = [[*row[:-1], Cell(first, row[-1].ink)]]
            blank = [Cell("")] * (len(row) - 1)
            parts += [[*blank, Cell(text, row[-1].ink)] for text in below]
        lines += [_line(part, widths, right, paper) for part in parts]
    return "".join(f"{indent}{line}\n" for line in lines)


def wrapped(text: str, width: int) -> list[str]:
    """Break ``text`` into lines of ``width`` columns, between words where that can be."""
    width = max(2, width)  # a wide sign needs as much
    lines = [""]
    for word in text.split(" "):
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if columns_of(joined) <= width:
            lines[-1] = joined
            continue
        if lines[-1]:
            lines.append("")
        while columns_of(word) > width:
            cut = next(i for i in range(len(word), 0, -1) if columns_of(word[:i]) <= width)
            lines[-1:] = [word[:cut], ""]
            word = word[cut:]
        lines[-1] = word
    return lines


def _cell(cell: str | Cell) -> Cell:
    cell = Cell(cell) if isinstance(cell, str) else cell
    return Cell(shortened(seen(cell.text), CELL_CHARS_MAX), cell.ink)


def _line(row: Sequence[Cell], widths: Sequence[int], right: Collection[int], paper: Paper) -> str:
    parts = []
    for i, (cell, width) in enumerate(zip_longest(row, widths, fillvalue=Cell(""))):
        if not isinstance(cell, Cell) or not isinstance(width, int):
            raise ValueError(f"a row has {len(row)} cells under {len(widths)} headings")
        text = _padded(shortened(cell.text, width), width, right=i in right)
        bare = text.strip(" ")
        parts.append(text.replace(bare, inked(bare, cell.ink, paper), 1) if bare else text)
    return "  ".join(parts).rstrip(" ")


def facts(pairs: Sequence[tuple[str, str]], *, paper: Paper, indent: str = "") -> str:
    """Give ``name  value`` lines, the values under each other, long ones over several lines."""
    width = max((columns_of(name) for name, _ in pairs), default=0)
    room = max(8, paper.width - width - 2 - len(indent))
    lines = []
    for name, value in pairs:
        first, *below = wrapped(_cell(value).text, room)
        head = inked(_padded(name, width, right=False), Ink.FAINT, paper)
        lines += [f"{head}  {first}", *(f"{' ' * width}  {text}" for text in below)]
    return "".join(f"{indent}{line}\n" for line in lines)


# ------------------------------------------------------------------ charts


_EIGHTHS = " ▁▂▃▄▅▆▇█"
_ASCII = " ...:::##"


def column_chart(
    columns: Sequence[Column], *, unit: str, paper: Paper, height: int = 6, indent: str = ""
) -> str:
    """
    Give a chart of columns over time, as wide as the paper allows.

    Where there are more values than columns of the terminal, neighbours are added up, the same
    number each time, and the chart says so. A value above 0 always shows.

    Parameters:
        columns: the values in order.
        unit: what the values are in.
        height: lines of the chart without its axis.
    """
    if not columns:
        return f"{indent}no values\n"
    highest_possible = sum((c.value for c in columns if c.value is not None), Decimal(0))
    margin = len(f"{highest_possible:f}") + 2
    room = max(10, paper.width - len(indent) - margin)
    together = -(-len(columns) // room)
    grouped = [_together(columns[i : i + together]) for i in range(0, len(columns), together)]
    breadth = max(1, min(6, room // len(grouped)))
    top = max((c.value for c in grouped if c.value is not None), default=Decimal(0))

    lines = [
        _level(level, height, grouped, breadth, top, margin, paper)
        for level in range(height - 1, -1, -1)
    ]
    corner = "└" if paper.blocks else "+"
    lines.append(" " * (margin - 1) + corner + _marks(grouped, breadth, paper))
    lines.append(" " * margin + _labels(grouped, breadth))
    told = f"{unit}, {together} values added up in each column" if together > 1 else unit
    text = "".join(f"{indent}{line}".rstrip(" ") + "\n" for line in lines)
    return f"{indent}{inked(told, Ink.FAINT, paper)}\n{text}"


def _together(group: Sequence[Column]) -> Column:
    values = [column.value for column in group if column.value is not None]
    return Column(
        value=sum(values, Decimal(0)) if values else None,
        label=next((column.label for column in group if column.label), ""),
        mark=next((_mark(column) for column in group if _mark(column) != " "), " "),
    )


def _mark(column: Column) -> str:
    return "x" if column.value is None else column.mark


def _level(
    level: int,
    height: int,
    columns: Sequence[Column],
    breadth: int,
    top: Decimal,
    margin: int,
    paper: Paper,
) -> str:
    """Draw one line of a chart; ``level`` counts from 0 at the bottom."""
    steps = _EIGHTHS if paper.blocks else _ASCII
    wall = "│" if paper.blocks else "|"
    name = f"{top:f}" if level == height - 1 else "0" if level == 0 else ""
    signs: list[tuple[str, Ink | None]] = []
    for column in columns:
        eighths = min(8, max(0, _eighths(column.value, top, height) - 8 * level))
        gap = " " if breadth > 2 else ""
        ink = Ink.DOUBT if _mark(column) != " " else Ink.GOOD
        signs.append((steps[eighths] * (breadth - len(gap)) + gap, ink if eighths else None))
    body = "".join(
        inked("".join(text for text, _ in run), ink, paper)
        for ink, run in groupby(signs, key=lambda sign: sign[1])
    )
    return f"{name:>{margin - 2}} {wall}{body}"


def _eighths(value: Decimal | None, top: Decimal, height: int) -> int:
    if not value or value < 0 or top <= 0:
        return 0
    return max(1, int(Fraction(value) * 8 * height / Fraction(top)))


def _marks(columns: Sequence[Column], breadth: int, paper: Paper) -> str:
    rule = "─" if paper.blocks else "-"
    return "".join(
        rule * breadth
        if _mark(column) == " "
        else inked(_mark(column)[0], Ink.DOUBT, paper) + rule * (breadth - 1)
        for column in columns
    )


def _labels(columns: Sequence[Column], breadth: int) -> str:
    line = ""
    for i, column in enumerate(columns):
        at = i * breadth
        if column.label and (not line or at > len(line)):
            line = line.ljust(at) + column.label
    return line


def bar_chart(
    bars: Sequence[tuple[str, Decimal | None]], *, unit: str, paper: Paper, indent: str = ""
) -> str:
    """Give a chart of bars, one a line: its name, its bar, its value."""
    names = max((columns_of(seen(name)) for name, _ in bars), default=0)
    values = [f"{value:f} {unit}" if value is not None else "missing" for _, value in bars]
    room = paper.width - len(indent) - names - max(map(len, values), default=0) - 4
    room = max(8, min(60, room))
    top = max((value for _, value in bars if value is not None), default=Decimal(0))
    told_columns = max(map(len, values), default=0)
    lines = []
    for (name, value), told in zip(bars, values, strict=True):
        bar = _bar(value, top, room, paper)
        ink = Ink.GOOD if value is not None else Ink.DOUBT
        lines.append(
            f"{indent}{_padded(seen(name), names, right=False)}  "
            f"{inked(bar, ink, paper)}{' ' * (room - len(bar))}  {told.rjust(told_columns)}\n"
        )
    return "".join(lines)


def _bar(value: Decimal | None, top: Decimal, room: int, paper: Paper) -> str:
    if value is None:
        return "x"
    eighths = _eighths(value, top, room)
    if not paper.blocks:
        return "#" * -(-eighths // 8)
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip(" ")
