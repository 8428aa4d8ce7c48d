"""
The data connections of FTP: what is on its way over them, and how that ends.

pyftpdlib's own handler takes every end of an upload for a good one and leaves a client without an
answer when the disk is full; here an end is told apart from a reset, and every refusal is said.

Rule 1: nothing is read before a command asked for it; TLS begins after the 150, as ProFTPD,
vsftpd and Pure-FTPd have it.
Rule 2: what arrives is written in blocks of one size, so that the record does not depend on how
TCP cut it.
Rule 3: an upload that is refused on its way is read to its end and dropped, and then answered,
so that its client sees the answer and never a broken pipe by chance (ASSUMED).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import TYPE_CHECKING

from OpenSSL import SSL
from pyftpdlib.handlers.ftp.dispatchers import (  # type: ignore[import-untyped]
    ActiveDTP,
    PassiveDTP,
)
from pyftpdlib.handlers.ftp.producers import FileProducer  # type: ignore[import-untyped]
from pyftpdlib.handlers.ftps.data import TLS_DTPHandler  # type: ignore[import-untyped]

from simulators.clock import real_pause
from simulators.ftp_server.faults import SlowLine
from simulators.ftp_server.ftp_files import reply_to
from simulators.ftp_server.session import OpenFile
from simulators.ftp_server.tls import is_resumed

if TYPE_CHECKING:
    from simulators.ftp_server.ftp_line import ControlLine

BLOCK_BYTES = 32_768
READ_BYTES = 65_536
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of no time: a close drops what was not sent and says so by a reset."""

COMPLETE = "226 Transfer complete."
ABORTED = "426 Transfer aborted. Data connection reset."
UNREACHED = "425 Cannot build data connection."
NO_REUSE = "522 SSL connection failed: session reuse required."


class Upload:
    """
    A file that comes from the client.

    Parameters:
        control: whose it is.
        file: open for writing.
        offset_bytes: where its first byte goes.
    """

    def __init__(self, control: ControlLine, file: OpenFile, offset_bytes: int) -> None:
        self.control = control
        self.file = file
        self.failure: str | None = None
        self._offset_bytes = offset_bytes
        self._rest = b""

    @property
    def path(self) -> str:
        """Which file, as the user sees it."""
        return self.file.shown

    def take(self, data: bytes) -> None:
        """Write the whole blocks of what has come so far."""
        data, self._rest = self._rest + data, b""
        while data and (len(data) >= BLOCK_BYTES or self.control.is_beyond_limit(len(data))):
            if not self._put(data[:BLOCK_BYTES]):
                return
            data = data[BLOCK_BYTES:]
        self._rest = data

    def flush(self) -> None:
        """Write what is less than a block."""
        data, self._rest = self._rest, b""
        if data:
            self._put(data)

    def _put(self, block: bytes) -> bool:
        """Write a block, and say whether to go on."""
        if self.failure is not None or self.control.blocked("write"):
            return False
        if (refusal := self.control.refusal("write")) is not None:
            self.control.note("write", self.path, refusal)
            self.failure = refusal
            return False
        try:
            going_on = self.control.write(self.file, self._offset_bytes, block)
        except OSError as error:
            self.failure = reply_to(error, self.path)
            return False
        self._offset_bytes += len(block)
        return going_on

    def line_lost(self) -> None:
        """Write what had arrived; the session closes the file."""
        data, self._rest = self._rest, b""
        if data and self.failure is None:
            with contextlib.suppress(OSError):
                self.control.opened.write(self.file, self._offset_bytes, data)

    def close(self, answer: str) -> None:
        """Close the file."""
        self.control.opened.close(self.file, answer)


class Download:
    """
    A file that goes to the client.

    Parameters:
        control: whose it is.
        file: open for reading.
        offset_bytes: where to begin.
    """

    def __init__(self, control: ControlLine, file: OpenFile, offset_bytes: int) -> None:
        self.control = control
        self.file = file
        self._offset_bytes = offset_bytes

    @property
    def path(self) -> str:
        """Which file, as the user sees it."""
        return self.file.shown

    def read(self, count_bytes: int) -> bytes:
        """Read on, as files do."""
        data = self.control.read(self.file, self._offset_bytes, count_bytes)
        self._offset_bytes += len(data)
        return data

    def close(self, answer: str) -> None:
        """Close the file."""
        self.control.opened.close(self.file, answer)


class Listing:
    """A list that goes to the client."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def close(self, answer: str) -> None:
        """Do nothing: no file is open."""


Transfer = Upload | Download | Listing


class DataLine(TLS_DTPHandler):  # type: ignore[misc]
    """One data connection."""

    # pyftpdlib's timers count real seconds: none is left on.
    timeout = 0

    def __init__(self, connection: object, control: ControlLine) -> None:
        self.control = control
        self.transfer: Transfer | None = None
        self._answered = False
        self._gone = asyncio.Event()
        self._pause: asyncio.Task[None] | None = None
        # Not that of TLS_DTPHandler, which would begin TLS before the command.
        super(TLS_DTPHandler, self).__init__(connection, control)
        if self.connected:
            self._want(0)

    # --- a transfer begins

    def begin(self, transfer: Transfer) -> None:
        """Carry ``transfer``, behind TLS where the client asked for it."""
        self.transfer = transfer
        if self.control.protects_data:
            self._want(self.ioloop.READ)
            self.secure_connection(self.control.ssl_context)
        else:
            self._carry(transfer)

    def handle_ssl_established(self) -> None:
        """Go on behind the handshake, unless its session is not a resumed one."""
        transfer = self.transfer
        known = is_resumed(self.socket) and not self.control.has_forgotten_sessions
        refused = self.control.demands_session_reuse and not known
        if refused and isinstance(transfer, Upload):
            transfer.failure = NO_REUSE
        elif refused:
            self.finish(NO_REUSE, "session reuse demanded")
            return
        if transfer is not None:
            self._carry(transfer)

    def handle_failed_ssl_handshake(self) -> None:
        """Answer as RFC 4217 §10.2 says."""
        self._error = True
        self.finish("522 SSL handshake failed.", "tls handshake failed")

    def _carry(self, transfer: Transfer) -> None:
        kind = self.control.current_type
        if isinstance(transfer, Upload):
            self.enable_receiving(kind, "STOR")
            return
        if isinstance(transfer, Download):
            self.push_with_producer(FileProducer(transfer, kind))
        else:
            self.push(transfer.content)
        if not self._closed:
            self.close_when_done()

    # --- what happens on the socket

    def readable(self) -> bool:
        """Say whether anything is to be read now."""
        return bool(self._ssl_accepting or self._ssl_want_read or self.receive)

    def modify_ioloop_events(self, events: int, logdebug: bool = False) -> None:
        """Wait for these events, unless the server is to look frozen."""
        if not self.control.frozen:
            super().modify_ioloop_events(events, logdebug)

    def handle_read_event(self) -> None:
        """Read, or go on with TLS."""
        if not self._ssl_requested:
            self._receive()
            return
        with self._handle_ssl_want_rw():
            self._ssl_want_read = False
            if self._ssl_accepting:
                self._do_ssl_handshake()
            elif self._ssl_closing:
                self._do_ssl_shutdown()
            elif self.receive:
                self._receive()
            else:
                self.initiate_send()

    def _do_ssl_handshake(self) -> None:
        super()._do_ssl_handshake()
        if self._closed and not self._answered:
            # The client left in its middle, which pyftpdlib does not answer.
            self.control.respond("522 SSL handshake failed.")

    def _do_ssl_shutdown(self) -> None:
        super()._do_ssl_shutdown()
        if not (self._closed or self._ssl_want_read or self._ssl_want_write):
            # pyftpdlib passes over errors of TLS here, and the connection would stay for ever.
            self._error = True
            self.close()

    def _receive(self) -> None:
        try:
            data = self._read()
        except OSError:
            self._ended(ABORTED, "data connection reset")
            return
        if data == b"":
            self._ended(COMPLETE, "ok")
        elif data is not None and isinstance(self.transfer, Upload):
            self.tot_bytes_received += len(data)
            slow = self.control.drop.faults.active(SlowLine)
            if slow is not None:
                self._rest_for(len(data) / slow.bytes_per_s)
            self.transfer.take(self._data_wrapper(data) if self._data_wrapper else data)

    def _read(self) -> bytes | None:
        """Give what has come, b"" at the end, None where it is not yet there."""
        slow = self.control.drop.faults.active(SlowLine)
        count_bytes = READ_BYTES if slow is None else min(READ_BYTES, 1 + slow.bytes_per_s // 10)
        try:
            return bytes(self.socket.recv(count_bytes))
        except BlockingIOError:
            return None
        except SSL.WantReadError:
            self._ssl_want_read = True
            return None
        except SSL.WantWriteError:
            self._ssl_want_write = True
            return None
        except SSL.ZeroReturnError:
            return b""
        except SSL.Error as error:
            # An end without TLS's own goodbye is taken for an end, as ProFTPD and Pure-FTPd do.
            if error.args[-1:] != ("Unexpected EOF",) or self._is_reset():
                raise ConnectionResetError from error
            return b""

    def _is_reset(self) -> bool:
        # The handshake may have met the reset before, and TLS then tells of a mere end.
        try:
            self.socket.getpeername()
        except OSError:
            return True
        return False

    def _rest_for(self, seconds: float) -> None:
        self._want(0)
        self._pause = asyncio.ensure_future(self._read_on(seconds))

    async def _read_on(self, seconds: float) -> None:
        await real_pause(seconds, until=self._gone)
        if self._closed:
            return
        try:
            self._want(self.ioloop.READ)
            # What TLS holds already makes no socket readable.
            if self._ssl_established and self.socket.pending():
                self.handle_read_event()
        except Exception:
            self.handle_error()

    def _want(self, events: int) -> None:
        self.modify_ioloop_events(events)
        self._wanted_io_events = events

    # --- a transfer ends

    def handle_close(self) -> None:
        """Take note that the socket has ended, or that all was sent."""
        if self._closed or self.control.frozen:
            return
        if self.transfer is None:
            self.close()
        elif self.receive and not self._wanted_io_events & self.ioloop.READ:
            # A slow line rests: what came before the end is still to be read.
            self._want(self.ioloop.READ)
        elif self.receive or self._ssl_accepting or self.producer_fifo:
            self._error = True
            self._ended(ABORTED, "data connection reset")
        else:
            self._ended(COMPLETE, "ok")

    def _ended(self, reply: str, answer: str) -> None:
        transfer, control = self.transfer, self.control
        if isinstance(transfer, Upload):
            if self._had_cr:
                # pyftpdlib keeps back the last CR of a text for the LF that never came.
                transfer.take(b"\r")
            transfer.flush()
            reply = reply if answer != "ok" else transfer.failure or reply
            if self.transfer is None:
                # Its last bytes were one too many for this connection.
                return
        if control.gone or control.frozen:
            return
        if transfer is None or isinstance(transfer, Listing):
            self.finish(reply, answer)
        elif not control.blocked("close"):
            reply = control.refusal("close") or reply
            control.answering("close", transfer.path, lambda: self.finish(reply, answer))

    def finish(self, reply: str, answer: str) -> None:
        """Close the file and the connection, and then answer."""
        self._answered = True
        transfer, self.transfer = self.transfer, None
        if transfer is not None:
            transfer.close(answer)
        self.close()
        self.control.respond(reply)

    def handle_error(self) -> None:
        """Say that the server has a bug, to the client and to the loop."""
        self._error = True
        self.log_exception(self)
        self.finish("451 Local error in processing.", "failure")

    def close(self) -> None:
        """Close the connection, and a file that is still open."""
        self._gone.set()
        self.control.forget_data(self)
        transfer, self.transfer = self.transfer, None
        if transfer is not None:
            transfer.close("transfer aborted")
        super().close()

    def break_off(self, *, with_reset: bool) -> None:
        """Lose this connection alone, and say so on the other."""
        if with_reset:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self._error = True
        self._ended(ABORTED, "data connection reset")

    def cut(self, *, with_reset: bool) -> None:
        """Close the connection without TLS's goodbye."""
        self._error = True
        if with_reset and not self._closed:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.close()


class PassiveDoor(PassiveDTP):  # type: ignore[misc]
    """A port that waits for a data connection, for as long as it takes."""

    timeout = 0

    def handle_accepted(self, connection: socket.socket, address: object) -> None:
        """Take a connection, and give up what waited for one that was gone at once."""
        super().handle_accepted(connection, address)
        if self._closed and self.cmd_channel.data_channel is None:
            self.cmd_channel.door_closed()
            self.cmd_channel.drop_waiting(ABORTED, "data connection reset")


class ActiveDoor(ActiveDTP):  # type: ignore[misc]
    """The way to a port that the client named."""

    timeout = 0

    def handle_connect(self) -> None:
        """Answer PORT, once the client's port has taken the connection."""
        self.cmd_channel.answering("active", self._cmd, super().handle_connect)

    def handle_close(self) -> None:
        """Answer PORT, where the client's port did not."""
        self.cmd_channel.answering("active", self._cmd, super().handle_close)
        self.cmd_channel.door_closed()
        self.cmd_channel.drop_waiting(UNREACHED)
