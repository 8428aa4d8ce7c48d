"""
The gateway: what hangs on it, who answers under which address, and what it writes down itself.

Rule 1: everything is counted up to an instant before anything is read or changed at it
(`advance`); between two instants nothing happens.
Rule 2: a place has a device only while it is enabled in the settings (document 004 §4.1.2.3) and
something answers there: the left IR port reads a meter, the right one a Bicom, RS485 places what
stands on the bus under their address with the gateway's own line settings.
Rule 3: an address is asked on the left IR port first, then on RS485, unless it is the gateway's
own; who is not there does not answer (§3.4.1, SGW-03). While no RS485 place is in use, the port is
a slave and asks nobody (§3.4.2).
Rule 4: at each quarter hour of its own clock the gateway looks at its meters: their load profile
goes on in its load recorder (hardware D on, 56 hours), the active tariff is told to them, and at
local midnight the recorders write their counters down (§4.1.5, §4.1.2.5).
Rule 5: while it is connected and NTP is on, its clock is set right at once and then each
synchronisation period, and with it the clocks of the meters that are to be synchronised (§4.1.2.1,
§4.1.2.3; that the first time comes at once is ASSUMED). The true time is what NTP tells.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from simulators.errors import NotPossible
from simulators.faults import Faults
from simulators.iskra_sg import automation_file, led
from simulators.iskra_sg.automation import Automation, Runner
from simulators.iskra_sg.bicoms import Bicom
from simulators.iskra_sg.button import FunctionButton
from simulators.iskra_sg.counters import QUARTER, Quarter
from simulators.iskra_sg.faults import AbsentDevice, NoNetwork, PowerFailure
from simulators.iskra_sg.files import Files
from simulators.iskra_sg.inputs import Inputs, PulseSource
from simulators.iskra_sg.loads import Fed, Flow, Switched
from simulators.iskra_sg.local_clock import LocalClock
from simulators.iskra_sg.meters import Meter
from simulators.iskra_sg.network import Connection, Neighbour, Network
from simulators.iskra_sg.settings import Connectivity, Recorder, Settings
from simulators.iskra_sg.tariffs import SINCE_HARDWARE, Tariffs, read_file
from simulators.iskra_sg.upgrade import Step, Upgrade

LOAD_RECORDER_ROWS = 56 * 4
"""Document 004 §4.1.5: "up to 56 hours"."""
RECORDERS = {"A": 2, "B": 2, "C": 3, "D": 8, "E": 8}
"""By hardware version; that it depends on it is §4.1.2.5, the numbers are ASSUMED."""
HISTORY_DAYS = 3_660
"""For how many days a recorder keeps what it wrote (ASSUMED: ten years)."""
GATEWAY_MODELS = ("SG-E1", "SG-W1", "SG-W1A")
BLINK_LASTS = timedelta(seconds=30)
"""Document 004 §4.1.2.1: "approximately 30 seconds"."""
SYNCHRONIZATION_RETRY = timedelta(hours=1)
"""When NTP is asked again that nobody answered (ASSUMED)."""
VERSION = re.compile(r"\d{1,2}(\.\d{1,2}){1,2}")
MAC = re.compile(r"[0-9A-F]{2}(:[0-9A-F]{2}){5}")

Device = Meter | Bicom


@dataclass(frozen=True, slots=True)
class Identity:
    """
    What a gateway is.

    Attributes:
        model: one of `GATEWAY_MODELS`.
        serial: its serial number, 8 signs, as "IS001093".
        hardware: a letter.
        software, filesystem: versions.

    Raises:
        ValueError: If there is no such gateway.
    """

    model: str = "SG-E1"
    serial: str = "IS000001"
    hardware: str = "D"
    software: str = "2.09"
    filesystem: str = "2.09"
    mac: str = "F0:08:D1:00:00:01"

    def __post_init__(self) -> None:
        if self.model not in GATEWAY_MODELS:
            raise ValueError(f"a gateway is one of {', '.join(GATEWAY_MODELS)}, not {self.model}")
        if not (1 <= len(self.serial) <= 8 and self.serial.isascii() and self.serial.isalnum()):
            raise ValueError(f"a serial number has up to 8 letters and digits, not {self.serial}")
        if self.hardware not in RECORDERS:
            raise ValueError(f"the hardware is one of {', '.join(RECORDERS)}, not {self.hardware}")
        for version in (self.software, self.filesystem):
            if VERSION.fullmatch(version) is None:
                raise ValueError(f'a version is digits and points, as "2.09", not {version!r}')
        if MAC.fullmatch(self.mac) is None:
            raise ValueError(f"a MAC address is written as F0:08:D1:00:00:01, not {self.mac}")

    @property
    def has_load_recorder(self) -> bool:
        """Whether it extends load profiles (§4.1.5: "hardware version D or newer")."""
        return self.hardware >= "D"

    @property
    def has_tariffs(self) -> bool:
        """Whether it has a calendar of tariffs; see `tariffs.SINCE_HARDWARE`."""
        return self.hardware >= SINCE_HARDWARE

    @property
    def software_e2(self) -> int:
        """The version as registers and the discovery have it: 209 for 2.09."""
        major, minor, *_ = self.software.split(".")
        return int(major) * 100 + int(minor)

    def defaults(self) -> Settings:
        """Give the settings that a factory reset restores."""
        settings = Settings(recorders=(Recorder(),) * RECORDERS[self.hardware])
        if self.model == "SG-E1":
            return replace(settings, connectivity=Connectivity(mode="ethernet"))
        return settings


@dataclass
class Bench:
    """What stands around a gateway: devices, enabled or not, and loads by name."""

    left: Meter | None = None
    right: Bicom | None = None
    bus: Sequence[Device] = ()
    loads: Mapping[str, Switched] = field(default_factory=dict)
    networks: Sequence[Neighbour] = ()
    pulses: PulseSource | None = None

    @property
    def devices(self) -> Iterator[Device]:
        """All of them."""
        if self.left is not None:
            yield self.left
        if self.right is not None:
            yield self.right
        yield from self.bus


@dataclass(frozen=True, slots=True)
class Place:
    """
    One of the 18 rows of "External devices".

    Attributes:
        index: 0 left IR, 1 right IR, 2 to 17 RS485 1 to 16.
        interface: as figure 39 and public clients call it.
        address: its Modbus address.
        is_enabled: whether the settings have something there.
        device: who answers there now, None for nobody.
    """

    index: int
    interface: str
    address: int
    is_enabled: bool
    device: Device | None


@dataclass(frozen=True, slots=True)
class Entry:
    """What a recorder wrote at a midnight; None where nobody answered."""

    day: date
    value: int | None


class Gateway:
    """
    A gateway, without its wires.

    Parameters:
        identity: what it is.
        bench: what stands around it.
        settings: how it is set up; by default as it leaves the factory.
        at: when it is switched on.
        clock: its own clock; the meters' clocks are theirs.
        faults: what is not ideal.

    Attributes:
        tariffs: its calendar of tariffs; another one by `take_tariffs`.
        active_tariff: which tariff the calendar has, as of the last quarter hour.
        inputs: its pulse counter and temperature sensor.
        button: its function button.
        network: its connection.
        upgrade: of its firmware.
        files: on its file system; tariffs.json is the calendar, automation.json the automations.
        automations: what it does by itself; others by `take_automations`.
        link_states: what its push/publish links are at, by number; whoever serves them says it.
        is_running: not while it restarts.
    """

    def __init__(
        self,
        identity: Identity,
        bench: Bench,
        at: datetime,
        faults: Faults,
        settings: Settings | None = None,
        clock: LocalClock | None = None,
    ) -> None:
        self.identity = identity
        self.bench = bench
        self.faults = faults
        self.settings = settings or identity.defaults()
        self.clock = clock or LocalClock(at)
        self.inputs = Inputs(source=bench.pulses)
        self.button = FunctionButton()
        self.network = Network(self.settings.connectivity, bench.networks, at)
        self.upgrade = Upgrade()
        self.files = Files(
            {
                "tariffs.json": self._take_tariffs_file,
                "automation.json": self._take_automation_file,
            }
        )
        self.automations = Runner()
        self.link_states: dict[int, str] = {}
        self.is_running = True
        self.switched_on_at = at
        self.tariffs = Tariffs()
        self.active_tariff = 1
        self._at = at
        self._load_recorder: dict[int, deque[Quarter]] = {}
        self._histories: dict[int, deque[Entry]] = {}
        self._blinks_until = at
        self._synchronized_at: datetime | None = None
        self._synchronizes_at = at
        self._powerless: set[str] = set()
        self.power()
        self._take_tariff()
        self._synchronize()

    # ------------------------------------------------------------------ time

    @property
    def at(self) -> datetime:
        """Up to which instant everything has been counted."""
        return self._at

    @property
    def local_time(self) -> datetime:
        """What its clock shows now, in its time zone."""
        return self.clock.shows(self._at).astimezone(ZoneInfo(self.settings.time.zone))

    def advance(self, at: datetime) -> None:
        """Let everything happen up to ``at``."""
        while self._at < at:
            mark = self.clock.next_mark(self._at, QUARTER)
            until = min([one for one in (mark, self._own_due, at) if one > self._at])
            for device in self.bench.devices:
                if isinstance(device, Meter):
                    device.advance(until)
            counts = self.settings.features.pulse_counter and self.is_running
            self.inputs.advance(until, is_enabled=counts)
            self._at = until
            if self.is_running:
                if until == mark:
                    self._quarter()
                self._synchronize()
        self.button.advance(at)
        self.upgrade.advance(at)

    @property
    def _own_due(self) -> datetime:
        """When it is connected, or synchronises next; a moment that has gone where it does not."""
        connected = self.network.due(self._at)
        if connected is not None:
            return connected
        return self._synchronizes_at if self.settings.time.ntp else self._at

    def _synchronize(self) -> None:
        if not self.settings.time.ntp or self._at < self._synchronizes_at:
            return
        if not self.is_online:
            self._synchronizes_at = self._at + SYNCHRONIZATION_RETRY
            return
        self._synchronized_at = self._at
        self._synchronizes_at = self._at + timedelta(hours=self.settings.time.synchronization_h)
        self.clock.set_to(self._at, self._at)
        for place, slot in zip(self.places(), self.settings.slots, strict=True):
            if isinstance(place.device, Meter) and slot.time_synchronization:
                place.device.clock.set_to(self._at, self._at)

    def _quarter(self) -> None:
        for place in self.places():
            if isinstance(place.device, Meter) and self.identity.has_load_recorder:
                self._record(place.index, place.device)
        if self.local_time.hour == self.local_time.minute == 0:
            for number, recorder in enumerate(self.settings.recorders):
                if recorder.enabled:
                    entry = Entry(self.local_time.date(), self.recorded_now(recorder))
                    rows = self._histories.setdefault(number, deque(maxlen=HISTORY_DAYS))
                    # A clock that was set back sees a midnight again.
                    if not rows or rows[-1].day < entry.day:
                        rows.append(entry)
        self._take_tariff()

    def _record(self, index: int, meter: Meter) -> None:
        """Take over what the meter has and the load recorder has not yet."""
        rows = self._load_recorder.setdefault(index, deque(maxlen=LOAD_RECORDER_ROWS))
        found = list(meter.profile)
        # Told by the row itself and not by its time: the meter's clock may have been set back.
        taken = [place for place, row in enumerate(found) if rows and row is rows[-1]]
        rows.extend(found[taken[0] + 1 :] if taken else found)

    def _take_tariff(self) -> None:
        self.active_tariff = self.tariffs.active_at(self.local_time)
        for place in self.places():
            if isinstance(place.device, Meter):
                place.device.tariff = self.active_tariff

    # ------------------------------------------------------------------ who is there

    def places(self) -> list[Place]:
        """Give all 18 rows of "External devices"."""
        names = ("Left IR", "Right IR", *(f"RS485 {n}" for n in range(1, 17)))
        return [
            Place(index, name, slot.address, slot.kind != "disabled", self._device_at(index))
            for index, (name, slot) in enumerate(zip(names, self.settings.slots, strict=True))
        ]

    def numbered(self, number: int) -> Place | None:
        """Give a row as REST numbers them: all but right IR, from 0 on; None beyond the last."""
        rows = [row for row in self.places() if row.interface != "Right IR"]
        return rows[number] if 0 <= number < len(rows) else None

    def addressed(self, address: int) -> Device | None:
        """Tell who answers under a Modbus address, besides the gateway itself; None for nobody."""
        left = self.settings.left_ir
        if left.kind == "meter" and left.address == address:
            return self._device_at(0)
        return self.on_bus(address)

    def on_bus(self, address: int) -> Device | None:
        """Tell who answers on RS485 under an address; nobody while the port is a slave."""
        return self._on_bus(address) if self.is_master else None

    @property
    def is_master(self) -> bool:
        """Whether the RS485 port asks; while no place is in use it answers instead (§3.4.2)."""
        return any(slot.kind != "disabled" for slot in self.settings.rs485)

    def heard_on_bus(self) -> list[Device]:
        """Give who answers a scan of the bus: those with the gateway's line settings."""
        return [one for one in self.bench.bus if self._hears(one)]

    def _device_at(self, index: int) -> Device | None:
        slot = self.settings.slots[index]
        if slot.kind == "disabled":
            return None
        if index == 0:
            left = self.bench.left
            fits = left is not None and left.address == slot.address
            return left if left is not None and fits and self._answers(left) else None
        if index == 1:
            right = self.bench.right
            return right if right is not None and self._answers(right) else None
        device = self._on_bus(slot.address)
        return device if device is not None and _kind(device) == slot.kind else None

    def _on_bus(self, address: int) -> Device | None:
        return next((one for one in self.heard_on_bus() if one.address == address), None)

    def _hears(self, device: Device) -> bool:
        return device.line == self.settings.rs485_line and self._answers(device)

    def _answers(self, device: Device) -> bool:
        absent = (one.address for one in self.faults.on if isinstance(one, AbsentDevice))
        has_power = not isinstance(device, Meter) or device.is_powered
        return has_power and not any(address in (0, device.address) for address in absent)

    # ------------------------------------------------------------------ what is asked of it

    def set_up(self, settings: Settings) -> None:
        """Have other settings from now on."""
        before, self.settings = self.settings, settings
        self.network.connect(settings.connectivity, self._at)
        if settings.time.ntp and settings.time != before.time:
            self._synchronizes_at = self._at
        if settings.connectivity != before.connectivity:
            self._synchronizes_at = self.network.due(self._at) or self._at
        self._synchronize()

    def blink(self) -> None:
        """Let the LED blink fast for a while (§4.1.2.1)."""
        self._blinks_until = self._at + BLINK_LASTS

    def restart(self) -> None:
        """Be off from now on until `run`; what is upgraded or reverted then is decided here."""
        self.is_running = False
        upgrade = self.upgrade
        if upgrade.step is Step.RESTARTING:
            self.identity = replace(self.identity, software=upgrade.version)
        elif upgrade.step is Step.REVERTED:
            self.identity = replace(self.identity, software=upgrade.previous)

    def run(self) -> None:
        """Be switched on again."""
        self.is_running = True
        self.switched_on_at = self._at
        self.network.restart(self._at)
        self.upgrade.restarted(self._at)
        self.button = FunctionButton()
        self._synchronizes_at = self.network.due(self._at) or self._at

    def reset(self) -> None:
        """Go back to the factory's state: settings, files and all that it wrote down (§4.4.2)."""
        self.set_up(self.identity.defaults())
        self.files.clear()
        self.tariffs = Tariffs()
        self._take_tariff()
        self._load_recorder.clear()
        self._histories.clear()
        self.inputs.pulses = 0

    def switch(self, bicom: Bicom, is_on: bool) -> None:
        """Move a switch, now."""
        bicom.switch(is_on)

    def power(self) -> None:
        """Take the power from meters, and give it back to them, as the faults say now."""
        failing = {one.address for one in self.faults.on if isinstance(one, PowerFailure)}
        for one in self.bench.devices:
            if not isinstance(one, Meter):
                continue
            if failing & {0, one.address}:
                if one.serial not in self._powerless:
                    self._powerless.add(one.serial)
                    one.fail()
            elif one.serial in self._powerless:
                self._powerless.remove(one.serial)
                one.restore()

    def take_tariffs(self, tariffs: Tariffs) -> None:
        """
        Have another calendar of tariffs, now.

        Raises:
            NotPossible: If the hardware is too old for tariffs.
        """
        if not self.identity.has_tariffs:
            why = f"tariffs are there from hardware {SINCE_HARDWARE} on, this is "
            raise NotPossible("set tariffs", self.identity.serial, why + self.identity.hardware)
        self.tariffs = tariffs
        self._take_tariff()

    def take_automations(self, automations: Sequence[Automation]) -> None:
        """Have these automations instead, and keep them as automation.json."""
        content = json.dumps(automation_file.as_json(automations), ensure_ascii=False)
        self.files.add(automation_file.FILE, content.encode())

    def _take_automation_file(self, text: str | None) -> None:
        self.automations.take(() if text is None else automation_file.read_file(text))

    def _take_tariffs_file(self, text: str | None) -> None:
        self.take_tariffs(Tariffs() if text is None else read_file(text))

    def feed(self, name: str, flow: Flow) -> None:
        """
        Have another flow at a load that is fed from outside, from now on.

        Raises:
            NotPossible: If there is no such load, or it goes by itself.
        """
        behind = self.bench.loads.get(name)
        if behind is None or not isinstance(behind.load, Fed):
            why = "there is no load of that name that is fed from outside"
            raise NotPossible(f"feed {name!r}", self.identity.serial, why)
        behind.load.now = flow

    def load_profile(self, index: int) -> list[Quarter]:
        """
        Give the load profile of the meter at a place, oldest first.

        What the meter has counts; where it has less, the load recorder's goes before it (§4.1.5).

        Raises:
            NotPossible: If no meter is enabled there.
        """
        own, meter_rows = self.load_profile_parts(index)
        return [*own, *meter_rows]

    def load_profile_parts(self, index: int) -> tuple[list[Quarter], list[Quarter]]:
        """
        Give the load profile in two parts: from the load recorder, and from the meter itself.

        Raises:
            NotPossible: If no meter is enabled there.
        """
        place = self.places()[index]
        if self.settings.slots[index].kind != "meter":
            raise NotPossible("read a load profile", place.interface, "no meter is enabled there")
        meter_rows = list(place.device.profile) if isinstance(place.device, Meter) else []
        begins = meter_rows[0].end if meter_rows else None
        own = self._load_recorder.get(index, ())
        return [row for row in own if begins is None or row.end < begins], meter_rows

    def clear_load_recorder(self, index: int) -> None:
        """Empty the load recorder of a place (§4.1.2.3)."""
        self._load_recorder.pop(index, None)

    def history(self, number: int) -> list[Entry]:
        """Give what a recorder wrote, by its number from 0 on, oldest first."""
        return list(self._histories.get(number, ()))

    def clear_recorder(self, number: int) -> None:
        """Empty a recorder (§4.1.2.5)."""
        self._histories.pop(number, None)

    def recorded_now(self, recorder: Recorder) -> int | None:
        """Tell what a recorder would write now, in its counter's unit; None for nothing."""
        if recorder.source == "pulse":
            enabled = self.settings.features.pulse_counter
            return self.inputs.pulses if enabled else None
        device = self.addressed(recorder.address)
        if not isinstance(device, Meter):
            return None
        counters = device.resettable if recorder.resettable else device.non_resettable
        number = recorder.counter - 1
        return counters[number].shown if number < len(counters) else None

    @property
    def uptime(self) -> timedelta:
        """How long it has been on."""
        return self._at - self.switched_on_at

    @property
    def connection(self) -> Connection:
        """How far its connection to the network is."""
        return self.network.connection(self._at)

    @property
    def is_online(self) -> bool:
        """Whether it reaches servers."""
        return self.connection is Connection.ONLINE and self.faults.active(NoNetwork) is None

    @property
    def synchronized_at(self) -> datetime | None:
        """When NTP set its clock last; None for never."""
        return self._synchronized_at

    def link_state(self, number: int) -> str:
        """Tell what a push/publish link is at, as the status page does."""
        link = self.settings.link_1 if number == 1 else self.settings.link_2
        return "Disabled" if link.kind == "disabled" else self.link_states.get(number, "Connecting")

    @property
    def error_flags(self) -> int:
        """Tell who does not answer: bit n for the place with the index n (ASSUMED)."""
        silent = [one for one in self.places() if one.is_enabled and one.device is None]
        return sum(1 << place.index for place in silent)

    @property
    def led(self) -> led.Led:
        """What is seen of the LED; the menu goes before everything else."""
        if not self.is_running:
            return led.OFF
        if (shown := self.button.led(self._at)) is not None:
            return shown
        if self.upgrade.is_under_way:
            return led.UPGRADING
        if self.connection is Connection.PROVISIONING:
            has_client = self.network.has_client
            plain = led.PROVISIONING_WITH_CLIENT if has_client else led.PROVISIONING
        else:
            is_online = self.connection is Connection.ONLINE
            plain = led.OPERATIONAL if is_online else led.CONNECTING
        return replace(plain, rhythm=led.Rhythm.FAST) if self._at < self._blinks_until else plain

    @property
    def clock_steady_until(self) -> datetime:
        """Until when its clock runs as it does now, unless somebody sets it."""
        own = self._own_due
        return own if own > self._at else datetime.max.replace(tzinfo=UTC)

    @property
    def due(self) -> datetime | None:
        """When it does something by itself that its wires must follow; None for never."""
        instants = (self.button.due, self.upgrade.due, self.network.due(self._at))
        return min((one for one in instants if one is not None), default=None)


def _kind(device: Device) -> str:
    return "meter" if isinstance(device, Meter) else "bicom"
