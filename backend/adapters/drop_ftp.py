"""
Files to a utility's FTP or FTPS server: what `backend.adapters.upload` does, over RFC 959.

The standard library's client speaks; it waits, so it does so in a thread, one a line. What it
lacks for the servers that utilities have is added here:

* TLS before or behind the greeting (RFC 4217), with the data connections in the session of the
  control connection: ProFTPD, vsftpd and FileZilla Server refuse others.
* EPSV first, then PASV, and never the address that PASV names: behind address translation it is
  one that nobody outside can reach (RFC 2428, RFC 1579).
* The reason of a failure comes on the control connection while the data connection breaks, so
  it is waited for there.

An answer "226 Transfer complete" proves nothing: FTP has no length, and a data connection that
ended too early looks like a short file. RNTO replaces what stands there, so that is looked at
first. Active mode (PORT) is not spoken: a backend behind a firewall could not be reached.
"""

from __future__ import annotations

import asyncio
import contextlib
import ftplib
import hashlib
import re
import socket
import ssl
from collections.abc import Callable, Collection, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeVar

from backend.adapters.upload import (
    Courier,
    printable,
    server,
    unreachable,
    why_no_connection,
)
from backend.errors import (
    CertificateChanged,
    DeliveryError,
    Denied,
    FolderMissing,
    LineBroken,
    LoginRefused,
    NameTaken,
    NoSpace,
    TlsFailed,
    Unreachable,
)
from backend.ports import Destination

BLOCK_BYTES = 262_144
"""Bytes given to the data connection at once."""
REASON_WAIT_S = 5.0
"""How long a server's reason is waited for when a data connection broke, in real seconds."""
GOODBYE_WAIT_S = 2.0
"""How long the answer to QUIT is waited for, in real seconds; it changes nothing."""
KEEPALIVE_S = 15
"""After how many quiet seconds the kernel asks whether the server is still there."""
LIST_LIMIT_BYTES = 16_000_000
"""How much of a list of names is read."""

T = TypeVar("T")

_TLS_VERSIONS = {
    "1.0": ssl.TLSVersion.MINIMUM_SUPPORTED,  # naming an old one is deprecated
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}
_SHA256 = re.compile(r"\b[0-9a-fA-F]{64}\b")
_WANTS_TLS = re.compile(r"\b(tls|ssl|ftps|encrypt\w*|clear-?text)\b", re.IGNORECASE)
_IS_BUSY = re.compile(r"\b(max|maximum|too many|try again|later)\b", re.IGNORECASE)
_IS_ABSENT = re.compile(r"no such|not found|not exist|n't exist", re.IGNORECASE)
_TLS_CODES = (431, 521, 522, 533, 534, 535, 536)
"""Of RFC 2228 and RFC 2428, as servers use them where protection is at stake."""
_UNKNOWN_CODES = (500, 501, 502, 504)


class FtpDrop(Courier):
    """The way to FTP servers, and over TLS to FTPS servers."""

    @property
    def _is_shared(self) -> bool:
        return False

    async def _connect(self, destination: Destination, limit_s: float) -> _Connection:
        line = _Connection(_Talk(destination), destination, limit_s)
        try:
            await line.open()
        except BaseException:
            await line.abort()
            raise
        return line

    def _reached(self, destination: Destination) -> str:
        return f"{destination.host}:{destination.port} answers"


# ---------------------------------------------------------------- what is said, in a thread


class _BadCertificate(Exception):
    """The server shows another certificate than the pinned one; the text is its SHA-256."""


class _NoTls(Exception):
    """No TLS came about; the text says why."""


class _Untrusted(_NoTls):
    """
    Nobody vouches for the server's certificate.

    Attributes:
        shown: its SHA-256, so that it can be compared and pinned; empty where it is not known.
    """

    shown = ""


class _NoDataConnection(Exception):
    """The server's data port cannot be reached; the text says which, and why."""


class _Talk(ftplib.FTP):
    """
    One control connection, with blocking calls.

    Attributes:
        features: what the server offers besides RFC 959, by its FEAT: name to the rest.
    """

    def __init__(self, destination: Destination) -> None:
        super().__init__(timeout=destination.time_limit_s, encoding="utf-8")
        self.features: dict[str, str] = {}
        self._destination = destination
        self._context = _context(destination) if destination.kind == "ftps" else None
        self._extended_passive = True
        self._data: socket.socket | None = None
        self._session: ssl.SSLSession | None = None

    # --- from nothing to a session

    def open(self) -> None:
        """Connect, and have the line secured where that is asked for."""
        try:
            self._open()
        except _Untrusted as error:
            error.shown = _shown_by(self._destination)
            raise

    def _open(self) -> None:
        to = self._destination
        self.host, self.port = to.host, to.port
        self.sock = socket.create_connection((to.host, to.port), self.timeout)
        self.af = self.sock.family
        _send_at_once(self.sock)
        _keep_alive(self.sock)
        if self._context is not None and to.is_implicit:
            self._secure(self._context)
        else:
            self._read_from(self.sock)
        self.welcome = self.getresp()
        if self._context is not None and not to.is_implicit:
            try:
                self.voidcmd("AUTH TLS")
            except ftplib.error_perm as error:
                raise _NoTls(f"it refuses AUTH TLS ({printable(str(error))})") from None
            self._secure(self._context)

    def log_in(self) -> None:
        """Say who we are, ask what the server offers, and agree on binary transfers."""
        to = self._destination
        if self.sendcmd(f"USER {to.user}").startswith("3"):
            self.voidcmd(f"PASS {to.secret}")
        with contextlib.suppress(ftplib.Error):
            lines = self.sendcmd("FEAT").splitlines()[1:-1]
            named = (line.strip().partition(" ") for line in lines)
            self.features = {name.upper(): rest for name, _, rest in named}
        if "UTF8" in self.features:
            with contextlib.suppress(ftplib.Error):
                self.sendcmd("OPTS UTF8 ON")
        if self._context is not None:
            self.voidcmd("PBSZ 0")
            self.voidcmd("PROT P")
        if "SHA-256" in self.features.get("HASH", ""):
            with contextlib.suppress(ftplib.Error):
                self.sendcmd("OPTS HASH SHA-256")
        self.voidcmd("TYPE I")

    def _secure(self, context: ssl.SSLContext) -> None:
        self.sock = self._wrapped(context, self._line(), None)
        # What came in the clear before is not read any more.
        self._read_from(self.sock)

    def _wrapped(
        self, context: ssl.SSLContext, connection: socket.socket, session: ssl.SSLSession | None
    ) -> ssl.SSLSocket:
        try:
            secured = context.wrap_socket(connection, server_hostname=self.host, session=session)
        except ssl.SSLCertVerificationError as error:
            words = f"its certificate is not to be trusted: {error.verify_message}"
            raise _Untrusted(words) from None
        except (ssl.SSLEOFError, ConnectionError):
            # Who disagrees on TLS says so; this is a line that is gone.
            raise EOFError from None
        except ssl.SSLError as error:
            raise _NoTls(error.reason or str(error)) from None
        pinned = self._destination.certificate_sha256
        if pinned:
            shown = hashlib.sha256(secured.getpeercert(binary_form=True) or b"").hexdigest()
            if shown != pinned:
                secured.close()
                raise _BadCertificate(shown)
        return secured

    def _read_from(self, connection: socket.socket) -> None:
        # Servers say things in the code page of their machine; that must not break a delivery.
        self.file = connection.makefile("r", encoding="utf-8", errors="backslashreplace")

    def _line(self) -> socket.socket:
        if self.sock is None:
            raise EOFError
        return self.sock

    # --- data connections

    def makepasv(self) -> tuple[str, int]:
        """Give host and port of the next data connection: EPSV, else PASV, at the same host."""
        peer = self._line().getpeername()
        if self._extended_passive:
            try:
                return ftplib.parse229(self.sendcmd("EPSV"), peer)
            except ftplib.error_perm:
                self._extended_passive = False
        _, port = ftplib.parse227(self.sendcmd("PASV"))
        return peer[0], port

    def ntransfercmd(
        self, cmd: str, rest: int | str | None = None
    ) -> tuple[socket.socket, int | None]:
        """Open a data connection for a command, in the TLS session of the control connection."""
        host, port = self.makepasv()
        try:
            connection = socket.create_connection((host, port), self.timeout)
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise _NoDataConnection(f"{host}:{port}, {why.lower()}") from None
        self._data = connection
        _send_at_once(connection)
        try:
            if not (reply := self.sendcmd(cmd)).startswith("1"):
                raise ftplib.error_reply(reply)
            if self._context is not None:
                try:
                    connection = self._wrapped(self._context, connection, self._tls_session())
                    self._data = connection
                except (_NoTls, EOFError):
                    self._await_reason()
                    raise
        except BaseException:
            connection.close()
            raise
        return connection, None

    def _tls_session(self) -> ssl.SSLSession | None:
        # Asked for once: it is known when the first answers have come, and is copied each time.
        if self._session is None and isinstance(self.sock, ssl.SSLSocket):
            self._session = self.sock.session
        return self._session

    def _await_reason(self) -> None:
        """Raise what the server says of a data connection that broke, if it says anything."""
        line = self._line()
        line.settimeout(REASON_WAIT_S)
        try:
            with contextlib.suppress(TimeoutError):
                self.getresp()
        finally:
            line.settimeout(self.timeout)

    # --- what a session can do

    def store(self, name: str, content: bytes) -> None:
        """Upload; one that stands there is replaced."""
        view = memoryview(content)
        with self.transfercmd(f"STOR {name}") as connection:
            try:
                for offset in range(0, len(view), BLOCK_BYTES):
                    connection.sendall(view[offset : offset + BLOCK_BYTES])
                _end(connection)
            except OSError:
                connection.close()
                self._await_reason()
                raise
        self.voidresp()

    def fetch(self, command: str, limit_bytes: int) -> bytes:
        """Give what a command sends over a data connection; at most one byte beyond the limit."""
        found = bytearray()
        with self.transfercmd(command) as connection:
            while len(found) <= limit_bytes and (block := connection.recv(BLOCK_BYTES)):
                found += block
        if len(found) <= limit_bytes:
            self.voidresp()
        else:
            with contextlib.suppress(ftplib.Error):
                self.voidresp()  # that it could not send the rest
        return bytes(found[: limit_bytes + 1])

    def size_of(self, name: str) -> int | None:
        """Give a size in bytes, None where there is no such file."""
        for ask in (self._by_size, self._by_facts, self._by_reading):
            try:
                return ask(name)
            except ftplib.error_perm as error:
                if _code(error) not in _UNKNOWN_CODES:
                    return None
        return None

    def _by_size(self, name: str) -> int:
        return int(self.sendcmd(f"SIZE {name}").split()[1])

    def _by_facts(self, name: str) -> int:
        facts = re.search(r"\bsize=(\d+);", self.sendcmd(f"MLST {name}"), re.IGNORECASE)
        if facts is None:
            raise ftplib.error_perm("504 MLST without a size")
        return int(facts[1])

    def _by_reading(self, name: str) -> int:
        return len(self.fetch(f"RETR {name}", self.largest_bytes))

    #: The largest file that is read to be counted, where a server does not tell sizes.
    largest_bytes = 1_000_000_000

    def sha256_of(self, name: str) -> str | None:
        """Give what the server says the SHA-256 is, where it offers to."""
        for feature in ("HASH", "XSHA256"):
            if feature in self.features:
                try:
                    found = _SHA256.search(self.sendcmd(f"{feature} {name}"))
                except ftplib.Error:
                    continue
                if found is not None:
                    return found[0].lower()
        return None

    def remove(self, name: str) -> None:
        """Remove a file, if there is one."""
        try:
            self.voidcmd(f"DELE {name}")
        except ftplib.error_perm:
            if self.size_of(name) is not None:
                raise

    def names(self) -> list[str]:
        """List the folder."""
        if "MLST" in self.features:
            lines = self.fetch("MLSD", LIST_LIMIT_BYTES).splitlines()
            found = [line.partition(b" ")[2] for line in lines]
        else:
            try:
                found = self.fetch("NLST", LIST_LIMIT_BYTES).splitlines()
            except ftplib.Error as error:
                if _code(error) not in (450, 550):  # some say so of an empty folder
                    raise
                found = []
        return [name.decode("utf-8", "backslashreplace").rpartition("/")[2] for name in found]

    # --- to the end

    def say_goodbye(self) -> None:
        """Take leave; whatever comes of it changes nothing."""
        self._line().settimeout(GOODBYE_WAIT_S)
        self.voidcmd("QUIT")

    def cut(self) -> None:
        """End whatever another thread waits for on this line."""
        for connection in (self._data, self.sock):
            if connection is not None:
                with contextlib.suppress(OSError):
                    # Not SSLSocket's own, which takes the session from under the other thread.
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)


def _shown_by(destination: Destination) -> str:
    """Connect once more, to any certificate, and give the SHA-256 of the one that is shown."""
    # What was refused is not given out by `ssl`; a pin that fits nothing names what it met.
    to_any = replace(destination, certificate_sha256="0" * 64, time_limit_s=REASON_WAIT_S)
    talk = _Talk(to_any)
    try:
        with contextlib.suppress(_NoTls, ftplib.Error, EOFError, OSError):
            talk.open()
    except _BadCertificate as error:
        return str(error)
    finally:
        talk.close()
    return ""


def _context(destination: Destination) -> ssl.SSLContext:
    if destination.certificate_sha256:
        # The pin is compared instead; what this machine trusts would take 40 ms to be read.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context = ssl.create_default_context(cadata=destination.authority or None)
    context.minimum_version = _TLS_VERSIONS[destination.tls_min]
    if destination.tls_min == "1.0":
        context.set_ciphers("DEFAULT@SECLEVEL=0")  # OpenSSL 3 has none for them otherwise
    return context


def _send_at_once(line: socket.socket) -> None:
    # Else a short command, and the end of a file, wait for the acknowledgement of what went
    # before: 40 ms each with most kernels.
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _keep_alive(line: socket.socket) -> None:
    line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_KEEPIDLE"):
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_S)


def _end(connection: socket.socket) -> None:
    """Say that a file ends here; over TLS some servers hang up instead of answering that."""
    if isinstance(connection, ssl.SSLSocket):
        connection.settimeout(REASON_WAIT_S)
        with contextlib.suppress(OSError):
            connection.unwrap()


# ---------------------------------------------------------------- the same, waited for


class _Connection:
    """
    A line to a server; fills the port `upload.Connection`.

    Attributes:
        is_sound: whether a further delivery may go over it: each command has its answer.
    """

    def __init__(self, talk: _Talk, destination: Destination, limit_s: float) -> None:
        self.talk = talk
        self.destination = destination
        self.is_sound = True
        self._is_given_back = False
        self._limit_s = limit_s
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"ftp {destination.name}")

    @property
    def reached(self) -> str:
        """What was reached."""
        to = self.destination
        shown = self.talk.sock
        if not isinstance(shown, ssl.SSLSocket):
            return f"{to.host}:{to.port} answers, unencrypted"
        how = "the pinned certificate" if to.certificate_sha256 else "a certificate that is trusted"
        return f"{to.host}:{to.port} shows {how}, {shown.version()}"

    @property
    def welcome(self) -> str:
        """What the login is good for."""
        return f"user {self.destination.user!r} is let in"

    async def open(self) -> None:
        """Connect."""
        to = self.destination
        try:
            async with asyncio.timeout(self._limit_s):
                await self._do(self.talk.open)
        except TimeoutError:
            unreachable(to, f"no answer within {self._limit_s:g} s")
        except (_NoTls, _BadCertificate) as error:
            raise _tls_failed(error, to) from None
        except ftplib.Error as error:
            raise _refusal(error, to, "connecting") from None
        except (EOFError, ConnectionResetError, BrokenPipeError):
            unreachable(to, "it hung up at once, or does not speak FTP")
        except OSError as error:
            unreachable(to, why_no_connection(to, error))

    async def session(self) -> _Session:
        """Log in."""
        to = self.destination
        try:
            async with asyncio.timeout(self._limit_s):
                with _explained(to, "logging in"):
                    await self._do(self.talk.log_in)
        except TimeoutError:
            unreachable(to, f"no answer to the login within {self._limit_s:g} s")
        return _Session(self, to)

    async def close(self) -> None:
        """Take leave, and give everything back."""
        try:
            with contextlib.suppress(ftplib.Error, EOFError, OSError):
                await self._do(self.talk.say_goodbye)
        finally:
            await self.abort()

    async def abort(self) -> None:
        """Give everything back: whatever the thread waits for ends, and it closes what is open."""
        self.is_sound = False
        if not self._is_given_back:
            self._is_given_back = True
            self.talk.cut()
            self._thread.submit(self.talk.close)
            self._thread.shutdown(wait=False)

    async def carry(self, work: Coroutine[Any, Any, T]) -> T:
        """Have a whole delivery done by the thread: to hand over each step would take as long."""
        return await self._do(lambda: _done(work))

    async def _do(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def do(self, doing: str, work: Callable[[], T], *, with_data: bool = False) -> T:
        """
        Do something, in the thread; what goes wrong is told as a `DeliveryError`.

        Parameters:
            with_data: whether a data connection is part of it.
        """
        with _explained(self.destination, doing):
            try:
                return work()
            except BaseException as error:
                # A refusal is an answer; after all else one may still come, to be taken for
                # that to the next command.
                self.is_sound &= isinstance(error, ftplib.error_perm) and not with_data
                raise


def _done(work: Coroutine[Any, Any, T]) -> T:
    """Run to its end what waits for nothing but the blocking calls in it."""
    try:
        work.send(None)
    except StopIteration as end:
        done: T = end.value
        return done
    work.close()
    raise RuntimeError("a delivery over FTP waits for the loop, which is not here")


class _Session:
    """
    A login, in the folder of its destination; fills the port `upload.Session`.

    Its methods block, in the thread of its line.
    """

    def __init__(self, line: _Connection, destination: Destination) -> None:
        self._line = line
        self._talk = line.talk
        self._destination = destination
        self._is_there = destination.folder in ("", ".")

    async def enter(self) -> None:
        """Make sure of the folder, and go there, once."""
        folder = self._destination.folder
        if self._is_there:
            return
        try:
            self._line.do(f"going to {folder!r}", lambda: self._talk.voidcmd(f"CWD {folder}"))
        except (Denied, FolderMissing) as error:
            raise FolderMissing(
                f"there is no folder {folder!r}, or not for this user ({error.what})",
                error.where,
                "create it on the server, or correct the folder of the destination",
            ) from None
        self._is_there = True

    async def size_of(self, name: str) -> int | None:
        """Give the size of a file in bytes; None where there is none."""
        return self._line.do(f"looking for the file ({name})", lambda: self._talk.size_of(name))

    async def sha256_of(self, name: str) -> str | None:
        """Give what the server says that the file's SHA-256 is."""
        return self._line.do(f"asking for the hash ({name})", lambda: self._talk.sha256_of(name))

    async def write(self, name: str, content: bytes) -> None:
        """Write a file."""
        self._line.do(
            f"uploading ({name})", lambda: self._talk.store(name, content), with_data=True
        )

    async def rename(self, name: str, to: str) -> None:
        """Give a file another name, unless a file has it: RNTO would replace that."""
        if await self.size_of(to) is not None:
            raise NameTaken(
                f"a file stands under {to} already",
                server(self._destination),
                "find out whose it is",
            )
        self._line.do(f"renaming ({to})", lambda: self._talk.rename(name, to))

    async def remove(self, name: str) -> None:
        """Remove a file, if there is one."""
        self._line.do(f"removing ({name})", lambda: self._talk.remove(name))

    async def holds(self, name: str, content: bytes) -> bool:
        """Tell whether a file is these bytes."""
        try:
            read = self._line.do(
                f"reading the file back ({name})",
                lambda: self._talk.fetch(f"RETR {name}", len(content)),
                with_data=True,
            )
        except Denied:
            # Write-only folders exist; then name and size are all there is to compare.
            return True
        return read == content

    async def names(self) -> Collection[str]:
        """List the folder."""
        return self._line.do("listing the folder", self._talk.names, with_data=True)


# ---------------------------------------------------------------- what went wrong


@contextlib.contextmanager
def _explained(destination: Destination, doing: str) -> Iterator[None]:
    """Turn what the library raises into the kind of `DeliveryError` that it means."""
    try:
        yield
    except (_NoTls, _BadCertificate) as error:
        raise _tls_failed(error, destination) from None
    except _NoDataConnection as error:
        raise Unreachable(
            f"the server's port for data cannot be reached at {doing} ({error})",
            server(destination),
            "have the server's range of passive ports opened on the way to it",
        ) from None
    except ftplib.Error as error:
        raise _refusal(error, destination, doing) from None
    except (OSError, EOFError) as error:
        raise LineBroken(
            f"the line broke at {doing}",
            server(destination),
            "it is tried again; what was left behind is removed then",
        ) from error
    except ValueError as error:
        raise DeliveryError(
            f"what the server said at {doing} cannot be read ({printable(str(error))})",
            server(destination),
            "it is tried again; if it stays so, ask the utility",
        ) from error


def _code(error: ftplib.Error) -> int:
    """Give the code of a reply; 0 where it has none."""
    digits = str(error)[:3]
    return int(digits) if digits.isascii() and digits.isdigit() else 0


def _refusal(error: ftplib.Error, destination: Destination, doing: str) -> DeliveryError:
    """Tell by code and words what a server means; it uses both freely (RFC 959 §4.2)."""
    code, said = _code(error), printable(str(error))
    where = server(destination)
    # ProFTPD says no more than EPERM of a data connection that has not resumed the TLS session.
    unresumed = code == 425 and destination.kind == "ftps" and "not permitted" in said
    if unresumed or code in _TLS_CODES or (code >= 400 and _WANTS_TLS.search(said)):
        return TlsFailed(
            f"the server refused at {doing} because of the encryption ({said})",
            where,
            'take kind = "ftps" where it wants TLS; if it is, ask the utility what it demands',
        )
    if code == 421 or (code == 530 and _IS_BUSY.search(said)):
        return Unreachable(
            f"the server takes nobody now, at {doing} ({said})", where, "it is tried again"
        )
    if code in (332, 430, 530):
        return LoginRefused(
            f"the server refused user {destination.user!r} or the password ({said})",
            where,
            "correct user and password of the destination, or ask the utility whether the "
            "account is locked",
        )
    if code in (451, 452, 552):
        hint = "" if code != 451 else "; most often that is a full disk"
        return NoSpace(
            f"the server has no room left at {doing} ({said}){hint}",
            where,
            "ask the utility to make room; it is tried again",
        )
    if code in (425, 426):
        return LineBroken(
            f"the data connection broke at {doing} ({said})",
            where,
            "it is tried again; if it stays so, ask about firewalls and passive ports",
        )
    if code in (450, 550, 553):
        return _denied(said, destination, doing)
    return DeliveryError(
        f"the server refused at {doing} ({said})",
        where,
        "it is tried again; if it stays so, ask the utility",
    )


def _denied(said: str, destination: Destination, doing: str) -> DeliveryError:
    if _IS_ABSENT.search(said):
        return FolderMissing(
            f"the server does not find the folder or the file at {doing} ({said})",
            server(destination),
            "create the folder on the server, or correct the folder of the destination",
        )
    return Denied(
        f"the server does not allow it, at {doing} ({said})",
        server(destination),
        f"ask the utility for the right to write into {destination.folder!r}",
    )


def _tls_failed(error: Exception, destination: Destination) -> DeliveryError:
    if isinstance(error, _BadCertificate):
        return CertificateChanged(
            f"the server shows another certificate than the pinned one: its SHA-256 is {error}, "
            f"pinned is {destination.certificate_sha256}; nothing was sent",
            server(destination),
            "ask the utility whether it changed its certificate, compare, and only then pin the "
            "new one",
        )
    shown = error.shown if isinstance(error, _Untrusted) else ""
    told = f" (its SHA-256 is {shown}; compare it before it is pinned)" if shown else ""
    return TlsFailed(
        f"no encrypted connection came about: {printable(str(error))}{told}",
        server(destination),
        "give the certificate's issuer (authority_file) or pin it (certificate_sha256) where it "
        "is not publicly trusted; else ask the utility about its TLS",
    )
