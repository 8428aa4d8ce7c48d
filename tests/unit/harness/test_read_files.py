"""The values of delivered files, as a table or for a program."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.cli import main
from harness.errors import UsageError
from harness.read_files import content_of

MSCONS = (
    b"UNB+UNOC:3+A:500+B:500+250605:0030+1++TL'UNH+1+MSCONS:D:04B:UN:2.2e'LOC+172+CH1'LIN+1'"
    b"PIA+5+1-1?:1.29.0*255:SRW'QTY+220:36.300'DTM+163:202506040000?+02:303'"
    b"DTM+164:202506040015?+02:303'QTY+99:1'DTM+163:202506040015?+02:303'"
    b"DTM+164:202506040030?+02:303'UNT+9+1'UNZ+1+1'"
)
SERIES = (
    b"Messpunkt;OBIS;Zeitstempel;Wert;Einheit;Status\r\n"
    b"CH1;1-1:1.29.0;04.06.2025 00:15:00;;kWh;F\r\n"
    b"CH1;1-1:1.29.0;04.06.2025 00:30:00;0.50;kWh;E\r\n"
)
ESL = (
    b'<ESLBillingData><Meter factoryNo="4711"><TimePeriod end="2025-06-01T00:00:00">'
    b'<ValueRow obis="1-1:1.8.1" value="12.5000" status="V"/></TimePeriod></Meter></ESLBillingData>'
)


def lines_of(capsys: pytest.CaptureFixture[str], *files: Path, more: tuple[str, ...] = ()) -> str:
    """Run the command, and give what it prints."""
    assert 0 == main(["read", *map(str, files), *more])
    return capsys.readouterr().out


def test_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each value is a line, under what the file is and does that it should not."""
    for name, content in (("a.txt", MSCONS), ("b.csv", SERIES), ("c.xml", ESL)):
        (tmp_path / name).write_bytes(content)
    text = lines_of(capsys, *sorted(tmp_path.iterdir()))
    found = [line.removeprefix(f"{tmp_path}/").split() for line in text.splitlines() if line]
    shown = [" ".join(words) for words in found if not words[0].startswith("──")]
    assert [
        "a.txt: MSCONS 2.2e from A to B, 2 values",
        "UNT says 9 segments, there are 11",
        "metering point OBIS from until value unit status",
        "CH1 1-1:1.29.0*255 2025-06-04 00:00+02 2025-06-04 00:15+02 36.300 W",
        "CH1 1-1:1.29.0*255 2025-06-04 00:15+02 2025-06-04 00:30+02 1 QTY 99",
        "b.csv: IS-E time series, 2 values",
        "metering point OBIS from until value unit status",
        "CH1 1-1:1.29.0 2025-06-04 00:00+02 2025-06-04 00:15+02 kWh F",
        "CH1 1-1:1.29.0 2025-06-04 00:15+02 2025-06-04 00:30+02 0.50 kWh E",
        "c.xml: ESLBillingData, 1 value",
        "metering point OBIS from until value unit status",
        "4711 1-1:1.8.1 2025-06-01 00:00+02 12.5000 V",
    ] == shown


def test_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A program gets a line a file, with the digits as they were."""
    file = tmp_path / "c.xml"
    file.write_bytes(ESL)
    told = json.loads(lines_of(capsys, file, more=("--json",)))
    assert {
        "file": str(file),
        "kind": "ESLBillingData",
        "values": [
            {
                "point": "4711",
                "obis": "1-1:1.8.1",
                "start": "",
                "end": "2025-06-01 00:00+02",
                "value": "12.5000",
                "unit": "",
                "status": "V",
            }
        ],
        "remarks": [],
    } == told


@pytest.mark.parametrize("change", [(b";", b"\t"), (b".50", b",50"), (b"\r\n", b"\n")])
def test_time_series_of_other_forms(change: tuple[bytes, bytes]) -> None:
    """How cells, digits and lines are parted is seen in the file."""
    assert ["", "0.50"] == [one.value for one in content_of(SERIES.replace(*change)).values]


HEADER = b"Messpunkt;OBIS;Zeitstempel;Wert;Einheit;Status\r\n"


@pytest.mark.parametrize(
    ("content", "kind", "told"),
    [
        (
            HEADER + b"CH1;1-1:5.8.0;05.06.2025 00:00:00;12.5;kvarh;W\r\n",
            "IS-E registers",
            ("1-1:5.8.0", "", "2025-06-05 00:00+02", "12.5", "kvarh", "W"),
        ),
        (
            HEADER + b"CH1;8-1:1.0.0;05.06.2025 00:00:00;;m3;F\r\n",
            "IS-E registers",
            ("8-1:1.0.0", "", "2025-06-05 00:00+02", "", "m3", "F"),
        ),
        (
            HEADER + b"CH1;1-1:1.9.0;31.03.2025 00:00:00;12.5;kWh;E\r\n",
            "IS-E feed",
            ("1-1:1.9.0", "2025-03-30 00:00+01", "2025-03-31 00:00+02", "12.5", "kWh", "E"),
        ),
        (
            HEADER + b"CH1;1-1:1.9.0;31.03.2025 00:15:00;12.5;kWh;E\r\n",
            "IS-E time series",
            ("1-1:1.9.0", "2025-03-31 00:00+02", "2025-03-31 00:15+02", "12.5", "kWh", "E"),
        ),
        (
            b"Messpunkt|Zeitstempel|1-0:1.8.0*255|1-0:2.8.0*255\nCH1|05.06.2025 00:00:00||7,5\n",
            "CSV by OBIS code",
            ("1-0:2.8.0*255", "", "2025-06-05 00:00+02", "7.5", "kWh", "W"),
        ),
        (
            ESL.replace(b'value="12.5000" status="V"', b'value="" status="F"'),
            "ESLBillingData",
            ("1-1:1.8.1", "", "2025-06-01 00:00+02", "", "", "F"),
        ),
    ],
)
def test_a_kind(content: bytes, kind: str, told: tuple[str, ...]) -> None:
    """Its codes and times tell what a file of rows is; a register has no start."""
    found = content_of(content)

    assert kind == found.kind
    assert [told] == [
        (one.obis, one.start, one.end, one.value, one.unit, one.status) for one in found.values
    ]


def test_a_code_that_is_none() -> None:
    """A file with a code that is none is a time series, whose reader takes any."""
    content = HEADER + b"CH1;Wirk;05.06.2025 00:15:00;12.5;kWh;W\r\n"

    assert "IS-E time series" == content_of(content).kind


@pytest.mark.parametrize("content", [b"", b"hello\nworld"])
def test_what_is_none(content: bytes) -> None:
    """It says what would be read."""
    with pytest.raises(UsageError, match=r"no MSCONS \(UNA, UNB\), no XML, no rows of IS-E \("):
        content_of(content)


def test_a_file_that_is_broken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file, the place and the reason are told, with exit code 2."""
    file = tmp_path / "a.txt"
    file.write_bytes(MSCONS[:-1])
    assert 2 == main(["read", str(file)])
    error = capsys.readouterr().err
    assert f"isebench read: {file}: segment 13: 'UNZ+1+1' is not closed by \"'\"" in error
    assert 2 == main(["read", str(tmp_path / "none")])
    assert f"isebench read: {tmp_path / 'none'}: cannot be read" in capsys.readouterr().err
