"""Tables and charts for a terminal."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest

from harness.tables import (
    Cell,
    Column,
    Ink,
    Paper,
    bar_chart,
    column_chart,
    columns_of,
    facts,
    paper_of,
    seen,
    shortened,
    table,
    wrapped,
)

PLAIN = Paper(width=60)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "UTF-8"

    def isatty(self) -> bool:
        """Say so."""
        return True


class Pipe(io.TextIOWrapper):
    """A stream into a file."""


class TestPaper:
    """What a stream can show."""

    @pytest.mark.parametrize(
        ("environ", "colour"),
        [
            ({}, True),
            ({"NO_COLOR": "1"}, False),
            ({"NO_COLOR": ""}, True),
            ({"TERM": "dumb"}, False),
        ],
    )
    def test_a_terminal_has_colour_unless_refused(
        self, environ: dict[str, str], *, colour: bool
    ) -> None:
        """NO_COLOR with any content and a dumb terminal switch colour off."""
        assert paper_of(Terminal(), environ).colour is colour

    def test_a_terminal_says_its_width(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """But text is never made narrower than can be read."""
        monkeypatch.setenv("COLUMNS", "132")
        assert paper_of(Terminal(), {}).width == 132
        monkeypatch.setenv("COLUMNS", "3")
        assert paper_of(Terminal(), {}).width == 40

    @pytest.mark.parametrize(("encoding", "blocks"), [("utf-8", True), ("ascii", False)])
    def test_a_pipe_is_plain(self, encoding: str, *, blocks: bool) -> None:
        """No colour, a fixed width, and blocks only where the encoding has them."""
        with Pipe(io.BytesIO(), encoding=encoding) as pipe:
            assert paper_of(pipe, {}) == Paper(width=100, colour=False, blocks=blocks)

    def test_a_stream_without_encoding_gets_ascii(self) -> None:
        """Where nothing is known, nothing is risked."""
        assert not paper_of(io.StringIO(), {}).blocks


class TestTable:
    """Aligned columns."""

    def test_is_aligned_and_has_no_blanks_at_the_end(self) -> None:
        """Numbers stand to the right, wide signs count twice, short rows are filled."""
        text = table(
            ["station", "kWh", "what"],
            [["WB-1", "12.5", "charged"], ["充電", "3"]],
            paper=PLAIN,
            right=[1],
            indent="  ",
        )

        assert text.splitlines() == [
            "  station   kWh  what",
            "  ───────  ────  ───────",
            "  WB-1     12.5  charged",
            "  充電        3",
        ]

    def test_the_last_column_is_cut_at_the_edge(self) -> None:
        """A long text is shortened and shows it."""
        lines = table(["a", "b"], [["1", "x" * 100]], paper=PLAIN).splitlines()

        assert max(map(columns_of, lines)) == 60
        assert lines[-1].endswith("x…")

    def test_colour_stands_round_the_text_only(self) -> None:
        """The codes do not move the columns; without colour there are none."""
        rows = [[Cell("no", Ink.BAD), Cell(""), "x"]]

        inked = table(["a", "b", "c"], rows, paper=Paper(60, colour=True))
        plain = table(["a", "b", "c"], rows, paper=Paper(60, blocks=False))

        assert inked.splitlines()[-1] == "\x1b[31mno\x1b[0m     x"
        assert plain.splitlines()[1:] == ["--  -  -", "no     x"]

    def test_a_row_that_is_too_long_is_a_mistake(self) -> None:
        """Cells without a heading are not dropped in silence."""
        with pytest.raises(ValueError, match="2 cells under 1 headings"):
            table(["a"], [["1", "2"]], paper=PLAIN)

    def test_control_signs_are_written_out(self) -> None:
        """What a device says cannot clear the screen or turn the line round."""
        assert seen("a\x1b[2J\u202eb") == "a<U+001B>[2J<U+202E>b"
        assert "\x1b" not in table(["a"], [["\x1b[2J"]], paper=PLAIN)

    def test_a_last_column_of_numbers_is_never_cut(self) -> None:
        """Half a number would be a wrong one."""
        lines = table(["a", "b"], [["1", "9" * 100]], paper=PLAIN, right=[1]).splitlines()

        assert lines[-1] == "1  " + "9" * 100

    def test_the_last_column_can_be_wrapped(self) -> None:
        """Long words go on below, too; shorter rows stay as they are."""
        rows = [["1", Cell("aa bb " + "c" * 15 + " d", Ink.DOUBT)], ["2"]]

        plain = table(["n", "text"], rows, paper=Paper(11), wrap=True).splitlines()
        inked = table(["n", "text"], rows, paper=Paper(11, colour=True), wrap=True)

        assert plain[2:] == ["1  aa bb", "   cccccccc", "   ccccccc", "   d", "2"]
        assert inked.count("\x1b[33m") == 4

    def test_wide_signs_are_wrapped_whole(self) -> None:
        """A sign of two columns is not cut, even where there is room for one only."""
        assert wrapped("充電器", 4) == ["充電", "器"]
        assert wrapped("充電", 1) == ["充", "電"]
        assert wrapped("", 4) == [""]

    def test_facts_stand_under_each_other(self) -> None:
        """Names to the left, values in one column, long ones over several lines."""
        text = facts([("vendor", "Linde"), ("model", "y" * 60)], paper=PLAIN, indent=" ")

        assert text.splitlines() == [" vendor  Linde", " model   " + "y" * 51, " " * 9 + "y" * 9]
        assert facts([], paper=PLAIN) == ""

    def test_shortening_counts_columns(self) -> None:
        """A wide sign is not cut in half; a combining one takes no room."""
        assert shortened("充電器", 4) == "充…"
        assert shortened("e\u0301", 1) == "e\u0301"


class TestColumnChart:
    """Values over time."""

    def test_is_drawn_to_scale(self) -> None:
        """The highest fills the chart, any energy above 0 shows, what is missing is marked."""
        columns = [
            Column(Decimal("0"), "00:00"),
            Column(Decimal("4"), "00:15"),
            Column(Decimal("2")),
            Column(Decimal("0.001"), mark="E"),
            Column(None, "01:00"),
        ]

        text = column_chart(columns, unit="kWh", paper=Paper(17), height=2, indent=" ")

        assert text.splitlines() == [
            " kWh",
            "     4 │  ██",
            "     0 │  ████▁▁",
            "       └──────E─x─",
            "        00:00   01:00",
        ]

    def test_without_blocks_it_is_ascii(self) -> None:
        """A terminal without block elements gets a chart all the same."""
        columns = [Column(Decimal(7)), Column(Decimal(4)), Column(Decimal(1)), Column(None)]

        text = column_chart(columns, unit="kWh", paper=Paper(40, blocks=False), height=1)

        assert text.isascii()
        assert text.splitlines()[1] == " 7 |##### ::::: ....."

    def test_neighbours_are_added_up_where_room_is_short(self) -> None:
        """The chart says how many values a column holds; a mark inside a group stays."""
        columns = [Column(Decimal(1), mark="E" if i == 7 else " ") for i in range(96)]

        lines = column_chart(columns, unit="kWh", paper=Paper(40), height=1).splitlines()

        assert lines[0] == "kWh, 3 values added up in each column"
        assert lines[1].strip() == "3 │" + "█" * 32
        assert lines[2].strip() == "└──E" + "─" * 29

    def test_a_group_without_any_value_is_missing(self) -> None:
        """Nothing and nothing is nothing, not zero."""
        lines = column_chart([Column(None)] * 50, unit="W", paper=Paper(40), height=1).splitlines()

        assert lines[2].strip() == "└" + "x" * 25

    def test_colour_says_what_is_doubtful(self) -> None:
        """Estimated columns have another colour, in one run."""
        columns = [Column(Decimal(1))] * 2 + [Column(Decimal(1), mark="E")]

        line = column_chart(columns, unit="W", paper=Paper(40, colour=True), height=1).splitlines()[
            1
        ]

        assert line == "1 │\x1b[32m█████ █████ \x1b[0m\x1b[33m█████ \x1b[0m"

    def test_no_values_are_said(self) -> None:
        """An empty chart is a sentence."""
        assert column_chart([], unit="kWh", paper=PLAIN) == "no values\n"

    def test_zeros_only_leave_it_empty(self) -> None:
        """A day without charging has an axis and nothing on it."""
        lines = column_chart([Column(Decimal(0))] * 9, unit="kWh", paper=Paper(40)).splitlines()

        assert lines[1] == "0 │"


class TestBarChart:
    """Named values."""

    def test_is_drawn_to_scale(self) -> None:
        """Eighths of a column are used, a missing value is no bar."""
        text = bar_chart(
            [("WB-1", Decimal("8.5")), ("WB-22", Decimal("2")), ("x", None)],
            unit="kWh",
            paper=Paper(40),
        )

        assert text.splitlines() == [
            "WB-1   ████████████████████████  8.5 kWh",
            "WB-22  █████▋                      2 kWh",
            "x      x                         missing",
        ]

    def test_without_blocks_it_is_ascii(self) -> None:
        """Bars are whole signs then."""
        text = bar_chart(
            [("a", Decimal(2)), ("b", Decimal(0))], unit="W", paper=Paper(20, blocks=False)
        )

        assert text.splitlines() == ["a  ############  2 W", "b                0 W"]

    def test_no_bars_are_no_lines(self) -> None:
        """Nothing in, nothing out."""
        assert bar_chart([], unit="W", paper=PLAIN) == ""
