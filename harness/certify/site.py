"""
The bench's side of a charger that is elsewhere: one central system for a whole run, in real time.

It listens as long as the run lasts; a charger keeps its line from case to case, or comes back. What
crosses is told to a wiretap of the run, from which each case takes what belongs to it.

Rule 1: everything runs in the one loop of the run, which runs only while somebody waits in it.
Rule 2: whoever waits says for what and how long at most (`Site.wait_for`).
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from harness.central import SUBPROTOCOL, Central, Place
from harness.certify.acts import CannotBeDone, HandsElsewhere, Way
from harness.certify.profile import FIXED, Profile
from harness.certify.terminal import Terminal
from harness.certify.watch import Watch
from harness.errors import UsageError
from harness.recording import BACKEND, LINE_WIRE, OCPP_WIRE
from simulators.clock import RealClock
from simulators.wiretap import Wiretap

T = TypeVar("T")

HAND_WIRE, PERSON = "hand", "person"


class Site:
    """
    What stands before the charger.

    Parameters:
        profile: of the charger.
        answers: what is answered instead of a person.
        terminal: the person.

    Attributes:
        clock: the machine's.
        tap: what crosses; it keeps nothing, whoever listens does.
        watch: what is known of the charger.
        hands: the hands at the charger.
        central: what it connects to.
    """

    def __init__(
        self, profile: Profile, answers: dict[str, str], terminal: Terminal, clock: RealClock
    ) -> None:
        self.profile = profile
        self.identity = profile.charger.identity
        self.limits = profile.limits
        self.clock = clock
        self.terminal = terminal
        self.tap = Wiretap(clock, keeps=False)
        self.watch = Watch()
        ways: dict[str, Way] = dict(profile.hands)
        self.hands = HandsElsewhere(
            ways,
            answers,
            terminal,
            profile.cards,
            profile.limits.hands_s,
            is_fixed=profile.charger.cable == FIXED,
            note=self._note_act,
        )
        self.hands.cut, self.hands.mend = self._cut, self._mend
        listen = profile.listen
        self.central = Central(
            clock,
            first_transaction=1 + int(clock.now().timestamp()) % 1_000_000_000,
            tls=self._tls(),
            place=Place(listen.address, listen.port, listen.path, self.identity),
            answer_limit_s=profile.limits.answer_s,
        )
        self.central.on_frame, self.central.on_line = self._note_frame, self._note_line
        self.central.on_stranger = self._note_stranger
        self.central.on_other_protocol = self._note_protocol
        self._line_changed = asyncio.Event()
        self._runner = asyncio.Runner()
        self._strangers: set[str] = set()

    def _tls(self) -> ssl.SSLContext | None:
        listen = self.profile.listen
        if listen.certificate is None or listen.key is None:
            return None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            # Without a passphrase given here, OpenSSL would ask for it on the terminal.
            context.load_cert_chain(listen.certificate, listen.key, password="")
        except (OSError, ssl.SSLError) as error:
            raise UsageError(
                f"{listen.certificate}: does not go with {listen.key} ({error}); "
                "name a certificate and its key in PEM, without a passphrase"
            ) from error
        return context

    # ------------------------------------------------------------------ running

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something in the loop of the run, and wait for its end."""
        return self._runner.run(work)

    async def start(self) -> None:
        """
        Listen.

        Raises:
            UsageError: If nobody can listen there.
        """
        listen = self.profile.listen
        try:
            await self.central.start()
        except OSError as error:
            raise UsageError(
                f"{listen.address}:{listen.port} cannot be listened on "
                f"({error.strerror or error}); choose another address or port in [listen]"
            ) from error

    def close(self) -> None:
        """Hang up, and leave nothing running."""
        try:
            self.run(self.central.stop())
        finally:
            self._runner.close()

    # ------------------------------------------------------------------ waiting

    async def wait_for(self, what: str, limit_s: float, is_so: Callable[[], bool]) -> bool:
        """Wait until something is so, at most as long as said, and tell whether it is."""
        until = self.clock.now() + timedelta(seconds=limit_s)
        is_told = False
        while not is_so():
            self.watch.changed_event.clear()
            if self.clock.now() >= until:
                return False
            wait = self.terminal.go_on_waiting if is_told else self.terminal.wait
            await wait(what, until, self.watch.changed_event)
            is_told = True
        return True

    async def pause(self, what: str, how_long_s: float) -> None:
        """Let time pass."""
        until = self.clock.now() + timedelta(seconds=how_long_s)
        await self.terminal.wait(what, until, asyncio.Event())

    async def come(self) -> None:
        """
        Wait until the charger is connected and its boot, if it told one, is accepted.

        Raises:
            CannotBeDone: If it does not come in time.
        """
        limits = self.limits
        if await self.wait_for("waits for the charger", limits.come_s, self.is_there):
            # Whoever has just come may be about to boot; who was away only need not say anything.
            boot = "lets the charger say that it has booted"
            await self.wait_for(boot, limits.answer_s, lambda: not self.watch.is_silent)
            self.watch.is_silent = False
            if await self.wait_for("waits for the charger", limits.come_s, self.is_there):
                return
        raise CannotBeDone(f"the charger has not come within {limits.come_s:g} s")

    def is_there(self) -> bool:
        """Tell whether the charger is connected and registered."""
        return self.central.is_up(self.identity) and self.watch.registration == "Accepted"

    # ------------------------------------------------------------------ the line

    async def _cut(self) -> None:
        self.terminal.say("    the bench cuts the line to the charger, and lets none up")
        self.central.cut()
        await self.wait_for(
            "waits for the end of the line",
            self.limits.answer_s,
            lambda: not self.central.is_up(self.identity),
        )

    async def _mend(self) -> None:
        self.terminal.say("    the bench lets the charger connect again")
        self.central.mend()
        is_back = await self.wait_for(
            "waits for the charger",
            self.limits.come_s,
            lambda: self.central.is_up(self.identity),
        )
        if not is_back:
            raise CannotBeDone(f"the charger has not come back within {self.limits.come_s:g} s")
        self.watch.is_silent = False  # it was away only, and need not boot

    # ------------------------------------------------------------------ what crosses

    def _note_frame(self, identity: str, incoming: bool, text: str) -> None:
        sides = (identity, BACKEND) if incoming else (BACKEND, identity)
        self.tap.note(OCPP_WIRE, *sides, text)
        self.watch.take(incoming, text)

    def _note_line(self, identity: str, up: bool) -> None:
        self.tap.note(LINE_WIRE, identity, BACKEND, "up" if up else "down")
        self.watch.line_changes()

    def _note_stranger(self, path: str) -> None:
        if path not in self._strangers and len(self._strangers) < 10:
            self._strangers.add(path)
            wanted = f"{self.profile.listen.path}/{self.identity}"
            self.terminal.say(
                f"    somebody else came and was sent away: {path[:80]}, not {wanted}"
            )

    def _note_protocol(self, offered: Sequence[str]) -> None:
        told = ", ".join(offered)[:80] or "none"
        if told not in self._strangers and len(self._strangers) < 10:
            self._strangers.add(told)
            self.terminal.say(
                f"    {self.identity} came and was sent away: of sub-protocols it offers {told}, "
                f"not {SUBPROTOCOL}"
            )

    def _note_act(self, act: dict[str, str]) -> None:
        self.tap.note(HAND_WIRE, PERSON, self.identity, json.dumps(act, ensure_ascii=False))
