"""The codes that each format lists, against document 002 as it is written."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from backend.core.obis import Obis, unit_of
from backend.core.obis_tables import (
    CSV,
    FEED,
    IS_E,
    MSCONS,
    TABLES,
    Listed,
    check_listed,
    virtual_code,
)
from backend.errors import ObisError

DOCUMENT_002 = {
    "IS-E": """
        1-1:1.8.0: Active Energy Total Import
        1-1:1.8.1: Active Energy Tariff 1 Import
        1-1:1.8.2: Active Energy Tariff 2 Import
        1-1:2.8.0: Active Energy Total Export
        1-1:2.8.1: Active Energy Tariff 1 Export
        1-1:2.8.2: Active Energy Tariff 2 Export
        1-1:5.8.0: Reactive Energy Q1
        1-1:6.8.0: Reactive Energy Q2
        1-1:7.8.0: Reactive Energy Q3
        1-1:8.8.0: Reactive Energy Q4
        5-1:1.0.0: Cold (Energie)
        6-1:1.0.0: Heat (Energie)
        8-1:1.0.0: Cold water (m3)
        9-1:1.0.0: Hot water (m3)
    """,
    "mscons": """
        1-1:1.29.0*255: Active Energy Total Import (load profile)
        1-1:2.29.0*255: Active Energy Total Export (load profile)
        1-1:5.29.0*255: Reactive Energy Q1 (load profile)
        1-1:6.29.0*255: Reactive Energy Q2 (load profile)
        1-1:7.29.0*255: Reactive Energy Q3 (load profile)
        1-1:8.29.0*255: Reactive Energy Q4 (load profile)
        5-1:1.29.0*255: Cold (load profile)
        6-1:1.29.0*255: Heat (load profile)
        8-1:1.29.0*255: Cold water (load profile)
        9-1:1.29.0*255: Hot water (load profile)
    """,
    "CSV": """
        1-0:1.8.0*255: Active Energy Total Import
        1-0:1.8.1*255: Active Energy Tariff 1 Import
        1-0:1.8.2*255: Active Energy Tariff 2 Import
        1-0:2.8.0*255: Active Energy Total Export
        1-0:2.8.1*255: Active Energy Tariff 1 Export
        1-0:2.8.2*255: Active Energy Tariff 2 Export
        1-1:5.8.0*255: Reactive Energy Q1
        1-1:6.8.0*255: Reactive Energy Q2
        1-1:7.8.0*255: Reactive Energy Q3
        1-1:8.8.0*255: Reactive Energy Q4
        6-0:1.0.0*255: Heat Energy
        5-0:1.0.0*255: Cold Energy
        8-0:1.0.0*255: Cold Water Volume
        9-0:1.0.0*255: Hot Water Volume
    """,
}
"""Document 002 "Obis Code IS-E", "Obis Code mscons" and "Obis Code CSV"."""


class TestTables:
    """What they list."""

    @pytest.mark.parametrize(("name", "count"), [("IS-E", 14), ("mscons", 10), ("CSV", 14)])
    def test_document_002(self, name: str, count: int) -> None:
        """All its codes, in its order and its words, but that m3 is a unit here."""
        lines = [line.strip() for line in DOCUMENT_002[name].splitlines() if line.strip()]
        table = TABLES[name]
        assert count == len(table)
        assert [line.removesuffix(" (m3)") for line in lines] == [
            f"{one.code}: {one.meaning}" for one in table.values()
        ]

    def test_the_feed(self) -> None:
        """It has the energies of the electricity registers of IS-E, with D = 9."""
        assert [
            "1-1:1.9.0",
            "1-1:1.9.1",
            "1-1:1.9.2",
            "1-1:2.9.0",
            "1-1:2.9.1",
            "1-1:2.9.2",
            "1-1:5.9.0",
            "1-1:6.9.0",
            "1-1:7.9.0",
            "1-1:8.9.0",
        ] == [one.code for one in FEED.values()]
        assert Listed("1-1:5.9.0", "Reactive Energy Q1 of a period", "kvarh") == FEED["1-1:5.9.0"]

    @pytest.mark.parametrize("name", TABLES)
    def test_units(self, name: str) -> None:
        """They are those of the codes themselves, and each is found by its one spelling."""
        for key, one in TABLES[name].items():
            assert Obis.parse(one.code).normalised == key
            assert one.unit == unit_of(one.code) == Obis.parse(one.code).unit

    @pytest.mark.parametrize(("number", "is_feed"), [(3, False), (63, True)])
    def test_virtual_tariffs(self, number: int, is_feed: bool) -> None:
        """Document 002 "Export virtual tariffs": 1-5:1.8.<tariff number>."""
        assert {3: "1-5:1.8.3", 63: "1-5:1.9.63"}[number] == virtual_code(number, is_feed=is_feed)


class TestCheck:
    """What a format does not list."""

    @pytest.mark.parametrize(
        "codes",
        [
            (),
            ("1-1:1.8.0",),
            ("1-1:1.8.0", "1-1:1.8.1", "9-1:1.0.0*255"),
            ("01-1:001.08.0*255",),
        ],
    )
    def test_listed(self, codes: Sequence[str]) -> None:
        """Two spellings of one code are one code."""
        check_listed(codes, IS_E, "here")
        assert all(Obis.parse(one).normalised in IS_E for one in codes)

    @pytest.mark.parametrize(
        ("codes", "table", "sentence"),
        [
            (
                ["1-1:1.8.0", "1-0:1.8.0"],
                IS_E,
                "here: '1-0:1.8.0' (electricity, channel 0, active energy import, register "
                "reading, all tariffs) is not listed for this format; use of its 14 codes: "
                "1-1:1.8.0, 1-1:1.8.1, 1-1:1.8.2, 1-1:2.8.0, 1-1:2.8.1, 1-1:2.8.2, …",
            ),
            (
                ["1-1:1.29.0*1"],
                MSCONS,
                "here: '1-1:1.29.0*1' (electricity, main meter, active energy import, load "
                "profile, all tariffs) is not listed for this format; use of its 10 codes: "
                "1-1:1.29.0*255, 1-1:2.29.0*255, 1-1:5.29.0*255, 1-1:6.29.0*255, "
                "1-1:7.29.0*255, 1-1:8.29.0*255, …",
            ),
            (
                ["1-1:1.8.0"],
                {"1-1:1.9.0": FEED["1-1:1.9.0"]},
                "here: '1-1:1.8.0' (electricity, main meter, active energy import, register "
                "reading, all tariffs) is not listed for this format; use of its 1 codes: "
                "1-1:1.9.0",
            ),
            (
                ["1-0:1.8.0", "1-0:2.8.0", "1-0:01.8.0*255"],
                CSV,
                "here: '1-0:01.8.0*255' is there twice; take one out",
            ),
            (["x"], CSV, "here: 'x' is no OBIS code; write it as \"1-1:1.29.0*255\""),
        ],
    )
    def test_not_listed(self, codes: list[str], table: dict[str, Listed], sentence: str) -> None:
        """It says what the code is, and some of those that there are."""
        with pytest.raises(ObisError) as caught:
            check_listed(codes, table, "here")
        assert sentence == str(caught.value)
