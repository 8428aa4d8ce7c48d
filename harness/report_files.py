"""
Delivered files, on the page: cells as they stand, and those that a sentence judged.

A judged cell is green where it agreed and red where it did not, with what was expected behind it;
what did not agree is told above the file as well, so that no limit hides it. Of a file with many
lines the first are shown, and those that hold what did not agree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from harness.outcomes import JudgedCell, Place, Verdict
from harness.page_text import attribute, cut, escaped
from harness.summary import counted

FILE_ROWS_MAX = 120
FILE_CHARS_MAX = 20_000
WRONG_MAX = 20
"""So many cells that did not agree are told above a file."""

Judged = Mapping[Place, Sequence[JudgedCell]]

_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?")
_SEGMENT = re.compile(r"(?:[^?']|\?.)*'[\r\n]*", re.DOTALL)
_ELEMENT = re.compile(r"<(?![/?!])[^>]*>")


def files_of(verdict: Verdict) -> str:
    """Give the files that arrived, each to be opened; one that is wrong or alone stands open."""
    if not verdict.files:
        return ""
    judged: dict[str, dict[Place, list[JudgedCell]]] = {}
    for one in verdict.judged:
        judged.setdefault(one.file, {}).setdefault(one.place, []).append(one)
    shown = "".join(
        _file(name, text, judged.pop(name, {}), verdict, is_alone=len(verdict.files) == 1)
        for name, text in verdict.files
    )
    return f"<h4>{counted(len(verdict.files), 'delivered file')}</h4>{shown}"


def _file(name: str, text: str, judged: Judged, verdict: Verdict, *, is_alone: bool) -> str:
    lines = text.splitlines()
    wrong = [one for at in judged.values() for one in at if not one.is_right]
    badge = (
        '<span class="badge">◆<span class="word"> decides</span></span>'
        if name in verdict.deciding_files
        else ""
    )
    return (
        f'<details class="file"{" open" if is_alone or wrong else ""}><summary class="tri">'
        f'<b class="mono">{escaped(name)}</b><small>{counted(len(lines), "line")}, '
        f"{counted(len(text), 'character')}{_told(judged, wrong)}</small>{badge}</summary>"
        f"{_wrong(wrong)}{_body(text, lines, judged)}</details>"
    )


def _told(judged: Judged, wrong: Sequence[JudgedCell]) -> str:
    if not judged:
        return ""
    told = f"{len(wrong)} not as expected" if wrong else "all as expected"
    return f", {counted(len(judged), 'cell')} looked at: {told}"


def _wrong(wrong: Sequence[JudgedCell]) -> str:
    if not wrong:
        return ""
    items = "".join(
        f"<li>{_where(one.place)}: <b>{escaped(one.seen)}</b>, expected "
        f"<b>{escaped(one.expected)}</b></li>"
        for one in wrong[:WRONG_MAX]
    )
    left = len(wrong) - WRONG_MAX
    more = f"<li>and {counted(left, 'cell')} more</li>" if left > 0 else ""
    return f'<ul class="wrong">{items}{more}</ul>'


def _where(place: Place) -> str:
    return f"line {place.line}, cell {place.cell}"


def _body(text: str, lines: Sequence[str], judged: Judged) -> str:
    if separator := _separator(lines):
        return _csv_table(lines, separator, judged)
    head = text.lstrip("\ufeff\r\n ")[:3]
    if head in ("UNA", "UNB"):
        # UNA is no segment like the others: it says how they are written.
        begin = text.index(head) + (9 if head == "UNA" else 0)
        return _marked(text, _SEGMENT.finditer(text, begin), judged)
    if head.startswith("<"):
        return _marked(text, _ELEMENT.finditer(text), judged)
    return f"<pre>{escaped(cut(text, FILE_CHARS_MAX))}</pre>"


def _marked(text: str, places: Iterable[re.Match[str]], judged: Judged) -> str:
    """Show text as it stands, with marks on those of its places that were judged."""
    shown, end = [], 0
    whole = text
    text = text[:FILE_CHARS_MAX]
    for number, found in enumerate(places, start=1):
        if found.end() > len(text):
            break
        if cells := judged.get(Place(number)):
            content = found[0].rstrip("\r\n")
            shown.append(escaped(text[end : found.start()]))
            shown.append(f"<mark{_kind(cells)}>{escaped(content)}{_expected(cells)}</mark>")
            end = found.start() + len(content)
    rest = text[end:]
    left = len(whole) - len(text)
    more = f"\n… {left:,} more characters, not shown" if left else ""
    return f"<pre>{''.join(shown)}{escaped(rest)}{more}</pre>"


def _kind(cells: Sequence[JudgedCell]) -> str:
    right = all(one.is_right for one in cells)
    told = "; ".join(
        "as expected" if one.is_right else f"{one.seen}, expected {one.expected}" for one in cells
    )
    words = "looked at: as expected" if right else f"looked at: {told}"
    return f' class="j{int(right)}" title="{attribute(words)}"'


def _expected(cells: Sequence[JudgedCell]) -> str:
    wanted = dict.fromkeys(one.expected for one in cells if not one.is_right)
    return "".join(f' <b class="x">✗ expected {escaped(one)}</b>' for one in wanted)


def _separator(lines: Sequence[str]) -> str | None:
    """Give what separates the cells, where the first lines agree on it."""
    for separator in ";\t,":
        counts = {line.count(separator) for line in lines[:20]}
        if len(counts) == 1 and counts != {0} and len(lines) > 1:
            return separator
    return None


def _csv_table(lines: Sequence[str], separator: str, judged: Judged) -> str:
    """Show the cells as they stand; the first line is the head unless it has numbers."""
    head = lines[0].split(separator)
    has_head = not any(_NUMBER.fullmatch(cell) for cell in head)
    told = "".join(f'<th scope="col">{escaped(cell)}</th>' for cell in head) if has_head else ""
    wrong = {place.line for place, at in judged.items() if not all(one.is_right for one in at)}
    first = range(1 if has_head else 0, len(lines))
    shown = [i < FILE_ROWS_MAX + 1 or i + 1 in wrong for i in first]
    body = "".join(
        _rows([lines[i] for i, _ in run], run[0][0] + 1, separator, judged)
        if is_shown
        else f'<tr><td class="more" colspan="{len(head)}">{counted(len(run), "line")} more, '
        "not shown</td></tr>"
        for is_shown, run in (
            (is_shown, list(group))
            for is_shown, group in groupby(zip(first, shown, strict=True), lambda pair: pair[1])
        )
    )
    return (
        f'<div class="scroll"><table><thead><tr>{told}</tr></thead><tbody>{body}</tbody></table>'
        f"</div>"
    )


def _rows(lines: Sequence[str], first: int, separator: str, judged: Judged) -> str:
    return "".join(
        "<tr>"
        + "".join(
            _csv_cell(cell, judged.get(Place(number, place), ()))
            for place, cell in enumerate(line.split(separator), start=1)
        )
        + "</tr>"
        for number, line in enumerate(lines, start=first)
    )


def _csv_cell(cell: str, judged: Sequence[JudgedCell]) -> str:
    number = "n" if _NUMBER.fullmatch(cell) else ""
    if not judged:
        return (
            f'<td class="{number}">{escaped(cell)}</td>' if number else f"<td>{escaped(cell)}</td>"
        )
    kind = _kind(judged).replace('class="', f'class="{number} ' if number else 'class="')
    return f"<td{kind}>{escaped(cell)}{_expected(judged)}</td>"
