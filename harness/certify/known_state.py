"""
How a charger is brought to where every case begins: connected, free, and as it came.

A charger that is emulated is new in every case; one that is real remembers. So before each case
what hands have done is undone, what runs is ended, what was set is set back, and what was sent is
cleared; whatever remains is tried with a reset. Where that is not enough either, the case is not
shown: nothing is judged of a charger that begins elsewhere.

What is said here is no part of the case, and stands in its recording before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from harness.certify.acts import CABLE, CannotBeDone
from harness.certify.site import Site
from harness.certify.watch import AVAILABLE, FAULTED, UNAVAILABLE
from simulators.errors import NotPossible

Json = dict[str, Any]

RESET = "Reset"
WHOLE, CONNECTOR = 0, 1
OCCUPIED = ("Preparing", "Charging", "SuspendedEV", "SuspendedEVSE", "Finishing")
"""What a connector tells in which a cable may be."""


class KnownState:
    """
    The way back to the beginning.

    Parameters:
        site: where the charger is.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._watch = site.watch
        self._is_first = True

    async def bring(self) -> None:
        """
        Bring the charger to where a case begins.

        Raises:
            CannotBeDone: If it cannot be brought there; it says what is in the way.
            Stopped: If the person wants to stop.
        """
        site = self._site
        site.central.forget()
        site.central.mend()
        await self._undo()
        await site.come()
        await self._learn()
        await self._end_what_runs()
        await self._set_back()
        await self._clear()
        if not await self._becomes_free():
            await self._help()
        if not await self._becomes_free():
            await self._reset()
        self._is_first = False

    async def _undo(self) -> None:
        hands = self._site.hands
        for act, words in list(hands.to_undo.items()):
            # The cable comes out once its transaction has ended.
            if act not in CABLE:
                await hands.do(act, **words)

    async def _learn(self) -> None:
        """Ask for the keys, once, and for what connectors are where nothing is known of them."""
        if self._is_first and not self._watch.keys:
            await self._ask("GetConfiguration", {})
        for connector in (WHOLE, CONNECTOR):
            if connector not in self._watch.statuses and self._declares("TriggerMessage"):
                wanted = {"requestedMessage": "StatusNotification", "connectorId": connector}
                await self._ask("TriggerMessage", wanted)

    async def _end_what_runs(self) -> None:
        for number in sorted(self._watch.transactions):
            await self._ask("RemoteStopTransaction", {"transactionId": number})
        await self._site.wait_for(
            "waits for the end of the transaction",
            self._site.limits.answer_s,
            lambda: not self._watch.transactions,
        )
        for number in sorted(self._watch.reservations):
            await self._ask("CancelReservation", {"reservationId": number})
        for act in CABLE:
            if act in self._site.hands.to_undo:
                await self._site.hands.do(act)
        if UNAVAILABLE in self._watch.statuses.values():
            for connector in (WHOLE, CONNECTOR):
                operative = {"connectorId": connector, "type": "Operative"}
                await self._ask("ChangeAvailability", operative)

    async def _set_back(self) -> None:
        for key in sorted(self._watch.changed):
            value, is_read_only = self._watch.keys.get(key, ("", True))
            if not is_read_only:
                await self._ask("ChangeConfiguration", {"key": key, "value": value})
        self._watch.changed.clear()

    async def _clear(self) -> None:
        """Clear what a charger remembers of cases; in the beginning, of what was before."""
        used = self._watch.used
        if "card" in used or self._is_first:
            await self._ask_declared("ClearCache", {})
        if "SendLocalList" in used or self._is_first:
            empty = {"listVersion": 1, "updateType": "Full", "localAuthorizationList": []}
            await self._ask_declared("SendLocalList", empty)
        if "SetChargingProfile" in used or self._is_first:
            await self._ask_declared("ClearChargingProfile", {})
        used.clear()

    async def _becomes_free(self) -> bool:
        return await self._site.wait_for(
            "waits for the connectors to be available",
            self._site.limits.answer_s,
            self._watch.is_free,
        )

    async def _help(self) -> None:
        """Have done what may be in the way; where it is not, a reset may help."""
        watch, hands = self._watch, self._site.hands
        with suppress(CannotBeDone):
            if FAULTED in watch.statuses.values():
                await hands.do("mend", error=watch.error or "unknown")
            elif watch.statuses.get(CONNECTOR) in OCCUPIED:
                await hands.do("unplug")  # or there is no cable, but a card was shown

    async def _reset(self) -> None:
        """Reset it, and see that it is free then."""
        before = self._told()
        self._site.terminal.say(f"    {before}; the bench resets the charger")
        self._watch.registration = "waits for its boot"
        status = await self._ask(RESET, {"type": "Hard"})
        if status != "Accepted":
            self._watch.registration = "Accepted"
            raise CannotBeDone(f"{before}, and the charger does not reset: {status}")
        await self._site.come()
        self._watch.transactions.clear()
        if not await self._becomes_free():
            raise CannotBeDone(f"the charger does not become free: {self._told()}")

    def _told(self) -> str:
        odd = {
            f"connector {number} is {status}"
            for number, status in self._watch.statuses.items()
            if status != AVAILABLE
        }
        odd |= {f"transaction {number} runs" for number in self._watch.transactions}
        return ", ".join(sorted(odd)) or "it has told nothing"

    # ------------------------------------------------------------------ asking

    def _declares(self, action: str) -> bool:
        declared = self._site.profile.declared
        return action in declared.answers or not (declared.answers or declared.refuses)

    async def _ask_declared(self, action: str, payload: Mapping[str, Any]) -> None:
        if self._declares(action):
            await self._ask(action, payload)

    async def _ask(self, action: str, payload: Mapping[str, Any]) -> str:
        """Send a command and give its status; a charger that refuses it stays as it is."""
        site = self._site
        try:
            kind, _, told, *_ = await site.central.call(site.identity, action, payload)
        except TimeoutError:
            return f"{action} was not answered within {site.limits.answer_s:g} s"
        except NotPossible as error:
            await site.come()
            return str(error)
        if kind == 4:
            return str(told)
        return str(told.get("status", "answered")) if isinstance(told, dict) else "answered"
