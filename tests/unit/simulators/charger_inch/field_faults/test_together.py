"""Any faults together: they alter words, not the queue and not the physics."""

from __future__ import annotations

import contextlib
from dataclasses import fields
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.faulty_inch import SETUP, FaultyDesk
from support.inch_desk import ANNA, BEAT

from simulators.charger_inch.device import Call
from simulators.charger_inch.electric import FJ_PER_WH, Car
from simulators.charger_inch.quirks import Quirk
from simulators.charger_inch.registry import QuirkKind, all_quirks
from simulators.charger_inch.vendor_data import error_named
from simulators.errors import NotPossible

LARGE_CAR = Car(max_current_a=16, battery_wh=10_000_000, charge_wh=0)
"""Is never full, so that what it has got is what was counted, to the last fJ."""

ACTING = {
    "accepts-any-measurand",
    "any-card-starts",
    "boots-on-refused-stop",
    "lock-fails",
    "never-boots",
    "never-reconnects",
    "no-id-tag",
    "profile-ignored",
    "reboots-on-trigger",
    "remote-start-needs-hex",
    "resumes-after-boot",
    "start-anew",
    "start-given-up",
    "start-repeated",
    "stop-without-start",  # a remote stop of an id that it never got stops nothing
    "talks-while-pending",
}
"""Faults by which the charger also does something else than an ideal one, and may charge less or
more; of all others it is shown that its meter does not know them."""

SMALL = {"entries": 20, "data_bytes": 50, "stop_bytes": 2_000, "count": 3}
"""Sizes that do not make a test slow."""

PROFILE = {
    "chargingProfileId": 1,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 600, "limit": 8}],
    },
}

ASKED: dict[str, dict[str, Any]] = {
    "ChangeConfiguration": {"key": "MeterValuesSampledData", "value": "Voltage.L1,Current.Import"},
    "GetConfiguration": {},
    "RemoteStartTransaction": {"idTag": "isebench", "connectorId": 1},
    "RemoteStopTransaction": {"transactionId": 4_711},
    "Reset": {"type": "Hard"},
    "SetChargingProfile": {"connectorId": 1, "csChargingProfiles": PROFILE},
    "TriggerMessage": {"requestedMessage": "MeterValues"},
}
BOOT = {"requestedMessage": "BootNotification"}


class Life:
    """A charger that something happens to, with the energy that its cars have got."""

    def __init__(self, *quirks: Quirk) -> None:
        self.desk = FaultyDesk(*quirks)
        self.left_fj = 0
        self.last_order = -1
        self.desk.watch = self.look_at_queue
        self.desk.boot()

    def look_at_queue(self, call: Call) -> None:
        """Compare the place of what leaves the queue with that of what left before."""
        outbox = self.desk.device.outbox
        waiting = [message.order for message in outbox._transactions]
        assert waiting == sorted(waiting)
        if outbox.in_flight in list(outbox._transactions)[:1]:
            assert outbox.in_flight is not None
            assert self.last_order <= outbox.in_flight.order
            self.last_order = outbox.in_flight.order

    def live(self, verb: str, number: int) -> None:
        """Let one thing happen, if it can."""
        with contextlib.suppress(NotPossible):
            self._act(verb, number)
        assert self.desk.device.outbox.dropped == 0

    def _act(self, verb: str, number: int) -> None:
        desk = self.desk
        if verb == "wait":
            desk.minutes(number)
        elif verb == "plug":
            desk.plug_in(LARGE_CAR)
        elif verb == "unplug":
            got = self.in_car_fj
            desk.unplug()
            self.left_fj += got
        elif verb == "card":
            desk.show((ANNA, BEAT)[number % 2])
        elif verb == "line":
            desk.line(up=bool(number % 2))
        elif verb == "power":
            desk.power(on=bool(number % 2))
        elif verb == "break":
            desk.device.break_down(error_named("OverVoltage"), desk.now)
            desk.answer()
        elif verb == "mend":
            desk.device.mend(desk.now)
            desk.answer()
        elif desk.is_up:
            desk.ask(verb, **(BOOT if number == 3 and verb == "TriggerMessage" else ASKED[verb]))

    @property
    def in_car_fj(self) -> int:
        """What the plugged car has got."""
        return self.desk.device.outlet.charge_at(self.desk.now)

    @property
    def counted_fj(self) -> int:
        """What the meter has counted."""
        start_fj = SETUP.register_wh * FJ_PER_WH
        return self.desk.device.outlet.register_at(self.desk.now) - start_fj


@st.composite
def quirks(draw: st.DrawFn) -> Quirk:
    """Draw a habit or a fault with some settings."""
    kind: QuirkKind = draw(st.sampled_from(list(all_quirks().values())))
    told: dict[str, Any] = {}
    for one in fields(kind.make):
        if one.name in SMALL:
            told[one.name] = SMALL[one.name]
        elif isinstance(one.default, bool):
            told[one.name] = draw(st.booleans())
        elif isinstance(one.default, int):
            least = one.metadata["least"]
            near = st.integers(least, min(one.metadata["most"], least + 100))
            told[one.name] = draw(st.one_of(st.just(one.default), near))
    for setting in kind.settings:
        if setting.choices:
            told[setting.name] = draw(st.sampled_from(setting.choices))
    return kind.make(**told)


VERBS = ("wait", "wait", "plug", "card", "card", "unplug", "line", "power", "break", "mend", *ASKED)
STEPS = st.lists(st.tuples(st.sampled_from(VERBS), st.integers(1, 40)), max_size=25)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=150)
@given(st.lists(quirks(), max_size=4), STEPS)
def test_whatever_is_on_the_charger_is_sound(
    faults: list[Quirk], steps: list[tuple[str, int]]
) -> None:
    """It never raises, keeps the order of its queue, and counts what its cars get."""
    life, ideal = Life(*faults), Life()
    for verb, number in steps:
        life.live(verb, number)
        ideal.live(verb, number)

        assert life.left_fj + life.in_car_fj == life.counted_fj
    if not ACTING & {one.name for one in faults}:
        assert ideal.counted_fj == life.counted_fj
    life.live("power", 1)
    life.desk.switch_off()
    life.live("line", 1)
    life.live("wait", 60)
    life.live("line", 1)
    life.live("wait", 1)

    assert 0 == life.desk.device.outbox.waiting
