"""
Run the backend: ``python -m backend SETTINGS.toml``.

Prints its addresses as one line of JSON once it listens, logs to stderr, and stops cleanly on
SIGTERM or SIGINT. Wrong settings end it with code 2 and one line that says what to write.

With ``--export TASK`` it exports one period of a task now, tells what became of its files, and
ends. The database belongs to one backend at a time, so that needs the other one stopped.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import logging
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from backend.adapters.clock import RealClock
from backend.app import Backend
from backend.core.days import local_day_of
from backend.errors import BackendError
from backend.settings import Settings

#: Python's own are 700, 10 and 10.
_GC_THRESHOLDS = (10_000, 20, 50)


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run the backend until it is told to stop, or export once.

    Returns:
        The exit code: 0 after a clean stop or where all files have arrived, 1 where a file
        waits for its next try, 2 for wrong settings or an unusable database, 3 where the backend
        itself broke.
    """
    chosen = _parser().parse_args(arguments)
    logging.basicConfig(
        level=logging.INFO if chosen.verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    try:
        settings = Settings.from_file(chosen.settings)
        if chosen.export is None:
            asyncio.run(_serve(settings))
            return 0
        return asyncio.run(_export(settings, chosen.export, chosen.first, chosen.last))
    except BackendError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except Exception:
        # Python would end with 1, which says that a file waits for its next try.
        logging.getLogger(__name__).exception("a mistake of the backend")
        return 3


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m backend", description="The backend.")
    parser.add_argument("settings", type=Path, help="the TOML file of the settings")
    parser.add_argument("--verbose", action="store_true", help="log every step, not only trouble")
    parser.add_argument("--export", metavar="TASK", help="export this task now, and end")
    parser.add_argument(
        "--from", dest="first", type=_day, metavar="DAY", help="its first local day (yesterday)"
    )
    parser.add_argument(
        "--to", dest="last", type=_day, metavar="DAY", help="its last local day (the first)"
    )
    return parser


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day; write one like 2025-06-03") from None


async def _export(settings: Settings, task: str, first: date | None, last: date | None) -> int:
    clock = RealClock()
    first = first or local_day_of(clock.now()) - timedelta(days=1)
    # It serves nobody meanwhile, so any port will do.
    listening = replace(settings.backend, host="127.0.0.1", port=0)
    backend = Backend(replace(settings, backend=listening, web=None), clock)
    await backend.start()
    try:
        before = {one.name for one in await backend.deliveries()}
        await backend.export_now(task, first, last or first)
        made = [one for one in await backend.deliveries() if one.name not in before]
    finally:
        await backend.stop()
    made = [one for one in made if one.task == task]
    for one in made:
        became = one.state if one.error is None else f"{one.state}: {one.error}"
        sys.stdout.write(f"{one.name}  {became}\n")
    return 0 if all(one.delivered_at is not None for one in made) else 1


async def _serve(settings: Settings) -> None:
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    backend = Backend(settings, RealClock())
    await backend.start()
    settle_memory()
    try:
        addresses = {"ocpp": backend.address, "web": backend.web_address}
        there = {name: address for name, address in addresses.items() if address}
        sys.stdout.write(json.dumps(there) + "\n")
        sys.stdout.flush()
        await told.wait()
    finally:
        await backend.stop()


def settle_memory() -> None:
    """
    Tell the collector what stays: all that is there now.

    What a frame leaves behind is freed without it, so it may look seldom: with fifty busy
    chargers it took up to a tenth of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)


if __name__ == "__main__":
    sys.exit(main())
