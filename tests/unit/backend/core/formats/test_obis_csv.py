"""CSV whose columns are a list of OBIS codes: write, and read back."""

from __future__ import annotations

import tomllib
from dataclasses import fields, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.core.days import day_bounds
from backend.core.formats.obis_csv import KNOBS, ObisCsv, carried, header_of, read, write
from backend.core.formats.row import Numbers, Row, Values
from backend.core.intervals import Status
from backend.core.obis import Obis
from backend.core.obis_tables import CSV
from backend.errors import LayoutError, ObisError

CODE = "CH98765012345AAAAAAAAAAAAAAA00001"
DAY, SPRING, AUTUMN = date(2025, 6, 3), date(2025, 3, 30), date(2025, 10, 26)
ONE_DAY = timedelta(days=1)
W, E, F = Status.TRUE, Status.ESTIMATED, Status.MISSING
FEW = settings(max_examples=120, deadline=None, derandomize=True)
SIX = "1-0:1.8.0*255;1-0:1.8.1*255;1-0:1.8.2*255;1-0:2.8.0*255;1-0:2.8.1*255;1-0:2.8.2*255;"
"""Document 002 "Test Files"."""
FORM = ObisCsv.from_mapping({"obis": SIX}, "format")
HEADER = b"Messpunkt;Zeitstempel;" + SIX.removesuffix(";").encode() + b"\r\n"
AT = f"{CODE} 2025-06-02T22:00:00+00:00"


def row(
    obis: str = "1-0:1.8.0*255",
    value: str | None = "1234.500",
    status: Status = W,
    day: date = DAY,
    **more: Any,
) -> Row:
    """Make a row of a day."""
    kwh = None if value is None else Decimal(value)
    return replace(Row(CODE, obis, *day_bounds(day), kwh, status), **more)


class TestWriting:
    """A line has what the meter is called, the end of the day, and a cell for each code."""

    def test_the_bytes(self) -> None:
        """A register that the meter does not have, or that is not known, is an empty cell."""
        rows = [
            row("1-0:2.8.0", "7.5", E, DAY + ONE_DAY),
            row("1-0:1.8.2", "40.25"),
            row("1-00:1.08.0*255", "104.25"),
            row("1-0:2.8.0", None, F),
            row(code="A", value="0"),
        ]
        assert HEADER + (
            f"A;04.06.2025 00:00:00;0.000;;;;;\r\n"
            f"{CODE};04.06.2025 00:00:00;104.250;;40.250;;;\r\n"
            f"{CODE};05.06.2025 00:00:00;;;;7.500;;\r\n".encode()
        ) == write(rows, FORM)

    def test_nothing(self) -> None:
        """A header, or nothing at all."""
        assert HEADER == write([], FORM)
        assert b"" == write([], replace(FORM, header=False))
        assert [] == read(HEADER, FORM)

    def test_one_column(self) -> None:
        """The default is the register of imported energy."""
        assert "Messpunkt;Zeitstempel;1-0:1.8.0*255" == header_of(ObisCsv())
        assert Values.READINGS is ObisCsv.values

    @pytest.mark.parametrize(
        ("knobs", "line"),
        [
            ({"stamp": "start"}, f"{CODE};03.06.2025 00:00:00;1234.500;2.000"),
            ({"zone": "utc"}, f"{CODE};03.06.2025 22:00:00;1234.500;2.000"),
            ({"zone": "local+offset"}, f"{CODE};2025-06-04T00:00:00+02:00;1234.500;2.000"),
            (
                {"decimals": 1, "decimal_mark": ",", "separator": "\t"},
                f"{CODE}\t04.06.2025 00:00:00\t1234,5\t2,0",
            ),
            ({"time_form": "%Y%m%d%H%M"}, f"{CODE};202506040000;1234.500;2.000"),
            ({"key": "device_location_id"}, "Süd & Ost;04.06.2025 00:00:00;1234.500;2.000"),
        ],
    )
    def test_knobs(self, knobs: dict[str, Any], line: str) -> None:
        """Each turns what it says, and the file reads back as it is carried."""
        base = {"obis": "1-0:1.8.0;1-1:5.8.0", "header": False, "line_end": "lf"}
        form = ObisCsv.from_mapping(base | knobs, "format")
        numbers = Numbers(device_location_id="Süd & Ost")
        rows = [row(numbers=numbers), row("1-1:5.8.0*255", "2", numbers=numbers)]
        content = write(rows, form)
        assert f"{line}\n".encode() == content
        assert carried(rows, form) == read(content, form)

    @pytest.mark.parametrize(
        ("rows", "sentence"),
        [
            (
                [row("1-1:1.8.0")],
                f"{AT}: '1-1:1.8.0' has no place in the line; look at obis",
            ),
            (
                [row(), row("1-0:1.8.0")],
                f"{AT}: '1-0:1.8.0' has no place in the line; look at obis",
            ),
            ([row("x")], f"{AT}: 'x' is no OBIS code; write it as \"1-1:1.29.0*255\""),
            (
                [row(end=day_bounds(DAY)[1] - timedelta(hours=1))],
                f"{AT}: 2025-06-02T22:00:00+00:00 to 2025-06-03T21:00:00+00:00 is no local day; "
                "give whole days",
            ),
            (
                [row(), row("1-0:1.8.1", end=day_bounds(DAY)[1] - timedelta(hours=1))],
                f"{AT}: '1-0:1.8.1' has no place in the line; look at obis",
            ),
            (
                [row(value="1.0001")],
                f"{AT}: 1.0001 kWh has more than 3 decimals; "
                "make the intervals with the decimals of the layout",
            ),
            (
                [row(code="a;b")],
                "name 'a;b': position 2: ';' would break the file; "
                "use letters, digits and simple signs",
            ),
        ],
    )
    def test_what_cannot_be_written(self, rows: list[Row], sentence: str) -> None:
        """It is refused, with the place."""
        with pytest.raises((LayoutError, ObisError)) as caught:
            write(rows, FORM)
        assert sentence == str(caught.value)

    def test_two_meters_of_one_name(self) -> None:
        """Their registers must not become one line."""
        rows = [row(code=one, numbers=Numbers(factory_no="7")) for one in ("A", "B")]
        with pytest.raises(
            LayoutError, match=r"^7 2025-.* has no place in the line; look at obis$"
        ):
            write(rows, replace(FORM, key="factory_no"))


class TestReading:
    """What is no such file is told with its line."""

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (b"A;B\r\n", f"line 1: the header is not that of the layout; expected {'M'!r}"),
            (HEADER + b"A", "file: the last line is not closed; deliver it whole"),
            (
                HEADER + b"A;04.06.2025 00:00:00;1.000;;;;;;\r\n",
                "line 2: 9 cells instead of 8; check separator and obis",
            ),
            (
                HEADER + b"A;04.06.2025 00:00:00;1.000\r\n",
                "line 2: 3 cells instead of 8; check separator and obis",
            ),
            (
                HEADER + b"A;04.06.2025 12:00:00;1.000;;;;;\r\n",
                "line 2: 2025-06-04T10:00:00+00:00 is no local midnight; give whole days",
            ),
            (
                HEADER + b"A;noon;1.000;;;;;\r\n",
                "line 2: 'noon' does not have the form '%d.%m.%Y %H:%M:%S'; "
                "check time_form and zone",
            ),
            (
                HEADER + b"A;04.06.2025 00:00:00;1.000;-1.000;;;;\r\n",
                "line 2: '-1.000' is no energy with 3 decimals; check decimal_mark and decimals",
            ),
            (
                HEADER + b"=A;04.06.2025 00:00:00;1.000;;;;;\r\n",
                "line 2, code: position 1: '=' begins a formula; "
                "use letters, digits and simple signs",
            ),
        ],
    )
    def test_a_wrong_file(self, content: bytes, sentence: str) -> None:
        """It says which line, what and what to look at."""
        with pytest.raises(LayoutError) as caught:
            read(content, FORM)
        assert sentence.replace("'M'", repr(HEADER.decode().strip())) == str(caught.value)

    def test_a_form_that_was_not_checked(self) -> None:
        """It is, before anything is written or read."""
        for form, sentence in (
            (ObisCsv(stamp="noon"), "layout: stamp is 'noon'"),
            (ObisCsv(obis=("1-1:1.8.0",)), "layout, key 'obis': '1-1:1.8.0' (electricity, main"),
        ):
            for use in (lambda one: write([], one), lambda one: read(b"", one)):
                with pytest.raises((LayoutError, ObisError)) as caught:
                    use(form)
                assert str(caught.value).startswith(sentence)


class TestSettings:
    """What can be set."""

    def test_every_knob(self) -> None:
        """Each is an attribute, with its default; its example is another value that it takes."""
        assert {one.name for one in fields(ObisCsv)} - ObisCsv.left_out == {
            knob.name for knob in KNOBS
        }
        for knob in KNOBS:
            assert getattr(ObisCsv(), knob.name) == knob.default
            value = tomllib.loads(f"value = {knob.example}")["value"]
            more = {"separator": ";"} if knob.name == "decimal_mark" else {}
            made = ObisCsv.from_mapping({knob.name: value, **more}, "format")
            assert knob.default != getattr(made, knob.name)

    @pytest.mark.parametrize("name", sorted(ObisCsv.left_out))
    def test_knobs_without_a_meaning(self, name: str) -> None:
        """What the file has no place for is no knob."""
        with pytest.raises(LayoutError, match=f"^here: there is no knob '{name}'; use decimal_m"):
            ObisCsv.from_mapping({name: "x"}, "here")

    def test_a_code_of_another_table(self) -> None:
        """FMT-07: it is refused where it is set, and told for what it is."""
        with pytest.raises(ObisError) as caught:
            ObisCsv.from_mapping({"obis": "1-0:1.8.0*255;1-1:1.29.0*255"}, "here")
        assert (
            "here, key 'obis': '1-1:1.29.0*255' (electricity, main meter, active energy import, "
            "load profile, all tariffs) is not listed for this format; use of its 14 codes: "
            "1-0:1.8.0*255, 1-0:1.8.1*255, 1-0:1.8.2*255, 1-0:2.8.0*255, 1-0:2.8.1*255, "
            "1-0:2.8.2*255, …"
        ) == str(caught.value)


# ---------------------------------------------------------------- any rows


NAMES = st.text("abcÄöü éß<&>'#%$§°0123456789-+=@.,", min_size=1, max_size=12).filter(
    lambda name: name == name.strip() and name[0] not in "=+-@'"
)
DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31)) | st.sampled_from([SPRING, AUTUMN])
KNOBS_SET = st.fixed_dictionaries(
    {
        "separator": st.sampled_from([";", "\t", "|"]),
        "decimal_mark": st.sampled_from([".", ","]),
        "decimals": st.integers(0, 6),
        "zone": st.sampled_from(["local", "utc", "local+offset"]),
        "stamp": st.sampled_from(["start", "end"]),
        "header": st.booleans(),
        "encoding": st.sampled_from(["utf-8", "utf-8-sig"]),
        "line_end": st.sampled_from(["\r\n", "\n"]),
        "obis": st.lists(st.sampled_from(list(CSV)), min_size=1, unique=True).map(tuple),
    }
)


@FEW
@given(data=st.data())
def test_any_rows_in_any_layout(data: st.DataObject) -> None:
    """Names, figures, codes, days and layouts at random come back as they are carried."""
    layout = ObisCsv(**data.draw(KNOBS_SET))
    keys = st.sets(st.tuples(NAMES, st.sampled_from(layout.obis), DAYS), max_size=10)
    rows: list[Row] = []
    for name, obis, day in sorted(data.draw(keys)):
        status = data.draw(st.sampled_from(Status))
        steps = data.draw(st.integers(0, 10**12 - 1))
        energy = None if status is F else Decimal(steps).scaleb(-layout.decimals)
        spelled = data.draw(st.sampled_from([obis, f"{obis}*255"]))
        rows.append(Row(name, spelled, *day_bounds(day), energy, status))
    found = read(write(rows, layout), layout)
    assert carried(rows, layout) == found
    assert {(one.code, Obis.parse(one.obis), one.energy_kwh) for one in rows if one.energy_kwh} == {
        (one.code, Obis.parse(one.obis), one.energy_kwh) for one in found if one.energy_kwh
    }


@FEW
@given(st.text(min_size=1, max_size=8))
def test_any_name_survives_or_is_refused(name: str) -> None:
    """FMT-11: there is no third way."""
    rows = [row(code=name)]
    try:
        content = write(rows, FORM)
    except LayoutError:
        return
    assert rows == read(content, FORM)
