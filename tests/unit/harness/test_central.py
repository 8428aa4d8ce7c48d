"""A central system on strings, before chargers that the test plays."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from harness import central as centrals
from harness.central import CardVerdict, Central, Error, Place, Silence
from simulators.clock import VirtualClock
from simulators.errors import NotPossible

START = datetime(2025, 6, 3, tzinfo=UTC)
IDENTITY = "WB/7 ü"
Frame = list[Any]


class Stage:
    """A central system, its clock, and what it says of its lines."""

    def __init__(self) -> None:
        self.clock = VirtualClock(START)
        self.central = Central(self.clock, first_transaction=7)
        self.lines: list[tuple[str, bool]] = []
        self.changed = asyncio.Event()
        self.central.on_line = self._tell

    def _tell(self, identity: str, up: bool) -> None:
        self.lines.append((identity, up))
        self.changed.set()

    async def dial(self, *protocols: str) -> ClientConnection:
        """Connect a charger, and wait until the central system has noticed."""
        offered = [Subprotocol(one) for one in protocols or ("ocpp1.6",)]
        url = f"{self.central.address}/WB%2F7%20%C3%BC"
        self.changed.clear()
        charger = await connect(url, subprotocols=offered, compression=None, proxy=None)
        if charger.subprotocol is not None:
            await self.changed.wait()
        return charger


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    """Give a central system that listens, and take it down."""
    made = Stage()
    await made.central.start()
    try:
        yield made
    finally:
        await made.central.stop()


async def ask(charger: ClientConnection, action: str, payload: object = None) -> Frame:
    """Let a charger ask something and give the whole answering frame."""
    await charger.send(json.dumps([2, "1", action, {} if payload is None else payload]))
    answer: Frame = json.loads(await charger.recv())
    return answer


def run_asking(*asked: tuple[str, object], prepare: object = None) -> list[Frame]:
    """Ask one thing after the other over one line."""

    async def play() -> list[Frame]:
        async with stage() as made:
            if callable(prepare):
                prepare(made.central)
            charger = await made.dial()
            answers = [await ask(charger, *one) for one in asked]
            await charger.close()
            return answers

    return asyncio.run(play())


class TestUsualAnswers:
    """By itself it says yes."""

    def test_to_all_that_chargers_say(self) -> None:
        """Times are the clock's, transactions are counted, cards accepted, the rest taken."""
        time = "2025-06-03T00:00:00.000Z"
        card, accepted = {"idTag": "FA2AFD77"}, {"idTagInfo": {"status": "Accepted"}}

        assert [
            {"status": "Accepted", "interval": 300, "currentTime": time},
            {"currentTime": time},
            accepted,
            {"transactionId": 7, **accepted},
            {"transactionId": 8, **accepted},
            accepted,
            {},
            {},
            {"status": "UnknownVendorId"},
        ] == [
            answer[2]
            for answer in run_asking(
                ("BootNotification", {}),
                ("Heartbeat", {}),
                ("Authorize", card),
                ("StartTransaction", card),
                ("StartTransaction", card),
                ("StopTransaction", card),
                ("StopTransaction", {}),
                ("StatusNotification", {}),
                ("DataTransfer", {}),
            )
        ]

    def test_to_what_is_no_message(self) -> None:
        """An action that is none is refused; a payload that is no object is taken for empty."""
        refused, answered = run_asking(("Nothing", {}), ("Heartbeat", 7))

        assert [4, "1", "NotImplemented", "a central system knows no Nothing", {}] == refused
        assert 3 == answered[0]

    def test_leave_out_what_cannot_be_answered(self) -> None:
        """Texts that are no frames, and answers to nothing, are passed over."""

        async def play() -> Frame:
            async with stage() as made:
                charger = await made.dial()
                for text in ("nonsense", "{}", "[3]", '[3, "c9", {}]'):
                    await charger.send(text)
                answer = await ask(charger, "Heartbeat")
                await charger.close()
                return answer

        assert 3 == asyncio.run(play())[0]


class TestAnswersThatAreSet:
    """What a scenario wants answered otherwise."""

    def test_for_once_and_for_good(self) -> None:
        """What is set for once comes first and in order; other fields stay as they are."""

        def prepare(central: Central) -> None:
            central.answer("BootNotification", {"interval": 60})
            central.answer_next("BootNotification", {"status": "Rejected"})
            central.answer_next("BootNotification", Error("InternalError", "broken"))

        boot: tuple[str, object] = ("BootNotification", {})
        rejected, broken, accepted = run_asking(boot, boot, boot, prepare=prepare)

        assert ("Rejected", 300) == (rejected[2]["status"], rejected[2]["interval"])
        assert [4, "1", "InternalError", "broken", {}] == broken
        assert ("Accepted", 60) == (accepted[2]["status"], accepted[2]["interval"])

    def test_of_cards(self) -> None:
        """What is said of a card stands in every answer about it, whatever its case."""

        def prepare(central: Central) -> None:
            central.cards["FA2AFD77"] = CardVerdict("Blocked", "FAMILY")

        card = {"idTag": "fa2afd77"}
        answers = run_asking(("Authorize", card), ("StartTransaction", card), prepare=prepare)

        assert 2 * [{"status": "Blocked", "parentIdTag": "FAMILY"}] == [
            answer[2]["idTagInfo"] for answer in answers
        ]

    def test_silence_may_break_the_line(self) -> None:
        """An answer that is lost on its way takes the line with it."""

        async def play() -> list[tuple[str, bool]]:
            async with stage() as made:
                made.central.answer("Heartbeat", Silence())
                charger = await made.dial()
                with pytest.raises(ConnectionClosed):
                    await ask(charger, "Heartbeat")
                made.changed.clear()
                if len(made.lines) < 2:
                    await made.changed.wait()
                return made.lines

        assert [(IDENTITY, True), (IDENTITY, False)] == asyncio.run(play())

    def test_silence_may_leave_the_line(self) -> None:
        """What is not answered does not keep the next from being answered."""

        async def play() -> Frame:
            async with stage() as made:
                made.central.answer_next("Heartbeat", Silence(hang_up=False))
                charger = await made.dial()
                await charger.send(json.dumps([2, "0", "Heartbeat", {}]))
                answer = await ask(charger, "Heartbeat")
                await charger.close()
                return answer

        assert "1" == asyncio.run(play())[1]


class TestCalls:
    """What it sends."""

    def test_are_answered_by_the_whole_frame(self) -> None:
        """The clock is held until the answer is there, and ids are its own."""

        async def play() -> tuple[Frame, Frame, tuple[str, ...], tuple[str, ...]]:
            async with stage() as made:
                charger = await made.dial()
                call = asyncio.create_task(made.central.call(IDENTITY, "Reset", {"type": "Hard"}))
                asked = json.loads(await charger.recv())
                held = made.clock.held_by
                await charger.send(json.dumps([3, asked[1], {"status": "Accepted"}]))
                answer = await call
                await charger.close()
                return asked, answer, held, made.clock.held_by

        asked, answer, held, after = asyncio.run(play())
        assert [2, "c1", "Reset", {"type": "Hard"}] == asked
        assert [3, "c1", {"status": "Accepted"}] == answer
        assert (f"the central system waits for {IDENTITY} to answer Reset",) == held
        assert () == after

    def test_wait_for_each_other(self) -> None:
        """One is under way at a time."""

        async def play() -> list[str]:
            async with stage() as made:
                charger = await made.dial()
                calls = [
                    asyncio.create_task(made.central.call(IDENTITY, action, {}))
                    for action in ("ClearCache", "GetConfiguration")
                ]
                seen = []
                for _ in calls:
                    asked = json.loads(await charger.recv())
                    seen.append(asked[2])
                    with pytest.raises(TimeoutError):
                        await asyncio.wait_for(charger.recv(), 0.05)
                    await charger.send(json.dumps([3, asked[1], {}]))
                await asyncio.gather(*calls)
                await charger.close()
                return seen

        assert ["ClearCache", "GetConfiguration"] == asyncio.run(play())

    def test_to_nobody_are_not_possible(self) -> None:
        """Who is not connected is named."""

        async def play() -> None:
            async with stage() as made:
                await made.central.call("WB-9", "Reset", {"type": "Hard"})

        with pytest.raises(NotPossible, match=r"WB-9.*it is not connected"):
            asyncio.run(play())

    def test_end_with_the_line(self) -> None:
        """A line that breaks before the answer, or while it is sent, is told as that."""

        async def play() -> None:
            async with stage() as made:
                charger = await made.dial()
                call = asyncio.create_task(made.central.call(IDENTITY, "ClearCache", {}))
                await charger.recv()
                charger.transport.abort()
                with pytest.raises(NotPossible, match="the line broke"):
                    await call
                broken: Any = charger  # any closed socket will do
                line = centrals._Line(IDENTITY, broken, made.clock, lambda action, payload: {})
                with pytest.raises(NotPossible, match="the line broke"):
                    await line.call("ClearCache", {})

        asyncio.run(play())

    def test_are_given_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A charger that does not answer does not keep a scenario for ever."""
        monkeypatch.setattr(centrals, "ANSWER_LIMIT_S", 0.05)

        async def play() -> None:
            async with stage() as made:
                charger = await made.dial()
                with pytest.raises(TimeoutError):
                    await made.central.call(IDENTITY, "ClearCache", {})
                await charger.close()

        asyncio.run(play())


class TestLines:
    """Who is connected."""

    def test_need_the_subprotocol(self) -> None:
        """Who offers none of it is sent away and never told of."""

        async def play() -> tuple[int | None, list[tuple[str, bool]]]:
            async with stage() as made:
                charger = await made.dial("ocpp2.0.1")
                await charger.wait_closed()
                return charger.close_code, made.lines

        assert (1002, []) == asyncio.run(play())

    def test_the_newest_counts(self) -> None:
        """A second line takes the place of the first, whose end then is no news."""

        async def play() -> tuple[list[bool], str]:
            async with stage() as made:
                older = await made.dial()
                newer = await made.dial()
                await older.close()
                call = asyncio.create_task(made.central.call(IDENTITY, "ClearCache", {}))
                asked = json.loads(await newer.recv())
                await newer.send(json.dumps([3, asked[1], {}]))
                await call
                made.changed.clear()
                await newer.close()
                await made.changed.wait()
                return [up for _, up in made.lines], asked[2]

        assert ([True, False, True, False], "ClearCache") == asyncio.run(play())

    def test_of_one_that_is_expected_the_older_is_hung_up(self) -> None:
        """Two chargers of one name must not be judged as one."""

        async def play() -> int | None:
            central = Central(VirtualClock(START), place=Place(identity="A"))
            await central.start()
            protocols = [Subprotocol("ocpp1.6")]
            url = f"{central.address}/A"
            async with connect(url, subprotocols=protocols, proxy=None) as older:
                await ask(older, "Heartbeat")
                async with connect(url, subprotocols=protocols, proxy=None) as newer:
                    await ask(newer, "Heartbeat")
                    await older.wait_closed()
            await central.stop()
            return older.close_code

        assert 1006 == asyncio.run(play())

    def test_survive_what_is_no_text(self) -> None:
        """A frame too deep to read is passed over; half of a surrogate pair is given back."""

        async def play() -> Frame:
            async with stage() as made:
                charger = await made.dial()
                await charger.send("[" * 100_000)
                await charger.send(r'[2,"\ud800","Heartbeat",{}]')
                answer: Frame = json.loads(await charger.recv())
                return answer

        assert [3, "\ud800"] == asyncio.run(play())[:2]

    def test_need_nobody_who_listens(self) -> None:
        """Without a listener it answers all the same, and it can be stopped twice."""

        async def play() -> Frame:
            central = Central(VirtualClock(START))
            await central.start()
            protocols = [Subprotocol("ocpp1.6")]
            async with connect(f"{central.address}/A", subprotocols=protocols, proxy=None) as one:
                answer = await ask(one, "Heartbeat")
            await central.stop()
            await central.stop()
            return answer

        assert 3 == asyncio.run(play())[0]
