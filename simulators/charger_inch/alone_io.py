"""
One charger alone, in real time, until it is stopped: at somebody's backend, with its own page.

It goes on trying where the backend does not answer. When it is stopped, that is to it as if its
power were cut: with a file for its memory it goes on from there the next time, and tells then what
it could not tell. Without one it would forget; so the car is unplugged first, and the backend told.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from simulators.charger_inch import Card, ChargerInch, Setup
from simulators.charger_inch.configuration import Configuration
from simulators.charger_inch.device import SERIAL_LIMIT
from simulators.charger_inch.installation import checked_endpoint, checked_identity
from simulators.charger_inch.line_io import OPEN_LIMIT_S
from simulators.charger_inch.ocpp_json_io import BACKEND
from simulators.charger_inch.page import card_of
from simulators.charger_inch.registry import quirk_from_text
from simulators.charger_inch.web_io import WebPage
from simulators.clock import Clock
from simulators.errors import NotAccepted, NotPossible
from simulators.wiretap import LINE_WIRE, Wiretap

Tell = Callable[[str], None]

LAST_WORDS_S = 5
"""How long, in real time, the backend may take for the last messages when it is stopped."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """
    What the command line asks for.

    Attributes:
        backend: the endpoint, without the identity.
        identity: its name there.
        setup: how it is built.
        web_host, web_port: where its page is; port 0 takes a free one.
        cards: what lies beside it.
        memory: the file in which it remembers, or None.
    """

    backend: str
    identity: str
    setup: Setup = field(default_factory=Setup)
    web_host: str = "127.0.0.1"
    web_port: int = 8080
    cards: Sequence[Card] = ()
    memory: Path | None = None

    @classmethod
    def of(cls, options: argparse.Namespace) -> Wishes:
        """
        Read the options of `simulators.command_line`.

        Raises:
            NotAccepted: If one of them cannot be.
        """
        if options.register_wh < 0:
            raise NotAccepted("--register-wh", options.register_wh, "a meter begins at 0 or above")
        setup = Setup(
            serial=_serial(options.serial),
            register_wh=options.register_wh,
            fixed_cable=options.fixed_cable,
            big_endian_cards=options.big_endian,
            configuration=_keys(options.configuration),
            quirks=tuple(quirk_from_text(text) for text in options.habit),
        )
        return cls(
            checked_endpoint(options.backend),
            checked_identity(options.identity),
            setup,
            options.web_host,
            options.web_port,
            tuple(card_of(uid) for uid in options.card),
            options.memory,
        )


def _serial(number: str | None) -> str | None:
    if number is not None and not (1 <= len(number) <= SERIAL_LIMIT and number.isprintable()):
        raise NotAccepted(
            "--serial", number, f"give 1 to {SERIAL_LIMIT} signs, as OCPP has them at most"
        )
    return number


def _keys(pairs: Sequence[str]) -> dict[str, str]:
    keys = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign:
            raise NotAccepted("--configuration", pair, "write it as KEY=VALUE")
        keys[key] = value
    try:
        Configuration(keys)
    except ValueError as error:
        raise NotAccepted("--configuration", ", ".join(pairs), str(error)) from error
    return keys


async def run_alone(
    wishes: Wishes, clock: Clock, tap: Wiretap, tell: Tell, *, more: Sequence[str] = ()
) -> None:
    """
    Run a charger until SIGINT or SIGTERM.

    Parameters:
        tell: told lines for a person: addresses, then what becomes of the line.
        more: lines that are told with the addresses.

    Raises:
        NotPossible: If its page or its memory cannot be where they are wished.
    """
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    chance = random.Random(wishes.identity)
    charger = ChargerInch(
        wishes.identity, clock, tap, chance, setup=wishes.setup, memory=wishes.memory
    )
    async with contextlib.AsyncExitStack() as leaving:
        leaving.push_async_callback(charger.close)
        page = WebPage(charger, clock, cards=wishes.cards)
        await page.start(wishes.web_host, wishes.web_port)
        leaving.push_async_callback(page.stop)
        _listen(charger, tap, tell)
        for line in (*_addresses(charger, page, wishes), *more, "Ctrl-C stops it."):
            tell(line)
        await _stay(charger, wishes.backend, stopped)
        remembers = wishes.memory is not None
        tell(_stopping(charger, remembers=remembers))
        await _leave(charger, remembers=remembers)


def _listen(charger: ChargerInch, tap: Wiretap, tell: Tell) -> None:
    def line(identity: str, up: bool) -> None:
        tap.note(LINE_WIRE, identity, BACKEND, "up" if up else "down")
        state = "up" if up else f"down: {charger.line_ended}"
        tell(f"{_now(charger)}  {identity}: the line is {state}")

    def problem(identity: str, why: str) -> None:
        tell(f"{_now(charger)}  {identity}: {why}; it goes on trying")

    def boot(identity: str, how: str) -> None:
        tell(f"{_now(charger)}  {identity}: the boot is {how}")

    charger.on_line, charger.on_problem, charger.on_boot = line, problem, boot


def _now(charger: ChargerInch) -> str:
    return f"{charger.now().astimezone():%H:%M:%S}"


def _addresses(charger: ChargerInch, page: WebPage, wishes: Wishes) -> list[str]:
    called = charger.identity
    if called != wishes.identity:
        called += f", renamed at its page from {wishes.identity}"
    cut = charger.serial[:SERIAL_LIMIT]
    is_cut = cut != charger.serial
    told = [f"serial     {cut}, cut to the {SERIAL_LIMIT} signs that OCPP has room for"] * is_cut
    memory = wishes.memory or "none; it forgets all when it is stopped (name a file with --memory)"
    return [
        f"charger    {called}",
        *told,
        f"page       {page.address}",
        f"memory     {memory}",
        f"meter      {charger.register_kwh_text} kWh",
    ]


async def _stay(charger: ChargerInch, backend: str, stopped: asyncio.Event) -> None:
    # Who dials a backend that swallows everything must be able to stop all the same.
    async with asyncio.TaskGroup() as group:
        dialling = group.create_task(charger.connect(backend, patiently=True))
        await stopped.wait()
        dialling.cancel()


def _stopping(charger: ChargerInch, *, remembers: bool) -> str:
    # With a memory it hangs up as if its power were cut, and waits for nobody.
    if remembers or not charger.line_is_up:
        return "stopping"
    limit_s = OPEN_LIMIT_S + (LAST_WORDS_S if charger.is_registered else 0)
    return f"stopping; the backend may take {limit_s} s to answer and to close the line"


async def _leave(charger: ChargerInch, *, remembers: bool) -> None:
    # It may have no power, or no car may be plugged in: then there is nothing to end.
    with contextlib.suppress(NotPossible):
        if remembers:
            await charger.cut_power()
        else:
            await charger.unplug_car()
    # A backend that has not accepted the boot is told nothing: there is nothing to wait for.
    if charger.line_is_up and charger.is_registered:
        await charger.say_all(LAST_WORDS_S)
