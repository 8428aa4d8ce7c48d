"""IS-E registers and feed as CSV: write, and read back."""

from __future__ import annotations

import tomllib
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.unmeasured import unmeasured

from backend.core.days import day_bounds
from backend.core.formats.daily import check_codes
from backend.core.formats.ise_daily_csv import (
    FEED_KNOBS,
    READINGS_KNOBS,
    FeedCsv,
    ReadingsCsv,
    carried,
    read,
    write,
)
from backend.core.formats.layout import KNOBS, Layout
from backend.core.formats.row import Numbers, Row, Values
from backend.core.intervals import Status
from backend.core.obis_tables import FEED, IS_E
from backend.errors import LayoutError, ObisError

CODE = "CH98765012345AAAAAAAAAAAAAAA00001"
DAY, SPRING, AUTUMN = date(2025, 6, 3), date(2025, 3, 30), date(2025, 10, 26)
ONE_DAY = timedelta(days=1)
W, E, F = Status.TRUE, Status.ESTIMATED, Status.MISSING
FEW = settings(max_examples=120, deadline=None, derandomize=True)
HEADER = b"Messpunkt;OBIS;Zeitstempel;Wert;Einheit;Status\r\n"


def row(
    day: date = DAY,
    obis: str = "1-1:1.8.0",
    value: str | None = "1234.500",
    status: Status = W,
    **more: Any,
) -> Row:
    """Make a row of a day."""
    kwh = None if value is None else Decimal(value)
    return replace(Row(CODE, obis, *day_bounds(day), kwh, status), **more)


class TestReadings:
    """Registers at the ends of days."""

    def test_the_bytes(self) -> None:
        """A row looks like one of a time series, and bears the end of its day."""
        rows = [
            row(DAY + ONE_DAY, value="1240.125", status=E),
            row(),
            row(obis="1-1:5.8.0", value="7"),
            row(DAY + ONE_DAY, "9-1:1.0.0", None, F),
        ]
        start = CODE.encode()
        assert HEADER + b"".join(
            start + b";" + line + b"\r\n"
            for line in (
                b"1-1:1.8.0;04.06.2025 00:00:00;1234.500;kWh;W",
                b"1-1:1.8.0;05.06.2025 00:00:00;1240.125;kWh;E",
                b"1-1:5.8.0;04.06.2025 00:00:00;7.000;kvarh;W",
                b"9-1:1.0.0;05.06.2025 00:00:00;;m3;F",
            )
        ) == write(rows, ReadingsCsv())

    @pytest.mark.parametrize(
        ("knobs", "line"),
        [
            ({"stamp": "start"}, f"{CODE};1-1:1.8.0;03.06.2025 00:00:00;1234.500;kWh;W"),
            ({"zone": "utc"}, f"{CODE};1-1:1.8.0;03.06.2025 22:00:00;1234.500;kWh;W"),
            (
                {"zone": "local+offset"},
                f"{CODE};1-1:1.8.0;2025-06-04T00:00:00+02:00;1234.500;kWh;W",
            ),
            (
                {"decimals": 4, "decimal_mark": ",", "separator": "|"},
                f"{CODE}|1-1:1.8.0|04.06.2025 00:00:00|1234,5000|kWh|W",
            ),
            ({"status_column": False}, f"{CODE};1-1:1.8.0;04.06.2025 00:00:00;1234.500;kWh"),
            ({"time_form": "%Y-%m-%d %H:%M"}, f"{CODE};1-1:1.8.0;2025-06-04 00:00;1234.500;kWh;W"),
            (
                {"columns": ["time", "value", "code", "obis"]},
                f"04.06.2025 00:00:00;1234.500;{CODE};1-1:1.8.0",
            ),
            ({"key": "factory_no"}, "38157930;1-1:1.8.0;04.06.2025 00:00:00;1234.500;kWh;W"),
        ],
    )
    def test_knobs(self, knobs: dict[str, Any], line: str) -> None:
        """Each turns what it says, and the file reads back as it is carried."""
        form = ReadingsCsv.from_mapping({"header": False, "line_end": "lf", **knobs}, "format")
        rows = [row(numbers=Numbers(factory_no="38157930"))]
        content = write(rows, form)
        assert f"{line}\n".encode() == content
        assert carried(rows, form) == read(content, form)

    def test_nothing(self) -> None:
        """A header, or nothing at all."""
        assert HEADER == write([], ReadingsCsv())
        assert [] == read(HEADER, ReadingsCsv())
        assert [] == read(b"", ReadingsCsv(header=False))

    @pytest.mark.parametrize("day", [SPRING, AUTUMN, SPRING - ONE_DAY, AUTUMN + ONE_DAY])
    def test_days_around_the_change_of_the_clock(self, day: date) -> None:
        """They are days like any other, of 23 or 25 hours."""
        for stamp in ("start", "end"):
            form = ReadingsCsv(stamp=stamp)
            assert [row(day)] == read(write([row(day)], form), form)


class TestFeed:
    """Energies of days."""

    def test_the_bytes(self) -> None:
        """Under D = 9."""
        rows = [row(obis="1-1:1.9.0", value="11.001")]
        assert HEADER + (
            f"{CODE};1-1:1.9.0;04.06.2025 00:00:00;11.001;kWh;W\r\n".encode()
        ) == write(rows, FeedCsv())
        assert rows == read(write(rows, FeedCsv()), FeedCsv())

    def test_what_it_has(self) -> None:
        """The two formats differ in what they have of each meter, and under which codes."""
        assert (Values.READINGS, Values.FEED) == (ReadingsCsv.values, FeedCsv.values)
        assert (IS_E, FEED) == (ReadingsCsv.table, FeedCsv.table)
        assert (("1-1:1.8.0",), ("1-1:1.9.0",)) == (ReadingsCsv().obis, FeedCsv().obis)


class TestRefusals:
    """What cannot be written so that it reads back."""

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            (
                {"end": day_bounds(DAY)[1] - timedelta(minutes=15)},
                f"{CODE} 2025-06-02T22:00:00+00:00: 2025-06-02T22:00:00+00:00 to "
                "2025-06-03T21:45:00+00:00 is no local day; give whole days",
            ),
            (
                {"start": day_bounds(DAY)[0] + timedelta(minutes=15)},
                f"{CODE} 2025-06-02T22:15:00+00:00: 2025-06-02T22:15:00+00:00 to "
                "2025-06-03T22:00:00+00:00 is no local day; give whole days",
            ),
            (
                {"end": day_bounds(DAY)[1] + ONE_DAY},
                f"{CODE} 2025-06-02T22:00:00+00:00: 2025-06-02T22:00:00+00:00 to "
                "2025-06-04T22:00:00+00:00 is no local day; give whole days",
            ),
            (
                {"energy_kwh": Decimal("-1")},
                f"{CODE} 2025-06-02T22:00:00+00:00: -1 kWh is no value of a meter; "
                "look at the register",
            ),
            (
                {"energy_kwh": None},
                f"{CODE} 2025-06-02T22:00:00+00:00: energy None does not go with status W; "
                "give F no energy",
            ),
            (
                {"code": "a;b"},
                "name 'a;b': position 2: ';' would break the file; "
                "use letters, digits and simple signs",
            ),
            (
                {"obis": "=1"},
                "OBIS code '=1': position 1: '=' begins a formula; "
                "use letters, digits and simple signs",
            ),
        ],
    )
    def test_a_row(self, change: dict[str, Any], sentence: str) -> None:
        """The error says whose, when and what."""
        with pytest.raises(LayoutError) as caught:
            write([row(**change)], ReadingsCsv())
        assert sentence == str(caught.value)

    def test_a_name_that_a_meter_does_not_have(self) -> None:
        """A file cannot call it by that."""
        form = ReadingsCsv(key="internal_no")
        with pytest.raises(LayoutError) as caught:
            write([row()], form)
        assert f"meter '{CODE}': it has no internal_no; give it its internal_no" == str(
            caught.value
        )

    def test_a_form_that_was_not_checked(self) -> None:
        """It is, before anything is written or read."""
        for form, sentence in (
            (ReadingsCsv(zone="CET"), "layout: zone is 'CET'; use 'local' or "),
            (ReadingsCsv(obis=("1-1:1.9.0",)), "layout, key 'obis': '1-1:1.9.0' (electricity"),
        ):
            for use in (lambda one: write([], one), lambda one: read(HEADER, one)):
                with pytest.raises((LayoutError, ObisError)) as caught:
                    use(form)
                assert str(caught.value).startswith(sentence)

    @pytest.mark.parametrize(
        ("line", "sentence"),
        [
            ("A;1-1:1.8.0;04.06.2025 00:15:00;1.000;kWh;W", "2025-06-03T22:15:00+00:00 is no"),
            ("A;1-1:1.8.0;04.06.2025;1.000;kWh;W", "'04.06.2025' does not have the form"),
            ("A;1-1:1.8.0;04.06.2025 00:00:00;1.00;kWh;W", "'1.00' is no energy with 3 decimals"),
            ("A;1-1:5.8.0;04.06.2025 00:00:00;1.000;kWh;W", "the unit is 'kWh'; use kvarh"),
            ("A;1-1:1.8.0;04.06.2025 00:00:00;1.000;kWh;V", "the status is 'V'; use W, E or F"),
            ("A;1-1:1.8.0;04.06.2025 00:00:00;;kWh;W", "status W without an energy"),
            ("A;1-1:1.8.0;04.06.2025 00:00:00;1.000;kWh", "5 cells instead of 6"),
        ],
    )
    def test_a_line(self, line: str, sentence: str) -> None:
        """What is no row is told with its line."""
        good = b"A;1-1:1.8.0;03.06.2025 00:00:00;1.000;kWh;W\r\n"
        with pytest.raises(LayoutError) as caught:
            read(HEADER + good + line.encode() + b"\r\n", ReadingsCsv())
        assert str(caught.value).startswith(f"line 3: {sentence}")

    @pytest.mark.parametrize("stamp", ["start", "end"])
    @pytest.mark.parametrize("label", ["0001-01-01 00:00", "9999-12-31 23:00", "2025-06-04 00:00"])
    def test_what_is_no_local_midnight(self, stamp: str, label: str) -> None:
        """Whatever year it is said to be."""
        form = ReadingsCsv(zone="utc", time_form="%Y-%m-%d %H:%M", stamp=stamp, header=False)
        said = f"{label[:10]}T{label[11:]}:00+00:00"
        with pytest.raises(LayoutError) as caught:
            read(f"A;1-1:1.8.0;{label};1.000;kWh;W\r\n".encode(), form)
        assert f"line 1: {said} is no local midnight; give whole days" == str(caught.value)


class TestSettings:
    """What can be set."""

    @pytest.mark.parametrize(
        ("form", "knobs"), [(ReadingsCsv, READINGS_KNOBS), (FeedCsv, FEED_KNOBS)]
    )
    def test_every_knob(self, form: type[ReadingsCsv], knobs: Any) -> None:
        """Each is an attribute, with its default; its example is another value that it takes."""
        left_out = {"interval_minutes", "only_basic_data"}
        assert {one.name for one in fields(form)} - left_out == {knob.name for knob in knobs}
        assert [knob.name for knob in knobs][1:] == [
            knob.name for knob in KNOBS if knob.name not in left_out
        ]
        for knob in knobs:
            assert getattr(form(), knob.name) == knob.default
            value = tomllib.loads(f"value = {knob.example}")["value"]
            more = {"separator": ";"} if knob.name == "decimal_mark" else {}
            made = form.from_mapping({knob.name: value, **more}, "format")
            assert knob.default != getattr(made, knob.name)
            assert isinstance(made, form)

    @pytest.mark.parametrize("name", ["interval_minutes", "only_basic_data"])
    def test_knobs_of_intervals(self, name: str) -> None:
        """What has no meaning for a day is no knob."""
        with pytest.raises(LayoutError) as caught:
            ReadingsCsv.from_mapping({name: 15}, "[[format]] 'x'")
        assert str(caught.value).startswith(f"[[format]] 'x': there is no knob '{name}'; use col")

    @pytest.mark.parametrize(
        ("form", "value", "sentence"),
        [
            (
                ReadingsCsv,
                ["1-1:1.9.0"],
                "[[format]] 'x', key 'obis': '1-1:1.9.0' (electricity, main meter, active energy "
                "import, energy of a period (Vorschub), all tariffs) is not listed for this "
                "format; use of its 14 codes: 1-1:1.8.0, 1-1:1.8.1, 1-1:1.8.2, 1-1:2.8.0, "
                "1-1:2.8.1, 1-1:2.8.2, …",
            ),
            (
                FeedCsv,
                ["1-1:1.8.0"],
                "[[format]] 'x', key 'obis': '1-1:1.8.0' (electricity, main meter, active energy "
                "import, register reading, all tariffs) is not listed for this format; use of "
                "its 10 codes: 1-1:1.9.0, 1-1:1.9.1, 1-1:1.9.2, 1-1:2.9.0, 1-1:2.9.1, 1-1:2.9.2, "
                "…",
            ),
            (
                FeedCsv,
                "1-1:1.9.0; 01-1:1.9.0;",
                "[[format]] 'x', key 'obis': '01-1:1.9.0' is there twice; take one out",
            ),
            (
                FeedCsv,
                ["1-1:1.9.0", 7],
                "[[format]] 'x', key 'obis': is ('1-1:1.9.0', 7); "
                "write a list of OBIS codes in quotes",
            ),
            (
                FeedCsv,
                [],
                "[[format]] 'x', key 'obis': is (); write a list of OBIS codes in quotes",
            ),
            (FeedCsv, 7, "[[format]] 'x', key 'obis': is 7; write a list of OBIS codes in quotes"),
            (
                FeedCsv,
                "",
                "[[format]] 'x', key 'obis': '' is no OBIS code; write it as \"1-1:1.29.0*255\"",
            ),
        ],
    )
    def test_codes(self, form: type[ReadingsCsv], value: object, sentence: str) -> None:
        """FMT-07: what the format does not list is refused where it is set."""
        with pytest.raises((LayoutError, ObisError)) as caught:
            form.from_mapping({"obis": value}, "[[format]] 'x'")
        assert sentence == str(caught.value)

    def test_a_list_of_codes(self) -> None:
        """As TOML has one, or as document 002 writes it."""
        for value in (["1-1:1.8.1", "1-1:1.8.2"], "1-1:1.8.1; 1-1:1.8.2; "):
            form = ReadingsCsv.from_mapping({"obis": value}, "format")
            assert ("1-1:1.8.1", "1-1:1.8.2") == form.obis

    def test_a_list_is_no_tuple(self) -> None:
        """A form that was made otherwise than of settings is checked as well."""
        with pytest.raises(LayoutError, match=r"^here, key 'obis': is \['1-1:1.8.0'\]; write a"):
            check_codes(["1-1:1.8.0"], IS_E, "here")

    def test_other_knobs(self) -> None:
        """They are checked as those of a time series are."""
        with pytest.raises(LayoutError, match=r"^here: separator and decimal_mark are the same"):
            FeedCsv.from_mapping({"separator": ",", "decimal_mark": ","}, "here")


# ---------------------------------------------------------------- any rows


LAYOUTS = st.fixed_dictionaries(
    {
        "separator": st.sampled_from([";", "\t", "|"]),
        "decimal_mark": st.sampled_from([".", ","]),
        "decimals": st.integers(0, 6),
        "zone": st.sampled_from(["local", "utc", "local+offset"]),
        "stamp": st.sampled_from(["start", "end"]),
        "header": st.booleans(),
        "status_column": st.booleans(),
        "missing": st.sampled_from(["empty", "zero"]),
        "encoding": st.sampled_from(["utf-8", "utf-8-sig"]),
        "line_end": st.sampled_from(["\r\n", "\n"]),
        "obis_suffix": st.booleans(),
        "key": st.sampled_from(["metering_code", "factory_no"]),
    }
)
NAMES = st.text("abcÄöü éß<&>'#%$§°0123456789-+=@.,", min_size=1, max_size=12).filter(
    lambda name: name == name.strip() and name[0] not in "=+-@'"
)
DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31)) | st.sampled_from([SPRING, AUTUMN])


@unmeasured
@pytest.mark.parametrize("form", [ReadingsCsv, FeedCsv])
@FEW
@given(data=st.data())
def test_any_rows_in_any_layout(form: type[ReadingsCsv], data: st.DataObject) -> None:
    """Names, figures, codes, days and layouts at random come back as they are carried."""
    layout = form(**data.draw(LAYOUTS))
    codes = st.sampled_from([*form.table, "1-5:1.8.3", "1-5:1.9.63*255"])
    keys = st.sets(st.tuples(NAMES, codes, DAYS), max_size=8)
    rows: list[Row] = []
    for name, obis, day in sorted(data.draw(keys)):
        status = data.draw(st.sampled_from(Status))
        steps = data.draw(st.integers(0, 10**12 - 1))
        energy = None if status is F else Decimal(steps).scaleb(-layout.decimals)
        numbers = Numbers(factory_no=f"x{name}")
        rows.append(Row(name, obis, *day_bounds(day), energy, status, numbers))
    assert carried(rows, layout) == read(write(rows, layout), layout)


@unmeasured
@FEW
@given(st.text(min_size=1, max_size=8))
def test_any_name_survives_or_is_refused(name: str) -> None:
    """FMT-11: there is no third way."""
    rows = [row(code=name)]
    try:
        content = write(rows, ReadingsCsv())
    except LayoutError:
        return
    assert rows == read(content, ReadingsCsv())


def test_what_a_layout_does_not_carry() -> None:
    """An estimated value without a column of status reads as true, a missing one as zero."""
    layout = ReadingsCsv(status_column=False, missing="zero", key="internal_no")
    numbers = Numbers(internal_no="TG-7")
    rows = [
        row(status=E, numbers=numbers),
        row(DAY + ONE_DAY, value=None, status=F, numbers=numbers),
    ]
    wanted = [
        row(status=W, code="TG-7"),
        row(DAY + ONE_DAY, value="0", status=W, code="TG-7"),
    ]
    assert wanted == carried(rows, layout)
    assert wanted == read(write(rows, layout), layout)


def test_an_instant_with_a_zone_of_its_own() -> None:
    """A day is a day, whatever zone its instants are told in."""
    start, end = day_bounds(DAY)
    there = row(start=start.astimezone(UTC), end=datetime.fromisoformat("2025-06-04T00:00+02:00"))
    assert end == there.end
    assert [row()] == read(write([there], ReadingsCsv()), ReadingsCsv())
    assert isinstance(ReadingsCsv(), Layout)
