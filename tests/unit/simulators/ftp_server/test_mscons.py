"""The utility's own reader of MSCONS."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from simulators.ftp_server.mscons import MsconsAgreed, read
from simulators.ftp_server.timeseries_csv import Row, Stands, Unreadable

AGREED = MsconsAgreed("12X-ABC-X------1", "12X-DEF-X------2")
CODE = "CH98765012345AAAAAAAAAAAAAAA00001"
TEXT = f"""UNB+UNOC:3+12X-ABC-X------1:500+12X-DEF-X------2:500+250605:0030+17490762070001++TL'
UNH+1+MSCONS:D:04B:UN:2.2e'
BGM+7+17490762070001-1+9'
DTM+137:202506050030:203'
RFF+Z13:13008'
NAD+MS+12X-ABC-X------1::293'
NAD+MR+12X-DEF-X------2::293'
UNS+D'
NAD+DP'
LOC+172+{CODE}'
DTM+163:202506040000?+02:303'
DTM+164:202506040045?+02:303'
LIN+1'
PIA+5+1-1?:1.29.0*255:SRW'
QTY+220:1.250'
DTM+163:202506040000?+02:303'
DTM+164:202506040015?+02:303'
QTY+67:0.5'
DTM+163:202506040015?+02:303'
DTM+164:202506040030?+02:303'
QTY+20:0.000'
DTM+163:202506040030?+02:303'
DTM+164:202506040045?+02:303'
UNT+23+1'
UNZ+1+17490762070001'
"""
FIRST = datetime(2025, 6, 3, 22, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


@pytest.mark.parametrize("line_end", ["", "\n", "\r\n"])
@pytest.mark.parametrize("advice", ["", "UNA:+.? '"])
def test_a_file(line_end: str, advice: str) -> None:
    """Each value has its interval and its status, however the segments are parted."""
    text = TEXT.replace("\n", line_end)
    told = [(Decimal("1.250"), "W"), (Decimal("0.5"), "E"), (None, "F")]
    rows = read((advice + line_end + text).encode(), AGREED)

    assert [
        Row(CODE, "1-1:1.29.0*255", FIRST + n * QUARTER, FIRST + (n + 1) * QUARTER, energy, status)
        for n, (energy, status) in enumerate(told)
    ] == rows
    assert [Stands(15), Stands(18), Stands(21)] == [row.stands for row in rows]


def test_version_2_4a() -> None:
    """Times are in UTC, and quantities have units."""
    text = TEXT.replace("2.2e", "2.4a")
    for minutes in (0, 15, 30, 45):
        text = text.replace(f"2025060400{minutes:02}?+02", f"2025060322{minutes:02}?+00")
    text = text.replace("QTY+220:1.250", "QTY+220:1.250:KWH").replace(":0.5'", ":0.5:KWH'")
    text = text.replace("0.000", "0.000:KWH")
    rows = read(text.encode(), MsconsAgreed(AGREED.sender, AGREED.receiver, "2.4a"))
    assert [FIRST, FIRST + QUARTER, FIRST + 2 * QUARTER] == [row.start for row in rows]


WRONG = {
    "not closed": ("UNZ+1+17490762070001'\n", "UNZ+1+1", "it is not closed"),
    "another sender": ("UNB+UNOC:3+12X-ABC", "UNB+UNOC:3+12X-XYZ", "which was not agreed"),
    "another version": ("2.2e", "2.4a", "segment 2: its version is 2.4a, agreed is 2.2e"),
    "a count": ("UNT+23", "UNT+24", "segment 24: it is 'UNT+24+1', expected UNT"),
    "messages": ("UNZ+1", "UNZ+2", "segment 25: it is 'UNZ+2+17490762070001', expected"),
    "a reference": ("UNZ+1+17490762070001", "UNZ+1+2", "segment 25: it is 'UNZ+1+2'"),
    "the end": ("17490762070001'\n", "17490762070001'\nUNT+1'", "behind UNZ"),
    "a unit": ("1.250'", "1.250:KWH'", "segment 15: a quantity has KWH, agreed is none"),
    "a qualifier": ("QTY+67", "QTY+99", "segment 18: it is 'QTY+99:0.5', expected QTY"),
    "a fall": ("QTY+67:0.5", "QTY+67:-0.5", "segment 18: it is 'QTY+67:-0.5', expected QTY"),
    "a value": ("QTY+20:0.000", "QTY+20:0.001", "a value that is unusable is not 0"),
    "the period": ("0045?+02:303'\nLIN", "0030?+02:303'\nLIN", "the period of a series is not"),
    "an overlap": ("DTM+163:202506040015", "DTM+163:202506040010", "intervals overlap"),
    "an offset": ("DTM+163:202506040015?+02", "DTM+163:202506040015?+00", "the offset +00"),
    "no time": ("DTM+163:202506040015", "DTM+163:202506042515", "202506042515 is no time"),
    "another order": ("DTM+163:202506040015", "DTM+164:202506040015", "not DTM 163 and DTM 164"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_not_as_agreed(what: str) -> None:
    """It is refused whole, with the segment and the reason."""
    was, becomes, sentence = WRONG[what]
    assert was in TEXT
    head, _, tail = TEXT.rpartition(was)
    text = TEXT.replace(was, becomes, 1) if what != "the end" else head + becomes + tail
    with pytest.raises(Unreadable) as caught:
        read(text.encode(), AGREED)
    assert sentence in str(caught.value)


def test_what_ends_too_early() -> None:
    """It says what should come."""
    text = TEXT[: TEXT.index("BGM")]
    with pytest.raises(Unreadable, match="it ends where BGM"):
        read(text.encode(), AGREED)
