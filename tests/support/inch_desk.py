"""A device without a wire, and whoever answers it: for tests of the charger's core."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from simulators.charger_inch import habits
from simulators.charger_inch.device import Call, Device, Result, Setup
from simulators.charger_inch.electric import Car, Supply
from simulators.charger_inch.memory import Memory
from simulators.faults import Fault

START = datetime(2025, 6, 3, 6, 0, tzinfo=UTC)
ANNA = "FA2AFD77"
BEAT = "0A0B0C0D"

Json = dict[str, Any]


@dataclass
class On:
    """The quirks that are on, without a clock."""

    on: list[Fault] = field(default_factory=list)

    def active(self, kind: type[Any]) -> Any:
        """Give the newest of this kind."""
        return next((one for one in reversed(self.on) if isinstance(one, kind)), None)


class Desk:
    """A device and whoever answers it."""

    def __init__(
        self,
        setup: Setup | None = None,
        *,
        quirks: tuple[Fault, ...] = habits.DEFAULT,
        memory: Memory | None = None,
    ) -> None:
        self.now = START
        self.quirks = On(list(quirks))
        self.device = Device("WB-1", setup or Setup(), Supply(), START, memory, self.quirks)
        self.sent: list[tuple[datetime, Call]] = []
        self.boots = ["Accepted"]
        self.cards: dict[str, str] = {}
        self.transactions = 0
        self.failing: set[str] = set()

    def boot(self) -> Desk:
        """Bring the line up and answer all that follows."""
        self.device.line_up(self.now)
        return self.answer()

    def answer(self) -> Desk:
        """Answer CALLs until there are none."""
        while (call := self.device.next_call(self.now)) is not None:
            self.sent.append((self.now, call))
            if call.action in self.failing:
                self.device.refused(call.number, self.now)
            else:
                self.device.answered(call.number, self._answer(call), self.now)
        return self

    def _answer(self, call: Call) -> Json:
        if call.action == "BootNotification":
            status = self.boots.pop(0)
            return {"status": status, "interval": 600, "currentTime": "2025-06-03T06:00:00Z"}
        if call.action == "Authorize":
            return {"idTagInfo": {"status": self.cards.get(call.payload["idTag"], "Accepted")}}
        if call.action == "StartTransaction":
            self.transactions += 1
            status = self.cards.get(call.payload["idTag"], "Accepted")
            return {"transactionId": self.transactions, "idTagInfo": {"status": status}}
        return {}

    def until(self, minutes: float) -> Desk:
        """Let time pass up to so many minutes after the start, waking the device when it asks."""
        target = START + timedelta(minutes=minutes)
        while (wake_at := self.device.wake_at) is not None and wake_at <= target:
            self.now = max(self.now, wake_at)
            self.device.tick(self.now)
            self.answer()
        self.now = target
        return self

    def plug_in(self, car: Car | None = None) -> Desk:
        """Plug a car in."""
        self.device.plug_in(car or Car(), self.now)
        return self.answer()

    def show(self, id_tag: str = ANNA) -> Desk:
        """Show a card."""
        self.device.show_card(id_tag, self.now)
        return self.answer()

    def unplug(self) -> Desk:
        """Take the cable out."""
        self.device.unplug(self.now)
        return self.answer()

    def line(self, up: bool) -> Desk:
        """Cut or restore the line."""
        (self.device.line_up if up else self.device.line_down)(self.now)
        return self.answer()

    def ask(self, action: str, **payload: object) -> Json:
        """Let the backend ask and give the payload of the answer."""
        answer = self.device.called(action, payload, self.now)
        self.answer()
        assert isinstance(answer, Result)
        return answer.payload

    # What was said.

    @property
    def actions(self) -> list[str]:
        """All actions sent, without heartbeats, after the boot."""
        return [call.action for _, call in self.sent[3:] if call.action != "Heartbeat"]

    def payloads(self, action: str) -> list[Json]:
        """The payloads of an action."""
        return [call.payload for _, call in self.sent if call.action == action]

    def instants(self, action: str) -> list[float]:
        """When an action was sent, in minutes after the start."""
        return [
            (at - START) / timedelta(minutes=1) for at, call in self.sent if call.action == action
        ]

    @property
    def statuses(self) -> list[str]:
        """What was told of connector 1."""
        told = self.payloads("StatusNotification")
        return [one["status"] for one in told if one["connectorId"] == 1]
