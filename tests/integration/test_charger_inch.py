"""The charger on a real WebSocket, against a central system of a few lines."""

from __future__ import annotations

import asyncio
import json
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import pytest
from support.inch_site import ANNA, START, CentralSystem, Site, on_site
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from simulators.charger_inch import Car, ChargerInch, Setup, Status, Supply
from simulators.clock import RealClock, VirtualClock
from simulators.errors import NotPossible
from simulators.wiretap import Wiretap

IMPATIENT = Setup(configuration={"MessageTimeout": "1"})

Frame = list[Any]


def aligned(seconds: int = 900, **more: str) -> Setup:
    """Give a charger that sends clock-aligned values only."""
    return Setup(
        configuration={
            "ClockAlignedDataInterval": str(seconds),
            "MeterValueSampleInterval": "0",
            **more,
        }
    )


def test_it_boots_and_tells_the_status_of_both_connectors() -> None:
    """`connect` returns when the boot is accepted and both statuses are told."""

    async def live(site: Site) -> None:
        assert site.backend.actions == [
            "BootNotification",
            "StatusNotification",
            "StatusNotification",
        ]

    site = on_site(live)
    assert site.backend.calls("BootNotification") == [
        {
            "chargePointVendor": "ETREL",
            "chargePointModel": "INCH",
            "chargePointSerialNumber": "WB-1",
            "firmwareVersion": "1.12",
        }
    ]
    assert [told["connectorId"] for told in site.backend.calls("StatusNotification")] == [0, 1]


class TestSession:
    """An ordinary session, from the cable to the register."""

    def test_a_day_holds_each_quarter_hour_of_charging(self) -> None:
        """Aligned values stand on the grid, without transactionId, and only in sessions."""

        async def live(site: Site) -> None:
            await site.until(8)
            await site.charge()
            await site.until(11)
            await site.charger.show_card(ANNA)
            await site.charger.unplug()
            await site.until(6, day=4)

        site = on_site(live, aligned())
        values = site.backend.calls("MeterValues")
        instants = [value["meterValue"][0]["timestamp"] for value in values]
        expected = [
            (datetime(2025, 6, 3, 8, tzinfo=UTC) + timedelta(minutes=15 * number))
            for number in range(1, 13)
        ]
        assert instants == [f"{at:%Y-%m-%dT%H:%M:%S}.000Z" for at in expected]
        assert all("transactionId" not in value for value in values)
        assert len(site.backend.calls("Heartbeat")) == 24

    def test_frames_and_meter_tell_the_same(self) -> None:
        """Start, values, stop and the meter itself agree on the energy."""
        shown: list[str] = []

        async def live(site: Site) -> None:
            await site.charge()
            await site.until(7)
            shown.append(site.charger.register_kwh_text)
            await site.charger.show_card(ANNA)
            await site.charger.unplug()
            await site.settle()

        site = on_site(live, Setup(register_wh=733_255))
        start, stop = (
            site.backend.calls("StartTransaction")[0],
            site.backend.calls("StopTransaction")[0],
        )
        assert start["idTag"] == "FA2AFD77"
        assert start["meterStart"] == 733_255
        last = site.backend.calls("MeterValues")[-1]["meterValue"][0]["sampledValue"][0]
        assert last["value"] == shown[0]
        assert stop["meterStop"] == round(Decimal(shown[0]) * 1_000)
        assert stop["transactionData"][-1]["sampledValue"][0]["value"] == shown[0]
        assert stop["transactionId"] == 1
        assert stop["reason"] == "Local"
        assert site.charger.status is Status.AVAILABLE

    def test_the_backend_starts_and_stops(self) -> None:
        """RemoteStart and RemoteStop are answered before what they set off is sent."""

        async def live(site: Site) -> None:
            await site.charger.plug_in()
            await site.settle()
            payload = {"idTag": "FA2AFD77", "connectorId": 1}
            started = await site.backend.ask("RemoteStartTransaction", payload)
            assert started == [3, "s1", {"status": "Accepted"}]
            await site.settle()
            await site.until(7)
            stopped = await site.backend.ask("RemoteStopTransaction", {"transactionId": 1}, "s2")
            assert stopped == [3, "s2", {"status": "Accepted"}]
            await site.settle()

        site = on_site(live)
        assert "Authorize" not in site.backend.actions
        assert site.backend.calls("StopTransaction")[0]["reason"] == "Remote"

    def test_what_people_do_is_noted_with_their_names(self) -> None:
        """The tap tells who did what, beside the frames."""

        async def live(site: Site) -> None:
            await site.charger.plug_in(Car(phases=1), person="Beat")
            await site.charger.show_card(ANNA)
            await site.settle()

        site = on_site(live)
        hands = [crossing for crossing in site.tap.crossings if crossing.wire == "hand"]
        assert [(hand.sender, json.loads(hand.text)["did"]) for hand in hands] == [
            ("Beat", "plug_in"),
            ("Anna", "show_card"),
        ]
        assert json.loads(hands[0].text)["car"]["phases"] == 1


class TestLine:
    """The line breaks and comes back."""

    def test_values_of_a_cut_line_arrive_late_in_order_with_their_own_times(self) -> None:
        """After the line is back the queue comes first to last, before any new value."""

        async def live(site: Site) -> None:
            await site.charge()
            await site.until(7)
            await site.charger.cut_line()
            assert not site.charger.line_is_up
            await site.until(8, 5)
            assert site.charger.queued == 4
            await site.charger.restore_line()
            await site.settle()
            assert site.charger.queued == 0
            await site.until(8, 15)

        site = on_site(live, aligned())
        told = [value["meterValue"][0]["timestamp"] for value in site.backend.calls("MeterValues")]
        assert told == sorted(told)
        assert len(told) == 9
        assert len(site.backend.calls("BootNotification")) == 1

    def test_a_session_lived_offline_is_told_with_the_id_learnt_late(self) -> None:
        """Start, values and stop wait; the stop carries the id of the answer to the start."""

        async def live(site: Site) -> None:
            await site.charge()
            await site.charger.unplug()
            await site.settle()
            await site.charger.cut_line()
            await site.until(7)
            await site.charge()
            await site.until(8)
            await site.charger.unplug()
            await site.until(9)
            await site.charger.restore_line()
            await site.settle()

        site = on_site(live)
        start = site.backend.calls("StartTransaction")[1]
        stop = site.backend.calls("StopTransaction")[1]
        assert start["timestamp"] == "2025-06-03T07:00:00.000Z"
        assert (stop["transactionId"], stop["reason"]) == (2, "EVDisconnected")
        last = [value["transactionId"] for value in site.backend.calls("MeterValues")]
        assert set(last) == {2}

    def test_a_cut_while_an_answer_is_due_loses_nothing(self) -> None:
        """A StartTransaction whose answer was lost is sent again, the same."""

        async def live(site: Site) -> None:
            await site.charger.plug_in()
            await site.charger.show_card(ANNA)
            await site.backend.heard("StartTransaction")
            await site.charger.cut_line()
            await site.settle()
            await site.charger.restore_line()
            await site.settle()

        site = on_site(live)
        first, second = site.backend.calls("StartTransaction")
        assert first == second

    def test_the_line_is_told_of_at_once(self) -> None:
        """`on_line` hears of the socket's end and begin."""
        heard: list[tuple[str, bool]] = []

        async def live(site: Site) -> None:
            site.charger.on_line = lambda identity, up: heard.append((identity, up))
            await site.charger.connect(site.backend.address)
            await site.charger.cut_line()
            await site.charger.cut_line()
            await site.charger.restore_line()
            await site.charger.restore_line()
            await site.settle()

        on_site(live, connected=False)
        assert heard == [("WB-1", True), ("WB-1", False), ("WB-1", True), ("WB-1", False)]

    def test_a_backend_that_went_away_is_tried_again(self) -> None:
        """After 10, 20, 40 s the charger comes back by itself, without a boot."""

        async def live(site: Site) -> None:
            gone = asyncio.Event()
            site.charger.on_line = lambda identity, up: gone.set()
            await site.backend.stop()
            await gone.wait()
            await site.until(6, 1)
            assert not site.charger.line_is_up
            await site.backend.start()
            await site.until(6, 2)
            assert site.charger.line_is_up

        site = on_site(live)
        assert len(site.backend.calls("BootNotification")) == 1

    def test_restoring_a_line_to_nobody_goes_on_trying(self) -> None:
        """The line is good but the backend is down: the charger tries later."""

        async def live(site: Site) -> None:
            await site.charger.cut_line()
            await site.backend.stop()
            await site.charger.restore_line()
            assert not site.charger.line_is_up
            await site.backend.start()
            await site.until(6, 1)
            assert site.charger.line_is_up

        on_site(live)

    def test_a_backend_that_never_answers_is_dropped(self) -> None:
        """In real time the line is broken off when an answer is overdue."""

        async def live() -> None:
            backend, clock = CentralSystem(), RealClock()
            backend.silent_on = "BootNotification"
            await backend.start()
            charger = ChargerInch("WB-1", clock, Wiretap(clock), random.Random(1), setup=IMPATIENT)
            with pytest.raises(NotPossible, match=r"closed the line|does not answer"):
                await charger.connect(backend.address)
            await charger.close()
            await backend.stop()

        asyncio.run(live())

    def test_a_charger_that_is_closed_leaves_nothing_to_ring(self) -> None:
        """After `close` time passes without a frame."""

        async def live(site: Site) -> None:
            await site.charger.close()
            count = len(site.tap.crossings)
            await site.until(6, day=4)
            assert len(site.tap.crossings) == count

        on_site(live)


class TestGettingConnected:
    """The first connection, and what may be in its way."""

    def test_nobody_answers(self) -> None:
        """A refused connection says where and what to do."""

        async def live(site: Site) -> None:
            address = site.backend.address
            await site.backend.stop()
            with pytest.raises(NotPossible, match=r"nobody answers at .*/ocpp/WB-1.*start"):
                await site.charger.connect(address)

        on_site(live, connected=False)

    def test_the_backend_does_not_know_the_charger(self) -> None:
        """HTTP 404 says that a station must be registered; then it can be tried again."""

        async def live(site: Site) -> None:
            site.backend.identities = ()
            with pytest.raises(NotPossible, match="register a station"):
                await site.charger.connect(site.backend.address)
            site.backend.identities = ("WB-1",)
            await site.charger.connect(site.backend.address)

        on_site(live, connected=False)

    def test_the_backend_refuses_the_line(self) -> None:
        """Another HTTP status is named, and where to look."""

        async def live(site: Site) -> None:
            site.backend.identities = ()
            site.backend.refusal = HTTPStatus.UNAUTHORIZED
            with pytest.raises(NotPossible, match="HTTP 401; look into its log"):
                await site.charger.connect(site.backend.address)

        on_site(live, connected=False)

    def test_a_web_page_is_no_backend(self) -> None:
        """What answers a handshake with HTTP 200 is said to be a page."""

        async def live(site: Site) -> None:
            site.backend.identities = ()
            site.backend.refusal = HTTPStatus.OK
            with pytest.raises(NotPossible, match=r"is a web page \(HTTP 200\) and no OCPP"):
                await site.charger.connect(site.backend.address)

        on_site(live, connected=False)

    def test_what_answers_is_no_websocket_server(self) -> None:
        """A server of something else is told from one that is not there."""

        async def live(site: Site) -> None:
            async def mumble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                writer.write(b"220 mail\r\n")
                writer.close()
                await writer.wait_closed()

            async with await asyncio.start_server(mumble, "127.0.0.1", 0) as server:
                port = server.sockets[0].getsockname()[1]
                with pytest.raises(NotPossible, match="no WebSocket server"):
                    await site.charger.connect(f"ws://127.0.0.1:{port}")

        on_site(live, connected=False)

    def test_a_backend_of_another_version_is_left(self) -> None:
        """Without the subprotocol ocpp1.6 there is no line."""

        async def live(site: Site) -> None:
            await site.backend.stop()
            site.backend.subprotocol = "ocpp2.0.1"
            await site.backend.start()
            with pytest.raises(NotPossible, match="cannot connect"):
                await site.charger.connect(site.backend.address)

        on_site(live, connected=False)

    def test_a_server_that_names_no_version_is_left(self) -> None:
        """OCPP-J §3.2: the line opens without the subprotocol, and the charger closes it."""

        async def live(site: Site) -> None:
            async def listen(line: ServerConnection) -> None:
                await line.wait_closed()

            async with serve(listen, "127.0.0.1", 0) as server:
                port = next(iter(server.sockets)).getsockname()[1]
                with pytest.raises(NotPossible, match=r"does not speak ocpp1\.6"):
                    await site.charger.connect(f"ws://127.0.0.1:{port}")

        on_site(live, connected=False)

    def test_an_identity_is_percent_encoded(self) -> None:
        """Slashes and spaces in an identity do not change the path."""

        async def live(site: Site) -> None:
            site.backend.identities = ("WB%2F1%20a",)
            charger = ChargerInch("WB/1 a", site.clock, site.tap, random.Random(1))
            await charger.connect(site.backend.address)
            await charger.close()

        on_site(live, connected=False)

    def test_it_is_connected_once(self) -> None:
        """A second `connect` points to `restore_line`."""

        async def live(site: Site) -> None:
            with pytest.raises(NotPossible, match="restore_line"):
                await site.charger.connect(site.backend.address)

        on_site(live)

    def test_a_rejected_charger_is_silent_until_its_interval(self) -> None:
        """`connect` returns; the next boot comes after the interval and no sooner."""

        async def live(site: Site) -> None:
            site.backend.answers["BootNotification"] = lambda _: {
                "status": "Rejected",
                "currentTime": "2025-06-03T06:00:00Z",
                "interval": 120,
            }
            await site.charger.connect(site.backend.address)
            refused = await site.backend.ask("GetConfiguration", {})
            assert refused[2] == "SecurityError"
            await site.until(6, 1)
            del site.backend.answers["BootNotification"]
            assert site.backend.actions == ["BootNotification"]
            await site.until(6, 2)
            assert site.charger.line_is_up

        site = on_site(live, connected=False)
        assert site.backend.actions.count("StatusNotification") == 2


class TestTrouble:
    """Silence and mistakes."""

    def test_a_backend_that_is_silent_at_the_start_is_told_of(self) -> None:
        """`connect` does not wait for ever, though time stands still."""

        async def live(site: Site) -> None:
            site.backend.silent_on = "BootNotification"
            with pytest.raises(NotPossible, match="does not answer; look into its log"):
                await site.charger.connect(site.backend.address)
            assert site.clock.held_by == ("WB-1 waits for the answer to BootNotification (1)",)

        on_site(live, IMPATIENT, connected=False)

    def test_a_backend_that_hangs_up_at_the_start_is_told_of(self) -> None:
        """A line that is closed instead of an answer is no connection."""

        async def live(site: Site) -> None:
            async def hang_up(line: ServerConnection) -> None:
                await line.recv()

            async with serve(
                hang_up, "127.0.0.1", 0, subprotocols=[Subprotocol("ocpp1.6")]
            ) as server:
                port = next(iter(server.sockets)).getsockname()[1]
                with pytest.raises(NotPossible, match="closed the line during the start"):
                    await site.charger.connect(f"ws://127.0.0.1:{port}")

        on_site(live, connected=False)

    @pytest.mark.parametrize(
        ("answer", "told"),
        [
            ("hello", "not answered; what came is no frame of OCPP: hello"),
            ("null", "not answered; what came is no frame of OCPP: null"),
            ("<html>\n" + "x" * 99, "no frame of OCPP: <html>?" + "x" * 33 + "..."),
            ('[3,"other",{}]', "not answered; what came is an answer to 'other', which was not"),
            ('[3,"%s",{}]', "not answered usably: payload: "),
            ('[3,"%s",null]', "not answered usably: payload: "),
            ('[4,"%s","InternalError","no\\nway",{}]', "usably: CALLERROR InternalError no?way"),
            ('[4,"%s"]', "what came is no frame of OCPP: "),
            ('[4,"%s",7]', "not answered usably: CALLERROR"),
            (
                '[3,"%s",{"status":"Yes","interval":1,"currentTime":"2025-06-03T06:00:00Z"}]',
                "not answered usably: status: ",
            ),
        ],
    )
    def test_a_boot_without_a_usable_answer_is_told_of(self, answer: str, told: str) -> None:
        """It is told at once, stands in the journal, and is what the registration is then."""

        async def live(site: Site) -> None:
            heard = asyncio.Queue[str]()
            site.charger.on_boot = lambda identity, how: heard.put_nowait(how)

            async def mumble(line: ServerConnection) -> None:
                number = json.loads(await line.recv())[1]
                for _ in range(2):
                    await line.send(answer.replace("%s", number))
                await line.wait_closed()

            async with serve(
                mumble, "127.0.0.1", 0, subprotocols=[Subprotocol("ocpp1.6")]
            ) as server:
                port = next(iter(server.sockets)).getsockname()[1]
                await site.charger.connect(f"ws://127.0.0.1:{port}", patiently=True)
                how = await heard.get()
                assert told in how
                journal = site.charger.journal()
                assert any(how.rpartition("what came is ")[2] in line for line in journal)
                answered = "answered usably" in how
                assert (how if answered else "not answered yet") == site.charger.registration
                await site.charger.close()
                assert heard.empty()

        on_site(live, connected=False)

    def test_how_a_line_ended_is_told(self) -> None:
        """By whom, with which code and reason; in the journal as well, and as the problem."""

        async def live(site: Site) -> None:
            gone = asyncio.Event()
            site.charger.on_line = lambda identity, up: gone.set()
            await site.backend._lines[-1].close(1011, "out of disk")
            await gone.wait()
            how = "closed by the backend: 1011 out of disk"
            assert [how] * 2 == [site.charger.line_ended, site.charger.line_problem]
            assert site.charger.journal()[-1].endswith(f" line down: {how}")
            await site.until(6, 1)
            assert site.charger.line_is_up
            assert site.charger.line_problem == ""

            await site.charger.cut_line()
            assert ("cut", "") == (site.charger.line_ended, site.charger.line_problem)

        on_site(live)

    def test_a_line_on_which_an_answer_is_overdue_says_so(self) -> None:
        """What was not answered, and for how long."""

        async def live(site: Site) -> None:
            site.backend.silent_on = "Authorize"
            gone = asyncio.Event()
            site.charger.on_line = lambda identity, up: gone.set()
            await site.charger.show_card(ANNA)
            await site.charger._line._overdue()
            await gone.wait()
            assert "no answer to Authorize for 30 s" == site.charger.line_ended

        on_site(live)

    def test_what_the_backend_asks_stands_in_the_journal_with_its_outcome(self) -> None:
        """The status of the answer, or the code of the refusal."""

        async def live(site: Site) -> None:
            await site.backend.ask("ChangeAvailability", {"connectorId": 1, "type": "Operative"})
            await site.backend.ask("GetConfiguration", {}, "s2")
            await site.backend.ask("Reset", {"type": "Warm"}, "s3")
            told = [line.partition(" ")[2] for line in site.charger.journal()]
            assert [
                "the backend asks ChangeAvailability",
                "answered ChangeAvailability: Accepted",
                "the backend asks GetConfiguration",
                "answered GetConfiguration: done",
                "answered Reset: PropertyConstraintViolation",
            ] == told[-5:]

        on_site(live)

    def test_a_charger_that_is_closed_while_it_waits_to_reconnect_does_not(self) -> None:
        """The attempt that was planned is taken back."""

        async def live(site: Site) -> None:
            gone = asyncio.Event()
            site.charger.on_line = lambda identity, up: gone.set()
            await site.backend.stop()
            await gone.wait()
            await site.charger.close()
            await site.backend.start()
            await site.until(7)
            assert not site.charger.line_is_up

        on_site(live)

    def test_a_mistake_of_the_simulator_is_not_hidden(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Time does not stand still for it, and `close` raises it."""

        def stumble(*_: object) -> None:
            raise LookupError("a mistake")

        async def live(site: Site) -> None:
            down = asyncio.Event()
            site.charger.on_line = lambda identity, up: down.set()
            monkeypatch.setattr(site.charger._device, "called", stumble)
            asking = asyncio.ensure_future(site.backend.ask("GetConfiguration", {}))
            await down.wait()
            asking.cancel()
            await site.settle()

        with pytest.raises(LookupError, match="a mistake"):
            on_site(live)

    def test_an_answer_to_nothing_is_ignored(self) -> None:
        """A CALLRESULT or CALLERROR under an id that was never sent changes nothing."""

        async def live(site: Site) -> None:
            await site.backend._lines[-1].send('[3,"zz",{}]')
            await site.backend._lines[-1].send('[4,"zz","InternalError","",{}]')
            assert (await site.backend.ask("GetConfiguration", {}))[0] == 3

        on_site(live)

    def test_a_line_that_is_cut_while_it_is_set_up_stays_down(self) -> None:
        """A reconnection that was under way is not taken up."""

        async def live(site: Site) -> None:
            await site.charger.cut_line()
            restoring = asyncio.ensure_future(site.charger.restore_line())
            await asyncio.sleep(0)
            await site.charger.cut_line()
            await restoring
            assert not site.charger.line_is_up

        on_site(live)

    def test_a_week_without_a_backend_ends_the_attempts(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """After the last try nothing rings; restoring the line begins anew."""
        monkeypatch.setattr("simulators.charger_inch.ocpp_json_io.RECONNECT_TRIES", 3)

        async def live(site: Site) -> None:
            await site.charger.cut_line()
            await site.backend.stop()
            await site.charger.restore_line()
            await site.until(12)
            await site.backend.start()
            await site.until(6, day=4)
            assert not site.charger.line_is_up
            await site.charger.restore_line()
            assert site.charger.line_is_up

        on_site(live)


class TestFace:
    """What a person can see of the charger."""

    def test_display_meter_and_transaction(self) -> None:
        """They tell what is going on now."""

        async def live(site: Site) -> None:
            charger = site.charger
            assert (charger.shown, charger.transaction, charger.flow.power_nw) == ("ready", None, 0)
            await site.charge()
            await site.until(7)
            assert charger.shown == "charging"
            assert charger.transaction is not None
            assert charger.transaction.number == 1
            assert charger.flow.power_nw == 11_040 * 10**9
            assert charger.register_wh == 11_040
            assert charger.register_kwh_text == "11.040000"

        on_site(live, Setup(supply=Supply(), car=Car(max_current_a=16)))


class TestRequests:
    """What the backend asks, and the answers on the wire."""

    @pytest.mark.parametrize(
        ("frame", "code"),
        [
            ([2, "s1", "GetLocalListVersion", {}], "NotSupported"),
            ([2, "s1", "MakeCoffee", {}], "NotImplemented"),
            ([2, "s1", ["Reset"], {}], "FormationViolation"),
            ([2, "s1", "RemoteStopTransaction", {}], "ProtocolError"),
            ([2, "s1", "RemoteStopTransaction", {"transactionId": "1"}], "TypeConstraintViolation"),
            ([2, "s1", "GetConfiguration", {"cellar": 1}], "FormationViolation"),
            ([2, "s1", "RemoteStartTransaction", {"idTag": "A" * 21}], "TypeConstraintViolation"),
        ],
    )
    def test_what_it_cannot_do_is_refused_with_the_right_code(
        self, frame: Frame, code: str
    ) -> None:
        """The codes are those of OCPP-J 1.6, misspelt as there."""

        async def live(site: Site) -> None:
            answer = await site.backend.say(json.dumps(frame), "s1")
            assert answer[:3] == [4, "s1", code]

        on_site(live)

    @pytest.mark.parametrize(
        "text", ["{", "[]", "[2]", '{"a":1}', '[9,"s1"]', '[2,17,"Reset",{}]', "[" * 5000]
    )
    def test_what_is_no_frame_is_not_answered(self, text: str) -> None:
        """A frame that is none is noted and left alone; the next one is answered."""

        async def live(site: Site) -> None:
            await site.backend._lines[-1].send(text)
            answer = await site.backend.ask("GetConfiguration", {"key": ["NumberOfConnectors"]})
            assert answer[2]["configurationKey"][0]["value"] == "1"

        site = on_site(live)
        assert text in [crossing.text for crossing in site.tap.crossings]

    def test_a_profile_in_a_remote_start_is_ignored(self) -> None:
        """A charger without smart charging ignores the profile; 21.4 A is a legal limit."""
        profile = {
            "chargingProfileId": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": {
                "chargingRateUnit": "A",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 21.4}],
            },
        }

        async def live(site: Site) -> None:
            payload = {"idTag": "FA2AFD77", "chargingProfile": profile}
            assert (await site.backend.ask("RemoteStartTransaction", payload))[0] == 3

        on_site(live)

    def test_null_is_an_empty_payload(self) -> None:
        """OCPP-J §4.2.1 allows null for nothing."""

        async def live(site: Site) -> None:
            answer = await site.backend.ask("GetConfiguration", None)
            assert answer[0] == 3
            assert answer[2]["unknownKey"] == []

        on_site(live)

    def test_an_answer_that_breaks_its_schema_counts_as_a_failure(self) -> None:
        """A StartTransaction.conf without an id is asked for again, later."""

        async def live(site: Site) -> None:
            site.backend.answers["StartTransaction"] = lambda _: {}
            await site.charge()
            del site.backend.answers["StartTransaction"]
            await site.until(6, 1)

        site = on_site(live)
        assert len(site.backend.calls("StartTransaction")) == 2

    def test_a_refused_message_is_retried_and_then_given_up(self) -> None:
        """Three transmissions, one and two minutes apart; then the queue goes on."""

        async def live(site: Site) -> None:
            site.backend.answers["StartTransaction"] = lambda _: None
            await site.charge()
            await site.until(7)

        site = on_site(live, aligned())
        at = [
            crossing.at - START
            for crossing in site.tap.crossings
            if '"StartTransaction"' in crossing.text
        ]
        assert at == [timedelta(minutes=minutes) for minutes in (0, 1, 3)]
        assert len(site.backend.calls("MeterValues")) == 4


class TestSameness:
    """One seed, one order of events."""

    def test_one_seed_gives_one_tap(self) -> None:
        """Two runs of a day with a cut line leave the same crossings, byte for byte."""

        async def live(site: Site) -> None:
            await site.until(8)
            await site.charge()
            await site.until(9, 7)
            await site.charger.cut_line()
            await site.until(10)
            await site.charger.show_card(ANNA)
            await site.charger.unplug()
            await site.until(11)
            await site.charger.restore_line()
            await site.until(14)

        first, second = on_site(live, aligned()), on_site(live, aligned())
        assert first.tap.crossings == second.tap.crossings

    def test_another_seed_is_another_site(self) -> None:
        """The voltages are drawn from the seed."""
        clock = VirtualClock(START)
        one, other = (
            ChargerInch("WB-1", clock, Wiretap(clock), random.Random(seed))._device.outlet.supply
            for seed in (1, 2)
        )
        assert one != other
