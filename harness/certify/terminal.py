"""
The person at the charger: told what to do, on a terminal or over pipes, and heard.

A question is a line with its limit; what is said is a line, too: ``done`` (or ``d``, or nothing but
Enter), ``cannot WHY`` (``c``) or ``stop`` (``s``). On a terminal the seconds count down, and what
was typed before a question is no answer to it; over a pipe lines wait until they are wanted.

Lines are read in a thread of their own, by the file's number: a read that waits must keep neither
the loop nor the end of the program.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections import deque
from datetime import datetime, timedelta
from shutil import get_terminal_size
from typing import TextIO

from harness.certify.acts import CANNOT, DONE, STOP
from harness.tables import shortened
from simulators.clock import Clock, real_pause

_ANSWERS = {"": DONE, "d": DONE, DONE: DONE, "c": CANNOT, CANNOT: CANNOT, "s": STOP, STOP: STOP}
HELP = "answer with done (or Enter), cannot WHY, or stop"
REST_CHARS_MAX = 10_000


def read_answer(line: str) -> str | None:
    """Read what a person said; None where it is no answer."""
    word, _, rest = line.strip().partition(" ")
    answer = _ANSWERS.get(word.lower())
    if answer == CANNOT:
        return f"{CANNOT} {rest.strip()}".strip()
    return answer if answer is None or not rest.strip() else None


class Terminal:
    """
    The person, over the program's own input and output.

    Parameters:
        clock: tells how long is left.
        output: where lines are shown.
        source: the number of the file that is read.
        is_terminal: whether a person sits there, who sees lines change.
    """

    def __init__(self, clock: Clock, output: TextIO, source: int, *, is_terminal: bool) -> None:
        self._clock = clock
        self._output = output
        self._source = source
        self._is_terminal = is_terminal
        self._lines: deque[str] = deque()
        self._has_ended = False
        self._heard: asyncio.Event | None = None
        self._reader: threading.Thread | None = None

    # ------------------------------------------------------------------ what is shown

    def say(self, line: str) -> None:
        """Show a line."""
        self._output.write(f"{line}\n")
        self._output.flush()

    async def wait(self, what: str, until: datetime, event: asyncio.Event) -> None:
        """Wait until an instant or an event, whichever comes first; say for what, and how long."""
        left_s = (until - self._clock.now()).total_seconds()
        if left_s > 0 and not event.is_set():
            self.say(f"    {what} ({left_s:.0f} s at most)")
            await self.go_on_waiting(what, until, event)

    async def go_on_waiting(self, what: str, until: datetime, event: asyncio.Event) -> None:
        """Wait as `wait` does, for what has been said already."""
        await self._count_down(f"    {what}", until, event)

    async def _count_down(self, label: str, until: datetime, event: asyncio.Event) -> None:
        """Wait; on a terminal the line above is written anew with every second that is left."""
        while not event.is_set() and (left := until - self._clock.now()) > timedelta(0):
            left_s = left.total_seconds()
            if not self._is_terminal:
                await real_pause(left_s, event)
                return
            line = shortened(f"{label} ({left_s:.0f} s left)", get_terminal_size().columns - 1)
            # One line up and back again, to where a person may be typing.
            self._output.write(f"\0337\033[1A\r\033[K{line}\0338")
            self._output.flush()
            await real_pause(min(1.0, left_s), event)

    # ------------------------------------------------------------------ what is heard

    async def ask(self, sentence: str, limit_s: float) -> str:
        """
        Ask for an act.

        Returns:
            ``done``, ``stop``, or ``cannot`` with a reason; that nobody has answered is one.
        """
        heard = self._listen()
        if self._is_terminal:
            self._lines.clear()
        self.say(f"  > {sentence}")
        self.say(f"    {HELP} ({limit_s:g} s at most)")
        until = self._clock.now() + timedelta(seconds=limit_s)
        while True:
            while self._lines:
                line = self._lines.popleft()
                answer = read_answer(line)
                if answer is not None:
                    return answer
                self.say(f"    {line.strip()!r} is no answer; {HELP}")
            if self._has_ended:
                return f"{CANNOT} nobody is there (the input has ended)"
            if self._clock.now() >= until:
                return f"{CANNOT} nobody has answered within {limit_s:g} s"
            heard.clear()
            await self._count_down(f"    {HELP}", until, heard)

    def _listen(self) -> asyncio.Event:
        """Begin to read, with the first question."""
        if self._heard is None:
            self._heard = asyncio.Event()
            loop = asyncio.get_running_loop()
            self._reader = threading.Thread(target=self._read, args=(loop,), daemon=True)
            self._reader.start()
        return self._heard

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        rest = b""
        while True:
            try:
                piece = os.read(self._source, 4096)
            except OSError:
                piece = b""
            *lines, rest = (rest + piece).split(b"\n")
            if not piece and rest:
                lines.append(rest)
            told = [line.decode("utf-8", "replace") for line in lines]
            rest = rest[-REST_CHARS_MAX:]
            try:
                loop.call_soon_threadsafe(self._take, told, not piece)
            except RuntimeError:
                return  # the program has ended meanwhile
            if not piece:
                return

    def _take(self, lines: list[str], has_ended: bool) -> None:
        self._lines.extend(lines)
        self._has_ended = self._has_ended or has_ended
        if self._heard is not None:
            self._heard.set()
