"""
The drop: real files in a folder, the users who may use them, and a record of everything.

Rule 1: this file knows no wire. A wire checks a login here and opens a
`simulators.ftp_server.session.Session` for the user it gets.
Rule 2: everything somebody does leaves one `Event` and, where a wire carried it, one line in
the wiretap; every change of a file leaves a `Version` in the history.
Rule 3: nothing here depends on the machine's time, on ports or on the order of a directory.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from simulators.clock import Clock
from simulators.faults import Faults
from simulators.ftp_server.faults import AtStep, FullDisk, RefusedLogin
from simulators.ftp_server.history import History, Version
from simulators.wiretap import Wiretap


@dataclass(frozen=True, slots=True)
class User:
    """
    Somebody who may log in.

    Attributes:
        name, password: what the login is checked against.
        public_keys: what may be shown instead of the password, as OpenSSH lines. With an empty
            password a user who has such can log in by key alone.
        home: the folder below the drop's root that the user sees as ``/``; "" for the root.
        party: who that is on the bench, for the wiretap.
        quota_bytes: how much may stand below the home; None for no limit.
    """

    name: str
    password: str = field(repr=False)
    home: str = ""
    party: str = "backend"
    quota_bytes: int | None = None
    public_keys: tuple[str, ...] = ()

    @property
    def has_password(self) -> bool:
        """Whether a password can open the door."""
        return bool(self.password) or not self.public_keys

    def has_key(self, line: str) -> bool:
        """Tell whether an OpenSSH line, its comment aside, is one of the user's keys."""
        return line.split()[:2] in (one.split()[:2] for one in self.public_keys)


@dataclass(frozen=True, slots=True)
class Event:
    """
    One thing somebody did at the drop, with how it ended.

    Attributes:
        at: when, aware, in UTC.
        user: who, by login name; for what the utility itself did, its name.
        action: what, see `simulators.ftp_server.faults`; besides: ``cut`` (the line), and
            ``put`` and ``move`` by the utility's own people and programs.
        path: on what, from ``/`` on as the user sees it; below the root for the utility. Of
            commands of FTP that are about no path, what was asked for (``I``, ``P``, ``EPSV``).
        answer: ``ok``, or why not; of commands of FTP that are no verbs, the reply.
        to: the new path of a rename or move.
        offset_bytes, count_bytes: what part a read or write was about.
        size_bytes: how large the file then was.
        sha256: of the whole content, lower-case hex (close, rename, put).
    """

    at: datetime
    user: str
    action: str
    path: str
    answer: str = "ok"
    to: str | None = None
    offset_bytes: int | None = None
    count_bytes: int | None = None
    size_bytes: int | None = None
    sha256: str | None = None

    def as_json(self) -> str:
        """Give the event as the wiretap keeps it: one line of JSON, without the time."""
        facts = {
            "user": self.user,
            "do": self.action,
            "path": self.path or None,
            "to": self.to,
            "offset": self.offset_bytes,
            "count": self.count_bytes,
            "size": self.size_bytes,
            "sha256": self.sha256,
            "answer": self.answer,
        }
        told = {key: value for key, value in facts.items() if value is not None}
        return json.dumps(told, separators=(",", ":"))


class Drop:
    """
    The files of a utility's server.

    Parameters:
        name: the server's name on the bench.
        root: an existing folder on this machine, best an empty temporary one.
        users: who may log in; their homes are made.
        clock, tap: the scenario's.
        faults: what is going wrong; shared with the wire.
        folders: further folders to make, below the root.

    Attributes:
        events: what happened, oldest first.
        bitten: the faults at steps of a line that have bitten, each time, oldest first.
        history: which files stood where and when.
        capacity_bytes: how much fits on the disk in all; None for no limit.
        on_finished: called with the path below the root when a file got its name by a rename.
    """

    def __init__(
        self,
        name: str,
        root: Path,
        users: Sequence[User],
        clock: Clock,
        tap: Wiretap,
        faults: Faults,
        folders: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.root = root.resolve(strict=True)
        self.faults = faults
        self.events: list[Event] = []
        self.bitten: list[AtStep] = []
        self.history = History()
        self.capacity_bytes: int | None = None
        self.on_finished: list[Callable[[str], object]] = []
        self._users = {user.name: user for user in users}
        self._clock = clock
        self._tap = tap
        self._full_disk: FullDisk | None = None
        for folder in (*(user.home for user in users), *folders):
            (self.root / folder.strip("/")).mkdir(parents=True, exist_ok=True)
        faults.listen(self._faults_changed)

    async def _faults_changed(self) -> None:
        fault = self.faults.active(FullDisk)
        if fault is self._full_disk:
            return
        self._full_disk = fault
        self.capacity_bytes = (
            None if fault is None else self.history.used_bytes() + fault.free_bytes
        )

    def now(self) -> datetime:
        """Tell the instant of what happens now."""
        return self._clock.now()

    def login(self, user_name: str, password: str, wire: str) -> User | None:
        """Give the user, or None where name or password is wrong or the login is refused."""
        user = self._users.get(user_name)
        known = user is not None and user.has_password and user.password == password
        return self._let_in(user_name, known, wire)

    def login_by_key(self, user_name: str, line: str, wire: str) -> User | None:
        """Give the user, or None where the key, an OpenSSH line, is none of the user's."""
        return self._let_in(user_name, self.knows_key(user_name, line), wire)

    def knows_key(self, user_name: str, line: str) -> bool:
        """Tell whether a key would open the door; asking leaves no trace."""
        user = self._users.get(user_name)
        return user is not None and user.has_key(line) and not self._refuses(user_name)

    @property
    def has_passwords(self) -> bool:
        """Whether any user can log in with a password."""
        return any(user.has_password for user in self._users.values())

    @property
    def has_keys(self) -> bool:
        """Whether any user can log in with a key."""
        return any(user.public_keys for user in self._users.values())

    def _refuses(self, user_name: str) -> bool:
        refusal = self.faults.active(RefusedLogin)
        return refusal is not None and refusal.user in (None, user_name)

    def _let_in(self, user_name: str, known: bool, wire: str) -> User | None:
        user = self._users.get(user_name)
        welcome = known and not self._refuses(user_name)
        answer = "ok" if welcome else "login refused"
        event = Event(self.now(), user_name, "login", "", answer)
        self.record(event, wire, self.party(user_name))
        return user if welcome else None

    def party(self, user_name: str) -> str:
        """Say who a user is on the bench; ``unknown`` where there is no such user."""
        user = self._users.get(user_name)
        return "unknown" if user is None else user.party

    def record(self, event: Event, wire: str, party: str) -> None:
        """Keep what ``party`` did, and note it in the wiretap where a wire carried it."""
        self.events.append(event)
        if wire:
            self._tap.note(wire, party, self.name, event.as_json())

    def visible_at(self, instant: datetime, folder: str | None = None) -> dict[str, int]:
        """Give name and size in bytes of what stood at ``instant``; see `History.visible_at`."""
        return self.history.visible_at(instant, folder)

    def finished(self, path: str) -> None:
        """Tell who waits for files that ``path``, below the root, has got its name."""
        for listener in list(self.on_finished):
            listener(path)

    def moved(self, path: str, to: str) -> Version:
        """Note that the file under ``path`` now stands under ``to`` (both below the root)."""
        self.history.note(Version(self.now(), path, None, None))
        return self._note_standing(to)

    # What the utility's own people and programs do at the machine; no wire carries it.

    def put(self, path: str, content: bytes, who: str = "utility") -> None:
        """Place a whole file, path below the root; one that stands there is replaced."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        version = self._note_standing(path)
        event = Event(
            self.now(), who, "put", path, size_bytes=version.size_bytes, sha256=version.sha256
        )
        self.record(event, wire="", party=who)

    def move(self, path: str, to: str, who: str = "utility") -> None:
        """Move a file, both paths below the root; one that stands there is replaced."""
        target = self.root / to
        target.parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).replace(target)
        version = self.moved(path, to)
        event = Event(
            self.now(),
            who,
            "move",
            path,
            to=to,
            size_bytes=version.size_bytes,
            sha256=version.sha256,
        )
        self.record(event, wire="", party=who)

    def _note_standing(self, path: str) -> Version:
        content = (self.root / path).read_bytes()
        version = Version(self.now(), path, len(content), hashlib.sha256(content).hexdigest())
        self.history.note(version)
        return version


def new_drop(
    name: str,
    clock: Clock,
    tap: Wiretap,
    root: Path | None,
    users: Sequence[User],
    folders: Sequence[str],
    faults: Faults | None,
) -> Drop:
    """
    Make the drop of a server that has one of its own.

    Raises:
        ValueError: If there is no root for its files.
    """
    if root is None:
        raise ValueError("a server needs a root for its files, or the drop of another server")
    known = faults if faults is not None else Faults(clock, tap, name)
    return Drop(name, root, users, clock, tap, known, folders)
