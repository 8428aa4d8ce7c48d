"""A device without a wire, and whoever answers it: for tests of the charger's core."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from simulators.charger_inch import habits
from simulators.charger_inch.device import Call, Device, Result, Setup
from simulators.charger_inch.electric import Car, Supply
from simulators.charger_inch.maintenance import Errand
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
        self.groups: dict[str, str] = {}
        self.files: dict[str, bytes | None] = {}
        self.brought: list[Errand] = []
        self.line_is_whole = False
        self.transactions = 0
        self.failing: set[str] = set()

    def boot(self) -> Desk:
        """Bring the line up and answer all that follows."""
        self.line_is_whole = True
        self.device.line_up(self.now)
        return self.answer()

    def answer(self) -> Desk:
        """Do what a wire does: answer CALLs, run errands, and keep the line as it is wanted."""
        had_line = self.device.wants_line
        while True:
            self.device.tick(self.now)
            self.device.settle(self.now)
            if had_line and not self.device.wants_line:
                self.device.line_down(self.now)
                return self
            for errand in self.device.errands():
                self._run(errand)
            call = self.device.next_call(self.now)
            if call is None:
                return self
            self.sent.append((self.now, call))
            if call.action in self.failing:
                self.device.refused(call.number, self.now)
            else:
                self.device.answered(call.number, self._answer(call), self.now)

    def _run(self, errand: Errand) -> None:
        if errand.content is not None:
            self.brought.append(errand)
        content = self.files.get(errand.location)
        problem = "" if errand.location in self.files else "nobody answers"
        self.device.errand_done(errand.number, content, problem, self.now)

    def _answer(self, call: Call) -> Json:
        if call.action == "BootNotification":
            status = self.boots.pop(0) if self.boots else "Accepted"
            return {"status": status, "interval": 600, "currentTime": "2025-06-03T06:00:00Z"}
        if call.action == "Authorize":
            return {"idTagInfo": self._info(call.payload["idTag"])}
        if call.action == "StartTransaction":
            self.transactions += 1
            info = self._info(call.payload["idTag"])
            return {"transactionId": self.transactions, "idTagInfo": info}
        return {}

    def _info(self, id_tag: str) -> Json:
        info: Json = {"status": self.cards.get(id_tag, "Accepted")}
        if id_tag in self.groups:
            info["parentIdTag"] = self.groups[id_tag]
        return info

    def until(self, minutes: float) -> Desk:
        """Let time pass up to so many minutes after the start, waking the device when it asks."""
        target = START + timedelta(minutes=minutes)
        while (wake_at := self.device.wake_at) is not None and wake_at <= target:
            self.now = max(self.now, wake_at)
            had_line = self.device.wants_line
            self.device.tick(self.now)
            if self.line_is_whole and self.device.wants_line and not had_line:
                self.device.line_up(self.now)
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
        self.line_is_whole = up
        if self.device.wants_line:
            (self.device.line_up if up else self.device.line_down)(self.now)
        return self.answer()

    def power(self, on: bool) -> Desk:
        """Cut or restore the power."""
        (self.device.restore_power if on else self.device.cut_power)(self.now)
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
    def last_status(self) -> Json:
        """What was told last of connector 1."""
        told = self.payloads("StatusNotification")
        return [one for one in told if one["connectorId"] == 1][-1]

    @property
    def statuses(self) -> list[str]:
        """What was told of connector 1."""
        told = self.payloads("StatusNotification")
        return [one["status"] for one in told if one["connectorId"] == 1]
