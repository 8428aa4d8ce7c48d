"""
Files to a utility's SFTP server, whole or not at all.

The order of steps is the promise: temporary name in the same folder, upload, size check, fsync
where the server offers it, rename without overwriting, look again. A file so appears under its
final name only when it is complete, and a try that broke anywhere is mended by the next one:

* What an earlier try left behind (``.<name>.part``) is removed first.
* The answer of the rename is the point where a delivery can be lost or doubled: the file
  stands there, and we do not know. So the final name is looked at before anything is
  uploaded and again when the rename fails: the same bytes mean that an earlier try had
  succeeded; other bytes are never overwritten.
* A file that is gone right after its rename was taken away by the receiver: delivered.

SFTP version 3 has no code for "disk full" or "exists": OpenSSH answers a bare FAILURE to both
(draft-ietf-secsh-filexfer-02 §7). Where it can be asked, the free space is
(``statvfs@openssh.com``); where not, the error says that the server gave no reason.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import posixpath
import socket
import stat
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn

import asyncssh

from backend.errors import (
    DeliveryError,
    Denied,
    FolderMissing,
    HostKeyChanged,
    Incomplete,
    LineBroken,
    LoginRefused,
    NameTaken,
    NoSpace,
    RenameRefused,
    TooSlow,
    Unreachable,
)
from backend.ports import Arrival, Clock, Destination, Step

LOGIN_LIMIT_S = 30.0
"""
How long connection and login may take together, in real seconds; never more than half of what
the whole delivery may take, so that "no answer" and "too slow" are told apart.
"""
KEEPALIVE_S = 15
"""After how many quiet seconds the server is asked whether it is still there."""
KEEPALIVE_COUNT = 3
"""How many such questions may stay unanswered before the line counts as broken."""
BLOCK_BYTES = 32768
"""Bytes per read or write; every server must take so many (filexfer-02 §3)."""
REASON_LIMIT = 120
"""How much of a server's own words is quoted, in characters."""
STEPS = ("connect", "log in", "folder", "write", "list", "rename", "remove")
"""The steps of a connection test, in their order."""
PROBE_NAME = "isebench-connection-test"
PROBE = b"isebench tests the connection\n"

_HOST_KEY_ALGORITHMS = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
    "ssh-rsa",
)

_LINE_ERRORS = (
    asyncssh.DisconnectError,
    asyncssh.SFTPConnectionLost,
    asyncssh.SFTPNoConnection,
    OSError,
    EOFError,
)

# At INFO asyncssh writes user names and addresses of every login into the log.
logging.getLogger("asyncssh").setLevel(logging.WARNING)


class SftpDrop:
    """
    The way to SFTP servers; fills the port `backend.ports.Drop`.

    Parameters:
        clock: held while a delivery is under way.
        login_limit_s: how long connection and login may take, in real seconds.
    """

    def __init__(self, clock: Clock, login_limit_s: float = LOGIN_LIMIT_S) -> None:
        self._clock = clock
        self._login_limit_s = login_limit_s

    async def deliver(self, destination: Destination, name: str, content: bytes) -> Arrival:
        """
        Put ``content`` under ``name`` into the destination's folder, whole or not at all.

        Raises:
            DeliveryError: One of its kinds, by cause; nothing stands under the final name,
                or the very file does.
            ValueError: If ``name`` is no plain file name.
        """
        if "/" in name or name.startswith(".") or not name.isprintable() or not name:
            raise ValueError(f"{name!r} is no plain file name")
        with self._clock.hold(f"delivery of {name} to {destination.name}"):
            try:
                async with asyncio.timeout(destination.time_limit_s):
                    return await self._deliver(destination, name, content)
            except TimeoutError:
                raise _too_slow(destination, f"the delivery of {name}") from None

    async def test(self, destination: Destination) -> Sequence[Step]:
        """
        Try all that a delivery needs, step by step, with a file that no importer looks at.

        Returns:
            Every step; behind the first that failed none was tried.
        """
        done: dict[str, str] = {}
        failed: str | None = None
        with self._clock.hold(f"test of {destination.name}"):
            try:
                async with asyncio.timeout(destination.time_limit_s):
                    await self._try_out(destination, done)
            except TimeoutError:
                failed = str(_too_slow(destination, "the test"))
            except LoginRefused as error:
                done["connect"] = _reached(destination)
                failed = str(error)
            except DeliveryError as error:
                failed = str(error)
        steps = [Step(name, True, words) for name, words in done.items()]
        rest = [name for name in STEPS if name not in done]
        if failed is not None:
            steps.append(Step(rest.pop(0), False, failed))
        return [*steps, *(Step(name, None) for name in rest)]

    async def _try_out(self, destination: Destination, done: dict[str, str]) -> None:
        """Add each step that is done, with what to say of it."""
        async with self._connected(destination) as connection:
            done["connect"] = _reached(destination)
            sftp = await _session(connection, destination)
            done["log in"] = f"user {destination.user!r} may use SFTP"
            await _Probe(sftp, destination, PROBE_NAME, PROBE).try_out(done)

    async def _deliver(self, destination: Destination, name: str, content: bytes) -> Arrival:
        async with self._connected(destination) as connection:
            sftp = await _session(connection, destination)
            return await _Upload(sftp, destination, name, content).run()

    def _connected(
        self, destination: Destination
    ) -> contextlib.AbstractAsyncContextManager[asyncssh.SSHClientConnection]:
        limit_s = min(self._login_limit_s, destination.time_limit_s / 2)
        return _connected(destination, limit_s)


@dataclass(slots=True)
class _Upload:
    """One file on its way over one open session."""

    sftp: asyncssh.SFTPClient
    destination: Destination
    name: str
    content: bytes

    @property
    def folder(self) -> str:
        return self.destination.folder or "."

    @property
    def final(self) -> str:
        return posixpath.join(self.folder, self.name)

    @property
    def temporary(self) -> str:
        return posixpath.join(self.folder, f".{self.name}.part")

    async def run(self) -> Arrival:
        await self._check_folder()
        await self._remove_leftover()
        if (size_bytes := await self._size_of(self.final)) is not None:
            return await self._compare(size_bytes)
        try:
            await self._upload()
            await self._check_uploaded()
            arrival = await self._rename()
        except LineBroken:
            raise
        except DeliveryError:
            await self._tidy()
            raise
        return arrival

    async def _check_folder(self) -> None:
        with self._explained("looking at the folder"):
            try:
                mode = (await self.sftp.stat(self.folder)).permissions
            except asyncssh.SFTPNoSuchFile:
                mode = 0
        # A server that does not say what it is will say so when we open a file in it.
        if mode is not None and not stat.S_ISDIR(mode):
            raise FolderMissing(
                f"there is no folder {self.folder!r}",
                _server(self.destination),
                "create it on the server, or correct the folder of the destination",
            )

    async def _remove_leftover(self) -> None:
        # Where removing is denied, opening for writing still empties a leftover.
        absent = (asyncssh.SFTPNoSuchFile, asyncssh.SFTPPermissionDenied)
        with self._explained("removing what an earlier try left"), contextlib.suppress(*absent):
            await self.sftp.remove(self.temporary)

    async def _size_of(self, path: str) -> int | None:
        with self._explained("looking for the file"):
            try:
                attributes = await self.sftp.stat(path)
            except asyncssh.SFTPNoSuchFile:
                return None
        return attributes.size

    async def _upload(self) -> None:
        try:
            with self._explained("uploading"):
                async with self._opened(self.temporary, "wb") as file:
                    for offset in range(0, len(self.content), BLOCK_BYTES):
                        await file.write(self.content[offset : offset + BLOCK_BYTES], offset)
                    with contextlib.suppress(asyncssh.SFTPOpUnsupported):
                        await file.fsync()
        except _BareFailure as failure:
            await self._explain_bare_failure(failure)

    async def _explain_bare_failure(self, failure: _BareFailure) -> NoReturn:
        free_bytes = await self._free_bytes()
        if free_bytes is not None and free_bytes >= len(self.content):
            raise DeliveryError(
                f"{failure.what}; it reports {free_bytes} bytes free",
                _server(self.destination),
                "it is tried again; if it stays so, ask the utility",
            ) from None
        seen = (
            "the server does not tell how much is free"
            if free_bytes is None
            else f"it reports {free_bytes} bytes free"
        )
        raise NoSpace(
            f"{failure.what}; most often that is a full disk or quota: {seen}",
            _server(self.destination),
            "ask the utility to make room; it is tried again",
        ) from None

    async def _free_bytes(self) -> int | None:
        try:
            space = await self.sftp.statvfs(self.folder)
        except (asyncssh.Error, OSError):
            return None
        return space.bavail * (space.frsize or space.bsize)

    async def _check_uploaded(self) -> None:
        size_bytes = await self._size_of(self.temporary)
        if size_bytes is None:
            raise Incomplete(
                f"the server took all {len(self.content)} bytes of {self.name} and then had no "
                "file: its quota may be used up",
                _server(self.destination),
                "ask the utility about quota and upload rules; it is tried again",
            )
        if size_bytes != len(self.content):
            raise Incomplete(
                f"the server holds {size_bytes} of {len(self.content)} bytes of {self.name}",
                _server(self.destination),
                "it is tried again; if it stays so, ask the utility about disk and quota",
            )

    async def _rename(self) -> Arrival:
        try:
            with self._explained("renaming"):
                await self.sftp.rename(self.temporary, self.final)
        except LineBroken:
            raise
        except DeliveryError as error:
            return await self._explain_rename(error)
        size_bytes = await self._size_of(self.final)
        if size_bytes is not None and size_bytes != len(self.content):
            raise Incomplete(
                f"{self.name} has {size_bytes} instead of {len(self.content)} bytes after its "
                "rename",
                _server(self.destination),
                "ask the utility what happens to files in this folder",
            )
        return Arrival(self.name, size_bytes, already_there=False)

    async def _explain_rename(self, error: DeliveryError) -> Arrival:
        if (size_bytes := await self._size_of(self.final)) is not None:
            arrival = await self._compare(size_bytes)
            await self._tidy()
            return arrival
        raise RenameRefused(
            f"{self.name} was uploaded but the server refused its final name: {error.what}",
            _server(self.destination),
            "ask the utility to allow renaming in this folder",
        ) from None

    async def _compare(self, size_bytes: int) -> Arrival:
        """Tell whether what stands under the final name is our very file."""
        if size_bytes == len(self.content) and await self._same_bytes():
            return Arrival(self.name, size_bytes, already_there=True)
        raise NameTaken(
            f"another file of {size_bytes} bytes stands under {self.name} already (ours has "
            f"{len(self.content)}); it was left as it is",
            _server(self.destination),
            "find out whose it is; remove it there or export under a new name",
        )

    async def _same_bytes(self) -> bool:
        with self._explained("reading the file back"):
            try:
                async with self._opened(self.final, "rb") as file:
                    for offset in range(0, len(self.content), BLOCK_BYTES):
                        expected = self.content[offset : offset + BLOCK_BYTES]
                        read: bytes = await file.read(len(expected), offset)
                        if read != expected:
                            return False
            except asyncssh.SFTPPermissionDenied:
                # Write-only folders exist; then name and size are all there is to compare.
                return True
        return True

    async def _tidy(self) -> None:
        """Remove the temporary file if it can be; the next try would do it, too."""
        with contextlib.suppress(asyncssh.Error, OSError):
            await self.sftp.remove(self.temporary)

    @contextlib.asynccontextmanager
    async def _opened(self, path: str, mode: str) -> AsyncIterator[asyncssh.SFTPClientFile]:
        # Blocks one after the other, so that a broken upload is always a beginning of the file.
        file = await self.sftp.open(path, mode, block_size=0)
        try:
            yield file
        except asyncssh.Error:
            with contextlib.suppress(asyncssh.Error, OSError):
                await file.close()
            raise
        await file.close()

    def _explained(self, doing: str) -> contextlib.AbstractContextManager[None]:
        return _explained(self.destination, f"{doing} ({self.name})")


class _Probe(_Upload):
    """A file that is written, listed, renamed and removed, and that no importer looks at."""

    @property
    def renamed(self) -> str:
        return f"{self.temporary.removesuffix('.part')}.renamed.part"

    async def try_out(self, done: dict[str, str]) -> None:
        """Add each step that is done, with what to say of it."""
        await self._check_folder()
        done["folder"] = f"{self.folder!r} is there"
        try:
            await self._remove_leftover()
            await self._upload()
            await self._check_uploaded()
            done["write"] = f"{len(self.content)} bytes were written, and are there"
            done["list"] = f"it is one of {await self._listed()} names in the folder"
            await self._rename_probe()
            done["rename"] = "it has another name now"
            await self._remove()
            done["remove"] = "nothing is left of it"
        except LineBroken:
            raise
        except DeliveryError:
            await self._tidy()
            raise

    async def _listed(self) -> int:
        # When it is given up, asyncssh would wait for the answer to one more question.
        listing = asyncio.ensure_future(self.sftp.listdir(self.folder))
        listing.add_done_callback(lambda done: done.cancelled() or done.exception())
        with self._explained("listing the folder"):
            names = await asyncio.shield(listing)
        if posixpath.basename(self.temporary) not in names:
            raise Incomplete(
                "the file that was just written is not in the list of its folder",
                _server(self.destination),
                "ask the utility what its server hides, or takes away",
            )
        return len(set(names) - {".", ".."})

    async def _rename_probe(self) -> None:
        try:
            with self._explained("renaming"):
                with contextlib.suppress(asyncssh.SFTPNoSuchFile):
                    await self.sftp.remove(self.renamed)
                await self.sftp.rename(self.temporary, self.renamed)
        except LineBroken:
            raise
        except DeliveryError as error:
            raise RenameRefused(
                f"the server refuses another name: {error.what}",
                _server(self.destination),
                "ask the utility to allow renaming in this folder",
            ) from None

    async def _remove(self) -> None:
        with self._explained("removing"):
            await self.sftp.remove(self.renamed)


class _BareFailure(DeliveryError):
    """The server said FAILURE and no more; who asked knows best what it may mean."""


class _Client(asyncssh.SSHClient):
    """Compares the server's host key with the pinned one, and remembers what it saw."""

    def __init__(self, pinned: asyncssh.SSHKey) -> None:
        self.pinned = pinned
        self.shown: asyncssh.SSHKey | None = None

    def validate_host_public_key(
        self, host: str, addr: str, port: int, key: asyncssh.SSHKey
    ) -> bool:
        self.shown = key
        return key.public_data == self.pinned.public_data


@contextlib.asynccontextmanager
async def _connected(
    destination: Destination, limit_s: float
) -> AsyncIterator[asyncssh.SSHClientConnection]:
    connection = await _connect(destination, limit_s)
    try:
        yield connection
    except BaseException:
        # A line that broke, a server that froze: nobody there to say goodbye to.
        connection.abort()
        raise
    finally:
        connection.close()
        await connection.wait_closed()


async def _connect(destination: Destination, limit_s: float) -> asyncssh.SSHClientConnection:
    client = _Client(_pinned_key(destination))
    try:
        async with asyncio.timeout(limit_s):
            connection, _ = await asyncssh.create_connection(
                lambda: client,
                destination.host,
                destination.port,
                config=None,  # the person's own ~/.ssh has no say in this
                known_hosts=([], [], []),
                server_host_key_algs=_host_key_algorithms(client.pinned),
                x509_trusted_certs=None,
                username=destination.user,
                password=destination.secret,
                client_keys=None,
                agent_path=None,
                gss_host=None,
                preferred_auth=("password", "keyboard-interactive"),
                compression_algs=None,
                login_timeout=0,
                keepalive_interval=KEEPALIVE_S,
                keepalive_count_max=KEEPALIVE_COUNT,
            )
    except TimeoutError:
        _unreachable(destination, f"no answer within {limit_s:g} s")
    except asyncssh.HostKeyNotVerifiable:
        raise _host_key_changed(destination, client) from None
    except asyncssh.PermissionDenied:
        raise _login_refused(destination) from None
    except (asyncssh.ConnectionLost, ConnectionResetError, BrokenPipeError):
        _unreachable(destination, "it hung up before the login was done, or does not speak SSH")
    except (asyncssh.Error, ValueError) as error:
        # asyncssh lets what a garbled packet does to it come out as a ValueError.
        if "authentication" in _quoted(error).lower():
            raise _login_refused(destination) from None
        _unreachable(destination, f"no SSH connection came about ({_quoted(error)})")
    except OSError as error:
        _unreachable(destination, _why_no_connection(destination, error))
    return connection


async def _session(
    connection: asyncssh.SSHClientConnection, destination: Destination
) -> asyncssh.SFTPClient:
    with _explained(destination, "opening the SFTP session"):
        try:
            return await connection.start_sftp_client()
        except (asyncssh.ChannelOpenError, asyncssh.SFTPConnectionLost) as error:
            # Both also come from a lost line, which is known only one step of the loop later.
            await asyncio.sleep(0)
            if connection.is_closed():
                raise asyncssh.ConnectionLost("line lost") from None
            raise Denied(
                f"the server opens no SFTP session for this user ({_quoted(error)})",
                _server(destination),
                "ask the utility to allow SFTP for the user",
            ) from None


def _too_slow(destination: Destination, what: str) -> TooSlow:
    return TooSlow(
        f"{what} was not done after {destination.time_limit_s:g} s",
        _server(destination),
        "it is tried again; if it stays so, ask the utility about its server",
    )


def _reached(destination: Destination) -> str:
    key = _fingerprint(_pinned_key(destination))
    return f"{destination.host}:{destination.port} shows the pinned host key, {key}"


def _login_refused(destination: Destination) -> LoginRefused:
    return LoginRefused(
        f"the server refused user {destination.user!r} or the password",
        _server(destination),
        "correct user and password of the destination, or ask the utility whether the account "
        "is locked",
    )


def _pinned_key(destination: Destination) -> asyncssh.SSHKey:
    try:
        return asyncssh.import_public_key(destination.host_key)
    except asyncssh.KeyImportError:
        raise HostKeyChanged(
            "no readable host key is pinned",
            _server(destination),
            'give the server\'s public host key as one line ("ssh-ed25519 AAAA…"), as the '
            "utility states it",
        ) from None


def _host_key_algorithms(pinned: asyncssh.SSHKey) -> list[str]:
    # The pinned kind first, so that a server with several keys shows that one; the others
    # after it, so that a server that lost it shows what it has instead of failing earlier.
    own = [algorithm.decode("ascii") for algorithm in pinned.sig_algorithms]
    return own + [algorithm for algorithm in _HOST_KEY_ALGORITHMS if algorithm not in own]


def _host_key_changed(destination: Destination, client: _Client) -> HostKeyChanged:
    shown = "one that cannot be read" if client.shown is None else _fingerprint(client.shown)
    return HostKeyChanged(
        f"the server shows another host key than the pinned one: it shows {shown}, pinned is "
        f"{_fingerprint(client.pinned)}; nothing was sent",
        _server(destination),
        "ask the utility whether it changed its key, compare the fingerprint, and only then "
        "pin the new one",
    )


def _fingerprint(key: asyncssh.SSHKey) -> str:
    return f"{key.algorithm.decode('ascii')} {key.get_fingerprint()}"


def _unreachable(destination: Destination, what: str) -> NoReturn:
    raise Unreachable(
        what,
        _server(destination),
        "check host and port of the destination, and whether the way to it is open",
    ) from None


def _why_no_connection(destination: Destination, error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return f"the name {destination.host!r} is not known"
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    return f"no connection ({error.strerror or type(error).__name__})"


@contextlib.contextmanager
def _explained(destination: Destination, doing: str) -> Iterator[None]:
    """Turn what the library raises into the kind of `DeliveryError` that it means."""
    where = _server(destination)
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
    return "".join(sign if sign.isprintable() else " " for sign in str(words))[:REASON_LIMIT]


def _server(destination: Destination) -> str:
    return f"SFTP server {destination.name!r} ({destination.host}:{destination.port})"
