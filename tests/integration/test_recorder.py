"""A recorder between two real ends: what goes through, and what stands in its file then."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import ssl
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.headers import build_authorization_basic
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from harness.errors import UsageError
from harness.overheard import Overheard
from harness.recorder import Recorder, Wishes
from harness.recording import Recording, read_frames, read_recording
from simulators.wiretap import LINE_WIRE

PASSWORD = "hunter2-of-the-charger"
LIMIT_S = 20.0


@dataclass
class Site:
    """A backend, a recorder before it, and what the backend saw."""

    recorder: Recorder
    path: Path
    told: list[str]
    requests: list[Request] = field(default_factory=list)

    def recording(self) -> Recording:
        """Give what was written down."""
        return read_recording(self.path)

    def texts(self) -> list[tuple[str, str, str]]:
        """Give wire, sender and text of what was written down, but for the lines."""
        return [
            (one.wire, one.sender, one.text)
            for one in self.recording().crossings
            if one.wire != LINE_WIRE
        ]


Handler = Callable[[ServerConnection], Awaitable[None]]


@asynccontextmanager
async def site(
    folder: Path,
    handler: Handler,
    *,
    prefix: str = "",
    tls: ssl.SSLContext | None = None,
    listen: str = "ws://127.0.0.1:0",
    compression: str | None = None,
    **wishes: Path,
) -> AsyncIterator[Site]:
    """Let a backend and a recorder run for a while."""
    path, told, requests = folder / "r.jsonl", list[str](), list[Request]()

    def look(connection: ServerConnection, request: Request) -> Response | None:
        requests.append(request)
        return None

    async with serve(
        handler,
        "127.0.0.1",
        0,
        ssl=tls,
        compression=compression,
        process_request=look,
        subprotocols=[Subprotocol("ocpp1.6")],
    ) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        to = f"{'wss' if tls else 'ws'}://127.0.0.1:{port}{prefix}"
        recorder = Recorder(Wishes(listen, to, path, **wishes), told.append)
        async with asyncio.timeout(LIMIT_S), recorder.running():
            yield Site(recorder, path, told, requests)


def dial(address: str, identity: str = "WB%201", **more: object) -> connect:
    """Dial as a charger does."""
    return connect(
        f"{address}/{identity}",
        subprotocols=[Subprotocol("ocpp1.6")],
        additional_headers={"Authorization": build_authorization_basic("WB 1", PASSWORD)},
        proxy=None,
        **{"compression": None, **more},
    )


async def answer_all(line: ServerConnection) -> None:
    """Answer each CALL as a backend does that confirms everything."""
    async for text in line:
        await line.send(json.dumps([3, json.loads(text)[1], {}]))


async def end_of(line: ClientConnection | ServerConnection) -> tuple[int, str]:
    """Wait until a line is closed, and give the code and the reason that came."""
    await line.wait_closed()
    with pytest.raises(ConnectionClosed) as closed:
        await line.recv()
    received = closed.value.rcvd
    return (received.code, received.reason) if received else (1006, "")


class TestWhatGoesThrough:
    """Both ends see what they would see without the recorder."""

    def test_request_arrives_with_its_headers_and_the_path_of_the_backend(
        self, tmp_path: Path
    ) -> None:
        """Authorization, subprotocol and identity stand as they were; host and path are ours."""

        async def scenario() -> Site:
            async with (
                site(tmp_path, answer_all, prefix="/ocpp/") as there,
                dial(there.recorder.address) as line,
            ):
                assert "ocpp1.6" == line.subprotocol
                await line.send('[2,"1","Heartbeat",{}]')
                assert '[3, "1", {}]' == await line.recv()
            return there

        there = asyncio.run(scenario())
        (request,) = there.requests
        assert "/ocpp/WB%201" == request.path
        assert build_authorization_basic("WB 1", PASSWORD) == request.headers["Authorization"]
        assert request.headers["Host"] in there.recording().origin["to"]
        assert PASSWORD not in there.path.read_text()
        assert build_authorization_basic("WB 1", PASSWORD) not in there.path.read_text()
        assert [
            ("ocpp1.6", "WB 1", '[2,"1","Heartbeat",{}]'),
            ("ocpp1.6", "backend", '[3, "1", {}]'),
        ] == there.texts()

    def test_every_kind_of_frame(self, tmp_path: Path) -> None:
        """Text that is no JSON, bytes, fragments, pings: passed on, and written down."""
        seen: list[object] = []

        async def keep(line: ServerConnection) -> None:
            seen.extend([message async for message in line])

        async def scenario() -> Site:
            async with (
                site(tmp_path, keep) as there,
                dial(there.recorder.address, ping_interval=None) as line,
            ):
                await line.send("no JSON, ä")
                await line.send(b"\x00\xff")
                await line.send(["in ", "three ", "parts"])
                pong = await line.ping(b"p")
                await pong
            return there

        there = asyncio.run(scenario())
        assert ["no JSON, ä", b"\x00\xff", "in three parts"] == seen
        assert [
            ("ocpp1.6", "WB 1", "no JSON, ä"),
            ("ocpp1.6+hex", "WB 1", "00ff"),
            ("ocpp1.6", "WB 1", "in three parts"),
            ("websocket", "WB 1", '{"did": "ping", "hex": "70"}'),
            ("websocket", "backend", '{"did": "pong", "hex": "70"}'),
        ] == there.texts()

    def test_compressed_messages_are_read(self, tmp_path: Path) -> None:
        """Where both ends agreed on permessage-deflate, the file holds the messages."""

        async def scenario() -> Site:
            async with (
                site(tmp_path, answer_all, compression="deflate") as there,
                dial(there.recorder.address, compression="deflate") as line,
            ):
                for number in range(3):
                    await line.send(f'[2,"{number}","Heartbeat",{{}}]')
                    await line.recv()
            return there

        texts = asyncio.run(scenario()).texts()
        assert [f'[2,"{number}","Heartbeat",{{}}]' for number in range(3)] == [
            text for _, sender, text in texts if sender == "WB 1"
        ]

    @pytest.mark.parametrize("by_backend", [True, False])
    def test_code_and_reason_of_an_end_arrive(self, tmp_path: Path, by_backend: bool) -> None:
        """Who closes is passed on as it is, from either side, and written down."""
        ends: list[tuple[int, str]] = []

        async def close(line: ServerConnection) -> None:
            if by_backend:
                await line.close(4001, "gone for lunch")
            else:
                ends.append(await end_of(line))

        async def scenario() -> Site:
            async with site(tmp_path, close) as there, dial(there.recorder.address) as line:
                if by_backend:
                    ends.append(await end_of(line))
                else:
                    await line.close(4001, "gone for lunch")
            return there

        there = asyncio.run(scenario())
        assert [(4001, "gone for lunch")] == ends
        (down,) = (one for one in there.recording().crossings if one.text.startswith("down"))
        by = "backend" if by_backend else "WB 1"
        assert {"by": by, "code": 4001, "reason": "gone for lunch"} == json.loads(down.text[5:])

    @pytest.mark.parametrize("by_backend", [True, False])
    def test_line_that_breaks_breaks_for_the_other(self, tmp_path: Path, by_backend: bool) -> None:
        """An end that vanishes without a word is noticed at the other as such."""
        ends: list[tuple[int, str]] = []

        async def scenario() -> Site:
            noticed = asyncio.Event()

            async def vanish(line: ServerConnection) -> None:
                if by_backend:
                    line.transport.abort()
                else:
                    ends.append(await end_of(line))
                    noticed.set()

            async with site(tmp_path, vanish) as there, dial(there.recorder.address) as line:
                if by_backend:
                    ends.append(await end_of(line))
                else:
                    line.transport.abort()
                    await noticed.wait()
            return there

        there = asyncio.run(scenario())
        assert [(1006, "")] == ends
        (down,) = (one for one in there.recording().crossings if one.text.startswith("down"))
        assert {"by"} == json.loads(down.text[5:]).keys()

    def test_refusal_of_the_backend_arrives(self, tmp_path: Path) -> None:
        """A charger that is not let in sees the backend's own answer, and the file tells of it."""

        async def scenario() -> Site:
            async with site(tmp_path, answer_all) as there:
                with pytest.raises(InvalidStatus) as refused:
                    # The backend speaks no such subprotocol as this request would need.
                    async with connect(
                        f"{there.recorder.address}/WB",
                        additional_headers={"Upgrade": "h2c"},
                        proxy=None,
                    ):
                        pass
                assert 400 <= refused.value.response.status_code < 500
            return there

        there = asyncio.run(scenario())
        assert any("refuse" in text or "not read" in text for _, _, text in there.texts())

    def test_who_asks_again_on_the_same_line_has_to_dial_anew(self, tmp_path: Path) -> None:
        """A second request on a line that was refused would go to a path that is not there."""
        got = bytearray()

        async def raw(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            got.extend(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
            got.extend(await reader.read(-1))
            writer.close()

        async def scenario() -> None:
            server = await asyncio.start_server(raw, "127.0.0.1", 0)
            port = server.sockets[0].getsockname()[1]
            wishes = Wishes("ws://127.0.0.1:0", f"ws://127.0.0.1:{port}", tmp_path / "r.jsonl")
            recorder = Recorder(wishes, lambda line: None)
            async with asyncio.timeout(LIMIT_S), server, recorder.running():
                host, mine = recorder.address.removeprefix("ws://").split(":")
                reader, writer = await asyncio.open_connection(host, int(mine))
                request = b"GET /WB HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n"
                writer.write(request)
                assert b"401" in await reader.readuntil(b"\r\n\r\n")
                writer.write(request)
                with suppress(ConnectionError):
                    assert b"" == await reader.read()
                writer.close()

        asyncio.run(scenario())
        assert 1 == got.count(b"GET /WB")
        (refused,) = read_recording(tmp_path / "r.jsonl").crossings
        assert {"did": "refuse", "status": 401, "reason": "Unauthorized"} == json.loads(
            refused.text
        )

    def test_bytes_go_through_as_they_came(self, tmp_path: Path) -> None:
        """Of a raw request two lines are changed; frames, also senseless ones, not by a bit."""
        frames = bytes.fromhex("818501020304") + bytes(
            a ^ b for a, b in zip(b"Hello", bytes.fromhex("0102030401"), strict=True)
        )
        senseless = bytes.fromhex("ffffffff00")
        got = bytearray()

        async def raw(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            got.extend(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nX-Odd:  two\r\n\r\n")
            got.extend(await reader.read(-1))
            writer.write(b"\x88\x02\x03\xe8")
            writer.close()

        async def scenario() -> tuple[bytes, str]:
            server = await asyncio.start_server(raw, "127.0.0.1", 0)
            port = server.sockets[0].getsockname()[1]
            wishes = Wishes("ws://127.0.0.1:0", f"ws://127.0.0.1:{port}/x", tmp_path / "r.jsonl")
            recorder = Recorder(wishes, lambda line: None)
            async with asyncio.timeout(LIMIT_S), server, recorder.running():
                host, mine = recorder.address.removeprefix("ws://").split(":")
                reader, writer = await asyncio.open_connection(host, int(mine))
                writer.write(
                    b"GET /a%2Fb?c=d HTTP/1.1\r\nhOsT: me\r\n"
                    b"Upgrade:websocket\r\nX-Odd: \t a  b\r\n\r\n" + frames + senseless
                )
                writer.write_eof()
                answer = await reader.read(-1)
                writer.close()
            return answer, f"127.0.0.1:{port}"

        answer, host = asyncio.run(scenario())
        assert (
            b"GET /x/a%2Fb?c=d HTTP/1.1\r\nHost: "
            + host.encode()
            + b"\r\nUpgrade:websocket\r\nX-Odd: \t a  b\r\n\r\n"
            + frames
            + senseless
        ) == bytes(got)
        assert answer.endswith(b"X-Odd:  two\r\n\r\n\x88\x02\x03\xe8")
        texts = [one.text for one in read_recording(tmp_path / "r.jsonl").crossings]
        assert "Hello" in texts
        assert any("not read" in text for text in texts)

    def test_several_chargers_at_once(self, tmp_path: Path) -> None:
        """Each charger has a line of its own, and its name in the file."""

        async def scenario() -> Site:
            async with (
                site(tmp_path, answer_all) as there,
                dial(there.recorder.address, "A") as one,
                dial(there.recorder.address, "B") as other,
            ):
                for line in (one, other, one):
                    await line.send('[2,"1","Heartbeat",{}]')
                    await line.recv()
            return there

        there = asyncio.run(scenario())
        assert ("A", "B") == read_frames(there.path).identities
        assert ["A", "backend", "B", "backend", "A", "backend"] == [
            sender for _, sender, _ in there.texts()
        ]

    def test_progress_where_somebody_looks(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """On a terminal one line tells how many are connected and what has crossed."""
        monkeypatch.setattr("sys.stdout.isatty", lambda: True)

        async def scenario() -> Site:
            async with site(tmp_path, answer_all) as there, dial(there.recorder.address) as line:
                await line.send('[2,"1","Heartbeat",{}]')
                await line.recv()
            return there

        there = asyncio.run(scenario())
        assert "\r\x1b[K1 connected, 2 messages" in capsys.readouterr().out
        assert all(line.startswith("\r\x1b[K") for line in there.told)

    def test_fault_of_ours_ends_no_line_of_theirs(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Who listens may break down: it is told, and the line goes on."""

        async def scenario() -> Site:
            async with site(tmp_path, answer_all) as there, dial(there.recorder.address) as line:

                def broken(*_: object) -> None:
                    raise KeyError("x")

                monkeypatch.setattr(Overheard, "_framed", broken)
                for number in range(3):
                    await line.send(f'[2,"{number}","Heartbeat",{{}}]')
                    assert f'[3, "{number}", {{}}]' == await line.recv()
            return there

        there = asyncio.run(scenario())
        assert 1 == sum("a fault of the bench" in line for line in there.told)

    def test_connection_that_is_reset(self, tmp_path: Path) -> None:
        """A reset of one end, with bytes on the way, ends the line of the other."""
        ended: list[tuple[int, str]] = []

        async def scenario() -> Site:
            noticed = asyncio.Event()

            async def wait(line: ServerConnection) -> None:
                ended.append(await end_of(line))
                noticed.set()

            async with site(tmp_path, wait) as there, dial(there.recorder.address) as line:
                tcp = line.transport.get_extra_info("socket")
                tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                line.transport.abort()
                await noticed.wait()
            return there

        there = asyncio.run(scenario())
        assert [(1006, "")] == ended
        assert "(it broke)" in there.told[-1]


class TestTls:
    """Encrypted towards the charger, towards the backend, or both."""

    def test_both_sides(self, tmp_path: Path) -> None:
        """The backend is held to its certificate, the charger is shown one."""
        theirs, ours = trustme.CA(), trustme.CA()
        theirs.cert_pem.write_to_path(tmp_path / "theirs.pem")
        leaf = ours.issue_cert("127.0.0.1")
        leaf.private_key_and_cert_chain_pem.write_to_path(tmp_path / "shown.pem")
        serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        theirs.issue_cert("127.0.0.1").configure_cert(serving)
        trusting = ssl.create_default_context()
        ours.configure_trust(trusting)

        async def scenario() -> Site:
            async with (
                site(
                    tmp_path,
                    answer_all,
                    tls=serving,
                    listen="wss://127.0.0.1:0",
                    trust=tmp_path / "theirs.pem",
                    certificate=tmp_path / "shown.pem",
                ) as there,
                dial(there.recorder.address, ssl=trusting) as line,
            ):
                await line.send('[2,"1","Heartbeat",{}]')
                assert '[3, "1", {}]' == await line.recv()
            return there

        there = asyncio.run(scenario())
        assert there.recorder.address.startswith("wss://")
        assert 2 == len(there.texts())

    def test_backend_that_is_not_trusted(self, tmp_path: Path) -> None:
        """Nothing is said to it; the charger is told 502 and the console what helps."""
        serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        trustme.CA().issue_cert("127.0.0.1").configure_cert(serving)

        async def scenario() -> Site:
            async with site(tmp_path, answer_all, tls=serving) as there:
                with pytest.raises(InvalidStatus) as refused:
                    async with dial(there.recorder.address):
                        pass
                assert 502 == refused.value.response.status_code
            return there

        there = asyncio.run(scenario())
        assert [] == there.requests
        assert "--trust" in there.told[-1]
        assert not there.path.exists()


class TestTrouble:
    """What goes wrong is told, to both who have to know."""

    def test_backend_that_is_not_there(self, tmp_path: Path) -> None:
        """The charger is told 502; the console tells which charger, where, and why."""
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            to = f"ws://127.0.0.1:{nobody.getsockname()[1]}"
            told: list[str] = []
            recorder = Recorder(Wishes("ws://127.0.0.1:0", to, tmp_path / "r"), told.append)

            async def scenario() -> int:
                async with asyncio.timeout(LIMIT_S), recorder.running():
                    with pytest.raises(InvalidStatus) as refused:
                        async with dial(recorder.address):
                            pass
                return refused.value.response.status_code

            assert 502 == asyncio.run(scenario())
        assert "WB 1: the backend at ws://" in told[-1]
        assert "cannot be reached" in told[-1]
        assert "no charger has been let in" in recorder.summary()

    def test_what_is_no_request(self, tmp_path: Path) -> None:
        """Who says something else is hung up on, and named."""

        async def scenario() -> Site:
            async with site(tmp_path, answer_all) as there:
                host, port = there.recorder.address.removeprefix("ws://").split(":")
                for said in (b"hello\r\n\r\n", b"x" * 70_000, b""):
                    reader, writer = await asyncio.open_connection(host, int(port))
                    writer.write(said)
                    writer.write_eof()
                    with suppress(ConnectionError):
                        assert b"" == await reader.read()
                    writer.close()
            return there

        there = asyncio.run(scenario())
        assert 3 == len(there.told)
        assert all("127.0.0.1 sent" in line for line in there.told)

    def test_recording_that_cannot_be_written(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It ends, with the trouble: what crosses unrecorded would seem not to have crossed."""

        async def scenario() -> None:
            async with site(tmp_path, answer_all) as there:

                def full(*_: object) -> None:
                    raise OSError(28, "No space left on device")

                async with dial(there.recorder.address) as line:
                    monkeypatch.setattr(there.recorder._tap, "note", full)
                    await line.send('[2,"1","Heartbeat",{}]')
                    await there.recorder.stopped.wait()

        with pytest.raises(OSError, match="No space left"):
            asyncio.run(scenario())

    @pytest.mark.parametrize(
        ("wishes", "said"),
        [
            ({"listen": "127.0.0.1:9000"}, "--listen '127.0.0.1:9000' is no address"),
            ({"listen": "ws://127.0.0.1:0/x"}, "more than a host"),
            ({"to": "http://there"}, "--to 'http://there' is no address"),
            ({"to": "ws://a:b@there"}, "leave user and password out"),
            ({"to": "ws://there?x=y"}, "more than a host"),
            ({"to": "ws://there:99999"}, "is no address"),
            ({"trust": Path("x.pem")}, "--trust is about wss"),
            ({"to": "wss://there", "trust": Path("none.pem")}, "--trust none.pem: no cert"),
            ({"certificate": Path("x.pem")}, "are for --listen wss"),
            ({"listen": "wss://127.0.0.1:0"}, "needs --certificate"),
            ({"listen": "wss://127.0.0.1:0", "certificate": Path("no.pem")}, "no certificate with"),
        ],
    )
    def test_what_cannot_be(self, wishes: dict[str, object], said: str) -> None:
        """An address or a certificate that cannot be used is refused before anything runs."""
        asked = {"listen": "ws://127.0.0.1:0", "to": "ws://there", "out": Path("r"), **wishes}
        with pytest.raises(UsageError, match=said):
            Recorder(Wishes(**asked), print)  # type: ignore[arg-type]  # some are not as they should

    def test_port_that_is_taken(self, tmp_path: Path) -> None:
        """The address is named, and no file is left."""
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            listen = f"ws://127.0.0.1:{taken.getsockname()[1]}"
            recorder = Recorder(Wishes(listen, "ws://there", tmp_path / "r"), print)

            async def scenario() -> None:
                async with recorder.running():
                    pass

            with pytest.raises(UsageError, match="cannot be listened on"):
                asyncio.run(scenario())
        assert not (tmp_path / "r").exists()


def test_command_until_ctrl_c(tmp_path: Path) -> None:
    """It tells where chargers connect, passes on, and ends with 0 and a whole file."""
    path = tmp_path / "field.jsonl"

    async def scenario() -> tuple[int | None, str]:
        async with serve(answer_all, "127.0.0.1", 0, subprotocols=[Subprotocol("ocpp1.6")]) as one:
            port = next(iter(one.sockets)).getsockname()[1]
            command = [sys.executable, "-P", "-m", "harness", "record"]
            command += ["--listen", "ws://127.0.0.1:0", "--to", f"ws://127.0.0.1:{port}"]
            process = await asyncio.create_subprocess_exec(
                *command, "--out", str(path), stdout=subprocess.PIPE, env={**os.environ}
            )
            assert process.stdout is not None
            async with asyncio.timeout(LIMIT_S):
                first = (await process.stdout.readline()).decode()
                async with dial(first.split()[1].removesuffix("/IDENTITY")) as line:
                    await line.send('[2,"1","Heartbeat",{}]')
                    await line.recv()
                    # The line is open: what has crossed stands there all the same.
                    assert '"Heartbeat' in path.read_text().replace("\\", "")
                    process.send_signal(signal.SIGINT)
                    await line.wait_closed()
                rest = (await process.stdout.read()).decode()
                return await process.wait(), rest

    code, said = asyncio.run(scenario())
    assert 0 == code, said
    assert "WB 1 is connected" in said
    assert "2 messages of 1 charger are in" in said
    assert ["up", "down"] == [
        one.text.split()[0] for one in read_recording(path).crossings if one.wire == LINE_WIRE
    ]
