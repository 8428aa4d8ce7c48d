"""Acts at a charger: by a command, by a request, from a file of answers, or by a person."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from harness.certify.acts import (
    CannotBeDone,
    Command,
    HandsElsewhere,
    Request,
    Stopped,
    Way,
    load_answers,
)
from harness.errors import UsageError
from simulators.charger_inch import Card
from simulators.errors import NotPossible

CARDS = {"Anna": "04A1B2C3"}


class Person:
    """A person who says what the test wants, and remembers what was asked."""

    def __init__(self, answer: str = "done") -> None:
        self.answer = answer
        self.asked: list[str] = []

    async def ask(self, sentence: str, limit_s: float) -> str:
        """Answer."""
        self.asked.append(sentence)
        return self.answer


def hands_of(
    person: Person,
    ways: Mapping[str, Way] | None = None,
    answers: Mapping[str, str] | None = None,
    *,
    is_fixed: bool = False,
) -> tuple[HandsElsewhere, list[dict[str, str]]]:
    """Give hands, and the list of what they note."""
    noted: list[dict[str, str]] = []
    hands = HandsElsewhere(
        ways or {}, answers or {}, person, CARDS, 20, is_fixed=is_fixed, note=noted.append
    )
    return hands, noted


def test_a_person_is_told_what_to_do() -> None:
    """The sentence names card and person; what was done is noted."""
    person = Person()
    hands, noted = hands_of(person)

    asyncio.run(hands.show_card(Card(b"\1\2\3\4", "Anna")))
    asyncio.run(hands.break_down("InternalError"))

    assert "Hold Anna's card (04A1B2C3) to the reader." == person.asked[0]
    assert "InternalError" in person.asked[1]
    assert [{"did": "show card", "person": "Anna", "card": "04A1B2C3"}] == noted[:1]


def test_a_fixed_cable_is_told_otherwise() -> None:
    """Nobody takes out of a charger what hangs at it for good."""
    person = Person()
    hands, _ = hands_of(person, is_fixed=True)

    asyncio.run(hands.unplug())

    assert ["Take the cable out of the car and hang it up."] == person.asked


@pytest.mark.parametrize(
    ("answer", "error", "told"),
    [
        ("cannot the car is gone", CannotBeDone, "plug in: .* cannot: the car is gone"),
        ("cannot", CannotBeDone, "without a reason"),
        ("stop", Stopped, "stopped by the person"),
    ],
)
def test_what_cannot_be_done_is_told(answer: str, error: type[Exception], told: str) -> None:
    """A person who cannot, or wants to stop, ends the case; nothing is noted as done."""
    hands, noted = hands_of(Person(answer))

    with pytest.raises(error, match=told):
        asyncio.run(hands.plug_in())

    assert [] == noted
    assert {} == hands.to_undo


def test_what_was_done_is_to_be_undone() -> None:
    """Cable, power, faults and parts are undone by their acts, and by acts that undo more."""

    async def live(hands: HandsElsewhere) -> list[list[str]]:
        left = []
        for act in ("plug in", "cut power", "restore power", "unplug car", "pull cable"):
            await hands.do(act)
            left.append(list(hands.to_undo))
        await hands.do("break down", error="GroundFailure")
        left.append(list(hands.to_undo))
        return left

    hands, _ = hands_of(Person())
    left = asyncio.run(live(hands))

    assert ["unplug"] == left[0]
    assert ["unplug", "restore power"] == left[1]
    assert [["unplug"], ["pull cable"], [], ["mend"]] == left[2:]
    assert {"mend": {"error": "GroundFailure"}} == hands.to_undo


def test_answers_stand_for_a_person() -> None:
    """What the file answers is not asked."""
    person = Person()
    hands, _ = hands_of(person, answers={"plug in": "done", "unplug": "cannot no"})

    asyncio.run(hands.plug_in())
    with pytest.raises(CannotBeDone, match="no"):
        asyncio.run(hands.unplug())

    assert [] == person.asked


def test_a_command_does_an_act(tmp_path: Path) -> None:
    """It is given the act and its words, in its arguments and in the environment."""
    told = tmp_path / "told"
    script = (
        "import os, sys\n"
        "told = sys.argv[2] + os.environ['ISEBENCH_ACT'] + os.environ['ISEBENCH_CARD']\n"
        "open(sys.argv[1], 'w').write(told)"
    )
    way = Command((sys.executable, "-c", script, str(told), "{card}"))
    hands, _ = hands_of(Person(), {"show card": way})

    asyncio.run(hands.show_card(Card(b"\1\2\3\4", "Anna")))

    assert "04A1B2C3show card04A1B2C3" == told.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("way", "told"),
    [
        (
            Command(
                (sys.executable, "-c", "import sys; print('a', flush=True); sys.exit('no relay')")
            ),
            "ended with 1: no relay",
        ),
        (Command((sys.executable, "-c", "raise SystemExit(3)")), "with 3: nothing was said"),
        (Command(("/no/such/program",)), "/no/such/program cannot be run"),
        (Request("http://127.0.0.1:9/", {}), "http://127.0.0.1:9/ does not answer"),
    ],
)
def test_a_way_that_fails_says_why(way: Way, told: str) -> None:
    """The act cannot be done, with the last thing that the way has said."""
    hands, _ = hands_of(Person(), {"plug in": way})

    with pytest.raises(CannotBeDone, match=told):
        asyncio.run(hands.plug_in())


def test_a_command_that_hangs_is_ended() -> None:
    """An act has its limit, whoever does it."""
    way = Command((sys.executable, "-c", "import signal; signal.pause()"))
    hands = HandsElsewhere(
        {"plug in": way}, {}, Person(), CARDS, 0.05, is_fixed=False, note=lambda _: None
    )

    with pytest.raises(CannotBeDone, match=r"was not done within 0\.05 s"):
        asyncio.run(hands.plug_in())


def test_a_request_does_an_act() -> None:
    """Its body is JSON with the words filled in; what is refused is told."""
    bodies: list[Any] = []

    async def take(request: web.Request) -> web.Response:
        bodies.append(await request.json())
        if request.path == "/no":
            return web.json_response({"error": "the cable is locked"}, status=409)
        return web.Response(status=500 if request.path == "/odd" else 200, text="odd")

    async def live() -> None:
        app = web.Application()
        app.router.add_post("/{path:.*}", take)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        page = f"http://127.0.0.1:{runner.addresses[0][1]}"
        ways: dict[str, Way] = {
            "show card": Request(f"{page}/card", {"uid": "{card}"}),
            "pull cable": Request(f"{page}/no", {}),
            "unplug": Request(f"{page}/odd", {}),
        }
        hands, _ = hands_of(Person(), ways)
        try:
            await hands.show_card(Card(b"\1\2\3\4", "Anna"))
            with pytest.raises(NotPossible, match="409: the cable is locked"):
                await hands.pull_cable()
            with pytest.raises(CannotBeDone, match="500: odd"):
                await hands.unplug()
        finally:
            await runner.cleanup()

    asyncio.run(live())

    assert {"uid": "04A1B2C3"} == bodies[0]


def test_files_of_answers(tmp_path: Path) -> None:
    """A line an act; what nobody asks, or is no answer, is refused."""
    path = tmp_path / "answers.toml"
    path.write_text('"plug in" = "done"\nmend = "cannot no tools"\n', encoding="utf-8")
    assert {"plug in": "done", "mend": "cannot no tools"} == load_answers(path)

    for text, told in (
        ('"dance" = "done"', "'dance' is no act"),
        ('"plug in" = "maybe"', 'must be "done", or "cannot " and the reason'),
        ('"plug in" = 1', 'must be "done"'),
        ("plug in", "is no TOML"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(UsageError, match=told):
            load_answers(path)
    with pytest.raises(UsageError, match="cannot be read"):
        load_answers(tmp_path / "none")
