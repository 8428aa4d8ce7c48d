"""Faults of the line itself, on a real socket: how it is opened, lost and taken up."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request
from websockets.typing import Subprotocol

from simulators.charger_inch import Car, Card, ChargerInch, Setup
from simulators.charger_inch.line_io import NotOpened, open_line
from simulators.charger_inch.quirks import Dial
from simulators.charger_inch.registry import quirk_from_text
from simulators.clock import VirtualClock
from simulators.errors import NotPossible
from simulators.wiretap import Wiretap

START = datetime(2025, 6, 3, 6, 0, tzinfo=UTC)
ANNA = Card(bytes.fromhex("77FD2AFA"), "Anna")


class CentralSystem:
    """Takes every handshake that RFC 6455 lets it take, and answers everything."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.lines: list[ServerConnection] = []
        self.ends: list[str] = []
        self.calls: list[list[Any]] = []
        self.unread: list[str] = []
        self.refused = ""
        self.news = asyncio.Event()
        self._server: Server | None = None

    async def start(self) -> str:
        """Listen, and give the address without an identity."""
        self._server = await serve(
            self._talk,
            "127.0.0.1",
            0,
            process_request=self._note,
            select_subprotocol=self._select,
            compression=None,
        )
        port = next(iter(self._server.sockets)).getsockname()[1]
        return f"ws://127.0.0.1:{port}/ocpp"

    async def stop(self) -> None:
        """Listen no more."""
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    def _note(self, line: ServerConnection, request: Request) -> None:
        self.requests.append(request)

    def _select(self, line: ServerConnection, offered: Any) -> Subprotocol | None:
        return Subprotocol("ocpp1.6") if "ocpp1.6" in offered else None

    async def _talk(self, line: ServerConnection) -> None:
        self.lines.append(line)
        try:
            while True:
                text = await line.recv()
                assert isinstance(text, str)
                answer = self._take(text)
                if answer is not None:
                    await line.send(json.dumps(answer))
                self.news.set()
        except ConnectionClosed as closed:
            self.ends.append(str(closed.sent or closed.rcvd or "broken"))
        self.news.set()

    def _take(self, text: str) -> list[Any] | None:
        try:
            frame = json.loads(text)
        except ValueError:
            self.unread.append(text)
            return None
        self.calls.append(frame)
        if frame[2] == self.refused:
            return [4, frame[1], "InternalError", "asked to fail", {}]
        return [3, frame[1], _answer(frame[2])]

    async def until(self, happened: Callable[[], bool]) -> None:
        """Wait, in real time, until something has happened here."""
        while not happened():
            self.news.clear()
            await self.news.wait()

    @property
    def actions(self) -> list[str]:
        """The actions of all CALLs."""
        return [frame[2] for frame in self.calls]

    @property
    def open_lines(self) -> int:
        """How many lines are open here."""
        return len(self.lines) - len(self.ends)


def _answer(action: str) -> dict[str, Any]:
    now = {"currentTime": "2025-06-03T06:00:00Z"}
    if action == "BootNotification":
        return {"status": "Accepted", "interval": 3_600, **now}
    if action == "StartTransaction":
        return {"transactionId": 4_711, "idTagInfo": {"status": "Accepted"}}
    if action == "Authorize":
        return {"idTagInfo": {"status": "Accepted"}}
    return now if action == "Heartbeat" else {}


class Site:
    """A charger with faults, a central system and a clock."""

    def __init__(self, *faults: str) -> None:
        self.clock = VirtualClock(START)
        self.tap = Wiretap(self.clock)
        self.backend = CentralSystem()
        setup = Setup(
            car=Car(max_current_a=16), quirks=[quirk_from_text(fault) for fault in faults]
        )
        self.charger = ChargerInch("WB-1", self.clock, self.tap, random.Random(1), setup=setup)
        self.address = ""
        self.ups: list[bool] = []

    async def seconds(self, count: int) -> None:
        """Let so many seconds pass."""
        await self.clock.advance_to(self.clock.now() + timedelta(seconds=count))

    async def charge(self) -> None:
        """Plug in and show Anna's card."""
        await self.charger.plug_in()
        await self.charger.show_card(ANNA)
        await self.clock.settle()


def on_site(live: Callable[[Site], Awaitable[None]], *faults: str, connected: bool = True) -> Site:
    """Live through something at a site, then look for what was left behind."""

    async def run() -> Site:
        site = Site(*faults)
        async with AsyncExitStack() as stack:
            site.address = await site.backend.start()
            stack.push_async_callback(site.backend.stop)
            stack.push_async_callback(site.charger.close)
            if connected:
                await site.charger.connect(site.address)
                await site.clock.settle()
            site.charger.on_line = lambda _, up: site.ups.append(up)
            await live(site)
        assert site.clock.held_by == ()
        return site

    return asyncio.run(run())


class TestHandshake:
    """What the request to open a line looks like."""

    @pytest.mark.parametrize(
        ("fault", "path"),
        [
            ("identity-encoded", "/ocpp/%57%42%2D%31"),
            ("odd-slashes", "/ocpp/WB-1/"),
            ("odd-slashes:form=double", "/ocpp//WB-1"),
            ("odd-slashes:form=missing", "/ocppWB-1"),
            ("other-version-first", "/ocpp/WB-1"),
        ],
    )
    def test_the_path(self, fault: str, path: str) -> None:
        """It reaches the backend as it was written, and the charger goes on as usual."""

        async def live(site: Site) -> None:
            assert site.backend.actions[0] == "BootNotification"

        site = on_site(live, fault)
        assert [path] == [request.path for request in site.backend.requests]

    @pytest.mark.parametrize(
        ("fault", "offered"),
        [
            ("other-version-first", ["ocpp2.0.1, ocpp1.6"]),
            ("other-version-first:only=true", ["ocpp2.0.1"]),
            ("no-subprotocol", []),
        ],
    )
    def test_the_versions(self, fault: str, offered: list[str]) -> None:
        """They are offered in that order; one that is not offered is not asked for after."""

        async def live(site: Site) -> None:
            await site.charger.connect(site.address)

        site = on_site(live, fault, connected=False)
        (request,) = site.backend.requests
        assert offered == request.headers.get_all("Sec-WebSocket-Protocol")

    def test_a_bare_path(self) -> None:
        """The identity is nowhere in the request."""

        async def live(site: Site) -> None:
            await site.charger.connect(site.address)

        site = on_site(live, "no-subprotocol:bare-path=true", connected=False)
        assert ["/"] == [request.path for request in site.backend.requests]

    def test_no_upgrade_is_asked_for(self) -> None:
        """The backend refuses, and the charger tries again as with any backend that does."""

        async def live(site: Site) -> None:
            with pytest.raises(NotPossible, match="answers HTTP 426 to 'Connection: keep-alive'"):
                await site.charger.connect(site.address)
            await site.charger.connect(site.address, patiently=True)
            await site.charger.switch_off(quirk_from_text("no-upgrade"))
            await site.seconds(10)
            assert site.charger.line_is_up

        site = on_site(live, "no-upgrade", connected=False)
        assert site.backend.actions[0] == "BootNotification"

    def test_no_upgrade_is_asked_of_nobody(self) -> None:
        """Where nobody listens, that is what is told."""

        async def live(site: Site) -> None:
            await site.backend.stop()
            with pytest.raises(NotPossible, match="nobody answers"):
                await site.charger.connect(site.address)

        on_site(live, "no-upgrade", connected=False)

    def test_a_server_that_says_nothing(self) -> None:
        """One that hangs up without a word has answered nothing."""

        async def run() -> None:
            def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                writer.close()

            async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
                port = server.sockets[0].getsockname()[1]
                dial = Dial(f"ws://127.0.0.1:{port}/ocpp/WB-1", (), connection="close")
                with pytest.raises(NotOpened, match="answers HTTP nothing to 'Connection: close'"):
                    await open_line(dial, 0)

        asyncio.run(run())


class TestFraming:
    """What a frame looks like below its text."""

    def test_compression_that_nobody_asked_for(self) -> None:
        """RSV1 is set, which the backend must take for a breach of the protocol."""

        async def live(site: Site) -> None:
            await site.charger.connect(site.address, patiently=True)
            await site.backend.until(lambda: bool(site.backend.ends))
            await site.backend.until(lambda: site.charger.line_is_up is False)
            await site.charger.switch_off(quirk_from_text("compresses-unasked"))
            await site.seconds(10)
            assert site.charger.line_is_up

        site = on_site(live, "compresses-unasked", connected=False)
        assert "1002" in site.backend.ends[0]
        assert site.backend.actions[0] == "BootNotification"

    def test_numeric_message_ids(self) -> None:
        """Their answers bear numbers, too, and are understood."""

        async def live(site: Site) -> None:
            await site.charge()

        site = on_site(live, "odd-message-ids")
        starts = [frame for frame in site.backend.calls if frame[2:3] == ["StartTransaction"]]
        assert [6] == [frame[1] for frame in starts]
        assert site.charger.transaction is not None
        assert site.charger.transaction.number == 4_711

    def test_invalid_json_is_not_waited_for(self) -> None:
        """Time goes on, and the next message is sent."""

        async def live(site: Site) -> None:
            await site.charge()
            await site.seconds(60)
            await site.charger.show_card(ANNA)
            await site.clock.settle()

        site = on_site(live, "invalid-json:every=1")
        assert [True] == ['"transactionId":,' in text for text in site.backend.unread]
        assert site.backend.actions[-3:-1] == ["Heartbeat", "StopTransaction"]


class TestLosses:
    """How a line ends and comes back."""

    def test_a_start_whose_answer_is_lost(self) -> None:
        """The line breaks with the answer on its way, and the same start goes over the next one."""

        async def live(site: Site) -> None:
            await site.charge()
            assert site.ups == [False]
            await site.seconds(10)
            assert site.ups == [False, True]

        site = on_site(live, "start-repeated")
        starts = [frame for frame in site.backend.calls if frame[2:3] == ["StartTransaction"]]
        assert len(starts) == 2
        assert starts[0][3] == starts[1][3]
        assert starts[0][1] != starts[1][1]
        answers = [
            crossing.text
            for crossing in site.tap.crossings
            if crossing.receiver == "WB-1" and "4711" in crossing.text
        ]
        assert len(answers) == 1

    def test_a_line_that_flaps(self) -> None:
        """It is up for a minute and away for five seconds, again and again, without a boot."""

        async def live(site: Site) -> None:
            await site.seconds(3 * 65)
            await site.backend.until(lambda: len(site.backend.ends) == 3)
            await site.charger.switch_off(quirk_from_text("line-flaps"))
            await site.seconds(600)

        site = on_site(live, "line-flaps")
        assert [False, True] * 3 == site.ups[:6]
        assert len(site.backend.lines) == 4
        assert site.backend.actions.count("BootNotification") == 1

    def test_a_second_socket(self) -> None:
        """The old line stays open while the new one is used, until the charger is cut off."""

        async def live(site: Site) -> None:
            await site.seconds(25)
            assert site.backend.open_lines == 3
            await site.backend.lines[0].close()
            await site.seconds(10)
            assert site.backend.open_lines == 3
            await site.charger.cut_line()
            await site.backend.until(lambda: site.backend.open_lines == 0)

        site = on_site(live, "second-socket:every-s=10")
        assert site.backend.actions.count("BootNotification") == 1
        assert site.backend.actions.count("Heartbeat") == 3
        assert {request.path for request in site.backend.requests} == {"/ocpp/WB-1"}

    def test_second_sockets_are_limited(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The oldest is broken off when there are too many."""
        monkeypatch.setattr("simulators.charger_inch.ocpp_json_io.LEFT_OPEN_LIMIT", 2)

        async def live(site: Site) -> None:
            await site.seconds(45)
            await site.backend.until(lambda: site.backend.open_lines == 3)

        site = on_site(live, "second-socket:every-s=10")
        assert len(site.backend.lines) == 5

    def test_a_charger_that_never_reconnects(self) -> None:
        """It stays away until its power was cut, or somebody restores the line."""

        async def live(site: Site) -> None:
            await site.backend.lines[0].close()
            await site.backend.until(lambda: not site.charger.line_is_up)
            await site.seconds(86_400)
            assert len(site.backend.lines) == 1
            await site.charger.cut_power()
            await site.charger.restore_power()
            await site.seconds(60)
            assert site.charger.line_is_up

        site = on_site(live, "never-reconnects")
        assert site.backend.actions.count("BootNotification") == 2

    def test_a_charger_that_may_reconnect_again_does_so(self) -> None:
        """Switched off, the fault keeps nobody away."""

        async def live(site: Site) -> None:
            await site.backend.lines[0].close()
            await site.backend.until(lambda: not site.charger.line_is_up)
            await site.seconds(60)
            await site.charger.switch_off(quirk_from_text("never-reconnects"))
            await site.seconds(1)
            assert site.charger.line_is_up

        on_site(live, "never-reconnects")

    def test_a_refused_stop_boots_the_charger(self) -> None:
        """Its line breaks, it boots, and says it again."""

        async def live(site: Site) -> None:
            await site.charge()
            await site.seconds(59)
            site.backend.refused = "StopTransaction"
            await site.charger.show_card(ANNA)
            await site.clock.settle()
            await site.seconds(25)
            site.backend.refused = ""
            await site.seconds(25)

        site = on_site(live, "boots-on-refused-stop")
        assert site.backend.actions.count("BootNotification") == 4
        assert site.backend.actions.count("StopTransaction") == 4
