"""A log before a backend that is not ours, in real time."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import trustme
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from harness.errors import UsageError
from harness.recording import FieldLog, read_recording
from harness.replay_away import Away, AwayResult, Pace, replay_away
from harness.replay_text import Wishes, render_away, replay_files
from simulators.clock import stopwatch
from simulators.wiretap import LINE_WIRE

TRANSACTION = 99


class Elsewhere:
    """A backend that confirms all, gives its own transaction ids, and asks in between."""

    def __init__(self, *, password: str = "", tls: ssl.SSLContext | None = None) -> None:
        self.calls: list[list[Any]] = []
        self.answers: list[list[Any]] = []
        self.lines = 0
        self._password, self._tls = password, tls

    async def _serve(self, line: ServerConnection) -> None:
        self.lines += 1
        await line.send('[2,"ours","Reset",{"type":"Soft"}]')
        async for text in line:
            said = json.loads(text)
            if said[0] != 2:
                self.answers.append(said)
                continue
            self.calls.append(said)
            accepted = {"transactionId": TRANSACTION, "idTagInfo": {"status": "Blocked"}}
            payload = accepted if said[2] == "StartTransaction" else {}
            await line.send(json.dumps([3, said[1], payload]))

    def _check(self, _: ServerConnection, request: Request) -> Response | None:
        if self._password and "Authorization" not in request.headers:
            return Response(HTTPStatus.UNAUTHORIZED, "Unauthorized", Headers())
        return None

    async def do(self, work: Callable[[str], Awaitable[AwayResult]]) -> AwayResult:
        """Serve while something is done at its address."""
        async with serve(
            self._serve,
            "127.0.0.1",
            0,
            ssl=self._tls,
            process_request=self._check,
            subprotocols=[Subprotocol("ocpp1.6")],
        ) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            return await work(f"{'wss' if self._tls else 'ws'}://127.0.0.1:{port}/ocpp/")

    def take(self, log: FieldLog, pace: str = "as-fast-as-answered", **more: Any) -> AwayResult:
        """Let a log be replayed here."""
        return asyncio.run(
            self.do(lambda address: replay_away(log, Away(address, Pace.of(pace), **more)))
        )


def test_says_everything_and_compares(new_log: Any, tmp_path: Path) -> None:
    """Calls word for word but for the transaction id; commands are refused; answers compared."""
    there, record = Elsewhere(), tmp_path / "away.jsonl"
    result = there.take(new_log.session().read(), record=record)

    assert [
        "BootNotification",
        "Authorize",
        "StartTransaction",
        "MeterValues",
        "StopTransaction",
    ] == [call[2] for call in there.calls]
    assert TRANSACTION == there.calls[3][3]["transactionId"] == there.calls[4][3]["transactionId"]
    assert [[4, "ours", "NotSupported"]] == [answer[:3] for answer in there.answers]
    assert {"WB-Linde": 5} == result.said
    assert [("StartTransaction", "Accepted", "Blocked")] == [
        (one.action, one.recorded, one.given)
        for one in result.differences["WB-Linde"]
        if one.given == "Blocked"
    ]
    recording = read_recording(record)
    assert "isebench replay" == recording.origin["by"]
    assert ["up", "down"] == [one.text for one in recording.crossings if one.wire == LINE_WIRE]
    text = render_away(result)
    assert "compared 5 answers, 1 of another kind" in " ".join(text.split())
    assert "Blocked" in text


def test_pace_is_the_recorded_one_times_a_factor(new_log: Any) -> None:
    """45 minutes at 2700 times the pace take a second; nothing is said before its time."""
    seconds = stopwatch()
    Elsewhere().take(new_log.session().read(), "2700x")

    assert 1.0 <= seconds()


def test_each_charger_has_its_own_line(new_log: Any) -> None:
    """Two chargers are there at once."""
    log, other = new_log.session(), new_log("WB 2").ask(7, "Heartbeat", {}, {})
    log._lines += other._lines
    there = Elsewhere()
    result = there.take(log.read())

    assert {"WB-Linde": 5, "WB 2": 1} == result.said
    assert there.lines == 2


def test_password_and_certificate(new_log: Any, tmp_path: Path) -> None:
    """Chargers log in with the password; the backend is held to its certificate."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    log = new_log().ask(0, "Heartbeat", {}, {}).read()

    there = Elsewhere(password="x", tls=tls)
    assert {"WB-Linde": 1} == there.take(log, trust=tmp_path / "ca.pem", password="x").said
    with pytest.raises(UsageError, match=r"not let in \(401 of HTTP\); name its password"):
        there.take(log, trust=tmp_path / "ca.pem")
    with pytest.raises(UsageError, match=r"the certificate is not trusted .* --trust"):
        there.take(log)


@pytest.mark.parametrize(
    ("address", "more", "said"),
    [
        ("ws://127.0.0.1:9", {}, "WB-Linde at ws://127.0.0.1:9: no line comes up"),
        ("http://there", {}, "no address of a backend"),
        ("ws://a:b@there", {}, "no address of a backend"),
        ("ws://there", {"trust": Path("x")}, "--trust is about wss"),
        ("wss://there", {"trust": Path("none")}, "no certificates can be read"),
    ],
)
def test_what_cannot_be_reached(
    new_log: Any, address: str, more: dict[str, Any], said: str
) -> None:
    """It says who, where and why."""
    log = new_log().ask(0, "Heartbeat", {}, {}).read()
    with pytest.raises(UsageError, match=said):
        asyncio.run(replay_away(log, Away(address, Pace(None), **more)))


@pytest.mark.parametrize(
    ("text", "factor"),
    [("recorded", 1.0), ("10x", 10.0), ("0.5×", 0.5), ("as-fast-as-answered", None)],
)
def test_paces(text: str, factor: float | None) -> None:
    """As the command line writes them."""
    assert factor == Pace.of(text).factor


@pytest.mark.parametrize("text", ["0x", "fast", "10", "-1x", "9999999x"])
def test_paces_that_are_none(text: str) -> None:
    """It says what can be written."""
    with pytest.raises(UsageError, match="--pace"):
        Pace.of(text)


def test_command_moves_begins_and_replays(
    new_log: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """At home and away a log begins later and lies elsewhere; what was altered is said."""
    path = tmp_path / "charger.log"
    path.write_text("\n".join(new_log.session()._lines))
    there = Elsewhere()

    async def away(address: str) -> AwayResult:
        wishes = Wishes(
            "UTC", "2026-03-02 07:15", "2025-06-03", Away(address, Pace.of("as-fast-as-answered"))
        )
        await asyncio.to_thread(replay_files, [path], wishes)
        return AwayResult(new_log.session().read(), {}, {}, {})

    asyncio.run(there.do(away))
    told = capsys.readouterr().out
    assert "StartTransaction" == there.calls[0][2]
    assert "2025-06-03T07:15:00+00:00" == there.calls[0][3]["timestamp"]
    assert "3 × timestamp" in told
    assert "4 frames before 2026-03-02 07:15:00 UTC are left out" in told

    replay_files([path], Wishes("UTC", "2026-03-02 07:15", "2025-06-03"))
    assert "2025-06-03 07:45:00" in capsys.readouterr().out
