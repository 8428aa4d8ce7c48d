"""
Files to a utility's SFTP server: what `backend.adapters.upload` does, over SSH.

SFTP version 3 has no code for "disk full" or "exists": OpenSSH answers a bare FAILURE to both
(draft-ietf-secsh-filexfer-02 §7). Where it can be asked, the free space is
(``statvfs@openssh.com``); where not, the error says that the server gave no reason. Its rename
never overwrites. What was written is put on the disk where the server offers it
(``fsync@openssh.com``).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import posixpath
import stat
from collections.abc import AsyncIterator, Collection, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

import asyncssh

from backend.adapters.sftp_requests import (
    BLOCK_BYTES,
    READING,
    WRITING,
    SftpRequests,
)
from backend.adapters.upload import (
    Courier,
    printable,
    server,
    unreachable,
    why_no_connection,
)
from backend.errors import (
    DeliveryError,
    Denied,
    FolderMissing,
    HostKeyChanged,
    LineBroken,
    LoginRefused,
    NoSpace,
)
from backend.ports import Destination

KEEPALIVE_S = 15
"""After how many quiet seconds the server is asked whether it is still there."""
KEEPALIVE_COUNT = 3
"""How many such questions may stay unanswered before the line counts as broken."""
_HOST_KEY_ALGORITHMS = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
    "ssh-rsa",
)
#: What asyncssh takes for secure, in its order but for the first: processors do AES by themselves.
_ENCRYPTION = (
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "chacha20-poly1305@openssh.com",
    "aes256-ctr",
    "aes192-ctr",
    "aes128-ctr",
)

T = TypeVar("T")

_LINE_ERRORS = (
    asyncssh.DisconnectError,
    asyncssh.SFTPConnectionLost,
    asyncssh.SFTPNoConnection,
    OSError,
    EOFError,
)

# At INFO asyncssh writes user names and addresses of every login into the log.
logging.getLogger("asyncssh").setLevel(logging.WARNING)


class SftpDrop(Courier):
    """The way to SFTP servers."""

    @property
    def _is_shared(self) -> bool:
        return True

    async def _connect(self, destination: Destination, limit_s: float) -> _Connection:
        return _Connection(await _connect(destination, limit_s), destination)

    def _reached(self, destination: Destination) -> str:
        return _reached(destination)


@dataclass(frozen=True, slots=True)
class _Connection:
    """A line to a server, its login done."""

    line: asyncssh.SSHClientConnection
    destination: Destination

    @property
    def reached(self) -> str:
        return _reached(self.destination)

    @property
    def welcome(self) -> str:
        return f"user {self.destination.user!r} may use SFTP"

    @property
    def is_sound(self) -> bool:
        return not self.line.is_closed()

    async def session(self) -> _Session:
        return _Session(await _session(self.line, self.destination), self.destination)

    async def carry(self, work: Coroutine[Any, Any, T]) -> T:
        return await work

    async def close(self) -> None:
        self.line.close()
        await self.line.wait_closed()

    async def abort(self) -> None:
        # A line that broke, a server that froze: nobody there to say goodbye to.
        self.line.abort()
        await self.line.wait_closed()


class _Session:
    """A login, in the folder of its destination; fills the port `upload.Session`."""

    def __init__(self, requests: SftpRequests, destination: Destination) -> None:
        self._requests = requests
        self._destination = destination
        self._folder = destination.folder or "."
        self._is_there = False

    def _path(self, name: str) -> str:
        return posixpath.join(self._folder, name)

    async def enter(self) -> None:
        """Make sure of the folder, once."""
        if self._is_there:
            return
        with self._explained("looking at the folder", self._folder):
            try:
                mode = (await self._requests.stat(self._folder)).permissions
            except asyncssh.SFTPNoSuchFile:
                mode = 0
        # A server that does not say what it is will say so when we open a file in it.
        if mode is not None and not stat.S_ISDIR(mode):
            raise FolderMissing(
                f"there is no folder {self._folder!r}",
                server(self._destination),
                "create it on the server, or correct the folder of the destination",
            )
        self._is_there = True

    async def size_of(self, name: str) -> int | None:
        """Give the size of a file in bytes; None where there is none."""
        with self._explained("looking for the file", name):
            try:
                attributes = await self._requests.stat(self._path(name))
            except asyncssh.SFTPNoSuchFile:
                return None
        return attributes.size

    async def sha256_of(self, name: str) -> str | None:
        """Give none: OpenSSH has none to give, nor has SFTP 3."""
        return None

    async def write(self, name: str, content: bytes) -> None:
        """Write a file, and have it put on the disk where the server can."""
        # Blocks under way behind one that is refused may still be written: then what is there
        # is no beginning of the file, by which a direct upload knows its own.
        one_by_one = self._destination.is_direct
        try:
            with self._explained("uploading", name):
                async with self._opened(name, WRITING) as handle:
                    await self._requests.write(handle, content, one_by_one=one_by_one)
                    with contextlib.suppress(asyncssh.SFTPOpUnsupported):
                        await self._requests.sync(handle)
        except _BareFailure as failure:
            await self._explain_bare_failure(failure, len(content))

    async def rename(self, name: str, to: str) -> None:
        """Give a file another name; filexfer-02 has no way to replace one."""
        with self._explained("renaming", to):
            await self._requests.rename(self._path(name), self._path(to))

    async def remove(self, name: str) -> None:
        """Remove a file, if there is one."""
        absent = contextlib.suppress(asyncssh.SFTPNoSuchFile)
        with self._explained("removing", name), absent:
            await self._requests.remove(self._path(name))

    async def holds(self, name: str, content: bytes) -> bool:
        """Tell whether a file begins with these bytes."""
        with self._explained("reading the file back", name):
            try:
                async with self._opened(name, READING) as handle:
                    for offset in range(0, len(content), BLOCK_BYTES):
                        expected = content[offset : offset + BLOCK_BYTES]
                        read = await self._requests.read(handle, offset, len(expected))
                        if read != expected:
                            return False
            except asyncssh.SFTPPermissionDenied:
                # Write-only folders exist; then name and size are all there is to compare.
                return True
        return True

    async def names(self) -> Collection[str]:
        """List the folder."""
        with self._explained("listing the folder", self._folder):
            return await self._requests.names(self._folder)

    async def _explain_bare_failure(self, failure: _BareFailure, size_bytes: int) -> NoReturn:
        free_bytes = await self._free_bytes()
        if free_bytes is not None and free_bytes >= size_bytes:
            raise DeliveryError(
                f"{failure.what}; it reports {free_bytes} bytes free",
                server(self._destination),
                "it is tried again; if it stays so, ask the utility",
            ) from None
        seen = (
            "the server does not tell how much is free"
            if free_bytes is None
            else f"it reports {free_bytes} bytes free"
        )
        raise NoSpace(
            f"{failure.what}; most often that is a full disk or quota: {seen}",
            server(self._destination),
            "ask the utility to make room; it is tried again",
        ) from None

    async def _free_bytes(self) -> int | None:
        try:
            return await self._requests.free_bytes(self._folder)
        except (asyncssh.Error, OSError):
            return None

    @contextlib.asynccontextmanager
    async def _opened(self, name: str, how: int) -> AsyncIterator[bytes]:
        handle = await self._requests.open(self._path(name), how)
        try:
            yield handle
        except asyncssh.Error:
            with contextlib.suppress(asyncssh.Error, OSError):
                await self._requests.close(handle)
            raise
        await self._requests.close(handle)

    def _explained(self, doing: str, name: str) -> contextlib.AbstractContextManager[None]:
        return _explained(self._destination, f"{doing} ({name})")


class _BareFailure(DeliveryError):
    """The server said FAILURE and no more; who asked knows best what it may mean."""


class _Client(asyncssh.SSHClient):
    """
    Compares the server's host key with the pinned one, and remembers what it saw.

    Attributes:
        shown: the host key that the server has shown.
        asked: ``key`` or ``password`` for each time that it wanted one, in this order; a second
            time it wants a key because it has refused the first.
    """

    def __init__(self, pinned: asyncssh.SSHKey | None, destination: Destination) -> None:
        self.pinned = pinned
        self.shown: asyncssh.SSHKey | None = None
        self.asked: list[str] = []
        self._destination = destination

    def validate_host_public_key(
        self, host: str, addr: str, port: int, key: asyncssh.SSHKey
    ) -> bool:
        self.shown = key
        return self.pinned is not None and key.public_data == self.pinned.public_data

    def public_key_auth_requested(self) -> asyncssh.SSHKey | None:
        self.asked.append("key")
        return self._destination.key if self.asked.count("key") == 1 else None

    def password(self) -> str:
        """Give the password, and remember that the server wanted it."""
        self.asked.append("password")
        return self._destination.secret


async def _connect(destination: Destination, limit_s: float) -> asyncssh.SSHClientConnection:
    client = _Client(_pinned_key(destination), destination)
    ways = _ways_to_log_in(destination)
    try:
        async with asyncio.timeout(limit_s):
            connection, _ = await asyncssh.create_connection(
                lambda: client,
                destination.host,
                destination.port,
                config=None,  # the person's own ~/.ssh has no say in this
                known_hosts=([], [], []),
                server_host_key_algs=_host_key_algorithms(client.pinned),
                encryption_algs=_ENCRYPTION,
                x509_trusted_certs=None,
                username=destination.user,
                password=client.password if "password" in ways else None,
                client_keys=None,  # but the one that `client` gives
                agent_path=None,
                gss_host=None,
                preferred_auth=ways,
                compression_algs=None,
                login_timeout=0,
                keepalive_interval=KEEPALIVE_S,
                keepalive_count_max=KEEPALIVE_COUNT,
            )
    except TimeoutError:
        unreachable(destination, f"no answer within {limit_s:g} s")
    except asyncssh.HostKeyNotVerifiable:
        raise _host_key_changed(destination, client) from None
    except asyncssh.PermissionDenied:
        raise _login_refused(destination, client) from None
    except (asyncssh.ConnectionLost, ConnectionResetError, BrokenPipeError):
        unreachable(destination, "it hung up before the login was done, or does not speak SSH")
    except (asyncssh.Error, ValueError) as error:
        # asyncssh lets what a garbled packet does to it come out as a ValueError.
        if "authentication" in _quoted(error).lower():
            raise _login_refused(destination, client) from None
        unreachable(destination, f"no SSH connection came about ({_quoted(error)})")
    except OSError as error:
        unreachable(destination, why_no_connection(destination, error))
    return connection


async def _session(
    connection: asyncssh.SSHClientConnection, destination: Destination
) -> SftpRequests:
    with _explained(destination, "opening the SFTP session"):
        try:
            return await SftpRequests.begin(connection)
        except (asyncssh.ChannelOpenError, asyncssh.SFTPConnectionLost) as error:
            # Both also come from a lost line, which is known only one step of the loop later.
            await asyncio.sleep(0)
            if connection.is_closed():
                raise asyncssh.ConnectionLost("line lost") from None
            raise Denied(
                f"the server opens no SFTP session for this user ({_quoted(error)})",
                server(destination),
                "ask the utility to allow SFTP for the user",
            ) from None


def _reached(destination: Destination) -> str:
    pinned = _pinned_key(destination)
    key = "none" if pinned is None else _fingerprint(pinned)
    return f"{destination.host}:{destination.port} shows the pinned host key, {key}"


def _ways_to_log_in(destination: Destination) -> Sequence[str]:
    # A server that wants both takes them in this order; one that wants either is asked less.
    keys = ("publickey",) if destination.key is not None else ()
    secrets = ("password", "keyboard-interactive") if destination.secret or not keys else ()
    return (*keys, *secrets)


def _login_refused(destination: Destination, client: _Client) -> LoginRefused:
    user = f"user {destination.user!r}"
    if destination.key is not None:
        what, remedy = _key_refused(destination.key, user, client.asked)
    elif client.asked:
        what = f"refused {user} or the password"
        remedy = (
            "correct user and password of the destination, or ask the utility whether the "
            "account is locked"
        )
    else:
        what = f"did not ask {user} for a password"
        remedy = "ask the utility which login it takes; for one by key there is key_file"
    return LoginRefused(f"the server {what}", server(destination), remedy)


def _key_refused(own: asyncssh.SSHKey, user: str, asked: Sequence[str]) -> tuple[str, str]:
    """Say what the server did, as far as what it asked for shows it, and what to do."""
    key = f"the key of {user} ({_fingerprint(own)})"
    give = f"give the utility this public key: {_line_of(own)}"
    match asked:
        case []:
            return f"did not ask for {key}", "ask the utility which login it takes"
        case ["key"]:
            return (
                f"wants more than {key}",
                f"add the password as secret; if the utility does not know the key, {give}",
            )
        case ["key", "password", *_]:
            return (
                f"wanted a password after {key}, and refused it",
                f"correct the password; if the utility does not know the key, {give}",
            )
        case ["password"]:
            return (
                f"refused {user} or the password, and did not ask for {key}",
                "correct user and password of the destination",
            )
        case ["key", "key", *_] if "password" in asked:
            return f"refused {key}, and the password", f"{give}; or correct the password"
    return f"refused {key}", f"{give}; if it has it, correct user and key_file"


def _pinned_key(destination: Destination) -> asyncssh.SSHKey | None:
    if not destination.host_key:
        return None
    try:
        return asyncssh.import_public_key(destination.host_key)
    except asyncssh.KeyImportError:
        raise HostKeyChanged(
            "no readable host key is pinned",
            server(destination),
            'give the server\'s public host key as one line ("ssh-ed25519 AAAA…"), as the '
            "utility states it",
        ) from None


def _host_key_algorithms(pinned: asyncssh.SSHKey | None) -> Sequence[str]:
    if pinned is None:
        return _HOST_KEY_ALGORITHMS
    # The pinned kind first, so that a server with several keys shows that one; the others
    # after it, so that a server that lost it shows what it has instead of failing earlier.
    own = [algorithm.decode("ascii") for algorithm in pinned.sig_algorithms]
    return own + [algorithm for algorithm in _HOST_KEY_ALGORITHMS if algorithm not in own]


def _host_key_changed(destination: Destination, client: _Client) -> HostKeyChanged:
    shown = "one that cannot be read" if client.shown is None else _fingerprint(client.shown)
    if client.pinned is None:
        line = "ssh-ed25519 AAAA…" if client.shown is None else _line_of(client.shown)
        return HostKeyChanged(
            f"no host key is pinned; the server shows {shown}; nothing was sent",
            server(destination),
            f'compare this with what the utility states, and only then write host_key = "{line}"',
        )
    return HostKeyChanged(
        f"the server shows another host key than the pinned one: it shows {shown}, pinned is "
        f"{_fingerprint(client.pinned)}; nothing was sent",
        server(destination),
        "ask the utility whether it changed its key, compare the fingerprint, and only then "
        "pin the new one",
    )


def _line_of(key: asyncssh.SSHKey) -> str:
    # Without its comment, which is nobody's business.
    return " ".join(key.export_public_key("openssh").decode("utf-8").split()[:2])


def _fingerprint(key: asyncssh.SSHKey) -> str:
    return f"{key.algorithm.decode('ascii')} {key.get_fingerprint()}"


@contextlib.contextmanager
def _explained(destination: Destination, doing: str) -> Iterator[None]:
    """Turn what the library raises into the kind of `DeliveryError` that it means."""
    where = server(destination)
    try:
        yield
    except (asyncssh.SFTPPermissionDenied, asyncssh.SFTPWriteProtect):
        raise Denied(
            f"permission denied at {doing}",
            where,
            f"ask the utility for the right to write into {destination.folder!r}",
        ) from None
    except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath) as error:
        raise FolderMissing(
            f"the server does not find {destination.folder!r} or the file in it at {doing} "
            f"({_quoted(error)})",
            where,
            "create it on the server, or correct the folder of the destination",
        ) from None
    except _LINE_ERRORS as error:
        raise LineBroken(
            f"the line broke at {doing}",
            where,
            "it is tried again; what was left behind is removed then",
        ) from error
    except (asyncssh.SFTPError, ValueError) as error:
        raise _refusal(error, where, doing) from None


def _refusal(error: Exception, where: str, doing: str) -> DeliveryError:
    said = _quoted(error)
    no_space = (asyncssh.SFTPNoSpaceOnFilesystem, asyncssh.SFTPQuotaExceeded)
    if isinstance(error, no_space) or any(word in said.lower() for word in ("space", "quota")):
        return NoSpace(
            f"the server has no room left at {doing} ({said})",
            where,
            "ask the utility to make room; it is tried again",
        )
    kind = _BareFailure if isinstance(error, asyncssh.SFTPFailure) else DeliveryError
    return kind(
        f"the server refused at {doing} and said only {said!r}",
        where,
        "it is tried again; if it stays so, ask the utility",
    )


def _quoted(error: Exception) -> str:
    """Give the other side's own words, fit to be shown: one short printable line."""
    words = getattr(error, "reason", None) or type(error).__name__
    return printable(str(words))
