"""
The servers that the benchmarks of the wire measure, each in a process of its own.

Ours is ``python -m backend`` with a real file on disk; beside it the bare `ocpp` library and the
npm package `ocpp-rpc`, which store nothing. What a process used is read from Linux' ``/proc``.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

PEERS = Path(__file__).parent / "peers"
RPC = "ocpp-rpc@2"
"""Installed by npm into a cache folder of the user, outside the project."""
_TICKS = os.sysconf("SC_CLK_TCK")
_START_LIMIT_S = 60
_NPM_LIMIT_S = 300


class NotMeasured(Exception):
    """A peer cannot be measured here; the text says why."""


@dataclass(frozen=True, slots=True)
class Server:
    """
    A server that listens.

    Attributes:
        address: for chargers, without their identity.
        pid: of its process.
    """

    address: str
    pid: int

    def cpu_s(self) -> float:
        """Give the seconds of processor that it has used so far, its own and the kernel's."""
        text = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii")
        # Behind the name in brackets, which may hold blanks, comes field 3; 14 and 15 are wanted.
        fields = text.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def memory_mb(self) -> float:
        """Give the memory it holds, in MB (10⁶ bytes) that are really there."""
        for line in Path(f"/proc/{self.pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024 / 1e6
        raise RuntimeError(f"process {self.pid} has ended")


@contextmanager
def ours(folder: Path, chargers: int) -> Iterator[Server]:
    """Run the reference backend, its database in ``folder``, for ``chargers`` INCHes."""
    path = folder / "settings.toml"
    path.write_text(_settings(folder, chargers), encoding="utf-8")
    with running([sys.executable, "-P", "-m", "backend", str(path)]) as (process, line):
        yield Server(json.loads(line)["ocpp"], process.pid)


def _settings(folder: Path, chargers: int) -> str:
    stations = (
        f'[[station]]\naccount = "A"\nidentity = "{identity(number)}"\nprofile = "etrel_inch"\n'
        for number in range(chargers)
    )
    database = json.dumps(str(folder / "store.sqlite"))
    top = f'[backend]\nhost = "127.0.0.1"\nport = 0\ndatabase = {database}\n'
    return top + '[[account]]\nname = "A"\n' + "".join(stations)


def identity(number: int) -> str:
    """Name the charger of a number."""
    return f"CP-{number}"


async def line_to(server: Server, name: str) -> ClientConnection:
    """Connect a charger."""
    return await connect(
        f"{server.address}/{name}",
        subprotocols=[Subprotocol("ocpp1.6")],
        compression=None,
        proxy=None,
    )


@contextmanager
def bare_ocpp() -> Iterator[Server]:
    """Run a server of `ocpp` and `websockets` as their documentation shows it."""
    with running([sys.executable, str(PEERS / "bare_ocpp.py")]) as (process, line):
        yield Server(line, process.pid)


@contextmanager
def ocpp_rpc() -> Iterator[Server]:
    """
    Run a server of the npm package `ocpp-rpc`.

    Raises:
        NotMeasured: If node or npm is missing, or the package cannot be had.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise NotMeasured("node/npm missing")
    folder = _rpc_folder(npm)
    with running([node, str(PEERS / "ocpp_rpc.js"), str(folder)]) as (process, line):
        yield Server(line, process.pid)


def _rpc_folder(npm: str) -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "isebench-benchmarks"
    if (folder / "node_modules" / "ocpp-rpc").is_dir():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    command = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder), RPC]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=_NPM_LIMIT_S)
    except (subprocess.SubprocessError, OSError) as error:
        raise NotMeasured(f"npm cannot install {RPC}: {error}") from error
    return folder


@contextmanager
def running(command: list[str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run a command until the end of the context, and give the first line that it prints."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline().strip()
        if not line:
            raise RuntimeError(f"{command} does not start")
        yield process, line
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(_START_LIMIT_S)
        if process.stdout is not None:
            process.stdout.close()
