"""The person at the charger, over pipes and on a terminal."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import Iterator
from datetime import timedelta

import pytest

from harness.certify.terminal import Terminal, read_answer
from simulators.clock import RealClock

LONG_S = 60.0


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """Give a pipe: its reading end and its writing end."""
    reading, writing = os.pipe()
    yield reading, writing
    os.close(writing)
    # The reader's thread has seen the end of the pipe, or has never begun.


def terminal_on(source: int, *, is_terminal: bool = False) -> tuple[Terminal, io.StringIO]:
    """Give a terminal, and what it shows."""
    output = io.StringIO()
    return Terminal(RealClock(), output, source, is_terminal=is_terminal), output


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("", "done"),
        ("done", "done"),
        (" D ", "done"),
        ("cannot", "cannot"),
        ("c the car is gone", "cannot the car is gone"),
        ("STOP", "stop"),
        ("s", "stop"),
        ("done it", None),
        ("what?", None),
    ],
)
def test_answers_are_words(line: str, answer: str | None) -> None:
    """A word or its first letter is an answer; only "cannot" has more behind it."""
    assert answer == read_answer(line)


def test_lines_of_a_pipe_wait_until_they_are_wanted(pipe: tuple[int, int]) -> None:
    """Each question takes one line; what is no answer is told, and asked again."""
    terminal, output = terminal_on(pipe[0])
    os.write(pipe[1], b"done\nhm\ncannot no car\nst")
    os.write(pipe[1], b"op\n")

    async def ask() -> list[str]:
        return [await terminal.ask(f"Do {n}.", LONG_S) for n in range(3)]

    assert ["done", "cannot no car", "stop"] == asyncio.run(ask())
    assert "  > Do 0.\n    answer with done (or Enter), cannot WHY, or stop (60 s at most)" in (
        output.getvalue()
    )
    assert "'hm' is no answer" in output.getvalue()


def test_nobody_there_cannot() -> None:
    """Where the input has ended, nobody can do anything; the last line needs no end."""
    reading, writing = os.pipe()
    os.write(writing, b"d")
    os.close(writing)
    terminal, _ = terminal_on(reading)

    async def ask() -> list[str]:
        return [await terminal.ask("Plug in.", LONG_S) for _ in range(2)]

    assert ["done", "cannot nobody is there (the input has ended)"] == asyncio.run(ask())
    os.close(reading)


def test_who_does_not_answer_cannot(pipe: tuple[int, int]) -> None:
    """The limit is an answer, too."""
    terminal, _ = terminal_on(pipe[0])

    assert "cannot nobody has answered within 0.02 s" == asyncio.run(terminal.ask("Plug in.", 0.02))


def test_a_terminal_counts_down(pipe: tuple[int, int]) -> None:
    """The line above is written anew, and what was typed before a question answers nothing."""
    terminal, output = terminal_on(pipe[0], is_terminal=True)

    async def live() -> str:
        assert await terminal.ask("Show a card.", 0.02)
        os.write(pipe[1], b"typed too early\n")
        await terminal.wait("waits", RealClock().now() + timedelta(seconds=0.02), asyncio.Event())
        asyncio.get_running_loop().call_later(0.05, os.write, pipe[1], b"d\n")
        return await terminal.ask("Plug in.", LONG_S)

    assert "done" == asyncio.run(live())
    assert "\0337\033[1A\r\033[K    waits (0 s left)\0338" in output.getvalue()
    assert "(60 s left)" in output.getvalue()


def test_nothing_is_waited_for_that_has_come(pipe: tuple[int, int]) -> None:
    """An instant that is over, or an event that is there, is not even shown."""
    terminal, output = terminal_on(pipe[0])
    there = asyncio.Event()
    there.set()
    now = RealClock().now()

    asyncio.run(terminal.wait("waits", now, asyncio.Event()))
    asyncio.run(terminal.wait("waits", now + timedelta(hours=1), there))

    assert "" == output.getvalue()
