"""The operator's ways to a backend, as scenarios go them."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from support.command_site import SETTINGS, CommandSite

from harness.console import TOKEN, Console, by_scenario, fields_of, is_json, matches, read_json
from simulators.wiretap import Wiretap

WEB = f'[web]\nport = 0\ntoken = "{TOKEN}"\n'
SOFT = {"type": "Soft"}


def test_three_ways_come_to_the_same_word(tmp_path: Path) -> None:
    """The status, the code of a refusal, or what is wrong; and HTTP is noted without secrets."""

    async def run() -> None:
        async with CommandSite(tmp_path, SETTINGS + WEB) as site, site.charger() as charger:
            tap = Wiretap(site.clock)
            console = Console(site.backend.web_address, tap)

            async def told(action: str, payload: Any, station: str = "WB-1") -> list[str]:
                do = site.backend.commands
                return [
                    await by_scenario(do, station, action, payload),
                    await console.over_api(station, action, payload),
                    await console.from_page(station, action, payload),
                ]

            assert ["Accepted"] * 3 == await told("Reset", SOFT)
            charger.answers["UpdateFirmware"] = {}
            firmware = {"location": "ftp://h/", "retrieveDate": "2025-06-03T06:00:00Z"}
            assert ["answered"] * 3 == await told("UpdateFirmware", firmware)
            charger.answers["Reset"] = '[4,"{id}","NotSupported","",{}]'
            assert ["NotSupported"] * 3 == await told("Reset", SOFT)
            assert ["type breaks enum"] * 3 == await told("Reset", {"type": "Warm"})
            away = await told("Reset", SOFT, "WB-2")
            assert ["is not connected", "Not connected"] == away[::2]
            assert "is not connected" in away[1]
            assert (await console.read_api("/api/stations/WB-1/frames")).startswith("[")
            assert {"http"} == {one.wire for one in tap.crossings}
            assert not [one for one in tap.crossings if TOKEN in one.text]

    asyncio.run(run())


@pytest.mark.parametrize(
    ("wanted", "said", "does"),
    [
        ("…", {"a": 1}, True),
        ({"a": "…"}, {"a": [1]}, True),
        ({"a": "…"}, {"a": 1, "b": 2}, False),
        ([1, "…"], [1, 2], True),
        ([1], [1, 2], False),
        ({"a": Decimal("16.1")}, {"a": Decimal("16.1")}, True),
        ({}, [], False),
        ("Accepted", "Rejected", False),
    ],
)
def test_what_matches(wanted: Any, said: Any, does: bool) -> None:
    """All must be as wanted, but that three dots stand for anything."""
    assert does == matches(wanted, said)


def test_payloads_as_forms_have_them() -> None:
    """Fields bear the names of their places, texts of a list stand one a line."""
    assert {"key": "A\nB"} == fields_of({"key": ["A", "B"]})
    assert {"a.b.0.c": "1", "a.b.1.c": "2"} == fields_of({"a": {"b": [{"c": 1}, {"c": 2}]}})
    assert {} == fields_of({})


def test_words_of_scenarios() -> None:
    """JSON keeps its digits; a code is no JSON."""
    assert {"limit": Decimal("16.10")} == read_json('{"limit":16.10}')
    assert is_json('{"a":1}')
    assert is_json("[]")
    assert not is_json("NotSupported")
