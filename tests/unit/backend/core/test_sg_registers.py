"""The counters in the registers of Iskra meters."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pytest

from backend.core.sg_counters import Counter
from backend.core.sg_registers import DIRECTION, HOLDING, INPUT, Block, identity_of, layout_of
from backend.errors import GatewayAnswerError

HERE = "gateway 'Keller', meter 'Haus'"
IMPORT_WH, EXPORT_WH, IMPORT_VARH = (1, 6), (1, 9), (2, 6)


def read(model: str, table: Mapping[tuple[int, int], int]) -> list[Counter]:
    """Read the counters of a model whose registers are 0 but for some."""
    layout = layout_of(model, HERE)
    words = {
        block: [
            table.get((block.function, block.address + place), 0) for place in range(block.count)
        ]
        for block in layout.blocks
    }
    return layout.counters(words, HERE)


def told(counters: list[Counter]) -> list[tuple[str, str, Decimal, bool]]:
    """Give what matters of counters."""
    return [(one.unit, one.direction, one.value, one.is_resettable) for one in counters]


def settings(first: int, stride: int, *kinds: tuple[int, int]) -> dict[tuple[int, int], int]:
    """Give the settings of counters, parameter and configuration of each."""
    table = {}
    for number, (parameter, configuration) in enumerate(kinds):
        table[HOLDING, first + stride * number] = parameter
        table[HOLDING, first + stride * number + 1] = configuration
    return table


def test_scaled_counters_are_exact() -> None:
    """A 32-bit number with a decade exponent is kept exactly: 202495 x 100 Wh."""
    table = settings(421, 10, IMPORT_WH, EXPORT_WH)
    table |= {(INPUT, 414): 2, (INPUT, 418): 0x0003, (INPUT, 419): 0x16FF}
    table |= {(INPUT, 415): 0xFFFF, (INPUT, 421): 15}  # 15 x 0.1 Wh
    expected = [("Wh", "import", Decimal(20249500), False), ("Wh", "export", Decimal("1.5"), False)]
    assert expected == told(read("WM3M4C", table))


def test_float_counters_are_exact() -> None:
    """A float of the IE family is kept as it is: 4B9A 7DCE is 20249500."""
    table = settings(421, 4, IMPORT_WH) | {(INPUT, 2752): 0x4B9A, (INPUT, 2753): 0x7DCE}
    assert [("Wh", "import", Decimal(20249500), False)] == told(read("IE38MD", table))


def test_resettable_counters_are_marked() -> None:
    """Where a family has none but resettable counters, they are told as such."""
    table = settings(421, 10, IMPORT_WH) | {(INPUT, 407): 7}
    assert [("Wh", "import", Decimal(7), True)] == told(read("MC784", table))
    assert [("Wh", "import", Decimal(7), True)] == told(read("WM1-6", table))


def test_the_wm3_has_both() -> None:
    """Resettable counters come first in its settings, the others behind them."""
    table = settings(421, 10, IMPORT_WH, *[(0, 0)] * 3, IMPORT_WH)
    table |= {(INPUT, 407): 5, (INPUT, 419): 9}
    expected = [("Wh", "import", Decimal(9), False), ("Wh", "import", Decimal(5), True)]
    assert expected == told(read("WM3-6", table))


def test_counters_of_phases_and_of_nothing_are_passed_over() -> None:
    """A counter of one phase, of no unit, or of both directions together is no register."""
    assert read("IE14MD", settings(421, 4, (1 | 1 << 2, 6), (0, 6), (1, 15))) == []


def test_a_reversed_meter_counts_the_other_way() -> None:
    """Bit 1 of register 151 swaps import and export."""
    table = settings(421, 4, IMPORT_WH) | {(HOLDING, DIRECTION.address): 2}
    assert [("Wh", "export", Decimal(0), False)] == told(read("IE38MD", table))


@pytest.mark.parametrize(
    ("tariff", "has"), [(0, False), (1, True), (2, True), (0x0F, False), (0x3F, False)]
)
def test_counters_of_a_tariff_are_marked(tariff: int, has: bool) -> None:
    """A resettable counter with a choice of tariffs counts some of the energy only."""
    table = settings(437, 4, IMPORT_WH) | {(HOLDING, 440): tariff}
    (counter,) = read("IE38MD", table)
    assert has is counter.has_tariff


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("WM3M4C", {(INPUT, 418): 0xFFFF, (INPUT, 419): 0xFFFF}),
        ("WM3M4C", {(INPUT, 414): 13}),
        ("IE38MD", {(INPUT, 2752): 0x7DCE, (INPUT, 2753): 0x4B9A}),
        ("IE38MD", {(INPUT, 2752): 0x7FC0}),
        ("IE38MD", {(INPUT, 2752): 0xBF80}),
    ],
)
def test_what_is_no_energy_is_told(model: str, words: dict[tuple[int, int], int]) -> None:
    """A negative counter, one beyond all bounds, and words in the wrong order are refused."""
    stride = 10 if model.startswith("WM") else 4
    with pytest.raises(GatewayAnswerError, match="which is no energy"):
        read(model, settings(421, stride, IMPORT_WH) | words)


def test_a_model_that_is_not_known_is_told() -> None:
    """Nobody guesses where a meter keeps its counters."""
    with pytest.raises(GatewayAnswerError, match="'XY1' are not known"):
        layout_of("XY1", HERE)


def test_the_identity_is_read() -> None:
    """Model and serial number are padded with blanks."""
    text = "WM3M4C".ljust(16) + "W4124940"
    words = [int.from_bytes(text[place : place + 2].encode(), "big") for place in range(0, 24, 2)]
    assert identity_of([*words, 104]) == ("WM3M4C", "W4124940")


def test_blocks_are_what_a_gateway_passes_on() -> None:
    """No block is longer than Modbus allows."""
    for model in ("WM1", "WM3M4", "WM3", "IE38", "MC", "iMC", "MT", "iMT"):
        assert all(0 < block.count <= 125 for block in layout_of(model, HERE).blocks)
    assert Block(HOLDING, 151, 1) == DIRECTION
