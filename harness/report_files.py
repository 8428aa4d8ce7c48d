"""Delivered files, on the page: cells as they stand, and those that a sentence judged."""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness.page_text import cut, escaped
from harness.summary import counted

FILE_ROWS_MAX = 120
FILE_CHARS_MAX = 20_000


def files_of(files: Sequence[tuple[str, str]]) -> str:
    """Give the files that arrived, each to be opened; a single one stands open."""
    if not files:
        return ""
    shown = "".join(_file(name, text, is_open=len(files) == 1) for name, text in files)
    return f"<h4>{counted(len(files), 'delivered file')}</h4>{shown}"


def _file(name: str, text: str, *, is_open: bool) -> str:
    lines = text.splitlines()
    separator = _separator(lines)
    body = (
        _csv_table(lines, separator)
        if separator
        else f"<pre>{escaped(cut(text, FILE_CHARS_MAX))}</pre>"
    )
    return (
        f'<details class="file"{" open" if is_open else ""}><summary class="tri">'
        f'<b class="mono">{escaped(name)}</b><small>{counted(len(lines), "line")}, '
        f"{counted(len(text), 'character')}</small></summary>{body}</details>"
    )


def _separator(lines: Sequence[str]) -> str | None:
    """Give what separates the cells, where the first lines agree on it."""
    for separator in ";\t,":
        counts = {line.count(separator) for line in lines[:20]}
        if len(counts) == 1 and counts != {0} and len(lines) > 1:
            return separator
    return None


_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?")


def _csv_table(lines: Sequence[str], separator: str) -> str:
    """Show the cells as they stand; the first line is the head unless it has numbers."""
    cells = [line.split(separator) for line in lines[: FILE_ROWS_MAX + 1]]
    has_head = not any(_NUMBER.fullmatch(cell) for cell in cells[0])
    head = "".join(f'<th scope="col">{escaped(cell)}</th>' for cell in cells[0]) if has_head else ""
    body = "".join(
        "<tr>" + "".join(_csv_cell(cell) for cell in row) + "</tr>"
        for row in (cells[1:] if has_head else cells)
    )
    left = len(lines) - len(cells)
    more = f'<p class="more">{counted(left, "line")} more, not shown</p>' if left > 0 else ""
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
        f"</div>{more}"
    )


def _csv_cell(cell: str) -> str:
    numeric = ' class="n"' if _NUMBER.fullmatch(cell) else ""
    return f"<td{numeric}>{escaped(cell)}</td>"
