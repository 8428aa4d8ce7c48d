"""The questionnaire of a model, and what it says of the INCH."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from backend.core.declaration import Declaration
from backend.core.device_profile import DeviceProfile, load_profile
from backend.errors import SettingsError
from harness.cli import main
from harness.errors import UsageError
from harness.questionnaire import as_html, as_markdown, questionnaire, sections_of
from harness.recording import write_recording
from simulators.wiretap import Crossing

ONE_TO_ONE = (
    "Authorize",
    "BootNotification",
    "DataTransfer",
    "DiagnosticsStatusNotification",
    "FirmwareStatusNotification",
    "Heartbeat",
    "MeterValues",
    "StartTransaction",
    "StatusNotification",
    "StopTransaction",
    "CancelReservation",
    "ChangeAvailability",
    "ChangeConfiguration",
    "ClearCache",
    "GetConfiguration",
    "GetDiagnostics",
    "RemoteStartTransaction",
    "RemoteStopTransaction",
    "ReserveNow",
    "Reset",
    "SendLocalList",
    "UnlockConnector",
    "UpdateFirmware",
)

# What document 003 answers, in short: not under OCPP 1.5, under 1.6 over SOAP and over JSON.
MESSAGES = {
    **dict.fromkeys(ONE_TO_ONE, ("☐", "☒", "☒")),
    **dict.fromkeys(
        ("ClearChargingProfile", "SetChargingProfile", "TriggerMessage"), ("", "☒", "☒")
    ),
    "GetLocalListVersion": ("☐", "☐", "☐"),
}
ANSWERS = {
    "Vendor name": "ETREL",
    "Model name": "INCH",
    "Firmware version": "1.12",
    "Firmware issue date": "not said",
    "Byte order": "Little-Endian as default",
    "Delimiters": "none",
    "Example": "FA2AFD77",
    "Which": "Contact Etrel to get a list of custom messages",
    "Upload protocols": "ftp, http",
    "RFID cards stored": ">100000",
    "Vendor error codes": "See document attached",
    "Charger's service endpoint, OCPP 1.6 JSON": "Not used",
    "Charger's service endpoint, OCPP 1.6 SOAP": "TCP 80",
    "Charger's service security, OCPP 1.6 JSON": "ws and wss",
    "Charger's service security, OCPP 1.6 SOAP": "http and https",
    "Back-end security": "ws, wss or http, https",
    "Other interface, Web configuration": "http://chargepointIP:80",
}
CONNECTOR = {
    "EVSE code": "1",
    "Charging type": "AC",
    "Connector code": "1",
    "Connector type": "Type 2",
    "Max. power [kW]": "22",
    "Phases": "3",
}
INTERVAL = "meter value interval"
MEASUREMENTS = {
    "Energy.Active.Import.Register": ("–", "connector", INTERVAL, "not sent", "kWh"),
    "Current.Import": ("L1 L2 L3", "connector", INTERVAL, "not sent", "A"),
    "Power.Active.Import": ("–", "connector", INTERVAL, "not sent", "kW"),
    "Voltage": ("L1 L2 L3", "connector", INTERVAL, "not sent", "V"),
    "Frequency": ("–", "connector", INTERVAL, "not sent", "Hz"),
    "Power.Factor": ("–", "connector", INTERVAL, "not sent", "–"),
}


class Page(HTMLParser):
    """Reads the tables of a page, by the titles above them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: dict[str, dict[str, tuple[str, ...]]] = {}
        self.tags: set[str] = set()
        self._title = ""
        self._row: list[str] = []
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where we are."""
        self.tags.add(tag)
        self._inside = tag
        if tag == "tr":
            self._row = []
        elif tag in ("th", "td"):
            self._row.append("")

    def handle_endtag(self, tag: str) -> None:
        """Keep a row."""
        self._inside = ""
        if tag == "tr":
            self.tables[self._title][self._row[0]] = tuple(self._row[1:])

    def handle_data(self, data: str) -> None:
        """Take a text."""
        if self._inside == "h2":
            self._title = data
            self.tables[data] = {}
        elif self._inside in ("th", "td"):
            self._row[-1] += data


def page_of(name: str = "etrel_inch") -> Page:
    """Give the page of a bundled model."""
    profile = load_profile(name)
    return Page(as_html(profile, sections_of(profile)))


class TestTheInch:
    """What is generated is what document 003 says."""

    def test_messages(self) -> None:
        """Each row of its table, box for box, and no other row."""
        table = page_of().tables["OCPP versions and messages"]
        head = table.pop("Message")

        assert ("OCPP 1.5 SOAP", "OCPP 1.6 SOAP", "OCPP 1.6 JSON") == head
        assert MESSAGES == table

    def test_answers(self) -> None:
        """Each question with its answer."""
        told = {
            question: row[0]
            for title, table in page_of().tables.items()
            for question, row in table.items()
            if title
            not in ("OCPP versions and messages", "MeterValues: measurements", "Connectors")
        }

        assert ANSWERS == {question: told.get(question) for question in ANSWERS}
        files = {title: page_of().tables[title]["File format"] for title in FILES}
        assert FILES == files

    def test_the_connector_and_the_measurements(self) -> None:
        """The two other tables."""
        tables = page_of().tables
        connectors = {name: row[0] for name, row in tables["Connectors"].items() if name}
        measured = dict(tables["MeterValues: measurements"])
        del measured["Measurand"]

        assert CONNECTOR == connectors
        assert MEASUREMENTS == measured

    def test_what_stands_below_the_tables(self) -> None:
        """Consumption of the building, and what the form does not ask."""
        text = questionnaire("etrel_inch")

        assert "Also: OCPP non standard messages on building consumption" in text
        assert "Not asked: GetCompositeSchedule." in text

    def test_nobody_is_named(self) -> None:
        """A person is no property of a model."""
        assert "@" not in questionnaire("etrel_inch")


FILES = {
    "GetDiagnostics": ("Zip file, contains ASCII files",),
    "UpdateFirmware": ("zip",),
}


class TestWriting:
    """As a page and as Markdown."""

    def test_the_page_needs_nothing_but_itself(self) -> None:
        """No script, no link out, no picture."""
        profile = load_profile("etrel_inch")
        text = as_html(profile, sections_of(profile))

        assert not {"script", "img", "iframe"} & Page(text).tags
        assert ['href="data:,"'] == re.findall(r'(?:src|href)="[^"]*"', text)
        assert text == as_html(profile, sections_of(profile))

    def test_both_say_the_same(self) -> None:
        """Row for row."""
        rows = [
            tuple(cell.strip() for cell in line.strip("|").split("|"))
            for line in questionnaire("etrel_inch").splitlines()
            if line.startswith("|") and "---" not in line
        ]
        tables = page_of().tables.values()

        assert rows == [(name, *row) for table in tables for name, row in table.items()]

    def test_what_a_vendor_writes_is_text(self) -> None:
        """Neither HTML nor a table of its own comes of it."""
        declared = Declaration(vendor="<b>|\u202e")
        profile = DeviceProfile("x", declared=declared)

        assert "&lt;b&gt;|&lt;U+202E&gt;" in as_html(profile, sections_of(profile))
        assert "<b>\\|<U+202E>" in as_markdown(profile, sections_of(profile))

    def test_a_model_of_which_nothing_is_declared(self) -> None:
        """There is nothing to write, and the error says what to do."""
        with pytest.raises(UsageError, match="'generic' nothing is declared; write"):
            questionnaire("generic")
        with pytest.raises(SettingsError, match="no device profile 'x'"):
            questionnaire("x")


def recording(path: Path) -> Path:
    """Write a recording of two chargers."""
    from datetime import UTC, datetime

    at = datetime(2025, 6, 3, tzinfo=UTC)
    crossings = [
        Crossing(at, "ocpp1.6", "A", "backend", '[2,"1","Heartbeat",{}]'),
        Crossing(at, "ocpp1.6", "B", "backend", '[2,"1","SecurityEventNotification",{}]'),
    ]
    write_recording(path, crossings, seed=1, start=at)
    return path


class TestCommand:
    """`isebench questionnaire`."""

    def test_into_files(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """It tells where it has written."""
        page, text = tmp_path / "q.html", tmp_path / "q.md"
        assert 0 == main(["questionnaire", "--html", str(page), "--markdown", str(text)])

        assert f"{page}\n{text}\n" == capsys.readouterr().out
        assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
        assert text.read_text(encoding="utf-8").startswith("# Etrel INCH")

    def test_with_what_was_shown(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A section more, of all chargers of the recording, or of one."""
        path = str(recording(tmp_path / "r.jsonl"))
        assert 0 == main(["questionnaire", "--shown", path])
        text = capsys.readouterr().out
        assert "| message of the charger | Heartbeat | shown | 1 |" in text
        assert "| SecurityEventNotification | shown though not declared | 1 |" in text
        assert "frames of A, B" in text
        assert 0 == main(["questionnaire", "--shown", path, "--station", "A"])
        assert "SecurityEventNotification" not in capsys.readouterr().out
        assert 2 == main(["questionnaire", "--shown", path, "--station", "C"])
        assert "no charger 'C'; it has A, B" in capsys.readouterr().err

    @pytest.mark.parametrize("option", ["--html", "--markdown", "--shown"])
    def test_a_path_that_cannot_be(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str
    ) -> None:
        """It is wrong usage, and the sentence names the path and the option."""
        assert 2 == main(["questionnaire", option, str(tmp_path)])
        told = capsys.readouterr().err
        assert f"{tmp_path}: cannot be" in told
        assert f"another file with {option}" in told
