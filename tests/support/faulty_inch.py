"""A desk for a device with faults: it shows the texts on the wire, and keeps line and power up."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from support.inch_desk import ANNA, START, Desk, Json

from simulators.charger_inch import habits, ocpp_frames
from simulators.charger_inch.device import Call, Device, Result, Setup
from simulators.charger_inch.electric import Car, Supply
from simulators.charger_inch.memory import Memory
from simulators.charger_inch.registry import quirk_from_text
from simulators.faults import Fault

CAR = Car(max_current_a=16)
"""Draws 11.04 kW: 2.76 kWh in a quarter of an hour, 46 Wh in 15 s."""

REDIAL = timedelta(seconds=10)
"""After how long the charger tries to set up a line that broke."""

SETUP = Setup(
    register_wh=1_000,
    car=CAR,
    configuration={"MeterValueSampleInterval": "900", "AllowOfflineTxForUnknownId": "true"},
)
"""A charger that has counted 1 kWh and samples every quarter of an hour."""


class FaultyDesk(Desk):
    """
    A device with faults, and whoever answers it.

    Its line is set up again whenever the device wants one, unless somebody has cut it: after
    REDIAL where it broke by itself. The transactionId of a transaction is 4711 and the minutes
    since START at which its start was answered.

    Attributes:
        texts: what went over the wire, in order.
    """

    def __init__(
        self,
        *faults: str | Fault,
        setup: Setup = SETUP,
        memory: Memory | None = None,
        now: datetime = START,
    ) -> None:
        made = [quirk_from_text(one) if isinstance(one, str) else one for one in faults]
        super().__init__(setup, quirks=(*habits.DEFAULT, *made))
        self.now = now
        self.setup = setup
        self.device = Device("WB-1", setup, Supply(), now, memory, self.quirks)
        self.texts: list[str] = []
        self.boots = []
        self.is_up = False
        self.is_whole = True
        self.redial_at: datetime | None = None
        self.watch: Callable[[Call], None] = lambda call: None

    # ------------------------------------------------------------ what happens

    def boot(self) -> FaultyDesk:
        """Let the device take up its line and answer all that follows."""
        return self.answer()

    def answer(self) -> FaultyDesk:
        """Keep or drop the line as the device wants it, and answer CALLs until there are none."""
        self._keep_line()
        while (call := self.device.next_call(self.now)) is not None:
            self.sent.append((self.now, call))
            self.watch(call)
            self._note(ocpp_frames.call(call.number, call.action, call.payload))
            if not call.is_answered:
                continue
            if self.device.loses_answer(call.number):
                self._drop_line()
                self.redial_at = self.now + REDIAL
            elif call.action in self.failing:
                self.device.refused(call.number, self.now)
            else:
                self.device.answered(call.number, self._answer(call), self.now)
            self._keep_line()
        return self

    def _keep_line(self) -> None:
        device = self.device
        device.settle(self.now)
        if self.is_up and not device.wants_line:
            self._drop_line()
        early = self.redial_at is not None and self.now < self.redial_at
        if self.is_up or early or not self.is_whole:
            return
        if device.wants_line and device.redials:
            self.is_up, self.redial_at = True, None
            device.line_up(self.now)

    def _drop_line(self) -> None:
        self.is_up = False
        self.device.line_down(self.now)

    def _answer(self, call: Call) -> Json:
        if call.action == "BootNotification":
            status = self.boots.pop(0) if self.boots else "Accepted"
            return {"status": status, "interval": 600, "currentTime": "2025-06-03T06:00:00Z"}
        answer = super()._answer(call)
        if call.action == "StartTransaction":
            answer["transactionId"] = 4_711 + int((self.now - START).total_seconds() // 60)
        return answer

    def _note(self, text: str) -> None:
        self.texts += self.device.frames(text, self.now)

    def until(self, minutes: float) -> FaultyDesk:
        """Let time pass up to so many minutes after START, and set the line up when that is due."""
        target = START + timedelta(minutes=minutes)
        while (at := self._next_due) is not None and at <= target:
            self.now = max(self.now, at)
            self.device.tick(self.now)
            self.answer()
        self.now = target
        return self

    @property
    def _next_due(self) -> datetime | None:
        return min(filter(None, (self.device.wake_at, self.redial_at)), default=None)

    def line(self, up: bool) -> FaultyDesk:
        """Cut or restore the line."""
        self.is_whole = up
        if not up and self.is_up:
            self._drop_line()
        elif up and not self.is_up and self.device.wants_line:
            self.is_up, self.redial_at = True, None
            self.device.line_up(self.now)
        return self.answer()

    def power(self, on: bool) -> FaultyDesk:
        """Cut or restore the power."""
        (self.device.restore_power if on else self.device.cut_power)(self.now)
        return self.answer()

    def ask(self, action: str, **payload: object) -> Json:
        """Let the backend ask and give the payload of the answer, as it went over the wire."""
        answer = self.device.called(action, payload, self.now)
        assert isinstance(answer, Result)
        self._note(ocpp_frames.result("s1", answer.payload))
        told: Json = json.loads(self.texts[-1])[2]
        self.answer()
        return told

    def switch_off(self) -> FaultyDesk:
        """Switch every fault off that is not on by default."""
        self.quirks.on = list(habits.DEFAULT)
        self.device.quirks_changed(self.now)
        return self.answer()

    def ideal_twin(self) -> FaultyDesk:
        """Give an ideal charger that remembers what this one does, at the same time."""
        return FaultyDesk(
            setup=self.setup, memory=copy.deepcopy(self.device.memory), now=self.now
        ).boot()

    def minutes(self, count: float) -> FaultyDesk:
        """Let so many minutes pass."""
        self.until((self.now - START).total_seconds() / 60 + count)
        return self

    # ------------------------------------------------------------ what was said

    def told(self, action: str) -> list[Json]:
        """Give the payloads of an action, as they went over the wire; broken texts are left out."""
        return [
            frame[3]
            for text in self.texts
            if (frame := _read(text)) and frame[0] == 2 and frame[2] == action
        ]

    def ids(self, action: str) -> list[Any]:
        """Give the transactionIds of an action; None where there is none."""
        return [payload.get("transactionId") for payload in self.told(action)]

    def message_ids(self, *actions: str) -> list[Any]:
        """Give the message ids of some actions."""
        frames = filter(None, map(_read, self.texts))
        return [frame[1] for frame in frames if frame[0] == 2 and frame[2] in actions]

    def order(self, *actions: str) -> list[str]:
        """Give the actions among these, in the order of sending."""
        frames = filter(None, map(_read, self.texts))
        return [frame[2] for frame in frames if frame[0] == 2 and frame[2] in actions]

    def values(self, measurand: str, action: str = "MeterValues") -> list[Json]:
        """Give the sampled values of a measurand, in the order of sending."""
        name = "meterValue" if action == "MeterValues" else "transactionData"
        return [
            sample
            for payload in self.told(action)
            for entry in _listed(payload.get(name, []))
            for sample in entry["sampledValue"]
            if sample.get("measurand", "Energy.Active.Import.Register") == measurand
        ]

    def stamps(self, action: str) -> list[str]:
        """Give the timestamps of an action, its entries' or its own."""
        return [
            stamp
            for payload in self.told(action)
            for record in (*_listed(payload.get("meterValue", [])), payload)
            if (stamp := record.get("timestamp"))
        ]


def _listed(entries: Any) -> Iterable[Json]:
    return [entries] if isinstance(entries, dict) else list(entries)


def _read(text: str) -> list[Any] | None:
    try:
        frame: list[Any] = json.loads(text)
    except ValueError:
        return None
    return frame


# ---------------------------------------------------------------- what is lived


def session(desk: FaultyDesk) -> None:
    """Charge for an hour: plug in, show the card, show it again, unplug."""
    desk.plug_in(CAR).show(ANNA)
    desk.minutes(60).show(ANNA)
    desk.unplug()


def offline_session(desk: FaultyDesk) -> None:
    """Charge for an hour without a line, which comes back ten minutes later."""
    desk.line(up=False)
    session(desk)
    desk.minutes(10).line(up=True)
    desk.minutes(5)


def across_a_power_cut(desk: FaultyDesk) -> None:
    """Charge for half an hour, lose the power for five minutes, and go on for half an hour."""
    desk.plug_in(CAR).show(ANNA)
    desk.minutes(30).power(on=False)
    desk.minutes(5).power(on=True)
    desk.minutes(30)
    if desk.device.transaction is not None:
        desk.show(ANNA)
    desk.unplug()


def idle(desk: FaultyDesk) -> None:
    """Do nothing for an hour."""
    desk.minutes(60)


@dataclass(frozen=True)
class Case:
    """
    What a fault shows.

    Attributes:
        text: the fault with its settings.
        live: what happens.
        read: what is read from the wire then.
        expected: what it must be.
        setup: how the charger is built.
    """

    text: str
    live: Callable[[FaultyDesk], None]
    read: Callable[[FaultyDesk], Any]
    expected: Any
    setup: Setup = SETUP

    @property
    def name(self) -> str:
        """The fault's name."""
        return self.text.partition(":")[0]

    @property
    def id(self) -> str:
        """What tells it from other cases."""
        return f"{self.text} {self.live.__name__}"

    def lived(self) -> FaultyDesk:
        """Live it with the fault on from the first boot."""
        desk = FaultyDesk(self.text, setup=self.setup).boot()
        self.live(desk)
        return desk


def ideal_again(case: Case) -> tuple[list[Any], list[Any]]:
    """
    Switch the fault off after its story, and live a session with and without such a past.

    Returns:
        What is said in it by the charger that had the fault, and by one that never had it.
    """
    desk = case.lived()
    if not desk.device.has_power:
        desk.power(on=True)
    desk.line(up=True).minutes(30)
    if desk.device.transaction is not None:
        desk.show(desk.device.transaction.id_tag)
    if desk.device.connector.car_is_in:
        desk.unplug()
    desk.device.mend(desk.now)
    desk.failing, desk.cards, desk.boots = set(), {}, []
    desk.switch_off().minutes(30)
    twin = desk.ideal_twin()
    said = []
    for each in (desk, twin):
        begun = len(each.texts)
        session(each)
        frames = [json.loads(text) for text in each.texts[begun:]]
        said.append([frame[2:] for frame in frames if frame[2] != "Heartbeat"])
    return said[0], said[1]
