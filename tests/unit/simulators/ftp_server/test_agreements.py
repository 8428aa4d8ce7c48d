"""The utility's own readers of files with a value a day, and what is agreed with a sender."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from simulators.ftp_server.agreements import agreed_of
from simulators.ftp_server.daily_csv import ColumnsLayout, FeedLayout, ReadingsLayout, columns_in
from simulators.ftp_server.esl_xml import XmlAgreed
from simulators.ftp_server.mscons import MsconsAgreed
from simulators.ftp_server.timeseries_csv import Layout, Row, Stands, Unreadable, unit_of

CODE = "CH98765012345AAAAAAAAAAAAAAA00001"
HEADER = "Messpunkt;OBIS;Zeitstempel;Wert;Einheit;Status\r\n"
DAY = datetime(2025, 6, 2, 22, tzinfo=UTC), datetime(2025, 6, 3, 22, tzinfo=UTC)
"""3 June 2025 in Zurich."""
MARCH = datetime(2025, 3, 29, 23, tzinfo=UTC), datetime(2025, 3, 30, 22, tzinfo=UTC)
PARTIES = {"sender": "12X-ABC-X------1", "receiver": "12X-DEF-X------2"}
XML = f"""<?xml version="1.0" encoding="UTF-8"?>
<ESLBillingData>
<Header version="1.0" created="2025-06-04T00:30:00" swSystemNameFrom="a" swSystemNameTo="b" />
<Meter meteringCode="{CODE}">
<TimePeriod end="2025-06-04T00:00:00">
<ValueRow obis="1-1:1.8.0" value="1234.500" status="V"/>
<ValueRow obis="1-1:2.8.0" value="7.000" status="E"/>
</TimePeriod>
</Meter>
</ESLBillingData>
"""
MSCONS = f"""UNB+UNOC:3+12X-ABC-X------1:500+12X-DEF-X------2:500+250604:0030+1++VL'
UNH+1+MSCONS:D:04B:UN:2.2e'
BGM+7+1-1+9'
DTM+137:202506040030:203'
RFF+Z13:13002'
NAD+MS+12X-ABC-X------1::293'
NAD+MR+12X-DEF-X------2::293'
UNS+D'
NAD+DP'
LOC+172+{CODE}'
DTM+9:202506040000?+02:303'
RFF+MG:4711'
CCI+ACH++PMR'
CCI+16++EMV'
LIN+1'
PIA+5+1-1?:1.8.0:SRW'
QTY+220:1234.500'
LIN+2'
PIA+5+1-1?:2.8.0:SRW'
QTY+20:0.000'
UNT+20+1'
UNZ+1+1'
"""
FIELDS = ("code", "obis", "start", "end", "energy_kwh", "status")


def rows_in(text: str, **knobs: Any) -> list[Row]:
    """Read a file as the utility does that has agreed on these knobs."""
    return agreed_of(knobs).rows_in(text.encode(), {})


def why(text: str, **knobs: Any) -> str:
    """Give why a file is refused."""
    with pytest.raises(Unreadable) as caught:
        rows_in(text, **knobs)
    return str(caught.value)


def line(
    obis: str = "1-1:1.8.0", time: str = "04.06.2025 00:00:00", value: str = "1234.500;kWh;W"
) -> str:
    """Write a row."""
    return f"{CODE};{obis};{time};{value}\r\n"


@pytest.mark.parametrize(
    ("knobs", "kind"),
    [
        ({}, Layout),
        ({"kind": "ise-readings-csv", "obis": ["1-1:1.8.0"]}, ReadingsLayout),
        ({"kind": "ise-feed-csv", "only_basic_data": True}, FeedLayout),
        ({"kind": "csv"}, ColumnsLayout),
        ({"kind": "ise-readings-xml"}, XmlAgreed),
        ({"kind": "mscons", **PARTIES}, MsconsAgreed),
    ],
)
def test_what_is_agreed(knobs: dict[str, Any], kind: type) -> None:
    """Each kind has its reader, whatever its sender alone has to know."""
    assert kind is type(agreed_of(knobs))


@pytest.mark.parametrize(
    ("key", "known"),
    [("metering_code", "metering code"), ("factory_no", "name"), ("name", "name")],
)
def test_what_meters_are_called_by(key: str, known: str) -> None:
    """Only a metering code has a form that can be checked."""
    agreed = agreed_of({"key": key})

    assert isinstance(agreed, Layout)
    assert known == agreed.key


def test_a_kind_that_is_none() -> None:
    """A mistake of who sets the bench up is told as such."""
    with pytest.raises(ValueError, match="there is no kind of file 'peak'"):
        agreed_of({"kind": "peak"})


class TestRegistersAsCsv:
    """Registers and feeds, a row a day."""

    def test_a_file(self) -> None:
        """Each row belongs to the day that ends when its register was read."""
        text = HEADER + line() + line("1-1:5.8.0", value=";kvarh;F")

        assert [
            Row(CODE, "1-1:1.8.0", *DAY, Decimal("1234.500"), "W"),
            Row(CODE, "1-1:5.8.0", *DAY, None, "F"),
        ] == rows_in(text, kind="ise-readings-csv")

    def test_a_feed_that_bears_the_begin(self) -> None:
        """On the day on which the clock is set forward a day has 23 hours."""
        text = HEADER + line("1-1:1.9.0", "30.03.2025 00:00:00")
        rows = rows_in(text, kind="ise-feed-csv", stamp="start")

        assert [Row(CODE, "1-1:1.9.0", *MARCH, Decimal("1234.500"), "W")] == rows

    @pytest.mark.parametrize(
        ("lines", "sentence"),
        [
            ("", "the file holds no values"),
            (line() + line(), "line 3: the day stands there twice"),
            (line("1-1:1.29.0"), "line 2: 1-1:1.29.0 is no code of such a file"),
            (line(time="04.06.2025 00:15:00"), "line 2: 04.06.2025 00:15 is no midnight"),
            (line("1-1:5.8.0"), "line 2: the unit is 'kWh' and not kvarh"),
        ],
    )
    def test_what_is_not_as_agreed(self, lines: str, sentence: str) -> None:
        """It is refused as a whole, with the line."""
        assert sentence == why(HEADER + lines, kind="ise-readings-csv")


class TestColumns:
    """Columns by OBIS code."""

    knobs: ClassVar[dict[str, Any]] = {"kind": "csv", "obis": "1-0:1.8.0*255;1-0:2.8.0*255;"}
    header = "Messpunkt;Zeitstempel;1-0:1.8.0*255;1-0:2.8.0*255\r\n"

    def test_a_file(self) -> None:
        """An empty cell tells of nothing."""
        text = f"{self.header}{CODE};04.06.2025 00:00:00;1234.500;\r\n"

        assert [Row(CODE, "1-0:1.8.0*255", *DAY, Decimal("1234.500"), "W")] == rows_in(
            text, **self.knobs
        )

    def test_a_line_without_any(self) -> None:
        """A meter of which nothing is known is no mistake."""
        assert [] == rows_in(f"{self.header}{CODE};04.06.2025 00:00:00;;\r\n", **self.knobs)

    @pytest.mark.parametrize(
        ("lines", "sentence"),
        [
            ("", "the file holds no values"),
            (f"{CODE};04.06.2025 00:00:00;1.000\r\n", "line 2: has 3 cells instead of 4"),
            (f"{CODE};04.06.2025 00:00:00;1.0;\r\n", "line 2: the value '1.0' is not a number"),
            (
                f"{CODE};04.06.2025 00:00:00;1.000;\r\n" * 2,
                "line 3: the day stands there twice",
            ),
        ],
    )
    def test_what_is_not_as_agreed(self, lines: str, sentence: str) -> None:
        """It is refused as a whole, with the line."""
        assert why(self.header + lines, **self.knobs).startswith(sentence)

    @pytest.mark.parametrize("told", ["a;b;", "a; b", ["a", "b"]])
    def test_how_columns_are_written(self, told: object) -> None:
        """A list, or the codes with semicolons between them."""
        assert ("a", "b") == columns_in(told)


class TestXml:
    """Registers as ESLBillingData."""

    def test_a_file(self) -> None:
        """V is a true value, E an estimated one."""
        assert [
            Row(CODE, "1-1:1.8.0", *DAY, Decimal("1234.500"), "W"),
            Row(CODE, "1-1:2.8.0", *DAY, Decimal("7.000"), "E"),
        ] == rows_in(XML, kind="ise-readings-xml")

    def test_a_missing_value(self) -> None:
        """It is an empty one, where that was agreed."""
        text = XML.replace('value="7.000" status="E"', 'value="" status="F"')
        rows = rows_in(text, kind="ise-readings-xml", missing="empty")

        assert (None, "F") == (rows[1].energy_kwh, rows[1].status)

    def test_the_name_of_a_meter(self) -> None:
        """Of several attributes the first of the list is its name."""
        text = XML.replace(f'meteringCode="{CODE}"', 'factoryNo="4711" internalNo="TG-7"')
        rows = rows_in(text, kind="ise-readings-xml", keys=["internal_no", "factory_no"])

        assert {"4711"} == {row.code for row in rows}

    @pytest.mark.parametrize(
        ("old", "new", "sentence"),
        [
            ("<ESL", "<!DOCTYPE x><ESL", "it declares something; no document type was agreed"),
            ("</ESLBillingData>", "", "it is no XML: "),
            ("ESLBillingData", "Other", "it is no <ESLBillingData> with its <Header>"),
            ("meteringCode", "factoryNo", "<Meter> has factoryNo; ['meteringCode'] were agreed"),
            ("1-1:2.8.0", "1-1:2.29.0", "has the code '1-1:2.29.0'"),
            ("1-1:2.8.0", "1-1:1.8.0", "a register stands there twice for one day"),
            ("T00:00:00", "T00:15:00", "ends at 2025-06-04T00:15:00, which is no midnight"),
            ('end="2025-06-04T00:00:00"', 'end="June"', "ends at 'June', which is no time"),
            ("7.000", "7", "a register is '7' with the status 'E'"),
            ('value="7.000" status="E"', 'value="" status="F"', "is '' with the status 'F'"),
        ],
    )
    def test_what_is_not_as_agreed(self, old: str, new: str, sentence: str) -> None:
        """It is refused as a whole."""
        assert sentence in why(XML.replace(old, new), kind="ise-readings-xml")


class TestRegistersAsMscons:
    """Registers as EDIFACT."""

    knobs: ClassVar[dict[str, Any]] = {"kind": "mscons-readings", **PARTIES}

    def test_a_file(self) -> None:
        """Each quantity belongs to the day that ends when it was read."""
        assert [
            Row(CODE, "1-1:1.8.0", *DAY, Decimal("1234.500"), "W"),
            Row(CODE, "1-1:2.8.0", *DAY, None, "F"),
        ] == rows_in(MSCONS, **self.knobs)

    def test_its_name(self) -> None:
        """Files of registers are named otherwise than those of load profiles."""
        assert agreed_of(self.knobs).name_pattern.startswith("MSCONS_VL_")

    @pytest.mark.parametrize(
        ("old", "new", "sentence"),
        [
            ("++VL'", "++TL'", "segment 1: its application is TL, agreed is VL"),
            ("13002", "13008", "segment 5: it is 'RFF+Z13:13008'"),
            ("DTM+9:202506040000", "DTM+9:202506040015", "time of reading is no local midnight"),
            ("DTM+9:2025", "DTM+7:2025", "the time of reading is no local midnight"),
            ("QTY+20:0.000", "QTY+20:1.000", "a value that is unusable is not 0"),
            ("QTY+220:1234.500", "QTY+220:1234.500:KWH", "a quantity has KWH, agreed is none"),
            (MSCONS[MSCONS.index("LIN+1") : MSCONS.index("UNT")], "", "tells of no register"),
        ],
    )
    def test_what_is_not_as_agreed(self, old: str, new: str, sentence: str) -> None:
        """It is refused as a whole, with the segment."""
        assert sentence in why(MSCONS.replace(old, new), **self.knobs)


@pytest.mark.parametrize(
    ("obis", "unit"),
    [
        ("1-1:1.8.0", "kWh"),
        ("1-1:8.29.0*255", "kvarh"),
        ("6-1:1.0.0", "kWh"),
        ("9-0:1.0.0*255", "m3"),
        ("x", "kWh"),
    ],
)
def test_the_unit_of_a_code(obis: str, unit: str) -> None:
    """Reactive energy and water have units of their own."""
    assert unit == unit_of(obis)


class TestPlaces:
    """Where a value stands in its file, for those who want to show it."""

    @pytest.mark.parametrize(
        ("text", "knobs", "places"),
        [
            (HEADER + line(), {"kind": "ise-readings-csv"}, [Stands(2, 4, 6)]),
            (
                "Messpunkt;OBIS;Wert;Zeitstempel\r\n"
                f"{CODE};1-1:1.29.0;0.250;03.06.2025 00:15:00\r\n",
                {"columns": ["code", "obis", "value", "time"]},
                [Stands(2, 3, 0)],
            ),
            (
                f"{CODE};1-1:1.29.0;03.06.2025 00:15:00;0.250;kWh\r\n",
                {"header": False, "status_column": False},
                [Stands(1, 4, 0)],
            ),
            (
                "Messpunkt;Zeitstempel;1-1:1.8.0;1-1:2.8.0\r\n"
                f"{CODE};04.06.2025 00:00:00;1.000;\r\n{CODE};05.06.2025 00:00:00;2.000;3.000\r\n",
                {"kind": "csv", "obis": "1-1:1.8.0;1-1:2.8.0"},
                [Stands(2, 3, 0), Stands(3, 3, 0), Stands(3, 4, 0)],
            ),
            (XML, {"kind": "ise-readings-xml"}, [Stands(5), Stands(6)]),
            (MSCONS, {"kind": "mscons-readings", **PARTIES}, [Stands(17), Stands(20)]),
            (
                "UNA:+.? '" + MSCONS,
                {"kind": "mscons-readings", **PARTIES},
                [Stands(17), Stands(20)],
            ),
        ],
    )
    def test_are_told(self, text: str, knobs: dict[str, Any], places: list[Stands]) -> None:
        """Line and cells of CSV, the segment of MSCONS, the element of XML."""
        assert places == [row.stands for row in rows_in(text, **knobs)]

    def test_make_no_other_value(self) -> None:
        """The same value elsewhere is the same."""
        first, second = rows_in(HEADER + line(), kind="ise-readings-csv") * 2

        assert first == Row(*(getattr(second, name) for name in FIELDS), Stands(9))
