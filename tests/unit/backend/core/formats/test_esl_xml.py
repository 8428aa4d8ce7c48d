"""Register readings as ESLBillingData: written, and read."""

from __future__ import annotations

import time
import tomllib
from dataclasses import astuple, fields, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import combinations
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.unmeasured import unmeasured

from backend.core.days import day_bounds
from backend.core.formats import esl_xml
from backend.core.formats.esl_xml import (
    KNOBS,
    ReadingsXml,
    RegisterValue,
    carried,
    read,
    rows_in,
    write,
)
from backend.core.formats.row import KEYS, Numbers, Row, Values
from backend.core.intervals import Status
from backend.errors import LayoutError, ObisError, UnreadableFile


def file(rows: str, meter: str = 'factoryNo="4711" internalNo="12"', root: str = "") -> bytes:
    """Write a file of one meter and one period."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<ESLBillingData{root}>\n'
        '<Header version="1.0" created ="2025-06-01T00:00:00" swSystemNameFrom="A" />\n'
        f'<Meter {meter}>\n<TimePeriod end="2025-06-01T00:00:00">\n{rows}\n</TimePeriod>\n'
        "</Meter>\n</ESLBillingData>\n"
    ).encode()


MIDNIGHT = datetime(2025, 5, 31, 22, tzinfo=UTC)
ROW = '<ValueRow obis="1-1:1.8.1" value="4755.3000" status="V"/>'


def test_registers_and_maxima() -> None:
    """Registers stand at the end of their period; maxima say when they stood."""
    maximum = (
        '<ValueRow obis="1-1:1.6.1" valueTimeStamp="2025-05-05T08:45:00" value="6.3" status="V"/>'
    )
    stood = datetime(2025, 5, 5, 6, 45, tzinfo=UTC)
    found = read(file(maximum + ROW))
    names = {"factory_no": "4711", "internal_no": "12"}
    assert [
        RegisterValue("4711", "1-1:1.6.1", MIDNIGHT, stood, Decimal("6.3"), "V", names),
        RegisterValue("4711", "1-1:1.8.1", MIDNIGHT, None, Decimal("4755.3000"), "V", names),
    ] == found
    assert "4755.3000" == str(found[1].value)


@pytest.mark.parametrize(
    ("meter", "name"),
    [
        ('meteringCode="CH1" factoryNo="2"', "CH1"),
        ('factoryNo="" internalNo="12"', "12"),
        ('deviceLocationID="Keller"', "Keller"),
    ],
)
def test_what_a_meter_is_called(meter: str, name: str) -> None:
    """The first of its numbers that the file has."""
    assert [name] == [one.meter for one in read(file(ROW, meter))]


def test_names_in_a_namespace() -> None:
    """Whether they have one is not public, so both are read."""
    assert 1 == len(read(file(ROW, root=' xmlns="http://example.ch/esl"')))


def test_times_with_offset(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are what they say, in UTC wherever the backend runs."""
    content = file(ROW).replace(b'end="2025-06-01T00:00:00"', b'end="2025-06-01T00:00:00+00:00"')
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        (found,) = read(content)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert "2025-06-01 00:00:00+00:00" == str(found.at)


def test_several_meters() -> None:
    """Each has its own name, periods and registers, and what is not said is empty."""
    content = (
        b'<ESLBillingData><Meter factoryNo="1"><TimePeriod end="2025-06-01T00:00:00">'
        b'<ValueRow value="1"/></TimePeriod><TimePeriod end="2025-06-02T00:00:00+02:00">'
        b'<ValueRow value="2"/></TimePeriod></Meter><Meter factoryNo="2">'
        b'<TimePeriod end="2025-06-01T00:00:00"><ValueRow value="3"/></TimePeriod></Meter>'
        b"</ESLBillingData>"
    )
    one, two = {"factory_no": "1"}, {"factory_no": "2"}
    assert [
        RegisterValue("1", "", MIDNIGHT, None, Decimal(1), "", one),
        RegisterValue("1", "", MIDNIGHT + timedelta(days=1), None, Decimal(2), "", one),
        RegisterValue("2", "", MIDNIGHT, None, Decimal(3), "", two),
    ] == read(content)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"<Other/>", "file: is <Other>; give <ESLBillingData>"),
        (
            b"<!DOCTYPE a><ESLBillingData/>",
            "file: declares a document type; write it without <!DOCTYPE",
        ),
        (
            b"<ESLBillingData><!ENTITY b 'c'></ESLBillingData>",
            "file: declares a document type; write it without <!DOCTYPE",
        ),
        (
            file(ROW, 'name="1"'),
            "meter 1: has none of meteringCode, factoryNo, internalNo, deviceLocationID; "
            "say whose readings these are",
        ),
        (
            file(ROW).replace(b"</ESL", b"<Meter/></ESL"),
            "meter 2: has none of meteringCode, factoryNo, internalNo, deviceLocationID; "
            "say whose readings these are",
        ),
        (
            file(ROW.replace("4755.3000", "4 755")),
            "meter '4711', 1-1:1.8.1: '4 755' is no number; write digits and a point",
        ),
        (
            file("<ValueRow/>"),
            "meter '4711', without OBIS code: '' is no number; write digits and a point",
        ),
        (
            file(ROW.replace("4755.3000", "Infinity")),
            "meter '4711', 1-1:1.8.1: 'Infinity' is no number; write digits and a point",
        ),
        (
            file(ROW).replace(b'end="2025-06-01T00:00:00"', b'end="gestern"'),
            "meter '4711': 'gestern' is no time; write it like 2019-01-01T00:00:00",
        ),
        (
            file(ROW).replace(b' end="2025-06-01T00:00:00"', b""),
            "meter '4711': '' is no time; write it like 2019-01-01T00:00:00",
        ),
        (
            file(ROW.replace("value=", 'valueTimeStamp="12 Uhr" value=')),
            "meter '4711': '12 Uhr' is no time; write it like 2019-01-01T00:00:00",
        ),
    ],
)
def test_what_cannot_be_read(content: bytes, sentence: str) -> None:
    """It says whose reading is wrong, and how."""
    with pytest.raises(UnreadableFile) as caught:
        read(content)
    assert sentence == str(caught.value)


@pytest.mark.parametrize(
    "content", [b"<a", b'<?xml version="1.0" encoding="no-such"?><ESLBillingData/>']
)
def test_what_is_no_xml(content: bytes) -> None:
    """It says what the parser says of it."""
    with pytest.raises(UnreadableFile, match=r"^file: is no XML \(u.+\); deliver it whole$"):
        read(content)


def test_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too large is refused before anything is read."""
    content = file(ROW)
    monkeypatch.setattr(esl_xml, "MAX_BYTES", len(content))
    assert 1 == len(read(content))
    with pytest.raises(UnreadableFile) as caught:
        read(content + b" " * 1_000)
    size = len(content)
    assert (f"file: has {size + 1_000:,} bytes; give {size:,} bytes or fewer at once") == str(
        caught.value
    )
    monkeypatch.setattr(esl_xml, "MAX_BYTES", 1_000)
    with pytest.raises(UnreadableFile, match="give 1,000 bytes or fewer at once"):
        read(content + b" " * 1_000)


# ---------------------------------------------------------------- writing

CODE = "CH98765012345AAAAAAAAAAAAAAA00001"
DAY, SPRING, AUTUMN = date(2025, 6, 3), date(2025, 3, 30), date(2025, 10, 26)
ONE_DAY = timedelta(days=1)
W, E, F = Status.TRUE, Status.ESTIMATED, Status.MISSING
CREATED = datetime(2025, 6, 3, 22, 30, 7, 123_456, tzinfo=UTC)
ALL = Numbers("Keller", "38157930", "TG-7")
FORM = ReadingsXml()
NAME = "use 1 to 200 signs that can be printed, without blanks around them"
FEW = settings(max_examples=120, deadline=None, derandomize=True)


def row(
    obis: str = "1-1:1.8.0",
    value: str | None = "1234.500",
    status: Status = W,
    day: date = DAY,
    **more: Any,
) -> Row:
    """Make a row of a day."""
    kwh = None if value is None else Decimal(value)
    return replace(Row(CODE, obis, *day_bounds(day), kwh, status), **more)


class TestWriting:
    """A file has meters, periods and registers."""

    def test_the_bytes(self) -> None:
        """They are what a Swiss file has, one a line."""
        rows = [
            row("1-1:2.8.0", "7", E),
            row(),
            row(day=DAY + ONE_DAY, value="1240.125"),
            row(code="A"),
        ]
        assert (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            "<ESLBillingData>\n"
            '<Header version="1.0" created="2025-06-04T00:30:07" swSystemNameFrom="isebench" '
            'swSystemNameTo="IS-E" />\n'
            '<Meter meteringCode="A">\n'
            '<TimePeriod end="2025-06-04T00:00:00">\n'
            '<ValueRow obis="1-1:1.8.0" value="1234.500" status="V"/>\n'
            "</TimePeriod>\n"
            "</Meter>\n"
            f'<Meter meteringCode="{CODE}">\n'
            '<TimePeriod end="2025-06-04T00:00:00">\n'
            '<ValueRow obis="1-1:1.8.0" value="1234.500" status="V"/>\n'
            '<ValueRow obis="1-1:2.8.0" value="7.000" status="E"/>\n'
            "</TimePeriod>\n"
            '<TimePeriod end="2025-06-05T00:00:00">\n'
            '<ValueRow obis="1-1:1.8.0" value="1240.125" status="V"/>\n'
            "</TimePeriod>\n"
            "</Meter>\n"
            "</ESLBillingData>\n"
        ) == write(rows, FORM, CREATED).decode()

    @pytest.mark.parametrize(
        ("knobs", "sign"),
        [
            (
                {"keys": ["factory_no", "internal_no"]},
                '<Meter factoryNo="38157930" internalNo="TG-7">',
            ),
            (
                {"keys": ["device_location_id", "metering_code"]},
                f'<Meter deviceLocationID="Keller" meteringCode="{CODE}">',
            ),
            ({"decimals": 4}, 'value="1234.5000"'),
            ({"true_status": "W"}, 'value="1234.500" status="W"/>'),
            ({"missing": "empty"}, '<ValueRow obis="1-1:2.8.0" value="" status="F"/>'),
            ({"system_from": 'A & "B"'}, "swSystemNameFrom='A &amp; \"B\"'"),
            ({"system_to": "Süd <1>"}, 'swSystemNameTo="Süd &lt;1&gt;"'),
            ({"line_end": "crlf"}, "</Meter>\r\n</ESLBillingData>\r\n"),
        ],
    )
    def test_knobs(self, knobs: dict[str, Any], sign: str) -> None:
        """Each turns what it says, and the file reads back as it is carried."""
        form = ReadingsXml.from_mapping(knobs, "format")
        rows = [row(numbers=ALL), row("1-1:2.8.0", None, F, numbers=ALL)]
        content = write(rows, form, CREATED)
        assert sign in content.decode()
        assert carried(rows, form) == rows_in(read(content))

    def test_what_a_file_carries(self) -> None:
        """What is missing may be left out; a meter reads under the first of its names."""
        rows = [row(numbers=ALL), row("1-1:2.8.0", None, F, numbers=ALL)]
        form = ReadingsXml(keys=("internal_no", "factory_no"))
        assert [row(code="38157930", numbers=Numbers("", "38157930", "TG-7"))] == carried(
            rows, form
        )
        assert [CODE, CODE] == [one.code for one in carried(rows, ReadingsXml(missing="empty"))]

    def test_nothing(self) -> None:
        """A file of no rows has no meter; one of nothing known has periods without values."""
        assert [] == rows_in(read(write([], FORM, CREATED)))
        content = write([row(value=None, status=F)], FORM, CREATED)
        assert b'<TimePeriod end="2025-06-04T00:00:00">\n</TimePeriod>' in content
        assert [] == rows_in(read(content))

    @pytest.mark.parametrize("day", [SPRING, AUTUMN, SPRING - ONE_DAY, AUTUMN + ONE_DAY])
    def test_days_around_the_change_of_the_clock(self, day: date) -> None:
        """They are days like any other, of 23 or 25 hours."""
        assert [row(day=day)] == rows_in(read(write([row(day=day)], FORM, CREATED)))

    def test_two_meters_of_one_name(self) -> None:
        """Each is a meter of its own, even so."""
        rows = [row(code=one, numbers=Numbers(factory_no="7")) for one in ("B", "A")]
        content = write(rows, ReadingsXml(keys=("factory_no",)), CREATED)
        assert 2 == content.count(b'<Meter factoryNo="7">')

    @pytest.mark.parametrize(
        ("change", "form", "sentence"),
        [
            (
                {"end": day_bounds(DAY)[1] + ONE_DAY},
                FORM,
                f"{CODE} 2025-06-02T22:00:00+00:00: 2025-06-02T22:00:00+00:00 to "
                "2025-06-04T22:00:00+00:00 is no local day; give whole days",
            ),
            (
                {"energy_kwh": Decimal("0.0001")},
                FORM,
                f"{CODE} 2025-06-02T22:00:00+00:00: 0.0001 kWh has more than 3 decimals; "
                "make the intervals with the decimals of the layout",
            ),
            (
                {"obis": 'x"y'},
                FORM,
                f"{CODE} 2025-06-02T22:00:00+00:00: 'x\"y' is no OBIS code; "
                'write it as "1-1:1.29.0*255"',
            ),
            (
                {},
                ReadingsXml(keys=("factory_no",)),
                f"meter '{CODE}': it has no factory_no; give it its factory_no",
            ),
            (
                {"numbers": Numbers(factory_no="4\n7")},
                ReadingsXml(keys=("metering_code", "factory_no")),
                f"meter '{CODE}', factory_no: '4\\n7' cannot stand in an attribute; {NAME}",
            ),
            (
                {"code": " Z"},
                FORM,
                f"meter ' Z', metering_code: ' Z' cannot stand in an attribute; {NAME}",
            ),
            (
                {"code": "x" * 201},
                FORM,
                f"meter '{'x' * 201}', metering_code: '{'x' * 200}' "
                f"cannot stand in an attribute; {NAME}",
            ),
        ],
    )
    def test_what_cannot_be_written(
        self, change: dict[str, Any], form: ReadingsXml, sentence: str
    ) -> None:
        """It is refused, with the place."""
        with pytest.raises((LayoutError, ObisError)) as caught:
            write([row(**change)], form, CREATED)
        assert sentence == str(caught.value)


class TestSettings:
    """What can be set."""

    def test_every_knob(self) -> None:
        """Each is an attribute, with its default; its example is another value that it takes."""
        assert [one.name for one in fields(ReadingsXml)] == [knob.name for knob in KNOBS]
        assert Values.READINGS is ReadingsXml.values
        for knob in KNOBS:
            assert getattr(FORM, knob.name) == knob.default
            value = tomllib.loads(f"value = {knob.example}")["value"]
            made = ReadingsXml.from_mapping({knob.name: value}, "format")
            assert knob.default != getattr(made, knob.name)

    @pytest.mark.parametrize(
        ("knobs", "sentence"),
        [
            (
                {"keys": []},
                "keys is (); use some of metering_code, device_location_id, factory_no, "
                "internal_no, each once",
            ),
            ({"keys": ["factory_no", "factory_no"]}, "keys is ('factory_no', 'factory_no'); use"),
            ({"keys": ["name"]}, "keys is ('name',); use some of"),
            ({"keys": [["factory_no"]]}, "keys is (['factory_no'],); use some of"),
            ({"keys": "factory_no"}, "keys is 'factory_no'; use some of"),
            ({"decimals": 7}, "decimals is 7; use 0 or 1 or"),
            ({"true_status": "T"}, "true_status is 'T'; use 'V' or 'W'"),
            ({"missing": "zero"}, "missing is 'zero'; use 'left out' or 'empty'"),
            ({"system_from": ""}, "system_from is ''; use a text"),
            ({"system_to": "a\n"}, "system_to is 'a\\n'; use a text"),
            ({"system_to": 7}, "system_to is 7; use a text"),
            ({"system_to": "x" * 201}, "system_to is"),
            ({"line_end": "cr"}, "line_end is 'cr'; use 'lf' or 'crlf'"),
            ({"name_pattern": "x.xml"}, "name_pattern is 'x.xml'; use a pattern with {created}"),
            ({"files": "day"}, "files is 'day'; use 'task' or 'meter'"),
            ({"zone": "utc"}, "there is no knob 'zone'; use decimals, files, keys, line_end, m"),
        ],
    )
    def test_wrong_knobs(self, knobs: dict[str, Any], sentence: str) -> None:
        """What a format cannot be is refused when it is saved."""
        with pytest.raises(LayoutError) as caught:
            ReadingsXml.from_mapping(knobs, "[[format]] 'x'")
        assert str(caught.value).startswith(f"[[format]] 'x': {sentence}")

    def test_a_code_that_is_not_listed(self) -> None:
        """FMT-07: it is refused where it is set, and before anything is written."""
        for use, place in (
            (lambda: ReadingsXml.from_mapping({"obis": "1-1:1.8.3"}, "here"), "here"),
            (lambda: write([], ReadingsXml(obis=("1-1:1.8.3",)), CREATED), "format"),
        ):
            with pytest.raises(ObisError) as caught:
                use()
            assert (
                f"{place}, key 'obis': '1-1:1.8.3' (electricity, main meter, active energy "
                "import, register reading, tariff 3) is not listed for this format; use of its "
                "14 codes: 1-1:1.8.0, 1-1:1.8.1, 1-1:1.8.2, 1-1:2.8.0, 1-1:2.8.1, 1-1:2.8.2, …"
            ) == str(caught.value)


class TestRows:
    """Readings at the ends of local days are rows."""

    @pytest.mark.parametrize(
        ("status", "wanted"), [("V", W), ("W", W), ("E", E), ("F", F), ("T", None), ("", None)]
    )
    def test_statuses(self, status: str, wanted: Status | None) -> None:
        """What nothing is known of is refused."""
        value = "" if status == "F" else "1"
        found = read(file(f'<ValueRow obis="1-1:1.8.0" value="{value}" status="{status}"/>'))
        if wanted is not None:
            assert [wanted] == [one.status for one in rows_in(found)]
            return
        with pytest.raises(UnreadableFile) as caught:
            rows_in(found)
        assert f"meter '4711', 1-1:1.8.0: the status is '{status}'; use V, W, E or F" == str(
            caught.value
        )

    def test_a_day(self) -> None:
        """It is the one that ends then; maxima are no readings of it."""
        maximum = (
            '<ValueRow obis="1-1:1.6.1" valueTimeStamp="2025-05-05T08:45:00" value="6" status="V"/>'
        )
        numbers = Numbers(factory_no="4711", internal_no="12")
        start = day_bounds(date(2025, 5, 31))[0]
        wanted = Row("4711", "1-1:1.8.1", start, MIDNIGHT, Decimal("4755.3"), W, numbers)
        assert [wanted] == rows_in(read(file(maximum + ROW)))

    @pytest.mark.parametrize(
        "end", ["2025-06-01T00:15:00", "2025-06-01T00:00:00+00:00", "0001-01-01T12:00:00"]
    )
    def test_what_is_no_local_midnight(self, end: str) -> None:
        """It is read, and refused as a row."""
        found = read(file(ROW).replace(b'end="2025-06-01T00:00:00"', f'end="{end}"'.encode()))
        with pytest.raises(UnreadableFile, match=r"1-1:1\.8\.1: .* is no local midnight; give d"):
            rows_in(found)

    @pytest.mark.parametrize("end", ["0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00"])
    def test_a_time_before_all_time(self, end: str) -> None:
        """It is none."""
        content = file(ROW).replace(b'end="2025-06-01T00:00:00"', f'end="{end}"'.encode())
        with pytest.raises(UnreadableFile) as caught:
            read(content)
        assert f"meter '4711': '{end}' is no time; write it like 2019-01-01T00:00:00" == str(
            caught.value
        )


# ---------------------------------------------------------------- any rows

NAMES = st.text(
    st.characters(exclude_categories=["C", "Z"]) | st.sampled_from("<&>\"' äöü]"),
    min_size=1,
    max_size=12,
).filter(lambda name: name == name.strip())
NUMBERS = st.builds(Numbers, NAMES, NAMES, NAMES)


@unmeasured
@FEW
@given(data=st.data())
def test_any_rows_in_any_form(data: st.DataObject) -> None:
    """Names, figures, codes and days at random come back as they are carried."""
    form = ReadingsXml(
        keys=tuple(data.draw(st.lists(st.sampled_from(KEYS), min_size=1, unique=True))),
        decimals=data.draw(st.integers(0, 6)),
        true_status=data.draw(st.sampled_from("VW")),
        missing=data.draw(st.sampled_from(["left out", "empty"])),
        system_from=data.draw(NAMES),
        line_end=data.draw(st.sampled_from(["lf", "crlf"])),
    )
    meters = data.draw(st.lists(st.tuples(NAMES, NUMBERS), max_size=3))
    names = [{code, *astuple(numbers)} for code, numbers in meters]
    assume(all(one.isdisjoint(other) for one, other in combinations(names, 2)))
    rows: list[Row] = []
    for code, numbers in meters:
        codes = st.sampled_from([*form.table, "1-5:1.8.3"])
        days = st.dates(date(2000, 1, 1), date(2040, 12, 31)) | st.sampled_from([SPRING, AUTUMN])
        for obis, day in data.draw(st.lists(st.tuples(codes, days), max_size=6, unique=True)):
            status = data.draw(st.sampled_from(Status))
            steps = data.draw(st.integers(0, 10**12 - 1))
            energy = None if status is F else Decimal(steps).scaleb(-form.decimals)
            rows.append(Row(code, obis, *day_bounds(day), energy, status, numbers))
    assert carried(rows, form) == rows_in(read(write(rows, form, CREATED)))


@FEW
@given(st.text(min_size=1, max_size=8))
def test_any_name_survives_or_is_refused(name: str) -> None:
    """FMT-11: there is no third way."""
    rows = [row(code=name)]
    try:
        content = write(rows, FORM, CREATED)
    except LayoutError:
        return
    assert rows == rows_in(read(content))
