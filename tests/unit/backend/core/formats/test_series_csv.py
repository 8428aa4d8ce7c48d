"""Files made of whole series: the same bytes as those made of rows, or the same refusal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.unmeasured import unmeasured

from backend.core.days import day_grid
from backend.core.exports import Activation, rows_of
from backend.core.formats import series_csv
from backend.core.formats.ise_timeseries_csv import Layout, write
from backend.core.formats.layout import COLUMNS
from backend.core.formats.row import Numbers
from backend.core.formats.series_csv import shown_name, write_series
from backend.core.intervals import RULES, Status
from backend.core.series import Series
from backend.errors import LayoutError

CODE = "CH98765012345AAAAAAAAAAAAAAA00001"
WB_1 = Activation("WB-1", CODE, "1-1:1.29.0*255")
DAY = tuple(day_grid(date(2025, 6, 3), 15))


def by_rows(many: list[Series], layout: Layout) -> bytes | str:
    """Write rows, or say why not."""
    try:
        return write(
            [row for one in many for row in rows_of(one.activation, one.intervals)], layout
        )
    except LayoutError as error:
        return str(error)


def by_series(many: list[Series], layout: Layout) -> bytes | str:
    """Write series, or say why not."""
    try:
        return write_series(many, layout)
    except LayoutError as error:
        return str(error)


def series(energies: list[int | None], rules: str | list[str] = "measured") -> Series:
    """Make the series of a morning."""
    return Series(WB_1, DAY[: len(energies) + 1], 3, energies, rules)


TRUE = [rule for rule, (status, _) in RULES.items() if status is Status.TRUE]
KNOWN = [rule for rule, (status, _) in RULES.items() if status is not Status.MISSING]
MISSING = [rule for rule, (status, _) in RULES.items() if status is Status.MISSING]
NAMES = st.sampled_from([CODE, "CHA", "Süd", "Haus 1"]) | st.text(min_size=1, max_size=4)
OBIS = st.sampled_from(
    [
        "1-1:1.29.0*255",
        "1-1:1.29.0",
        "1-1:1.9.0",
        "1-1:1.29.0*255*255",
        "1-1:5.29.0*255",
        "9-1:1.29.0",
    ]
)
ENERGIES = st.sampled_from([0] * 8 + [1, 999, 5500]) | st.integers(0, 10**10)
LAYOUTS = st.builds(
    Layout,
    separator=st.sampled_from([";", "\t", "|"]),
    decimal_mark=st.sampled_from([".", ","]),
    decimals=st.sampled_from([0, 3, 3, 6]),
    time_form=st.sampled_from(["%d.%m.%Y %H:%M:%S", "%Y%m%d%H%M"]),
    zone=st.sampled_from(["local", "utc", "local+offset"]),
    stamp=st.sampled_from(["end", "start"]),
    header=st.booleans(),
    status_column=st.booleans(),
    missing=st.sampled_from(["empty", "zero"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "cp1252"]),
    line_end=st.sampled_from(["\r\n", "\n"]),
    obis_suffix=st.booleans(),
    key=st.sampled_from(["metering_code"] * 3 + ["factory_no"]),
    columns=st.permutations(COLUMNS).flatmap(
        lambda columns: st.sampled_from(
            [
                tuple(columns),
                tuple(one for one in columns if one not in ("unit", "status")),
                COLUMNS,
            ]
        )
    ),
)


@st.composite
def files(draw: st.DrawFn) -> tuple[list[Series], Layout]:
    """Give some series of one or more days, and a layout."""
    layout = draw(LAYOUTS)
    day = draw(st.sampled_from([date(2025, 6, 3), date(2025, 3, 30), date(2025, 10, 26)]))
    grids = [tuple(day_grid(day, minutes)) for minutes in (15, 60)]
    many = []
    for _ in range(draw(st.integers(0, 4))):
        grid = draw(st.sampled_from(grids))
        start = draw(st.sampled_from([0, 0, 3]))
        grid = grid[start : start + draw(st.sampled_from([1, 2, 9, 13]))]
        count = len(grid) - 1
        rules: str | list[str] = draw(st.sampled_from(["measured", *TRUE, *KNOWN]))
        energies: list[int | None] = draw(st.lists(ENERGIES, min_size=count, max_size=count))
        if draw(st.booleans()):
            rules = draw(st.lists(st.sampled_from(list(RULES)), min_size=count, max_size=count))
            energies = [
                None if rule in MISSING else energy
                for rule, energy in zip(rules, energies, strict=True)
            ]
        number = draw(st.sampled_from(["4711", "4711", "4712", "a;b", ""]))
        # Where there is no row, nobody asks what its meter is called.
        numbers = Numbers(factory_no=number if count else "4711")
        activation = Activation("WB-1", draw(NAMES), draw(OBIS), numbers=numbers)
        many.append(Series(activation, grid, layout.decimals, energies, rules))
    return many, layout


@unmeasured
@settings(max_examples=400, deadline=None, derandomize=True)
@given(files())
def test_any_series_in_any_layout(file: tuple[list[Series], Layout]) -> None:
    """Every knob does the same to series as to rows."""
    many, layout = file
    assert by_rows(many, layout) == by_series(many, layout)


@pytest.mark.parametrize(
    "odd",
    [
        [series([-1, 5])],
        [series([10**12 * 1000, 5])],
        [series([10**9 * 1000, 5])],
        [series([10**12 * 1000, None], ["measured", "offline"])],
        [replace(series([5, 5]), decimals=4)],
        [replace(series([5, 1]), decimals=4)],
        [replace(series([50, 10]), decimals=4)],
        [series([None, None], "offline")],
        [replace(series([5]), activation=replace(WB_1, metering_code="=A1"))],
        [replace(series([5]), activation=replace(WB_1, metering_code="9" * 201))],
        [replace(series([5, 7]), grid=(DAY[0], DAY[1], DAY[3]))],
        [replace(series([5]), grid=(DAY[0], DAY[2]))],
        [series([1, 2, 3]), replace(series([4]), grid=DAY[3:5])],
        [series([])],
        [replace(series([0, 7, 0, 0, 0]), grid=DAY[:9])],
        [replace(series([5, 7]), grid=DAY[:4])],
        [replace(series([5, 7, 8]), grid=DAY[:3])],
        [replace(series([5, None], ["measured", "offline"]), grid=DAY[:4])],
    ],
    ids=range(18),
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_what_is_out_of_the_ordinary(odd: list[Series], encoding: str) -> None:
    """It is written, or refused, as its rows are."""
    layout = Layout(encoding=encoding)
    many = [replace(series([516]), activation=replace(WB_1, metering_code="CHA")), *odd]
    assert by_rows(many, layout) == by_series(many, layout)


@pytest.mark.parametrize(
    "odd",
    [
        series([5, 5], "offline"),
        series([None, 5], ["measured"] * 2),
        series([None, 5], "measured"),
    ],
)
def test_an_energy_that_does_not_go_with_its_status(odd: Series) -> None:
    """It is refused as its rows are."""
    assert "does not go with status" in str(by_series([odd], Layout()))
    assert by_rows([odd], Layout()) == by_series([odd], Layout())


@pytest.mark.parametrize("rules", [["measured"], ["measured", "measured", "interpolated"]])
def test_as_many_rules_as_energies(rules: list[str]) -> None:
    """A series that does not add up is written in no way that leaves something out."""
    with pytest.raises(ValueError, match="zip"):
        by_series([series([5, 7], rules)], Layout())


def test_more_names_and_energies_than_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are written like the others."""
    monkeypatch.setattr(series_csv, "_REMEMBERED", 1)
    many = [
        replace(series([index, 7, 8]), activation=replace(WB_1, metering_code=f"Haus {index}"))
        for index in range(3)
    ]
    assert by_rows(many, Layout()) == by_series(many, Layout())


def test_the_name_of_a_series() -> None:
    """Without the suffix of OBIS codes, two of them may be one, and stand together."""
    bare = Layout(obis_suffix=False)
    assert (CODE, "1-1:1.29.0*255") == shown_name(series([5]), Layout())
    assert (CODE, "1-1:1.29.0") == shown_name(series([5]), bare)
    later = replace(named(CODE, 7, obis="1-1:1.29.0"), grid=DAY[1:3])
    assert by_rows([later, series([5])], bare) == by_series([later, series([5])], bare)


def test_an_hour_that_does_not_read_back() -> None:
    """Where local labels are doubtful without their neighbours, both refuse alike."""
    start = datetime(2025, 10, 26, 1, tzinfo=UTC)
    grid = (start, start + timedelta(minutes=15))
    odd = Series(WB_1, grid, 3, [5], "measured")
    assert "would not read back" in str(by_series([odd], Layout()))
    assert by_rows([odd], Layout()) == by_series([odd], Layout())


def called(monkeypatch: pytest.MonkeyPatch, name: str) -> list[tuple[Any, ...]]:
    """Give what a function or class of the module is called with from now on."""
    ours: Callable[..., Any] = getattr(series_csv, name)
    calls: list[tuple[Any, ...]] = []

    def call(*arguments: Any, **named: Any) -> Any:
        calls.append(arguments)
        return ours(*arguments, **named)

    monkeypatch.setattr(series_csv, name, call)
    return calls


def named(code: str, *energies: int, obis: str = "1-1:1.29.0*255") -> Series:
    """Make a series of the morning under a name."""
    activation = replace(WB_1, metering_code=code, obis=obis)
    return replace(series([*energies]), activation=activation)


class TestTheShortWay:
    """What is in the ordinary is not made of rows: that is what the module is for."""

    @pytest.mark.parametrize(
        "one",
        [
            series([0, 0, 0, 0, 516]),
            series([1, 2, 3]),
            series([0, 1]),
            series([0]),
            series([10**12 - 1]),
            series([None, None], "offline"),
            series([0, None, 516], ["measured", "offline", "interpolated"]),
            named("Haus 1", 5),
            named("Süd", 5),
            named("9" * 200, 5),
            named("CHA", 5, obis="1-1:1.29.0"),
        ],
        ids=range(11),
    )
    @pytest.mark.parametrize(
        "layout",
        [
            Layout(),
            Layout(missing="zero", separator="\t", decimal_mark=","),
            Layout(encoding="utf-8-sig", line_end="\n", zone="utc", stamp="start"),
            Layout(columns=("time", "value", "code", "obis"), encoding="cp1252"),
            Layout(columns=("value", "status", "code", "obis", "time"), status_column=False),
            Layout(
                columns=("unit", "status", "obis", "time", "value", "code"), encoding="utf-8-sig"
            ),
            Layout(columns=("obis", "time", "value", "code")),
            Layout(columns=("code", "time", "value", "obis"), obis_suffix=False),
        ],
        ids=range(8),
    )
    def test_no_row_is_written(
        self, monkeypatch: pytest.MonkeyPatch, one: Series, layout: Layout
    ) -> None:
        """Only the header is, and the lines from which those of a grid are learned."""
        expected = by_rows([one], layout)
        writes = called(monkeypatch, "write")
        assert expected == by_series([one], layout)
        assert 2 == len(writes)

    @pytest.mark.parametrize("decimals", [0, 1, 6])
    def test_energies_of_any_decimals(self, monkeypatch: pytest.MonkeyPatch, decimals: int) -> None:
        """Up to a million megawatt hours nobody has to look at one."""
        layout = Layout(decimals=decimals)
        most = replace(series([0, 1, 10**9 * 10**decimals - 1]), decimals=decimals)
        more = replace(series([10**9 * 10**decimals]), decimals=decimals)
        writes = called(monkeypatch, "write")
        assert by_rows([most], layout) == by_series([most], layout)
        assert 2 == len(writes)
        assert by_rows([more], layout) == by_series([more], layout)
        assert 5 == len(writes)

    def test_a_grid_is_learned_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whoever has the same one needs nothing but its energies."""
        grid, other = DAY[:3], DAY[4:7]
        many = [replace(named(f"CH{index}", index, 0), grid=grid) for index in range(3)]
        many += [replace(named(f"DE{index}", index, 0), grid=other) for index in range(2)]
        expected = by_rows(many, Layout())
        writes, lines = called(monkeypatch, "write"), called(monkeypatch, "_Lines")
        assert expected == by_series(many, Layout())
        assert 3 == len(writes)
        assert 2 == len(lines)

    def test_what_lines_have_in_common(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What stands behind the energy of each line is remembered with the energies."""
        texts = called(monkeypatch, "_Texts")
        expected = by_rows([series([5, 7])], Layout())
        assert expected == by_series([series([5, 7])], Layout())
        assert [b";kWh;W\r\n"] == [behind for _, *rest in texts for behind in rest]

    def test_a_name_is_looked_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Letters and digits alone need no look at all."""
        grid = DAY[:2]
        many = [replace(named(f"CH{index}", index), grid=grid) for index in range(3)]
        many += [replace(named("Haus 1", 5, obis=f"1-1:{index}"), grid=grid) for index in (1, 2)]
        looks = called(monkeypatch, "check_cell")
        assert by_rows(many, Layout()) == by_series(many, Layout())
        assert ["1-1:1.29.0*255", "Haus 1", "1-1:1", "1-1:2"] == [text for text, *_ in looks]

    def test_a_name_in_letters_that_is_too_long(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is looked at, and refused by the careful writer."""
        looks = called(monkeypatch, "check_cell")
        assert by_rows([named("9" * 200, 5, obis="11")], Layout()) == by_series(
            [named("9" * 200, 5, obis="11")], Layout()
        )
        assert [] == looks
        assert "1 to 200 characters" in str(by_series([named("9" * 201, 5)], Layout()))
        assert ["9" * 201] == [text for text, *_ in looks]

    def test_no_more_is_remembered_than_there_is_room_for(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A file of a million energies does not fill the memory."""
        monkeypatch.setattr(series_csv, "_REMEMBERED", 2)
        texts = series_csv._Texts(Layout(), b";kWh")
        assert [b"0.005;kWh", b"1.000;kWh", b"2.516;kWh"] == [texts[5], texts[1000], texts[2516]]
        assert {5: b"0.005;kWh", 1000: b"1.000;kWh"} == texts
        writer = series_csv._Writer(Layout())
        assert [True] * 3 == [writer._is_name(f"Haus {index}") for index in range(3)]
        assert {"Haus 0", "Haus 1"} == writer._names
