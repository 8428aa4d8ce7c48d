"""A charger that says what it is told, before a central system that the test plays."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
import trustme
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosedError
from websockets.headers import build_authorization_basic
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from harness import puppet as puppets
from harness.central import Error
from harness.puppet import Puppet
from simulators.clock import VirtualClock
from simulators.errors import NotPossible
from simulators.wiretap import Wiretap

START = datetime(2025, 6, 3, tzinfo=UTC)
IDENTITY = "WB/7 ü"
Frame = list[object]
Reaction = Callable[[ServerConnection, Frame], Awaitable[None]]


async def answer(line: ServerConnection, frame: Frame) -> None:
    """Answer every call."""
    if frame[0] == 2:
        await line.send(json.dumps([3, frame[1], {}]))


def _frame(text: str) -> Frame:
    try:
        return list(json.loads(text))
    except ValueError:
        return [text]


class Stage:
    """A puppet on a central system, with what the central system saw."""

    def __init__(self, port: int, react: Reaction) -> None:
        self.clock = VirtualClock(START)
        self.tap = Wiretap(self.clock)
        self.puppet = Puppet(IDENTITY, self.clock, self.tap)
        self.url = f"ws://127.0.0.1:{port}/ocpp/"
        self.react = react
        self.frames: list[Frame] = []
        self.paths: list[str] = []
        self.protocols: list[str | None] = []
        self.ends: list[bool] = []
        self.gone = asyncio.Event()

    async def play(self, line: ServerConnection) -> None:
        """Play the central system on one line."""
        self.paths.append(line.request.path if line.request else "")
        self.protocols.append(line.subprotocol)
        try:
            async for text in line:
                self.frames.append(_frame(str(text)))
                await self.react(line, self.frames[-1])
            self.ends.append(True)
        except ConnectionClosedError:
            self.ends.append(False)
        self.gone.set()


@asynccontextmanager
async def stage(react: Reaction = answer) -> AsyncIterator[Stage]:
    """Give a puppet that is connected, and take everything down."""
    stages: list[Stage] = []

    async def play(line: ServerConnection) -> None:
        await stages[0].play(line)

    async with serve(play, "127.0.0.1", 0, subprotocols=[Subprotocol("ocpp1.6")]) as server:
        stages.append(Stage(next(iter(server.sockets)).getsockname()[1], react))
        try:
            yield stages[0]
        finally:
            await stages[0].puppet.close()
            assert stages[0].clock.held_by == ()


class TestLine:
    """Opening, breaking and closing its line."""

    def test_is_opened_with_a_heartbeat(self) -> None:
        """Its identity stands percent-encoded in the path, and a Heartbeat has been answered."""

        async def live() -> Stage:
            async with stage() as there:
                await there.puppet.connect(there.url)
            return there

        there = asyncio.run(live())

        assert ["/ocpp/WB%2F7%20%C3%BC"] == there.paths
        assert ["ocpp1.6"] == there.protocols
        assert [[2, "p1", "Heartbeat", {}]] == there.frames
        assert [True] == there.ends

    def test_is_told_up_and_down_once(self) -> None:
        """Each change is told; cutting a cut line and closing a closed one are no changes."""
        told: list[tuple[str, bool]] = []

        async def live() -> Stage:
            async with stage() as there:
                there.puppet.on_line = lambda identity, up: told.append((identity, up))
                await there.puppet.close()
                await there.puppet.connect(there.url)
                await there.puppet.cut_line()
                await there.puppet.cut_line()
                await there.gone.wait()
                await there.puppet.restore_line()
                await there.puppet.close()
                await there.puppet.close()
            return there

        there = asyncio.run(live())

        assert [(IDENTITY, up) for up in (True, False, True, False)] == told
        assert [False, True] == there.ends
        assert ["p1", "p2"] == [frame[1] for frame in there.frames]

    def test_that_is_cut_carries_nothing(self) -> None:
        """Who has no line is told to restore it first."""

        async def live() -> None:
            async with stage() as there:
                for attempt in (there.puppet.say("[]"), there.puppet.call("Heartbeat", {})):
                    with pytest.raises(NotPossible, match="restore it first"):
                        await attempt

        asyncio.run(live())

    def test_that_breaks_ends_the_waiting(self) -> None:
        """A call whose line breaks before its answer is not waited for any longer."""

        async def hang_up(line: ServerConnection, frame: Frame) -> None:
            if frame[2] == "Heartbeat":
                await answer(line, frame)
            else:
                line.transport.abort()

        async def live() -> None:
            async with stage(hang_up) as there:
                await there.puppet.connect(there.url)
                with pytest.raises(NotPossible, match="the line broke"):
                    await there.puppet.call("Authorize", {"idTag": "1"})

        asyncio.run(live())

    def test_that_breaks_leaves_an_answer_as_it_is(self) -> None:
        """An answer that came in the moment of the break still is the answer."""

        async def live() -> Frame:
            async with stage() as there:
                await there.puppet.connect(there.url)
                came = asyncio.get_running_loop().create_future()
                came.set_result([3, "p9", {}])
                there.puppet._waiting["p9"] = came
                await there.puppet.cut_line()
                return list(await came)

        assert [3, "p9", {}] == asyncio.run(live())


class TestCalls:
    """What it says."""

    def test_give_the_whole_answer(self) -> None:
        """An answer is a frame, be it a result or an error; strange answers are passed over."""

        async def refuse(line: ServerConnection, frame: Frame) -> None:
            await line.send(json.dumps([3, "nobody asked", {}]))
            await line.send(json.dumps([4, frame[1], "NotImplemented", "", {}]).encode())
            await line.send(json.dumps([3, frame[1], {}]))

        async def live() -> Frame:
            async with stage(refuse) as there:
                await there.puppet.connect(there.url)
                return await there.puppet.call("DataTransfer", {})

        assert [4, "p2", "NotImplemented", "", {}] == asyncio.run(live())

    def test_are_noted_both_ways(self) -> None:
        """What crosses the wire is in the wiretap, in its order."""

        async def live() -> Stage:
            async with stage() as there:
                await there.puppet.connect(there.url)
                await there.puppet.say("[2, broken")
            return there

        there = asyncio.run(live())

        assert [
            (IDENTITY, '[2, "p1", "Heartbeat", {}]'),
            ("backend", '[3, "p1", {}]'),
            (IDENTITY, "[2, broken"),
            (IDENTITY, '[2, "p2", "Heartbeat", {}]'),
            ("backend", '[3, "p2", {}]'),
        ] == [(crossing.sender, crossing.text) for crossing in there.tap.crossings]

    def test_wait_for_their_answers_no_longer_than_the_limit(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A central system that stays silent does not stop the bench."""

        async def live() -> None:
            async with stage() as there:
                await there.puppet.connect(there.url)
                monkeypatch.setattr(puppets, "ANSWER_LIMIT_S", 0.0)
                with pytest.raises(TimeoutError):
                    await there.puppet.call("Heartbeat", {})

        asyncio.run(live())


@pytest.mark.parametrize(
    ("action", "payload", "expected"),
    [
        ("GetConfiguration", {"key": ["A"]}, {"configurationKey": [], "unknownKey": ["A"]}),
        ("GetConfiguration", {}, {"configurationKey": [], "unknownKey": []}),
        ("GetConfiguration", [], {"configurationKey": [], "unknownKey": []}),
        ("ChangeConfiguration", {"key": "A", "value": "1"}, {"status": "NotSupported"}),
        ("RemoteStartTransaction", {"idTag": "1"}, {"status": "Rejected"}),
    ],
)
def test_it_answers_every_call(action: str, payload: object, expected: object) -> None:
    """The central system's calls are answered with the least that is allowed."""

    async def ask(line: ServerConnection, frame: Frame) -> None:
        if frame[0] == 2:
            await line.send(json.dumps([2, "b1", action, payload]))
            await answer(line, frame)

    async def live() -> Stage:
        async with stage(ask) as there:
            await there.puppet.connect(there.url)
        return there

    assert [3, "b1", expected] == asyncio.run(live()).frames[1]


def test_it_answers_what_it_is_told() -> None:
    """Fields, a refusal, or what is made of the question take the place of the least answer."""

    async def ask(line: ServerConnection, frame: Frame) -> None:
        if frame[0] == 2:
            for number, (action, payload) in enumerate(
                [("Reset", {}), ("ClearCache", {}), ("GetConfiguration", {"key": ["A"]}), ("X", [])]
            ):
                await line.send(json.dumps([2, f"b{number}", action, payload]))
            await answer(line, frame)

    async def live() -> Stage:
        async with stage(ask) as there:
            there.puppet.answers = {
                "Reset": {"status": "Accepted"},
                "ClearCache": Error("NotSupported", "no"),
                "GetConfiguration": lambda asked: {"unknownKey": asked["key"]},
                "X": lambda asked: dict(asked),
            }
            await there.puppet.connect(there.url)
        return there

    assert [
        [3, "b0", {"status": "Accepted"}],
        [4, "b1", "NotSupported", "no", {}],
        [3, "b2", {"unknownKey": ["A"]}],
        [3, "b3", {}],
    ] == asyncio.run(live()).frames[1:]


def test_it_says_nothing_by_itself_where_it_shall_not_greet() -> None:
    """A compliance case begins with what the case says, not with a Heartbeat."""

    async def live() -> Stage:
        async with stage() as there:
            there.puppet.greets = False
            await there.puppet.connect(there.url)
            await there.puppet.call("BootNotification", {})
        return there

    assert ["BootNotification"] == [frame[2] for frame in asyncio.run(live()).frames]


class TestDialling:
    """Lines that are to be let in, and lines that are not."""

    def test_with_its_password_it_is_let_in(self) -> None:
        """It gives its identity and its password; without, or with another, no line comes up."""

        async def live() -> tuple[list[bool], list[tuple[str, str]]]:
            right = build_authorization_basic(IDENTITY, "of its own")

            def guard(_: ServerConnection, request: Request) -> Response | None:
                known = request.headers.get("Authorization") == right
                return None if known else Response(401, "Unauthorized", Headers())

            async with _listening(process_request=guard) as (puppet, url):
                puppet.password = "of its own"
                lines: list[tuple[str, str]] = []
                puppet.on_line = lambda name, up: lines.append((name, "up" if up else "down"))
                await puppet.connect(url)
                await puppet.cut_line()
                ways = (None, "of another", "of its own")
                return [await puppet.is_let_in(way) for way in ways], lines

        let_in, lines = asyncio.run(live())

        assert [False, False, True] == let_in
        assert 2 * [(IDENTITY, "up"), (IDENTITY, "down")] == lines

    def test_over_tls_it_tells_how_its_line_is_encrypted(self) -> None:
        """It trusts whoever answers, and nobody answers it in the clear."""

        async def live() -> tuple[str | None, bool, bool]:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
            async with _listening(ssl=context) as (puppet, url):
                await puppet.connect(url)
                clear = await puppet.is_let_in(None, in_the_clear=True)
                return puppet.tls_version, clear, await puppet.is_let_in(None)

        assert ("TLSv1.3", False, True) == asyncio.run(live())

    def test_in_the_clear_its_line_is_not_encrypted(self) -> None:
        """There is no version of what is not spoken."""

        async def live() -> str | None:
            async with stage() as there:
                await there.puppet.connect(there.url)
                return there.puppet.tls_version

        assert None is asyncio.run(live())


@asynccontextmanager
async def _listening(**how: Any) -> AsyncIterator[tuple[Puppet, str]]:
    """Give a puppet that does not greet, and the address of a central system that listens so."""

    async def play(line: ServerConnection) -> None:
        await line.wait_closed()

    clock = VirtualClock(START)
    puppet = Puppet(IDENTITY, clock, Wiretap(clock))
    puppet.greets = False
    protocols = [Subprotocol("ocpp1.6")]
    async with serve(play, "127.0.0.1", 0, subprotocols=protocols, **how) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield puppet, f"{'wss' if 'ssl' in how else 'ws'}://127.0.0.1:{port}/ocpp"
        await puppet.close()
