"""
Delivered files, on the page: cells as they stand, and those that a sentence judged.

A judged cell is green where it agreed and red where it did not, with what was expected behind it;
what did not agree is told above the file as well, with what stands near it, so that no limit and no
scrolling hides it.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from harness.outcomes import JudgedCell, Place, Verdict
from harness.page_text import attribute, cut, escaped
from harness.summary import counted

FILE_ROWS_MAX, FILE_ROWS_MIN = 120, 16
FILE_ROWS_IN_PAGE = 20_000
"""So many lines a table shows at most, and in runs of many files at least."""
FILE_CHARS_MAX = 20_000
WRONG_MAX = 20
"""So many cells that did not agree are told above a file."""

NEAR = 2
"""So many lines stand around one that holds what did not agree."""

Judged = Mapping[Place, Sequence[JudgedCell]]

_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?")
_SEGMENT = re.compile(r"(?:[^?']|\?.)*'", re.DOTALL)
_ELEMENT = re.compile(r"<(?![/?!])[^>]*>")


def rows_shown(files: int) -> int:
    """Give how many lines of each file are shown on a page of so many."""
    return max(FILE_ROWS_MIN, min(FILE_ROWS_MAX, FILE_ROWS_IN_PAGE // max(1, files)))


def files_of(verdict: Verdict, rows: int = FILE_ROWS_MAX) -> str:
    """
    Give the files that arrived, each to be opened; one that is wrong or alone stands open.

    Parameters:
        verdict: whose files.
        rows: how many lines of each are shown, besides those near what did not agree.
    """
    if not verdict.files:
        return ""
    judged: dict[str, dict[Place, list[JudgedCell]]] = {}
    for one in verdict.judged:
        judged.setdefault(one.file, {}).setdefault(one.place, []).append(one)
    shown = "".join(
        _file(_form_of(text, judged.pop(name, {}), rows), name, verdict)
        for name, text in verdict.files
    )
    return f"<h4>{counted(len(verdict.files), 'delivered file')}</h4>{shown}"


def _file(file: _Form, name: str, verdict: Verdict) -> str:
    text, judged, is_alone = file.text, file.judged, len(verdict.files) == 1
    wrong = [one for at in judged.values() for one in at if not one.is_right]
    badge = (
        '<span class="badge">◆<span class="word"> decides</span></span>'
        if name in verdict.deciding_files
        else ""
    )
    body = file.whole()
    if wrong:
        near = file.near({one.place.line for one in wrong})
        body = (
            f'{_wrong(wrong, file)}{near}<details><summary class="tri">The whole file</summary>'
            f"{body}</details>"
        )
    return (
        f'<details class="file"{" open" if is_alone or wrong else ""}><summary class="tri">'
        f'<b class="mono">{escaped(name)}</b><small>{counted(len(text.splitlines()), "line")}, '
        f"{counted(len(text), 'character')}{_told(judged, wrong)}</small>{badge}</summary>"
        f"{body}</details>"
    )


def _told(judged: Judged, wrong: Sequence[JudgedCell]) -> str:
    if not judged:
        return ""
    told = f"{len(wrong)} not as expected" if wrong else "all as expected"
    return f", {counted(len(judged), 'cell')} looked at: {told}"


def _wrong(wrong: Sequence[JudgedCell], file: _Form) -> str:
    items = "".join(
        f"<li>{escaped(file.told(one.place))}: <b>{escaped(one.seen)}</b>, expected "
        f"<b>{escaped(one.expected)}</b></li>"
        for one in wrong[:WRONG_MAX]
    )
    left = len(wrong) - WRONG_MAX
    more = f"<li>and {counted(left, 'cell')} more</li>" if left > 0 else ""
    return f'<ul class="wrong">{items}{more}</ul>'


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


# ------------------------------------------------------------------ forms of files


class _Form:
    """
    A file as text of no form that is known.

    Parameters:
        text: the file.
        judged: its cells that were looked at.
    """

    def __init__(self, text: str, judged: Judged) -> None:
        self.text = text
        self.judged = judged

    def told(self, place: Place) -> str:
        """Say where a place is."""
        return f"line {place.line}, cell {place.cell}"

    def whole(self) -> str:
        """Give the file, as far as it fits on a page."""
        return f"<pre>{escaped(cut(self.text, FILE_CHARS_MAX))}</pre>"

    def near(self, numbers: Container[int]) -> str:
        """Give what stands around some places; they are counted as `Place.line` is."""
        return ""


class _Parts(_Form):
    """A file of parts that stand one behind the other, each shown as a line."""

    def __init__(self, text: str, judged: Judged, name: str, form: re.Pattern[str]) -> None:
        super().__init__(text, judged)
        self._name = name
        begin = 0
        if (head := text.find("UNA")) >= 0 and form is _SEGMENT:
            begin = head + 9  # it is no segment like the others: it says how they are written
        self._head = text[:begin].strip()
        self._parts = [found[0].strip("\r\n") for found in form.finditer(text, begin)]

    def told(self, place: Place) -> str:
        return f"{self._name} {place.line}"

    def whole(self) -> str:
        rest, shown = FILE_CHARS_MAX, 0
        for part in self._parts:
            rest -= len(part)
            if rest < 0:
                break
            shown += 1
        head = [escaped(self._head)] if self._head else []
        lines = [*head, *(self._part(number) for number in range(1, shown + 1))]
        left = len(self._parts) - shown
        more = f'<p class="more">{counted(left, self._name)} more, not shown</p>' if left else ""
        return f"<pre>{chr(10).join(lines)}</pre>{more}"

    def near(self, numbers: Container[int]) -> str:
        runs = _runs(range(1, len(self._parts) + 1), numbers)
        lines = (
            "\n".join(map(self._part, run)) if is_near else f"… {counted(len(run), self._name)}"
            for is_near, run in runs
        )
        return f"<pre>{chr(10).join(lines)}</pre>"

    def _part(self, number: int) -> str:
        part = escaped(self._parts[number - 1])
        cells = self.judged.get(Place(number))
        return f"<mark{_kind(cells)}>{part}{_expected(cells)}</mark>" if cells else part


class _Elements(_Form):
    """XML as it stands, with marks on the tags that were judged."""

    def told(self, place: Place) -> str:
        return f"element {place.line}"

    def whole(self) -> str:
        shown, end = [], 0
        text = self.text[:FILE_CHARS_MAX]
        for number, found in enumerate(_ELEMENT.finditer(text), start=1):
            if cells := self.judged.get(Place(number)):
                shown.append(escaped(text[end : found.start()]))
                shown.append(f"<mark{_kind(cells)}>{escaped(found[0])}{_expected(cells)}</mark>")
                end = found.end()
        left = len(self.text) - len(text)
        more = f"\n… {left:,} more characters, not shown" if left else ""
        return f"<pre>{''.join(shown)}{escaped(text[end:])}{more}</pre>"

    def near(self, numbers: Container[int]) -> str:
        tags = [found[0] for found in _ELEMENT.finditer(self.text)]
        lines = []
        for number, tag in enumerate(tags, start=1):
            cells = self.judged.get(Place(number), ())
            if number in numbers:
                lines.append(f"<mark{_kind(cells)}>{escaped(tag)}{_expected(cells)}</mark>")
        return f"<pre>{chr(10).join(lines[:WRONG_MAX])}</pre>"


class _Table(_Form):
    """Cells as they stand; the first line is the head unless it has numbers."""

    def __init__(self, text: str, judged: Judged, separator: str, rows: int) -> None:
        super().__init__(text, judged)
        self._most = rows
        self._lines = [line.split(separator) for line in text.splitlines()]
        head = self._lines[0]
        self._heads = [] if any(_NUMBER.fullmatch(cell) for cell in head) else head

    def told(self, place: Place) -> str:
        heads = self._heads
        name = f" ({heads[place.cell - 1]})" if place.cell <= len(heads) else ""
        return f"{super().told(place)}{name}"

    def whole(self) -> str:
        first = 2 if self._heads else 1
        shown = self._lines[first - 1 : self._most + 1]
        left = len(self._lines) - (first - 1) - len(shown)
        more = f'<p class="more">{counted(left, "line")} more, not shown</p>' if left > 0 else ""
        return self._table(self._rows(range(first, first + len(shown)))) + more

    def near(self, numbers: Container[int]) -> str:
        first = 2 if self._heads else 1
        width = len(self._lines[0])
        rows = "".join(
            self._rows(run)
            if is_near
            else f'<tr><td class="more" colspan="{width}">… {counted(len(run), "line")}</td></tr>'
            for is_near, run in _runs(range(first, len(self._lines) + 1), numbers)
        )
        return self._table(rows)

    def _table(self, rows: str) -> str:
        cells = list(enumerate(self._heads, start=1))
        head = "".join(f'<th{self._mark(1, i)} scope="col">{escaped(c)}</th>' for i, c in cells)
        return (
            f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody>'
            "</table></div>"
        )

    def _mark(self, line: int, cell: int) -> str:
        judged = self.judged.get(Place(line, cell))
        return _kind(judged) if judged else ""

    def _rows(self, numbers: Iterable[int]) -> str:
        return "".join(
            "<tr>"
            + "".join(
                self._cell(cell, self.judged.get(Place(number, place), ()))
                for place, cell in enumerate(self._lines[number - 1], start=1)
            )
            + "</tr>"
            for number in numbers
        )

    def _cell(self, cell: str, judged: Sequence[JudgedCell]) -> str:
        is_number = _NUMBER.fullmatch(cell) is not None
        if not judged:
            plain = ' class="n"' if is_number else ""
            return f"<td{plain}>{escaped(cell)}</td>"
        kind = _kind(judged)
        if is_number:
            kind = kind.replace('class="', 'class="n ', 1)
        return f"<td{kind}>{escaped(cell)}{_expected(judged)}</td>"


def _runs(numbers: Sequence[int], marked: Container[int]) -> Iterator[tuple[bool, Sequence[int]]]:
    """Part numbers into those that are marked or stand beside one, and the others."""
    near = {
        number
        for number in numbers
        if any(beside in marked for beside in range(number - NEAR, number + NEAR + 1))
    }
    for is_near, group in groupby(numbers, near.__contains__):
        yield is_near, list(group)


def _form_of(text: str, judged: Judged, rows: int) -> _Form:
    head = text.lstrip("\ufeff\r\n ")[:3]
    if head in ("UNA", "UNB"):
        return _Parts(text, judged, "segment", _SEGMENT)
    if head.startswith("<"):
        return _Elements(text, judged)
    separator = _separator(text.splitlines())
    return _Table(text, judged, separator, rows) if separator else _Form(text, judged)


def _separator(lines: Sequence[str]) -> str | None:
    """Give what separates the cells, where the first lines agree on it."""
    for separator in ";\t,":
        counts = {line.count(separator) for line in lines[:20]}
        if len(counts) == 1 and counts != {0} and len(lines) > 1:
            return separator
    return None
