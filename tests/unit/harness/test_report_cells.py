"""The fault matrix in the reports."""

from __future__ import annotations

from harness.fault_cells import Cell, CellResult, all_cells
from harness.report_cells import Tried, count, html_cells, markdown_cells, reasons_of

CELLS = [cell for cell in all_cells() if cell.wire == "SFTP"]
CUT, RESET = [cell for cell in CELLS if cell.step == "rename"][:2]


def tried(*cells: Cell, **more: object) -> Tried:
    """Give cells as if they had been tried in scenario 3."""
    right = {"told": ["line"], "expected": 9, "found": {"a.csv": 9}, "is_right": True, **more}
    return {cell: (3, CellResult(cell, **right)) for cell in cells}  # type: ignore[arg-type]


def test_cells_are_counted_by_what_became_of_them() -> None:
    """All cells of the kinds of server that were tried are counted."""
    found = count({**tried(CUT), **tried(RESET, told=["space"])})
    cannot = sum(bool(cell.cannot) for cell in CELLS)

    assert (1, 1, cannot) == (found.right, found.failed, found.cannot)
    assert len(CELLS) == found.right + found.failed + found.cannot + found.left
    assert found.told().endswith(f"{found.left} not asked")


def test_reasons_are_given_once_with_their_cells() -> None:
    """Every cell that cannot be stands under its reason."""
    listed = [cell for _, cells in reasons_of(tried(CUT)) for cell in cells]

    assert sorted(map(str, listed)) == sorted(str(cell) for cell in CELLS if cell.cannot)


def test_the_page_shows_each_cell() -> None:
    """A cell leads to its scenario; what failed and what cannot be is said in words."""
    page = html_cells({**tried(CUT), **tried(RESET, found={"<a>": 4}, is_right=False)})

    assert '<a href="#s3" title="SFTP, rename, cut: one right file; told as line">' in page
    assert "<li>SFTP, rename, reset: not one right file of 9 bytes but &lt;a&gt; (4 bytes)" in page
    assert "SFTP has no data connection <small" in page
    assert 'title="not asked">·</td>' in page
    assert "<h3>FTP</h3>" not in page


def test_the_markdown_has_the_count_and_what_failed() -> None:
    """What passed is counted alone."""
    lines = markdown_cells({**tried(CUT), **tried(RESET, told=[])}, str.upper)

    assert "## Fault matrix" in lines
    assert ["- ❌ SFTP, RENAME, RESET: TOLD AS NONE, NOT AS LINE"] == [
        line for line in lines if "❌" in line
    ]


def test_nothing_tried_shows_nothing() -> None:
    """A run without the matrix has no table of it."""
    assert "" == html_cells({})
    assert [] == markdown_cells({}, str)
