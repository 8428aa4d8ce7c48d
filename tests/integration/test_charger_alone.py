"""A charger alone, as a process: ``isebench charger`` and ``python -m simulators``."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from support.page_site import LittleBackend
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from harness.recording import read_recording

SETTINGS = """
[backend]
port = 0
[[account]]
name = "Stadtwerke"
[[station]]
account = "Stadtwerke"
identity = "WB-1"
"""
PAGE = re.compile(r"page +(http://\S+/)")
Process = asyncio.subprocess.Process


async def read_until(process: Process, sign: str) -> str:
    """Read what a process prints until a line holds a sign."""
    assert process.stdout is not None
    said = ""
    async with asyncio.timeout(20):
        while sign not in said:
            line = await process.stdout.readline()
            assert line, said
            said += line.decode()
    return said


@contextlib.asynccontextmanager
async def charger(backend: str, *options: str, module: str = "harness") -> AsyncIterator[Process]:
    """Start the command; end it, if it has not ended."""
    command = ("charger",) if module == "harness" else ("charger_inch",)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *command, "--backend", backend),
        *("--identity", "WB-1", "--web-port", "0", *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def stopped(process: Process, number: int = signal.SIGINT) -> tuple[int, str, str]:
    """Stop it and give exit code and what it said."""
    process.send_signal(number)
    said, trouble = await asyncio.wait_for(process.communicate(), 20)
    return process.returncode or 0, said.decode(), trouble.decode()


async def post(page: str, path: str, **fields: Any) -> int:
    """Do something on its page."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(page + path, json=fields) as answer,
    ):
        return answer.status


async def charge(told: str, backend: LittleBackend) -> None:
    """Plug in and show a card on the page whose address was told, until it charges."""
    match = PAGE.search(told)
    assert match is not None, told
    assert 200 == await post(match[1], "verbs/plug_in")
    assert 200 == await post(match[1], "verbs/show_card", uid="77FD2AFA")
    async with asyncio.timeout(10):
        await backend.heard("StartTransaction")


def test_it_charges_and_leaves_nothing_open(tmp_path: Path) -> None:
    """It prints its page, is recorded, and when it is stopped the transaction is ended first."""

    async def run() -> tuple[int, str, str, list[str]]:
        backend = LittleBackend()
        await backend.start()
        async with charger(backend.address, "--record", str(tmp_path / "r.jsonl")) as process:
            told = await read_until(process, "the line is up")
            await charge(told, backend)
            code, said, trouble = await stopped(process)
        await backend.stop()
        return code, told + said, trouble, backend.actions_of("WB-1")

    code, said, trouble, actions = asyncio.run(run())

    assert (0, "") == (code, trouble)
    assert "Ctrl-C stops it." in said
    assert "recording  " in said
    assert "StartTransaction" in actions
    assert "StopTransaction" in actions
    crossings = read_recording(tmp_path / "r.jsonl").crossings
    assert {"plug_in", "show_card", "unplug_car"} <= {
        json.loads(one.text)["did"] for one in crossings if one.wire == "hand"
    }
    assert any("StopTransaction" in one.text for one in crossings)


def test_with_a_memory_it_goes_on(tmp_path: Path) -> None:
    """Stopped in a session, it tells of the end when it is started again, with PowerLoss."""

    async def run() -> tuple[list[str], LittleBackend]:
        backend = LittleBackend()
        await backend.start()
        options = ("--memory", str(tmp_path / "m.sqlite"))
        meters = []
        async with charger(backend.address, *options, module="simulators") as process:
            told = await read_until(process, "the line is up")
            await charge(told, backend)
            match = PAGE.search(told)
            assert match is not None
            assert 200 == await post(match[1], "settings", big_endian_cards=True)
            code, *_ = await stopped(process, signal.SIGTERM)
            assert 0 == code
        async with charger(backend.address, *options, module="simulators") as process:
            meters.append(await read_until(process, "the line is up"))
            async with asyncio.timeout(10):
                await backend.heard("StopTransaction")
            await stopped(process)
        await backend.stop()
        return meters, backend

    (told,), backend = asyncio.run(run())

    (stop,) = (payload for _, action, payload in backend.calls if action == "StopTransaction")
    (start,) = (payload for _, action, payload in backend.calls if action == "StartTransaction")
    assert "PowerLoss" == stop["reason"]
    meter_kwh = re.search(r"meter +(\d+\.\d+) kWh", told)
    assert meter_kwh is not None
    assert stop["meterStop"] == pytest.approx(float(meter_kwh[1]) * 1000, abs=0.6)
    assert start["meterStart"] <= stop["meterStop"]


def test_it_goes_on_trying_and_says_why() -> None:
    """A backend that is not there is told of, and the charger can be stopped all the same."""

    async def run() -> tuple[int, str]:
        async with charger("ws://127.0.0.1:9/ocpp") as process:
            told = await read_until(process, "it goes on trying")
            code, *_ = await stopped(process)
            return code, told

    code, told = asyncio.run(run())

    assert 0 == code
    assert "nobody answers at ws://127.0.0.1:9/ocpp/WB-1" in told


def test_a_boot_without_an_answer_is_told_and_can_be_left() -> None:
    """A backend that mumbles is not taken for a healthy one, and Ctrl-C says what it waits for."""

    async def mumble(line: ServerConnection) -> None:
        await line.recv()
        await line.send("<html>not here</html>")
        await line.wait_closed()

    async def run() -> tuple[str, int, str]:
        async with serve(mumble, "127.0.0.1", 0, subprotocols=[Subprotocol("ocpp1.6")]) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            async with charger(f"ws://127.0.0.1:{port}") as process:
                told = await read_until(process, "the boot is")
                code, said, _ = await stopped(process)
        return told, code, said

    told, code, said = asyncio.run(run())

    assert "the boot is not answered; what came is no frame of OCPP: <html>not here</html>" in told
    assert (0, True) == (code, "stopping; the backend may take 10 s to answer and to close" in said)


def test_two_chargers_of_one_identity_are_told_apart(tmp_path: Path) -> None:
    """The one that loses the line says why; so does the backend's log."""
    settings = tmp_path / "settings.toml"
    settings.write_text(SETTINGS, encoding="utf-8")

    async def run() -> tuple[str, str]:
        backend = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "backend", str(settings)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            address = json.loads(await read_until(backend, "ws://"))["ocpp"]
            async with charger(address) as first:
                await read_until(first, "the boot is Accepted")
                async with charger(address) as second:
                    await read_until(second, "the boot is Accepted")
                    told = await read_until(first, "the line is down")
            _, _, log = await stopped(backend)
        finally:
            if backend.returncode is None:
                backend.kill()
                await backend.wait()
        return told, log

    told, log = asyncio.run(run())

    why = "replaced by a newer connection under the same identity"
    assert f"the line is down: closed by the backend: 1008 {why}" in told
    assert f"WB-1: its connection is {why}" in log


def test_a_long_identity_is_said_to_be_cut() -> None:
    """As a serial number OCPP has room for its first 25 signs."""

    async def run() -> str:
        async with charger("ws://127.0.0.1:9/ocpp", "--identity", "A" * 30) as process:
            return await read_until(process, "Ctrl-C")

    assert f"serial     {'A' * 25}, cut to the 25 signs" in asyncio.run(run())


def test_it_is_stopped_while_it_dials() -> None:
    """A backend that takes the connection and says nothing does not keep it."""

    async def run() -> int:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"ws://127.0.0.1:{silent.getsockname()[1]}/ocpp"
            async with charger(url) as process:
                await read_until(process, "Ctrl-C")
                async with asyncio.timeout(5):
                    code, *_ = await stopped(process)
                return code

    assert 0 == asyncio.run(run())


def test_a_new_identity_is_told_when_it_is_started_again(tmp_path: Path) -> None:
    """What was set on the page goes before the command line, and is said."""

    async def run() -> str:
        backend = LittleBackend()
        await backend.start()
        options = ("--memory", str(tmp_path / "m.sqlite"))
        async with charger(backend.address, *options) as process:
            match = PAGE.search(await read_until(process, "the line is up"))
            assert match is not None
            assert 200 == await post(match[1], "settings", identity="Dorfplatz")
            await stopped(process)
        async with charger(backend.address, *options) as process:
            told = await read_until(process, "the line is up")
            await stopped(process)
        await backend.stop()
        assert "BootNotification" in backend.actions_of("Dorfplatz")
        return told

    told = asyncio.run(run())

    assert "charger    Dorfplatz, renamed at its page from WB-1" in told


@pytest.mark.parametrize("what", ["page", "memory", "recording", "folder"])
def test_what_cannot_be_had_is_one_sentence(tmp_path: Path, what: str) -> None:
    """A port in use, a memory that is none, a recording that is there; nothing is left behind."""
    (tmp_path / "x").write_text("no database " * 100, encoding="ascii")
    record = tmp_path / "r.jsonl"

    async def run() -> tuple[int, str]:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            options = {
                "page": ("--web-port", str(taken.getsockname()[1]), "--record", str(record)),
                "memory": ("--memory", str(tmp_path / "x"), "--record", str(record)),
                "recording": ("--record", str(tmp_path / "x")),
                "folder": ("--record", str(tmp_path / "no" / "r.jsonl")),
            }[what]
            async with charger("ws://127.0.0.1:9/ocpp", *options) as process:
                _, trouble = await asyncio.wait_for(process.communicate(), 20)
                return process.returncode or 0, trouble.decode()

    code, trouble = asyncio.run(run())

    assert 2 == code
    assert "Traceback" not in trouble
    assert 1 == len(trouble.strip().splitlines())
    assert not record.exists()
