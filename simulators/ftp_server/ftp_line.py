"""
The control connection of FTP: lines in, answers out, and what goes wrong on the way.

pyftpdlib reads the lines and opens the ways for data. Here each line becomes a step that can be
cut, frozen, refused, or done with its answer lost; what a command does stands in `ftp_commands`.

Rule 1: the clock is held from the moment a connection is accepted until it is lost.
Rule 2: once a line is lost nothing is done any more.
Rule 3: every command leaves an event of its action before its answer leaves, so that an answer
can be held back (`ControlLine.answering`).
"""

from __future__ import annotations

import asyncio
import posixpath
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from OpenSSL import SSL
from pyftpdlib.handlers.ftps.control import TLS_FTPHandler  # type: ignore[import-untyped]

from simulators.clock import Clock, real_pause
from simulators.ftp_server.drop import Drop, Event
from simulators.ftp_server.faults import (
    ClosedPassivePorts,
    CutAfterBytes,
    CutAtCommand,
    CutBeforeAnswer,
    NoAnswer,
    RefusedCommand,
    SessionReuseDemanded,
    SlowAnswer,
)
from simulators.ftp_server.ftp_data import (
    RESET,
    UNREACHED,
    ActiveDoor,
    DataLine,
    PassiveDoor,
    Transfer,
    Upload,
)
from simulators.ftp_server.ftp_files import FACTS
from simulators.ftp_server.session import OpenFile, Session
from simulators.ftp_server.steps import Steps

LINE_LIMIT_BYTES = 8192
"""Longer commands are answered 500 (ASSUMED; some limit)."""

TELNET = b"\xff\xf4\xf2"
"""What clients put in front of ABOR, RFC 959 §4.1.3."""

ACTIONS = {
    "ABOR": "abort",
    "ALLO": "allocate",
    "APPE": "open",
    "AUTH": "secure",
    "CDUP": "change-folder",
    "CWD": "change-folder",
    "DELE": "remove",
    "EPRT": "active",
    "EPSV": "passive",
    "FEAT": "features",
    "HASH": "hash",
    "HELP": "help",
    "LIST": "list",
    "MDTM": "stat",
    "MFMT": "set-time",
    "MKD": "make-folder",
    "MLSD": "list",
    "MLST": "stat",
    "MODE": "mode",
    "NLST": "list",
    "NOOP": "noop",
    "OPTS": "options",
    "PASS": "login",
    "PASV": "passive",
    "PBSZ": "buffer",
    "PORT": "active",
    "PROT": "protect",
    "PWD": "resolve",
    "QUIT": "quit",
    "REST": "restart",
    "RETR": "open",
    "RMD": "remove-folder",
    "RNFR": "rename-from",
    "RNTO": "rename",
    "SIZE": "stat",
    "STAT": "stat",
    "STOR": "open",
    "STRU": "structure",
    "SYST": "system",
    "TYPE": "type",
    "USER": "user",
    "XCUP": "change-folder",
    "XCWD": "change-folder",
    "XMKD": "make-folder",
    "XPWD": "resolve",
    "XRMD": "remove-folder",
    "XSHA256": "hash",
}
"""Every command that is known, with what its event is called; others are ``unknown``."""

SECURING = ("AUTH", "PBSZ", "PROT")
PORTS = ("PASV", "EPSV", "PORT", "EPRT")
HASHING = {
    "HASH": {"perm": "r", "auth": True, "arg": True, "help": "Syntax: HASH <SP> path."},
    "XSHA256": {"perm": "r", "auth": True, "arg": True, "help": "Syntax: XSHA256 <SP> path."},
}


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """
    What the lines of a server have in common.

    Attributes:
        drop, clock: the server's.
        wire: what the record calls it.
        security: ``none``, ``optional``, ``explicit`` or ``implicit``.
        context: gives the TLS context that new connections are shown.
        extended_passive, masquerade_address, hashes, demands_session_reuse: see `FtpServer`.
        lines: those that are up.
    """

    drop: Drop
    clock: Clock
    wire: str
    security: str
    context: Callable[[], SSL.Context | None]
    extended_passive: bool
    masquerade_address: str | None
    hashes: bool
    demands_session_reuse: bool
    lines: dict[ControlLine, None] = field(default_factory=dict)

    def commands(self) -> dict[str, dict[str, object]]:
        """Give what pyftpdlib is to know of each command that there is."""
        known = TLS_FTPHandler.proto_cmds | (HASHING if self.hashes else {})
        absent = set(known) - set(ACTIONS)
        if self.security == "none":
            absent |= set(SECURING)
        if not self.extended_passive:
            absent.add("EPSV")
        return {name: facts for name, facts in known.items() if name not in absent}

    def features(self) -> list[str]:
        """Give what FEAT says besides what follows from the commands."""
        secure = [] if self.security == "none" else ["AUTH TLS", "PBSZ", "PROT"]
        return secure + (["XSHA256"] if self.hashes else [])


class ControlLine(TLS_FTPHandler):  # type: ignore[misc]
    """
    One connection from accept to loss, with the login of its user.

    Parameters:
        connection: the accepted socket.
        acceptor: pyftpdlib's.
        ioloop: pyftpdlib's.
        terms: what holds for all lines.

    Attributes:
        gone: whether the line is lost.
        frozen: whether nothing is answered any more.
        session: of the user who logged in.
    """

    # pyftpdlib's timers count real seconds: none is left on.
    timeout = 0
    banner = "FTP server ready."
    use_sendfile = False
    dtp_handler = DataLine
    passive_dtp = PassiveDoor
    active_dtp = ActiveDoor

    # What pyftpdlib sets.
    data_channel: DataLine | None
    ssl_context: SSL.Context
    _in_buffer: list[bytes]
    _in_buffer_len: int
    _restart_position: int

    def __init__(
        self, connection: socket.socket, acceptor: object, ioloop: object, terms: Terms
    ) -> None:
        self.terms = terms
        self.drop = terms.drop
        self.steps = Steps(terms.drop)
        self.gone = False
        self.frozen = False
        self.session: Session | None = None
        self.uploaded_bytes = 0
        self.proto_cmds = terms.commands()
        self._held_back: list[str] | None = None
        self._afterwards: list[Callable[[], None]] = []
        self._waiting: Transfer | None = None
        self._deaf_port: socket.socket | None = None
        self._lost = asyncio.Event()
        self._late: asyncio.Task[None] | None = None
        self._hash = "SHA-1"
        self._hold = terms.clock.hold(f"a connection at {terms.drop.name}")
        terms.lines[self] = None
        super().__init__(connection, acceptor, ioloop)
        self.masquerade_address = terms.masquerade_address
        self.tls_control_required = terms.security == "explicit"
        self._extra_feats = terms.features()
        self._current_facts = list(FACTS)
        self._available_facts = list(FACTS)

    def get_ssl_context(self) -> SSL.Context | None:
        """Give what this line shows, as long as it is up."""
        return self.terms.context()

    # --- what the faults of the line do

    def blocked(self, action: str) -> bool:
        """Play what stops a command before anything is done, and say whether something did."""
        if self.gone or self.frozen:
            return True
        self.steps.take(action)
        if self.steps.biting(NoAnswer, action) is not None:
            self._freeze()
            return True
        if (at := self.steps.biting(CutAtCommand, action)) is not None:
            self.cut(f"at the command {action}", with_reset=at.with_reset)
            return True
        return False

    def refusal(self, action: str) -> str | None:
        """Give the reply where a command is refused by a fault."""
        refused = self.steps.biting(RefusedCommand, action)
        return None if refused is None else f"{refused.code} {refused.text}"

    def answering(self, action: str, path: str, do: Callable[[], None]) -> None:
        """Do what was asked for, record it, and only then let the answer leave."""
        if self._held_back is not None:
            do()
            return
        before = len(self.drop.events)
        self._held_back = []
        self._last_response = ""
        try:
            do()
        finally:
            answers, self._held_back = self._held_back, None
            afterwards, self._afterwards = self._afterwards, []
        if self.gone:
            return
        recorded = any(event.action == action for event in self.drop.events[before:])
        if answers and not recorded:
            self.note(action, path, _outcome(self._last_response))
        if self._is_cut_before_answer(action):
            return
        slow = self.steps.biting(SlowAnswer, action)
        if slow is None:
            self._let_go(answers, afterwards)
        else:
            self._late = asyncio.ensure_future(self._let_go_late(slow, answers, afterwards))

    def _let_go(self, answers: list[str], afterwards: list[Callable[[], None]]) -> None:
        for answer in answers:
            self.push(answer)
        for follow in afterwards:
            if not self.gone:
                follow()

    async def _let_go_late(
        self, slow: SlowAnswer, answers: list[str], afterwards: list[Callable[[], None]]
    ) -> None:
        await real_pause(slow.delay_ms / 1000, until=self._lost)
        try:
            self._let_go(answers, afterwards)
        except Exception:
            self.handle_error()

    def _is_cut_before_answer(self, action: str) -> bool:
        before = self.steps.biting(CutBeforeAnswer, action)
        if before is None:
            return False
        self.cut(f"before the answer of {action}", with_reset=before.with_reset)
        return True

    def is_beyond_limit(self, count_bytes: int) -> bool:
        """Say whether the line is to be cut within the next bytes of an upload."""
        limit = self.drop.faults.active(CutAfterBytes)
        return limit is not None and self.uploaded_bytes + count_bytes > limit.upload_bytes

    def write(self, file: OpenFile, offset_bytes: int, block: bytes) -> bool:
        """Write a block of an upload, and say whether to go on."""
        limit = self.drop.faults.active(CutAfterBytes)
        if limit is not None and self.is_beyond_limit(len(block)):
            kept = block[: max(0, limit.upload_bytes - self.uploaded_bytes)]
            if kept:
                self.opened.write(file, offset_bytes, kept)
            self._cut_upload(limit)
            return False
        self.opened.write(file, offset_bytes, block)
        self.uploaded_bytes += len(block)
        return not self._is_cut_before_answer("write")

    def _cut_upload(self, limit: CutAfterBytes) -> None:
        why = f"after {limit.upload_bytes} bytes"
        if limit.data_alone and self.data_channel is not None:
            self.note("cut", answer=f"{why}, the data connection alone")
            self.data_channel.break_off(with_reset=limit.with_reset)
        else:
            self.cut(why, with_reset=limit.with_reset)

    def read(self, file: OpenFile, offset_bytes: int, count_bytes: int) -> bytes:
        """Read a part of a download; nothing where a fault stops it."""
        if self.blocked("read"):
            return b""
        data = self.opened.read(file, offset_bytes, count_bytes)
        return b"" if self._is_cut_before_answer("read") else data

    def _freeze(self) -> None:
        # The line itself is read on, to see its end; what comes is dropped.
        for frozen in (self.data_channel, self._dtp_acceptor, self._dtp_connector):
            if frozen is not None:
                frozen.del_channel()
        self.frozen = True

    def cut(self, why: str, *, with_reset: bool = False) -> None:
        """Cut the line now, without a goodbye; what is still to be sent is not sent."""
        if self.gone:
            return
        self.note("cut", answer=why)
        self._lose()
        self._error = True
        if with_reset:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        if (data := self.data_channel) is not None:
            data.cut(with_reset=with_reset)
        self.close()

    def note(self, action: str, path: str = "", answer: str = "ok") -> None:
        """Record what was no verb of the session."""
        user = self.username if self.session is None else self.session.user.name
        event = Event(self.drop.now(), user, action, path, answer)
        self.drop.record(event, self.terms.wire, self.drop.party(user))

    # --- the line

    def handle(self) -> None:
        """Greet; where TLS comes first, after it."""
        if self.terms.security == "implicit":
            self._pbsz = self._prot = True
            if not self.blocked("connect"):
                self.note("connect")
                if not self.blocked("secure"):
                    self.secure_connection(self.ssl_context)
        elif not self.blocked("connect"):
            self.answering("connect", "", self._greet)

    def handle_ssl_established(self) -> None:
        """Greet, where TLS came first."""
        if self.terms.security == "implicit":
            self.note("secure")
            if not self._is_cut_before_answer("secure"):
                self.answering("connect", "", self._greet)

    def _greet(self) -> None:
        refusal = self.refusal("connect")
        self.respond(refusal or f"220 {self.banner}")
        if refusal:
            self.close_when_done()

    def push(self, data: str) -> None:
        """Send, or hold back until the event is recorded."""
        if self.gone or self.frozen:
            return
        if self._held_back is not None:
            self._held_back.append(data)
        else:
            super().push(data)

    def close_when_done(self) -> None:
        """Close the line behind the answer."""
        if self._held_back is not None:
            self._afterwards.append(super().close_when_done)
        elif not self.gone:
            super().close_when_done()

    def close(self) -> None:
        """Close the line, after what must be closed first."""
        self._lose()
        super().close()

    def _lose(self) -> None:
        if self.gone:
            return
        if self._ssl_accepting:
            self.note("secure", answer="tls handshake failed")
        self.gone = True
        self._lost.set()
        data = self.data_channel
        transfer = self._waiting if data is None else data.transfer
        if isinstance(transfer, Upload):
            transfer.line_lost()
        if self.session is not None:
            self.session.line_lost()
        self._close_deaf_port()
        self.terms.lines.pop(self, None)
        self._hold.release()

    def handle_error(self) -> None:
        """Say that the server has a bug, and close the line."""
        self._error = True
        self.log_exception(self)
        self.close()

    def log_exception(self, instance: object) -> None:
        """Tell the loop of a bug of the server, as nobody reads pyftpdlib's log."""
        asyncio.get_running_loop().call_exception_handler(
            {"message": f"{self.drop.name} failed", "exception": sys.exc_info()[1]}
        )

    # --- lines to commands

    def collect_incoming_data(self, data: bytes) -> None:
        """Keep what came of a line, but no more than a line may have."""
        self._in_buffer_len += len(data)
        if self._in_buffer_len <= LINE_LIMIT_BYTES:
            self._in_buffer.append(data)

    def found_terminator(self) -> None:
        """Do what a line says."""
        line = b"".join(self._in_buffer).lstrip(TELNET)
        too_long = self._in_buffer_len > LINE_LIMIT_BYTES
        self._in_buffer, self._in_buffer_len = [], 0
        if self.gone or self.frozen:
            return
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError:
            self._refuse_line("501 The command is not UTF-8.")
            return
        if too_long:
            self._refuse_line("500 Command too long.")
            return
        name, _, argument = text.partition(" ")
        self._command(name.upper(), argument, text)

    def _refuse_line(self, reply: str) -> None:
        self.answering("unknown", "", lambda: self.respond(reply))

    def _command(self, name: str, argument: str, line: str) -> None:
        action = ACTIONS.get(name, "unknown")
        if self.blocked(action):
            return
        path = self._path_of(name, argument)
        if (refusal := self.refusal(action)) is not None:
            self.answering(action, path, lambda: self.respond(refusal))
            return
        process = super().pre_process_command
        self.answering(action, path, lambda: process(line, name, argument))

    def _path_of(self, name: str, argument: str) -> str:
        """Give what the event of a command is about, where the session does not say it."""
        if name in PORTS or name not in ACTIONS:
            return name[:16]
        if name in ("USER", "PASS"):
            # A password is never recorded, and who it is stands there as the user.
            return ""
        if self.session is not None and self.proto_cmds.get(name, {}).get("perm"):
            return posixpath.normpath(str(self.fs.ftp2fs(argument)))
        return argument

    @property
    def opened(self) -> Session:
        """The session of the user, who has logged in."""
        if self.session is None:
            raise RuntimeError("pyftpdlib let somebody in without a login")
        return self.session

    # --- ways for data

    @property
    def protects_data(self) -> bool:
        """Whether the client asked for TLS on data connections."""
        return bool(self._prot)

    @property
    def demands_session_reuse(self) -> bool:
        """Whether data connections have to resume the TLS session."""
        switched = self.drop.faults.active(SessionReuseDemanded) is not None
        return switched or self.terms.demands_session_reuse

    @property
    def has_forgotten_sessions(self) -> bool:
        """Whether no TLS session is known any more that could be resumed."""
        switched = self.drop.faults.active(SessionReuseDemanded)
        return switched is not None and switched.forgotten

    @property
    def current_type(self) -> str:
        """``a`` or ``i``, as TYPE set it."""
        return str(self._current_type)

    def forget_data(self, data: DataLine) -> None:
        """Have no data connection any more, where it is this one."""
        if getattr(self, "data_channel", None) is data:
            self.data_channel = None

    def _on_dtp_close(self) -> None:
        """Do nothing: `forget_data` did it, and a later connection may be there."""

    def _on_dtp_connection(self) -> None:
        # Both have done their work; the connection is the data line's now.
        self.door_closed()
        transfer, self._waiting = self._waiting, None
        if transfer is not None and self.data_channel is not None:
            self.data_channel.begin(transfer)

    def drop_waiting(self, reply: str, answer: str = "no data connection") -> None:
        """Give up a transfer whose connection did not come about."""
        transfer, self._waiting = self._waiting, None
        if transfer is not None:
            transfer.close(answer)
            self.respond(reply)

    def door_closed(self) -> None:
        """Have no port any more on which a connection is waited for."""
        self._dtp_acceptor = self._dtp_connector = None

    def _shutdown_connecting_dtp(self) -> None:
        super()._shutdown_connecting_dtp()
        self.drop_waiting(UNREACHED)

    def _make_epasv(self, extmode: bool = False) -> None:
        self._close_deaf_port()
        if self.drop.faults.active(ClosedPassivePorts) is None:
            super()._make_epasv(extmode=extmode)
            return
        self._shutdown_connecting_dtp()
        # Bound and not listening: connections are refused, and nobody else takes the port.
        self._deaf_port = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._deaf_port.bind(("127.0.0.1", 0))
        port = self._deaf_port.getsockname()[1]
        address = (self.masquerade_address or "127.0.0.1").replace(".", ",")
        if extmode:
            self.respond(f"229 Entering extended passive mode (|||{port}|).")
        else:
            self.respond(f"227 Entering passive mode ({address},{port // 256},{port % 256}).")

    def _close_deaf_port(self) -> None:
        if self._deaf_port is not None:
            self._deaf_port.close()
            self._deaf_port = None


def _outcome(reply: str) -> str:
    """Give what an event says of a reply: ``ok``, or the reply."""
    return "ok" if reply[:1] in "123" else reply
