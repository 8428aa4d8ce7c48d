"""
How fast simulated time passes, with real sockets and a real database.

A day of INCHes that send 15-minute values round the clock, each with one session of two hours,
through the whole backend: every value is validated, stored with a synced commit and answered.
Two figures for 1, 10 and 100 chargers:

* simulated seconds for each real second of the day; the target for one charger is 50,000;
* the share of the day that the bare wire needs: the same number of CALLs sent over a websocket
  to a server that only echoes, one at a time, in the same run.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from harness.bare_wire import echo_s
from harness.bench import Bench
from harness.frames import calls_of
from simulators.clock import stopwatch

SEED = 1
RUNS = 3
CHARGERS = (1, 10, 100)
TARGET = 50_000


def lived(chargers: int) -> tuple[float, float, list[str]]:
    """Live a day; give its simulated and real seconds, and the CALLs of all chargers."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(SEED, Path(folder))
        for number in range(chargers):
            station = bench.declare_station(f"WB-{number}")
            station.standby_values = True
            station.configuration["MeterValueSampleInterval"] = "0"
            bench.plan_session(
                station.name,
                f"P{number}",
                bench.at(f"{number % 20:02d}:10"),
                bench.at(f"{number % 20 + 2:02d}:10"),
            )
        bench.go()
        seconds = stopwatch()
        bench.advance_to(bench.at("24:00"))
        real_s = seconds()
        texts = [
            call.crossing.text
            for name in bench.stations
            for call in calls_of(bench.tap.crossings, name)
        ]
        bench.close()
    return 86_400.0, real_s, texts


def main() -> int:
    """Print the figures; exit 1 where one charger misses its target."""
    best = 0.0
    print(f"seed {SEED}, {RUNS} runs each, the median shown (lowest to highest)")
    print(f"{'chargers':>8} {'CALLs':>7} {'simulated/real':>26} {'share of the bare wire':>23}")
    for chargers in CHARGERS:
        runs = []
        for _ in range(RUNS):
            simulated_s, real_s, texts = lived(chargers)
            runs.append((simulated_s / real_s, asyncio.run(echo_s(texts)) / real_s))
        ratios = sorted(ratio for ratio, _ in runs)
        shares = sorted(share for _, share in runs)
        middle = RUNS // 2
        best = best or ratios[middle]
        print(
            f"{chargers:>8} {len(texts):>7} {ratios[middle]:>10,.0f}"
            f" ({ratios[0]:,.0f}-{ratios[-1]:,.0f}) {shares[middle]:>14.2f}"
        )
    print(f"target for one charger: {TARGET:,}; reached: {best / TARGET:.1f} times that")
    return 0 if best >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
