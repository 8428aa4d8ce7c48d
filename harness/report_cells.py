"""
The fault matrix in the reports: a table for each kind of server, its count, and its reasons.

A cell shows what came of it; the mouse over it, or the lists below, say the rest in words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.fault_cells import WIRES, Cell, CellResult, all_cells, columns
from harness.page_text import attribute, escaped

Tried = Mapping[Cell, tuple[int, CellResult]]
"""What came of each cell that was tried, and the number of its scenario."""


@dataclass(frozen=True, slots=True)
class Count:
    """
    What became of the cells of the kinds of server that were part of a run.

    Attributes:
        right: those that ended in exactly one right file, told as what they were.
        failed: those that did not.
        cannot: those that have a reason why they cannot be.
        left: those that were not part of the run.
    """

    right: int
    failed: int
    cannot: int
    left: int

    def told(self) -> str:
        """Say it in one line."""
        cells = self.right + self.failed + self.cannot + self.left
        left = f", {self.left:,} not asked" if self.left else ""
        return (
            f"{cells:,} cells: {self.right:,} ended in one right file and told the right cause, "
            f"{self.failed:,} failed, {self.cannot:,} cannot be{left}"
        )


def count(tried: Tried) -> Count:
    """Count the cells."""
    cells = _cells(tried)
    bad = sum(bool(result.trouble) for _, result in tried.values())
    cannot = sum(bool(cell.cannot) for cell in cells)
    return Count(len(tried) - bad, bad, cannot, len(cells) - cannot - len(tried))


def failures(tried: Tried) -> list[str]:
    """Give each cell that failed, with what was wrong."""
    found = (result for _, result in tried.values())
    return [f"{result.cell}: {result.trouble}" for result in found if result.trouble]


def reasons_of(tried: Tried) -> list[tuple[str, list[Cell]]]:
    """Give each reason why cells cannot be, and which they are."""
    reasons: dict[str, list[Cell]] = {}
    for cell in _cells(tried):
        if cell.cannot:
            reasons.setdefault(cell.cannot, []).append(cell)
    return list(reasons.items())


def _cells(tried: Tried) -> list[Cell]:
    wires = {cell.wire for cell in tried}
    return [cell for cell in all_cells() if cell.wire in wires]


# ---------------------------------------------------------------- Markdown


def markdown_cells(tried: Tried, escaped: Callable[[str], str]) -> list[str]:
    """Give the count and what failed, as lines of Markdown; none where nothing was tried."""
    if not tried:
        return []
    lines = ["", "## Fault matrix", "", f"{escaped(count(tried).told())}."]
    return lines + [line for words in failures(tried) for line in ("", f"- ❌ {escaped(words)}")]


# ---------------------------------------------------------------- HTML


def html_cells(tried: Tried) -> str:
    """Give the tables; nothing where nothing was tried."""
    if not tried:
        return ""
    wires = [wire for wire in WIRES if any(cell.wire == wire for cell in tried)]
    meanings = "".join(
        f"<li><b>{escaped(one.name)}</b>: {escaped(one.means)}</li>" for one in columns()
    )
    return "\n".join(
        [
            '<h2 id="fault-matrix">The fault matrix of a delivery</h2>',
            f'<p class="lead">{escaped(count(tried).told())}.</p>',
            *_listed("What failed", failures(tried)),
            *(_table(wire, tried) for wire in wires),
            f"<details><summary>What the faults are</summary><ul>{meanings}</ul></details>",
            "<details><summary>Why cells cannot be</summary><ul>",
            *(_reason(reason, cells) for reason, cells in reasons_of(tried)),
            "</ul></details>",
        ]
    )


def _listed(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        items = "".join(f"<li>{escaped(line)}</li>" for line in lines)
        yield f"<h3>{title}</h3><ul>{items}</ul>"


def _reason(reason: str, cells: Sequence[Cell]) -> str:
    which = "; ".join(map(str, cells))
    told = f"{len(cells):,} cell{'' if len(cells) == 1 else 's'}"
    return f'<li>{escaped(reason)} <small title="{attribute(which)}">({told})</small></li>'


def _table(wire: str, tried: Tried) -> str:
    heads = "".join(
        f'<th class="turn" scope="col" title="{attribute(one.means)}">{escaped(one.name)}</th>'
        for one in columns()
    )
    rows: dict[str, list[Cell]] = {}
    for cell in all_cells():
        if cell.wire == wire:
            rows.setdefault(cell.step, []).append(cell)
    body = "\n".join(
        f'<tr><th scope="row">{escaped(step)}</th>'
        f"{''.join(_shown(one, tried) for one in cells)}</tr>"
        for step, cells in rows.items()
    )
    return (
        f'<h3>{escaped(wire)}</h3><div class="wide"><table class="matrix"><thead><tr>'
        f'<th scope="col">Step</th>{heads}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>'
    )


def _shown(cell: Cell, tried: Tried) -> str:
    if cell.cannot:
        return f'<td class="c" title="{attribute(f"cannot be: {cell.cannot}")}">–</td>'
    if cell not in tried:
        return '<td class="c" title="not asked">·</td>'
    number, result = tried[cell]
    kind = "failed" if result.trouble else "passed"
    told = result.trouble or f"one right file; told as {cell.cause}"
    mark = f'<svg class="m o-{kind}" role="img" aria-label="{kind}"><use href="#m-{kind}"/></svg>'
    words = attribute(f"{cell}: {told}")
    return f'<td class="c"><a href="#s{number}" title="{words}">{mark}</a></td>'
