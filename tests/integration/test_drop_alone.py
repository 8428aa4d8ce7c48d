"""The utility's servers alone, as a process: ``isebench drop``."""

from __future__ import annotations

import asyncio
import contextlib
import ftplib
import io
import signal
import sys
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from backend import Settings
from backend.adapters.roads import Roads
from harness.recording import read_recording
from harness.toml_text import to_toml
from simulators.clock import RealClock

Process = asyncio.subprocess.Process


@contextlib.asynccontextmanager
async def drop(*options: str) -> AsyncIterator[Process]:
    """Start the command; end it, if it has not ended."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "harness", "drop", *options),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def read_until(process: Process, sign: str) -> str:
    """Read what it prints until a line holds a sign."""
    assert process.stdout is not None
    said = ""
    async with asyncio.timeout(30):
        while sign not in said:
            line = await process.stdout.readline()
            assert line, said
            said += line.decode()
    return said


async def type_line(process: Process, line: str, answer: str) -> None:
    """Type a line, and wait for what is told of it."""
    assert process.stdin is not None
    process.stdin.write(f"{line}\n".encode())
    await process.stdin.drain()
    await read_until(process, answer)


def destinations(said: str) -> list[dict[str, Any]]:
    """Read the settings that it prints for senders."""
    text = said[: said.index("files      ")]
    found: list[dict[str, Any]] = tomllib.loads(text)["destination"]
    return found


def test_a_sender_is_tried_against_a_fault(tmp_path: Path) -> None:
    """A fault from the command line bites, until a line that is typed takes it away."""

    def rename(port: int) -> None:
        with ftplib.FTP() as client:
            client.connect("127.0.0.1", port, timeout=10)
            client.login("ewa", "pw")
            client.storbinary("STOR in/x.part", io.BytesIO(b"content"))
            client.rename("in/x.part", "in/x.csv")

    async def run() -> tuple[int, str]:
        options = ("--out", f"{tmp_path}/drop", "--user", "ewa:pw", "--folder", "in")
        record = tmp_path / "drop.jsonl"
        async with drop(*options, "--ftp", "0", "--fault", "refused-rename") as process:
            (to,) = destinations(await read_until(process, "Ctrl-C stops it."))
            with contextlib.suppress(ftplib.error_perm):
                await asyncio.to_thread(rename, to["port"])
                raise AssertionError("the rename was not refused")
            await read_until(process, "rename /in/x.part -> /in/x.csv: permission denied")
            await type_line(process, "off refused-rename", "on: none")
            await asyncio.to_thread(rename, to["port"])
            await read_until(process, "rename /in/x.part -> /in/x.csv 7 bytes: ok")
            process.send_signal(signal.SIGINT)
            said, trouble = await asyncio.wait_for(process.communicate(), 20)
        assert b"" == trouble
        assert not record.exists()
        return process.returncode or 0, said.decode()

    code, said = asyncio.run(run())
    assert 0 == code
    assert f"stopped; what arrived lies in {tmp_path}/drop" in said
    assert b"content" == (tmp_path / "drop" / "in" / "x.csv").read_bytes()


def test_what_it_prints_is_what_a_sender_needs(tmp_path: Path) -> None:
    """Each of the four servers takes a file of who copies what was printed; one folder has all."""

    async def run() -> None:
        record = tmp_path / "drop.jsonl"
        async with drop("--out", f"{tmp_path}/drop", "--record", str(record)) as process:
            said = await read_until(process, "Ctrl-C stops it.")
            told = [{**one, "account": "EW"} for one in destinations(said)]
            text = to_toml({"account": [{"name": "EW"}], "destination": told})
            for number, one in enumerate(Settings.from_toml(text, {}).destinations):
                await Roads(RealClock()).deliver(one.destination, f"{number}.csv", b"content")
            process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(process.communicate(), 20)
        names = {f"{number}.csv": 7 for number in range(4)}
        assert names == {path.name: 7 for path in (tmp_path / "drop").iterdir()}
        wires = {crossing.wire for crossing in read_recording(record).crossings}
        assert {"sftp", "ftp", "ftps"} == wires

    asyncio.run(run())


def test_wrong_usage(tmp_path: Path) -> None:
    """What cannot be is told in one line, with exit code 2."""

    async def run(*options: str) -> tuple[int, str]:
        async with drop("--out", f"{tmp_path}/drop", *options) as process:
            _, trouble = await asyncio.wait_for(process.communicate(), 20)
            return process.returncode or 0, trouble.decode()

    for options, told in (
        (("--user", "ewa"), "isebench drop: --user 'ewa': write NAME:PASSWORD"),
        (("--fault", "full"), "isebench drop: --fault: there is no fault 'full'"),
        (("--ftp", "70000"), "127.0.0.1:70000 cannot be listened on"),
    ):
        code, trouble = asyncio.run(run(*options))
        assert (2, True) == (code, told in trouble), trouble
