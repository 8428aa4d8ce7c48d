"""
Run the backend: ``python -m backend SETTINGS.toml``.

Prints its addresses as one line of JSON once it listens, logs to stderr, and stops cleanly on
SIGTERM or SIGINT. Wrong settings end it with code 2 and one line that says what to write.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from backend.adapters.clock import RealClock
from backend.app import Backend
from backend.errors import BackendError
from backend.settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run the backend until it is told to stop.

    Returns:
        The exit code: 0 after a clean stop, 2 for wrong settings or an unusable database.
    """
    parser = argparse.ArgumentParser(prog="python -m backend", description="The backend.")
    parser.add_argument("settings", type=Path, help="the TOML file of the settings")
    parser.add_argument("--verbose", action="store_true", help="log every step, not only trouble")
    chosen = parser.parse_args(arguments)
    logging.basicConfig(
        level=logging.INFO if chosen.verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    try:
        asyncio.run(_serve(Settings.from_file(chosen.settings)))
    except BackendError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


async def _serve(settings: Settings) -> None:
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    backend = Backend(settings, RealClock())
    await backend.start()
    try:
        sys.stdout.write(json.dumps({"ocpp": backend.address}) + "\n")
        sys.stdout.flush()
        await told.wait()
    finally:
        await backend.stop()


if __name__ == "__main__":
    sys.exit(main())
