"""MSCONS: what registers show, written and read back."""

from __future__ import annotations

import tomllib
import warnings
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.core.days import day_bounds
from backend.core.formats import mscons
from backend.core.formats.mscons import Envelope, read, readings_in, rows_in
from backend.core.formats.mscons_readings import KNOBS, MsconsReadings, carried, write
from backend.core.formats.row import NO_NUMBERS, Numbers, Row, Values
from backend.core.intervals import Status
from backend.core.obis_tables import IS_E
from backend.errors import LayoutError, ObisError, UnreadableFile

CODE = "CH98765012345AAAAAAAAAAAAAAA00001"
PARTIES = {"sender": "12X-ABC-X------1", "receiver": "12X-DEF-X------2"}
FORM = MsconsReadings(**PARTIES)
ENVELOPE = Envelope(datetime(2025, 6, 3, 22, 30, 7, tzinfo=UTC), "17490762070001")
DAY, SPRING, AUTUMN = date(2025, 6, 3), date(2025, 3, 30), date(2025, 10, 26)
ONE_DAY = timedelta(days=1)
W, E, F = Status.TRUE, Status.ESTIMATED, Status.MISSING
AT = f"{CODE} 2025-06-02T22:00:00+00:00"
LISTED = (
    "is not listed for this format; use of its 14 codes: 1-1:1.8.0, 1-1:1.8.1, 1-1:1.8.2, "
    "1-1:2.8.0, 1-1:2.8.1, 1-1:2.8.2, …"
)


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


def written(rows: Sequence[Row], form: MsconsReadings = FORM) -> list[str]:
    """Write rows, and give the segments without what closes them."""
    return write(rows, form, ENVELOPE).decode("latin-1").split("'")[:-1]


class TestWriting:
    """The skeleton is that of a load profile; what is read stands under D = 8."""

    def test_a_day(self) -> None:
        """Each segment stands where AHB 2.2a has it; several registers are in one message."""
        found = written([row("1-1:2.8.0", None, F), row(numbers=Numbers(factory_no="38157930"))])
        assert [
            "UNB+UNOC:3+12X-ABC-X------1:500+12X-DEF-X------2:500+250604:0030+17490762070001++VL",
            "UNH+1+MSCONS:D:04B:UN:2.2e",
            "BGM+7+17490762070001-1+9",
            "DTM+137:202506040030:203",
            "RFF+Z13:13002",
            "NAD+MS+12X-ABC-X------1::293",
            "NAD+MR+12X-DEF-X------2::293",
            "UNS+D",
            "NAD+DP",
            f"LOC+172+{CODE}",
            "DTM+9:202506040000?+02:303",
            "RFF+MG:38157930",
            "CCI+ACH++PMR",
            "CCI+16++EMV",
            "LIN+1",
            "PIA+5+1-1?:1.8.0:SRW",
            "QTY+220:1234.500",
            "LIN+2",
            "PIA+5+1-1?:2.8.0:SRW",
            "QTY+20:0.000",
            "UNT+20+1",
            "UNZ+1+17490762070001",
        ] == found

    def test_version_2_4a(self) -> None:
        """Its times are in UTC and its quantities have units."""
        rows = [row(), row("1-1:5.8.0", "2", E), row("9-1:1.0.0", "3")]
        found = written(rows, replace(FORM, version="2.4a"))
        assert "UNH+1+MSCONS:D:04B:UN:2.4a" == found[1]
        assert "DTM+9:202506032200?+00:303" == found[10]
        assert ["QTY+220:1234.500:KWH", "QTY+67:2.000:K3", "QTY+220:3.000:MTQ"] == [
            one for one in found if one.startswith("QTY")
        ]

    def test_how_it_was_measured(self) -> None:
        """Only if each register was read is the message one of measured values."""
        assert "CCI+16++MRV" in written([row(), row("1-1:2.8.0")])
        assert "CCI+16++EMV" in written([row(), row("1-1:2.8.0", status=E)])
        assert not [one for one in written([row()]) if one.startswith("RFF+MG")]

    def test_days_and_meters(self) -> None:
        """Each meter and day is a message of its own, in their order."""
        rows = [row(code="B"), row(day=DAY + ONE_DAY, code="A"), row(code="A")]
        found = written(rows)
        assert ["LOC+172+A", "LOC+172+A", "LOC+172+B"] == [
            one for one in found if one.startswith("LOC")
        ]
        assert ["UNT+16+1", "UNT+16+2", "UNT+16+3", "UNZ+3+17490762070001"] == [
            one for one in found if one.startswith(("UNT", "UNZ"))
        ]
        assert carried(rows) == readings_in(read(write(rows, FORM, ENVELOPE)))

    @pytest.mark.parametrize(
        ("day", "instant"),
        [
            (SPRING, "202503310000?+02"),
            (SPRING - ONE_DAY, "202503300000?+01"),
            (AUTUMN, "202510270000?+01"),
            (AUTUMN - ONE_DAY, "202510260000?+02"),
        ],
    )
    def test_days_around_the_change_of_the_clock(self, day: date, instant: str) -> None:
        """The offset is that of the day's end."""
        assert f"DTM+9:{instant}:303" in written([row(day=day)])
        for version in mscons.VERSIONS:
            content = write([row(day=day)], replace(FORM, version=version), ENVELOPE)
            assert [row(day=day)] == readings_in(read(content))

    def test_nothing(self) -> None:
        """A file of no rows has no message."""
        assert ["UNZ+0+17490762070001"] == written([])[1:]

    def test_readings_are_no_energies(self) -> None:
        """Who looks for the energies of intervals finds none, and the other way round."""
        content = write([row()], FORM, ENVELOPE)
        assert [] == rows_in(read(content))
        load = replace(row("1-1:1.29.0*255"), end=row().start + timedelta(minutes=15))
        profile = mscons.write([load], mscons.Mscons(**PARTIES), ENVELOPE)
        assert [] == readings_in(read(profile))
        assert [load] == rows_in(read(profile))

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            (
                {"obis": "1-1:1.9.0"},
                f"{AT}: '1-1:1.9.0' (electricity, main meter, active energy import, "
                f"energy of a period (Vorschub), all tariffs) {LISTED}",
            ),
            ({"obis": "Ā"}, f"{AT}: 'Ā' is no OBIS code; write it as \"1-1:1.29.0*255\""),
            (
                {"end": day_bounds(DAY)[1] - timedelta(hours=1)},
                f"{AT}: 2025-06-02T22:00:00+00:00 to 2025-06-03T21:00:00+00:00 is no local day; "
                "give whole days",
            ),
            (
                {"energy_kwh": Decimal("0.0001")},
                f"{AT}: 0.0001 kWh has more than 3 decimals; "
                "make the intervals with the decimals of the layout",
            ),
            (
                {"code": "Ā"},
                "name 'Ā': position 1: 'Ā' cannot stand in EDIFACT (UNOC); use the metering code",
            ),
            (
                {"numbers": Numbers(factory_no="7Ā")},
                "name '7Ā': position 2: 'Ā' cannot stand in EDIFACT (UNOC); "
                "write its factory_no otherwise",
            ),
            (
                {"numbers": Numbers(factory_no=" 7")},
                "name ' 7': a name has 1 to 70 characters and no blanks around them; "
                "write its factory_no otherwise",
            ),
        ],
    )
    def test_what_cannot_be_written(self, change: dict[str, Any], sentence: str) -> None:
        """It is refused, with the place."""
        with pytest.raises((LayoutError, ObisError)) as caught:
            write([row(**change)], FORM, ENVELOPE)
        assert sentence == str(caught.value)

    def test_a_register_twice(self) -> None:
        """A meter shows one value at the end of a day."""
        with pytest.raises(ObisError) as caught:
            write([row(), row("1-1:01.8.0")], FORM, ENVELOPE)
        assert f"{AT}: '1-1:1.8.0' is there twice; take one out" == str(caught.value)


class TestReading:
    """Registers come to rows, each of the local day that ends then."""

    def taken(self, *segments: str) -> mscons.Document:
        """Read a message of a metering point."""
        body = ("UNB+UNOC:3+a+b", "UNH+1+MSCONS:D:04B:UN:2.4a", "LOC+172+A", *segments)
        return read("".join(f"{one}'" for one in (*body, f"UNT+{len(body)}+1")).encode("latin-1"))

    @pytest.mark.parametrize(
        "time",
        ["DTM+9:202506040000?+02:303", "DTM+9:202506032200?+00:303", "DTM+9:20250604:102"],
    )
    def test_of_a_day(self, time: str) -> None:
        """With offset, in UTC, or as a bare date, which is the begin of it."""
        found = self.taken(time, "LIN+1", "PIA+5+1-1?:1.8.0:SRW", "QTY+67:7.25:KWH")
        wanted = row(value="7.25", status=E, code="A")
        assert [wanted] == readings_in(found)
        assert () == found.remarks

    @pytest.mark.parametrize(
        ("segments", "sentence"),
        [
            (
                ("DTM+9:202506041200?+02:303", "QTY+220:7"),
                "A: the register was read at 2025-06-04T10:00:00+00:00, which is no local "
                "midnight; give registers at the ends of days",
            ),
            (
                ("DTM+9:000101010000?+00:303", "QTY+220:7"),
                "A: the register was read at 0001-01-01T00:00:00+00:00, which is no local "
                "midnight; give registers at the ends of days",
            ),
            (
                ("DTM+9:20250604:102", "PIA+5+1-1?:1.8.0:SRW", "QTY+99:7"),
                "A 2025-06-02T22:00:00+00:00: the quantity has the qualifier '99'; "
                "known are 220, 46, 79, 67, 187, 201, 20",
            ),
            (
                ("DTM+9:20250604:102", "PIA+5+9-1?:1.0.0:SRW", "QTY+220:7:KWH"),
                "A 2025-06-02T22:00:00+00:00: the quantity is in 'kWh'; give m3",
            ),
        ],
    )
    def test_what_is_no_reading_of_a_day(self, segments: tuple[str, ...], sentence: str) -> None:
        """It is read, and refused as a row."""
        found = self.taken(*segments)
        with pytest.raises(UnreadableFile) as caught:
            readings_in(found)
        assert sentence == str(caught.value)


class TestSettings:
    """What can be set."""

    def test_every_knob(self) -> None:
        """Each is an attribute, with its default; its example is another value that it takes."""
        assert {one.name for one in fields(MsconsReadings)} == {knob.name for knob in KNOBS}
        assert "obis" == KNOBS[0].name
        for knob in KNOBS:
            assert getattr(MsconsReadings(), knob.name) == knob.default
            value = tomllib.loads(f"value = {knob.example}")["value"]
            made = MsconsReadings.from_mapping({**PARTIES, knob.name: value}, "format")
            assert knob.default != getattr(made, knob.name)

    def test_what_it_is(self) -> None:
        """UNB and RFF say that it has registers, and so does its name."""
        assert (Values.READINGS, "VL", "13002") == (FORM.values, FORM.application, FORM.process)
        assert FORM.name_pattern.startswith("MSCONS_VL_")

    @pytest.mark.parametrize(
        ("knobs", "sentence"),
        [
            ({}, "here: sender is ''; use 1 to 35 of A-Z, 0-9 and -, e.g. an EIC"),
            (
                {**PARTIES, "obis": ["1-1:9.8.0"]},
                "here, key 'obis': '1-1:9.8.0' (electricity, main meter, quantity 9, "
                f"register reading, all tariffs) {LISTED}",
            ),
            (
                {**PARTIES, "obis": []},
                "here, key 'obis': is (); write a list of OBIS codes in quotes",
            ),
        ],
    )
    def test_wrong_knobs(self, knobs: dict[str, Any], sentence: str) -> None:
        """What a format cannot be is refused when it is saved."""
        with pytest.raises((LayoutError, ObisError)) as caught:
            MsconsReadings.from_mapping(knobs, "here")
        assert sentence == str(caught.value)

    def test_a_form_that_was_not_checked(self) -> None:
        """It is, before anything is written."""
        with pytest.raises(LayoutError, match=r"^format: sender is ''"):
            write([], MsconsReadings(), ENVELOPE)
        with pytest.raises(ObisError, match=r"^format, key 'obis': '1-1:1\.9\.0' \(elec"):
            write([], replace(FORM, obis=("1-1:1.9.0",)), ENVELOPE)


# ---------------------------------------------------------------- any rows

NAMES = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0xFF, categories=["L", "N", "P", "S"])
    | st.sampled_from("'?:+<&>\"üéß"),
    min_size=1,
    max_size=40,
)
DAYS = st.dates(date(2000, 1, 1), date(2040, 12, 31)) | st.sampled_from([SPRING, AUTUMN])


@st.composite
def any_rows(draw: st.DrawFn) -> list[Row]:
    """Think of rows, each register once a day."""
    keys = st.lists(
        st.tuples(NAMES, st.sampled_from(list(IS_E)), DAYS), unique=True, min_size=1, max_size=12
    )
    rows, numbers = [], draw(st.sampled_from([NO_NUMBERS, Numbers(factory_no="4?'7")]))
    for code, obis, day in draw(keys):
        status = draw(st.sampled_from(Status))
        steps = draw(st.integers(0, 10**12 - 1))
        value = None if status is F else Decimal(steps).scaleb(-3)
        rows.append(Row(code, obis, *day_bounds(day), value, status, numbers))
    return rows


@settings(deadline=None)
@given(
    any_rows(),
    st.sampled_from(mscons.VERSIONS),
    st.sampled_from(["none", "lf", "crlf"]),
    st.booleans(),
)
def test_what_is_written_reads_back(
    rows: list[Row], version: str, line_end: str, service_string: bool
) -> None:
    """Any rows come back, to the digit and the day, whatever their names hold."""
    form = replace(FORM, version=version, line_end=line_end, service_string=service_string)
    found = read(write(rows, form, ENVELOPE))
    assert () == found.remarks
    assert carried(rows) == readings_in(found)
    assert {NO_NUMBERS} == {one.numbers for one in carried(rows)}


@settings(deadline=None, max_examples=50)
@given(any_rows(), st.sampled_from(mscons.VERSIONS))
def test_a_parser_that_is_not_ours(rows: list[Row], version: str) -> None:
    """Pydifact reads the same registers and instants, and counts what we have counted."""
    from pydifact.segmentcollection import Interchange

    text = write(rows, replace(FORM, version=version), ENVELOPE).decode("latin-1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it has no list of the segments of this syntax
        interchange = Interchange.from_str(text)
        messages = list(interchange.get_messages())
        assert text == interchange.serialize()
        # It takes counts as they are written; what it counts itself is the footer that it makes.
        counted = [one.get_footer_segment().elements for one in messages]
    assert counted == [one.elements for one in interchange.segments if one.tag == "UNT"]
    found = []
    for message in messages:
        point = obis = at = ""
        for one in message.segments:
            if one.tag == "LOC":
                point = str(one.elements[1])
            elif one.tag == "DTM" and one.elements[0][0] == "9":
                at = f"{one.elements[0][1]}00"
            elif one.tag == "PIA":
                obis = one.elements[1][0]
            elif one.tag == "QTY":
                qualifier, amount = one.elements[0][:2]
                end = datetime.strptime(at, "%Y%m%d%H%M%z")
                found.append((point, end, obis, qualifier, Decimal(amount)))
    qualifiers = {W: "220", E: "67", F: "20"}
    assert [
        (row.code, row.end, row.obis, qualifiers[row.status], row.energy_kwh or Decimal(0))
        for row in carried(rows)
    ] == found
