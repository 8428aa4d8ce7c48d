"""
SFTP in front of the drop: version 3 of the protocol, as OpenSSH speaks it.

draft-ietf-secsh-filexfer-02, with the extensions fsync@openssh.com, posix-rename@openssh.com
and statvfs@openssh.com. This file turns packets into verbs of a `Session` and its errors into
status codes, and it plays what can go wrong on the line; it decides nothing about files.

Rule 1: the clock is held from the moment a connection is accepted until it is lost.
Rule 2: once a line is lost nothing is done any more, whatever was still in its buffers.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self, TypeVar

import asyncssh

from simulators.clock import Clock, real_pause
from simulators.faults import Faults
from simulators.ftp_server.drop import Drop, User, new_drop
from simulators.ftp_server.faults import (
    ChangedHostKey,
    CutAfterBytes,
    CutAtCommand,
    CutBeforeAnswer,
    NoAnswer,
    RefusedCommand,
    ServerAway,
    SlowAnswer,
    SlowLine,
)
from simulators.ftp_server.session import OpenFile, OpenMode, Session
from simulators.ftp_server.steps import Steps
from simulators.wiretap import Wiretap

WIRE = "sftp"
BLOCK_BYTES = 512
ROOMY_BLOCKS = 1 << 31
"""What a disk without a limit reports as free: 1 TiB in blocks (ASSUMED; any large number)."""

RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of no time: a close drops what was not sent and says so by a reset."""

T = TypeVar("T")


class SftpServer:
    """
    A utility's SFTP server on a port of this machine.

    Parameters:
        name: its name on the bench.
        clock, tap: the scenario's.
        users: who may log in, with their homes.
        root: an existing folder for the files, best an empty temporary one.
        drop: what another server serves as well; it has the users, root, faults and folders then.
        host_key: the key it shows; None to make one.
        faults: what goes wrong; None for a list of its own, to be found under ``faults``.
        folders: further folders to make, below the root.

    Attributes:
        drop: the files and what happened to them.
        faults: what is going wrong, to be switched and scheduled.
        port: where it listens, once started.
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
        host_key: asyncssh.SSHKey | None = None,
        faults: Faults | None = None,
        folders: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.drop = drop or new_drop(name, clock, tap, root, users, folders, faults)
        self.faults = self.drop.faults
        self.port = 0
        self._clock = clock
        self._host_key = host_key or asyncssh.generate_private_key("ssh-ed25519")
        self._other_key: asyncssh.SSHKey | None = None
        self._acceptor: asyncssh.SSHAcceptor | None = None
        self._away: socket.socket | None = None
        self._lines: dict[_Line, None] = {}
        self.faults.listen(self._faults_changed)

    @property
    def host_key_line(self) -> str:
        """The public host key as one OpenSSH line, as it would be handed out on paper."""
        return self._host_key.export_public_key("openssh").decode("ascii").strip()

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
        await self._faults_changed()

    async def stop(self) -> None:
        """Cut every line and give the port back; what stands in the drop stays there."""
        self._go_away()
        for line in list(self._lines):
            await line.gone.wait()
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

    async def _faults_changed(self) -> None:
        if self.faults.active(ServerAway) is not None:
            self._go_away()
        elif self._is_deaf():
            self._go_away()
            if self._away is not None:
                # Who connects is taken by the machine, and greeted when this is over.
                self._away.listen()
        elif self._away is not None:
            # Taken over by the listener, which closes it in the end.
            listener, self._away = self._away, None
            self._acceptor = await self._listen(listener)
        if self._acceptor is not None:
            self._acceptor.update(server_host_keys=[self._shown_key()])

    async def _listen(self, listener: socket.socket) -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            sock=listener,
            config=None,
            server_factory=lambda: _Line(self.drop, self._clock, self._lines),
            server_host_keys=[self._shown_key()],
            sftp_factory=_Sftp,
            public_key_auth=self.drop.has_keys,
            password_auth=self.drop.has_passwords,
            kbdint_auth=False,
            gss_host=None,
            agent_forwarding=False,
            x11_forwarding=False,
            compression_algs=None,
        )

    def _is_deaf(self) -> bool:
        # asyncssh greets who it accepts, so nobody is accepted.
        silent = self.faults.active(NoAnswer)
        if silent is None or silent.action != "connect":
            return False
        self.drop.bitten.append(silent)
        return True

    def _shown_key(self) -> asyncssh.SSHKey:
        if self.faults.active(ChangedHostKey) is None:
            return self._host_key
        if self._other_key is None:
            self._other_key = asyncssh.generate_private_key("ssh-ed25519")
        return self._other_key

    def _go_away(self) -> None:
        if self._acceptor is None:
            return
        self._acceptor.close()
        self._acceptor = None
        # Bound and not listening: connections are refused, and nobody else takes the port.
        self._away = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._away.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._away.bind(("127.0.0.1", self.port))
        for line in list(self._lines):
            line.cut("server away")


class _Line(asyncssh.SSHServer):
    """One connection from accept to loss, with the login of its user."""

    def __init__(self, drop: Drop, clock: Clock, lines: dict[_Line, None]) -> None:
        self.drop = drop
        self.steps = Steps(drop)
        self.session: Session | None = None
        self.gone = asyncio.Event()
        self.uploaded_bytes = 0
        self._lines = lines
        self._reading = asyncio.Lock()
        self._key = ""
        self._clock = clock
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._hold = self._clock.hold(f"a connection at {self.drop.name}")
        self._lines[self] = None
        self.steps.take("connect")
        at = self.steps.biting(CutAtCommand, "connect")
        refused = self.steps.biting(RefusedCommand, "connect")
        if at is not None:
            self.cut("at the command connect", with_reset=at.with_reset)
        elif refused is not None:
            conn.disconnect(asyncssh.DISC_TOO_MANY_CONNECTIONS, refused.text)

    def connection_lost(self, exc: Exception | None) -> None:
        self._lines.pop(self, None)
        if self.session is not None:
            self.session.line_lost()
        self.gone.set()
        self._hold.release()

    async def begin_auth(self, username: str) -> bool:
        """Take the name; whoever it is has to log in."""
        try:
            await self.answer("user", lambda: None)
        except asyncssh.SFTPFailure as refusal:
            raise asyncssh.PermissionDenied(str(refusal)) from None
        return True

    def password_auth_supported(self) -> bool:
        return True

    async def validate_password(self, username: str, password: str) -> bool:
        try:
            user = await self.answer("login", lambda: self.drop.login(username, password, WIRE))
        except asyncssh.SFTPFailure:
            return False
        self.session = None if user is None else Session(self.drop, user, WIRE)
        return user is not None

    def public_key_auth_supported(self) -> bool:
        return True

    async def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """
        Let a user in by key.

        A client asks first whether the key would do, and signs then (RFC 4252 §7). The question is
        answered, the signature is the login; asyncssh checks it when this has said yes.
        """
        line = key.export_public_key("openssh").decode("utf-8")
        if line != self._key and self.drop.knows_key(username, line):
            self._key = line
            return True
        return await self._log_in_by_key(username, line)

    async def auth_completed(self) -> None:
        """Note the login of a client that has signed without asking."""
        if self.session is None and self._connection is not None:
            await self._log_in_by_key(self._connection.get_extra_info("username"), self._key)

    async def _log_in_by_key(self, user_name: str, line: str) -> bool:
        try:
            user = await self.answer("login", lambda: self.drop.login_by_key(user_name, line, WIRE))
        except asyncssh.SFTPFailure:
            return False
        self.session = None if user is None else Session(self.drop, user, WIRE)
        return user is not None

    async def answer(self, action: str, do: Callable[[], T]) -> T:
        """Do what the client asks, unless a fault of the line is in the way."""
        if self.gone.is_set():
            self._refuse()
        self.steps.take(action)
        if self.steps.biting(NoAnswer, action) is not None:
            await self.gone.wait()
            self._refuse()
        if (at := self.steps.biting(CutAtCommand, action)) is not None:
            self.cut(f"at the command {action}", with_reset=at.with_reset)
            self._refuse()
        refused = self.steps.biting(RefusedCommand, action)
        if refused is not None and action != "close":
            self._note_refusal(refused)
            raise asyncssh.SFTPFailure(refused.text)
        try:
            done = do()
        finally:
            # A refusal is an answer, too.
            await self._keep_back_answer(action)
        if refused is not None:
            raise asyncssh.SFTPFailure(refused.text)
        return done

    async def _keep_back_answer(self, action: str) -> None:
        if (before := self.steps.biting(CutBeforeAnswer, action)) is not None:
            self.cut(f"before the answer of {action}", with_reset=before.with_reset)
            self._refuse()
        if (slow := self.steps.biting(SlowAnswer, action)) is not None:
            await real_pause(slow.delay_ms / 1000, until=self.gone)
            if self.gone.is_set():
                self._refuse()

    def _note_refusal(self, refused: RefusedCommand) -> None:
        if self.session is not None:
            self.session.note(refused.action, answer=refused.text.lower())

    async def slow_down(self, count_bytes: int) -> None:
        """Take as long for so many bytes as a slow line does, one block after the other."""
        slow = self.drop.faults.active(SlowLine)
        if slow is not None:
            async with self._reading:
                await real_pause(count_bytes / slow.bytes_per_s, until=self.gone)

    def cut(self, why: str, *, with_reset: bool = False) -> None:
        """Cut the line now; what is still to be sent is not sent."""
        if self._connection is not None and not self.gone.is_set():
            if self.session is not None:
                self.session.cut(why)
            if with_reset:
                line = self._connection.get_extra_info("socket")
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            self._connection.abort()

    def _refuse(self) -> NoReturn:
        # Never reaches the client: its line is gone. It ends the work on this packet.
        raise asyncssh.SFTPConnectionLost("the line is cut")


class _Sftp(asyncssh.SFTPServer):
    """One SFTP session: packets to verbs."""

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes]) -> None:
        super().__init__(channel)
        line = self.connection.get_owner()
        if not isinstance(line, _Line) or line.session is None:
            raise asyncssh.SFTPConnectionLost("the line is cut")
        self._line = line
        self._session = line.session

    async def _answer(self, action: str, do: Callable[[], T]) -> T:
        return await self._line.answer(action, do)

    async def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        append = bool(pflags & asyncssh.FXF_APPEND)
        mode = OpenMode(
            read=bool(pflags & asyncssh.FXF_READ),
            write=append or bool(pflags & asyncssh.FXF_WRITE),
            create=bool(pflags & asyncssh.FXF_CREAT),
            truncate=bool(pflags & asyncssh.FXF_TRUNC),
            exclusive=bool(pflags & asyncssh.FXF_EXCL),
            append=append,
        )
        return await self._answer("open", lambda: self._session.open(_text(path), mode))

    async def read(self, file_obj: object, offset: int, size: int) -> bytes:
        file = _file(file_obj)
        return await self._answer("read", lambda: self._session.read(file, offset, size))

    async def write(self, file_obj: object, offset: int, data: bytes) -> int:
        file, line = _file(file_obj), self._line
        await line.slow_down(len(data))
        limit = self._line.drop.faults.active(CutAfterBytes)
        if limit is not None and line.uploaded_bytes + len(data) > limit.upload_bytes:
            data = data[: limit.upload_bytes - line.uploaded_bytes]
            self._session.write(file, offset, data)
            line.cut(f"after {limit.upload_bytes} bytes", with_reset=limit.with_reset)
            raise asyncssh.SFTPConnectionLost("the line is cut")
        line.uploaded_bytes += len(data)
        await self._answer("write", lambda: self._session.write(file, offset, data))
        return len(data)

    async def close(self, file_obj: object) -> None:
        file = _file(file_obj)
        if not self._line.gone.is_set():
            await self._answer("close", lambda: self._session.close(file))

    async def fsync(self, file_obj: object) -> None:
        file = _file(file_obj)
        await self._answer("sync", lambda: self._session.sync(file))

    async def stat(self, path: bytes) -> asyncssh.SFTPAttrs:
        return _attributes(await self._answer("stat", lambda: self._session.stat(_text(path))))

    async def lstat(self, path: bytes) -> asyncssh.SFTPAttrs:
        # Links are refused everywhere, so both questions have the same answer.
        return await self.stat(path)

    def fstat(self, file_obj: object) -> asyncssh.SFTPAttrs:
        return _attributes(os.fstat(_file(file_obj).descriptor))

    def setstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        _check_settable(attrs)

    def lsetstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        _check_settable(attrs)

    def fsetstat(self, file_obj: object, attrs: asyncssh.SFTPAttrs) -> None:
        _check_settable(attrs)

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        names = await self._answer("list", lambda: self._session.list(_text(path)))
        for name, status in names:
            yield asyncssh.SFTPName(name.encode(), attrs=_attributes(status))

    def format_longname(self, name: asyncssh.SFTPName) -> None:
        # No owners and no times: they would tell one run from another.
        filename = name.filename if isinstance(name.filename, str) else _text(name.filename)
        name.longname = f"{name.attrs.size or 0:>12} {filename}".encode()

    async def remove(self, path: bytes) -> None:
        await self._answer("remove", lambda: self._session.remove(_text(path)))

    async def mkdir(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        await self._answer("make-folder", lambda: self._session.make_folder(_text(path)))

    async def rmdir(self, path: bytes) -> None:
        await self._answer("remove-folder", lambda: self._session.remove_folder(_text(path)))

    async def realpath(self, path: bytes) -> bytes:
        shown = await self._answer("resolve", lambda: self._session.resolve(_text(path)))
        return shown.encode()

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        old, new = _text(oldpath), _text(newpath)
        await self._answer("rename", lambda: self._session.rename(old, new))

    async def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        old, new = _text(oldpath), _text(newpath)
        await self._answer("rename", lambda: self._session.rename(old, new, replace=True))

    def readlink(self, path: bytes) -> bytes:
        raise asyncssh.SFTPOpUnsupported("links are not kept here")

    def symlink(self, oldpath: bytes, newpath: bytes) -> None:
        raise asyncssh.SFTPOpUnsupported("links are not kept here")

    def link(self, oldpath: bytes, newpath: bytes) -> None:
        raise asyncssh.SFTPOpUnsupported("links are not kept here")

    def statvfs(self, path: bytes) -> asyncssh.SFTPVFSAttrs:
        return self._space()

    def fstatvfs(self, file_obj: object) -> asyncssh.SFTPVFSAttrs:
        return self._space()

    def _space(self) -> asyncssh.SFTPVFSAttrs:
        free_bytes = self._session.free_bytes()
        free = ROOMY_BLOCKS if free_bytes is None else free_bytes // BLOCK_BYTES
        return asyncssh.SFTPVFSAttrs(
            bsize=BLOCK_BYTES,
            frsize=BLOCK_BYTES,
            blocks=ROOMY_BLOCKS,
            bfree=free,
            bavail=free,
            namemax=255,
        )


def _text(path: bytes) -> str:
    try:
        return path.decode("utf-8")
    except UnicodeDecodeError:
        raise asyncssh.SFTPFailure("the path is not UTF-8") from None


def _file(file_obj: object) -> OpenFile:
    if not isinstance(file_obj, OpenFile):
        raise asyncssh.SFTPFailure("not an open file")
    return file_obj


def _attributes(status: os.stat_result) -> asyncssh.SFTPAttrs:
    return asyncssh.SFTPAttrs(size=status.st_size, permissions=status.st_mode)


def _check_settable(attrs: asyncssh.SFTPAttrs) -> None:
    # Owners, permissions and times are taken with OK and not kept; a size would be a change
    # of content behind the record's back.
    if attrs.size is not None:
        raise asyncssh.SFTPOpUnsupported("files are not cut to a size here")
