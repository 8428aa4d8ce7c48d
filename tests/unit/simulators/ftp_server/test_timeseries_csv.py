"""Tests of the utility's own reader: what it takes, and with which words it refuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from simulators.ftp_server.timeseries_csv import ZONE, Layout, Row, Unreadable, read

CODE = "CH9876501234500000000000000000001"
OBIS = "1-1:1.29.0*255"
HEADER = "Messpunkt;OBIS;Zeitstempel;Wert;Einheit;Status"
QUARTER = timedelta(minutes=15)


def line(label: str, value: str = "0.250", status: str = "W", code: str = CODE) -> str:
    """Make a line in the default layout."""
    return f"{code};{OBIS};{label};{value};kWh;{status}"


def content(*lines: str, header: str | None = HEADER, end: str = "\r\n") -> bytes:
    """Make a file of lines."""
    return "".join(one + end for one in ([header] if header else []) + list(lines)).encode()


def starts(rows: list[Row]) -> list[datetime]:
    """Give where the intervals begin."""
    return [row.start for row in rows]


def why_not(file: bytes, **knobs: Any) -> str:
    """Give the sentence with which a file is refused."""
    with pytest.raises(Unreadable) as caught:
        read(file, Layout.from_mapping(knobs))
    return str(caught.value)


class TestReading:
    """What is as agreed is taken."""

    def test_the_default_layout(self) -> None:
        """A row is stamped at its end in local time; E and F are kept."""
        rows = read(
            content(
                line("03.06.2025 14:15:00", "2.000"),
                line("03.06.2025 14:30:00", "0.125", "E"),
                line("03.06.2025 14:45:00", "", "F"),
            ),
            Layout(),
        )

        noon = datetime(2025, 6, 3, 12, 0, tzinfo=UTC)
        values = [(Decimal("2.000"), "W"), (Decimal("0.125"), "E"), (None, "F")]
        assert [
            Row(CODE, OBIS, noon + n * QUARTER, noon + (n + 1) * QUARTER, energy, status)
            for n, (energy, status) in enumerate(values)
        ] == rows

    @pytest.mark.parametrize(
        ("knobs", "label"),
        [
            pytest.param({"zone": "utc"}, "03.06.2025 12:15:00", id="utc"),
            pytest.param({"zone": "local+offset"}, "2025-06-03T14:15:00+02:00", id="offset"),
            pytest.param({"stamp": "start"}, "03.06.2025 14:00:00", id="start"),
            pytest.param({"time_form": "%Y-%m-%d %H:%M"}, "2025-06-03 14:15", id="form"),
        ],
    )
    def test_knobs_of_time(self, knobs: dict[str, Any], label: str) -> None:
        """The same quarter hour in other words."""
        rows = read(content(line(label)), Layout.from_mapping(knobs))

        assert [datetime(2025, 6, 3, 12, 0, tzinfo=UTC)] == starts(rows)

    def test_knobs_of_signs_and_columns(self) -> None:
        """Separator, decimal mark, decimals, header, status column, line end and BOM."""
        text = f"{CODE}\t{OBIS}\t03.06.2025 14:15:00\t1234,500000\tkWh\n"
        knobs = {
            "separator": "\t",
            "decimal_mark": ",",
            "decimals": 6,
            "header": False,
            "status_column": False,
            "line_end": "lf",
            "encoding": "utf-8-sig",
        }

        (row,) = read(text.encode("utf-8-sig"), Layout.from_mapping(knobs))
        assert (Decimal("1234.500000"), "W") == (row.energy_kwh, row.status)

    def test_other_columns_and_headings(self) -> None:
        """Columns in another order, fewer of them, with names of their own."""
        knobs = {
            "columns": ["time", "code", "obis", "value"],
            "headings": ["point", "obis", "time", "kwh", "", ""],
        }
        file = content(f"03.06.2025 14:15:00;{CODE};{OBIS};1.000", header="time;point;obis;kwh")

        (row,) = read(file, Layout.from_mapping(knobs))
        assert (CODE, Decimal("1.000"), "W") == (row.code, row.energy_kwh, row.status)

    def test_without_status_an_empty_value_is_missing(self) -> None:
        """Without a status column only the value tells."""
        file = content(f"{CODE};{OBIS};03.06.2025 14:15:00;;kWh", header=HEADER[:-7])

        assert "F" == read(file, Layout(status_column=False))[0].status

    def test_a_missing_value_written_as_zero(self) -> None:
        """Where agreed, F stands with 0 and is missing all the same."""
        (row,) = read(content(line("03.06.2025 14:15:00", "0.000", "F")), Layout(missing="zero"))

        assert row.energy_kwh is None

    def test_whole_kilowatt_hours(self) -> None:
        """Without decimals there is no decimal mark."""
        file = content(line("03.06.2025 14:15:00", "12"))

        assert Decimal(12) == read(file, Layout(decimals=0))[0].energy_kwh

    def test_names_instead_of_metering_codes(self) -> None:
        """Where a name is the key, any name will do."""
        file = content(line("03.06.2025 14:15:00", code="Parkplatz 7"))

        assert "Parkplatz 7" == read(file, Layout(key="name"))[0].code


class TestClockChange:
    """Local labels when the clocks change."""

    def labels(self, first: datetime, count: int) -> list[str]:
        """Give the local labels of so many quarter hours that begin here."""
        ends = [first + (n + 1) * QUARTER for n in range(count)]
        return [end.astimezone(ZONE).strftime("%d.%m.%Y %H:%M:%S") for end in ends]

    @pytest.mark.parametrize(
        ("midnight", "count"),
        [
            pytest.param(datetime(2025, 3, 29, 23, tzinfo=UTC), 92, id="spring"),
            pytest.param(datetime(2025, 6, 2, 22, tzinfo=UTC), 96, id="summer"),
            pytest.param(datetime(2025, 10, 25, 22, tzinfo=UTC), 100, id="autumn"),
        ],
    )
    def test_a_day_reads_back(self, midnight: datetime, count: int) -> None:
        """A day of 92, 96 or 100 quarter hours is read in the order of its rows."""
        rows = read(content(*map(line, self.labels(midnight, count))), Layout())

        assert [midnight + n * QUARTER for n in range(count)] == starts(rows)

    def test_two_meters_have_their_own_autumn(self) -> None:
        """The two hours are told apart for each metering point by itself."""
        other = CODE[:-1] + "2"
        labels = self.labels(datetime(2025, 10, 25, 22, tzinfo=UTC), 100)
        file = content(*map(line, labels), *(line(one, code=other) for one in labels))

        rows = read(file, Layout())
        assert starts(rows[:100]) == starts(rows[100:])

    def test_three_times_the_same_label(self) -> None:
        """A third 02:15 on that night is one too many."""
        label = "26.10.2025 02:15:00"

        assert "line 4" in why_not(content(line(label), line(label), line(label)))

    def test_a_time_that_does_not_exist(self) -> None:
        """02:15 on the last Sunday of March is refused."""
        why = why_not(content(line("30.03.2025 02:15:00")))

        assert "line 2: the local time 30.03.2025 02:15 does not exist on that day" == why


class TestGrid:
    """The grid of a series is agreed, known, or found."""

    @pytest.mark.parametrize("minutes", [1, 5, 10, 15, 30, 60])
    def test_it_is_found_from_the_rows(self, minutes: int) -> None:
        """A day in any interval of the field is read with that interval."""
        width = timedelta(minutes=minutes)
        midnight = datetime(2025, 6, 3, tzinfo=UTC)
        count = 24 * 60 // minutes
        labels = [f"{midnight + (n + 1) * width:%d.%m.%Y %H:%M:%S}" for n in range(count)]

        rows = read(content(*map(line, labels)), Layout(zone="utc"))
        assert [midnight + n * width for n in range(count)] == starts(rows)
        assert {width} == {row.end - row.start for row in rows}

    def test_one_row_alone_is_a_quarter_hour(self) -> None:
        """A single row on a full hour is read as a quarter hour."""
        (row,) = read(content(line("03.06.2025 14:00:00")), Layout())

        assert QUARTER == row.end - row.start

    def test_what_was_known_before_holds(self) -> None:
        """A series that had hours before has an hour in a single row, too."""
        known = {(CODE, "1-1:1.29.0"): 60}
        (row,) = read(content(line("03.06.2025 14:00:00")), Layout(), known)

        assert timedelta(hours=1) == row.end - row.start
        with pytest.raises(Unreadable, match="is not on the grid of 60 minutes"):
            read(content(line("03.06.2025 14:15:00")), Layout(), known)

    def test_off_the_agreed_grid(self) -> None:
        """A row between the agreed quarter hours is refused."""
        why = why_not(content(line("03.06.2025 14:20:00")), interval_minutes=15)

        assert f"line 2: 12:20 UTC is not on the grid of 15 minutes of {CODE} {OBIS}" == why

    def test_seconds_are_on_no_grid(self) -> None:
        """A stamp with seconds is refused."""
        assert "12:15:03 UTC is not on a whole minute" in why_not(
            content(line("03.06.2025 14:15:03"))
        )


RIGHT = line("03.06.2025 14:15:00")


class TestRefusals:
    """What is not as agreed is refused with the line and the reason."""

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            (line("03.06.2025 14:15:00", "1.5"), "the value '1.5' is not a number with 3 decimals"),
            (line("03.06.2025 14:15:00", "1,500"), "'1,500' is not a number"),
            (line("03.06.2025 14:15:00", "-1.500"), "'-1.500' is not a number"),
            (line("03.06.2025 14:15:00", "1'000.000"), "is not a number"),
            (line("03.06.2025 14:15:00", "1.500e3"), "is not a number"),
            (line("03.06.2025 14:15:00", "٣.500"), "is not a number"),
            (line("03.06.2025 14:15:00", "", "W"), "the value is empty and the status is W"),
            (line("03.06.2025 14:15:00", "0.000", "F"), "the status is F and there is a value"),
            (line("03.06.2025 14:15:00", "0.000", "V"), "the status is 'V'"),
            (line("03.06.2025 14:15:00", "0.000", "w"), "the status is 'w'"),
            (line("3.6.2025 14:15:00"), "does not have the form"),
            (line("03.06.2025 14:15"), "does not have the form"),
            (line("31.06.2025 14:15:00"), "does not have the form"),
            (line("03.06.2025 14:15:00", code=CODE[:-1]), "has 32 characters, not 33"),
            (line("03.06.2025 14:15:00", code="DE" + CODE[2:]), "has 'D' at position 1"),
            (line("03.06.2025 14:15:00", code=CODE[:12] + "O" + CODE[13:]), "at position 13"),
            (line("03.06.2025 14:15:00", code=CODE[:-1] + "a"), "has 'a' at position 33"),
            (RIGHT.replace("kWh", "Wh"), "the unit is 'Wh' and not kWh"),
            (RIGHT.replace("1-1:", "1.1:"), "is no OBIS code"),
            (RIGHT + ";", "has 7 cells instead of 6"),
            (RIGHT.replace(";", ","), "has 1 cells instead of 6"),
            (RIGHT.replace(CODE, f'"{CODE}"'), "holds a quote"),
            (RIGHT + "\n", "holds a line end or control character"),
            ("", "has 1 cells instead of 6"),
        ],
    )
    def test_a_wrong_line(self, wrong: str, words: str) -> None:
        """The wrong line is named by its number and what is wrong with it."""
        why = why_not(content(RIGHT.replace("14:15", "14:00"), wrong))

        assert why.startswith("line 3: ")
        assert words in why

    def test_the_same_time_twice(self) -> None:
        """A metering point has one value for an interval in a file."""
        why = why_not(content(RIGHT, RIGHT))

        assert f"line 3: 03.06.2025 14:15:00 of {CODE} {OBIS} stands there twice" == why

    def test_a_suffix_makes_no_other_series(self) -> None:
        """The same OBIS code with and without ``*255`` is the same series."""
        assert "stands there twice" in why_not(content(RIGHT, RIGHT.replace("*255", "")))

    def test_rows_out_of_order(self) -> None:
        """Rows of a metering point go forward in time."""
        assert "is not in the order of time" in why_not(
            content(RIGHT, RIGHT.replace("14:15", "14:00"))
        )

    @pytest.mark.parametrize(
        ("file", "words"),
        [
            (b"", "does not end with the agreed line end"),
            (content(), "the file holds no values"),
            (content(RIGHT)[:-2], "does not end with the agreed line end"),
            (content(RIGHT, end="\n"), "does not end with the agreed line end"),
            (content(RIGHT, header=None), "line 1: is not the agreed header"),
            (b"\xef\xbb\xbf" + content(RIGHT), "begins with a byte order mark"),
            (content(RIGHT).replace(b"W\r", b"\xff\r"), "is not utf-8"),
        ],
        ids=["empty", "no rows", "cut", "LF", "no header", "BOM", "bytes"],
    )
    def test_a_wrong_file(self, file: bytes, words: str) -> None:
        """What is wrong with a whole file is said as such."""
        assert words in why_not(file)

    def test_a_missing_mark(self) -> None:
        """Where a byte order mark was agreed it has to be there."""
        assert "does not begin with" in why_not(content(RIGHT), encoding="utf-8-sig")

    def test_a_suffix_that_was_not_agreed(self) -> None:
        """Without the suffix agreed, ``*255`` is refused."""
        assert "carries a suffix" in why_not(content(RIGHT), obis_suffix=False)

    def test_missing_as_zero_is_a_zero(self) -> None:
        """Where missing values are agreed as zero, an F with another value is refused."""
        file = content(line("03.06.2025 14:15:00", "1.000", "F"))

        assert "is not the agreed 0" in why_not(file, missing="zero")

    @pytest.mark.parametrize(
        ("label", "words"),
        [
            ("03.06.2025 14:15:00", "is not of the form"),
            ("2025-06-03T14:15:00Z", "is not of the form"),
            ("2025-06-31T14:15:00+02:00", "does not exist"),
            ("2025-06-03T14:15:00+01:00", "carries an offset that Zurich does not have"),
        ],
    )
    def test_a_wrong_offset(self, label: str, words: str) -> None:
        """With offsets agreed, a label without one or with a wrong one is refused."""
        assert words in why_not(content(line(label)), zone="local+offset")

    def test_a_nameless_point(self) -> None:
        """A name may be anything but nothing."""
        assert "has no name" in why_not(content(line("03.06.2025 14:15:00", code="")), key="name")


@pytest.mark.parametrize(
    "knobs",
    [
        {"colour": "red"},
        {"zone": "mars"},
        {"separator": ""},
        {"columns": ["code", "time"]},
        {"headings": ["one"]},
    ],
    ids=str,
)
def test_layouts_that_cannot_be(knobs: dict[str, Any]) -> None:
    """A layout with an unknown knob or an impossible choice is a mistake of who made it."""
    with pytest.raises(ValueError, match=next(iter(knobs))):
        Layout.from_mapping(knobs)
