"""
What only hands can do at a charger that is under test, and how it comes to be done.

An act is done by a command or a request where the profile names one under ``[hands]`` (for CI), is
taken as a file of answers says, or is asked of the person at the charger. Who cannot do it says so,
with the reason, and the case is *not shown*: never passed, and never failed either.
"""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import tomllib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from harness.errors import HarnessError, UsageError
from simulators.charger_inch import Card
from simulators.errors import NotPossible

ACTS: Mapping[str, str] = {
    "plug in": "Plug a car in, at the car and at connector 1 of the charger.",
    "show card": "Hold {person}'s card ({card}) to the reader.",
    "unplug": "Take the cable out of the car and of the charger.",
    "unplug car": "Take the cable out of the car only; leave it in the charger.",
    "pull cable": "Pull at the cable at the charger; take it out if it lets go. Done either way.",
    "cut power": "Take the power away from the charger.",
    "restore power": "Give the charger its power back.",
    "break down": "Bring the charger into a fault that it tells as {error}.",
    "mend": "Mend the fault ({error}).",
    "fail lock": "Keep the lock of the socket from moving.",
    "mend lock": "Let the lock of the socket move again.",
    "fail list memory": "Let the memory of the local list take nothing more.",
    "mend list memory": "Let the memory of the local list take cards again.",
}
"""Each act, and what the person is told."""
FIXED_CABLE: Mapping[str, str] = {
    "plug in": "Plug the charger's cable into a car.",
    "unplug": "Take the cable out of the car and hang it up.",
    "unplug car": "Take the cable out of the car and hang it up.",
}
"""What a person is told otherwise at a charger whose cable is fixed."""
UNDONE_BY: Mapping[str, str] = {
    "plug in": "unplug",
    "unplug car": "pull cable",
    "cut power": "restore power",
    "break down": "mend",
    "fail lock": "mend lock",
    "fail list memory": "mend list memory",
}
"""What has to follow before another case begins."""
CABLE = ("unplug", "pull cable")
UNDOES: Mapping[str, tuple[str, ...]] = dict.fromkeys((*CABLE, "unplug car"), CABLE)
"""What need not follow any more, of acts that undo more than themselves."""

DONE, CANNOT, STOP = "done", "cannot", "stop"
"""What a person can say."""
PARTS: Mapping[str, str] = {"lock": "fail lock", "list memory": "fail list memory"}
SAID_CHARS_MAX = 300


class CannotBeDone(HarnessError):
    """An act, or the beginning of a case, cannot be had: the case is not shown."""


class Stopped(HarnessError):
    """The person at the charger wants to stop here."""


@dataclass(frozen=True, slots=True)
class Command:
    """An act that a program does: exit code 0 says that it is done."""

    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """An act that a POST of JSON does: a status below 400 says that it is done."""

    url: str
    body: Mapping[str, object]


Way = Command | Request


def read_way(where: str, act: str, value: object) -> Way:
    """
    Read how an act is done: a command, a URL, or a table with ``url`` and ``body``.

    Raises:
        UsageError: If it is none of them.
    """
    if isinstance(value, dict):
        url, body = value.get("url"), value.get("body", {})
        if set(value) <= {"url", "body"} and _is_url(url) and isinstance(body, dict):
            return Request(str(url), body)
    elif _is_url(value):
        return Request(str(value), {})
    elif isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        return Command(tuple(value))
    elif isinstance(value, str) and value.strip():
        try:
            return Command(tuple(shlex.split(value)))
        except ValueError as error:
            raise UsageError(
                f"{where}: {act!r}: {error}; quote the command as a shell has it"
            ) from None
    raise UsageError(
        f'{where}: {act!r} must be a command, a URL to POST to, or {{ url = "…", body = {{ … }} }}'
    )


def _is_url(value: object) -> bool:
    return isinstance(value, str) and value.startswith(("http://", "https://"))


def load_answers(path: Path) -> dict[str, str]:
    """
    Read what is answered instead of a person: a line an act, ``"plug in" = "done"``.

    Raises:
        UsageError: If the file cannot be read, or answers what nobody asks.
    """
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be read ({error.strerror}); name a file of answers"
        ) from error
    except ValueError as error:
        raise UsageError(
            f'{path}: is no TOML ({error}); write lines such as "plug in" = "done"'
        ) from error
    for act, answer in told.items():
        if act not in ACTS:
            raise UsageError(f"{path}: {act!r} is no act; it is one of {', '.join(ACTS)}")
        if not isinstance(answer, str) or answer.split(maxsplit=1)[:1] not in ([DONE], [CANNOT]):
            raise UsageError(f'{path}: {act!r} must be "{DONE}", or "{CANNOT} " and the reason')
    return told


class Person(Protocol):
    """Who can be asked to do something."""

    async def ask(self, sentence: str, limit_s: float) -> str:
        """Ask for an act and give the answer: ``done``, ``cannot`` with a reason, or ``stop``."""


class HandsElsewhere:
    """
    The hands at a charger that is not ours; see `harness.hands.Hands`.

    Parameters:
        ways, answers: how acts are done, and what is answered, without a person.
        person: who is asked for all else.
        cards: the idTag of each person's card.
        limit_s: how long an act may take.
        is_fixed: whether the charger's cable is fixed.
        note: told each act as it is done.

    Attributes:
        to_undo: what has been done and has to be undone, by the act that does it.
    """

    def __init__(
        self,
        ways: Mapping[str, Way],
        answers: Mapping[str, str],
        person: Person,
        cards: Mapping[str, str],
        limit_s: float,
        *,
        is_fixed: bool,
        note: Callable[[dict[str, str]], None],
    ) -> None:
        self._ways = ways
        self._answers = answers
        self._person = person
        self._cards = cards
        self._limit_s = limit_s
        self._sentences = {**ACTS, **(FIXED_CABLE if is_fixed else {})}
        self._note = note
        self.to_undo: dict[str, dict[str, str]] = {}
        #: How the line to the bench is cut and mended; the bench's own end of it does that.
        self.cut: Callable[[], Awaitable[None]] | None = None
        self.mend: Callable[[], Awaitable[None]] | None = None

    async def do(self, act: str, **words: str) -> None:
        """
        Have an act done.

        Raises:
            CannotBeDone: If it cannot be, in time or at all.
            NotPossible: If a cable does not come out that is pulled at.
            Stopped: If the person wants to stop.
        """
        if act in self._ways:
            await self._do_by(self._ways[act], act, words)
        else:
            await self._ask(act, words)
        self._note({"did": act, **words})
        for one in UNDOES.get(act, (act,)):
            self.to_undo.pop(one, None)
        if act in UNDONE_BY:
            self.to_undo[UNDONE_BY[act]] = words

    async def _ask(self, act: str, words: Mapping[str, str]) -> None:
        sentence = _filled(self._sentences[act], words)
        answer = self._answers.get(act)
        if answer is None:
            answer = await self._person.ask(sentence, self._limit_s)
        verb, _, why = answer.partition(" ")
        if verb == STOP:
            raise Stopped("stopped by the person at the charger")
        if verb != DONE:
            reason = why.strip() or "without a reason"
            raise CannotBeDone(f"{act}: the person at the charger cannot: {reason}")

    async def _do_by(self, way: Way, act: str, words: Mapping[str, str]) -> None:
        try:
            async with asyncio.timeout(self._limit_s):
                why = await (
                    _run(way, act, words) if isinstance(way, Command) else _post(way, words)
                )
        except TimeoutError:
            why = f"was not done within {self._limit_s:g} s"
        if why is None:
            return
        if act == "pull cable":
            raise NotPossible(act, "the charger", why)
        raise CannotBeDone(f"{act}: {why}")

    # ------------------------------------------------------------------ the hands' verbs

    async def plug_in(self) -> None:
        """Plug a car in, at both ends of the cable."""
        await self.do("plug in")

    async def show_card(self, card: Card) -> None:
        """Hold a card to the reader."""
        await self.do("show card", person=card.holder, card=self._cards[card.holder])

    async def unplug(self) -> None:
        """Take the cable out at both ends."""
        await self.do("unplug")

    async def unplug_car(self) -> None:
        """Take the cable out of the car only."""
        await self.do("unplug car")

    async def pull_cable(self) -> None:
        """Take the cable out of the charger, if it lets it go."""
        await self.do("pull cable")

    async def cut_line(self) -> None:
        """Break the line; the bench's end of it does, and lets none up."""
        if self.cut is not None:
            await self.cut()

    async def restore_line(self) -> None:
        """Let the line up again, and wait until it is."""
        if self.mend is not None:
            await self.mend()

    async def cut_power(self) -> None:
        """Take the power away."""
        await self.do("cut power")

    async def restore_power(self) -> None:
        """Give the power back."""
        await self.do("restore power")

    async def break_down(self, error_code: str) -> None:
        """Bring the charger into a fault of OCPP 1.6 §7.6."""
        await self.do("break down", error=error_code)


def _filled(text: str, words: Mapping[str, str]) -> str:
    for name, value in words.items():
        text = text.replace(f"{{{name}}}", value)
    return text


async def _run(way: Command, act: str, words: Mapping[str, str]) -> str | None:
    """Run a command, and give why it was not done; None where it was."""
    told = {f"ISEBENCH_{name.upper()}": value for name, value in words.items()}
    arguments = [_filled(one, words) for one in way.arguments]
    try:
        process = await asyncio.create_subprocess_exec(
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, "ISEBENCH_ACT": act, **told},
        )
    except OSError as error:
        return f"{arguments[0]} cannot be run ({error.strerror})"
    try:
        said, _ = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode == 0:
        return None
    lines = said.decode("utf-8", "replace").strip().splitlines()
    last = lines[-1][:SAID_CHARS_MAX] if lines else "nothing was said"
    return f"{arguments[0]} ended with {process.returncode}: {last}"


def _sentence(text: str) -> str:
    """Give what an answer says of itself, where it is JSON with an error; else how it begins."""
    try:
        told = json.loads(text)["error"]
    except (ValueError, TypeError, KeyError):
        told = text
    return str(told)[:SAID_CHARS_MAX]


async def _post(way: Request, words: Mapping[str, str]) -> str | None:
    """POST a request, and give why it was not done; None where it was."""
    from aiohttp import ClientError, ClientSession

    body = json.loads(_filled(json.dumps(way.body), words))
    url = _filled(way.url, words)
    try:
        async with ClientSession() as session, session.post(url, json=body) as answer:
            if answer.status < 400:
                return None
            return f"{url} answers {answer.status}: {_sentence(await answer.text())}"
    except (ClientError, OSError) as error:
        return f"{url} does not answer ({error})"
