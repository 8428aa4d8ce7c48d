"""Diagnostics and firmware, ordered from afar."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.inch_desk import Desk

from simulators.charger_inch.device import RESTART_S, Setup
from simulators.charger_inch.habits import InstallationFails
from simulators.charger_inch.maintenance import INSTALLATION_S, archive, firmware, version_in

FTP = "ftp://bench:secret@127.0.0.1:2121/up"
HTTP = "http://127.0.0.1:8000/inch-2.0.zip"


def ready() -> Desk:
    """Give a booted device whose depot takes and gives."""
    setup = Setup(configuration={"MeterValueSampleInterval": "0"})
    desk = Desk(setup).boot()
    desk.files = {FTP: None, HTTP: firmware("2.0")}
    return desk


def told(desk: Desk, action: str) -> list[str]:
    """Give the statuses that were told."""
    return [one["status"] for one in desk.payloads(action)]


class TestDiagnostics:
    """OCPP 1.6 §4.4, §5.9; document 003: a zip of ASCII files."""

    def test_they_are_brought(self) -> None:
        """The name in the answer is the file's; Uploading and Uploaded are told."""
        desk = ready()
        answer = desk.ask("GetDiagnostics", location=FTP)
        assert answer == {"fileName": "diagnostics_WB-1_20250603T060000Z.zip"}
        assert told(desk, "DiagnosticsStatusNotification") == ["Uploading", "Uploaded"]
        assert [one.name for one in desk.brought] == [answer["fileName"]]
        assert desk.device.maintenance.diagnostics_status == "Idle"

    def test_they_are_ascii_files_of_what_matters(self) -> None:
        """Identity, keys, status and journal; no location and no password."""
        desk = ready().plug_in().show()
        desk.ask("GetDiagnostics", location=FTP)
        content = desk.brought[0].content or b""
        with zipfile.ZipFile(io.BytesIO(content)) as folder:
            files = {name: folder.read(name).decode("ascii") for name in folder.namelist()}
        assert "ETREL INCH" in files["identity.txt"]
        assert "MeterValueSampleInterval=0" in files["configuration.txt"]
        assert "status Charging" in files["status.txt"]
        assert "Preparing to Charging" in files["journal.txt"]
        assert not any("secret" in text for text in files.values())

    def test_they_may_be_of_a_span(self) -> None:
        """StartTime and stopTime cut the journal; what is no time is passed over."""
        desk = ready().until(10).plug_in().until(20).show()
        span = {"startTime": "2025-06-03T06:15:00Z", "stopTime": "2025-06-03T06:25:00"}
        desk.until(30).unplug()
        desk.ask("GetDiagnostics", location=FTP, **span)
        desk.ask("GetDiagnostics", location=FTP, startTime="yesterday")
        journals = []
        for errand in desk.brought:
            with zipfile.ZipFile(io.BytesIO(errand.content or b"")) as folder:
                journals.append(folder.read("journal.txt").decode())
        assert "transaction 1 begins" in journals[0]
        assert "Available to Preparing" not in journals[0]
        assert "transaction 1 ends" not in journals[0]
        assert "Available to Preparing" in journals[1]

    def test_a_failure_is_tried_again(self) -> None:
        """Retries after retryInterval each; Uploading is told once, then UploadFailed."""
        desk = ready()
        desk.files = {}
        desk.ask("GetDiagnostics", location=FTP, retries=2, retryInterval=30)
        desk.until(10)
        assert told(desk, "DiagnosticsStatusNotification") == ["Uploading", "UploadFailed"]
        assert len(desk.brought) == 3
        assert desk.instants("DiagnosticsStatusNotification") == [0, 1]

    def test_a_later_try_may_succeed(self) -> None:
        """Uploaded is told then."""
        desk = ready()
        desk.files = {}
        desk.ask("GetDiagnostics", location=FTP, retries=2)
        desk.files = {FTP: None}
        desk.until(10)
        assert told(desk, "DiagnosticsStatusNotification") == ["Uploading", "Uploaded"]

    @pytest.mark.parametrize("location", ["sftp://host/up", "nonsense", "http://[::1"])
    def test_a_protocol_it_does_not_do_is_not_tried_again(self, location: str) -> None:
        """No further try would bring another one."""
        desk = ready()
        desk.ask("GetDiagnostics", location=location, retries=5)
        assert told(desk, "DiagnosticsStatusNotification") == ["Uploading", "UploadFailed"]
        assert len(desk.brought) == 1

    def test_one_at_a_time(self) -> None:
        """While one upload is under way there are no others to be had."""
        desk = ready()
        desk.files = {}
        desk.ask("GetDiagnostics", location=FTP, retries=1)
        assert desk.ask("GetDiagnostics", location=FTP) == {}
        answer = desk.ask("TriggerMessage", requestedMessage="DiagnosticsStatusNotification")
        assert answer == {"status": "Accepted"}
        assert told(desk, "DiagnosticsStatusNotification") == ["Uploading", "Uploading"]

    def test_a_location_is_shown_to_nobody(self) -> None:
        """An errand's text holds neither user nor password."""
        desk = ready()
        desk.ask("GetDiagnostics", location=FTP)
        assert "secret" not in repr(desk.brought[0])

    def test_an_outcome_that_nobody_waits_for_is_ignored(self) -> None:
        """So is one that comes without power."""
        desk = ready()
        desk.device.errand_done(99, None, "", desk.now)
        desk.power(False)
        desk.device.errand_done(1, None, "", desk.now)
        assert told(desk, "DiagnosticsStatusNotification") == []


class TestFirmware:
    """OCPP 1.6 §4.5, §5.19."""

    def test_it_is_installed(self) -> None:
        """Downloading, Downloaded, Installing, a boot with the new version, Installed."""
        desk = ready()
        assert desk.ask("UpdateFirmware", location=HTTP, retrieveDate="2025-06-03T06:10:00Z") == {}
        desk.until(9)
        assert told(desk, "FirmwareStatusNotification") == []
        desk.until(20)
        assert told(desk, "FirmwareStatusNotification") == [
            "Downloading",
            "Downloaded",
            "Installing",
            "Installed",
        ]
        at = 10 + INSTALLATION_S / 60 + RESTART_S / 60
        assert desk.instants("BootNotification") == [0, pytest.approx(at)]
        assert desk.payloads("BootNotification")[1]["firmwareVersion"] == "2.0"
        assert desk.statuses == ["Available", "Unavailable", "Available"]
        actions = [call.action for _, call in desk.sent]
        assert actions[-1] == "FirmwareStatusNotification"

    def test_it_stays(self) -> None:
        """The version survives a power cut; Installed is not told again."""
        desk = ready()
        desk.ask("UpdateFirmware", location=HTTP, retrieveDate="2025-06-03T06:00:00Z")
        desk.until(20).power(False).power(True).until(30)
        assert desk.payloads("BootNotification")[-1]["firmwareVersion"] == "2.0"
        assert told(desk, "FirmwareStatusNotification").count("Installed") == 1

    def test_it_waits_for_the_end_of_a_transaction(self) -> None:
        """Downloaded at once, installed when nobody charges."""
        desk = ready().plug_in().show()
        desk.ask("UpdateFirmware", location=HTTP, retrieveDate="no time")
        desk.until(30)
        assert told(desk, "FirmwareStatusNotification") == ["Downloading", "Downloaded"]
        desk.show().until(40)
        assert told(desk, "FirmwareStatusNotification")[-2:] == ["Installing", "Installed"]

    def test_a_download_that_fails(self) -> None:
        """After its retries it is DownloadFailed, and the version is the old one."""
        desk = ready()
        desk.ask(
            "UpdateFirmware",
            location="ftp://nowhere/x.zip",
            retrieveDate="2025-06-03T06:00:00Z",
            retries=1,
            retryInterval=60,
        )
        desk.until(10)
        assert told(desk, "FirmwareStatusNotification") == ["Downloading", "DownloadFailed"]
        assert desk.instants("FirmwareStatusNotification") == [0, 1]
        assert desk.device.firmware == "1.12"

    @pytest.mark.parametrize("content", [b"no zip", archive({"OTHER": "2.0"}, Desk().now), b""])
    def test_what_is_no_firmware_is_not_installed(self, content: bytes) -> None:
        """InstallationFailed, no boot, and the connector is of use again."""
        desk = ready()
        desk.files[HTTP] = content
        desk.ask("UpdateFirmware", location=HTTP, retrieveDate="2025-06-03T06:00:00Z")
        desk.until(10)
        assert told(desk, "FirmwareStatusNotification")[-1] == "InstallationFailed"
        assert len(desk.payloads("BootNotification")) == 1
        assert desk.statuses[-1] == "Available"

    def test_an_installation_may_be_made_to_fail(self) -> None:
        """By a switch, whatever was fetched."""
        desk = ready()
        desk.quirks.on.append(InstallationFails())
        desk.ask("UpdateFirmware", location=HTTP, retrieveDate="2025-06-03T06:00:00Z")
        assert told(desk.until(10), "FirmwareStatusNotification")[-1] == "InstallationFailed"

    def test_a_power_cut_is_a_failure(self) -> None:
        """What it interrupted is told after the boot."""
        desk = ready().plug_in().show()
        desk.ask("UpdateFirmware", location=HTTP, retrieveDate="2025-06-03T06:00:00Z")
        desk.power(False).power(True).until(5)
        assert told(desk, "FirmwareStatusNotification")[-1] == "InstallationFailed"
        assert desk.device.firmware == "1.12"

    def test_while_installing_there_is_no_other(self) -> None:
        """A second order changes nothing, and nobody charges."""
        desk = ready()
        desk.ask("UpdateFirmware", location=HTTP, retrieveDate="2025-06-03T06:00:00Z")
        desk.files["http://127.0.0.1/other.zip"] = firmware("3.0")
        desk.ask(
            "UpdateFirmware",
            location="http://127.0.0.1/other.zip",
            retrieveDate="2025-06-03T06:00:00Z",
        )
        desk.plug_in().show()
        assert desk.payloads("StartTransaction") == []
        answer = desk.ask("TriggerMessage", requestedMessage="FirmwareStatusNotification")
        assert answer == {"status": "Accepted"}
        assert told(desk, "FirmwareStatusNotification")[-1] == "Installing"
        assert desk.until(10).device.firmware == "2.0"


class TestArchive:
    """The zips."""

    def test_the_same_files_give_the_same_bytes(self) -> None:
        """Whenever it is run; another instant gives others."""
        now = Desk().now
        assert archive({"a": "ä"}, now) == archive({"a": "ä"}, now)
        assert archive({"a": "ä"}, now) != archive({"a": "ä"}, now + timedelta(hours=1))

    @pytest.mark.parametrize("version", ["1", "5.4:5.0.5", "x" * 50])
    def test_a_firmware_names_its_version(self, version: str) -> None:
        """The first line of VERSION."""
        assert version_in(firmware(version)) == version

    @pytest.mark.parametrize("version", ["", "x" * 51, "a\tb", "   "])
    def test_what_is_no_version_is_none(self, version: str) -> None:
        """Empty, too long, or not to be printed."""
        assert version_in(firmware(version)) is None

    @given(st.binary(max_size=300))
    def test_any_bytes_are_read_or_refused(self, content: bytes) -> None:
        """A damaged firmware never gets further than this."""
        damaged = bytearray(firmware("2.0"))
        damaged[: len(content)] = content
        version_in(content)
        version_in(bytes(damaged))
