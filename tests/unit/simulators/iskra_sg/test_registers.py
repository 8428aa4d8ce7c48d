"""What registers show, and what a write does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from simulators.iskra_sg import register_types as types
from simulators.iskra_sg.bicoms import Bicom
from simulators.iskra_sg.counters import Unit
from simulators.iskra_sg.device import Device, Gateway
from simulators.iskra_sg.faults import AbsentDevice, WordOrder
from simulators.iskra_sg.loads import FJ_PER_WH
from simulators.iskra_sg.meters import Meter
from simulators.iskra_sg.models import MODELS, Family
from simulators.iskra_sg.register_map import Refused, Seen, Space, table
from simulators.iskra_sg.registers import read, write
from tests.unit.simulators.iskra_sg.sg_site import START, alone, device, gateway_with

IN, HOLD = Space.INPUT, Space.HOLDING
METERS = [name for name, model in MODELS.items() if model.is_meter]
DECADES = [name for name in METERS if MODELS[name].family is not Family.MC]
REALS = [name for name in METERS if MODELS[name].family is Family.MC]


def number(words: Sequence[int], kind: str = "T5") -> float:
    """Decode a number with its decade."""
    value, decade = types.of_t6(words) if kind == "T6" else types.of_t5(words)
    return float(value * 10.0**decade)


def meter(model: str, **others: object) -> tuple[Gateway, Meter]:
    """Make a gateway with a meter that has counted for an hour."""
    gateway, found = alone(model, energy_wh=5_000, **others)
    gateway.advance(START + timedelta(hours=1))
    assert isinstance(found, Meter)
    return gateway, found


def refusal(gateway: Gateway, device: Device | Gateway, first: int, *values: int) -> int:
    """Write what is refused, and give the exception's code."""
    with pytest.raises(Refused) as refused:
        write(gateway, device, first, values)
    return refused.value.code


# ---------------------------------------------------------------- tables


@pytest.mark.parametrize("model", [None, *MODELS.values()], ids=["SG", *MODELS])
def test_no_two_registers_overlap(model: object) -> None:
    """In a table each address belongs to one register, and each register can be read."""
    rows = table(model)  # type: ignore[arg-type]
    for space in Space:
        mine = [row for row in rows if row.space is space]
        taken = [a for row in mine for a in range(row.address, row.address + row.count)]
        assert len(taken) == len(set(taken))
        assert sorted(taken) == taken


@pytest.mark.parametrize("name", MODELS)
def test_every_register_has_its_words(name: str) -> None:
    """Each register of a model gives as many words as it takes, all of 16 bits."""
    gateway, found = alone(name)
    for row in table(found.model):
        words = row.read(Seen(gateway, found))
        assert row.count == len(words), row.name
        assert all(0 <= word <= 0xFFFF for word in words)
        assert list(words) == read(gateway, found, row.space, row.address, row.count)


# ---------------------------------------------------------------- identity and texts


@pytest.mark.parametrize("name", MODELS)
def test_identity(name: str) -> None:
    """Every device says its model, its serial number and its version."""
    gateway, found = alone(name)

    words = read(gateway, found, IN, 1, 14)
    assert (name, "W4124940") == (types.of_text(words[:8]), types.of_text(words[8:12]))
    assert found.software_e2 == words[12]


@pytest.mark.parametrize(("version", "shown"), [("2.09", 209), ("0.31", 31), ("1.0.0", 100)])
def test_identity_of_the_gateway(version: str, shown: int) -> None:
    """The gateway says the same of itself, whatever form its version has."""
    told = {"model": "SG-W1", "serial": "IS001093", "software": version}
    gateway = gateway_with(gateway=told)

    words = read(gateway, gateway, IN, 1, 14)
    assert ("SG-W1", "IS001093", shown) == (
        types.of_text(words[:8]),
        types.of_text(words[8:12]),
        words[12],
    )


def test_texts_are_written() -> None:
    """Description and location can be written, whole or in part, at a device and the gateway."""
    gateway, found = alone("WM3-6", description="Boiler", location="Cellar")
    assert "Boiler" == types.of_text(read(gateway, found, HOLD, 101, 20))

    write(gateway, found, 101, [0x4865])  # "He"
    write(gateway, found, 121, types.text("Roof", 20))
    write(gateway, gateway, 101, types.text("House", 40))

    assert ("Heiler", "Roof") == (found.description, found.location)
    assert ("House", "") == (gateway.settings.description, gateway.settings.location)


def test_texts_that_cannot_be() -> None:
    """A text with signs that cannot be printed is refused, and so is one beyond its end."""
    gateway, found = alone("WM3-6", description="Boiler", location="Cellar")

    assert 3 == refusal(gateway, found, 101, 0x4107)
    assert 2 == refusal(gateway, found, 140, 0x4141, 0x4141)
    assert 3 == refusal(gateway, found, 119, 0x4141, 0x4141, 0x0A0A)
    assert ("Boiler", "Cellar") == (found.description, found.location)


# ---------------------------------------------------------------- measurements


@pytest.mark.parametrize("name", DECADES)
def test_measurements_in_decades(name: str) -> None:
    """WM and IE meters show what is measured, phase by phase and in total."""
    gateway, found = meter(name)
    measured = found.measurements()
    words = read(gateway, found, IN, 100, 91)

    def at(address: int, kind: str = "T5") -> float:
        return number(words[address - 100 : address - 98], kind)

    assert 50.0 == at(105)
    total = measured.total
    assert total.active_mw == pytest.approx(at(140, "T6") * 1000)
    assert total.reactive_mvar == pytest.approx(at(148, "T6") * 1000)
    assert total.apparent_mva == pytest.approx(at(156) * 1000)
    for n, phase in enumerate(measured.phases):
        assert (phase.voltage_mv, phase.current_ma) == (
            pytest.approx(at(107 + 2 * n) * 1000),
            pytest.approx(at(126 + 2 * n) * 1000),
        )
        assert phase.powers.active_mw == pytest.approx(at(142 + 2 * n, "T6") * 1000)
        factor = types.of_t7(words[66 + 2 * n : 68 + 2 * n])
        assert (phase.powers.factor_e4, False, phase.powers.is_capacitive) == factor
        assert phase.powers.angle_cdeg == types.of_t2(words[73 + n : 74 + n])
    currents = [phase.current_ma for phase in measured.phases]
    assert sum(currents) == pytest.approx(at(138) * 1000)
    assert round(sum(currents) / len(currents)) == pytest.approx(at(136) * 1000)
    assert [230.0, 398.371 if len(currents) == 3 else 0.0] == [at(113), at(118)]
    assert 3_000 == words[81]
    assert [0, 0, 0, 0] == words[1:5]


@pytest.mark.parametrize("name", REALS)
def test_measurements_in_floats(name: str) -> None:
    """MC and MT show the same as floats."""
    gateway, found = meter(name)
    measured = found.measurements()
    words = read(gateway, found, IN, 2500, 106)

    def at(address: int) -> float:
        return types.of_real(words[address - 2500 : address - 2498])

    assert 50.0 == at(2584)
    assert measured.total.active_mw == pytest.approx(at(2536) * 1000)
    assert measured.total.angle_cdeg == pytest.approx(at(2576) * 100)
    for n, phase in enumerate(measured.phases):
        assert phase.voltage_mv == pytest.approx(at(2500 + 2 * n) * 1000)
        assert phase.current_ma == pytest.approx(at(2516 + 2 * n) * 1000)
        assert phase.powers.reactive_mvar == pytest.approx(at(2538 + 2 * n) * 1000)
        assert phase.powers.factor_e4 == pytest.approx(at(2554 + 2 * n) * 10_000)
    assert 30.0 == types.of_real(read(gateway, found, IN, 2658, 2))


def test_an_export_is_told_by_the_power_factor() -> None:
    """Where a phase feeds back its power is below zero and its factor says export."""
    load = {"name": "house", "power_w": [-11_000, 500, 0]}
    gateway = gateway_with(device("IE38MD", address=40), load=load)
    found = gateway.addressed(40)
    assert isinstance(found, Meter)

    assert -11_000.0 == number(read(gateway, found, IN, 142, 2), "T6")
    assert (10_000, True, False) == types.of_t7(read(gateway, found, IN, 166, 2))
    assert -10_500.0 == number(read(gateway, found, IN, 140, 2), "T6")


# ---------------------------------------------------------------- counters


@pytest.mark.parametrize("name", [name for name in METERS if not name.startswith("IE")])
def test_counters_in_decades(name: str) -> None:
    """WM and MC show each counter as a decade and how often it was counted."""
    gateway, found = meter(name, exponent=2)
    for counters, decade, value in (
        (found.resettable, 401, 406),
        (found.non_resettable, 414, 418),
    ):
        for n, counter in enumerate(counters):
            words = read(gateway, found, IN, value + 2 * n, 2)
            (shown,) = read(gateway, found, IN, decade + n, 1)
            assert (2, counter.shown) == (shown, types.of_t3(words) * 100)
    every = found.resettable or found.non_resettable
    # An hour of 1,000 W on L1, and of 5,000 W on the others.
    used_wh = 1_000 if found.model.phases == 1 else 6_000
    assert [5_000 + used_wh, 0] == [one.shown for one in every[:2]]


@pytest.mark.parametrize("name", ["WM3M4", "WM3M4C"])
def test_counters_of_the_wm3m4_stand_twice(name: str) -> None:
    """The WM3M4 shows its counters where drivers read them, and where pyiskra does."""
    gateway, found = meter(name)

    own, pyiskra = read(gateway, found, IN, 414, 8), read(gateway, found, IN, 401, 9)
    assert own[:2] == pyiskra[:2] == [0, 0]
    assert own[4:8] == pyiskra[5:9] == [0, 11_000, 0, 0]


@pytest.mark.parametrize("name", ["IE14MD", "IE38MD"])
def test_counters_in_floats(name: str) -> None:
    """IE shows each counter as a float, those that nobody can set back first."""
    gateway, found = meter(name)

    assert found.counters
    for first, counters in ((2752, found.non_resettable), (2760, found.resettable)):
        for n, counter in enumerate(counters):
            assert counter.shown == types.of_real(read(gateway, found, IN, first + 2 * n, 2))
    assert [0] == read(gateway, found, IN, 6761, 1)


@pytest.mark.parametrize(
    ("name", "settings"),
    [("WM3-6", (421, 461, 10)), ("MC784", (421, 0, 10)), ("IE38MD", (437, 421, 4))],
)
def test_settings_of_counters(name: str, settings: tuple[int, int, int]) -> None:
    """Each counter tells its unit, phase, quadrants, decade and tariffs."""
    gateway, found = alone(name)
    assert isinstance(found, Meter)
    resettable, non_resettable, stride = settings
    expected = [[1, 6, 0, 63], [1, 9, 0, 63], [2, 12, 0, 63], [2, 3, 0, 63]]
    shown = [read(gateway, found, HOLD, resettable + stride * n, 4) for n in range(4)]
    assert expected == shown
    if non_resettable:
        assert expected[3] == read(gateway, found, HOLD, non_resettable + stride * 3, 4)

    found.resettable[0].unit, found.resettable[0].phase = Unit.VAH, 2
    assert [3 | 2 << 2, 6] == read(gateway, found, HOLD, resettable, 2)
    assert [0] == read(gateway, found, HOLD, 151, 1)


def test_settings_of_tariff_counters() -> None:
    """Counters of a tariff bear its bit, and disabled ones nothing."""
    gateway, found = alone("IE38MD")

    words = read(gateway, found, HOLD, 437, 64)
    assert [63, 1, 2, 0] == [words[4 * 4 * group + 3] for group in range(4)]
    assert [0, 0, 0, 0] == words[48:52]


def test_a_large_counter() -> None:
    """A counter that its register cannot hold any longer has begun again."""
    gateway, found = alone("WM3-6", energy_wh=2**31 - 10)
    assert isinstance(found, Meter)
    found.non_resettable[0].counted_fj += 12 * FJ_PER_WH

    assert [0, 2] == read(gateway, found, IN, 418, 2)


@pytest.mark.parametrize(
    ("name", "voltage", "current"), [("IE38MD", 23_000, 6_500), ("WM3-6", 0x88FC, 0x5964)]
)
def test_used_voltage_and_current(name: str, voltage: int, current: int) -> None:
    """Meters tell what they are used at, of which clients compute a nominal power."""
    gateway, found = alone(name)

    assert [voltage, 0, current] == read(gateway, found, IN, 15, 3)


# ---------------------------------------------------------------- signing and switches


def test_the_clock_of_a_wm3m4() -> None:
    """A meter that signs tells its time; who sets it is believed, its zone as well."""
    gateway = gateway_with(device("WM3M4C", address=40), settings={"time": {"ntp": False}})
    found = gateway.addressed(40)
    assert isinstance(found, Meter)
    seconds = int(START.timestamp())
    assert [0, 0] == [*read(gateway, found, HOLD, 7000, 1), *read(gateway, found, HOLD, 7071, 1)]
    assert [seconds >> 16, seconds & 0xFFFF] == read(gateway, found, HOLD, 7054, 2)

    noon = datetime(2042, 6, 3, 12, tzinfo=UTC)  # later than 31 bits
    later = int(noon.timestamp())
    write(gateway, found, 7053, [0xFFC4, later >> 16, later & 0xFFFF])

    assert noon == found.clock.shows(gateway.at)
    assert (-60, [2]) == (found.utc_offset_min, read(gateway, found, HOLD, 7071, 1))
    assert [0xFFC4, later >> 16, later & 0xFFFF] == read(gateway, found, HOLD, 7053, 3)
    assert 3 == refusal(gateway, found, 7053, 841)
    assert 2 == refusal(gateway, found, 7051, 0x4200)


def test_a_switch_is_moved() -> None:
    """A Bicom shows where it stands, is put on, off or the other way, and counts its moves."""
    gateway, found = alone("BI432")
    assert isinstance(found, Bicom)

    for written, expected in ((1, 1), (1, 1), (0, 0), (2, 1), (2, 0)):
        write(gateway, found, 201, [written])
        assert [expected] == read(gateway, found, HOLD, 201, 1)
    assert [0, 0, 4] == read(gateway, found, IN, 201, 3)
    assert 3 == refusal(gateway, found, 201, 3)


def test_the_switch_at_the_right_port() -> None:
    """The Bicom at the right IR port has no address; the gateway shows and moves it."""
    gateway = gateway_with(device("IR Bicom", "right-ir", is_on=True))
    assert [1] == read(gateway, gateway, HOLD, 201, 1)

    write(gateway, gateway, 201, [0])

    right = gateway.bench.right
    assert right is not None
    assert not right.is_on


def test_no_switch_at_the_right_port() -> None:
    """Where no Bicom answers there the gateway says that what is behind it does not."""
    gateway = gateway_with()

    with pytest.raises(Refused, match="exception 11: no Bicom answers at the right IR port"):
        read(gateway, gateway, IN, 201, 1)
    assert 11 == refusal(gateway, gateway, 201, 1)


# ---------------------------------------------------------------- blocks, gaps, orders


def test_gaps() -> None:
    """A gap in a block reads as 0; a block that is all gap is refused, of each family."""
    gateway, found = alone("WM3-6")

    assert [0, 0, 0] == read(gateway, found, IN, 176, 8)[:3]
    for first, count in ((176, 5), (5500, 2), (5600, 91), (0, 1), (65_535, 1)):
        with pytest.raises(Refused, match="WM3-6 has not these registers") as refused:
            read(gateway, found, IN, first, count)
        assert 2 == refused.value.code


def test_a_block_may_begin_and_end_within_a_value() -> None:
    """A block may begin with the second half of a value and end with the first of another."""
    gateway, found = alone("WM3-6")
    whole = read(gateway, found, IN, 107, 6)

    assert whole[1:5] == read(gateway, found, IN, 108, 4)
    assert whole[1:2] == read(gateway, found, IN, 108, 1)


@pytest.mark.parametrize(
    ("first", "count", "code"), [(1, 0, 3), (1, 126, 3), (65_535, 2, 2), (-1, 1, 2)]
)
def test_blocks_that_cannot_be(first: int, count: int, code: int) -> None:
    """1 to 125 registers are read at once, and none beyond the last."""
    gateway, found = alone("WM3-6")

    with pytest.raises(Refused) as refused:
        read(gateway, found, IN, first, count)
    assert code == refused.value.code
    assert 125 == len(read(gateway, found, IN, 100, 125))


def test_writes_that_cannot_be() -> None:
    """What is not there, can only be read, or is too long is not written, and nothing else is."""
    gateway, found = alone("WM3M4C", location="Cellar")

    assert 2 == refusal(gateway, found, 151, 2)
    assert 2 == refusal(gateway, found, 421, 1)
    assert 2 == refusal(gateway, found, 100, 0x4141, 0x4141)
    assert 3 == refusal(gateway, found, 101, *[0x4141] * 124)
    assert 3 == refusal(gateway, found, 101)
    assert ("", "Cellar") == (found.description, found.location)


@pytest.mark.parametrize("address", [0, 40])
def test_the_other_word_order(address: int) -> None:
    """By a fault a device has each 32-bit value low word first, also what is written; texts not."""
    gateway, found = alone("WM3M4C")
    assert isinstance(found, Meter)
    right, identity = read(gateway, found, IN, 107, 4), read(gateway, found, IN, 1, 12)
    gateway.faults._on.append(WordOrder(address=address))

    assert [right[1], right[0], right[3], right[2]] == read(gateway, found, IN, 107, 4)
    assert identity == read(gateway, found, IN, 1, 12)
    write(gateway, found, 7054, [1, 0])
    assert datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC) == found.clock.shows(gateway.at)
    write(gateway, found, 7055, [1])
    assert [1, 1] == read(gateway, found, HOLD, 7054, 2)
    assert read(gateway, gateway, IN, 1, 12) != identity


def test_the_word_order_of_another() -> None:
    """The fault of one device is not that of another."""
    gateway, found = alone("WM3M4C")
    right = read(gateway, found, IN, 107, 2)
    gateway.faults._on += [WordOrder(address=41), AbsentDevice(address=41)]

    assert right == read(gateway, found, IN, 107, 2)


def test_a_switch_has_no_measurements() -> None:
    """To ask a switch for what meters have is a mistake that is named."""
    gateway, found = alone("BI432")

    with pytest.raises(TypeError, match="is no meter"):
        _ = Seen(gateway, replace(found)).meter
