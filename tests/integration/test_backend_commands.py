"""The backend's commands, over a real socket, to chargers that answer as they are told."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.command_site import (
    BOOT,
    LIMIT_S,
    SETTINGS,
    START,
    WEB,
    CommandSite,
    ScriptedCharger,
)

from backend.adapters import station_state
from backend.core.local_list import KnownList
from backend.errors import (
    BadAnswer,
    Busy,
    CommandError,
    DeviceError,
    LineLost,
    NoAnswer,
    NotAllowed,
    NotConnected,
    Refused,
    SettingsError,
    StoreError,
)

Scene = Callable[[CommandSite, ScriptedCharger], Awaitable[None]]
LATER = START + timedelta(hours=1)
PERIOD = {"startPeriod": 0, "limit": 16.5}
PROFILE: dict[str, Any] = {
    "chargingProfileId": 1,
    "stackLevel": 2,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [PERIOD]},
}
SIZES = {
    "configurationKey": [
        {"key": "SendLocalListMaxLength", "readonly": True, "value": "100"},
        {"key": "LocalAuthListMaxLength", "readonly": True, "value": "1000"},
    ]
}


def play(folder: Path, scene: Scene, text: str = SETTINGS) -> None:
    """Let a scene happen between a backend and the charger WB-1."""

    async def run() -> None:
        async with CommandSite(folder, text) as site, site.charger() as charger:
            await scene(site, charger)

    asyncio.run(run())


class TestEachCommand:
    """Each method sends its message and gives what the charger answers."""

    def test_those_with_a_status(self, tmp_path: Path) -> None:
        """What is asked stands in the message, and what is left out does not."""

        async def scene(site: CommandSite, charger: ScriptedCharger) -> None:
            do = site.backend.commands
            for call, action, payload in (
                (do.reset("WB-1", "Soft"), "Reset", {"type": "Soft"}),
                (
                    do.change_availability("WB-1", 0, "Inoperative"),
                    "ChangeAvailability",
                    {"connectorId": 0, "type": "Inoperative"},
                ),
                (do.clear_cache("WB-1"), "ClearCache", {}),
                (do.cancel_reservation("WB-1", 7), "CancelReservation", {"reservationId": 7}),
                (
                    do.remote_start("WB-1", "A", 1),
                    "RemoteStartTransaction",
                    {"connectorId": 1, "idTag": "A"},
                ),
                (do.remote_stop("WB-1", 9), "RemoteStopTransaction", {"transactionId": 9}),
                (
                    do.change_configuration("WB-1", "HeartbeatInterval", "60"),
                    "ChangeConfiguration",
                    {"key": "HeartbeatInterval", "value": "60"},
                ),
                (
                    do.trigger_message("WB-1", "StatusNotification", 1),
                    "TriggerMessage",
                    {"requestedMessage": "StatusNotification", "connectorId": 1},
                ),
                (
                    site.backend.trigger("WB-1", "Heartbeat"),
                    "TriggerMessage",
                    {"requestedMessage": "Heartbeat"},
                ),
                (
                    do.set_charging_profile("WB-1", 1, PROFILE),
                    "SetChargingProfile",
                    {"connectorId": 1, "csChargingProfiles": PROFILE},
                ),
                (
                    do.clear_charging_profile("WB-1", purpose="TxProfile", stack_level=0),
                    "ClearChargingProfile",
                    {"chargingProfilePurpose": "TxProfile", "stackLevel": 0},
                ),
            ):
                assert "Accepted" == await call
                assert (action, payload) == charger.asked[-1]
            charger.answers["UnlockConnector"] = {"status": "Unlocked"}
            assert "Unlocked" == await do.unlock_connector("WB-1", 1)
            assert ("UnlockConnector", {"connectorId": 1}) == charger.asked[-1]
            assert [] == await site.rules()

        play(tmp_path, scene)

    def test_the_others(self, tmp_path: Path) -> None:
        """What else a charger answers is given as what it is."""

        async def scene(site: CommandSite, charger: ScriptedCharger) -> None:
            do = site.backend.commands
            charger.answers = {
                "DataTransfer": {"status": "Accepted", "data": "yes"},
                "GetConfiguration": {"configurationKey": [{"key": "K", "value": "1"}]},
                "GetDiagnostics": {"fileName": "log.zip"},
                "UpdateFirmware": {},
                "GetLocalListVersion": {"listVersion": 4},
                "GetCompositeSchedule": {"status": "Rejected"},
            }
            assert ("Accepted", "yes") == await do.data_transfer("WB-1", "Etrel", "TxLimit", "{}")
            assert {"K": "1"} == await do.get_configuration("WB-1")
            assert {} == charger.payloads("GetConfiguration")[0]
            name = await do.get_diagnostics("WB-1", "ftp://h/", START, LATER, 2, 30)
            assert "log.zip" == name
            assert {
                "location": "ftp://h/",
                "startTime": "2025-06-03T06:00:00Z",
                "stopTime": "2025-06-03T07:00:00Z",
                "retries": 2,
                "retryInterval": 30,
            } == charger.asked[-1][1]
            charger.answers["GetDiagnostics"] = {}
            assert await do.get_diagnostics("WB-1", "ftp://h/") is None
            await do.update_firmware("WB-1", "http://h/f.zip", LATER)
            assert "2025-06-03T07:00:00Z" == charger.asked[-1][1]["retrieveDate"]
            assert 4 == await do.get_local_list_version("WB-1")
            assert {"status": "Rejected"} == await do.get_composite_schedule("WB-1", 1, 60, "A")

        play(tmp_path, scene)

    def test_an_instant_without_zone_is_refused(self, tmp_path: Path) -> None:
        """Nobody knows when that is."""

        async def scene(site: CommandSite, charger: ScriptedCharger) -> None:
            naive = datetime(2025, 6, 3)  # noqa: DTZ001 - that is what is wrong with it
            with pytest.raises(CommandError, match="has no zone"):
                await site.backend.commands.update_firmware("WB-1", "http://h/f", naive)
            assert [] == charger.asked

        play(tmp_path, scene)


class TestWhatGoesWrong:
    """The kinds of errors, told apart by class and data."""

    def test_nothing_invalid_leaves(self, tmp_path: Path) -> None:
        """The caller is told the field and the rule, and the charger nothing."""

        async def scene(site: CommandSite, charger: ScriptedCharger) -> None:
            do = site.backend.commands
            with pytest.raises(CommandError) as caught:
                await do.reset("WB-1", "Warm")
            assert ("type", "enum") == (caught.value.field, caught.value.rule)
            with pytest.raises(CommandError, match="no command of OCPP"):
                await do.send("WB-1", "Authorize", {"idTag": "A"})
            with pytest.raises(SettingsError, match="is no station"):
                await do.reset("WB-9", "Soft")
            with pytest.raises(NotConnected, match="is not connected"):
                await do.reset("WB-2", "Soft")
            assert [] == charger.asked

        play(tmp_path, scene)

    def test_a_refusal_has_its_code(self, tmp_path: Path) -> None:
        """A CALLERROR is told with its code as data; odd codes are named."""

        async def scene(site: CommandSite, charger: ScriptedCharger) -> None:
            for code in ("NotSupported", "FormatViolation", "Grumpy"):
                charger.answers["Reset"] = f'[4,"{{id}}","{code}","ask ftp://u:pw@h/",{{}}]'
                with pytest.raises(Refused) as caught:
                    await site.backend.commands.reset("WB-1", "Soft")
                assert (code, "refused") == (caught.value.code, caught.value.kind)
                assert "ask ftp://***@h/" == caught.value.description
                assert "pw" not in str(caught.value)
            assert ["error-code-spelling", "error-code-unknown"] == await site.rules()

        play(tmp_path, scene)

    def test_silence_a_lost_line_and_nonsense(self, tmp_path: Path) -> None:
        """Each is another kind, and is kept as the outcome of its command."""

        async def scene(site: CommandSite, charger: ScriptedCharger) -> None:
            do = site.backend.commands
            charger.answers["Reset"] = None
            with pytest.raises(NoAnswer):
                await do.reset("WB-1", "Soft")
            charger.answers["Reset"] = '[3,"{id}",["no object"]]'
            with pytest.raises(BadAnswer, match="an object is asked for"):
                await do.reset("WB-1", "Soft")
            charger.answers["Reset"] = {}
            with pytest.raises(BadAnswer, match="without a status"):
                await do.reset("WB-1", "Soft")
            charger.answers["GetLocalListVersion"] = {"listVersion": True}
            with pytest.raises(BadAnswer, match="without a listVersion"):
                await do.get_local_list_version("WB-1")
            charger.answers["Reset"] = None
            asked = asyncio.ensure_future(do.reset("WB-1", "Hard"))
            await charger.heard(5)
            charger.line.transport.abort()
            with pytest.raises(LineLost):
                await asked
            outcomes = [one.outcome for one in await site.backend.last_commands("WB-1", 9)]
            assert ["line-lost", "answered", "answered", "bad-answer", "no-answer"] == outcomes
            assert {"answer-required", "answer-type"} == set(await site.rules())

        play(tmp_path, scene)

    def test_deviating_answers_are_used_and_named(self, tmp_path: Path) -> None:
        """A status that OCPP does not know is given all the same, and kept by name."""

        async def scene(site: CommandSite, charger: ScriptedCharger) -> None:
            charger.answers["Reset"] = {"status": "Perhaps", "since": 7}
            assert "Perhaps" == await site.backend.commands.reset("WB-1", "Soft")
            found = await site.backend.deviations("WB-1")
            assert {"answer-enum", "answer-additionalProperties"} == {
                one.leniency.rule for one in found
            }
            assert {"Reset"} == {one.action for one in found}

        play(tmp_path, scene)

    def test_an_end_that_cannot_be_kept_hides_no_answer(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        """What the charger did is told, and the store's trouble is logged."""

        def refuse(*_: object) -> None:
            raise StoreError("is full", "disk", "make room")

        async def scene(site: CommandSite, charger: ScriptedCharger) -> None:
            with monkeypatch.context() as patch:
                patch.setattr(station_state, "end_command", refuse)
                assert "Accepted" == await site.backend.commands.reset("WB-1", "Soft")

        play(tmp_path, scene)
        assert "how command 1 ended cannot be kept" in caplog.text

    def test_a_line_that_ends_before_the_command_is_sent(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Nothing is sent, and the caller is told that the line was lost."""
        begin, free = station_state.begin_command, threading.Event()

        def begin_slowly(*arguments: Any) -> int:
            free.wait(LIMIT_S)
            return begin(*arguments)

        async def scene(site: CommandSite, charger: ScriptedCharger) -> None:
            monkeypatch.setattr(station_state, "begin_command", begin_slowly)
            asked = asyncio.ensure_future(site.backend.commands.reset("WB-1", "Soft"))
            await asyncio.sleep(0)
            line = site.backend._central._lines["WB-1"]
            await charger.close()
            async with asyncio.timeout(LIMIT_S):
                while not line._ended:  # noqa: ASYNC110 - nothing tells of it before it is kept
                    await asyncio.sleep(0.01)
            free.set()
            with pytest.raises(LineLost):
                await asked
            assert [] == charger.asked

        play(tmp_path, scene)


class TestTurns:
    """Commands to one charger wait for each other, and not for ever."""

    def test_who_stops_waiting_has_sent_nothing(self, tmp_path: Path) -> None:
        """A command whose caller leaves is dropped while it waits, with all that belongs to it."""

        async def scene(site: CommandSite, charger: ScriptedCharger) -> None:
            do = site.backend.commands
            charger.answers["Reset"] = None
            silent = asyncio.ensure_future(do.reset("WB-1", "Hard"))
            await charger.heard(1)
            waiting = [
                asyncio.ensure_future(do.remote_start("WB-1", "A")),
                asyncio.ensure_future(do.reserve_now("WB-1", 1, "A", LATER)),
                asyncio.ensure_future(do.send_local_list("WB-1", part=1)),
            ]
            await asyncio.sleep(0.05)
            for one in waiting:
                one.cancel()
            with pytest.raises(NoAnswer):
                await silent
            await do.clear_cache("WB-1")
            assert ["Reset", "ClearCache"] == [action for action, _ in charger.asked]
            view = await site.backend.station_view("WB-1")
            assert ((), 0) == (view.reservations, view.local_list.version)

        play(tmp_path, scene)

    def test_what_was_sent_goes_on(self, tmp_path: Path) -> None:
        """Its answer is kept with what follows from it, and the next one waits for it."""

        async def scene(site: CommandSite, charger: ScriptedCharger) -> None:
            do = site.backend.commands
            charger.answers["ReserveNow"] = None
            left = asyncio.ensure_future(do.reserve_now("WB-1", 1, "A", LATER))
            await charger.heard(1)
            left.cancel()
            after = asyncio.ensure_future(do.clear_cache("WB-1"))
            await asyncio.sleep(0.05)
            assert 1 == len(charger.asked)
            await charger.line.send(f'[3,"{charger.ids[0]}",{{"status":"Accepted"}}]')
            assert "Accepted" == await after
            (one,) = (await site.backend.station_view("WB-1")).reservations
            assert "Accepted" == one.status
            outcomes = [one.outcome for one in await site.backend.last_commands("WB-1", 9)]
            assert ["answered", "answered"] == outcomes

        play(tmp_path, scene)

    def test_the_end_waits_for_what_was_sent(self, tmp_path: Path) -> None:
        """A backend that stops still keeps how the command of somebody who left has ended."""

        async def run() -> None:
            async with CommandSite(tmp_path) as site, site.charger() as charger:
                charger.answers["Reset"] = None
                left = asyncio.ensure_future(site.backend.commands.reset("WB-1", "Hard"))
                await charger.heard(1)
                left.cancel()
                await site.backend.stop()
            async with CommandSite(tmp_path) as site:
                (one,) = await site.backend.last_commands("WB-1", 9)
                assert "line-lost" == one.outcome

        asyncio.run(run())

    def test_a_queue_has_two_limits(self, tmp_path: Path) -> None:
        """So many wait at most, and none longer than two answers may take; none of them is sent."""

        async def scene(site: CommandSite, charger: ScriptedCharger) -> None:
            do = site.backend.commands
            charger.answers["Reset"] = None
            asked = [asyncio.ensure_future(do.reset("WB-1", "Hard")) for _ in range(16)]
            await charger.heard(1)
            with pytest.raises(Busy, match="has 16 commands waiting"):
                await do.clear_cache("WB-1")
            outcomes = await asyncio.gather(*asked, return_exceptions=True)
            kinds = [type(one).__name__ for one in outcomes]
            assert ["NoAnswer", "NoAnswer"] == kinds[:2]
            assert {"Busy"} == set(kinds[3:])
            assert "for 2 s; this one was not sent" in str(outcomes[-1])
            assert kinds.count("NoAnswer") == len(charger.asked)
            assert "Accepted" == await do.clear_cache("WB-1")

        play(tmp_path, scene)

    def test_a_line_that_ends_meanwhile(self, tmp_path: Path) -> None:
        """Of a command that still waited it is certain that it was not sent."""

        async def scene(site: CommandSite, charger: ScriptedCharger) -> None:
            do = site.backend.commands
            charger.answers["Reset"] = None
            asked = [asyncio.ensure_future(do.reset("WB-1", "Hard")) for _ in range(2)]
            await charger.heard(1)
            charger.line.transport.abort()
            first, second = await asyncio.gather(*asked, return_exceptions=True)
            assert (LineLost, NotConnected) == (type(first), type(second))
            assert "went away before Reset was sent" in str(second)

        play(tmp_path, scene)


class TestMessageIds:
    """Pending results of two connections of one charger are kept apart (F69)."""

    def test_a_late_answer_reaches_no_newer_command(self, tmp_path: Path) -> None:
        """Ids go on over connections, so an answer to an old command fits no new one."""

        async def run() -> None:
            async with CommandSite(tmp_path) as site:
                do = site.backend.commands
                async with site.charger() as old:
                    old.answers["Reset"] = None
                    lost = asyncio.ensure_future(do.reset("WB-1", "Soft"))
                    await old.heard(1)
                    async with site.charger(boot=None) as new:
                        with pytest.raises(LineLost):
                            await lost
                        late = f'[3,"{old.ids[0]}",{{"status":"Rejected"}}]'
                        new.answers["Reset"] = lambda _: late
                        with pytest.raises(NoAnswer):
                            await do.reset("WB-1", "Hard")
                        new.answers["Reset"] = {"status": "Accepted"}
                        assert "Accepted" == await do.reset("WB-1", "Hard")
                        assert not set(old.ids) & set(new.ids)
                assert ["answer-to-nothing"] == await site.rules()

        asyncio.run(run())

    def test_flapping_brings_no_burst(self, tmp_path: Path) -> None:
        """A charger that connects again and again is asked for nothing (F70)."""
        wish = '[station.configuration]\nHeartbeatInterval = "900"\n[[station]]'
        text = SETTINGS.replace("[[station]]", wish, 2).replace(wish, "[[station]]", 1)

        async def run() -> None:
            async with CommandSite(tmp_path, text) as site:
                for second in range(10):
                    async with site.charger() as charger:
                        await site.clock.advance_to(START + timedelta(seconds=second * 0.9))
                        assert [] == charger.asked

        asyncio.run(run())


class TestSecrets:
    """What logs a charger in is sent, and shown nowhere."""

    def test_not_in_logs_and_not_in_what_is_kept(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Even with everything logged, neither log nor database holds key or password."""
        caplog.set_level(logging.DEBUG)
        key, password = "0123456789ABCDEF0123", "letmein-0815"
        text = SETTINGS.replace(
            'profile = "etrel_inch"\n',
            f'profile = "etrel_inch"\n[station.configuration]\nAuthorizationKey = "{key}77"\n',
        )
        shown: list[str] = []

        async def run() -> None:
            site = CommandSite(tmp_path, text)
            site.backend = type(site.backend)(
                site.settings, site.clock, on_frame=lambda *frame: shown.append(frame[2])
            )
            async with site, site.charger() as charger:
                do = site.backend.commands
                charger.answers["GetDiagnostics"] = {}
                charger.answers["GetConfiguration"] = {"configurationKey": []}
                await do.change_configuration("WB-1", "AuthorizationKey", key)
                await do.get_diagnostics("WB-1", f"ftp://isebench:{password}@host/in")
                await site.clock.advance_to(START + timedelta(seconds=5))
                assert f"{key}77" == charger.payloads("ChangeConfiguration")[-1]["value"]
                assert f"isebench:{password}" in charger.payloads("GetDiagnostics")[0]["location"]
                commands = await site.backend.last_commands("WB-1", 9)
                assert all(key not in one.payload for one in commands)
                assert any("***" in one.payload for one in commands)

        asyncio.run(run())
        # The charger's own end logs, too; what it does is its own affair.
        logged = [one for one in caplog.records if one.name != "websockets.client"]
        assert logged
        assert not [one for one in logged if key in one.getMessage()]
        assert not [one for one in logged if password in one.getMessage()]
        assert any("***" in one for one in shown)
        assert not [one for one in shown if key in one or password in one]
        for file in tmp_path.iterdir():
            content = file.read_bytes()
            assert key.encode() not in content
            assert password.encode() not in content


def registered(how: str) -> str:
    """Give the settings with the registration of WB-1."""
    return SETTINGS.replace('name = "Dorfplatz"', f'name = "Dorfplatz"\nregistration = "{how}"')


class TestRegistration:
    """What may be said before a charger's boot is accepted (OCPP 1.6 §4.2)."""

    def test_pending(self, tmp_path: Path) -> None:
        """The backend may configure, and must not start or stop sessions."""

        async def scene(site: CommandSite, charger: ScriptedCharger) -> None:
            do = site.backend.commands
            for forbidden in (do.remote_start("WB-1", "A"), do.remote_stop("WB-1", 1)):
                with pytest.raises(NotAllowed, match="its boot was answered Pending"):
                    await forbidden
            assert "Accepted" == await do.change_configuration("WB-1", "HeartbeatInterval", "1")
            assert ["ChangeConfiguration"] == [action for action, _ in charger.asked]
            view = await site.backend.station_view("WB-1")
            assert "Pending" == view.registration

        play(tmp_path, scene, registered("pending"))

    def test_rejected(self, tmp_path: Path) -> None:
        """To a rejected charger nothing is sent at all."""

        async def scene(site: CommandSite, charger: ScriptedCharger) -> None:
            with pytest.raises(NotAllowed, match="was answered Rejected"):
                await site.backend.commands.get_configuration("WB-1")
            assert [] == charger.asked

        play(tmp_path, scene, registered("reject"))

    @pytest.mark.parametrize("how", ["pending", "reject"])
    def test_what_is_billed_is_confirmed_all_the_same(self, tmp_path: Path, how: str) -> None:
        """Start, MeterValues and Stop are kept; anything else is a SecurityError (COL-02)."""

        async def scene(site: CommandSite, charger: ScriptedCharger) -> None:
            stamp = "2025-06-03T06:00:00Z"
            start = {"connectorId": 1, "idTag": "A", "meterStart": 1, "timestamp": stamp}
            answer = await charger.call("StartTransaction", start)
            assert 3 == answer[0]
            values = [{"timestamp": stamp, "sampledValue": [{"value": "7"}]}]
            meter = {"connectorId": 1, "meterValue": values}
            assert [3, "c3", {}] == await charger.call("MeterValues", meter)
            number = answer[2]["transactionId"]
            stop = {"transactionId": number, "meterStop": 9, "timestamp": stamp}
            assert 3 == (await charger.call("StopTransaction", stop))[0]
            for action, payload in (
                ("Authorize", {"idTag": "A"}),
                ("Heartbeat", {}),
                ("DataTransfer", {"vendorId": "Etrel"}),
            ):
                assert [4, "SecurityError"] == (await charger.call(action, payload))[:3:2]
            readings = await site.backend.readings("WB-1", START, LATER)
            assert {1, 7, 9} == {int(one.value or 0) for one in readings}
            assert 3 == (await site.rules()).count("message-before-acceptance")

        play(tmp_path, scene, registered(how))

    def test_what_was_asked_for_may_come(self, tmp_path: Path) -> None:
        """A triggered message is answered while pending; others of its kind were not."""

        async def scene(site: CommandSite, charger: ScriptedCharger) -> None:
            status = {"connectorId": 1, "status": "Available", "errorCode": "NoError"}
            assert 4 == (await charger.call("StatusNotification", status))[0]
            await site.backend.commands.trigger_message("WB-1", "StatusNotification")
            assert 3 == (await charger.call("StatusNotification", status))[0]

        play(tmp_path, scene, registered("pending"))

    def test_the_last_answer_counts_over_a_restart(self, tmp_path: Path) -> None:
        """A changed setting holds from the next boot on, as the charger goes by the answer."""

        async def run() -> None:
            async with CommandSite(tmp_path, registered("pending")) as site, site.charger():
                pass
            async with CommandSite(tmp_path) as site, site.charger(boot=None) as charger:
                with pytest.raises(NotAllowed):
                    await site.backend.commands.remote_stop("WB-1", 1)
                await charger.call("BootNotification", BOOT)
                assert "Accepted" == await site.backend.commands.remote_stop("WB-1", 1)

        asyncio.run(run())


async def known_list(site: CommandSite) -> KnownList:
    """Give what the backend knows of the list of WB-1."""
    return await site.backend._store.read(lambda c: station_state.known_list(c, 1))


class TestLocalList:
    """The backend counts the versions itself, and sends what is needed."""

    def test_full_then_differences(self, tmp_path: Path) -> None:
        """First all cards of the account, then only what has changed; the versions go on."""

        async def scene(site: CommandSite, charger: ScriptedCharger) -> None:
            do = site.backend.commands
            charger.answers["GetConfiguration"] = SIZES
            sent = await do.send_local_list("WB-1", "Differential")
            assert ("Accepted", 1, "Full", 1) == (sent.status, sent.version, sent.kind, sent.parts)
            (payload,) = charger.payloads("SendLocalList")
            assert [
                {"idTag": "04AABBCC", "idTagInfo": {"status": "Blocked"}},
                {"idTag": "77FD2AFA", "idTagInfo": {"status": "Accepted"}},
            ] == payload["localAuthorizationList"]
            sent = await do.send_local_list("WB-1", "Differential")
            assert ("Accepted", 1, 0) == (sent.status, sent.version, sent.parts)
            cards = {"04AABBCC": {"status": "Accepted"}}
            sent = await do.send_local_list("WB-1", "Differential", cards=cards)
            assert ("Differential", 2, 1) == (sent.kind, sent.version, sent.parts)
            assert [
                {"idTag": "77FD2AFA"},
                {"idTag": "04AABBCC", "idTagInfo": cards["04AABBCC"]},
            ] == (charger.asked[-1][1]["localAuthorizationList"])
            assert KnownList(2, cards, True, "Accepted") == await known_list(site)
            view = (await site.backend.station_view("WB-1")).local_list
            assert (2, 1, True) == (view.version, view.cards, view.is_sure)

        play(tmp_path, scene)

    def test_a_mismatch_is_made_good(self, tmp_path: Path) -> None:
        """A charger that finds a difference too old gets the whole list."""

        async def scene(site: CommandSite, charger: ScriptedCharger) -> None:
            do = site.backend.commands
            charger.answers["GetConfiguration"] = SIZES
            await do.send_local_list("WB-1")
            charger.answers["SendLocalList"] = lambda payload: {
                "status": "Accepted" if payload["updateType"] == "Full" else "VersionMismatch"
            }
            sent = await do.send_local_list("WB-1", "Differential", cards={})
            assert ("Accepted", "Full", 3) == (sent.status, sent.kind, sent.version)
            assert ["Full", "Differential", "Full"] == [
                one["updateType"] for one in charger.payloads("SendLocalList")
            ]

        play(tmp_path, scene)

    @pytest.mark.parametrize("status", ["Failed", "NotSupported"])
    def test_a_failure_leaves_the_list_unknown(self, tmp_path: Path, status: str) -> None:
        """The status is told, and the next difference is a whole list."""

        async def scene(site: CommandSite, charger: ScriptedCharger) -> None:
            do = site.backend.commands
            charger.answers["GetConfiguration"] = SIZES
            await do.send_local_list("WB-1")
            charger.answers["SendLocalList"] = {"status": status}
            sent = await do.send_local_list("WB-1", "Differential", cards={})
            assert (status, 2) == (sent.status, sent.version)
            assert not (await known_list(site)).is_sure
            charger.answers["SendLocalList"] = {"status": "Accepted"}
            assert "Full" == (await do.send_local_list("WB-1", "Differential", cards={})).kind

        play(tmp_path, scene)

    def test_no_answer_leaves_the_list_unknown(self, tmp_path: Path) -> None:
        """It may have arrived or not, so the next one is whole."""

        async def scene(site: CommandSite, charger: ScriptedCharger) -> None:
            do = site.backend.commands
            charger.answers["GetConfiguration"] = SIZES
            await do.send_local_list("WB-1")
            charger.answers["SendLocalList"] = None
            with pytest.raises(NoAnswer):
                await do.send_local_list("WB-1", "Differential", cards={})
            known = await known_list(site)
            assert (2, False, 2) == (known.version, known.is_sure, len(known.entries))

        play(tmp_path, scene)

    def test_parts(self, tmp_path: Path) -> None:
        """A list longer than the charger takes goes in parts, and stops where one fails."""

        async def scene(site: CommandSite, charger: ScriptedCharger) -> None:
            do = site.backend.commands
            charger.answers["GetConfiguration"] = SIZES
            cards = {f"{number:04X}": {"status": "Accepted"} for number in range(250)}
            sent = await do.send_local_list("WB-1", cards=cards)
            assert ("Accepted", 3, 3) == (sent.status, sent.version, sent.parts)
            assert [("Full", 100), ("Differential", 100), ("Differential", 50)] == [
                (one["updateType"], len(one["localAuthorizationList"]))
                for one in charger.payloads("SendLocalList")
            ]
            assert 250 == len((await known_list(site)).entries)
            charger.answers["SendLocalList"] = {"status": "Failed"}
            sent = await do.send_local_list("WB-1", cards=cards, part=50)
            assert ("Failed", 4) == (sent.status, sent.version)

        play(tmp_path, scene)

    def test_what_a_charger_can_hold(self, tmp_path: Path) -> None:
        """A longer list is refused before anything is sent; untold sizes are assumed."""

        async def scene(site: CommandSite, charger: ScriptedCharger) -> None:
            do = site.backend.commands
            charger.answers["GetConfiguration"] = SIZES
            cards = {f"{number:04X}": {"status": "Accepted"} for number in range(1001)}
            with pytest.raises(CommandError, match="1001 cards, and the charger holds 1000"):
                await do.send_local_list("WB-1", cards=cards)
            with pytest.raises(CommandError, match="write Full or Differential"):
                await do.send_local_list("WB-1", "Partial")
            few = dict(list(cards.items())[:150])
            charger.answers["GetConfiguration"] = {"configurationKey": []}
            assert 2 == (await do.send_local_list("WB-1", cards=few)).parts
            charger.answers["GetConfiguration"] = '[4,"{id}","NotSupported","",{}]'
            assert 2 == (await do.send_local_list("WB-1", cards=few)).parts

        play(tmp_path, scene)

    def test_another_device_in_its_place(self, tmp_path: Path) -> None:
        """A charger with another serial number has another memory: its list is not known."""

        async def run() -> None:
            async with CommandSite(tmp_path) as site:
                async with site.charger() as charger:
                    charger.answers["GetConfiguration"] = SIZES
                    await site.backend.commands.send_local_list("WB-1")
                for serial, is_sure in (("4711", True), ("4712", False)):
                    async with site.charger(boot={**BOOT, "chargePointSerialNumber": serial}):
                        assert is_sure == (await known_list(site)).is_sure

        asyncio.run(run())

    def test_a_list_of_ones_own(self, tmp_path: Path) -> None:
        """A list sent under a version of one's own is kept as what the charger has."""

        async def scene(site: CommandSite, charger: ScriptedCharger) -> None:
            do = site.backend.commands
            charger.answers["GetConfiguration"] = SIZES
            entry = {"idTag": "A", "idTagInfo": {"status": "Accepted"}}
            own = {"listVersion": 9, "updateType": "Full", "localAuthorizationList": [entry]}
            await do.run("WB-1", "SendLocalList", own)
            known = await known_list(site)
            assert (9, {"A": {"status": "Accepted"}}, True) == (
                known.version,
                known.entries,
                known.is_sure,
            )
            more = {"listVersion": 10, "updateType": "Differential"}
            await do.run("WB-1", "SendLocalList", more)
            assert (10, True) == (
                (await known_list(site)).version,
                (await known_list(site)).is_sure,
            )

        play(tmp_path, scene)

    def test_left_to_the_backend(self, tmp_path: Path) -> None:
        """Without version the backend chooses it, and without list it is the account's cards."""

        async def scene(site: CommandSite, charger: ScriptedCharger) -> None:
            do = site.backend.commands
            charger.answers["GetConfiguration"] = SIZES
            answer, chosen = await do.run("WB-1", "SendLocalList", {})
            assert {"status": "Accepted"} == answer
            assert {"listVersion": 1, "updateType": "Full", "parts": 1} == chosen
            entry = {"idTag": "A", "idTagInfo": {"status": "Accepted"}}
            payload = {"updateType": "Full", "localAuthorizationList": [entry]}
            _, chosen = await do.run("WB-1", "SendLocalList", payload)
            assert 2 == chosen["listVersion"]
            with pytest.raises(CommandError, match="needs its listVersion"):
                await do.run("WB-1", "SendLocalList", {"localAuthorizationList": [entry]})

        play(tmp_path, scene)


class TestReservations:
    """Their ids are the backend's own."""

    def test_their_life(self, tmp_path: Path) -> None:
        """Each has an id of its own; cancelled, refused and expired ones are over."""

        async def scene(site: CommandSite, charger: ScriptedCharger) -> None:
            do = site.backend.commands
            assert ("Accepted", 1) == await do.reserve_now("WB-1", 1, "A", LATER)
            charger.answers["ReserveNow"] = {"status": "Occupied"}
            assert ("Occupied", 2) == await do.reserve_now("WB-1", 1, "B", LATER, "FLEET")
            assert {
                "connectorId": 1,
                "idTag": "B",
                "parentIdTag": "FLEET",
                "expiryDate": "2025-06-03T07:00:00Z",
                "reservationId": 2,
            } == charger.asked[-1][1]
            (one,) = (await site.backend.station_view("WB-1")).reservations
            assert (1, "A", LATER, "Accepted") == (
                one.id,
                one.id_tag,
                one.expires_at,
                one.status,
            )
            assert "Accepted" == await do.cancel_reservation("WB-1", 1)
            charger.answers["ReserveNow"] = {"status": "Accepted"}
            await do.reserve_now("WB-1", 1, "C", START + timedelta(minutes=1))
            await site.clock.advance_to(START + timedelta(minutes=2))
            assert () == (await site.backend.station_view("WB-1")).reservations

        play(tmp_path, scene)

    def test_the_same_again(self, tmp_path: Path) -> None:
        """A reservation may be asked for again under its id; a foreign id is refused."""

        async def scene(site: CommandSite, charger: ScriptedCharger) -> None:
            do = site.backend.commands
            payload = {"connectorId": 1, "idTag": "A", "expiryDate": "2025-06-03T08:00:00Z"}
            answer, chosen = await do.run("WB-1", "ReserveNow", payload)
            assert ({"status": "Accepted"}, {"reservationId": 1}) == (answer, chosen)
            await do.run("WB-1", "ReserveNow", payload | {"reservationId": 1, "idTag": "B"})
            (one,) = (await site.backend.station_view("WB-1")).reservations
            assert "B" == one.id_tag
            with pytest.raises(CommandError, match="is no reservation of this station"):
                await do.run("WB-1", "ReserveNow", payload | {"reservationId": 2})
            with pytest.raises(CommandError, match="idTag is missing"):
                await do.run("WB-1", "ReserveNow", {"connectorId": 1, "expiryDate": "x"})

        play(tmp_path, scene)

    def test_what_was_not_sent_is_not_reserved(self, tmp_path: Path) -> None:
        """A refused one is over; one that was sent and not answered may stand."""

        async def scene(site: CommandSite, charger: ScriptedCharger) -> None:
            do = site.backend.commands
            with pytest.raises(NotConnected):
                await do.reserve_now("WB-2", 1, "A", LATER)
            assert () == (await site.backend.station_view("WB-2")).reservations
            charger.answers["ReserveNow"] = None
            with pytest.raises(NoAnswer):
                await do.reserve_now("WB-1", 1, "A", LATER)
            (one,) = (await site.backend.station_view("WB-1")).reservations
            assert "unknown" == one.status

        play(tmp_path, scene)


class TestProfiles:
    """The backend knows which charging profiles it has set."""

    def test_their_life(self, tmp_path: Path) -> None:
        """Accepted ones stand until they are replaced or removed."""

        async def scene(site: CommandSite, charger: ScriptedCharger) -> None:
            do = site.backend.commands

            async def standing() -> list[tuple[int, int, int]]:
                view = await site.backend.station_view("WB-1")
                return [(one.id, one.connector, one.stack_level) for one in view.charging_profiles]

            await do.set_charging_profile("WB-1", 1, PROFILE)
            await do.set_charging_profile("WB-1", 0, {**PROFILE, "chargingProfileId": 2})
            assert [(1, 1, 2), (2, 0, 2)] == await standing()
            # The same place, then the same id.
            await do.set_charging_profile("WB-1", 1, {**PROFILE, "chargingProfileId": 3})
            await do.set_charging_profile("WB-1", 1, {**PROFILE, "chargingProfileId": 2})
            assert [(2, 1, 2)] == await standing()
            charger.answers["SetChargingProfile"] = {"status": "Rejected"}
            await do.set_charging_profile("WB-1", 1, {**PROFILE, "chargingProfileId": 4})
            transaction = {**PROFILE, "chargingProfileId": 5, "chargingProfilePurpose": "TxProfile"}
            await do.remote_start("WB-1", "A", 1, transaction)
            assert [(2, 1, 2), (5, 1, 2)] == await standing()
            await do.clear_charging_profile("WB-1", profile=5, connector=9)
            assert [(2, 1, 2)] == await standing()
            charger.answers["ClearChargingProfile"] = {"status": "Unknown"}
            assert "Unknown" == await do.clear_charging_profile("WB-1", connector=1)
            assert [] == await standing()
            (limit,) = json.loads(json.dumps(charger.payloads("SetChargingProfile")[0]))[
                "csChargingProfiles"
            ]["chargingSchedule"]["chargingSchedulePeriod"]
            assert PERIOD == limit

        play(tmp_path, scene)


class TestHowItStands:
    """What a charger tells of itself is seen."""

    def test_status_and_error(self, tmp_path: Path) -> None:
        """An error told once stays until the charger is no longer Faulted (F81)."""

        async def scene(site: CommandSite, charger: ScriptedCharger) -> None:
            async def told(**fields: object) -> tuple[str, str, str, datetime]:
                await charger.call("StatusNotification", {"connectorId": 1, **fields})
                (one,) = (await site.backend.station_view("WB-1")).connectors
                return one.status, one.error, one.vendor_error, one.since

            fault = {"status": "Faulted", "errorCode": "OtherError", "vendorErrorCode": "E7"}
            assert ("Faulted", "OtherError", "E7", START) == await told(**fault)
            await site.clock.advance_to(LATER)
            assert ("Faulted", "OtherError", "E7", START) == await told(
                status="Faulted", errorCode="NoError"
            )
            assert ("Available", "NoError", "", LATER) == await told(
                status="Available", errorCode="NoError"
            )
            await charger.call("StatusNotification", {"connectorId": "x", "status": "Available"})
            assert 1 == len((await site.backend.station_view("WB-1")).connectors)

        play(tmp_path, scene)

    def test_diagnostics_and_firmware(self, tmp_path: Path) -> None:
        """The status told last, and since when it is told."""

        async def scene(site: CommandSite, charger: ScriptedCharger) -> None:
            await charger.call("DiagnosticsStatusNotification", {"status": "Uploading"})
            await charger.call("FirmwareStatusNotification", {"status": "Downloading"})
            await site.clock.advance_to(LATER)
            await charger.call("DiagnosticsStatusNotification", {"status": "Uploading"})
            await charger.call("FirmwareStatusNotification", {"status": "Downloaded"})
            view = await site.backend.station_view("WB-1")
            assert view.diagnostics is not None
            assert view.firmware is not None
            assert ("Uploading", START) == (view.diagnostics.status, view.diagnostics.since)
            assert ("Downloaded", LATER) == (view.firmware.status, view.firmware.since)

        play(tmp_path, scene)

    def test_line_and_session(self, tmp_path: Path) -> None:
        """Whether it is connected, since when, what it said at its boot, and who charges."""

        async def run() -> None:
            async with CommandSite(tmp_path) as site:
                assert not (await site.backend.station_view("WB-1")).connected
                async with site.charger() as charger:
                    await site.clock.advance_to(LATER)
                    stamp = "2025-06-03T06:00:00Z"
                    start = {"connectorId": 1, "idTag": "A", "meterStart": 1, "timestamp": stamp}
                    await charger.call("StartTransaction", start)
                    view = await site.backend.station_view("WB-1")
                    assert (True, START, LATER) == (view.connected, view.since, view.last_heard)
                    assert "INCH" == view.boot["chargePointModel"]
                    assert view.session is not None
                    assert "A" == view.session.id_tag
                    assert ["A"] == [
                        one.id_tag for one in await site.backend.last_sessions("WB-1", 5)
                    ]
                    assert [] == await site.backend.last_deviations("WB-1", 5)
                await site.line_ended()
                assert not (await site.backend.station_view("WB-1")).connected

        asyncio.run(run())


class TestFrames:
    """The log of frames, where there is a page to show it."""

    def test_both_are_shown_every_frame(self, tmp_path: Path) -> None:
        """The log and whoever else looks on; a long frame is cut in the log."""
        seen: list[str] = []

        async def run() -> None:
            site = CommandSite(tmp_path, SETTINGS + WEB)
            site.backend = type(site.backend)(
                site.settings, site.clock, on_frame=lambda *frame: seen.append(frame[2])
            )
            async with site, site.charger() as charger:
                await charger.call("Heartbeat", {"long": "x" * 5_000})
                newest, longest, *_ = site.backend.last_frames("WB-1", 9)
                assert (False, True) == (newest.incoming, longest.incoming)
                assert longest.text.endswith("… (5036 signs)")
                assert 5_036 == len(seen[-2])
                do = site.backend
                assert "Accepted" == await do.change_configuration("WB-1", "ResetRetries", "1")

        asyncio.run(run())


class TestCards:
    """What a card is answered with, besides its status."""

    def test_groups_ends_and_orders(self, tmp_path: Path) -> None:
        """The group and the end are told, an expired card is Expired, a printed UID is turned."""
        text = SETTINGS + (
            '[[card]]\naccount = "Stadtwerke"\nid_tag = "AABBCCDD"\nwritten = "printed"\n'
            'parent_id_tag = "fleet"\nexpires = 2025-06-03T09:00:00+02:00\n'
        )

        async def scene(site: CommandSite, charger: ScriptedCharger) -> None:
            async def info(tag: str) -> dict[str, str]:
                answer: dict[str, str] = (await charger.call("Authorize", {"idTag": tag}))[2][
                    "idTagInfo"
                ]
                return answer

            good = {
                "status": "Accepted",
                "parentIdTag": "FLEET",
                "expiryDate": "2025-06-03T07:00:00Z",
            }
            assert good == await info("DDCCBBAA")
            assert [] == await site.rules()
            assert good == await info("AABBCCDD")
            assert ["id-tag-reversed"] == await site.rules()
            await site.clock.advance_to(LATER)
            assert good | {"status": "Expired"} == await info("DDCCBBAA")
            charger.answers["GetConfiguration"] = SIZES
            await site.backend.commands.send_local_list("WB-1")
            listed = charger.payloads("SendLocalList")[0]["localAuthorizationList"]
            assert {"idTag": "DDCCBBAA", "idTagInfo": good | {"status": "Expired"}} in listed

        play(tmp_path, scene, text)

    def test_each_model_in_its_order(self, tmp_path: Path) -> None:
        """A model that sends UIDs as printed knows the same card unturned."""
        text = SETTINGS + (
            '[[card]]\naccount = "Stadtwerke"\nid_tag = "AABBCCDD"\nwritten = "printed"\n'
        )

        async def run() -> None:
            async with CommandSite(tmp_path, text) as site, site.charger("WB-2") as charger:
                answer = await charger.call("Authorize", {"idTag": "AABBCCDD"})
                assert {"status": "Accepted"} == answer[2]["idTagInfo"]
                assert [] == await site.rules("WB-2")

        asyncio.run(run())


def test_every_kind_of_error_has_a_word_of_its_own() -> None:
    """Programs tell them apart by it."""
    kinds = [one.kind for one in DeviceError.__subclasses__()]

    assert len(set(kinds) | {DeviceError.kind}) == len(kinds)
