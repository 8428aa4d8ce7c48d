"""MSCONS: written as Swiss utilities receive it, and read however it comes."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.unmeasured import unmeasured

from backend.core.days import day_grid
from backend.core.formats import mscons
from backend.core.formats.mscons import Envelope, Mscons, carried, read, rows_in, write
from backend.core.formats.row import Row
from backend.core.intervals import Status
from backend.errors import LayoutError, ObisError, UnreadableFile

CODE = "CH98765012345AAAAAAAAAAAAAAA00001"
OTHER = "CH98765012345AAAAAAAAAAAAAAA00002"
OBIS = "1-1:1.29.0*255"
SENDER, RECEIVER = "12X-ABC-X------1", "12X-DEF-X------2"
FORM = Mscons(sender=SENDER, receiver=RECEIVER)
ENVELOPE = Envelope(datetime(2025, 6, 4, 22, 30, 7, tzinfo=UTC), "17490762070001")
DAY = date(2025, 6, 4)
FIRST = "2025-06-03T22:00:00+00:00"
LENGTH = "a name has 1 to 70 characters and no blanks around them; use the metering code"
SPRING, AUTUMN = date(2025, 3, 30), date(2025, 10, 26)


def rows_of(day: date, code: str = CODE, obis: str = OBIS, minutes: int = 15) -> list[Row]:
    """Give the rows of a day; the third is estimated, the fourth missing."""
    grid = day_grid(day, minutes)
    rows = [
        Row(code, obis, start, end, Decimal(index).scaleb(-3), Status.TRUE)
        for index, (start, end) in enumerate(pairwise(grid))
    ]
    rows[2] = replace(rows[2], status=Status.ESTIMATED)
    rows[3] = replace(rows[3], status=Status.MISSING, energy_kwh=None)
    return rows


def written(rows: Sequence[Row], form: Mscons = FORM) -> list[str]:
    """Write rows, and give the segments without what closes them."""
    return write(rows, form, ENVELOPE).decode("latin-1").split("'")[:-1]


class TestWriting:
    """The skeleton is that of a real file, and its counts are right."""

    def test_a_day(self) -> None:
        """Each segment stands where receivers know it."""
        found = written(rows_of(DAY))
        assert [
            "UNB+UNOC:3+12X-ABC-X------1:500+12X-DEF-X------2:500+250605:0030+17490762070001++TL",
            "UNH+1+MSCONS:D:04B:UN:2.2e",
            "BGM+7+17490762070001-1+9",
            "DTM+137:202506050030:203",
            "RFF+Z13:13008",
            "NAD+MS+12X-ABC-X------1::293",
            "NAD+MR+12X-DEF-X------2::293",
            "UNS+D",
            "NAD+DP",
            f"LOC+172+{CODE}",
            "DTM+163:202506040000?+02:303",
            "DTM+164:202506050000?+02:303",
            "LIN+1",
            "PIA+5+1-1?:1.29.0*255:SRW",
            "QTY+220:0.000",
            "DTM+163:202506040000?+02:303",
            "DTM+164:202506040015?+02:303",
            "QTY+220:0.001",
        ] == found[:18]
        assert ["QTY+67:0.002", "QTY+20:0.000"] == [found[20], found[23]]
        assert ["UNT+302+1", "UNZ+1+17490762070001"] == found[-2:]

    def test_version_2_4a(self) -> None:
        """Its times are in UTC and its quantities have units."""
        found = written(rows_of(DAY), replace(FORM, version="2.4a"))
        assert "UNH+1+MSCONS:D:04B:UN:2.4a" == found[1]
        assert "DTM+137:202506042230?+00:303" == found[3]
        assert [
            "QTY+220:0.000:KWH",
            "DTM+163:202506032200?+00:303",
            "DTM+164:202506032215?+00:303",
        ] == found[14:17]

    def test_another_zone_of_the_machine(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """UTC is UTC wherever the backend runs."""
        monkeypatch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        try:
            found = written(rows_of(DAY), replace(FORM, zone="utc"))
        finally:
            monkeypatch.undo()
            time.tzset()
        assert "DTM+163:202506032200?+00:303" == found[10]

    @pytest.mark.parametrize(
        ("knobs", "sign"),
        [
            ({"zone": "utc"}, "DTM+163:202506032200?+00:303'"),
            ({"unit": "always"}, "QTY+220:0.000:KWH'"),
            ({"version": "2.4a", "zone": "local"}, "DTM+163:202506040000?+02:303'"),
            ({"version": "2.4a", "unit": "never"}, "QTY+220:0.000'"),
            ({"decimals": 6}, "QTY+220:0.001000'"),
            ({"party_qualifier": "ZZZ"}, "+12X-ABC-X------1:ZZZ+"),
            ({"party_agency": "305"}, "NAD+MR+12X-DEF-X------2::305'"),
            ({"test": True}, "++TL++++1'UNH"),
            ({"service_string": True}, "UNA:+.? 'UNB"),
            ({"line_end": "crlf"}, "'\r\nUNZ+1+17490762070001'\r\n"),
            ({"line_end": "lf"}, "'\nUNZ+1+17490762070001'\n"),
        ],
    )
    def test_knobs(self, knobs: dict[str, object], sign: str) -> None:
        """Each turns what it says, and the file reads back."""
        rows = rows_of(DAY)
        form = Mscons.from_mapping({"sender": SENDER, "receiver": RECEIVER, **knobs}, "format")
        content = write(rows, form, ENVELOPE)
        assert sign in content.decode("latin-1")
        assert rows == rows_in(read(content))

    def test_several_series(self) -> None:
        """Each is a message of its own, in the order of their names."""
        rows = rows_of(DAY, OTHER) + rows_of(DAY, obis="1-1:2.29.0*255") + rows_of(DAY)
        found = written(rows)
        assert [f"LOC+172+{CODE}", f"LOC+172+{CODE}", f"LOC+172+{OTHER}"] == [
            one for one in found if one.startswith("LOC")
        ]
        assert ["UNT+302+1", "UNT+302+2", "UNT+302+3", "UNZ+3+17490762070001"] == [
            one for one in found if one.startswith(("UNT", "UNZ"))
        ]
        assert carried(rows) == rows_in(read(write(rows, FORM, ENVELOPE)))

    @pytest.mark.parametrize(("day", "count"), [(SPRING, 92), (AUTUMN, 100)])
    def test_days_on_which_the_clock_is_changed(self, day: date, count: int) -> None:
        """Offsets tell the hours apart, as AHB 2.2a, section 5 shows."""
        found = written(rows_of(day))
        assert count == sum(one.startswith("QTY") for one in found)
        seam = {
            SPRING: ("DTM+163:202503300145?+01:303", "DTM+164:202503300300?+02:303"),
            AUTUMN: ("DTM+163:202510260245?+02:303", "DTM+164:202510260200?+01:303"),
        }[day]
        assert seam[1] == found[found.index(seam[0]) + 1]
        assert rows_of(day) == rows_in(read(write(rows_of(day), FORM, ENVELOPE)))

    @pytest.mark.parametrize(
        ("obis", "unit"), [("1-1:5.29.0", "K3"), ("6-1:1.29.0", "KWH"), ("1-1:2.29.0", "KWH")]
    )
    def test_units_of_other_energies(self, obis: str, unit: str) -> None:
        """Reactive energy has its own; heat is counted in kilowatt hours."""
        rows = rows_of(DAY, obis=obis)
        content = write(rows, replace(FORM, unit="always"), ENVELOPE)
        assert f"QTY+220:0.000:{unit}'".encode() in content
        assert rows == rows_in(read(content))

    def test_a_part_of_a_day(self) -> None:
        """Intervals may be left out; what is told has its own times."""
        rows = [rows_of(DAY)[index] for index in (5, 9, 40)]
        assert rows == rows_in(read(write(rows, FORM, ENVELOPE)))

    @pytest.mark.parametrize("code", ["x" * 70, "\xff", "a b", "it's?:+"])
    def test_names(self, code: str) -> None:
        """A name may have 70 characters of Latin-1."""
        rows = rows_of(DAY, code)
        assert rows == rows_in(read(write(rows, FORM, ENVELOPE)))

    def test_nothing(self) -> None:
        """A file of no rows has no message."""
        assert ["UNZ+0+17490762070001"] == written([])[1:]

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            (
                {"obis": "1-1:1.9.0"},
                f"{CODE} 1-1:1.9.0: '1-1:1.9.0' (electricity, main meter, active energy import, "
                "energy of a period (Vorschub), all tariffs) is not listed for this format; use of "
                "its 10 codes: 1-1:1.29.0*255, 1-1:2.29.0*255, 1-1:5.29.0*255, 1-1:6.29.0*255, "
                "1-1:7.29.0*255, 1-1:8.29.0*255, …",
            ),
            (
                {"obis": "x"},
                f"{CODE} x: 'x' is no OBIS code; write it as \"1-1:1.29.0*255\"",
            ),
            ({"code": ""}, f"name '': {LENGTH}"),
            ({"code": "x" * 71}, f"name '{'x' * 71}': {LENGTH}"),
            ({"code": "Z\u00fcrich\n"}, f"name 'Zürich\\n': {LENGTH}"),
            ({"code": " Z"}, f"name ' Z': {LENGTH}"),
            (
                {"code": "a\tb"},
                "name 'a\\tb': position 2: '\\t' cannot stand in EDIFACT (UNOC); "
                "use the metering code",
            ),
            (
                {"code": "\u0100"},
                "name 'Ā': position 1: 'Ā' cannot stand in EDIFACT (UNOC); use the metering code",
            ),
            (
                {"energy_kwh": Decimal("0.0001")},
                f"{CODE} {FIRST}: 0.0001 kWh has more than 3 decimals; "
                "make the intervals with the decimals of the layout",
            ),
            (
                {"energy_kwh": None},
                f"{CODE} {FIRST}: energy None does not go with status W; give F no energy",
            ),
            (
                {"end": rows_of(DAY)[0].start},
                f"{CODE} {FIRST}: ends at {FIRST}; give it a length",
            ),
            (
                {"start": rows_of(DAY)[0].start + timedelta(seconds=1)},
                f"{CODE} {OBIS}: 2025-06-03T22:00:01+00:00 is no whole minute; use whole minutes",
            ),
            (
                {"end": rows_of(DAY)[0].end + timedelta(microseconds=1)},
                f"{CODE} {OBIS}: 2025-06-03T22:15:00.000001+00:00 is no whole minute; "
                "use whole minutes",
            ),
        ],
    )
    def test_what_cannot_be_written(self, change: dict[str, object], sentence: str) -> None:
        """It is refused, with the place."""
        rows = [replace(rows_of(DAY)[0], **change)]  # type: ignore[arg-type]
        with pytest.raises((LayoutError, ObisError)) as caught:
            write(rows, FORM, ENVELOPE)
        assert sentence == str(caught.value)

    def test_a_minute_within_a_series(self) -> None:
        """The place is that of the interval."""
        rows = rows_of(DAY)[:2]
        rows[0] = replace(rows[0], end=rows[0].end + timedelta(seconds=1))
        with pytest.raises(LayoutError) as caught:
            write(rows, FORM, ENVELOPE)
        assert (
            f"{CODE} {FIRST}: 2025-06-03T22:15:01+00:00 is no whole minute; use whole minutes"
        ) == str(caught.value)

    def test_a_reference_that_is_too_long(self) -> None:
        """UNB has room for fourteen signs."""
        with pytest.raises(LayoutError) as caught:
            write(rows_of(DAY), FORM, replace(ENVELOPE, reference="123456789012345"))
        assert (
            "one file for each meter: the reference '123456789012345' is too long for UNB; "
            "let the format have one file for the task, or divide the task"
        ) == str(caught.value)

    def test_a_format_that_was_not_checked(self) -> None:
        """It is, before anything is written."""
        with pytest.raises(LayoutError) as caught:
            write([], Mscons(), ENVELOPE)
        assert "format: sender is ''; use 1 to 35 of A-Z, 0-9 and -, e.g. an EIC" == str(
            caught.value
        )

    @pytest.mark.parametrize(
        ("knobs", "sentence"),
        [
            ({}, "sender is ''; use 1 to 35 of A-Z, 0-9 and -, e.g. an EIC"),
            ({"sender": "a'b"}, 'sender is "a\'b"; use 1 to 35 of'),
            ({"sender": "A" * 36}, f"sender is '{'A' * 36}'; use 1 to 35 of"),
            ({"sender": "A" * 35}, "receiver is ''; use 1 to 35 of"),
            ({"sender": "A"}, "receiver is ''; use 1 to 35 of"),
            ({"sender": SENDER, "receiver": 7}, "receiver is 7; use 1 to 35 of"),
            (
                {"sender": SENDER, "receiver": RECEIVER, "version": "9"},
                "version is '9'; use '2.2e' or",
            ),
            ({"sender": SENDER, "receiver": RECEIVER, "decimals": True}, "decimals is True"),
            ({"separator": ";"}, "there is no knob 'separator'; use decimals, files, line_end"),
        ],
    )
    def test_settings(self, knobs: dict[str, object], sentence: str) -> None:
        """What a format cannot be is refused when it is saved."""
        with pytest.raises(LayoutError) as caught:
            Mscons.from_mapping(knobs, "[[format]] 'x'")
        assert str(caught.value).startswith("[[format]] 'x': " + sentence)


FORMS = "use 102, 203 or 303"


def taken(body: str) -> mscons.Document:
    """Read a message, from its third segment on."""
    content = f"UNB+UNOC:3+a+b'UNH+1+MSCONS:D:04B:UN:2.2e'{body}"
    return read(f"{content}UNT+{content.count(chr(39))}+1'".encode("latin-1"))


def during(start: str, end: str) -> str:
    """Write a period of local time."""
    return f"DTM+163:{start}:203'DTM+164:{end}:203'"


class TestReading:
    """What real files do is read, and named."""

    def test_counts_that_are_wrong(self) -> None:
        """They change no value."""
        content = write(rows_of(DAY), FORM, ENVELOPE).replace(b"UNT+302+1", b"UNT+109+1")
        found = read(content)
        assert ("UNT says 109 segments, there are 302",) == found.remarks
        assert rows_of(DAY) == rows_in(found)
        assert (SENDER, RECEIVER, "2.2e") == (found.sender, found.receiver, found.version)

    def test_an_older_version(self) -> None:
        """The name behind three empty components, one length for all, no time of their own."""
        found = read(
            b"UNA:+.? 'UNB+UNOC:3+a+b+140304:1406+1'UNH+1+MSCONS:D:99A:UN:1.6'UNS+D'NAD+XX'"
            b"LOC+172+::87:CH1'DTM+163:201403040000:203'DTM+164:201403050000:203'DTM+672:15:806'"
            b"LIN+1'PIA+5+1-1?:1.29.0:SWR'QTY+46:20.800:KWH'QTY+79:1:KWH'QTY+46:2,5:KWH'"
            b"LIN+2'PIA+5+1-1?:2.29.0:SWR'QTY+46:0:KWH'UNT+16+1'UNZ+1+1'"
        )
        start = datetime(2014, 3, 3, 23, tzinfo=UTC)
        step = timedelta(minutes=15)
        assert () == found.remarks
        assert [
            Row("CH1", "1-1:1.29.0", start, start + step, Decimal("20.800"), Status.TRUE),
            Row("CH1", "1-1:1.29.0", start + step, start + 2 * step, Decimal(1), Status.TRUE),
            Row(
                "CH1", "1-1:1.29.0", start + 2 * step, start + 3 * step, Decimal("2.5"), Status.TRUE
            ),
            Row("CH1", "1-1:2.29.0", start, start + step, Decimal(0), Status.TRUE),
        ] == rows_in(found)

    def test_several_points_in_a_message(self) -> None:
        """Each has its own times and values."""
        found = read(
            b"UNB+UNOC:3+a+b+1+1'UNH+1+MSCONS:D:04B:UN:2.4c'"
            b"LOC+172+A'LIN+1'PIA+5+1-1?:1.29.0'QTY+220:1'DTM+163:202506032200?+00:303'"
            b"DTM+164:202506032215?+00:303'LOC+172+B'LIN+1'PIA+5+1-1?:1.29.0'QTY+67:2'"
            b"DTM+163:202506032200?+00:303'DTM+164:202506032215?+00:303'UNT+13+1'UNZ+1+1'"
        )
        assert [("A", Decimal(1)), ("B", Decimal(2))] == [
            (row.code, row.energy_kwh) for row in rows_in(found)
        ]

    def test_register_readings(self) -> None:
        """They have an instant and no begin, and are no intervals."""
        found = read(
            b"UNB+UNOC:3+a+b+1+1'UNH+1+MSCONS:D:04B:UN:2.2e'RFF+Z13:13002'LOC+172+A'"
            b"DTM+9:20250604:102'LIN+1'PIA+5+1-1?:1.8.0:SRW'QTY+220:7000'UNT+8+1'UNZ+1+1'"
        )
        (one,) = found.quantities
        assert (None, datetime(2025, 6, 3, 22, tzinfo=UTC), Decimal(7000)) == (
            one.start,
            one.end,
            one.value,
        )
        assert [] == rows_in(found)

    def test_local_times_without_offset(self) -> None:
        """In October two runs of labels are told apart by their order."""
        labels = ["0145", "0200", "0215", "0230", "0245", "0200", "0215", "0230", "0245", "0300"]
        quantities = "".join(
            f"QTY+220:1'DTM+163:20251026{start}:203'DTM+164:20251026{end}:203'"
            for start, end in pairwise(labels)
        )
        found = read(
            f"UNB+UNOC:3+a'UNH+1+MSCONS:D:04B:UN:2.2e'LOC+172+A'LIN+1'{quantities}".encode()
        )
        assert ("the last message is not closed by UNT",) == found.remarks
        first = datetime(2025, 10, 25, 23, 45, tzinfo=UTC)
        assert [first + index * timedelta(minutes=15) for index in range(9)] == [
            one.start for one in found.quantities
        ]

    def test_local_times_of_two_points(self) -> None:
        """The order of one tells nothing of the other."""
        body = "".join(
            f"LOC+172+{code}'" + "".join(f"QTY+220:1'{during(*pair)}" for pair in pairwise(labels))
            for code in "AB"
            for labels in [["202510260230", "202510260200", "202510260230"]]
        )
        first = datetime(2025, 10, 26, 0, 30, tzinfo=UTC)
        half = timedelta(minutes=30)
        assert [("A", first), ("A", first + half), ("B", first), ("B", first + half)] == [
            (one.code, one.start) for one in taken(body).quantities
        ]

    @pytest.mark.parametrize(
        ("text", "form", "at"),
        [
            ("202506041200", "203", datetime(2025, 6, 4, 10, tzinfo=UTC)),
            ("202506041200?+02", "303", datetime(2025, 6, 4, 10, tzinfo=UTC)),
            ("202506041200-01", "303", datetime(2025, 6, 4, 13, tzinfo=UTC)),
            ("20250604", "102", datetime(2025, 6, 3, 22, tzinfo=UTC)),
            ("202510260230", "203", datetime(2025, 10, 26, 0, 30, tzinfo=UTC)),
        ],
    )
    @pytest.mark.parametrize("qualifier", ["9", "7", "164"])
    def test_times(self, qualifier: str, text: str, form: str, at: datetime) -> None:
        """Each form is an instant, of the metering point or of the quantity."""
        moment = f"DTM+{qualifier}:{text}:{form}'"
        for body in (f"{moment}LIN+1'QTY+220:1'", f"LIN+1'QTY+220:1'{moment}"):
            (one,) = taken(body).quantities
            assert (None, at) == (one.start, one.end)

    def test_which_time_counts(self) -> None:
        """A reading's own comes before those of the point, and its date before its period."""
        times = [f"DTM+{qualifier}:2025060{qualifier[0]}:102'" for qualifier in ("164", "7", "9")]
        own = "DTM+164:20250605:102'"
        found = [
            taken(f"{body}LIN+1'QTY+220:1'{own if has_own else ''}").quantities[0].end.day
            for body in ("".join(times), "".join(times[:2]), times[0])
            for has_own in (False, True)
        ]
        assert [8, 4, 6, 4, 31, 4] == found

    def test_times_that_say_nothing_of_values(self) -> None:
        """They are passed over, whatever their form."""
        assert () == taken("DTM+137:x:999'DTM+735:?+0000:406'").remarks

    def test_lengths(self) -> None:
        """A quantity with a begin has its end by the length, and so has the one behind it."""
        found = taken(
            "DTM+163:202506041200:203'DTM+672:15:806'LIN+1'QTY+220:1'DTM+163:202506041230:203'"
            "QTY+220:2'LIN+2'QTY+220:3'DTM+672:1440:806'QTY+220:4'DTM+672:000000001:806'QTY+220:5'"
        )
        noon = datetime(2025, 6, 4, 10, tzinfo=UTC)
        day = timedelta(days=1)
        quarter, minute = timedelta(minutes=15), timedelta(minutes=1)
        assert [
            (noon + 2 * quarter, noon + 3 * quarter),
            (noon + 3 * quarter, noon + 4 * quarter),
            (noon, noon + day),
            (noon + day, noon + day + minute),
            (noon + day + minute, noon + day + 2 * minute),
        ] == [(one.start, one.end) for one in found.quantities]

    def test_lengths_without_an_item(self) -> None:
        """A quantity begins where its metering point does."""
        found = taken("DTM+163:20250604:102'DTM+672:15:806'QTY+220:1'QTY+220:2'").quantities
        first = datetime.fromisoformat(FIRST)
        assert [first, first + timedelta(minutes=15)] == [one.start for one in found]

    def test_codes_of_items(self) -> None:
        """What has none has not that of the item before it."""
        items = ("LIN+1'PIA+5+1-1?:1.8.0'", "LIN+2'", "LIN+3'PIA+5+1-1?:2.8.0'")
        body = "".join(f"{item}QTY+220:1'" for item in items)
        found = taken(f"DTM+9:20250604:102'{body}").quantities
        assert ["1-1:1.8.0", "", "1-1:2.8.0"] == [one.obis for one in found]

    @pytest.mark.parametrize(
        ("place", "code"),
        [
            ("LOC+172+A", "A"),
            ("LOC+172+A:x:y:B", "A"),
            ("LOC+172+::87:B", "B"),
            ("LOC+172+:x", ""),
            ("LOC+172", ""),
        ],
    )
    def test_names_of_points(self, place: str, code: str) -> None:
        """The name is the first, or stands behind an empty one and what it is of."""
        (one,) = taken(f"LOC+172+Z'{place}'LIN+1'QTY+220:1'DTM+9:20250604:102'").quantities
        assert code == one.code

    def test_units_and_qualifiers(self) -> None:
        """They are told by our names as far as there are any."""
        units = ["", ":KWH", ":K3", ":MTQ", ":KVR"]
        read_at = "DTM+9:20250604:102'"
        found = taken(
            "LIN+1'PIA+5+1-1?:1.8.0:SRW'" + "".join(f"QTY+67:1{one}'{read_at}" for one in units)
        )
        assert [("67", unit) for unit in ("", "kWh", "kvarh", "m3", "KVR")] == [
            (one.qualifier, one.unit) for one in found.quantities
        ]
        assert {"1-1:1.8.0"} == {one.obis for one in found.quantities}

    def test_several_messages(self) -> None:
        """Each begins with nothing, and is counted by itself; groups are passed over."""
        head = "UNH+1+MSCONS:D:04B:UN:"
        quantity = f"QTY+220:1'{during('202506041200', '202506041215')}"
        found = read(
            f"UNB+UNOC:3+a+b'UNG+x'{head}2.2e'LOC+172+A'LIN+1'PIA+5+1-1?:1.29.0'{quantity}UNT+8+1'"
            f"{head}2.4a'FTX+x'{quantity}UNT+6+2'UNE+2'UNZ+2+1'UNB+UNOC:3+c+d'UNZ+0+1'".encode()
        )
        assert ("c", "d", "2.4a", ()) == (
            found.sender,
            found.receiver,
            found.version,
            found.remarks,
        )
        assert [("A", "1-1:1.29.0"), ("", "")] == [(one.code, one.obis) for one in found.quantities]

    def test_what_is_left_open(self) -> None:
        """The last quantity counts though nothing closes it."""
        found = read(b"UNB+UNOC:3+a'UNH+1+MSCONS:D:04B:UN:2.2e'QTY+220:7'DTM+9:20250604:102'")
        assert ("the last message is not closed by UNT",) == found.remarks
        assert [Decimal(7)] == [one.value for one in found.quantities]

    def test_a_message_in_a_message(self) -> None:
        """What the first told last is of its own metering point, and that is named."""
        point = "UNH+1+MSCONS:D:04B:UN:2.2e'LOC+172+{}'PIA+5+1-1?:1.8.0'QTY+220:{}'"
        found = read(
            f"UNB+UNOC:3+a'{point}DTM+9:20250604:102'{point}DTM+9:20250604:102'UNT+6+1'".format(
                "A", 1, "B", 2
            ).encode()
        )
        assert ("no UNT stands before segment 7, a UNH",) == found.remarks
        assert [("A", "1-1:1.8.0", Decimal(1)), ("B", "1-1:1.8.0", Decimal(2))] == [
            (one.code, one.obis, one.value) for one in found.quantities
        ]

    def test_a_count_that_is_not_there(self) -> None:
        """It is named."""
        found = read(b"UNB+UNOC:3+a'UNH+1+MSCONS:D:04B:UN:2.2e'UNT'")
        assert ("UNT says no segments, there are 2",) == found.remarks

    @pytest.mark.parametrize(
        ("body", "sentence"),
        [
            ("QTY+220:1'", "the quantity has no time; give it DTM 163 and 164"),
            (
                "QTY+220:1'DTM+163:20250604:102'",
                "the quantity has no time; give it DTM 163 and 164",
            ),
            ("QTY+220:x'DTM+164:202506041200:203'", "'x' is no quantity; give a number"),
            ("QTY+220'DTM+164:202506041200:203'", "'' is no quantity; give a number"),
            ("QTY+220:NaN'DTM+164:202506041200:203'", "'NaN' is no quantity; give a number"),
            ("DTM+163:2025:203'", f"'2025' is no time of the form '203'; {FORMS}"),
            (
                "DTM+163:202506041200?+2:303'",
                f"'202506041200+2' is no time of the form '303'; {FORMS}",
            ),
            (
                "DTM+163:202506041200102:303'",
                f"'202506041200102' is no time of the form '303'; {FORMS}",
            ),
            (
                "DTM+163:202506041200?+02x:303'",
                f"'202506041200+02x' is no time of the form '303'; {FORMS}",
            ),
            ("DTM+163:202513041200:203'", f"'202513041200' is no time of the form '203'; {FORMS}"),
            ("DTM+163:00010101:102'", f"'00010101' is no time of the form '102'; {FORMS}"),
            ("DTM+163:202506041200:102'", f"'202506041200' is no time of the form '102'; {FORMS}"),
            *(
                pytest.param(
                    f"DTM+672:{length}:806'",
                    f"{length!r} is no length of an interval in minutes; give 1 to 1440",
                    id=f"length {length[:5]}",
                )
                for length in ("0", "1441", "x", "-1", "\xb2", "9" * 5_000)
            ),
            ("UNH+2+UTILMD:D'", "the message is 'UTILMD'; give MSCONS"),
        ],
    )
    def test_what_cannot_be_read(self, body: str, sentence: str) -> None:
        """It says which segment, what is wrong and what to do."""
        with pytest.raises(UnreadableFile) as caught:
            taken(f"LOC+172+A'{body}")
        assert f"segment 4: {sentence}" == str(caught.value)

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (b"UNB+UNOC:3+a'UNZ+0+1'", "file: has no message; give MSCONS"),
            (b"UNB+UNOC:3+a'LOC+172+A'", "segment 2: LOC stands before any UNH; give MSCONS"),
            (
                b"UNB+UNOC:3+a'UNH+1+MSCONS:D:04B:UN:2.2e'UNT+2+1'LOC+172+A'",
                "segment 4: LOC stands before any UNH; give MSCONS",
            ),
        ],
    )
    def test_what_is_none(self, content: bytes, sentence: str) -> None:
        """A file without a message is none."""
        with pytest.raises(UnreadableFile) as caught:
            read(content)
        assert sentence == str(caught.value)

    @pytest.mark.parametrize(
        ("quantity", "sentence"),
        [
            (
                "99:1",
                "the quantity has the qualifier '99'; known are 220, 46, 79, 67, 187, 201, 20",
            ),
            ("220:1:KVR", "the quantity is in 'KVR'; give kWh"),
            ("220:1:K3", "the quantity is in 'kvarh'; give kWh"),
        ],
    )
    def test_what_is_no_energy(self, quantity: str, sentence: str) -> None:
        """It is read, and refused as a row."""
        found = taken(f"LOC+172+A'QTY+{quantity}'{during('202506040000', '202506040015')}")
        with pytest.raises(UnreadableFile) as caught:
            rows_in(found)
        assert f"A {FIRST}: {sentence}" == str(caught.value)

    def test_rows_behind_a_reading(self) -> None:
        """Readings are left out of the rows, and nothing else; what has no code is in kWh."""
        quarter = during("202506040000", "202506040015")
        found = taken(
            f"LOC+172+A'QTY+220:7'DTM+9:20250604:102'QTY+220:1:KWH'{quarter}QTY+20:5'{quarter}"
        )
        start = datetime.fromisoformat(FIRST)
        row = Row("A", "", start, start + timedelta(minutes=15), Decimal(1), Status.TRUE)
        assert [row, replace(row, energy_kwh=None, status=Status.MISSING)] == rows_in(found)


# ---------------------------------------------------------------- any rows


INSTANTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 12, 31)).map(  # noqa: DTZ001
    lambda at: at.replace(second=0, microsecond=0, tzinfo=UTC)
)
ENERGIES = st.decimals(0, 999_999, places=3, allow_nan=False, allow_infinity=False)
CODES = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0xFF, categories=["L", "N", "P", "S"]),
    min_size=1,
    max_size=40,
)


@st.composite
def any_rows(draw: st.DrawFn) -> list[Row]:
    """Think of rows, each interval once."""
    keys = draw(
        st.lists(
            st.tuples(
                CODES,
                st.sampled_from([OBIS, "1-1:2.29.0", "1-1:8.29.0*255", "9-1:1.29.0"]),
                INSTANTS,
            ),
            unique=True,
            min_size=1,
            max_size=12,
        )
    )
    rows = []
    for code, obis, start in keys:
        status = draw(st.sampled_from(Status))
        energy = None if status is Status.MISSING else draw(ENERGIES)
        end = start + timedelta(minutes=draw(st.sampled_from([1, 15, 60, 1440])))
        rows.append(Row(code, obis, start, end, energy, status))
    return rows


@unmeasured
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
    """Any rows come back, to the digit and the minute, whatever their names hold."""
    form = replace(FORM, version=version, line_end=line_end, service_string=service_string)
    found = read(write(rows, form, ENVELOPE))
    assert () == found.remarks
    assert carried(rows) == rows_in(found)


@settings(deadline=None, max_examples=50)
@given(any_rows(), st.sampled_from(mscons.VERSIONS))
def test_a_parser_that_is_not_ours(rows: list[Row], version: str) -> None:
    """Pydifact reads the same quantities, and its own counts are those that we wrote."""
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
    quantities = [
        (point, one.elements[0][0], Decimal(one.elements[0][1]))
        for message in messages
        for point in [next(each.elements[1] for each in message.segments if each.tag == "LOC")]
        for one in message.segments
        if one.tag == "QTY"
    ]
    qualifiers = {Status.TRUE: "220", Status.ESTIMATED: "67", Status.MISSING: "20"}
    assert [
        (row.code, qualifiers[row.status], row.energy_kwh or Decimal(0)) for row in carried(rows)
    ] == quantities
