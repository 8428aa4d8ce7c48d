"""Delivered files on the page, with the cells that were judged."""

from __future__ import annotations

import re

import pytest

from harness.outcomes import JudgedCell, Outcome, Place, Verdict
from harness.report_files import FILE_CHARS_MAX, FILE_ROWS_MAX, WRONG_MAX, files_of

CSV = "code;time;kWh;status\n" + "".join(f"CH1;{i:02};{i}.5;W\n" for i in range(20))
MSCONS = "UNA:+.? 'UNB+UNOC:3+A?'B'UNH+1'QTY+220:1.5'QTY+67:2'UNZ+1'"
XML = '<?xml version="1.0"?>\n<A>\n<B c="1"/>\n<!-- <D/> -->\n<C v="9.5"/>\n</A>'


def judged(line: int, cell: int, seen: str, expected: str, file: str = "a") -> JudgedCell:
    """Give a cell that was looked at."""
    return JudgedCell(file, Place(line, cell), seen, expected)


def page(text: str, *cells: JudgedCell, decides: bool = False) -> str:
    """Give the part of the page that shows a file."""
    return files_of(
        Verdict(
            (),
            "f",
            "s",
            Outcome.PASSED,
            files=(("a", text),),
            judged=cells,
            deciding_files=("a",) if decides else (),
        )
    )


class TestCells:
    """CSV: line and cell."""

    def test_that_agree_are_green(self) -> None:
        """And how many were looked at is told in the head of the file."""
        shown = page(CSV, judged(2, 3, "0.5", "0.5"), judged(2, 4, "W", "W"), decides=True)

        assert "2 cells looked at: all as expected" in shown
        assert '<td class="n j1" title="looked at: as expected">0.5</td>' in shown
        assert '<td class="j1" title="looked at: as expected">W</td>' in shown
        assert "◆" in shown
        assert "The whole file" not in shown

    def test_that_do_not_agree_are_red_with_what_was_expected(self) -> None:
        """They are told above, by the name of their column, and shown with what is near."""
        shown = page(CSV, judged(12, 3, "10.5", "9 <kWh>"), judged(2, 3, "0.5", "0.5"))
        near, _, whole = shown.partition("The whole file")

        assert "2 cells looked at: 1 not as expected" in shown
        assert "<li>line 12, cell 3 (kWh): <b>10.5</b>, expected <b>9 &lt;kWh&gt;</b></li>" in near
        assert 'class="n j0"' in near
        assert '10.5 <b class="x">✗ expected 9 &lt;kWh&gt;</b>' in near
        assert ["8 lines", "7 lines"] == re.findall(r"… (\d+ lines)", near)
        assert "08.5" not in near
        assert 20 == whole.count("<tr><td>CH1")

    def test_looked_at_twice_are_as_bad_as_the_worse(self) -> None:
        """A sentence that was content does not hide one that was not."""
        shown = page(CSV, judged(2, 4, "W", "W"), judged(2, 4, "W", "E"))

        assert "1 cell looked at: 1 not as expected" in shown
        assert '<td class="j0" title="looked at: as expected; W, expected E">W' in shown

    def test_of_the_head_are_marked_too(self) -> None:
        """The first line is judged by sentences on columns."""
        assert '<th class="j1" title="looked at: as expected" scope="col">code</th>' in page(
            CSV, judged(1, 1, "code", "code")
        )

    def test_far_down_are_not_lost(self) -> None:
        """A wrong cell beyond the lines that are shown is told, and shown with its neighbours."""
        long = "a;b\n" + "1;2\n" * (FILE_ROWS_MAX * 2)
        line = FILE_ROWS_MAX + 50

        shown = page(long, judged(line, 2, "2", "3"))

        assert f"line {line}, cell 2 (b): <b>2</b>, expected <b>3</b>" in shown
        assert "✗ expected 3" in shown
        assert f"{FILE_ROWS_MAX} lines more, not shown" in shown

    def test_in_great_number_are_counted(self) -> None:
        """The list has a limit."""
        cells = [judged(2, 3, "0.5", str(i)) for i in range(WRONG_MAX + 4)]

        assert "and 4 cells more" in page(CSV, *cells)

    def test_of_other_files_are_theirs(self) -> None:
        """A cell of a file that is not there marks nothing."""
        assert "looked at" not in page(CSV, judged(2, 3, "0.5", "0.5", file="b"))


class TestOtherForms:
    """Segments and elements."""

    def test_a_segment_is_marked(self) -> None:
        """Each stands on a line of its own; UNA is none, and a quoted end ends nothing."""
        shown = page(MSCONS, judged(3, 1, "1.5", "1.5"), judged(4, 1, "2", "3"))

        assert "<li>segment 4: <b>2</b>, expected <b>3</b></li>" in shown
        assert re.search(r'<mark class="j1"[^>]*>QTY\+220:1\.5\'</mark>', shown)
        assert re.search(r'<mark class="j0"[^>]*>QTY\+67:2\' <b class="x">✗ expected 3</b>', shown)
        assert "UNB+UNOC:3+A?'B'\nUNH+1'" in shown

    def test_an_element_is_marked(self) -> None:
        """They are counted in the order of the document, without its comments."""
        shown = page(XML, judged(3, 1, "9.5", "9"))

        assert "<li>element 3: <b>9.5</b>, expected <b>9</b></li>" in shown
        assert "✗ expected 9" in shown
        assert '&lt;B c="1"/&gt;' in shown

    @pytest.mark.parametrize("begin", ["<A>" + "<B/>", "UNB+1'" + "QTY+1'"])
    def test_what_is_long_is_cut(self, begin: str) -> None:
        """What is left out is counted."""
        assert "more" in page(begin * FILE_CHARS_MAX)

    def test_text_of_no_form_is_shown_as_it_is(self) -> None:
        """Nothing can be marked in it, and what was looked at is told all the same."""
        shown = page("only text", judged(1, 1, "only", "another"))

        assert "<li>line 1, cell 1: <b>only</b>, expected <b>another</b></li>" in shown
        assert "only text" in shown
