"""``python -m simulators DEVICE …``: a device alone, in real time, until it is stopped."""

from __future__ import annotations

import argparse
import asyncio
import sys
import traceback
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from simulators.command_line import add_charger_options, add_gateway_options

if TYPE_CHECKING:
    from simulators.clock import Clock
    from simulators.wiretap import Wiretap


def build_parser() -> argparse.ArgumentParser:
    """Give the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m simulators", description="Run an emulated device alone, in real time."
    )
    devices = parser.add_subparsers(dest="device", required=True, metavar="DEVICE")
    add_charger_options(devices.add_parser("charger_inch", help="an Etrel INCH with its page"))
    add_gateway_options(devices.add_parser("iskra_sg", help="a smart gateway with its site"))
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and give the exit code."""
    options = build_parser().parse_args(arguments)
    from simulators.errors import SimulatorError

    try:
        asyncio.run(_RUN[options.device](options))
    except SimulatorError as error:
        print(f"simulators {options.device}: {error}", file=sys.stderr)
        return 2
    except Exception:
        # Python would end with 1, which elsewhere says that something was tested and has failed.
        traceback.print_exc()
        return 3
    return 0


async def _run_charger(options: argparse.Namespace) -> None:
    from simulators.charger_inch.alone_io import Wishes, run_alone

    await run_alone(Wishes.of(options), *_clock_and_tap(), partial(print, flush=True))


async def _run_gateway(options: argparse.Namespace) -> None:
    from simulators.iskra_sg.alone_io import Wishes, run_alone

    await run_alone(Wishes.of(options), *_clock_and_tap(), partial(print, flush=True))


def _clock_and_tap() -> tuple[Clock, Wiretap]:
    from simulators.clock import RealClock
    from simulators.wiretap import Wiretap

    clock = RealClock()
    return clock, Wiretap(clock, keeps=False)


_RUN = {"charger_inch": _run_charger, "iskra_sg": _run_gateway}


if __name__ == "__main__":
    sys.exit(main())
