"""Captures beside the programs that make and read them: tcpdump and tshark."""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support import capture_writer as writer
from support.capture_writer import Socket, Talk
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from harness.recording import Form, read_frames

LIMIT_S = 30.0
MARK = '[3,"the last one",{}]'


def _may_capture() -> bool:
    tcpdump = shutil.which("tcpdump")
    if tcpdump is None:
        return False
    # Without packets to read it ends at once; it opens the device first.
    command = [tcpdump, "-i", "lo", "-c", "1", "-w", "/dev/null", "-d"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not _may_capture(), reason="tcpdump is not there, or may not capture")
@pytest.mark.parametrize("compression", [None, "deflate"])
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_real_sockets_through_tcpdump(tmp_path: Path, host: str, compression: str | None) -> None:
    """What tcpdump saw of a charger and its backend is what they said."""
    path, calls = tmp_path / "lo.pcap", [f'[2,"{n}","Heartbeat",{{}}]' for n in range(20)]
    calls.append(f'[2,"the last one","DataTransfer",{{"data":"{"x" * 200_000}"}}]')

    async def answer(line: ServerConnection) -> None:
        async for text in line:
            await line.send(MARK if len(text) > 1000 else f"[3,{str(text).split(',')[1]},{{}}]")

    async def scenario() -> None:
        async with (
            asyncio.timeout(LIMIT_S),
            serve(
                answer, host, 0, subprotocols=[Subprotocol("ocpp1.6")], compression=compression
            ) as server,
        ):
            port = next(iter(server.sockets)).getsockname()[1]
            options = ["-i", "lo", "-s", "0", "-B", "8192", "-U", "--immediate-mode", "-w", "-"]
            tcpdump = await asyncio.create_subprocess_exec(
                *("tcpdump", *options, f"tcp port {port}"),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            assert tcpdump.stdout is not None
            assert tcpdump.stderr is not None
            while b"listening on" not in (line := await tcpdump.stderr.readline()):
                assert line, "tcpdump has ended"
            shown = f"[{host}]" if ":" in host else host
            async with connect(
                f"ws://{shown}:{port}/ocpp/WB%207",
                subprotocols=[Subprotocol("ocpp1.6")],
                compression=compression,
                proxy=None,
            ) as charger:
                for text in calls:
                    await charger.send(text)
                    await charger.recv()
            # Closed by both ends: that stands at the end of what tcpdump gives.
            content = b""
            while content.count(b"\x88\x02\x03\xe8") < 1:
                content += await tcpdump.stdout.read(65536)
            tcpdump.send_signal(signal.SIGINT)
            content += await tcpdump.stdout.read()
            await tcpdump.communicate()
            path.write_bytes(content)

    asyncio.run(scenario())
    log = read_frames(path)
    assert Form.CAPTURE is log.form
    assert ("WB 7",) == log.identities
    assert calls == [one.text for one in log.frames if one.direction == "in"]
    assert MARK == [one.text for one in log.frames if one.direction == "out"][-1]
    assert len(calls) == sum(one.direction == "out" for one in log.frames)
    assert () == log.counts
    assert [True, False] == [one.up for one in log.changes]


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not there")
@pytest.mark.parametrize("kind", ["pcap", "pcapng"])
def test_tshark_reads_our_captures_as_we_do(tmp_path: Path, kind: str) -> None:
    """The captures of the unit tests are ones to Wireshark, too: same frames, same times."""
    at = datetime(2025, 6, 3, 5, 0, 0, 123456, tzinfo=UTC)
    socket = Socket(Talk(at, server=("192.168.1.2", 80)))
    socket.open()
    socket.say(True, '[2,"1","Heartbeat",{}]', parts=2)
    socket.say(False, f'[3,"1",{{"data":"{"y" * 5000}"}}]')
    socket.close()
    found = writer.packets_of([socket.talk], tags=(0x8100,))
    path = tmp_path / f"ours.{kind}"
    path.write_bytes(writer.pcap(found) if kind == "pcap" else writer.pcapng(found))

    command = ["tshark", "-r", str(path), "-Y", "websocket.payload.text", "-T", "fields"]
    fields = ["-e", "frame.time_epoch", "-e", "frame.number", "-e", "websocket.payload.text"]
    told = subprocess.run(
        [*command, *fields, "-o", "tcp.desegment_tcp_streams:TRUE"],
        capture_output=True,
        text=True,
        check=True,
    )
    rows = [line.split("\t") for line in told.stdout.splitlines()]
    log = read_frames(path)
    assert [one.text for one in log.frames] == [row[2] for row in rows]
    assert [one.line for one in log.frames] == [int(row[1]) for row in rows]
    assert [f"{one.at.timestamp():.6f}" for one in log.frames] == [row[0][:17] for row in rows]
