"""The forms that files can have."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from backend.core.days import day_grid
from backend.core.exports import Activation, rows_of
from backend.core.formats import ise_timeseries_csv, mscons
from backend.core.formats.esl_xml import ReadingsXml
from backend.core.formats.forms import (
    KINDS,
    Form,
    check_obis,
    codes_of,
    form_of,
    keys_of,
    read_back,
    stand_alone,
    takes_virtual_tariffs,
    write_some,
    write_whole,
)
from backend.core.formats.ise_daily_csv import FeedCsv, ReadingsCsv
from backend.core.formats.layout import Layout
from backend.core.formats.mscons import Envelope, Mscons
from backend.core.formats.mscons_readings import MsconsReadings
from backend.core.formats.obis_csv import ObisCsv
from backend.core.formats.row import Row
from backend.core.formats.series_csv import write_series
from backend.core.intervals import Status
from backend.core.series import Series
from backend.errors import LayoutError, ObisError

PARTIES = {"sender": "12X-ABC-X------1", "receiver": "12X-DEF-X------2"}
MSCONS = Mscons(**PARTIES)
ENVELOPE = Envelope(datetime(2025, 6, 4, 22, 30, 7, tzinfo=UTC), "17490762070001")
POINT = Activation("WB-1", "CH98765012345AAAAAAAAAAAAAAA00001", "1-1:1.29.0*255")
DAY = tuple(day_grid(date(2025, 6, 3), 15))
SERIES = Series(POINT, DAY[:5], 3, [1, 0, 250, None], ["measured"] * 3 + ["unread"])


@pytest.mark.parametrize(
    ("kind", "knobs", "form"),
    [
        ("ise-timeseries-csv", {"decimals": 6}, Layout(decimals=6)),
        ("mscons", {**PARTIES, "decimals": 6}, Mscons(**PARTIES, decimals=6)),
    ],
)
def test_a_form_of_settings(kind: str, knobs: dict[str, Any], form: Form) -> None:
    """Its kind says whose knobs they are."""
    assert form == form_of(kind, knobs, "format")
    with pytest.raises(LayoutError) as caught:
        form_of(kind, {"colour": 1}, "[[format]] 'x'")
    assert str(caught.value).startswith("[[format]] 'x': there is no knob 'colour'; use ")


@pytest.mark.parametrize(
    ("text", "form", "sentence"),
    [
        ("1-1:1.29.0", Layout(), None),
        ("1-1:1.29.0*255", MSCONS, None),
        ("1-1:1.9.0", Layout(), None),
        (
            "1-1:1.9.0",
            MSCONS,
            "[[point]] 'A': '1-1:1.9.0' (electricity, main meter, active energy import, "
            "energy of a period (Vorschub), all tariffs) "
            "is not listed for this format; use of its 10 codes: 1-1:1.29.0*255, "
            "1-1:2.29.0*255, 1-1:5.29.0*255, 1-1:6.29.0*255, 1-1:7.29.0*255, 1-1:8.29.0*255, …",
        ),
        ("1-1:2.29.0", MSCONS, None),
        (
            "1-1:2.8.0",
            Layout(),
            "[[point]] 'A': '1-1:2.8.0' (electricity, main meter, active energy export, "
            "register reading, all tariffs) "
            'is not the energy of an interval; use e.g. "1-1:1.29.0*255" (load profile) '
            'or "1-1:1.9.0" (energy of a period)',
        ),
        ("1-1:2.8.0", ReadingsCsv(), None),
    ],
)
def test_the_codes_of_a_form(text: str, form: Form, sentence: str | None) -> None:
    """All are of intervals; MSCONS has what its table lists; others have codes of their own."""
    if sentence is None:
        assert text == check_obis(text, form, "[[point]] 'A'")
        return
    with pytest.raises(ObisError) as caught:
        check_obis(text, form, "[[point]] 'A'")
    assert sentence == str(caught.value)


def rows() -> list[Row]:
    """Give the rows of the series."""
    return rows_of(POINT, SERIES.intervals)


def test_whole_series() -> None:
    """Each form writes them in its own way."""
    assert write_series([SERIES], Layout()) == write_whole([SERIES], Layout(), ENVELOPE)
    assert mscons.write(rows(), MSCONS, ENVELOPE) == write_whole([SERIES], MSCONS, ENVELOPE)


def test_some_intervals() -> None:
    """What lies between them may be left out in any form."""
    some = [rows()[0], rows()[2]]
    layout = Layout(status_column=False)
    assert ise_timeseries_csv.write(some, layout, gaps=True) == write_some(some, layout, ENVELOPE)
    assert mscons.write(some, MSCONS, ENVELOPE) == write_some(some, MSCONS, ENVELOPE)


@pytest.mark.parametrize("form", [Layout(), MSCONS])
def test_reading(form: Form) -> None:
    """Each kind reads what it wrote."""
    content = write_whole([SERIES], form, ENVELOPE)
    assert rows() == read_back(content, form)


@pytest.mark.parametrize(
    ("form", "alone"), [(Layout(), False), (Layout(zone="utc"), True), (MSCONS, True)]
)
def test_rows_that_stand_alone(form: Form, alone: bool) -> None:
    """The second run of an hour of October needs the first one, where a form has no offset."""
    start, end = day_grid(date(2025, 10, 26), 15)[14:16]
    row = Row(POINT.metering_code, POINT.obis, start, end, None, Status.MISSING)
    assert alone == stand_alone([row], form)
    assert stand_alone([], form)


DAILY = [
    Row(POINT.metering_code, obis, DAY[0], DAY[-1], Decimal("7.125"), Status.TRUE)
    for obis in ("1-0:1.8.0*255", "1-1:1.8.0", "1-1:1.9.0")
]
OTHERS = {
    "ise-readings-csv": (ReadingsCsv(), 1, b";1-1:1.8.0;"),
    "ise-readings-xml": (ReadingsXml(), 1, b'created="2025-06-05T00:30:07"'),
    "ise-feed-csv": (FeedCsv(), 2, b";1-1:1.9.0;"),
    "mscons-readings": (MsconsReadings(**PARTIES), 1, b"DTM+137:202506050030:203"),
    "csv": (ObisCsv(), 0, b";1-0:1.8.0*255\r\n"),
}
"""The forms of one value a day, the row of `DAILY` that each has, and what shows in its file."""


class TestFormsOfADay:
    """Those that have one value a day."""

    def test_all_kinds(self) -> None:
        """Each kind has its words, its form and its knobs."""
        assert {"ise-timeseries-csv", "mscons", *OTHERS} == KINDS.keys()
        for kind in KINDS.values():
            assert kind.name
            assert "decimals" in [knob.name for knob in kind.knobs]
        assert 7 == len({kind.name for kind in KINDS.values()})

    @pytest.mark.parametrize("kind", OTHERS)
    def test_writing(self, kind: str) -> None:
        """Each writes its rows in its own way, whole series and some values alike."""
        form, place, sign = OTHERS[kind]
        knobs = PARTIES if kind == "mscons-readings" else {}
        assert form == form_of(kind, knobs, "format")
        row = DAILY[place]
        point = Activation("WB-1", row.code, row.obis)
        series = Series(point, (row.start, row.end), 3, [7_125], ["measured"])
        content = write_some([row], form, ENVELOPE)
        assert sign in content
        assert b"7.125" in content
        assert write_whole([series], form, ENVELOPE) == content
        assert [row] == read_back(content, form)
        assert stand_alone([row, row], form)

    @pytest.mark.parametrize(
        ("form", "codes", "keys", "takes"),
        [
            (Layout(), (), ("metering_code",), False),
            (MSCONS, (), ("metering_code",), False),
            (MsconsReadings(**PARTIES), ("1-1:1.8.0",), ("metering_code",), False),
            (ObisCsv(key="internal_no"), ("1-0:1.8.0*255",), ("internal_no",), False),
            (ReadingsCsv(key="factory_no"), ("1-1:1.8.0",), ("factory_no",), True),
            (FeedCsv(), ("1-1:1.9.0",), ("metering_code",), True),
            (
                ReadingsXml(keys=("internal_no", "factory_no")),
                ("1-1:1.8.0",),
                ("internal_no", "factory_no"),
                True,
            ),
        ],
    )
    def test_what_a_form_has(
        self, form: Form, codes: tuple[str, ...], keys: tuple[str, ...], takes: bool
    ) -> None:
        """Codes, what meters are called by, and whether it takes virtual tariffs."""
        assert (codes, keys, takes) == (codes_of(form), keys_of(form), takes_virtual_tariffs(form))
