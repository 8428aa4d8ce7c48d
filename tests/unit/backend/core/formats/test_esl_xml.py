"""Register readings as ESLBillingData, read."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from backend.core.formats import esl_xml
from backend.core.formats.esl_xml import RegisterValue, read
from backend.errors import UnreadableFile


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
