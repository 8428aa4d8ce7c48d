"""
The backend in a process of its own, in real time: for what only a kill can show.

It runs ``python -m backend SETTINGS.toml``, which prints its addresses as one line of JSON
once it listens.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

from harness.errors import HarnessError

START_LIMIT_S = 30.0
"""How long a start may take, in real seconds."""


class BackendProcess:
    """
    A running backend.

    Parameters:
        settings: the TOML file it reads.
    """

    def __init__(self, settings: Path) -> None:
        self._settings = settings
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "backend", str(settings)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None  # noqa: S101 - it was asked for above
        line = self._process.stdout.readline()
        if not line:
            _, error = self._process.communicate(timeout=START_LIMIT_S)
            raise HarnessError(f"the backend did not start: {error.strip()}")
        self.addresses: dict[str, Any] = json.loads(line)

    def kill(self) -> None:
        """End it as a power cut would, between any two of its instructions."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end."""
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if self._process.poll() is None:
            self._process.send_signal(number)
        self._process.communicate(timeout=START_LIMIT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
