"""
FTP and FTPS in front of the drop: pyftpdlib's server on the loop of the bench, in no thread.

pyftpdlib has a loop of its own, which waits for sockets and counts seconds. Here each server has
one, whose descriptor the bench's loop watches; it looks at its sockets when there is something
to see, and never waits. None of its timers is left on, so nothing depends on real time but a
`SlowLine`.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import socket
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from OpenSSL import SSL
from pyftpdlib.ioloop import IOLoop  # type: ignore[import-untyped]
from pyftpdlib.servers import FTPServer  # type: ignore[import-untyped]

from simulators.clock import Clock
from simulators.faults import Faults
from simulators.ftp_server.drop import Drop, User, new_drop
from simulators.ftp_server.faults import ExpiredCertificate, ServerAway
from simulators.ftp_server.ftp_commands import CommandLine
from simulators.ftp_server.ftp_line import Terms
from simulators.ftp_server.tls import Certificate, make_certificate, make_context
from simulators.wiretap import Wiretap

SECURITY = ("none", "optional", "explicit", "implicit")

# It would set up logging of the whole process by itself where nobody has.
_log = logging.getLogger("pyftpdlib")
_log.addHandler(logging.NullHandler())
_log.setLevel(logging.WARNING)


class FtpServer:
    """
    A utility's FTP or FTPS server on a port of this machine.

    Parameters:
        name: its name on the bench.
        clock, tap: the scenario's.
        users: who may log in, with their homes.
        root: an existing folder for the files, best an empty temporary one.
        drop: what another server serves as well; it has the users, root, faults and folders then.
        security: ``none`` (plain FTP), ``explicit`` (AUTH TLS, and nothing without it),
            ``implicit`` (TLS from the first byte) or ``optional`` (AUTH TLS for who wants it).
        certificate: what it shows; None to make one.
        extended_passive: False to answer EPSV with 500.
        masquerade_address: what PASV tells, as behind address translation.
        hashes: whether HASH and XSHA256 are offered.
        demands_session_reuse: whether data connections must resume a TLS session.
        faults: what goes wrong; None for a list of its own, to be found under ``faults``.
        folders: further folders to make, below the root.

    Attributes:
        drop: the files and what happened to them.
        faults: what is going wrong, to be switched and scheduled.
        port: where it listens, once started.

    Raises:
        ValueError: If there is no such security, or the certificate cannot be read.
    """

    def __init__(
        self,
        name: str,
        clock: Clock,
        tap: Wiretap,
        *,
        users: Sequence[User] = (),
        root: Path | None = None,
        drop: Drop | None = None,
        security: str = "none",
        certificate: Certificate | None = None,
        extended_passive: bool = True,
        masquerade_address: str | None = None,
        hashes: bool = False,
        demands_session_reuse: bool = False,
        faults: Faults | None = None,
        folders: Sequence[str] = (),
    ) -> None:
        if security not in SECURITY:
            raise ValueError(f"security is {security!r}; it can be one of {SECURITY}")
        self.name = name
        self.security = security
        self.drop = drop or new_drop(name, clock, tap, root, users, folders, faults)
        self.faults = self.drop.faults
        self.port = 0
        self._certificate: Certificate | None = None
        self._context: SSL.Context | None = None
        if security != "none":
            self._certificate = certificate or make_certificate()
            self._context = make_context(self._certificate)
        self._expired: SSL.Context | None = None
        self._terms = Terms(
            drop=self.drop,
            clock=clock,
            wire="ftp" if security == "none" else "ftps",
            security=security,
            context=self._shown_context,
            extended_passive=extended_passive,
            masquerade_address=masquerade_address,
            hashes=hashes,
            demands_session_reuse=demands_session_reuse,
        )
        self._pollers: Any = None
        self._acceptor: Any = None
        self._away: socket.socket | None = None
        self.faults.listen(self._faults_changed)

    @property
    def certificate_pem(self) -> str:
        """The certificate that it shows, as it would be handed out to be trusted; "" for none."""
        return "" if self._certificate is None else self._certificate.certificate_pem

    async def start(self, port: int = 0) -> None:
        """Listen on ``port`` of 127.0.0.1; 0 takes a free one."""
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            listener.close()
            raise
        self.port = listener.getsockname()[1]
        self._away = listener
        self._pollers = IOLoop.factory()
        asyncio.get_running_loop().add_reader(self._pollers.fileno(), self._look)
        await self._faults_changed()

    async def stop(self) -> None:
        """Cut every line and give the port back; what stands in the drop stays there."""
        self._go_away()
        if self._pollers is not None:
            asyncio.get_running_loop().remove_reader(self._pollers.fileno())
            self._pollers.close()
            self._pollers = None
        if self._away is not None:
            self._away.close()
            self._away = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    def _look(self) -> None:
        """Let pyftpdlib do what its sockets are ready for, without waiting."""
        if self._pollers is not None:
            # What it wants done at once is left for the next look.
            later = self._pollers.loop(timeout=0, blocking=False)
            if later is not None:
                asyncio.get_running_loop().call_soon(self._look)

    async def _faults_changed(self) -> None:
        if self.faults.active(ServerAway) is not None:
            self._go_away()
        elif self._away is not None:
            # Taken over by the acceptor, which closes it in the end.
            listener, self._away = self._away, None
            line = functools.partial(CommandLine, terms=self._terms)
            self._acceptor = FTPServer(listener, line, ioloop=self._pollers)

    def _shown_context(self) -> SSL.Context | None:
        if self._certificate is None or self.faults.active(ExpiredCertificate) is None:
            return self._context
        if self._expired is None:
            self._expired = make_context(make_certificate(self._certificate.key_pem, expired=True))
        return self._expired

    def _go_away(self) -> None:
        if self._acceptor is None:
            return
        self._acceptor.close()
        self._acceptor = None
        # Bound and not listening: connections are refused, and nobody else takes the port.
        self._away = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._away.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._away.bind(("127.0.0.1", self.port))
        for line in list(self._terms.lines):
            line.cut("server away")
