"""A real server of FTP on a loop, and clients in a thread that are not ours: ftplib, and curl."""

from __future__ import annotations

import asyncio
import contextlib
import ftplib
import io
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from simulators.clock import VirtualClock
from simulators.faults import Fault
from simulators.ftp_server import FtpServer, User
from simulators.wiretap import Wiretap
from tests.unit.simulators.ftp_server.conftest import START

CONTENT = bytes(range(256)) * 390  # 99 840 bytes: three blocks and a rest
LONG_S = 10.0
SHORT_S = 0.4
BROKEN = (EOFError, OSError)
"""What ftplib raises when a line breaks; errors of TLS are among them."""


class Client(ftplib.FTP_TLS):
    """ftplib with what real servers demand: TLS sessions that are resumed, TLS from the start."""

    resumes = True
    implicit = False

    def connect(self, *args: object, **options: object) -> str:
        """Connect to the server, at once in TLS where that is the mode."""
        if not self.implicit:
            return super().connect(*args, **options)  # type: ignore[arg-type]
        raw = socket.create_connection(("127.0.0.1", int(str(args[1]))), timeout=self.timeout)
        self.host, self.af = "localhost", raw.family
        self.sock = self.context.wrap_socket(raw, server_hostname="localhost")
        self.file = self.sock.makefile("r", encoding=self.encoding)
        self.welcome = self.getresp()
        return self.welcome

    def ntransfercmd(
        self, cmd: str, rest: int | str | None = None
    ) -> tuple[socket.socket, int | None]:
        """Open a data connection that resumes the session of the control connection."""
        connection, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        if self._prot_p:  # type: ignore[attr-defined]
            session = self.sock.session if self.resumes else None  # type: ignore[union-attr]
            connection = self.context.wrap_socket(
                connection, server_hostname="localhost", session=session
            )
        return connection, size


Talk = Callable[["Bench"], object]


@dataclass
class Bench:
    """A server with its clock, and what a client in a thread needs of it."""

    server: FtpServer
    clock: VirtualClock
    tap: Wiretap
    loop: asyncio.AbstractEventLoop
    root: Path

    def client(self, timeout_s: float = LONG_S, *, log_in: bool = True) -> Client | ftplib.FTP:
        """Give a client that trusts the server, connected and logged in."""
        client = self.unconnected(timeout_s)
        client.connect("localhost", self.server.port)
        if log_in:
            client.login("ise", "geheim")
            if isinstance(client, Client):
                client.prot_p()
        return client

    def unconnected(self, timeout_s: float = LONG_S) -> Client | ftplib.FTP:
        """Give a client that trusts the server."""
        if self.server.security == "none":
            return ftplib.FTP(timeout=timeout_s)
        context = ssl.create_default_context(cadata=self.server.certificate_pem)
        client = Client(timeout=timeout_s, context=context)
        client.implicit = self.server.security == "implicit"
        return client

    def log_in(self, client: Client | ftplib.FTP) -> None:
        """Connect and log in."""
        client.connect("localhost", self.server.port)
        client.login("ise", "geheim")

    def switch(self, fault: Fault) -> None:
        """Switch a fault on from the client's thread."""
        asyncio.run_coroutine_threadsafe(self.server.faults.switch_on(fault), self.loop).result(5)

    def end(self, fault: type[Fault]) -> None:
        """Switch a fault off from the client's thread."""
        asyncio.run_coroutine_threadsafe(self.server.faults.switch_off(fault), self.loop).result(5)

    def put(self, path: str, content: bytes) -> None:
        """Place a file at the server's own machine."""
        (self.root / "home" / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / "home" / path).write_bytes(content)

    def at(self, path: str) -> bytes | None:
        """Give what stands at the server's machine."""
        place = self.root / "home" / path
        return place.read_bytes() if place.exists() else None

    def did(self) -> list[tuple[str, str, str]]:
        """Give action, path and answer of every event."""
        return [(event.action, event.path, event.answer) for event in self.server.drop.events]

    def answers(self, action: str) -> list[str]:
        """Give the answers of the events of one action."""
        return [answer for one, _, answer in self.did() if one == action]


def serve(root: Path, talk: Talk, *faults: Fault, **options: object) -> Bench:
    """Let a client talk to a fresh server in a thread, and give what is left of it."""

    async def run() -> Bench:
        clock = VirtualClock(START, patience_s=8)
        tap = Wiretap(clock)
        quota = options.pop("quota_bytes", None)
        users = [User("ise", "geheim", "home", quota_bytes=quota)]  # type: ignore[arg-type]
        server = FtpServer("S", clock, tap, users=users, root=root, **options)  # type: ignore[arg-type]
        (root / "home" / "in").mkdir(exist_ok=True)
        bench = Bench(server, clock, tap, asyncio.get_running_loop(), root)
        failures: list[dict[str, object]] = []
        bench.loop.set_exception_handler(lambda _, context: failures.append(context))
        async with server:
            for fault in faults:
                await server.faults.switch_on(fault)
            await asyncio.to_thread(talk, bench)
            await clock.settle()
        assert () == clock.held_by
        assert [] == failures
        return bench

    return asyncio.run(run())


def upload(client: Client | ftplib.FTP, port: int) -> None:
    """Do what a careful sender does: a temporary name, the size, the final name."""
    client.connect("localhost", port)
    client.login("ise", "geheim")
    if isinstance(client, Client):
        client.prot_p()
    client.storbinary("STOR in/.a.part", io.BytesIO(CONTENT))
    assert len(CONTENT) == client.size("in/.a.part")
    client.rename("in/.a.part", "in/a.csv")
    client.quit()


def download(client: Client | ftplib.FTP, port: int) -> None:
    """Fetch a file, and drop it."""
    client.connect("localhost", port)
    client.login("ise", "geheim")
    client.retrbinary("RETR a", lambda _: None)


def let_go(client: Client | ftplib.FTP) -> None:
    """Close a client whose line may be broken."""
    with contextlib.suppress(Exception):
        client.close()


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until something has come about in the server's thread."""
    for _ in range(200):
        if condition():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it did not come about within two seconds")
