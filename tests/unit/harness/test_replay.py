"""Logs from the field, put before the bundled backend again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from harness import replay as module
from harness.errors import HarnessError, UsageError
from harness.recording import FieldLog, Form, NoFrames, read_frames, recording_text
from harness.replay import replay
from harness.replay_text import Wishes, replay_files
from simulators.clock import VirtualClock
from simulators.wiretap import Crossing

START = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)


class TestReplay:
    """What the backend makes of a log."""

    def test_tells_charger_readings_intervals_and_sessions(self, new_log: Any) -> None:
        """A session of 2 kWh is read as such, with the profile of the vendor."""
        (charger,) = new_log.session().replay().chargers

        assert (charger.vendor, charger.model, charger.firmware) == ("Etrel", "Linde", "9.9")
        assert charger.profile.name == "etrel_inch"
        assert [(r.instant - START, r.value) for r in charger.readings] == [
            (timedelta(minutes=15), Decimal(100_000)),
            (timedelta(minutes=30), Decimal("101250.00")),
            (timedelta(minutes=45), Decimal(102_000)),
        ]
        assert [(i.start - START, i.energy_kwh, i.status) for i in charger.intervals] == [
            (timedelta(minutes=15), Decimal("1.250"), "W"),
            (timedelta(minutes=30), Decimal("0.750"), "W"),
        ]
        (session,) = charger.sessions
        assert (session.state, session.meter_stop_wh) == ("ended", Decimal(102_000))
        assert charger.differences == ()

    def test_uses_the_transaction_id_of_this_backend(self, new_log: Any) -> None:
        """A charger would have used the id it was given now, also after a reconnection."""
        result = new_log.session().replay()

        (session,) = result.chargers[0].sessions
        said = [json.loads(one.text) for one in result.crossings if one.receiver == "backend"]
        ids = {frame[3]["transactionId"] for frame in said if "transactionId" in frame[3]}
        assert ids == {session.id}
        assert result.chargers[0].deviations == ()

    def test_gives_the_same_every_time(self, new_log: Any) -> None:
        """Two replays of one log put the same bytes on the wire."""
        first, second = new_log.session().replay(), new_log.session().replay()

        assert first == second
        assert recording_text(first.crossings, seed=None, start=START) == recording_text(
            second.crossings, seed=None, start=START
        )

    def test_happens_at_the_times_of_the_log(self, new_log: Any) -> None:
        """The clock is the log's, so the backend's answers tell the log's time."""
        result = new_log().ask(7, "Heartbeat", {}).replay()

        assert [one.at for one in result.crossings] == [START + timedelta(minutes=7)] * 2
        assert json.loads(result.crossings[1].text)[2]["currentTime"] == "2026-03-02T07:07:00.000Z"

    def test_works_without_boot_notification_and_answers(self, new_log: Any) -> None:
        """A log that begins in the middle is read with the generic profile."""
        (charger,) = new_log().ask(0, "MeterValues", new_log.meter(0, "1.5")).replay().chargers

        assert (charger.vendor, charger.profile.name) == ("", "generic")
        assert [one.value for one in charger.readings] == [Decimal("1500.0")]
        assert [(i.status, i.energy_kwh) for i in charger.intervals] == [("F", None)]

    def test_replays_several_chargers_in_their_common_order(self) -> None:
        """Each on a line of its own, in the order of the log."""
        text = "\n".join(
            f"2026-03-02 07:0{i}:00 INFO (MainThread) [ocpp] WB-{i % 2}: receive message "
            f'[2,"{i}","Heartbeat",{{}}]'
            for i in range(4)
        )

        result = asyncio.run(replay(read_frames(text, zone=UTC)))

        assert [one.identity for one in result.chargers] == ["WB-0", "WB-1"]
        senders = [one.sender for one in result.crossings if one.receiver == "backend"]
        assert senders == ["WB-0", "WB-1", "WB-0", "WB-1"]

    def test_names_what_was_read_leniently(self, new_log: Any) -> None:
        """A number where a text belongs is read and told."""
        (charger,) = (
            new_log().ask(0, "MeterValues", new_log.meter(0, "1", value=1.5)).replay().chargers
        )

        rules = {one.leniency.rule for one in charger.deviations}
        assert "value-is-a-number" in rules
        assert [one.value for one in charger.readings] == [Decimal("1500.0")]

    def test_leaves_out_what_the_other_backend_asked(self, new_log: Any) -> None:
        """Its CALLs and the charger's answers to them are counted by kind."""
        log = new_log().ask(0, "Heartbeat", {}, {"currentTime": "2026-03-02T07:00:00Z"})
        log.line(1, "send", [2, "x1", "Reset", {"type": "Soft"}])
        log.line(1, "receive message", [3, "x1", {"status": "Accepted"}])
        log.line(2, "send", [3, "never-asked", {}])

        result = log.replay()

        (charger,) = result.chargers
        assert charger.calls == (("Heartbeat", 1),)
        assert charger.left_out == (("Reset from the backend", 1), ("answer of the charger", 1))
        assert len(result.crossings) == 2

    def test_without_any_call_there_is_nothing_to_tell(self, new_log: Any) -> None:
        """A log of answers only opens no line."""
        result = new_log().line(0, "receive message", [3, "x1", {}]).replay()

        assert result.crossings == ()
        assert result.chargers[0].calls == ()

    def test_a_charger_that_said_nothing_is_named(self, new_log: Any) -> None:
        """Only the backend spoke; the line is never opened."""
        result = new_log().line(0, "send", [2, "x1", "Reset", {"type": "Soft"}]).replay()

        assert result.chargers[0].left_out == (("Reset from the backend", 1),)
        assert result.crossings == ()

    def test_without_frames_there_are_no_chargers(self) -> None:
        """An empty log gives an empty result."""
        result = asyncio.run(replay(FieldLog(Form.EVCC, ())))

        assert result.chargers == ()


class TestAnswers:
    """The answers then and now."""

    def test_of_another_kind_are_told(self, new_log: Any) -> None:
        """A refusal then and a confirmation now is what a developer looks for."""
        log = new_log()
        log.ask(0, "MeterValues", new_log.meter(0, "1"), [4, "m1", "FormationViolation", "", {}])
        log.ask(1, "DataTransfer", {"vendorId": "Linde"}, {"status": "Accepted"})
        log.ask(2, "NoSuchThing", {}, {})

        (charger,) = log.replay().chargers

        assert [
            (one.frame.line, one.action, one.recorded, one.given) for one in charger.differences
        ] == [
            (1, "MeterValues", "CALLERROR FormationViolation", "confirmed"),
            (3, "DataTransfer", "Accepted", "UnknownVendorId"),
            (5, "NoSuchThing", "confirmed", "CALLERROR NotImplemented"),
        ]

    def test_cards_are_known_as_the_log_shows_them(self, new_log: Any) -> None:
        """A card that was blocked then is blocked now; one without an answer is accepted."""
        log = new_log()
        blocked, refused = {"status": "Blocked"}, {"status": "ConcurrentTx"}
        log.ask(0, "Authorize", {"idTag": "0A0B0C0D"}, {"idTagInfo": blocked})
        log.ask(1, "Authorize", {"idTag": "0A0B0C0E"})
        log.ask(2, "Authorize", {"idTag": "0A0B0C0F"}, {"idTagInfo": refused})
        log.ask(3, "Authorize", {"idTag": ""}, {"idTagInfo": {"status": "Invalid"}})

        result = log.replay()

        answers = [json.loads(one.text) for one in result.crossings if one.sender == "backend"]
        given = [answer[2]["idTagInfo"]["status"] for answer in answers]
        assert given == ["Blocked", "Accepted", "Accepted", "Invalid"]
        (difference,) = result.chargers[0].differences
        assert (difference.recorded, difference.given) == ("ConcurrentTx", "Accepted")


class TestSilence:
    """Lines that were lost."""

    def test_beyond_the_heartbeat_is_a_lost_line(self, new_log: Any) -> None:
        """What nobody can vouch for is not a true zero."""
        log = new_log()
        log.ask(0, "BootNotification", new_log.BOOT, {"status": "Accepted", "interval": 300})
        log.ask(1, "MeterValues", new_log.meter(0, "5"), {})
        log.ask(90, "MeterValues", new_log.meter(90, "5"), {})

        (charger,) = log.replay().chargers

        assert charger.silences == ((START + timedelta(minutes=1), START + timedelta(minutes=90)),)
        assert {(one.status, one.energy_kwh) for one in charger.intervals} == {
            ("E", Decimal("0.000"))
        }

    def test_is_an_hour_where_the_log_shows_no_heartbeat(self, new_log: Any) -> None:
        """An interval of 0 leaves the heartbeat to the charger."""
        log = new_log()
        log.ask(0, "BootNotification", new_log.BOOT, {"status": "Accepted", "interval": 0})
        log.ask(60, "Heartbeat", {}).ask(121, "Heartbeat", {})

        (charger,) = log.replay().chargers

        hour, next_said = START + timedelta(minutes=60), START + timedelta(minutes=121)
        assert charger.silences == ((hour, next_said),)

    def test_within_it_is_none(self, new_log: Any) -> None:
        """A charger that has nothing to say for half an hour is still there."""
        log = new_log()
        log.ask(0, "BootNotification", new_log.BOOT, {"status": "Accepted", "interval": 1800})
        log.ask(1, "MeterValues", new_log.meter(0, "5"), {})
        log.ask(50, "MeterValues", new_log.meter(45, "5"), {})

        (charger,) = log.replay().chargers

        assert charger.silences == ()
        assert [one.status for one in charger.intervals] == ["W"] * 3

    def test_in_a_recording_is_what_it_tells(self, new_log: Any) -> None:
        """Our own recordings say when lines went up and down; the unclosed end is closed."""

        def crossing(minutes: int, wire: str, text: str) -> Crossing:
            return Crossing(START + timedelta(minutes=minutes), wire, "WB-1", "backend", text)

        def values(minutes: int, message_id: str) -> str:
            return json.dumps([2, message_id, "MeterValues", new_log.meter(minutes, "5")])

        other = Crossing(START, "line", "WB-2", "backend", "up")
        text = recording_text(
            [
                crossing(0, "line", "up"),
                other,
                crossing(0, "ocpp1.6", values(0, "1")),
                crossing(40, "line", "down"),
                crossing(50, "line", "up"),
                crossing(200, "ocpp1.6", values(180, "2")),
            ],
            seed=1,
            start=START,
        )

        (charger,) = asyncio.run(replay(read_frames(text))).chargers

        assert charger.silences == ((START + timedelta(minutes=40), START + timedelta(minutes=50)),)
        doubtful = [one.start - START for one in charger.intervals if one.status != "W"]
        assert doubtful == [timedelta(minutes=30), timedelta(minutes=45)]


class TestOddFrames:
    """What no healthy charger sends."""

    def test_without_an_answer_does_not_hold_the_replay_up(self) -> None:
        """A broken frame of a recording is said as it was, and the next ones are answered."""
        frames = ["[2,broken", '[2,"7","Heartbeat"]', "7", '[2,17,"Heartbeat",{}]']
        text = recording_text(
            [Crossing(START, "ocpp1.6", "WB-1", "backend", frame) for frame in frames],
            seed=1,
            start=START,
        )

        result = asyncio.run(replay(read_frames(text)))

        said = [one.text for one in result.crossings if one.receiver == "backend"]
        assert [one for one in said if "isebench-replay" not in one] == frames
        assert json.loads(result.crossings[-1].text)[:2] == [3, 17]
        assert result.chargers[0].calls == (("no message", 2), ("Heartbeat", 2))
        rules = {one.leniency.rule for one in result.chargers[0].deviations}
        assert "message-id-reused" not in rules, "the marks of the replay are the charger's"

    def test_too_long_ends_the_line_and_the_next_opens_it_again(self, new_log: Any) -> None:
        """The backend's limit is part of what is replayed."""
        log = new_log()
        log.ask(
            0, "DataTransfer", {"vendorId": "x", "data": "y" * 17_000_000}, {"status": "Accepted"}
        )
        log.ask(1, "Heartbeat", {}, {"currentTime": "2026-03-02T07:01:00Z"})

        (charger,) = log.replay().chargers

        assert [(one.recorded, one.given) for one in charger.differences] == [
            ("Accepted", "no answer")
        ]
        assert [one.leniency.where for one in charger.deviations] == ["frame"]


Handler = Callable[[ServerConnection], Any]


@asynccontextmanager
async def line_to(handler: Handler) -> AsyncIterator[tuple[Any, Any]]:
    """Give a stage and a line of it to a backend that does as ``handler`` says."""
    ground = module.VirtualGround(VirtualClock(START))
    stage = module.Stage(ground)

    async def handle(websocket: ServerConnection) -> None:
        ground.on_connection("WB", True)
        await handler(websocket)

    async with serve(handle, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        ground.address = f"ws://127.0.0.1:{port}"
        await stage._begin("WB")
        try:
            yield stage, stage._lines["WB"]
        finally:
            await stage.leave()


class TestLine:
    """A charger's line, before backends that behave otherwise than the bundled one."""

    def test_answers_what_the_backend_asks_between(self) -> None:
        """A command in the middle is refused, noise is passed over, the answer is found."""

        async def asks_back(websocket: ServerConnection) -> None:
            await websocket.recv()
            for text in ("noise", '[3,"other",{}]', '[2,"b1","Reset",{}]'):
                await websocket.send(text)
            refusals.append(json.loads(await websocket.recv()))
            await websocket.send('[3,"1",{}]')
            await websocket.wait_closed()

        async def scenario() -> str | None:
            async with line_to(asks_back) as (_, line):
                answer: str | None = await line.ask('[2,"1","Heartbeat",{}]', "1")
                return answer

        refusals: list[Any] = []
        assert asyncio.run(scenario()) == '[3,"1",{}]'
        assert refusals[0][:3] == [4, "b1", "NotSupported"]

    def test_does_not_wait_for_ever(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A backend that says nothing gives no answer."""
        monkeypatch.setattr(module, "ANSWER_LIMIT_S", 0.05)

        async def scenario() -> tuple[str | None, bool]:
            async with line_to(lambda websocket: websocket.wait_closed()) as (_, line):
                return await line.ask('[2,"1","Heartbeat",{}]', "1"), line.broken

        assert asyncio.run(scenario()) == (None, False)

    def test_a_backend_that_does_not_notice_is_an_error(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The error says which end is not known."""
        monkeypatch.setattr(module, "LINE_LIMIT_S", 0.05)

        async def scenario() -> None:
            async with line_to(lambda websocket: websocket.wait_closed()) as (stage, _):
                await stage._end("WB")

        with pytest.raises(HarnessError, match=r"WB: the backend has not noticed .* is down"):
            asyncio.run(scenario())


class TestCommand:
    """``isebench replay``."""

    def test_replays_files_one_by_one(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Each file has its name above its text."""
        crossing = Crossing(START, "ocpp1.6", "WB-1", "backend", '[2,"1","Heartbeat",{}]')
        for name in ("a.jsonl", "b.jsonl"):
            text = recording_text([crossing], seed=1, start=START)
            (tmp_path / name).write_text(text, encoding="ascii")

        code = replay_files([tmp_path / "a.jsonl", tmp_path / "b.jsonl"], Wishes("UTC"))

        told = capsys.readouterr().out
        assert code == 0
        assert told.startswith(f"{tmp_path / 'a.jsonl'}\nform       isebench recording\n")
        assert f"\n{tmp_path / 'b.jsonl'}\n" in told
        assert "(UTC)" in told

    @pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc", ""])
    def test_refuses_a_zone_that_is_none(self, zone: str) -> None:
        """Before any file is read."""
        with pytest.raises(UsageError, match="there is no time zone"):
            replay_files([], Wishes(zone))

    def test_tells_what_cannot_be_read(self, tmp_path: Path) -> None:
        """A file that is missing, and one without frames."""
        with pytest.raises(UsageError, match="cannot be read"):
            replay_files([tmp_path / "missing"])
        (tmp_path / "empty").touch()
        with pytest.raises(NoFrames):
            replay_files([tmp_path / "empty"])
