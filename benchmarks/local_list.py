"""
The INCH's local list: 100,000 cards and more, which is what its questionnaire promises.

Over a real WebSocket, with the charger's memory in a real file: the list in one frame, then in a
hundred differences of a thousand cards, then a start without a line with the last card of it. Each
time is shown as a multiple of what reading the same frames with `json` alone takes, in the same
run; memory is what the process has grown by, per card. The list must be held, and the last card
must start, or nothing is printed but that.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from simulators.charger_inch import Card, ChargerInch, Status
from simulators.clock import VirtualClock, stopwatch
from simulators.wiretap import Wiretap

CARDS = 100_001
PART = 1_000
MEMORY_LIMIT_BYTES = 1_000
"""The most that a card may take, in the process."""
TIME_LIMIT = 60
"""How many times the reading of its frames alone the list may take."""


class CentralSystem:
    """Accepts everything, and sends lists."""

    def __init__(self) -> None:
        self._line: ServerConnection | None = None
        self._answers: dict[str, asyncio.Future[Any]] = {}
        self._sent = 0

    async def talk(self, line: ServerConnection) -> None:
        """Answer whatever comes on a line."""
        self._line = line
        with contextlib.suppress(ConnectionClosed):
            async for text in line:
                await self._take(line, json.loads(text))

    async def _take(self, line: ServerConnection, frame: list[Any]) -> None:
        if frame[0] == 2:
            now = "2025-06-03T06:00:00Z"
            boot = {"status": "Accepted", "currentTime": now, "interval": 3600}
            await line.send(json.dumps([3, frame[1], boot if "Boot" in frame[2] else {}]))
        else:
            self._answers.pop(frame[1]).set_result(frame)

    async def send(self, text: str, number: str) -> None:
        """Send a SendLocalList, and see that it is accepted."""
        assert self._line is not None
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self._line.send(text)
        assert (await answer)[2] == {"status": "Accepted"}, await answer


def frame(number: int, kind: str, cards: range) -> str:
    """Write a SendLocalList of version ``number``."""
    entries = [{"idTag": f"{one:08X}", "idTagInfo": {"status": "Accepted"}} for one in cards]
    payload = {"listVersion": number, "updateType": kind, "localAuthorizationList": entries}
    return json.dumps([2, f"l{number}", "SendLocalList", payload])


def memory_bytes() -> int:
    """Give what the process holds that is really there."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("this system does not tell what a process holds")


def reading_s(texts: list[str]) -> float:
    """Give the seconds that reading frames alone takes."""
    seconds = stopwatch()
    for text in texts:
        json.loads(text)
    return seconds()


async def sent(texts: list[str], folder: Path) -> tuple[float, int, float]:
    """Send a list; give the seconds it took, the growth in bytes, and the seconds of a start."""
    central = CentralSystem()
    clock = VirtualClock(datetime(2025, 6, 3, 6, tzinfo=UTC), patience_s=300)
    async with serve(
        central.talk, "127.0.0.1", 0, subprotocols=[Subprotocol("ocpp1.6")], max_size=None
    ) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        charger = ChargerInch(
            "WB-1", clock, Wiretap(clock), random.Random(1), memory=folder / "inch.memory"
        )
        await charger.connect(f"ws://127.0.0.1:{port}/ocpp")
        before, seconds = memory_bytes(), stopwatch()
        for number, text in enumerate(texts, 1):
            await central.send(text, f"l{number}")
        took_s, grown = seconds(), memory_bytes() - before
        assert charger.local_list_size == CARDS
        await charger.cut_line()
        seconds = stopwatch()
        await charger.plug_in()
        await charger.show_card(Card((CARDS - 1).to_bytes(4, "big")[::-1]))
        start_s = seconds()
        assert charger.status is Status.CHARGING
        await charger.close()
    return took_s, grown, start_s


def measured(way: str) -> dict[str, float]:
    """Send the list in one way, and give the figures."""
    texts = frames(way)
    with tempfile.TemporaryDirectory() as folder:
        took_s, grown, start_s = asyncio.run(sent(texts, Path(folder)))
    return {
        "mb": sum(map(len, texts)) / 1e6,
        "took_s": took_s,
        "times": took_s / reading_s(texts),
        "bytes": grown / CARDS,
        "start_ms": start_s * 1_000,
    }


def frames(way: str) -> list[str]:
    """Give the frames of one way of sending the list."""
    if way == WAYS[0]:
        return [frame(1, "Full", range(CARDS))]
    return [frame(1, "Full", range(PART))] + [
        frame(number, "Differential", range(first, min(first + PART, CARDS)))
        for number, first in enumerate(range(PART, CARDS, PART), 2)
    ]


WAYS = ("in one go", f"in differences of {PART:,}")


def main() -> int:
    """Print the figures; exit 1 above a limit."""
    if len(sys.argv) > 1:  # in a process of its own, so that one way's memory is not the other's
        print(json.dumps(measured(sys.argv[1])))
        return 0
    good = True
    print(f"{CARDS:,} cards, each accepted only when it is on the disk")
    print(f"{'':26} {'MB':>6} {'s':>6} {'times reading':>14} {'bytes a card':>13} {'start ms':>9}")
    for way in WAYS:
        done = subprocess.run(
            [sys.executable, __file__, way], check=True, capture_output=True, text=True
        )
        told = json.loads(done.stdout)
        good = good and told["times"] <= TIME_LIMIT and told["bytes"] <= MEMORY_LIMIT_BYTES
        print(
            f"{way:26} {told['mb']:6.1f} {told['took_s']:6.2f} {told['times']:14.1f}"
            f" {told['bytes']:13.0f} {told['start_ms']:9.1f}"
        )
    print(f"limits: {TIME_LIMIT} times, {MEMORY_LIMIT_BYTES} bytes a card")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
