"""
What one logged-in client can do at the drop, whatever wire it came over.

Rule 1: verbs take paths as the client writes them and answer with a value or an ``OSError``
with a truthful errno; the wire's file turns that into its own words.
Rule 2: every verb leaves one `Event`, done or refused; every change of a file a `Version`.
Rule 3: a path never leaves its user's home: ``..`` ends at the home, and symbolic links are
not followed, wherever they stand.
Rule 4: a disk that fills up takes what fits and says so; only `ShortWrite` says OK to it.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import posixpath
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from simulators.ftp_server.drop import Drop, Event, User
from simulators.ftp_server.faults import (
    DeniedWriting,
    Quota,
    RefusedOverwrite,
    RefusedRename,
    ShortWrite,
    SilentQuota,
)
from simulators.ftp_server.history import Version

PATH_LIMIT = 4096
"""The longest path that is looked at, in characters."""


@dataclass(frozen=True, slots=True)
class OpenMode:
    """How a file is opened; the flags mean what POSIX's ``O_`` flags mean."""

    read: bool = False
    write: bool = False
    create: bool = False
    truncate: bool = False
    exclusive: bool = False
    append: bool = False

    @property
    def flags(self) -> int:
        """The flags for ``os.open``; a written file is also readable here, to hash it."""
        return (
            (os.O_RDWR if self.write else os.O_RDONLY)
            | (os.O_CREAT if self.create else 0)
            | (os.O_TRUNC if self.truncate else 0)
            | (os.O_EXCL if self.exclusive else 0)
            | os.O_NOFOLLOW
        )


class OpenFile:
    """
    A file that a session holds open.

    Parameters:
        descriptor: the machine's.
        path: below the drop's root.
        shown: as the user sees it.
        mode: how it was opened.
    """

    def __init__(self, descriptor: int, path: str, shown: str, mode: OpenMode) -> None:
        self.descriptor = descriptor
        self.path: str | None = path  # None once the file was removed
        self.shown = shown
        self.mode = mode
        self._hash = hashlib.sha256()
        self._hashed_bytes = 0

    def fileno(self) -> int:
        """Give the descriptor, as files do."""
        return self.descriptor

    def seek(self, offset_bytes: int, whence: int = os.SEEK_SET) -> int:
        """Move the descriptor, as files do; reads and writes here do not care where it is."""
        return os.lseek(self.descriptor, offset_bytes, whence)

    @property
    def size_bytes(self) -> int:
        """How large the file is."""
        return os.fstat(self.descriptor).st_size

    def sha256(self) -> str:
        """Give the hash of what stands in the file, reading only what was not hashed yet."""
        while chunk := os.pread(self.descriptor, 1 << 20, self._hashed_bytes):
            self._hash.update(chunk)
            self._hashed_bytes += len(chunk)
        return self._hash.copy().hexdigest()

    def changed_from(self, offset_bytes: int) -> None:
        """Say that bytes from here on are new, so that they are hashed again."""
        if offset_bytes < self._hashed_bytes:
            self._hash = hashlib.sha256()
            self._hashed_bytes = 0


@dataclass(slots=True)
class _Draft:
    """An event that is still happening."""

    answer: str = "ok"
    to: str | None = None
    offset_bytes: int | None = None
    count_bytes: int | None = None
    size_bytes: int | None = None
    sha256: str | None = None


class Session:
    """
    What one logged-in client can do; every verb may raise ``OSError`` with its errno.

    Parameters:
        drop: where.
        user: who.
        wire: over what, as the wiretap calls it.
    """

    def __init__(self, drop: Drop, user: User, wire: str) -> None:
        self._drop = drop
        self.user = user
        self._wire = wire
        self._home = user.home.strip("/")
        self._open: list[OpenFile] = []

    # --- verbs on paths

    def open(self, path: str, mode: OpenMode) -> OpenFile:
        """Open a file; EISDIR, ENOENT, EEXIST, EACCES as POSIX has them."""
        with self._told("open", path) as told:
            real = self._real(path)
            if mode.write:
                self._check_writing(path)
            if real.is_dir():
                raise _error(errno.EISDIR)
            if mode.write and not mode.exclusive:
                self._check_overwriting(real)
            descriptor = os.open(real, mode.flags, 0o644)
            file = OpenFile(descriptor, self._below_root(real), self._shown(path), mode)
            self._open.append(file)
            told.size_bytes = file.size_bytes
            if mode.write and (mode.truncate or mode.create):
                self._note(file)
        return file

    def stat(self, path: str, action: str = "stat") -> os.stat_result:
        """Describe a file or folder; ``action`` is what the event is called."""
        with self._told(action, path) as told:
            status = os.lstat(self._real(path))
            if stat.S_ISREG(status.st_mode):
                told.size_bytes = status.st_size
        return status

    def list(self, path: str, action: str = "list") -> list[tuple[str, os.stat_result]]:
        """Give the names in a folder with their descriptions, in order of name."""
        with self._told(action, path):
            folder = self._real(path)
            return [(name, os.lstat(folder / name)) for name in sorted(os.listdir(folder))]

    def enter(self, path: str) -> str:
        """Give the canonical path of a folder; ENOTDIR where it is a file."""
        with self._told("change-folder", path):
            if not stat.S_ISDIR(os.lstat(self._real(path)).st_mode):
                raise _error(errno.ENOTDIR)
            return self._shown(path)

    def content(self, path: str) -> bytes:
        """Give all of a file, to be hashed; EISDIR where it is a folder."""
        with self._told("hash", path) as told:
            content = self._real(path).read_bytes()
            told.size_bytes = len(content)
            told.sha256 = hashlib.sha256(content).hexdigest()
        return content

    def is_folder(self, path: str) -> bool:
        """Say whether a folder stands there, without an event: half of another verb."""
        try:
            return self._real(path).is_dir()
        except OSError:
            return False

    def remove(self, path: str) -> None:
        """Remove a file."""
        with self._told("remove", path):
            self._check_writing(path)
            real = self._real(path)
            os.remove(real)
            self._gone(self._below_root(real))

    def make_folder(self, path: str) -> None:
        """Make a folder."""
        with self._told("make-folder", path):
            self._check_writing(path)
            self._real(path).mkdir()

    def remove_folder(self, path: str) -> None:
        """Remove an empty folder, but never the home."""
        with self._told("remove-folder", path):
            self._check_writing(path)
            if self._shown(path) == "/":
                raise _error(errno.EACCES)
            self._real(path).rmdir()

    def rename(self, path: str, to: str, *, replace: bool = False) -> None:
        """Give a file another name; EEXIST where one stands there, unless ``replace``."""
        with self._told("rename", path) as told:
            told.to = self._shown(to)
            self._check_writing(path)
            self._check_writing(to)
            if (refusal := self._drop.faults.active(RefusedRename)) is not None:
                raise _error(errno.EACCES if refusal.with_reason else errno.EIO)
            if replace:
                self._check_overwriting(self._real(to))
            version = self._rename(self._real(path), self._real(to), replace=replace)
            told.size_bytes, told.sha256 = version.size_bytes, version.sha256
        self._drop.finished(version.path)

    def resolve(self, path: str) -> str:
        """Give the canonical form of a path, as the user sees it."""
        with self._told("resolve", path):
            return self._shown(path)

    def free_bytes(self) -> int | None:
        """Tell how much more may be written; None where nothing limits it."""
        rooms = self._rooms()
        return rooms[0][0] if rooms else None

    # --- verbs on open files

    def read(self, file: OpenFile, offset_bytes: int, count_bytes: int) -> bytes:
        """Read at most so many bytes; none at the end."""
        with self._told("read", file.shown) as told:
            data = os.pread(file.descriptor, count_bytes, offset_bytes)
            told.offset_bytes, told.count_bytes = offset_bytes, len(data)
        return data

    def write(self, file: OpenFile, offset_bytes: int, data: bytes) -> None:
        """
        Write all of ``data``, or what fits and then refuse.

        Raises:
            OSError: ENOSPC or EDQUOT when not all fitted; what fitted stands in the file.
        """
        with self._told("write", file.shown) as told:
            at_bytes = file.size_bytes if file.mode.append else offset_bytes
            fits, reason = self._fitting(file, at_bytes, len(data))
            if (short := self._drop.faults.active(ShortWrite)) is not None:
                fits = min(fits, max(0, short.kept_bytes - at_bytes))
            told.offset_bytes, told.count_bytes = at_bytes, fits
            try:
                _write_all(file.descriptor, at_bytes, data[:fits])
            finally:
                file.changed_from(at_bytes)
                told.size_bytes = file.size_bytes
                self._note(file)
            if reason:
                raise _error(reason)

    def sync(self, file: OpenFile) -> None:
        """Have the file's bytes put on the disk."""
        with self._told("sync", file.shown):
            os.fsync(file.descriptor)

    def close(self, file: OpenFile, answer: str = "ok") -> None:
        """Close a file, and say how that ended; closing a closed one does nothing."""
        if file in self._open:
            with self._told("close", file.shown) as told:
                told.answer = answer
                self._close(file, told)

    def line_lost(self) -> None:
        """Close what a lost line left open; what was written stays as it is."""
        for file in list(self._open):
            with self._told("close", file.shown) as told:
                told.answer = "line lost"
                self._close(file, told)

    def cut(self, why: str) -> None:
        """Record that the line was cut on purpose."""
        self.note("cut", answer=why)

    def note(self, action: str, path: str = "", answer: str = "ok") -> None:
        """Record what a wire did by itself."""
        self._record(action, path, _Draft(answer=answer))

    # --- inside

    def _rename(self, old: Path, new: Path, *, replace: bool) -> Version:
        if not stat.S_ISREG(os.lstat(old).st_mode):
            raise _error(errno.EPERM)
        if new.is_dir() or (not replace and os.path.lexists(new)):
            raise _error(errno.EEXIST)
        os.rename(old, new)
        path, to = self._below_root(old), self._below_root(new)
        for file in self._open:
            if file.path == path:
                file.path = to
        return self._drop.moved(path, to)

    def _close(self, file: OpenFile, told: _Draft) -> None:
        self._open.remove(file)
        if file.mode.write and file.path is not None:
            told.size_bytes, told.sha256 = file.size_bytes, file.sha256()
            quota = self._drop.faults.active(SilentQuota)
            if quota is not None and file.size_bytes > quota.limit_bytes:
                os.remove(self._drop.root / file.path)
                self._gone(file.path)
                told.answer = "ok, and removed for the quota"
        os.close(file.descriptor)

    def _fitting(self, file: OpenFile, offset_bytes: int, count_bytes: int) -> tuple[int, int]:
        """Give how many bytes fit, and the errno for the rest (0 where all do)."""
        growth_bytes = max(0, offset_bytes + count_bytes - file.size_bytes)
        for free_bytes, reason in self._rooms():
            if growth_bytes > free_bytes:
                return max(0, count_bytes - (growth_bytes - free_bytes)), reason
        return count_bytes, 0

    def _rooms(self) -> Sequence[tuple[int, int]]:
        """Give each limit as what it leaves and the errno beyond it, the narrowest first."""
        used_bytes = self._drop.history.used_bytes
        switched = self._drop.faults.active(Quota)
        rooms = []
        if (capacity := self._drop.capacity_bytes) is not None:
            rooms.append((capacity - used_bytes(), errno.ENOSPC))
        if (quota := self.user.quota_bytes) is not None:
            rooms.append((quota - used_bytes(self._home), errno.EDQUOT))
        if switched is not None:
            rooms.append((switched.limit_bytes - used_bytes(self._home), errno.EDQUOT))
        return sorted((max(0, free), reason) for free, reason in rooms)

    def _note(self, file: OpenFile) -> None:
        if file.path is not None:
            version = Version(self._drop.now(), file.path, file.size_bytes, file.sha256())
            self._drop.history.note(version)

    def _gone(self, path: str) -> None:
        self._drop.history.note(Version(self._drop.now(), path, None, None))
        for file in self._open:
            if file.path == path:
                file.path = None

    def _check_writing(self, path: str) -> None:
        denied = self._drop.faults.active(DeniedWriting)
        inside = self._shown(path).rstrip("/") + "/"
        if denied is not None and inside.startswith(denied.folder.rstrip("/") + "/"):
            raise _error(errno.EACCES)

    def _check_overwriting(self, real: Path) -> None:
        if self._drop.faults.active(RefusedOverwrite) is not None and os.path.lexists(real):
            # As ProFTPD words it where AllowOverwrite is off.
            raise OSError(errno.EACCES, "Overwrite permission denied")

    def _shown(self, path: str) -> str:
        if len(path) > PATH_LIMIT:
            raise _error(errno.ENAMETOOLONG)
        if any(ord(sign) < 0x20 or ord(sign) == 0x7F for sign in path):
            raise _error(errno.EINVAL)
        # POSIX keeps two leading slashes apart from one; here they are the same.
        return "/" + posixpath.normpath("/" + path).lstrip("/")

    def _real(self, path: str) -> Path:
        real = self._drop.root / self._home
        for part in self._shown(path).split("/"):
            real = real / part
            if real.is_symlink():
                raise _error(errno.EACCES)
        return real

    def _below_root(self, real: Path) -> str:
        return real.relative_to(self._drop.root).as_posix()

    @contextlib.contextmanager
    def _told(self, action: str, path: str) -> Iterator[_Draft]:
        draft = _Draft()
        shown = path[:PATH_LIMIT]
        try:
            shown = self._shown(path)
            yield draft
        except OSError as error:
            draft.answer = (error.strerror or "failure").lower()
            raise
        finally:
            self._record(action, shown, draft)

    def _record(self, action: str, path: str, draft: _Draft) -> None:
        event = Event(
            at=self._drop.now(),
            user=self.user.name,
            action=action,
            path=path,
            answer=draft.answer,
            to=draft.to,
            offset_bytes=draft.offset_bytes,
            count_bytes=draft.count_bytes,
            size_bytes=draft.size_bytes,
            sha256=draft.sha256,
        )
        self._drop.record(event, self._wire, self.user.party)


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


def _write_all(descriptor: int, offset_bytes: int, data: bytes) -> None:
    # A disk that fills up writes short once before it refuses: go on until it says so.
    view = memoryview(data)
    written = 0
    while written < len(data):
        written += os.pwrite(descriptor, view[written:], offset_bytes + written)
