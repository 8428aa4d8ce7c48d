"""Misbehaviours of smart gateways and of the meters behind them, by what they are about."""

from __future__ import annotations

from bites.mutant import mutant

from simulators.iskra_sg import (
    automation,
    bicoms,
    bodies,
    bus_scan,
    button,
    commands,
    counters,
    device,
    discovery,
    histories,
    inputs,
    meters,
    modbus,
    push,
    push_io,
    push_times,
    rest,
    rest_io,
    tariffs,
    udp_io,
    upgrade,
)

SAYS = "the answer says"

STATUS = (
    mutant(
        "the file system's version is told for that of the software",
        "SGW-01",
        SAYS,
        (rest.status, '"sw_ver": identity.software', '"sw_ver": identity.filesystem'),
        saying="device sw_ver",
    ),
    mutant(
        "a gateway on Wi-Fi says that it is on Ethernet",
        "SGW-01",
        SAYS,
        (rest._state, '"WiFi" if is_wifi else "Ethernet"', '"Ethernet"'),
        saying="connection_mode is 'Ethernet'",
    ),
    mutant(
        "what is enabled and does not answer is listed as disabled",
        "SGW-02",
        SAYS,
        (rest._device, "if place.is_enabled:", "if place.device is not None:"),
        saying="devices 3 model is 'Disabled'",
    ),
    mutant(
        "an input that is not enabled is shown",
        "SGW-20",
        SAYS,
        (rest.pulses_text, "if not features.pulse_counter:", "if False:"),
        only="not_enabled",
        saying="pulse_counter",
    ),
    mutant(
        "pulses mean a thousandth of what they do",
        "SGW-20",
        SAYS,
        (inputs.Inputs.energy_wh, "self.pulses * 1_000 //", "self.pulses //"),
        only="pulses_and_the_temperature",
        saying="pulse_counter",
    ),
    mutant(
        "the local time is shown in UTC",
        "SGW-21",
        SAYS,
        (device.Gateway.local_time, "ZoneInfo(self.settings.time.zone)", 'ZoneInfo("UTC")'),
        saying="local_time",
    ),
    mutant(
        "the clock is set by NTP although that is off",
        "SGW-21",
        SAYS,
        (device.Gateway._synchronize, "not self.settings.time.ntp or", ""),
        saying="local_time",
    ),
    mutant(
        "a recorder writes at midnight of UTC",
        "SGW-10",
        "the answer has the lines",
        (
            device.Gateway._quarter,
            "self.local_time.hour == self.local_time.minute == 0",
            "self._at.hour == self._at.minute == 0",
        ),
    ),
    mutant(
        "a recorder tells of each day what its counter showed as what it consumed",
        "SGW-10",
        "the answer has the lines",
        (histories._period, "last - first", "last"),
    ),
)

READING = (
    mutant(
        "the gateway answers for a device that is not there",
        "SGW-03",
        "nobody answers",
        (
            modbus.asked,
            "return gateway.addressed(address)",
            "return gateway.addressed(address) or gateway",
        ),
        only="nobody_has",
    ),
    mutant(
        "every address is answered by the meter on IR",
        "SGW-03",
        "answers",
        (
            device.Gateway.addressed,
            'if left.kind == "meter" and left.address == address:',
            'if left.kind == "meter":',
        ),
        only="the meter on the RS485",
    ),
    mutant(
        "the signal of a network is told as a text",
        "SGW-04",
        "each answer is as the API describes it",
        (rest.networks, '"signal_dbm": one.signal_dbm', '"signal_dbm": f"{one.signal_dbm} dBm"'),
    ),
    mutant(
        "who has not logged in is let in",
        "SGW-05",
        "it is refused with 403",
        (rest.may_pass, "if not lock.enabled:", "if True:"),
    ),
    mutant(
        "who has the factory's password is kept out",
        "SGW-05",
        SAYS,
        (rest.may_pass, 'value.strip(\'"\').encode("utf-8", "replace")', 'b""'),
        only="factorys_password",
        saying="log in first",
    ),
    mutant(
        "passwords are shown",
        "SGW-05",
        SAYS,
        (rest._masked, "MASK if", "value if"),
        only="factorys_password",
        saying="authentication password is 'iskra'",
    ),
    mutant(
        "the total power of a meter is that of its first phase",
        "SGW-08",
        "it reads the power and the energy",
        (
            meters.Meter.measurements,
            "Powers.of(sum(flow.active_nw), sum(flow.reactive_nvar))",
            "Powers.of(flow.active_nw[0], flow.reactive_nvar[0])",
        ),
        only="three_phases_have_together",
        saying="Power.Active.Import",
    ),
    mutant(
        "currents are told in tenths of what they are",
        "SGW-08",
        "it reads a power",
        (meters._phase, "voltage_mv * 1_000)", "voltage_mv * 10_000)"),
        only="over_rest",
    ),
    mutant(
        "counters are told in kWh and called Wh",
        "SGW-19",
        "it reads an energy",
        (bodies._counter, '"value": counter.shown', '"value": counter.shown // 1_000'),
        only="over_rest",
    ),
    mutant(
        "what is fed back is counted as drawn",
        "SGW-08",
        "it reads an energy",
        (counters.Counter.count, "if self.direction is Direction.EXPORT:", "if True:"),
        only="flows_through",
    ),
    mutant(
        "a total counts its first phase only",
        "COL-07",
        "holds what",
        (counters._power, "if phase else sum(active)", "if phase else active[0]"),
        only="agree_on_what",
    ),
)

LINKS = (
    mutant(
        "a meter is published by the time since its link was opened",
        "SGW-07",
        "the control room hears of",
        (push_times.PushTimes.arm, "shown + step - (shown - EPOCH) % step", "shown + step"),
        only="a_meter_is_published",
    ),
    mutant(
        "a push that is not acknowledged is dropped",
        "SGW-07",
        "took",
        (
            push_io._Delivery.run,
            "if not await self._is_acknowledged(reader, first.number):",
            "if not await self._is_acknowledged(reader, first.number):\n"
            "                self._outbox.acknowledge(first.number)",
        ),
        only="lost_acknowledgements",
    ),
    mutant(
        "pushes are numbered from 0 on",
        "SGW-07",
        "took",
        (push.Outbox.__init__, "self._last = 0", "self._last = -1"),
        only="two_meters",
    ),
    mutant(
        "a meter that does not answer is published with what it last said",
        "SGW-07",
        "the control room hears of",
        (
            device.Gateway._answers,
            "has_power and not any(address in (0, device.address) for address in absent)",
            "has_power",
        ),
        only="a_meter_that_does_not_answer",
    ),
    mutant(
        "hello tells another serial number",
        "SGW-06",
        'hears under "status"',
        (commands.hello, '"serial number": identity.serial', '"serial number": identity.mac'),
        only="says_hello",
    ),
    mutant(
        "the settings are told with their passwords",
        "SGW-06",
        'hears under "status"',
        (
            commands.plain_answer,
            "rest.settings_shown(gateway.settings)",
            '{"settings": rest.as_json(gateway.settings)}',
        ),
        only="tells_its_settings",
    ),
    mutant(
        "registers are told in decimal",
        "SGW-06",
        'hears under "modbus"',
        (commands.outcome, 'f"0x{word:04X}"', 'f"{word}"'),
        only="registers_are_reached",
    ),
    mutant(
        "an error is told without saying so",
        "SGW-06",
        'hears under "error"',
        (commands.error, 'f"Error: {why}"', 'f"{why}"'),
        only="what_cannot_be_done",
    ),
    mutant(
        "an index counts the right port, too",
        "SGW-06",
        "hears under",
        (device.Gateway.numbered, 'if row.interface != "Right IR"', ""),
        only="index",
    ),
)

KEEPING = (
    mutant(
        "a meter keeps its load profile without power",
        "SGW-09",
        "quarter hours",
        (counters.LoadProfile.forget, "self._rows.clear()", "pass"),
        only="after_a_power_failure",
    ),
    mutant(
        "old hardware extends load profiles",
        "SGW-09",
        "quarter hours",
        (device.Identity.has_load_recorder, 'self.hardware >= "D"', "True"),
        only="after_30_hours",
    ),
    mutant(
        "a quarter hour is cut to hundreds of watt hours",
        "SGW-09",
        "they sum to",
        (
            counters.LoadProfile.close,
            "last - first for first, last in",
            "(last - first) // 100 * 100 for first, last in",
        ),
        only="adds_up",
    ),
    mutant(
        "what is found on RS485 is told as added, and is not",
        "SGW-14",
        SAYS,
        (bus_scan.with_added, "replace(settings, rs485=tuple(places))", "settings"),
        only="with_one_touch",
        saying="devices 3 model",
    ),
    mutant(
        "a device is found whatever its line settings",
        "SGW-14",
        "nobody answers",
        (
            device.Gateway._hears,
            "device.line == self.settings.rs485_line and self._answers(device)",
            "self._answers(device)",
        ),
        only="is_another",
    ),
)

SWITCHING = (
    mutant(
        "a switch says that it is off, and lets through what it did",
        "SGW-13",
        "it reads a power",
        (bicoms.Bicom.switch, "self._move_loads()", "pass"),
        only="over_rest",
    ),
    mutant(
        "a switch tells the opposite of where it stands",
        "SGW-13",
        'hears under "bicom/ir"',
        (bodies.bicom_body, '"on" if bicom.is_on else "off"', '"off" if bicom.is_on else "on"'),
        only="a_switch_is_moved",
    ),
    mutant(
        "a hysteresis is ignored",
        "SGW-11",
        "the switch at the right IR port",
        (
            automation.Condition.holds,
            "becomes_true(measured, self.value, self.hysteresis)",
            "becomes_true(measured, self.value, Decimal(0))",
        ),
        (
            automation.Condition.holds,
            "becomes_false(measured, self.value, self.hysteresis)",
            "becomes_false(measured, self.value, Decimal(0))",
        ),
        only="eco_mode",
    ),
    mutant(
        "an automation acts on a meter that does not answer as on one that measures 0",
        "SGW-11",
        "the switch at the right IR port",
        (automation._look, "if not inputs or None in inputs:", "if not inputs:"),
        only="leaves_everything",
    ),
    mutant(
        "AND is read as OR",
        "SGW-11",
        "the switch at the right IR port",
        (automation._joined, 'decisive = kind == "or"', "decisive = True"),
        only="the_heater",
    ),
    mutant(
        "a holiday is a day as any other",
        "SGW-12",
        "has counted",
        (
            tariffs.Tariffs.kind_of,
            "if any(holiday.has(day) for holiday in self.holidays):",
            "if False:",
        ),
        only="a holiday",
    ),
    mutant(
        "tariffs change by the hours of UTC",
        "SGW-12",
        "has counted",
        (
            device.Gateway._take_tariff,
            "self.tariffs.active_at(self.local_time)",
            "self.tariffs.active_at(self._at)",
        ),
        only="a workday",
    ),
    mutant(
        "a counter counts whatever tariff is active",
        "SGW-12",
        "has counted",
        (counters.Counter.count, "or (self.tariffs and tariff not in self.tariffs)", ""),
        only="a workday",
    ),
)

HANDLING = (
    mutant(
        "settings that are touched on trial do not bring the old firmware back",
        "SGW-15",
        SAYS,
        (upgrade.Upgrade.settings_touched, "if self.step is not Step.TRIAL:", "if True:"),
        only="settings_that_are_touched",
        saying="device sw_ver",
    ),
    mutant(
        "version 2.01 is upgraded without a certificate",
        "SGW-15",
        "it is refused with 409",
        (upgrade.Upgrade.begin, "_number(running) <= NEEDS_CERTIFICATE_UP_TO and", "False and"),
        only="asks_for_the_servers",
    ),
    mutant(
        "files are listed with the length of their names",
        "SGW-15",
        SAYS,
        (rest.files, 'len(gateway.files.read(name) or b"")', "len(name)"),
        only="files_are_listed",
        saying="files 1 size",
    ),
    mutant(
        "a short press goes on by two",
        "SGW-16",
        "the LED shows",
        (
            button.FunctionButton.release,
            "(functions.index(self.selected) + 1)",
            "(functions.index(self.selected) + 2)",
        ),
        only="short_presses",
    ),
    mutant(
        "the menu stays open",
        "SGW-16",
        "the LED shows",
        (button.FunctionButton._own_due, "return self._pressed_at + MENU_LASTS", "return None"),
        only="a_long_press",
    ),
    mutant(
        "a factory reset leaves the settings as they are",
        "SGW-16",
        SAYS,
        (device.Gateway.reset, "self.set_up(self.identity.defaults())", "pass"),
        only="a_factory_reset",
        saying="settings description",
    ),
    mutant(
        "it is found on the network with its discovery off",
        "SGW-17",
        "it is not found",
        (udp_io.UdpPort.settle, "self._gateway.now.settings.features.udp_discovery", "True"),
        (discovery.answer, "or not gateway.settings.features.udp_discovery", ""),
        only="with_the_discovery_off",
    ),
    mutant(
        "a scan is told the version with its digits swapped",
        "SGW-17",
        "it is found with",
        (
            discovery.answer,
            "identity.software_e2.to_bytes(2)",
            'identity.software_e2.to_bytes(2, "little")',
        ),
        only="finds_it",
    ),
    mutant(
        "the page lacks the recorder graph",
        "SGW-18",
        "its page has the sections",
        (rest_io._static, "read_bytes()", "read_bytes().replace(b'Recorder Graph', b'')"),
    ),
)
