"""The charger's page without its wire: the shape of what it shows, and what it refuses."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simulators.charger_inch import Car, Card, ChargerInch, Setup, page
from simulators.charger_inch.habits import ClockAlignedEarly
from simulators.clock import VirtualClock
from simulators.errors import NotAccepted, NotPossible
from simulators.wiretap import Wiretap

START = datetime(2025, 6, 3, 6, 0, tzinfo=UTC)
ANNA = Card(bytes.fromhex("77FD2AFA"), "Anna")
OFFLINE = {"AllowOfflineTxForUnknownId": "true"}

Json = dict[str, Any]


class Desk:
    """A charger that no backend answers: it lets in whoever comes."""

    def __init__(self, setup: Setup | None = None) -> None:
        self.clock = VirtualClock(START)
        self.tap = Wiretap(self.clock)
        setup = setup or Setup(configuration=OFFLINE)
        self.charger = ChargerInch("WB-1", self.clock, self.tap, random.Random(1), setup=setup)

    @property
    def state(self) -> Json:
        """What the page shows."""
        return page.state(self.charger, [ANNA])

    async def do(self, verb: str, **fields: object) -> None:
        """Do something at the page."""
        await page.do(self.charger, verb, fields)

    async def after(self, **span: float) -> None:
        """Let time pass."""
        await self.clock.advance_to(self.clock.now() + timedelta(**span))

    async def charge(self, **car: object) -> None:
        """Plug in and show Anna's card."""
        await self.do("plug_in", **car)
        await self.do("show_card", uid="77:FD:2A:FA", person="Anna")


def at_desk(live: Callable[[Desk], Awaitable[None]], setup: Setup | None = None) -> None:
    """Live through something at a desk."""

    async def run() -> None:
        desk = Desk(setup)
        await live(desk)
        await desk.charger.close()

    asyncio.run(run())


class TestShown:
    """The sections of the state."""

    def test_of_a_charger_that_is_free(self) -> None:
        """Who it is, what it shows and measures, and that nothing runs."""

        async def live(desk: Desk) -> None:
            state = desk.state

            assert "2025-06-03T06:00:00.000Z" == state["time"]
            assert {
                "identity": "WB-1",
                "vendor": "ETREL",
                "model": "INCH",
                "serial": "WB-1",
                "firmware": "1.12",
                "big_endian_cards": False,
                "fixed_cable": False,
            } == state["charger"]
            assert ("Available", "ready", None) == tuple(
                state["status"][name] for name in ("word", "display", "error")
            )
            assert "0.000" == state["values"]["power_kw"]
            assert ["0.000"] * 3 == state["values"]["currents_a"]
            assert {"cable_is_in": False, "is_locked": False, "car": None} == state["connector"]
            assert state["transaction"] is None
            assert [{"uid": "77FD2AFA", "id_tag": "FA2AFD77", "holder": "Anna"}] == state["cards"]
            assert 15 == len(state["errors"])

        at_desk(live)

    def test_of_a_charger_that_charges(self) -> None:
        """The car, what flows, what the meter has counted, and the transaction."""

        async def live(desk: Desk) -> None:
            await desk.charge(phases=1, max_current_a=16, battery_wh=40_000, charge_percent=50)
            await desk.after(hours=1)
            state = desk.state

            assert "Charging" == state["status"]["word"]
            power_wh = round(float(state["values"]["power_kw"]) * 1000)
            assert power_wh == pytest.approx(float(state["values"]["energy_kwh"]) * 1000, abs=1)
            assert ["16.000", "0.000", "0.000"] == state["values"]["currents_a"]
            assert "32.000" == state["values"]["offered_a"]
            car = state["connector"]["car"]
            assert (1, 16, 32, 40_000) == tuple(
                car[name] for name in ("phases", "max_current_a", "cable_a", "battery_wh")
            )
            assert car["charge_percent"] == car["charge_wh"] * 100 // 40_000 > 50
            assert "FA2AFD77" == state["transaction"]["id_tag"]
            assert "2025-06-03T06:00:00.000Z" == state["transaction"]["started"]
            assert f"{power_wh / 1000:.3f}" == state["transaction"]["energy_kwh"]

        at_desk(live)

    def test_of_a_charger_without_a_line(self) -> None:
        """What waits is counted, and nothing is made up of a backend."""

        async def live(desk: Desk) -> None:
            await desk.charge()
            line = desk.state["line"]

            assert (False, False, "", "") == tuple(
                line[name] for name in ("is_up", "is_whole", "url", "problem")
            )
            assert ("not answered yet", 1, 0) == tuple(
                line[name] for name in ("registration", "queued", "dropped")
            )

        at_desk(live)

    def test_of_a_charger_that_is_broken_off_and_starting(self) -> None:
        """The words change with what is the case; an error is told with the vendor's code."""

        async def live(desk: Desk) -> None:
            await desk.do("break_down", error="INCH-002")
            assert "Faulted" == desk.state["status"]["word"]
            assert "INCH-002" == desk.state["status"]["error"]["vendor_error_code"]

            await desk.do("cut_power")
            assert ("Off", "No power", "") == tuple(
                desk.state["status"][name] for name in ("word", "sentence", "display")
            )

            await desk.do("restore_power")
            assert "Starting" == desk.state["status"]["word"]

            await desk.after(seconds=10)
            assert "Faulted" == desk.state["status"]["word"]

        at_desk(live)

    def test_of_keys_habits_and_journal(self) -> None:
        """Each key says what it takes, or can only be read; each habit has its sentence."""

        async def live(desk: Desk) -> None:
            await desk.charger.switch_on(ClockAlignedEarly(100))
            state = desk.state

            keys = {entry["key"]: entry for entry in state["configuration"]}
            assert "a whole number from 0 to 86400" == keys["MeterValueSampleInterval"]["takes"]
            assert "" == keys["NumberOfConnectors"]["takes"]
            assert keys.keys() >= page.INTERVALS.keys()
            habits = {one["name"]: one for one in state["faults"]}
            early = habits["clock-aligned-early"]
            assert ("F57", True, {"early_ms": 100}) == tuple(
                early[name] for name in ("row", "on", "settings")
            )
            assert early["sentence"].endswith("before the grid (field logs).")
            assert ("", False, {}) == tuple(
                habits["lock-fails"][name] for name in ("row", "on", "settings")
            )
            assert state["journal"][0].endswith(" boot 1")

        at_desk(live)


class TestObstacles:
    """What stands on the buttons is what the charger would say."""

    @pytest.mark.parametrize(
        "verb", ["plug_in", "unplug", "unplug_car", "pull_cable", "cut_power", "restore_power"]
    )
    @pytest.mark.parametrize(
        "before",
        [
            (),
            ("plug_in",),
            ("plug_in", "show_card"),
            ("plug_in", "unplug_car"),
            ("cut_power",),
            ("cut_power", "restore_power"),
        ],
    )
    @pytest.mark.parametrize("fixed", [False, True])
    def test_agree_with_the_charger(self, verb: str, before: tuple[str, ...], fixed: bool) -> None:
        """A verb that has an obstacle is refused, and one that has none is done."""

        async def live(desk: Desk) -> None:
            for one in before:
                await desk.do(one, **({"uid": "77FD2AFA"} if one == "show_card" else {}))
            obstacle = page.obstacles(desk.charger)[verb]
            try:
                await desk.do(verb)
            except NotPossible:
                assert obstacle
            else:
                assert not obstacle

        at_desk(live, Setup(configuration=OFFLINE, fixed_cable=fixed))

    def test_of_line_and_fault(self) -> None:
        """A line that is cut is not cut again, and what is whole is not mended."""

        async def live(desk: Desk) -> None:
            told = page.obstacles(desk.charger)
            assert ("the line is cut", "", "nothing is broken") == tuple(
                told[name] for name in ("cut_line", "restore_line", "mend")
            )

            await desk.do("break_down", error="OverVoltage")
            assert "" == page.obstacles(desk.charger)["mend"]
            await desk.do("mend")
            assert desk.charger.error is None

        at_desk(live)

    @pytest.mark.parametrize("verb", ["cut_line", "mend"])
    def test_of_what_would_do_nothing(self, verb: str) -> None:
        """It is refused in the words of the button, and is not noted as if it had been done."""

        async def live(desk: Desk) -> None:
            with pytest.raises(NotPossible, match="there is nothing to do") as caught:
                await desk.do(verb)
            assert page.obstacles(desk.charger)[verb] in str(caught.value)
            assert [] == desk.tap.crossings

        at_desk(live)


class TestVerbs:
    """What a person does happens at the charger, under the person's name."""

    def test_are_noted(self) -> None:
        """The hands are in the wiretap; nobody who is named is somebody."""

        async def live(desk: Desk) -> None:
            await desk.charge()
            await desk.do("unplug", person="")

            assert ["somebody", "Anna", "somebody"] == [one.sender for one in desk.tap.crossings]

        at_desk(live)

    def test_the_usual_car_comes_where_nobody_says_which(self) -> None:
        """Fields that are left out are those of the setup's car."""
        usual = Car(phases=2, max_current_a=20, battery_wh=50_000, charge_wh=25_000, cable_a=20)

        async def live(desk: Desk) -> None:
            await desk.do("plug_in")
            assert usual == desk.charger.car

        at_desk(live, Setup(car=usual))

    @pytest.mark.parametrize(
        ("verb", "fields", "sentence"),
        [
            ("plug_in", {"phases": 4}, "phases 4: give a whole number from 1 to 3"),
            ("plug_in", {"phases": True}, "phases True: give a whole number"),
            ("plug_in", {"phases": "3"}, "phases '3': give a whole number"),
            ("plug_in", {"battery_wh": 0}, "battery_wh 0: give"),
            ("plug_in", {"charge_percent": 101}, "charge_percent 101: give"),
            ("plug_in", {"cable_a": 14}, "a cable carries one of 13, 20, 32, 63 A"),
            ("plug_in", {"colour": "red"}, "field 'colour': there is no such field here"),
            ("plug_in", {"person": "x" * 51}, "give a text of at most 50 signs"),
            ("show_card", {}, "uid None: give a text"),
            ("show_card", {"uid": "77FD2A"}, "card '77FD2A': write its number as 8, 14 or 20"),
            ("show_card", {"uid": "hello"}, "card 'hello': write its number"),
            ("unplug", [], "request []: send a JSON object"),
        ],
    )
    def test_refuse_what_has_another_form(self, verb: str, fields: Any, sentence: str) -> None:
        """The sentence says what would be taken, and nothing has happened."""

        async def live(desk: Desk) -> None:
            with pytest.raises(NotAccepted) as caught:
                await page.do(desk.charger, verb, fields)
            assert sentence in str(caught.value)
            assert [] == desk.tap.crossings

        at_desk(live)

    def test_an_error_that_is_none(self) -> None:
        """The charger's own sentence names those that are."""

        async def live(desk: Desk) -> None:
            with pytest.raises(NotPossible, match="use one of ConnectorLockFailure"):
                await desk.do("break_down", error="Flood")

        at_desk(live)


class TestSettings:
    """Keys, backend, identity and the order of card numbers."""

    def test_a_key(self) -> None:
        """A key that takes its value has it."""

        async def live(desk: Desk) -> None:
            await page.configure(desk.charger, {"key": "HeartbeatInterval", "value": "60"})
            keys = {one["key"]: one["value"] for one in desk.state["configuration"]}
            assert "60" == keys["HeartbeatInterval"]

        at_desk(live)

    @pytest.mark.parametrize(
        ("key", "value", "refusal", "sentence"),
        [
            ("Lamp", "1", NotAccepted, "configuration key 'Lamp': there is no such key"),
            ("HeartbeatInterval", "0", NotAccepted, "it takes a whole number from 1 to 31536000"),
            ("StopTxnSampledData", "Lamp", NotAccepted, "it takes measurands with commas"),
            ("ConnectorPhaseRotation", "x", NotAccepted, "such as 0.RST,1.RST"),
            ("LocalPreAuthorize", "maybe", NotAccepted, "it takes true or false"),
            ("NumberOfConnectors", "2", NotPossible, "it can only be read on this charger"),
        ],
    )
    def test_a_key_that_does_not_take_it(
        self, key: str, value: str, refusal: type[Exception], sentence: str
    ) -> None:
        """The sentence says what the key takes."""

        async def live(desk: Desk) -> None:
            with pytest.raises(refusal) as caught:
                await page.configure(desk.charger, {"key": key, "value": value})
            assert sentence in str(caught.value)

        at_desk(live)

    def test_the_order_of_card_numbers(self) -> None:
        """From then on cards are written so; the cards beside the charger are shown so, too."""

        async def live(desk: Desk) -> None:
            await page.set_up(desk.charger, {"big_endian_cards": True})
            await desk.charge()

            assert "77FD2AFA" == desk.state["transaction"]["id_tag"]
            assert "77FD2AFA" == desk.state["cards"][0]["id_tag"]

        at_desk(live)

    @pytest.mark.parametrize(
        ("fields", "sentence"),
        [
            ({}, "fields []: give just one of backend, identity, big_endian_cards"),
            ({"colour": "red"}, "fields ['colour']: give just one of backend, identity, big"),
            ({"big_endian_cards": "true"}, "big_endian_cards 'true': give true or false"),
            ({"backend": "http://a"}, "write it as ws://HOST:PORT/PATH"),
            ({"identity": ""}, "identity '': give 1 to 48 signs"),
            ({"identity": "A", "backend": "ws://a"}, "fields ['identity', 'backend']: give just"),
            ({"identity": "A", "colour": "red"}, "field 'colour': there is no such field here"),
        ],
    )
    def test_what_is_no_setting(self, fields: Json, sentence: str) -> None:
        """One thing is set at a time, in its form."""

        async def live(desk: Desk) -> None:
            with pytest.raises(NotAccepted) as caught:
                await page.set_up(desk.charger, fields)
            assert sentence in str(caught.value)

        at_desk(live)

    def test_nothing_is_set_without_power(self) -> None:
        """A charger that is off has no page but for its power."""

        async def live(desk: Desk) -> None:
            await desk.do("cut_power")
            for deed, fields in (
                (page.set_up, {"big_endian_cards": True}),
                (page.configure, {"key": "HeartbeatInterval", "value": "60"}),
            ):
                with pytest.raises(NotPossible, match="restore its power"):
                    await deed(desk.charger, fields)

        at_desk(live)


class TestSwitches:
    """Habits and faults."""

    def test_on_with_settings_and_off(self) -> None:
        """A habit is on once, with its newest settings, until it is switched off."""

        async def live(desk: Desk) -> None:
            before = desk.charger.faults.on
            for early_ms in (100, "200"):
                fields = {"name": "clock-aligned-early", "on": True}
                await page.switch(desk.charger, {**fields, "settings": {"early_ms": early_ms}})
            assert (*before, ClockAlignedEarly(200)) == desk.charger.faults.on

            await page.switch(desk.charger, {"name": "clock-aligned-early", "on": False})
            assert before == desk.charger.faults.on

        at_desk(live)

    @pytest.mark.parametrize(
        ("fields", "sentence"),
        [
            ({"name": "lamp", "on": True}, "habit 'lamp': there is no such habit or fault; "),
            ({"name": "lock-fails"}, "on None: give true or false"),
            ({"name": "lock-fails", "on": True, "settings": [1]}, "give an object of texts"),
            ({"name": "lock-fails", "on": True, "settings": {"a": []}}, "give an object of texts"),
        ],
    )
    def test_what_is_no_switch(self, fields: Json, sentence: str) -> None:
        """The sentence says what there is."""

        async def live(desk: Desk) -> None:
            with pytest.raises(NotAccepted) as caught:
                await page.switch(desk.charger, fields)
            assert sentence in str(caught.value)

        at_desk(live)
