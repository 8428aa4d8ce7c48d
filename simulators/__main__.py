"""``python -m simulators charger_inch …``: a device alone, in real time, until it is stopped."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from functools import partial

from simulators.command_line import add_charger_options


def build_parser() -> argparse.ArgumentParser:
    """Give the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m simulators", description="Run an emulated device alone, in real time."
    )
    devices = parser.add_subparsers(dest="device", required=True, metavar="DEVICE")
    add_charger_options(devices.add_parser("charger_inch", help="an Etrel INCH with its page"))
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and give the exit code."""
    options = build_parser().parse_args(arguments)
    from simulators.charger_inch.alone_io import Wishes, run_alone
    from simulators.clock import RealClock
    from simulators.errors import SimulatorError
    from simulators.wiretap import Wiretap

    clock = RealClock()
    tap = Wiretap(clock, keeps=False)
    try:
        asyncio.run(run_alone(Wishes.of(options), clock, tap, partial(print, flush=True)))
    except SimulatorError as error:
        print(f"simulators {options.device}: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
