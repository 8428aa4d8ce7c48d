"""
A recording, put before a backend on a bench: what chargers said goes in, files come out.

The bench is the one of a scenario: a virtual clock, the bundled backend, a utility whose server
and importer are real. Its chargers are known to the backend with the profile of the vendor that
they name, and are activated for IS-E each with a metering code of its own; its cards are known
with the status that the recording shows. What a charger said is said again at the times of the
recording, with the transaction ids that this backend gives (`harness.replay`). Time then goes on
to 03:00 of the day after the last, when everything that is due has been delivered.

The days are those from the first to the last of which anything was said: when it was said, and
what its timestamps say, as far as they lie at most `DAYS_BEFORE` days before the first frame.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from websockets.asyncio.client import ClientConnection

from harness.bench import UTILITY, Bench
from harness.errors import UsageError
from harness.frames import Call, calls_of, instant_of
from harness.local_time import ZURICH, grid
from harness.recording import FieldLog
from harness.replay import Script, Stage, answer_kind, dialled, scripts_of
from harness.utility import Held
from simulators.clock import BenchClock

DAYS_BEFORE = 31
"""A charger that was offline for longer is rare, and a clock that is wrong by years is not."""
DAYS_MAX = 92
"""A recording of more days is refused: each is delivered and judged."""
INTERVAL_MINUTES = 15
_STAMP = re.compile(r'"timestamp"\s*:\s*"([^"]+)"')


class Rerun:
    """
    A recording on a bench.

    Parameters:
        bench: one on which nothing is declared yet.
        log: what is put before its backend.

    Attributes:
        log: the same, without what a backend says and asks by itself.
        days: the local days that are lived, in order.
        identities: the chargers, in the order in which the recording names them.
    """

    def __init__(self, bench: Bench, log: FieldLog) -> None:
        self.bench = bench
        self.log = log
        self._scripts = scripts_of(log)
        self.identities = tuple(self._scripts)
        self.days = days_of(log)
        bench.declare_day(self.days[0])
        for identity in self.identities:
            station = bench.declare_station(identity)
            # Nothing of the bench stands there: who plays the recording is the charger.
            station.is_elsewhere, station.is_configured = True, False
        bench.amend(partial(_know, self._scripts))

    def play(self) -> None:
        """Say everything again, and let the last day's files be delivered and read."""
        bench = self.bench
        bench.go()
        stage = Stage(_BenchGround(bench), bench.tap)

        async def play() -> None:
            try:
                await stage.play(self._scripts.values())
            finally:
                await stage.leave()

        bench.run(play())
        bench.advance_to(bench.at("3:00", self.days[-1] + timedelta(days=1)))
        bench.utility.collect()

    def held(self, identity: str, day: date | None = None) -> list[Held]:
        """Give what the utility holds of a charger in the end, of one day or of all."""
        code = self.bench.station(identity).metering_code
        values = self.bench.utility.held(code or "")
        if day is None:
            return values
        boundaries = grid(day, INTERVAL_MINUTES)
        return [one for one in values if boundaries[0] <= one.start < boundaries[-1]]

    def calls(self, identity: str) -> list[Call]:
        """Give what a charger asked in this run, with its answers."""
        return calls_of(self.bench.tap.crossings, identity)

    def answers(self, identity: str) -> Counter[tuple[str, str]]:
        """Count the kinds of answers to each action of a charger, in the order of the first."""
        found: Counter[tuple[str, str]] = Counter()
        for call in self.calls(identity):
            answer = None if call.answer is None else call.answer.text
            found[call.action, answer_kind(answer)] += 1
        return found


class _BenchGround:
    """The bench's clock and the two ends of a line as the bench has them."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    @property
    def clock(self) -> BenchClock:
        return self._bench.clock

    async def reach(self, at: datetime) -> None:
        await self.clock.advance_to(at)

    async def dial(self, identity: str) -> ClientConnection:
        return await dialled(self._bench.backend.address, identity)

    async def changed(self, identity: str, *, up: bool) -> None:
        await self._bench.line_changed(identity, up=up)

    async def settle(self) -> None:
        await self.clock.settle()


def _know(scripts: Mapping[str, Script], settings: dict[str, Any]) -> None:
    """Let the backend's settings know the chargers and cards of a recording."""
    for station in settings["station"]:
        station["profile"] = scripts[station["identity"]].profile.name
    cards = {tag: status for script in scripts.values() for tag, status in script.cards.items()}
    settings["card"] = [
        {"account": UTILITY, "id_tag": tag, "status": status} for tag, status in cards.items()
    ]


def days_of(log: FieldLog) -> tuple[date, ...]:
    """
    Give the local days of a recording, from the first to the last, without a gap.

    Raises:
        UsageError: If there are more than `DAYS_MAX`, or no frame is there.
    """
    if not log.frames:
        raise UsageError("the recording holds no frame")
    first, last = (edge(frame.at for frame in log.frames) for edge in (min, max))
    stamps = [one for one in _stamps(log) if first - timedelta(days=DAYS_BEFORE) <= one <= last]
    begin = min([first, *stamps]).astimezone(ZURICH).date()
    end = last.astimezone(ZURICH).date()
    count = (end - begin).days + 1
    if count > DAYS_MAX:
        raise UsageError(
            f"the recording spans {count} days, above the limit of {DAYS_MAX}; cut it down to the "
            "days in question"
        )
    return tuple(begin + timedelta(days=number) for number in range(count))


def _stamps(log: FieldLog) -> Iterator[datetime]:
    """Give the instants at which chargers say that something was so."""
    for frame in log.frames:
        if frame.direction == "in":
            for text in _STAMP.findall(frame.text):
                try:
                    yield instant_of(text)
                except (ValueError, OverflowError):
                    continue


def put_before(log: FieldLog) -> FieldLog:
    """Give what of a log is put before a backend: the chargers' CALLs, and the answers to them."""
    asked: set[tuple[str, str]] = set()
    frames = []
    for frame in log.frames:
        kind, message_id = _kind_and_id(frame.text)
        if frame.direction == "in":
            if kind in (3, 4):
                continue
            asked.add((frame.identity, message_id))
        elif kind not in (3, 4) or (frame.identity, message_id) not in asked:
            continue
        frames.append(frame)
    return replace(log, frames=tuple(frames))


def _kind_and_id(text: str) -> tuple[object, str]:
    try:
        said = json.loads(text)
        return said[0], repr(said[1])
    except (ValueError, LookupError, TypeError, RecursionError):
        return None, ""
