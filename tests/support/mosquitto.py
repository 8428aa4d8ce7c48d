"""Mosquitto, a broker that is not ours, on free ports of 127.0.0.1, and its two clients."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

MOSQUITTO = Path("/usr/sbin/mosquitto")
USER, SECRET = "sg", "isebench-Einweg-9"
KINDS = ("tcp", "secured", "mutual")
"""As the gateway's settings call them: how a listener wants to be spoken to."""


def free_port() -> int:
    """Give a port that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@dataclass(slots=True)
class Mosquitto:
    """
    A broker that runs.

    Attributes:
        ports: of its listeners, by `KINDS`.
        authority: who has signed its certificate, and who must have signed a client's.
    """

    folder: Path
    ports: dict[str, int]
    authority: trustme.CA
    process: subprocess.Popen[bytes] | None = None

    @property
    def trusted(self) -> bytes:
        """The certificate of its authority."""
        return self.authority.cert_pem.bytes()

    def certificate(self, name: str) -> bytes:
        """Have a certificate for a client signed, with its key."""
        return self.authority.issue_cert(name).private_key_and_cert_chain_pem.bytes()

    def begin(self) -> None:
        """Start, and wait until it listens."""
        command = [str(MOSQUITTO), "-c", str(self.folder / "mosquitto.conf")]
        log = self.folder / "mosquitto.log"
        with log.open("ab") as said:
            self.process = subprocess.Popen(command, stdout=said, stderr=said)
        for _ in range(500):
            assert self.process.poll() is None, log.read_text()
            with socket.socket() as probe:
                if 0 == probe.connect_ex(("127.0.0.1", self.ports["mutual"])):
                    return
            time.sleep(0.01)
        raise AssertionError(log.read_text())

    def end(self) -> None:
        """Stop."""
        assert self.process is not None
        self.process.terminate()
        self.process.wait(10)

    def _how(self) -> list[str]:
        return ["-h", "127.0.0.1", "-p", str(self.ports["tcp"]), "-u", USER, "-P", SECRET]

    async def say(self, topic: str, text: str) -> None:
        """Publish with mosquitto_pub."""
        command = ["mosquitto_pub", *self._how(), "-q", "1", "-t", topic, "-m", text]
        process = await asyncio.create_subprocess_exec(*command)
        assert 0 == await asyncio.wait_for(process.wait(), 10)

    @asynccontextmanager
    async def heard(self, topic: str = "#") -> AsyncIterator[Heard]:
        """Listen with mosquitto_sub."""
        # Into a pipe it would keep what it prints; -d tells when the broker has subscribed it.
        command = ["stdbuf", "-oL", "mosquitto_sub", *self._how(), "-q", "1", "-v", "-d"]
        command += ["-t", topic]
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        try:
            heard = Heard(process)
            await heard.until_subscribed()
            yield heard
        finally:
            process.terminate()
            await process.wait()


class Heard:
    """What mosquitto_sub prints."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def until_subscribed(self) -> None:
        """Wait until the broker has its subscription."""
        while "SUBACK" not in await self._line():
            pass

    async def next(self) -> tuple[str, str]:
        """Give the next message: topic and text."""
        while True:
            line = await self._line()
            if not line.startswith(("Client ", "Subscribed ")):
                topic, _, text = line.partition(" ")
                return topic, text

    async def _line(self) -> str:
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), 10)
        assert line, "mosquitto_sub has ended"
        return line.decode().rstrip("\n")


@contextmanager
def mosquitto(folder: Path) -> Iterator[Mosquitto]:
    """Run a broker with a listener of each kind; the one over TCP wants user and password."""
    broker = Mosquitto(folder, {kind: free_port() for kind in KINDS}, trustme.CA())
    server = broker.authority.issue_cert("localhost", "127.0.0.1")
    (folder / "ca.pem").write_bytes(broker.trusted)
    (folder / "cert.pem").write_bytes(b"".join(one.bytes() for one in server.cert_chain_pems))
    (folder / "key.pem").write_bytes(server.private_key_pem.bytes())
    (folder / "passwords").write_text("")
    (folder / "passwords").chmod(0o600)
    added = ["mosquitto_passwd", "-b", str(folder / "passwords"), USER, SECRET]
    subprocess.run(added, check=True, capture_output=True)
    tls = [f"cafile {folder}/ca.pem", f"certfile {folder}/cert.pem", f"keyfile {folder}/key.pem"]
    lines = [
        "per_listener_settings true",
        f"listener {broker.ports['tcp']} 127.0.0.1",
        f"password_file {folder}/passwords",
        f"listener {broker.ports['secured']} 127.0.0.1",
        *tls,
        "allow_anonymous true",
        f"listener {broker.ports['mutual']} 127.0.0.1",
        *tls,
        "allow_anonymous true",
        "require_certificate true",
    ]
    # Started as root, it would become a user that may not read the folder.
    (folder / "mosquitto.conf").write_text("\n".join(["user root", *lines, ""]))
    broker.begin()
    try:
        yield broker
    finally:
        broker.end()
