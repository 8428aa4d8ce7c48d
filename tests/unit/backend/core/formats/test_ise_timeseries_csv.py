"""IS-E time series as CSV: write, and read back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, localcontext
from itertools import pairwise, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.unmeasured import unmeasured

from backend.core.days import day_grid
from backend.core.formats.ise_timeseries_csv import Layout, Row, carried, read, stand_alone, write
from backend.core.intervals import Status
from backend.errors import LayoutError

CODE = "CH98765012345AAAAAAAAAAAAAAA00001"
OBIS = "1-1:1.29.0*255"
W, E, F = Status.TRUE, Status.ESTIMATED, Status.MISSING
OCTOBER = date(2025, 10, 26)
FEW = settings(max_examples=120, deadline=None, derandomize=True)


def row(
    end: str = "2025-06-03T12:15:00",
    energy: str | None = "2.000",
    status: Status = W,
    minutes: int = 15,
    **fields: Any,
) -> Row:
    """Make a row that ends at an instant in UTC."""
    instant = datetime.fromisoformat(end).replace(tzinfo=UTC)
    kwh = None if energy is None else Decimal(energy)
    made = Row(CODE, OBIS, instant - timedelta(minutes=minutes), instant, kwh, status)
    return replace(made, **fields)


def day(when: date, minutes: int = 15, code: str = CODE, obis: str = OBIS) -> list[Row]:
    """Make a day of rows with all kinds of status."""
    grid = day_grid(when, minutes)
    kinds = ((Decimal("0.123"), W), (Decimal(0), W), (Decimal("7.500"), E), (None, F))
    return [
        Row(code, obis, start, end, *kinds[index % 4])
        for index, (start, end) in enumerate(pairwise(grid))
    ]


class TestTheDefaultLayout:
    """The layout that is proposed."""

    def test_the_bytes(self) -> None:
        """Header, semicolons, local time at the interval's end, three decimals, CRLF."""
        rows = [row(), row("2025-06-03T12:30:00", None, F)]
        assert (
            b"Messpunkt;OBIS;Zeitstempel;Wert;Einheit;Status\r\n"
            b"CH98765012345AAAAAAAAAAAAAAA00001;1-1:1.29.0*255;03.06.2025 14:15:00;2.000;kWh;W\r\n"
            b"CH98765012345AAAAAAAAAAAAAAA00001;1-1:1.29.0*255;03.06.2025 14:30:00;;kWh;F\r\n"
        ) == write(rows, Layout())

    def test_the_order_of_rows(self) -> None:
        """By code, OBIS code and instant, however they came."""
        rows = day(OCTOBER) + day(OCTOBER, code="CHA") + day(OCTOBER, obis="1-1:1.9.0")
        ordered = sorted(rows, key=lambda each: (each.code, each.obis, each.start))
        assert write(ordered, Layout()) == write(rows[::-1], Layout())
        assert ordered == read(write(rows, Layout()), Layout())

    def test_no_rows(self) -> None:
        """A header and nothing else, or nothing at all."""
        assert [] == read(write([], Layout()), Layout())
        assert b"" == write([], Layout(header=False))
        assert [] == read(b"", Layout(header=False))


class TestRoundTrip:
    """FMT-09: what was written reads back."""

    @unmeasured
    def test_every_combination_of_knobs(self) -> None:
        """Over the doubled hour of October, with every status."""
        rows = day(OCTOBER)[4:16] + day(OCTOBER, obis="1-1:1.9.0")[4:16]
        knobs: dict[str, list[Any]] = {
            "separator": [";", ",", "\t", "|"],
            "decimal_mark": [".", ","],
            "time_form": ["%d.%m.%Y %H:%M:%S", "%Y%m%d%H%M"],
            "zone": ["local", "utc", "local+offset"],
            "stamp": ["end", "start"],
            "header": [True, False],
            "status_column": [True, False],
            "missing": ["empty", "zero"],
            "obis_suffix": [True, False],
        }
        done = 0
        for values in product(*knobs.values()):
            mapping = dict(zip(knobs, values, strict=True))
            if mapping["separator"] == mapping["decimal_mark"]:
                continue
            layout = Layout(**mapping)
            assert carried(rows, layout) == read(write(rows, layout), layout)
            done += 1
        assert 1344 == done

    @pytest.mark.parametrize("when", [date(2025, 3, 30), OCTOBER, date(2025, 6, 3)])
    @pytest.mark.parametrize("minutes", [1, 5, 10, 15, 30, 60])
    def test_whole_days(self, when: date, minutes: int) -> None:
        """Any interval, on short and long days, in local time without offset."""
        rows = day(when, minutes)
        assert rows == read(write(rows, Layout()), Layout())

    @unmeasured
    @FEW
    @given(st.data())
    def test_any_rows_in_any_layout(self, data: st.DataObject) -> None:
        """Names, figures, days and layouts at random."""
        layout = data.draw(LAYOUTS)
        rows: list[Row] = []
        for code, obis in data.draw(st.sets(st.tuples(NAMES, OBIS_CODES), max_size=3)):
            grid = day_grid(data.draw(DAYS), data.draw(st.sampled_from([15, 30, 60])))[:20]
            for start, end in pairwise(grid):
                status = data.draw(st.sampled_from(Status))
                steps = data.draw(st.integers(0, 10**9))
                energy = None if status is F else Decimal(steps).scaleb(-layout.decimals)
                rows.append(Row(code, obis, start, end, energy, status))
        assert carried(rows, layout) == read(write(rows, layout), layout)

    @FEW
    @given(st.text(min_size=1, max_size=8), st.sampled_from([";", ",", "\t", "|"]))
    def test_any_name_survives_or_is_refused(self, name: str, separator: str) -> None:
        """FMT-11: there is no third way."""
        layout = Layout(separator=separator)
        rows = [row(code=name)]
        try:
            content = write(rows, layout)
        except LayoutError:
            return
        assert rows == read(content, layout)
        assert 2 == len(content.decode().splitlines())

    def test_a_single_row(self) -> None:
        """Its length is that of the layout."""
        layout = Layout(interval_minutes=60)
        rows = [row(minutes=60)]
        assert rows == read(write(rows, layout), layout)

    def test_gaps(self) -> None:
        """Rows may be missing as long as the length of the interval can be told."""
        rows = [row(f"2025-06-03T{end}:00") for end in ("10:15", "10:30", "12:00")]
        assert rows == read(write(rows, Layout()), Layout())

    def test_parts_of_a_series(self) -> None:
        """Rows that do not tell how long their intervals are, are read by who knows it."""
        rows = [row(f"2025-06-03T{end}:00") for end in ("10:15", "11:15", "12:00")]
        with pytest.raises(LayoutError, match="would not read back"):
            write(rows, Layout())
        assert rows == read(write(rows, Layout(), gaps=True), Layout(), 15)

    def test_what_stands_alone(self) -> None:
        """In October the second hour at two o'clock needs the first before it."""
        whole = day(OCTOBER)
        first, second = whole[8:12], whole[12:16]
        assert "26.10.2025 02:15:00" in write(first, Layout()).decode()
        assert stand_alone(whole, Layout())
        assert stand_alone(first, Layout())
        assert stand_alone([*first, *second], Layout())
        assert not stand_alone(second[:3], Layout())
        assert stand_alone(second, Layout(zone="utc"))
        assert stand_alone(second, Layout(zone="local+offset"))

    def test_what_can_never_be_read(self) -> None:
        """An instant out of all reason is told with the meter that it is of."""
        rows = [row("1899-06-03T12:15:00")]
        sentence = "'03.06.1899 13:15:00' is out of all reason; check time_form and zone"
        with pytest.raises(LayoutError) as caught:
            stand_alone(rows, Layout())
        assert f"{CODE}: {sentence}" == str(caught.value)
        with pytest.raises(LayoutError) as caught:
            write(rows, Layout())
        assert f"{CODE} 1899-06-03T12:00:00+00:00: {sentence}" == str(caught.value)

    def test_headings_and_columns_of_a_utility(self) -> None:
        """They may be called and ordered otherwise, and the unit left out."""
        layout = Layout.from_mapping(
            {
                "columns": ["time", "code", "obis", "status", "value"],
                "headings": ["Id", "Code", "Time", "kWh", "Unit", "Quality"],
            },
            "format",
        )
        content = write([row()], layout)
        assert content.startswith(b"Time;Id;Code;Quality;kWh\r\n03.06.2025 14:15:00;CH98")
        assert [row()] == read(content, layout)

    @pytest.mark.parametrize(
        ("encoding", "first"),
        [("utf-8", "Süd".encode()), ("utf-8-sig", b"\xef\xbb\xbfS"), ("cp1252", b"S\xfcd")],
    )
    def test_encodings(self, encoding: str, first: bytes) -> None:
        """Umlauts survive in each."""
        layout = Layout(encoding=encoding, header=False)
        content = write([row(code="Süd")], layout)
        assert content.startswith(first)
        assert [row(code="Süd")] == read(content, layout)


class TestWhatIsNotCarried:
    """What a layout has no place for reads back as documented."""

    def test_without_a_status(self) -> None:
        """An estimate reads as true; a missing value stays missing where it is empty."""
        rows = [row(status=E), row("2025-06-03T12:30:00", None, F)]
        layout = Layout(status_column=False)
        assert [row(), rows[1]] == carried(rows, layout) == read(write(rows, layout), layout)

    def test_without_a_status_and_with_zeros(self) -> None:
        """A missing value reads as a true zero."""
        layout = Layout(status_column=False, missing="zero")
        assert [row(energy="0.000")] == read(write([row(energy=None, status=F)], layout), layout)

    def test_zeros_with_a_status(self) -> None:
        """The status tells the missing zero from the true one."""
        layout = Layout(missing="zero")
        rows = [row(energy=None, status=F)]
        assert b";0.000;kWh;F\r\n" in write(rows, layout)
        assert rows == read(write(rows, layout), layout)


NO_INTERVAL = "kWh is no value of a meter; look at the register"


class TestRefusals:
    """What would not read back, or is no energy, is not written."""

    @pytest.mark.parametrize(
        ("rows", "complaint"),
        [
            (
                [row(energy="-0.001")],
                f"-0.001 {NO_INTERVAL}",
            ),
            ([row(energy="NaN")], f"NaN {NO_INTERVAL}"),
            ([row(energy="1000000000000")], f"1000000000000 {NO_INTERVAL}"),
            (
                [row(energy="0.0001")],
                "0.0001 kWh has more than 3 decimals;"
                " make the intervals with the decimals of the layout",
            ),
            ([row(energy=None)], "energy None does not go with status W; give F no energy"),
            ([row(status=F)], "energy 2.000 does not go with status F; give F no energy"),
        ],
    )
    def test_an_energy(self, rows: list[Row], complaint: str) -> None:
        """The error names the row, the energy and what to do."""
        with pytest.raises(LayoutError) as caught:
            write(rows, Layout())
        assert f"{CODE} 2025-06-03T12:00:00+00:00: {complaint}" == str(caught.value)

    @pytest.mark.parametrize(
        ("rows", "complaint"),
        [
            ([row(), row()], "would not read back"),
            ([row(minutes=30)], "would not read back"),
            ([row("2025-06-03T12:15:00.5")], "would not read back"),
            ([row("2025-10-26T01:15:00")], "would not read back"),
            ([row("2025-06-03T12:15:00"), row("2025-06-03T13:15:00")], "would not read back"),
            ([row(code="a;b")], "name 'a;b': position 2: ';' would break the file"),
            ([row(obis="=1+1")], "OBIS code '=1+1': position 1: '=' begins a formula"),
        ],
    )
    def test_a_row(self, rows: list[Row], complaint: str) -> None:
        """The error names the row."""
        with pytest.raises(LayoutError) as caught:
            write(rows, Layout())
        assert complaint in str(caught.value)

    def test_the_whole_sentence(self) -> None:
        """It says which interval, what its label is, and what would mend it."""
        with pytest.raises(LayoutError) as caught:
            write([row(minutes=30)], Layout())
        assert (
            f"{CODE} 2025-06-03T11:45:00+00:00: the interval up to 2025-06-03T12:15:00+00:00"
            " would not read back from '03.06.2025 14:15:00';"
            " give whole days of equal intervals, or use zone utc or local+offset"
        ) == str(caught.value)

    def test_the_largest_energy(self) -> None:
        """Twelve digits before the mark can be written and read."""
        layout = Layout(decimals=6)
        rows = [row(energy="999999999999.999999")]
        assert rows == read(write(rows, layout), layout)

    def test_seconds_that_the_form_does_not_show(self) -> None:
        """They would be lost; a form that shows them keeps them."""
        rows = [row("2025-06-03T12:15:30")]
        assert rows == read(write(rows, Layout()), Layout())
        with pytest.raises(LayoutError, match="would not read back"):
            write(rows, Layout(time_form="%d.%m.%Y %H:%M"))

    def test_one_code_twice_without_its_suffix(self) -> None:
        """Two series must not become one."""
        rows = [row(), row(obis="1-1:1.29.0")]
        assert 2 == len(read(write(rows, Layout()), Layout()))
        with pytest.raises(LayoutError, match="would not read back"):
            write(rows, Layout(obis_suffix=False))

    def test_a_wrong_layout(self) -> None:
        """Neither written nor read."""
        with pytest.raises(LayoutError, match="zone is 'CET'"):
            write([], Layout(zone="CET"))
        with pytest.raises(LayoutError, match="zone is 'CET'"):
            read(b"", Layout(zone="CET"))

    def test_a_foreign_decimal_context_changes_nothing(self) -> None:
        """Figures are written whole, whatever somebody set for the process."""
        with localcontext() as context:
            context.prec = 2
            assert b";1234567.891;" in write([row(energy="1234567.891")], Layout())

    def test_a_negative_zero(self) -> None:
        """It is written as zero."""
        assert b";0.000;" in write([row(energy="-0.000")], Layout())


HEADER = b"Messpunkt;OBIS;Zeitstempel;Wert;Einheit;Status\r\n"
NO_HEADER = (
    "the header is not that of the layout;"
    " expected 'Messpunkt;OBIS;Zeitstempel;Wert;Einheit;Status'"
)
NO_ENERGY = "is no energy with 3 decimals; check decimal_mark and decimals"


class TestReading:
    """A file that is not of the layout is refused, with its line."""

    @pytest.mark.parametrize(
        ("line", "complaint"),
        [
            (
                "A;1.9;03.06.2025 14:15:00;2.000;kWh",
                "line 2: 5 cells instead of 6; check separator and columns",
            ),
            (
                "A;1.9;03.06.2025 14:15;2.000;kWh;W",
                "line 2: '03.06.2025 14:15' does not have the form '%d.%m.%Y %H:%M:%S';"
                " check time_form and zone",
            ),
            ("A;1.9;03.06.2025 14:15:00;2,000;kWh;W", f"line 2: '2,000' {NO_ENERGY}"),
            ("A;1.9;03.06.2025 14:15:00;2.00;kWh;W", f"line 2: '2.00' {NO_ENERGY}"),
            ("A;1.9;03.06.2025 14:15:00;-2.000;kWh;W", f"line 2: '-2.000' {NO_ENERGY}"),
            ("A;1.9;03.06.2025 14:15:00;.000;kWh;W", f"line 2: '.000' {NO_ENERGY}"),
            (
                "A;1.9;03.06.2025 14:15:00;1234567890123.000;kWh;W",
                f"line 2: '1234567890123.000' {NO_ENERGY}",
            ),
            ("A;1.9;03.06.2025 14:15:00;2.000;MWh;W", "line 2: the unit is 'MWh'; use kWh"),
            ("A;1.9;03.06.2025 14:15:00;2.000;kWh;X", "line 2: the status is 'X'; use W, E or F"),
            (
                "A;1.9;03.06.2025 14:15:00;;kWh;W",
                "line 2: status W without an energy; give the energy",
            ),
            (
                "=A;1.9;03.06.2025 14:15:00;2.000;kWh;W",
                "line 2, code: position 1: '=' begins a formula; use letters, digits and"
                " simple signs",
            ),
            (
                "A;=1;03.06.2025 14:15:00;2.000;kWh;W",
                "line 2, obis: position 1: '=' begins a formula; use letters, digits and"
                " simple signs",
            ),
            (
                "A;1.9;03.06.2025 14:15:00;2.000;kWh;W\r\nA;1.9;03.06.2025 14:00:00;2.000;kWh;W",
                "line 3: '03.06.2025 14:00:00' stands in no order of time; sort it",
            ),
            (
                "A;1.9;03.06.2025 14:15:00;2.000;kWh;W\r\nA;1.9;03.06.2025 14:15:00;2.000;kWh;W",
                "line 3: '03.06.2025 14:15:00' stands in no order of time; sort it",
            ),
        ],
    )
    def test_a_line(self, line: str, complaint: str) -> None:
        """The error says what is wrong with it."""
        with pytest.raises(LayoutError) as caught:
            read(HEADER + line.encode() + b"\r\n", Layout())
        assert complaint == str(caught.value)

    def test_without_a_header(self) -> None:
        """The first line is the first row."""
        with pytest.raises(LayoutError, match=r"^line 1: the unit is 'MWh'; use kWh$"):
            read(b"A;1.9;03.06.2025 14:15:00;2.000;MWh;W\r\n", Layout(header=False))

    def test_nothing_where_a_missing_energy_is_zero(self) -> None:
        """It is no energy."""
        with pytest.raises(LayoutError, match=f"^line 2: '' {NO_ENERGY}$"):
            read(HEADER + b"A;1.9;03.06.2025 14:15:00;;kWh;F\r\n", Layout(missing="zero"))

    @pytest.mark.parametrize(
        ("content", "complaint"),
        [
            (b"", f"line 1: {NO_HEADER}"),
            (b"\xef\xbb\xbf" + HEADER, f"line 1: {NO_HEADER}"),
            (HEADER.replace(b";", b","), f"line 1: {NO_HEADER}"),
            (
                HEADER + b"A;1.9;03.06.2025",
                "file: the last line is not closed; deliver it whole",
            ),
            (HEADER + b"\xff\r\n", "file: byte 49 is not utf-8; set encoding"),
        ],
    )
    def test_a_file(self, content: bytes, complaint: str) -> None:
        """A broken upload or another layout is told from a file."""
        with pytest.raises(LayoutError) as caught:
            read(content, Layout())
        assert complaint == str(caught.value)

    def test_whole_kilowatt_hours(self) -> None:
        """Without decimals there is no mark."""
        layout = Layout(decimals=0)
        rows = [row(energy="2")]
        assert b";2;kWh;W" in write(rows, layout)
        assert rows == read(write(rows, layout), layout)

    @FEW
    @given(st.binary(max_size=60))
    def test_any_bytes(self, content: bytes) -> None:
        """Nothing but a LayoutError comes of what is no file."""
        for layout in (Layout(header=False), Layout(header=False, encoding="cp1252")):
            try:
                read(content, layout)
            except LayoutError:
                continue
            assert b"" == content


NAMES = st.sampled_from([CODE, "Dorfplatz Süd", "Café d'Orsay", "a=b", "Nr. 7"])
OBIS_CODES = st.sampled_from(["1-1:1.9.0", "1-1:1.9.0*255", OBIS])
DAYS = st.dates(date(2020, 1, 1), date(2040, 1, 1)) | st.sampled_from([OCTOBER, date(2025, 3, 30)])
LAYOUTS = st.builds(
    Layout,
    separator=st.sampled_from([";", "\t", "|"]),
    decimal_mark=st.sampled_from([".", ","]),
    decimals=st.integers(0, 6),
    time_form=st.sampled_from(["%d.%m.%Y %H:%M:%S", "%Y-%m-%d %H:%M", "%Y%m%d%H%M%S"]),
    zone=st.sampled_from(["local", "utc", "local+offset"]),
    stamp=st.sampled_from(["end", "start"]),
    header=st.booleans(),
    status_column=st.booleans(),
    missing=st.sampled_from(["empty", "zero"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "cp1252"]),
    line_end=st.sampled_from(["\r\n", "\n"]),
    files=st.sampled_from(["task", "meter"]),
    obis_suffix=st.just(True),
    columns=st.permutations(["code", "obis", "time", "value", "unit", "status"]).map(tuple),
)
