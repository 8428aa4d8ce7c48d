"""
The backend in a process of its own, in real time: for what only a kill can show.

It runs ``python -m backend SETTINGS.toml``, which prints its addresses as one line of JSON
once it listens.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Any

from harness.errors import HarnessError

START_LIMIT_S = 30.0
"""How long a start or a stop may take, in real seconds."""


class BackendProcess:
    """A running backend. Make one with `start`."""

    def __init__(self, process: asyncio.subprocess.Process, addresses: dict[str, Any]) -> None:
        self._process = process
        self.addresses = addresses

    @classmethod
    async def start(cls, settings: Path) -> BackendProcess:
        """
        Start a backend, and wait until it listens.

        Raises:
            HarnessError: If it ends instead, with what it said, or does neither in time.
        """
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "backend", str(settings)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None  # noqa: S101 - it was asked for above
        try:
            async with asyncio.timeout(START_LIMIT_S):
                line = await process.stdout.readline()
        except TimeoutError:
            process.kill()
            line = b""
        if not line:
            _, error = await process.communicate()
            raise HarnessError(
                f"the backend did not start: {error.decode().strip() or 'it said nothing'}"
            )
        return cls(process, json.loads(line))

    def kill(self) -> None:
        """Send what a process cannot catch; a process that has ended is left alone."""
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end, deliveries under way included."""
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)

    async def ended(self) -> None:
        """
        Wait until the process has ended.

        Raises:
            HarnessError: If it does not in time; it is killed then.
        """
        try:
            async with asyncio.timeout(START_LIMIT_S):
                await self._process.communicate()
        except TimeoutError:
            self.kill()
            await self._process.communicate()
            raise HarnessError(f"the backend did not end within {START_LIMIT_S:g} s") from None
