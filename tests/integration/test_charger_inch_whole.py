"""The charger on a real WebSocket: power, resets, files, memory, and the people around it."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from support.file_servers import ftp_server, http_server
from support.inch_site import ANNA, START, Site, on_site

from simulators.charger_inch import Card, Setup, Status, firmware
from simulators.charger_inch.habits import ClockAlignedEarly, LockFails, StandbyValues
from simulators.errors import NotPossible
from simulators.faults import Fault

OTHER = Card(bytes.fromhex("01020304"), "Beat")
QUIET = Setup(configuration={"MeterValueSampleInterval": "0"})


class TestPower:
    """The mains go and come back; the line goes and comes with them."""

    def test_the_line_goes_and_comes_with_the_power(self) -> None:
        """After the boot the stop of what ran is told."""

        async def live(site: Site) -> None:
            await site.charge()
            await site.until(6, 30)
            await site.charger.cut_power()
            assert not site.charger.line_is_up
            assert not site.charger.has_power
            await site.until(7)
            await site.charger.restore_power()
            await site.until(7, 1)
            assert site.charger.line_is_up

        site = on_site(live, QUIET)
        assert site.backend.actions.count("BootNotification") == 2
        assert site.backend.calls("StopTransaction")[0]["reason"] == "PowerLoss"
        assert site.charger.status is Status.FINISHING

    def test_last_words_with_back_up_power(self) -> None:
        """The stop is answered before the line goes."""

        async def live(site: Site) -> None:
            await site.charge()
            await site.charger.cut_power()
            await site.settle()
            assert site.backend.actions[-2:] == ["StopTransaction", "StatusNotification"]
            assert not site.charger.line_is_up

        on_site(live, Setup(backup_power=True))

    @pytest.mark.parametrize("kind", ["Soft", "Hard"])
    def test_a_reset_is_answered_first(self, kind: str) -> None:
        """Then the line goes, and comes back with a boot."""

        async def live(site: Site) -> None:
            await site.charge()
            answer = await site.backend.ask("Reset", {"type": kind})
            assert answer == [3, "s1", {"status": "Accepted"}]
            await site.settle()
            assert not site.charger.is_running
            await site.until(6, 1)
            assert site.charger.line_is_up

        site = on_site(live, QUIET)
        assert site.backend.actions.count("BootNotification") == 2
        assert site.backend.calls("StopTransaction")[0]["reason"] == f"{kind}Reset"

    def test_a_backend_that_is_away_at_the_boot(self) -> None:
        """The charger goes on trying."""

        async def live(site: Site) -> None:
            await site.charger.cut_power()
            await site.backend.stop()
            await site.charger.restore_power()
            await site.until(6, 1)
            assert site.charger.is_running
            assert not site.charger.line_is_up
            await site.backend.start()
            await site.until(6, 10)
            assert site.charger.line_is_up

        site = on_site(live)
        assert site.backend.actions.count("BootNotification") == 2

    def test_a_cut_line_stays_cut_through_a_power_cut(self) -> None:
        """Nobody has mended it."""

        async def live(site: Site) -> None:
            await site.charger.cut_line()
            await site.charger.cut_power()
            await site.charger.restore_power()
            await site.until(7)
            assert not site.charger.line_is_up
            await site.charger.restore_line()
            assert site.charger.line_is_up

        on_site(live)


class TestMemoryFile:
    """A charger whose process ends."""

    def test_another_process_goes_on(self, tmp_path: Path) -> None:
        """What was queued is told, what ran is ended, the register stands where it stood."""
        path = tmp_path / "inch.memory"
        shown: list[str] = []

        async def first(site: Site) -> None:
            await site.charge()
            await site.until(6, 10)
            await site.charger.cut_line()
            await site.until(6, 20)
            shown.append(site.charger.register_kwh_text)

        async def second(site: Site) -> None:
            await site.settle()
            assert site.charger.register_kwh_text == shown[0]

        on_site(first, Setup(register_wh=1_000), memory=path)
        site = on_site(
            second, Setup(register_wh=1_000), memory=path, start=START + timedelta(hours=2)
        )
        values = site.backend.calls("MeterValues")
        assert [value["meterValue"][0]["timestamp"] for value in values] == [
            f"2025-06-03T06:{minute}:00.000Z" for minute in range(11, 21)
        ]
        assert {value["transactionId"] for value in values} == {1}
        stop = site.backend.calls("StopTransaction")[0]
        assert stop["reason"] == "PowerLoss"
        assert stop["timestamp"] == "2025-06-03T06:20:00.000Z"
        assert stop["meterStop"] == round(float(shown[0]) * 1_000)

    def test_a_file_that_is_in_use(self, tmp_path: Path) -> None:
        """Two chargers cannot have one memory."""
        path = tmp_path / "inch.memory"

        async def live(site: Site) -> None:
            with pytest.raises(NotPossible, match="name a file of its own"):
                Site(memory=path)

        on_site(live, memory=path)


class TestFiles:
    """Diagnostics and firmware over real servers."""

    @pytest.mark.parametrize("scheme", ["ftp", "http"])
    def test_diagnostics_arrive(self, scheme: str, tmp_path: Path) -> None:
        """A zip of ASCII files under the name of the answer; the tap shows no secret."""

        async def live(site: Site) -> None:
            async with contextlib.AsyncExitStack() as stack:
                depot = await stack.enter_async_context(http_server())
                depot.login = "bench:s3cret"
                port = depot.port
                if scheme == "ftp":
                    port = stack.enter_context(ftp_server(tmp_path, password="s3cret"))
                location = f"{scheme}://bench:s3cret@127.0.0.1:{port}/"
                answer = await site.backend.ask("GetDiagnostics", {"location": location})
                await site.until(6)
                name = answer[2]["fileName"]
                content = depot.files.get(f"/{name}")
                if scheme == "ftp":
                    content = (tmp_path / name).read_bytes()
            with zipfile.ZipFile(io.BytesIO(content or b"")) as folder:
                assert folder.testzip() is None
                assert "ETREL INCH" in folder.read("identity.txt").decode("ascii")

        site = on_site(live)
        told = site.backend.calls("DiagnosticsStatusNotification")
        assert [one["status"] for one in told] == ["Uploading", "Uploaded"]
        moved = [crossing for crossing in site.tap.crossings if crossing.wire == "file"]
        assert [json.loads(crossing.text)["did"] for crossing in moved] == ["bring"]
        assert "s3cret" not in moved[0].text

    def test_firmware_is_installed(self) -> None:
        """The charger comes back with its new version."""

        async def live(site: Site) -> None:
            async with http_server() as depot:
                depot.files["/inch.zip"] = firmware("2.0")
                location = f"http://127.0.0.1:{depot.port}/inch.zip"
                payload = {"location": location, "retrieveDate": "2025-06-03T06:00:00Z"}
                await site.backend.ask("UpdateFirmware", payload)
                await site.until(6, 5)

        site = on_site(live)
        told = [one["status"] for one in site.backend.calls("FirmwareStatusNotification")]
        assert told == ["Downloading", "Downloaded", "Installing", "Installed"]
        boots = site.backend.calls("BootNotification")
        assert [boot["firmwareVersion"] for boot in boots] == ["1.12", "2.0"]
        assert site.charger.firmware == "2.0"

    def test_nobody_there(self) -> None:
        """It is tried as often as was asked, in the charger's time, and then has failed."""

        async def live(site: Site) -> None:
            payload = {"location": "ftp://127.0.0.1:1/", "retries": 2, "retryInterval": 60}
            await site.backend.ask("GetDiagnostics", payload)
            await site.until(6, 10)

        site = on_site(live)
        told = site.backend.calls("DiagnosticsStatusNotification")
        assert [one["status"] for one in told] == ["Uploading", "UploadFailed"]
        problems = [c for c in site.tap.crossings if c.wire == "file" and "problem" in c.text]
        assert [(crossing.at - START).total_seconds() for crossing in problems] == [0, 60, 120]

    def test_a_power_cut_breaks_off_a_transfer(self) -> None:
        """Nothing hangs, and nobody hears of it again."""

        async def live(site: Site) -> None:
            async with http_server() as depot:
                location = f"http://127.0.0.1:{depot.port}/none.zip"
                payload = {"location": location, "retrieveDate": "2025-06-03T06:10:00Z"}
                await site.backend.ask("UpdateFirmware", payload)
                await site.charger.cut_power()
                await site.until(7)

        site = on_site(live)
        assert site.backend.calls("FirmwareStatusNotification") == []


class TestLocalList:
    """More than 100,000 cards (document 003)."""

    def test_they_come_in_one_go_and_the_last_one_starts_offline(self) -> None:
        """One frame of some megabytes, then a difference, then a start without a line."""
        cards = [
            {"idTag": f"{number:08X}", "idTagInfo": {"status": "Accepted"}}
            for number in range(100_001)
        ]
        last = Card((100_000).to_bytes(4, "big")[::-1], "the last")

        async def live(site: Site) -> None:
            full = {"listVersion": 1, "updateType": "Full", "localAuthorizationList": cards}
            assert (await site.backend.ask("SendLocalList", full))[2] == {"status": "Accepted"}
            assert site.charger.local_list_size == 100_001
            difference = {
                "listVersion": 2,
                "updateType": "Differential",
                "localAuthorizationList": [{"idTag": cards[0]["idTag"]}],
            }
            answer = await site.backend.ask("SendLocalList", difference, "s2")
            assert answer[2] == {"status": "Accepted"}
            assert site.charger.local_list_size == 100_000
            await site.charger.cut_line()
            await site.charger.plug_in()
            await site.charger.show_card(last)
            assert site.charger.status is Status.CHARGING

        on_site(live)


class TestPeople:
    """The verbs of those around it."""

    def test_what_breaks_is_told_and_mended(self) -> None:
        """By an error of OCPP or by a vendor's code, in other words where wanted."""

        async def live(site: Site) -> None:
            await site.charger.break_down("INCH-002", info="in the cellar")
            await site.settle()
            assert site.charger.error is not None
            await site.charger.mend()
            await site.charger.break_down("WeakSignal", vendor_error_code="X1")
            await site.settle()
            assert site.charger.error is not None
            with pytest.raises(NotPossible, match="'NoSuchError': use one of ConnectorLockFailure"):
                await site.charger.break_down("NoSuchError")

        site = on_site(live)
        told = site.backend.calls("StatusNotification")[2:]
        assert [(one["status"], one["errorCode"]) for one in told] == [
            ("Faulted", "GroundFailure"),
            ("Available", "NoError"),
            ("Available", "WeakSignal"),
        ]
        assert told[0]["info"] == "in the cellar"
        assert told[2]["vendorErrorCode"] == "X1"

    def test_the_cable_has_two_ends(self) -> None:
        """The car's end first, then the charger's."""

        async def live(site: Site) -> None:
            await site.charge()
            await site.charger.unplug_car()
            assert site.charger.cable_is_in
            assert site.charger.car is None
            await site.charger.pull_cable()
            assert not site.charger.cable_is_in

        assert on_site(live).charger.status is Status.AVAILABLE

    def test_it_is_configured_at_the_charger(self) -> None:
        """As a backend would, with the same answers; the byte order of cards, too."""

        async def live(site: Site) -> None:
            assert await site.charger.configure("HeartbeatInterval", "600") == "Accepted"
            assert await site.charger.configure("NumberOfConnectors", "2") == "Rejected"
            assert await site.charger.configure("Cellar", "1") == "NotSupported"
            await site.charger.read_cards(big_endian=True)
            await site.charger.show_card(ANNA)
            await site.until(7, 1)

        site = on_site(live)
        assert len(site.backend.calls("Heartbeat")) == 6
        assert site.backend.calls("Authorize") == [{"idTag": "77FD2AFA"}]
        values = {one["key"]: one["value"] for one in site.charger.configuration()}
        assert values["HeartbeatInterval"] == "600"
        hands = [json.loads(one.text) for one in site.tap.crossings if one.wire == "hand"]
        assert {"HeartbeatInterval"} == {one["key"] for one in hands if one["did"] == "configure"}

    def test_it_moves_to_another_backend(self) -> None:
        """It boots there, and tells there what the first one had not answered."""

        async def live(site: Site) -> None:
            await site.charge()
            await site.charger.cut_line()
            await site.until(6, 5)
            other = Site().backend
            await other.start()
            await site.charger.move(other.address)
            await site.settle()
            assert other.actions[0] == "BootNotification"
            assert len(other.calls("MeterValues")) == 5
            assert site.charger.backend_url == f"{other.address}/WB-1"
            await site.charger.close()
            await other.stop()

        on_site(live)

    def test_who_is_patient_waits_for_the_backend(self) -> None:
        """`connect` returns at once, and the line comes up when somebody answers."""

        async def live(site: Site) -> None:
            await site.backend.stop()
            await site.charger.connect(site.backend.address, patiently=True)
            assert not site.charger.line_is_up
            await site.backend.start()
            await site.until(6, 5)
            assert site.charger.line_is_up

        on_site(live, connected=False)

    def test_the_vendors_words(self) -> None:
        """Building consumption as assumed; other fields are refused."""

        async def live(site: Site) -> None:
            await site.charger.report_consumption(
                "BuildingConsumption", powerKw=12.5, currentL1=18.0, currentL2=17.5, currentL3=18.5
            )
            with pytest.raises(NotPossible, match="its fields are: timestamp, powerKw, chargers"):
                await site.charger.report_consumption("ClusterConsumption", powerKw="much")
            with pytest.raises(NotPossible, match="its fields are: none"):
                await site.charger.report_consumption("Weather")

        site = on_site(live)
        told = site.backend.calls("DataTransfer")
        assert [one["messageId"] for one in told] == ["BuildingConsumption"]
        assert json.loads(told[0]["data"])["powerKw"] == 12.5

    def test_habits_are_switched_on_and_off(self) -> None:
        """What they change is planned anew at that moment."""

        async def live(site: Site) -> None:
            await site.charger.switch_on(StandbyValues())
            await site.charger.switch_on(ClockAlignedEarly(500))
            await site.until(6, 20)
            await site.charger.switch_off(StandbyValues)
            await site.until(7)

        site = on_site(live, Setup(configuration={"ClockAlignedDataInterval": "900"}))
        instants = [v["meterValue"][0]["timestamp"] for v in site.backend.calls("MeterValues")]
        assert instants == ["2025-06-03T06:14:59.500Z"]
        noted: list[Any] = [json.loads(c.text) for c in site.tap.crossings if c.wire == "hand"]
        assert [(one["fault"], one["on"]) for one in noted] == [
            ("standby-values", True),
            ("clock-aligned-early", True),
            ("standby-values", False),
        ]

    def test_a_fault_that_is_on_from_the_start_is_noted(self) -> None:
        """Like one that is switched on later; what every charger of the make does is not."""

        async def live(site: Site) -> None:
            await site.until(7)

        site = on_site(live, Setup(quirks=(ClockAlignedEarly(500),)))
        first = site.tap.crossings[0]
        assert ("hand", "bench", "WB-1") == (first.wire, first.sender, first.receiver)
        noted = {"fault": "clock-aligned-early", "on": True, "early_ms": 500}
        assert noted == json.loads(first.text)
        assert 1 == len([one for one in site.tap.crossings if one.wire == "hand"])

    def test_what_people_do_stands_in_the_journal(self) -> None:
        """Cable, card, power, keys and faults, each once, before what it sets off."""

        async def live(site: Site) -> None:
            begun = len(site.charger.journal())
            await site.charge()
            await site.charger.switch_on(LockFails())
            await site.charger.switch_off(LockFails)
            await site.charger.configure("HeartbeatInterval", "600")
            await site.charger.read_cards(big_endian=True)
            await site.charger.unplug()
            await site.charger.cut_power()
            await site.charger.restore_power()
            told = [line.partition(" ")[2] for line in site.charger.journal()[begun:]]
            assert [
                "a car is plugged in",
                "connector 1: Available to Preparing",
                "card FA2AFD77 is shown",
                "transaction 1 begins at 0 Wh",
                "connector 1: Preparing to Charging",
                "lock-fails is switched on",
                "lock-fails is switched off",
                "HeartbeatInterval is set",
                "cards are told big-endian from now on",
                "the car is unplugged",
            ] == told[:10]
            assert "the cable is pulled" in told
            assert [
                "the power is cut",
                "line down: the charger is off",
                "the power is back",
            ] == told[-3:]

        on_site(live)

    def test_what_can_be_seen(self) -> None:
        """Battery, lock, registration, journal."""

        async def live(site: Site) -> None:
            fault: Fault = LockFails()
            await site.charge()
            await site.until(7)
            charger = site.charger
            assert charger.charge_wh > charger.setup.car.charge_wh
            assert charger.is_locked
            assert charger.registration == "Accepted"
            assert charger.supply.frequency_mhz > 0
            assert charger.dropped == 0
            assert not charger.big_endian_cards
            assert charger.now() == site.clock.now()
            assert any("transaction 1 begins" in line for line in charger.journal())
            await charger.switch_on(fault)
            await charger.switch_off(fault)

        on_site(live)


def test_two_cards_at_once_are_one_too_many() -> None:
    """Nobody can show a card while another is being checked."""

    async def live(site: Site) -> None:
        asked = asyncio.Event()

        def refuse(payload: dict[str, Any]) -> dict[str, Any]:
            asked.set()
            return {"idTagInfo": {"status": "Invalid"}}

        site.backend.answers["Authorize"] = refuse
        await site.charger.show_card(OTHER)
        with pytest.raises(NotPossible, match="has not answered for the last card"):
            await site.charger.show_card(ANNA)
        await site.settle()
        assert asked.is_set()

    on_site(live)
