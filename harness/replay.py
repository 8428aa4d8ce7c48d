"""
A log from the field, put before the backend again.

What a charger asked is said to the bundled backend word for word, over a real connection, at
the times the log bears, on a virtual clock; then the backend's store is asked what it made of
it. The answers in the log are only compared; what the log's backend asked, and what the charger
answered to that, is counted and left out, for it says nothing to this backend.

Two things are not word for word. A transaction id is the one that this backend gave when the
log shows which one the other backend had given; a charger would have used it. And a card is
known to this backend, with the status that the log shows, so that one charger's cards do not
hide what else differs.

A recording of this bench tells when lines went up and down. ASSUMED for other logs: a charger
is connected as long as it says something; a silence of more than twice the heartbeat interval
that the log shows, or of `SILENCE_MAX` where it shows none, is a lost line, from the last thing
that was said on. ASSUMED: a card whose answer the log does not show is accepted.

Limits: an answer is waited for `ANSWER_LIMIT_S` real seconds; intervals are made for the first
`DAYS_MAX` local days that have readings.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import ssl
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, Protocol, TypeGuard
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.headers import build_authorization_basic
from websockets.typing import Subprotocol

from backend import Backend, Settings
from backend.adapters.records import StoredDeviation
from backend.core.days import day_bounds, local_day_of
from backend.core.device_profile import GENERIC, DeviceProfile, load_profile, profile_names
from backend.core.id_tags import canonical
from backend.core.intervals import Interval
from backend.core.readings import ENERGY, Reading
from backend.core.sessions import Session
from harness.errors import HarnessError
from harness.recording import (
    BACKEND,
    OCPP_WIRE,
    FieldLog,
    Frame,
    LineChange,
)
from simulators.clock import Clock, VirtualClock
from simulators.wiretap import Crossing, Wiretap

ANSWER_LIMIT_S = 10.0
LINE_LIMIT_S = 10.0
SILENCE_MAX = timedelta(hours=1)
SILENCE_MIN = timedelta(minutes=5)
DAYS_MAX = 400
INTERVAL = timedelta(minutes=15)
EVER = (datetime(1900, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC))
CARD_STATUSES = ("Accepted", "Blocked", "Expired", "Invalid")
NO_ANSWER = "no answer"


# ------------------------------------------------------------------ what comes out


@dataclass(frozen=True, slots=True)
class Difference:
    """
    An answer that is of another kind than the recorded one.

    Attributes:
        frame: the charger's CALL.
        action: its action.
        recorded, given: the kinds of answer: a status, ``confirmed``, ``CALLERROR code`` or
            ``no answer``.
    """

    frame: Frame
    action: str
    recorded: str
    given: str


@dataclass(frozen=True, slots=True)
class ChargerReplay:
    """
    What the backend made of one charger.

    Attributes:
        identity: as the log names it.
        vendor, model, firmware: what it said of itself; empty where it did not.
        profile: what it was read with: that of its vendor, or the generic one.
        calls: how many of each message it sent.
        left_out: frames of the log that were not put before the backend, by kind.
        silences: from when to when the line is assumed lost.
        readings: all readings, in the order of time.
        intervals: the quarter hours of local days with readings, between the first reading of
            energy and the last.
        sessions: in the order in which they were stored.
        deviations: what the backend read leniently.
        differences: answers of another kind than the recorded ones.
    """

    identity: str
    vendor: str
    model: str
    firmware: str
    profile: DeviceProfile
    calls: tuple[tuple[str, int], ...]
    left_out: tuple[tuple[str, int], ...]
    silences: tuple[tuple[datetime, datetime], ...]
    readings: tuple[Reading, ...]
    intervals: tuple[Interval, ...]
    sessions: tuple[Session, ...]
    deviations: tuple[StoredDeviation, ...]
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """
    What a replay gave.

    Attributes:
        log: what was replayed, with the lines that were skipped.
        chargers: in the order in which the log names them.
        crossings: what crossed the wire in the replay; the same log gives the same ones.
    """

    log: FieldLog
    chargers: tuple[ChargerReplay, ...]
    crossings: tuple[Crossing, ...]


# ------------------------------------------------------------------ the script


@dataclass(slots=True)
class Act:
    """
    One thing a charger did.

    Attributes:
        order: its place among all that happened.
        at, identity: when, and which charger.
        frame: what it said; None where only its line changed.
        action: of its CALL; empty where it is no CALL, and nothing is said then.
        message_id: of its CALL; None where no answer can be known as such.
        recorded: the answer in the log.
        line: what its line does: go up before, or down after what was said.
    """

    order: int
    at: datetime
    identity: str
    frame: Frame | None = None
    action: str = ""
    message_id: object = None
    recorded: str | None = None
    line: Literal["up", "down"] | None = None

    @property
    def payload(self) -> Mapping[str, Any]:
        """The payload of its CALL."""
        return _payload(self.frame.text) if self.frame is not None else {}


@dataclass(slots=True)
class Script:
    """All that one charger did, and what the log says of it beside."""

    identity: str
    acts: list[Act] = field(default_factory=list)
    boot: Mapping[str, Any] = field(default_factory=dict)
    heartbeat: timedelta | None = None
    cards: dict[str, str] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)
    silences: list[tuple[datetime, datetime]] = field(default_factory=list)

    @property
    def profile(self) -> DeviceProfile:
        """The profile of the vendor that the charger names."""
        vendor = str(self.boot.get("chargePointVendor", ""))
        special = (load_profile(name) for name in profile_names() if name != GENERIC.name)
        return next((profile for profile in special if profile.is_of(vendor)), GENERIC)

    def said(self, key: str) -> str:
        """Give a field of its BootNotification, as text."""
        return str(self.boot.get(key, ""))


def scripts_of(log: FieldLog) -> dict[str, Script]:
    """Sort what happened in a log by charger, and join CALLs and answers."""
    scripts = {identity: Script(identity) for identity in log.identities}
    asked: dict[tuple[str, str], Act] = {}
    for place, frame in enumerate(log.frames):
        script = scripts[frame.identity]
        said = _message(frame.text)
        if frame.direction == "in":
            # Where line changes stand between the frames, the lines of the file are the order.
            act = _act_of(frame, said, frame.line if log.changes else place)
            script.acts.append(act)
            if act.action:
                asked[frame.identity, repr(act.message_id)] = act
            else:
                script.left_out["answer of the charger"] += 1
        elif said is not None and said[0] != 2:
            answered = asked.pop((frame.identity, repr(said[1])), None)
            if answered is not None:
                answered.recorded = frame.text
        else:
            script.left_out[f"{said[2] if said else 'frame'} from the backend"] += 1
    for script in scripts.values():
        _learn(script)
        if log.changes:
            _follow(script, log.changes)
        else:
            _part(script)
    return scripts


def _act_of(frame: Frame, said: list[Any] | None, order: int) -> Act:
    act = Act(order, frame.at, frame.identity, frame)
    if said is None:
        act.action = "no message"
    elif said[0] == 2:
        act.action = str(said[2])
        whole = len(said) == 4 and isinstance(said[1], str | int) and isinstance(said[2], str)
        act.message_id = said[1] if whole else None
    return act


def _message(text: str) -> list[Any] | None:
    """Read an OCPP-J message; None for anything else."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return None
    well = isinstance(said, list) and len(said) >= 3 and said[0] in (2, 3, 4)
    return said if well else None


def _payload(text: str) -> Mapping[str, Any]:
    """Give the payload of a CALL or an answer; empty where it is no object."""
    said = _message(text)
    place = {2: 3, 3: 2}.get(said[0]) if said else None
    if said is None or place is None or len(said) <= place:
        return {}
    return said[place] if isinstance(said[place], dict) else {}


def _learn(script: Script) -> None:
    """Take what the log says of the charger, its heartbeat and its cards."""
    for act in script.acts:
        answer = _payload(act.recorded or "")
        if act.action == "BootNotification":
            script.boot = act.payload or script.boot
            interval = answer.get("interval")
            if isinstance(interval, int) and 0 < interval < 86_400:
                script.heartbeat = timedelta(seconds=interval)
        id_tag = canonical(str(act.payload.get("idTag", "")))
        if 0 < len(id_tag) <= 20:
            status = _status(answer)
            known = status if status in CARD_STATUSES else None
            script.cards[id_tag] = known or script.cards.get(id_tag) or "Accepted"


def _follow(script: Script, changes: Iterable[LineChange]) -> None:
    """Let the line go up and down when it did."""
    since: datetime | None = None
    for change in changes:
        if change.identity != script.identity:
            continue
        line: Literal["up", "down"] = "up" if change.up else "down"
        script.acts.append(Act(change.line, change.at, change.identity, line=line))
        if not change.up:
            since = change.at
        elif since is not None:
            script.silences.append((since, change.at))
    script.acts.sort(key=lambda act: act.order)


def _part(script: Script) -> None:
    """Take long silences for lost lines."""
    limit = SILENCE_MAX
    if script.heartbeat is not None:
        limit = max(2 * script.heartbeat, SILENCE_MIN)
    for act, following in pairwise(script.acts):
        if following.at - act.at > limit:
            act.line = "down"
            script.silences.append((act.at, following.at))
    if script.acts:
        script.acts[-1].line = "down"


# ------------------------------------------------------------------ the replay


async def replay(log: FieldLog) -> ReplayResult:
    """
    Put what the chargers of a log asked before a new backend, at the times the log bears.

    Raises:
        SettingsError: If the log names a charger in a way that no charger can be named.
    """
    scripts = scripts_of(log)
    if not log.frames:
        return ReplayResult(log, (), ())
    acts = [act for script in scripts.values() for act in script.acts]
    clock = VirtualClock(min((act.at for act in acts), default=log.frames[0].at))
    with TemporaryDirectory(prefix="isebench-replay-") as folder:
        ground = VirtualGround(clock)
        stage = Stage(ground)
        settings = Settings.from_mapping(_settings(scripts.values(), Path(folder)), {})
        backend = Backend(settings, clock, ground.on_connection)
        try:
            await backend.start()
            ground.address = backend.address
            await stage.play(scripts.values())
            # So that the last quarter hour is over, and not merely one of the future.
            await clock.advance_to(clock.now() + INTERVAL)
            chargers = [
                await _looked_at(backend, script, stage.differences) for script in scripts.values()
            ]
        finally:
            await stage.leave()
            await backend.stop()
    return ReplayResult(log, tuple(chargers), tuple(stage.tap.crossings))


def _settings(scripts: Iterable[Script], folder: Path) -> dict[str, Any]:
    scripts = list(scripts)
    cards = {tag: status for script in scripts for tag, status in script.cards.items()}
    return {
        "backend": {"host": "127.0.0.1", "port": 0, "database": str(folder / "replay.sqlite")},
        "account": [{"name": "replay"}],
        "station": [
            {"account": "replay", "identity": one.identity, "profile": one.profile.name}
            for one in scripts
        ],
        "card": [
            {"account": "replay", "id_tag": tag, "status": status} for tag, status in cards.items()
        ],
    }


class Ground(Protocol):
    """
    Where a log is replayed: whose time it is, and who has to know of lines.

    Attributes:
        clock: tells the time that is noted.
    """

    @property
    def clock(self) -> Clock:
        """Tells the time that is noted."""

    async def reach(self, at: datetime) -> None:
        """Come to the time at which something was said in the log."""

    async def dial(self, identity: str) -> ClientConnection:
        """Open a charger's line."""

    async def changed(self, identity: str, *, up: bool) -> None:
        """Take notice that a line is up, or down, on the charger's side."""

    async def settle(self) -> None:
        """Wait until nothing of what has been said is under way any more."""


class VirtualGround:
    """
    A backend on a virtual clock, in this process, which tells when it has noticed a line.

    Attributes:
        clock: of the backend, too.
        address: where it listens, as soon as it does.
    """

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.address = ""
        self._up: dict[str, bool] = {}
        self._noticed = asyncio.Event()

    def on_connection(self, identity: str, up: bool) -> None:
        """Take the backend's word that a line, or its end, has been kept."""
        self._up[identity] = up
        self._noticed.set()

    async def reach(self, at: datetime) -> None:
        """Let time pass."""
        await self.clock.advance_to(at)

    async def dial(self, identity: str) -> ClientConnection:
        """Open a charger's line."""
        return await dialled(self.address, identity)

    async def changed(self, identity: str, *, up: bool) -> None:
        """Wait until the backend has noticed, too."""
        try:
            async with asyncio.timeout(LINE_LIMIT_S):
                while self._up.get(identity, False) is not up:
                    self._noticed.clear()
                    await self._noticed.wait()
        except TimeoutError:
            raise HarnessError(
                f"{identity}: the backend has not noticed in {LINE_LIMIT_S:g} real seconds that "
                f"the line is {'up' if up else 'down'}"
            ) from None

    async def settle(self) -> None:
        """Wait until nobody holds the clock."""
        await self.clock.settle()


async def dialled(
    address: str,
    identity: str,
    *,
    password: str | None = None,
    tls: ssl.SSLContext | None = None,
) -> ClientConnection:
    """Open the line of a charger to the backend at an address, as OCPP-J §3.1.1 has it."""
    credentials = {}
    if password is not None:
        credentials["Authorization"] = build_authorization_basic(identity, password)
    return await connect(
        f"{address}/{quote(identity, safe='')}",
        subprotocols=[Subprotocol(OCPP_WIRE)],
        compression=None,
        proxy=None,
        max_size=None,
        additional_headers=credentials,
        ssl=tls,
    )


class Stage:
    """The chargers of a log on their lines, and what was noted on the way."""

    def __init__(self, ground: Ground, tap: Wiretap | None = None) -> None:
        self.tap = tap or Wiretap(ground.clock)
        self.differences: dict[str, list[Difference]] = {}
        self.transactions: dict[tuple[str, int], int] = {}
        self.said = 0
        self.on_said: Callable[[Act], None] = lambda act: None
        self._ground = ground
        self._lines: dict[str, Line] = {}

    @property
    def clock(self) -> Clock:
        """The clock of the ground."""
        return self._ground.clock

    async def play(self, scripts: Iterable[Script]) -> None:
        """Let every charger do what it did, in the order in which it happened."""
        acts = sorted((act for script in scripts for act in script.acts), key=lambda a: a.order)
        for act in acts:
            await self._ground.reach(act.at)
            if act.line == "up" or (act.action and act.identity not in self._lines):
                await self._begin(act.identity)
            if act.action and act.frame is not None:
                await self._say(act, act.frame)
            line = self._lines.get(act.identity)
            if act.line == "down" or (line is not None and line.broken):
                await self._end(act.identity)
            await self._ground.settle()
        for identity in list(self._lines):
            await self._end(identity)

    async def leave(self) -> None:
        """Hang up what is still open."""
        for identity in list(self._lines):
            await self._lines.pop(identity).close()

    async def _begin(self, identity: str) -> None:
        await self._end(identity)
        with self.clock.hold(f"{identity} opens its line"):
            websocket = await self._ground.dial(identity)
            self._lines[identity] = Line(identity, websocket, self)
        await self._ground.changed(identity, up=True)

    async def _say(self, act: Act, frame: Frame) -> None:
        line = self._lines[act.identity]
        answer = await line.ask(line.translated(frame.text), act.message_id)
        self.said += 1
        self.on_said(act)
        line.learn(act.recorded, answer)
        if act.recorded is not None:
            recorded, given = answer_kind(act.recorded), answer_kind(answer)
            if not _alike(recorded, given):
                difference = Difference(frame, act.action, recorded, given)
                self.differences.setdefault(act.identity, []).append(difference)

    async def _end(self, identity: str) -> None:
        line = self._lines.pop(identity, None)
        if line is not None:
            with self.clock.hold(f"{identity} hangs up"):
                await line.close()
            await self._ground.changed(identity, up=False)


class Line:
    """The line of one charger; it says what it is told and waits for the answer."""

    def __init__(self, identity: str, websocket: ClientConnection, stage: Stage) -> None:
        self.broken = False
        self._marks = itertools.count(1)
        self._identity = identity
        self._websocket = websocket
        self._clock = stage.clock
        self._tap = stage.tap
        # Outlives the line, as a session does.
        self._transactions = stage.transactions

    async def close(self) -> None:
        """Hang up; a line that the backend has ended is down already."""
        if not self.broken:
            await self._websocket.close()

    def translated(self, text: str) -> str:
        """Put this backend's transaction id where the log has the other backend's."""
        theirs = _payload(text).get("transactionId")
        ours = self._transactions.get((self._identity, theirs)) if _is_id(theirs) else None
        if ours is None:
            return text
        pattern = re.compile(rf'("transactionId"\s*:\s*){theirs}(?![\d.eE])')
        return pattern.sub(rf"\g<1>{ours}", text, count=1)

    def learn(self, recorded: str | None, given: str | None) -> None:
        """Note which transaction id of this backend stands for one of the other's."""
        theirs = _payload(recorded or "").get("transactionId")
        ours = _payload(given or "").get("transactionId")
        if _is_id(theirs) and _is_id(ours):
            self._transactions[self._identity, theirs] = ours

    async def ask(self, text: str, message_id: object) -> str | None:
        """
        Say something and wait for the answer.

        Where no answer can be known as such (the frame has no proper id), a Heartbeat is said
        behind it: the backend reads in order, so its answer says that both have been read.

        Returns:
            The answer; None where there is none, or the backend ended the line.
        """
        with self._clock.hold(f"{self._identity} waits for the answer to {text[:60]}"):
            try:
                async with asyncio.timeout(ANSWER_LIMIT_S):
                    await self._send(text)
                    if message_id is not None:
                        return await self._answer_to(message_id)
                    # Never one id twice, or the charger would seem to have done that.
                    mark = f"isebench-replay-{next(self._marks)}"
                    await self._send(json.dumps([2, mark, "Heartbeat", {}]))
                    await self._answer_to(mark)
            except (TimeoutError, ConnectionClosed) as error:
                self.broken = isinstance(error, ConnectionClosed)
            return None

    async def _answer_to(self, message_id: object) -> str:
        while True:
            text = await self._websocket.recv(decode=True)
            self._tap.note(OCPP_WIRE, BACKEND, self._identity, text)
            said = _message(text)
            if said is None:
                continue
            if said[0] == 2:
                refusal = "a replayed charger answers nothing"
                await self._send(json.dumps([4, said[1], "NotSupported", refusal, {}]))
            elif said[1] == message_id:
                return text

    async def _send(self, text: str) -> None:
        self._tap.note(OCPP_WIRE, self._identity, BACKEND, text)
        await self._websocket.send(text)


def _is_id(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _status(payload: Mapping[str, Any]) -> str | None:
    info = payload.get("idTagInfo")
    status = info.get("status") if isinstance(info, dict) else payload.get("status")
    return status if isinstance(status, str) else None


def answer_kind(answer: str | None) -> str:
    """Say of what kind an answer is."""
    said = _message(answer) if answer is not None else None
    if said is None:
        return NO_ANSWER
    if said[0] == 4:
        return f"CALLERROR {said[2]}"
    return _status(_payload(answer or "")) or "confirmed"


def _alike(recorded: str, given: str) -> bool:
    # A status in an answer that may have none (StopTransaction) says no more than its absence.
    return recorded == given or {recorded, given} == {"confirmed", "Accepted"}


async def _looked_at(
    backend: Backend, script: Script, differences: Mapping[str, Sequence[Difference]]
) -> ChargerReplay:
    """Ask the backend's store what it made of a charger."""
    identity = script.identity
    readings = await backend.readings(identity, *EVER)
    return ChargerReplay(
        identity=identity,
        vendor=script.said("chargePointVendor"),
        model=script.said("chargePointModel"),
        firmware=script.said("firmwareVersion"),
        profile=script.profile,
        calls=tuple(Counter(act.action for act in script.acts if act.action).items()),
        left_out=tuple(script.left_out.items()),
        silences=tuple(script.silences),
        readings=tuple(readings),
        intervals=tuple(await _intervals(backend, identity, readings)),
        sessions=tuple(await backend.sessions(identity)),
        deviations=tuple(await backend.deviations(identity)),
        differences=tuple(differences.get(identity, ())),
    )


async def _intervals(
    backend: Backend, identity: str, readings: Iterable[Reading]
) -> list[Interval]:
    energies = [one.instant for one in readings if one.measurand == ENERGY]
    if not energies:
        return []
    first, last = min(energies), max(energies)
    days = sorted({local_day_of(instant) for instant in energies})[:DAYS_MAX]
    return [
        interval
        for day in days
        for interval in await backend.intervals(identity, *day_bounds(day))
        if interval.end > first and (interval.start < last or interval.start == first)
    ]
