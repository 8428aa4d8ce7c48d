"""
A log, put before a backend that is not ours, in real time.

What a charger asked is said again word for word, over a line of its own, each charger on its own;
the answers are compared with those of the log. As at home (`harness.replay`) a transaction id is
the one that this backend gave, what the log's backend asked is left out, and what this backend
asks is refused. Its files are where it delivers them; nothing here judges them.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI

from harness.errors import UsageError
from harness.recording import BACKEND, FieldLog, recorded
from harness.replay import Act, Difference, Script, Stage, dialled, scripts_of
from simulators.clock import RealClock
from simulators.wiretap import LINE_WIRE, Wiretap

RECORDED, AT_ONCE = "recorded", "as-fast-as-answered"


@dataclass(frozen=True, slots=True)
class Pace:
    """
    How fast a log is replayed.

    Attributes:
        factor: how many times as fast as it was recorded; None to wait for answers only.
    """

    factor: float | None

    @classmethod
    def of(cls, text: str) -> Pace:
        """
        Read what the command line says: ``recorded``, ``10x``, ``as-fast-as-answered``.

        Raises:
            UsageError: If it is none of these.
        """
        if text == RECORDED:
            return cls(1.0)
        if text == AT_ONCE:
            return cls(None)
        found = re.fullmatch(r"(\d+(?:\.\d+)?)[x×]", text)
        if found is None or not 0 < float(found[1]) <= 1_000_000:
            raise UsageError(f'--pace "{text}" is no pace; write {RECORDED}, 10x, or {AT_ONCE}')
        return cls(float(found[1]))


@dataclass(frozen=True, slots=True)
class Away:
    """
    Where a log goes.

    Attributes:
        address: ``wss://backend.example/ocpp``; each charger's identity is put behind it.
        pace: how fast.
        trust: who signed the backend's certificate, as PEM; None for those the machine trusts.
        password: what chargers give with their identity (Basic, OCPP-J §6); None: nothing.
        record: a file for what crosses; it is not there yet.
    """

    address: str
    pace: Pace
    trust: Path | None = None
    password: str | None = None
    record: Path | None = None


@dataclass(frozen=True, slots=True)
class AwayResult:
    """
    What a replay away gave.

    Attributes:
        log: what was replayed.
        scripts: all that each charger did.
        said: how much each charger said.
        differences: by charger the answers of another kind than the recorded ones.
    """

    log: FieldLog
    scripts: Mapping[str, Script]
    said: Mapping[str, int]
    differences: Mapping[str, Sequence[Difference]]


async def replay_away(log: FieldLog, away: Away) -> AwayResult:
    """
    Put what the chargers of a log asked before a backend that is not ours.

    Raises:
        UsageError: If the address cannot be used, the backend cannot be reached or lets a charger
            not in, or the file for the recording is there already.
    """
    scripts = scripts_of(log)
    acts = [act for script in scripts.values() for act in script.acts]
    clock = RealClock()
    tap = Wiretap(clock, keeps=False)
    with _recording(away, tap, clock):
        ground = _Away(away, clock, tap, min((act.at for act in acts), default=log.frames[0].at))
        stages = {identity: Stage(ground, tap) for identity in scripts}
        progress = _Progress(len([act for act in acts if act.action]))
        plays = []
        for identity, stage in stages.items():
            stage.on_said = progress.count
            plays.append(asyncio.ensure_future(_play(stage, scripts[identity])))
        try:
            await asyncio.gather(*plays)
        finally:
            for play in plays:
                play.cancel()
            await asyncio.gather(*plays, return_exceptions=True)
            progress.end()
    return AwayResult(
        log,
        scripts,
        {identity: stage.said for identity, stage in stages.items()},
        {identity: stage.differences.get(identity, ()) for identity, stage in stages.items()},
    )


async def _play(stage: Stage, script: Script) -> None:
    try:
        await stage.play([script])
    finally:
        await stage.leave()


@contextlib.contextmanager
def _recording(away: Away, tap: Wiretap, clock: RealClock) -> Iterator[None]:
    if away.record is None:
        yield
        return
    with recorded(away.record, tap, clock.now(), {"by": "isebench replay", "to": away.address}):
        yield


class _Away:
    """A backend somewhere, in real time."""

    def __init__(self, away: Away, clock: RealClock, tap: Wiretap, first: datetime) -> None:
        self.clock = clock
        self._away, self._tap = away, tap
        self._first, self._began = first, clock.now()
        self._address = _checked(away.address)
        self._tls = _tls(away)

    async def reach(self, at: datetime) -> None:
        """Wait as long as the pace says; what is late is said at once."""
        if self._away.pace.factor is None:
            return
        come = asyncio.Event()

        async def wake() -> None:
            come.set()

        due = self._began + (at - self._first) / self._away.pace.factor
        if due > self.clock.now():
            alarm = self.clock.call_at(due, wake)
            try:
                await come.wait()
            finally:
                alarm.cancel()

    async def dial(self, identity: str) -> ClientConnection:
        """Open a charger's line."""
        where = f"{identity} at {self._away.address}"
        try:
            return await dialled(
                self._address, identity, password=self._away.password, tls=self._tls
            )
        except InvalidStatus as error:
            status = error.response.status_code
            remedy = "name its password with --password-file" if status == 401 else "admit it there"
            raise UsageError(f"{where} is not let in ({status} of HTTP); {remedy}") from error
        except ssl.SSLCertVerificationError as error:
            raise UsageError(
                f"{where}: the certificate is not trusted ({error.verify_message}); name who "
                "signed it with --trust"
            ) from error
        except (OSError, InvalidHandshake, InvalidURI, TimeoutError) as error:
            raise UsageError(f"{where}: no line comes up ({error})") from error

    async def changed(self, identity: str, *, up: bool) -> None:
        """Note that a line is up, or down."""
        self._tap.note(LINE_WIRE, identity, BACKEND, "up" if up else "down")

    async def settle(self) -> None:
        """Go on: what is asked has been answered, and more nobody can tell."""


class _Progress:
    """How much of a log has been said, on a line that is written over."""

    def __init__(self, of: int) -> None:
        self._of, self._count = of, 0
        self._is_looked_at = sys.stderr.isatty()

    def count(self, act: Act) -> None:
        """Take notice that something was said."""
        self._count += 1
        if self._is_looked_at:
            what = f"{self._count} of {self._of} said, of {act.at:%Y-%m-%d %H:%M:%S} UTC"
            sys.stderr.write(f"\r\x1b[K{what}")
            sys.stderr.flush()

    def end(self) -> None:
        """Leave the line."""
        if self._is_looked_at:
            sys.stderr.write("\r\x1b[K")


def _checked(address: str) -> str:
    try:
        found = urlsplit(address)
        usable = found.scheme in ("ws", "wss") and found.hostname and found.port != 0
    except ValueError:
        usable = False
    if not usable or found.query or found.fragment or found.username or found.password:
        raise UsageError(
            f"--to {address!r} is no address of a backend; write wss://backend.example/ocpp, "
            "without the charger's identity, a password or a query"
        )
    return address.rstrip("/")


def _tls(away: Away) -> ssl.SSLContext | None:
    if not away.address.startswith("wss:"):
        if away.trust is not None:
            raise UsageError("--trust is about wss; write --to wss://…, or leave --trust out")
        return None
    try:
        return ssl.create_default_context(cafile=away.trust)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(
            f"--trust {away.trust}: no certificates can be read there ({error}); name a PEM file"
        ) from error
