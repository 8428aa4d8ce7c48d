"""
Chargers to try a certification on: an emulated INCH, and one that does next to nothing.

A `Candidate` is a profile and a way to come to an address; `certify_as_command` runs the command
beside it, as a user would, and lets the charger come once the command says where to.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from harness.errors import HarnessError
from harness.toml_text import to_toml

IDENTITY = "WB-1"
LIMIT_S = 100.0
"""How long, in real seconds, a command may take."""
CONNECTS = "the charger connects to "
LIMITS: dict[str, Any] = {"answer_s": 30, "settle_s": 1, "hands_s": 30, "come_s": 60}
"""What is late is waited for; of what these cases show nothing comes but answers."""
VERBS = ("plug_in", "unplug", "unplug_car", "pull_cable", "cut_power", "restore_power", "mend")

Coming = Callable[[str], AbstractAsyncContextManager[None]]


@dataclass(slots=True)
class Candidate:
    """
    A charger to be certified.

    Attributes:
        profile: as it stands in its file, table by table.
        come: lets it come to an address, for as long as the context lasts.
        options: of the command.
    """

    profile: dict[str, Any]
    come: Coming
    options: list[str] = field(default_factory=list)


def emulated_inch() -> Candidate:
    """Give an INCH in a process of its own, whose page the hands of the profile use."""
    port = _free_port()
    page = f"http://127.0.0.1:{port}"
    hands: dict[str, Any] = {verb.replace("_", " "): f"{page}/verbs/{verb}" for verb in VERBS}
    hands["show card"] = {"url": f"{page}/verbs/show_card", "body": {"uid": "{card}"}}
    profile = {
        "charger": {"identity": IDENTITY, "vendor": "Etrel", "model": "INCH"},
        "listen": {"port": 0},
        "declaration": {"profile": "etrel_inch"},
        "limits": dict(LIMITS),
        "hands": hands,
    }

    @asynccontextmanager
    async def come(address: str) -> AsyncIterator[None]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "harness", "charger", "--backend", address),
            *("--identity", IDENTITY, "--web-port", str(port), "--big-endian"),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            yield
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    return Candidate(profile, come)


def bare_charger() -> Candidate:
    """Give a charger of the public `ocpp` package that boots and sends heartbeats, and no more."""
    profile = {
        "charger": {"identity": IDENTITY, "vendor": "Nobody", "model": "Bare"},
        "listen": {"port": 0},
        "declaration": {"profile": "etrel_inch"},
        "limits": dict(LIMITS),
    }
    return Candidate(profile, _bare)


@asynccontextmanager
async def _bare(address: str) -> AsyncIterator[None]:
    from ocpp.v16 import ChargePoint, call  # type: ignore[import-untyped]
    from websockets.asyncio.client import connect
    from websockets.typing import Subprotocol

    async with connect(f"{address}/{IDENTITY}", subprotocols=[Subprotocol("ocpp1.6")]) as socket:
        charger = ChargePoint(IDENTITY, socket)

        async def speak() -> None:
            await charger.call(call.BootNotification("Bare", "Nobody"))
            await charger.call(call.Heartbeat())

        tasks = [asyncio.create_task(charger.start()), asyncio.create_task(speak())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


async def certify_as_command(
    candidate: Candidate,
    folder: Path,
    cases: Sequence[str],
    *,
    stop_at: str = "",
    typed: str = "",
    limit_s: float = LIMIT_S,
) -> CompletedProcess[str]:
    """
    Run `isebench certify` in a folder, with its report in ``out``.

    Parameters:
        candidate: what is certified.
        folder: where profile and report lie.
        cases: ids of cases.
        stop_at: a line of the command at which it is interrupted; empty for not.
        typed: what the person at the charger types, before anything is asked.
        limit_s: how long it may take, in real seconds.

    Raises:
        HarnessError: If it takes too long; it is killed then.
    """
    profile = folder / "profile.toml"
    told = {**candidate.profile, "cases": {"run": list(cases)}}
    profile.write_text(to_toml(told), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "harness", "certify", "profile.toml", "--report", "out"),
        *candidate.options,
        cwd=folder,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        # It heeds interrupts, also where a shell ignores them for what it starts with "&".
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdin is not None  # noqa: S101 - it was asked for above
    process.stdin.write(typed.encode())
    try:
        async with asyncio.timeout(limit_s):
            said = await _led(process, candidate, stop_at)
            code = await process.wait()
    except TimeoutError:
        raise HarnessError(f"isebench certify has not ended within {limit_s:g} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return CompletedProcess(["isebench", "certify"], code, said, "")


async def _led(process: asyncio.subprocess.Process, candidate: Candidate, stop_at: str) -> str:
    """Read what the command says; let the charger come when it is time, and interrupt it."""
    said = ""

    async def read(until: str) -> str:
        nonlocal said
        assert process.stdout is not None  # noqa: S101 - it was asked for above
        while line := (await process.stdout.readline()).decode():
            said += line
            if until and until in line:
                return line
        return ""

    line = await read(CONNECTS)
    if not line:
        return said
    address = line.partition(CONNECTS)[2].strip().rpartition("/")[0]
    async with candidate.come(address):
        if stop_at and await read(stop_at):
            process.send_signal(signal.SIGINT)
        await read("")
    return said
