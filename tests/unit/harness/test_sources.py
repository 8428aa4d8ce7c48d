"""What a scenario declares of sources, and the meters that send."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from backend import Backend, Settings
from harness.bench import Bench
from harness.console import TOKEN
from harness.errors import UsageError
from harness.sending_meter import OWN_WH, SendingMeter, meter_counts, reading
from harness.sources import Meter, Sources, card_source
from simulators.charger_inch import Card, id_tag_of
from simulators.clock import VirtualClock
from simulators.wiretap import Wiretap

START = datetime(2025, 6, 3, 6, 0, tzinfo=UTC)
CARD = Card(bytes.fromhex("77FD2AFA"), "Anna")


def site(sources: Sources) -> dict[str, Any]:
    """Give settings with what is declared."""
    settings: dict[str, Any] = {
        "station": [{"identity": "WB-1", "ise": {}}, {"identity": "WB-2"}],
        "card": [{"id_tag": id_tag_of(CARD)}],
        "task": [{"name": "T", "stations": "all"}],
    }
    sources.add_to(settings, [CARD])
    return settings


class TestSources:
    """How the settings say what is declared."""

    def test_nothing(self) -> None:
        """Then they stay as they are."""
        settings = site(Sources("A"))

        assert [{"name": "T", "stations": "all"}] == settings["task"]
        assert [{"id_tag": "FA2AFD77"}] == settings["card"]
        assert [[], [], []] == [settings[name] for name in ("group", "folder", "meter")]
        assert "web" not in settings

    def test_everything(self) -> None:
        """What is taken stands in the place of all stations; with a meter there is a web."""
        sources = Sources("A")
        sources.groups["G"], sources.folders["F"] = ["WB-1"], ["Keller"]
        meter = sources.declare_meter("Keller")
        assert meter is sources.declare_meter("Keller")
        meter.in_front_of, meter.counts = "WB-1", True
        sources.cards["Anna"] = card_source("Anna", CARD, "Flotte-7")
        sources.take("station group", "G")
        sources.take("card", "FA2AFD77")

        settings = site(sources)

        assert {"groups": ["G"], "cards": ["FA2AFD77"], "name": "T"} == settings["task"][0]
        assert {"upstream_meter": "Keller", "counts": "meter"} == settings["station"][0]["ise"]
        assert {"metering_code": "Flotte-7"} == settings["card"][0]["ise"]
        assert [{"account": "A", "name": "G", "stations": ["WB-1"]}] == settings["group"]
        assert [{"account": "A", "name": "F", "meters": ["Keller"]}] == settings["folder"]
        assert {"port": 0, "token": TOKEN} == settings["web"]

    def test_a_card_is_named_by_its_number(self) -> None:
        """As its charger sends it; the settings need no name then."""
        sources = Sources("A")
        sources.cards["Anna"] = card_source("Anna", CARD)

        assert {} == site(sources)["card"][0]["ise"]
        assert "FA2AFD77" == sources.cards["Anna"].metering_code

    def test_names_of_a_bench(self, tmp_path: Path) -> None:
        """A charger, a meter, or a person's card, if it is a source."""
        bench = Bench(1, tmp_path)
        station = bench.declare_station("Dorfplatz")
        meter = bench.sources.declare_meter("Keller")
        card = bench.sources.cards["Anna"] = card_source("Anna", bench.card_of("Anna"))

        assert station is bench.source("Dorfplatz")
        assert meter is bench.source("Keller")
        assert card is bench.source("Anna's card")
        with pytest.raises(UsageError, match="Beat's card"):
            bench.source("Beat's card")
        assert bench.twin("other").sources == bench.sources
        bench.close()


SETTINGS = f"""
[backend]
port = 0
database = "backend.sqlite"
[web]
port = 0
token = "{TOKEN}"
[[account]]
name = "A"
[[meter]]
account = "A"
name = "Keller"
"""


class TestSendingMeter:
    """A meter that sends its register."""

    def test_follows_a_register(self, tmp_path: Path) -> None:
        """Each quarter hour, with what is lost or counted wrongly, until it falls silent."""

        async def run() -> Wiretap:
            clock = VirtualClock(START)
            tap = Wiretap(clock)
            backend = Backend(Settings.from_toml(SETTINGS, {}, folder=tmp_path), clock)
            await backend.start()
            meter = SendingMeter("Keller", backend.web_address, clock, tap)
            declared = Meter("Keller", "", factor=Fraction(11, 10))
            declared.silent_after = START + timedelta(minutes=30)
            meter.follow(lambda: Fraction((clock.now() - START).seconds, 9), declared)
            await clock.advance_to(START + timedelta(hours=1))
            with pytest.raises(UsageError, match=r"does not take what \"Keller\" sends: .*pattern"):
                await meter.send([reading(clock.now(), "much")])
            assert 3 == len(meter.sent)
            await meter.close()
            await backend.stop()
            return tap

        crossings = asyncio.run(run()).crossings

        told = meter_counts(crossings[:-2], "Keller")
        assert [START + timedelta(minutes=15 * n) for n in range(3)] == [one.at for one in told]
        assert [OWN_WH, OWN_WH + 110, OWN_WH + 220] == [one.wh for one in told]
        assert Decimal("1000.110000") * 1000 == told[1].wh
        assert crossings[1].text.startswith('200 {"meter":"Keller","received":1,"new":1}')
